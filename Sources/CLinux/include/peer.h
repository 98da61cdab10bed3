// SPDX-License-Identifier: Apache-2.0
//
// Who stands behind a Unix socket (unix(7)). Glibc hides `struct ucred` without _GNU_SOURCE, and Debian 12's
// headers do not know SO_PEERPIDFD (Linux 6.5) yet.
//
// The headers of this module include nothing of the system beyond <stdint.h> and <stddef.h>: what a header drags
// in becomes part of this module, and an optimised build then no longer finds it in Glibc.
#ifndef CLINUX_PEER_H
#define CLINUX_PEER_H

#include <stdint.h>

struct clinux_peer {
    int32_t pid;
    uint32_t uid;
    uint32_t gid;
};

// SO_PEERCRED: 0, or the errno.
int clinux_peer_credentials(int fd, struct clinux_peer *peer);

// SO_PEERPIDFD: a descriptor of the peer's process that the caller closes, or the negative errno.
// ENOPROTOOPT where the kernel is older than 6.5.
int clinux_peer_pidfd(int fd);

// Whether the process of a pidfd has ended: a pidfd becomes readable then (pidfd_open(2)).
_Bool clinux_pidfd_ended(int pidfd);

#endif
