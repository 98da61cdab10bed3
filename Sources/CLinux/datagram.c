// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "datagram.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int clinux_sock_flags(void) { return SOCK_CLOEXEC | SOCK_NONBLOCK; }

static int send_message(int fd, struct msghdr *message) {
    ssize_t sent;
    do
        sent = sendmsg(fd, message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

int clinux_send_datagram(int fd, const void *path, size_t path_length, const void *data, size_t length) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (fd < 0) return EBADF;
    if (path_length == 0 || path_length >= sizeof address.sun_path) return EINVAL;
    memcpy(address.sun_path, path, path_length);
    socklen_t address_length = offsetof(struct sockaddr_un, sun_path) + path_length + 1;
    if (address.sun_path[0] == '@') {
        address.sun_path[0] = 0;
        address_length--; // an abstract name has no terminating zero
    }
    struct iovec vector = {.iov_base = (void *)data, .iov_len = length};
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = address_length, .msg_iov = &vector, .msg_iovlen = 1};
    int code = send_message(fd, &message);
    if (code != EMSGSIZE) return code;

    int memory = memfd_create("vitald", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0) return errno;
    const char *next = data;
    size_t left = length;
    while (left > 0) {
        ssize_t written = write(memory, next, left);
        if (written < 0) {
            if (errno == EINTR) continue;
            code = errno;
            close(memory);
            return code;
        }
        next += written;
        left -= (size_t)written;
    }
    fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    message.msg_iov = NULL;
    message.msg_iovlen = 0;
    message.msg_control = &control;
    message.msg_controllen = sizeof control.space;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &memory, sizeof(int));
    code = send_message(fd, &message);
    close(memory);
    return code;
}
