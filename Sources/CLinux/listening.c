// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "listening.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum clinux_family clinux_bound_address(int fd, char *text, size_t size, uint16_t *port) {
    union {
        struct sockaddr any;
        struct sockaddr_un local;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } name;
    memset(&name, 0, sizeof name);
    socklen_t length = sizeof name;
    if (getsockname(fd, &name.any, &length) != 0) return CLINUX_OTHER;
    switch (name.any.sa_family) {
    case AF_UNIX: {
        size_t count = strnlen(name.local.sun_path, sizeof name.local.sun_path);
        if (count == 0 || count >= size) return CLINUX_OTHER;
        memcpy(text, name.local.sun_path, count);
        text[count] = 0;
        return CLINUX_PATH;
    }
    case AF_INET:
        *port = ntohs(name.four.sin_port);
        return inet_ntop(AF_INET, &name.four.sin_addr, text, (socklen_t)size) ? CLINUX_IP : CLINUX_OTHER;
    case AF_INET6:
        *port = ntohs(name.six.sin6_port);
        return inet_ntop(AF_INET6, &name.six.sin6_addr, text, (socklen_t)size) ? CLINUX_IP : CLINUX_OTHER;
    default: return CLINUX_OTHER;
    }
}

int clinux_accept(int fd) {
    int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return accepted >= 0 ? accepted : -errno;
}

_Bool clinux_can_watch(int fd) {
    int watcher = epoll_create1(EPOLL_CLOEXEC);
    if (watcher < 0) return 0;
    struct epoll_event event = {.events = EPOLLIN};
    // The bare call: the program's own epoll_ctl waits and tries again, and here the answer is wanted at once.
    _Bool taken = syscall(SYS_epoll_ctl, watcher, EPOLL_CTL_ADD, fd, &event) == 0;
    close(watcher);
    return taken;
}
