// SPDX-License-Identifier: Apache-2.0
//
// Listening sockets: where one is bound (getsockname(2)), as text, and accept4(2). The structures of addresses belong to
// whichever module of Swift saw them first, so that an optimised build does not find their members in Glibc.
#ifndef CLINUX_LISTENING_H
#define CLINUX_LISTENING_H

#include <stddef.h>
#include <stdint.h>

enum clinux_family {
    CLINUX_OTHER,
    CLINUX_PATH,
    CLINUX_IP,
};

// Tells where a socket is bound: its path, or its IP address without brackets and its port. An abstract name, a socket
// without a name and every other family are CLINUX_OTHER. `text` has room for `size` bytes, of which 109 suffice.
enum clinux_family clinux_bound_address(int fd, char *text, size_t size, uint16_t *port);

// Accepts a connection, non-blocking and closed on exec (accept4(2)): its descriptor, or the negative errno.
int clinux_accept(int fd);

// Whether epoll(7) can watch this descriptor at the moment: the kernel may be out of memory, or the user of watches.
_Bool clinux_can_watch(int fd);

#endif
