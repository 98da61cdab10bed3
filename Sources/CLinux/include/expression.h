// SPDX-License-Identifier: Apache-2.0
#ifndef CLINUX_EXPRESSION_H
#define CLINUX_EXPRESSION_H

#include <regex.h>
#include <stddef.h>

// Searches bytes, which may hold NULs, for a pattern of regcomp(3): 1 where it is found, 0 where not, -1 where that could
// not be told, for want of memory. regexec(3) of glibc says "no match" to the latter too.
int clinux_search(regex_t *pattern, const char *bytes, size_t count);

#endif
