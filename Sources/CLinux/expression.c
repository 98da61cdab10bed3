// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "expression.h"

#include <limits.h>

int clinux_search(regex_t *pattern, const char *bytes, size_t count) {
    if (count > INT_MAX) return -1;
    // -1: not found; -2: an error inside, of which there is none but the want of memory.
    regoff_t place = re_search(pattern, bytes, (regoff_t)count, 0, (regoff_t)count, NULL);
    return place >= 0 ? 1 : place == -1 ? 0 : -1;
}
