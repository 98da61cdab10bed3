// SPDX-License-Identifier: Apache-2.0
#ifndef CLINUX_LASTWORDS_PRIVATE_H
#define CLINUX_LASTWORDS_PRIVATE_H

#include <stdatomic.h>
#include <stddef.h>

// A text of bounded length that is put together without allocating.
struct words {
    char text[512];
    size_t length;
};

// Appends as much as there is room for.
void words_add(struct words *words, const char *text);
void words_add_number(struct words *words, long number);
// "ENOMEM (Cannot allocate memory)".
void words_add_error(struct words *words, int error);

// Writes the last line and tells the service manager; the first caller of the process speaks, the others do nothing.
// `error` goes to the manager as ERRNO=, where it is not 0. Makes only calls that a signal handler may make.
void last_words_speak(const struct words *sentence, int error);

#endif
