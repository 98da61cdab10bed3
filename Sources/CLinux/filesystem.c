// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "filesystem.h"

#include <fcntl.h>
#include <sys/vfs.h>

int64_t clinux_filesystem_magic(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (int64_t)status.f_type : 0;
}

int clinux_open_place(int directory, const char *name) {
    return openat(directory, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}
