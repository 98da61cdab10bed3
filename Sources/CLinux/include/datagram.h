// SPDX-License-Identifier: Apache-2.0
// Datagrams to Unix sockets that never wait for the reader.
#ifndef CLINUX_DATAGRAM_H
#define CLINUX_DATAGRAM_H

#include <stddef.h>

/// SOCK_CLOEXEC | SOCK_NONBLOCK, which are macros over an enum.
int clinux_sock_flags(void);

/// Sends `length` bytes to the Unix datagram socket at `path` (a leading '@' names an abstract one), without
/// waiting. What exceeds the socket's buffer goes as a sealed memfd, as journald accepts it.
/// Returns 0 or the errno.
int clinux_send_datagram(int fd, const void *path, size_t path_length, const void *data, size_t length);

#endif
