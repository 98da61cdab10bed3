// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "loopcalls.h"
#include "lastwords_private.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

// SwiftNIO stops by fatalError or try! when one of the calls below fails, and offers no place to step in. These
// definitions stand in front of the C library's, for the program and nothing else. They make the same system calls; the
// difference is that an error which may pass (no memory, a full table, a sandbox that says so) is tried again for a
// quarter of a second. After that nothing else is left: the loop is deaf, so the process ends with a line that names the
// call, and the service manager starts it again.

// sysexits.h: something the operating system should do failed.
enum { EXIT_OSERR = 71 };

// 1 + 2 + 4 + … + 64 + 128 ms.
enum { MOST_TRIES = 9 };

static int may_pass(int error) {
    switch (error) {
    case EAGAIN:
    case EIO:
    case ENOSPC:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS: return 1;
    // EINTR is the caller's: it tries again at once. The others are faults of the program.
    default: return 0;
    }
}

// Whether to try once more, after a pause that doubles. Ends the process when it was tried often enough.
static int again(const char *call, int *tries) {
    int error = errno;
    if (!may_pass(error)) return 0;
    if (++*tries >= MOST_TRIES) {
        struct words sentence = {.length = 0};
        words_add(&sentence, "the event loop cannot go on: ");
        words_add(&sentence, call);
        words_add(&sentence, " failed ");
        words_add_number(&sentence, *tries);
        words_add(&sentence, " times in a row with ");
        words_add_error(&sentence, error);
        words_add(&sentence, ". vitald ends with code 71, to be started again");
        last_words_speak(&sentence, error);
        _exit(EXIT_OSERR);
    }
    poll(NULL, 0, 1 << (*tries - 1));
    return 1;
}

int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout) {
    for (int tries = 0;;) {
#ifdef SYS_epoll_wait
        int code = (int)syscall(SYS_epoll_wait, epfd, events, maxevents, timeout);
#else
        int code = epoll_pwait(epfd, events, maxevents, timeout, NULL);
#endif
        if (code >= 0 || !again("epoll_wait", &tries)) return code;
    }
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event) {
    for (int tries = 0;;) {
        int code = (int)syscall(SYS_epoll_ctl, epfd, op, fd, event);
        if (code == 0 || !again("epoll_ctl", &tries)) return code;
    }
}

int timerfd_settime(int fd, int flags, const struct itimerspec *new_value, struct itimerspec *old_value) {
    for (int tries = 0;;) {
        int code = (int)syscall(SYS_timerfd_settime, fd, flags, new_value, old_value);
        if (code == 0 || !again("timerfd_settime", &tries)) return code;
    }
}

int eventfd_read(int fd, eventfd_t *value) {
    for (int tries = 0;;) {
        ssize_t count = read(fd, value, sizeof *value);
        if (count == sizeof *value) return 0;
        if (count < 0 && errno == EAGAIN) {
            // Nothing is left to be taken back, which is what the caller wants.
            *value = 0;
            return 0;
        }
        if (count >= 0 || !again("read of an eventfd", &tries)) return -1;
    }
}

int clinux_loop_try(const char **call) {
    int made[3] = {-1, -1, -1};
    const char *const names[3] = {"epoll_create", "eventfd", "timerfd_create"};
    int error = 0;
    for (int i = 0; i < 3 && !error; i++) {
        do
            made[i] = i == 0   ? epoll_create1(EPOLL_CLOEXEC)
                      : i == 1 ? eventfd(0, EFD_CLOEXEC)
                               : timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
        while (made[i] < 0 && errno == EINTR);
        if (made[i] < 0) {
            error = errno;
            *call = names[i];
        }
    }
    for (int i = 0; i < 3; i++)
        if (made[i] >= 0) close(made[i]);
    return error;
}
