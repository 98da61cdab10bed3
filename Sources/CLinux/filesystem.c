// SPDX-License-Identifier: Apache-2.0
#include "filesystem.h"

#include <sys/vfs.h>

int64_t clinux_filesystem_magic(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (int64_t)status.f_type : 0;
}
