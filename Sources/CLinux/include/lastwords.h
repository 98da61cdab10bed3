// SPDX-License-Identifier: Apache-2.0
//
// The last line of a process that cannot go on: a fault (a trap of the Swift runtime, a bad address), or a system call
// without which the event loop cannot work. It is written in signal handlers, so everything is prepared before.
#ifndef CLINUX_LASTWORDS_H
#define CLINUX_LASTWORDS_H

// Prepares the last line and installs the handlers of SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV and SIGSYS. A
// handler writes the line and lets the signal take effect: as it did before where `chained`, else as the kernel has
// it. The Swift runtime's own handlers look for a program that prints the stack, which can take for ever. To be called
// once, on the main thread.
//
// The line is `before`, the time where `timed`, `between`, the sentence, `after`. It goes to `descriptor`, or as one
// datagram to the socket `journal` where that is not empty. Where `manager` is not empty, the service manager behind
// that socket gets the sentence as STATUS=. Texts beyond 255 bytes and paths beyond 107 are not taken.
void clinux_last_words_prepare(
    int descriptor, const char *before, int timed, const char *between, const char *after, const char *journal,
    const char *manager, int chained);

#endif
