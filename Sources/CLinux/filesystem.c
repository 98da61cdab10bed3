// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "filesystem.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

int64_t clinux_filesystem_magic(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (int64_t)status.f_type : 0;
}

int clinux_open_place(int directory, const char *name) {
    return openat(directory, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int clinux_open_entry(int directory, const char *name) {
    return openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int clinux_open_beneath(int directory, const char *path) {
    struct open_how how = {
        .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}
