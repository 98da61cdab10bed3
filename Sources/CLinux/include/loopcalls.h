// SPDX-License-Identifier: Apache-2.0
//
// What the event loop needs of the kernel. SwiftNIO ends the process by a trap when one of its own system calls fails;
// a daemon that is to stay tries again first, and says which call it was when that does not help.
#ifndef CLINUX_LOOPCALLS_H
#define CLINUX_LOOPCALLS_H

// Makes what an event loop is made of (epoll, eventfd, timerfd) and gives it back. Returns 0, or the errno, with the
// name of the system call that failed in `call`.
int clinux_loop_try(const char **call);

#endif
