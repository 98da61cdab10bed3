// SPDX-License-Identifier: Apache-2.0
#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

int clinux_peer_credentials(int fd, struct clinux_peer *peer) {
    socklen_t size = sizeof *peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size) == 0 ? 0 : errno;
}

int clinux_peer_pidfd(int fd) {
    int pidfd = -1;
    socklen_t size = sizeof pidfd;
    return getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0 ? pidfd : -errno;
}

_Bool clinux_pidfd_ended(int pidfd) {
    struct pollfd watched = {pidfd, POLLIN, 0};
    return poll(&watched, 1, 0) != 0;
}
