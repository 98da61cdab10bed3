// SPDX-License-Identifier: Apache-2.0
#ifndef CLINUX_FILESYSTEM_H
#define CLINUX_FILESYSTEM_H

#include <stdint.h>

// The magic number of the file system that a descriptor lies on (statfs(2)), 0 where it cannot be told.
// Swift's Glibc module leaves sys/vfs.h out.
int64_t clinux_filesystem_magic(int descriptor);

// Opens a directory as a mere place (O_PATH), so that its file system is not asked for anything; -1 and errno.
int clinux_open_place(int directory, const char *name);

#endif
