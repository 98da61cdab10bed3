// SPDX-License-Identifier: Apache-2.0
#ifndef CLINUX_FILESYSTEM_H
#define CLINUX_FILESYSTEM_H

#include <stdint.h>

// The magic number of the file system that a descriptor lies on (statfs(2)), 0 where it cannot be told.
// Swift's Glibc module leaves sys/vfs.h out.
int64_t clinux_filesystem_magic(int descriptor);

// Opens a directory as a mere place (O_PATH), so that its file system is not asked for anything; -1 and errno.
int clinux_open_place(int directory, const char *name);

// The same of a name that may be anything: a symbolic link is not followed but opened itself.
int clinux_open_entry(int directory, const char *name);

// The same of a path below a directory, through no symbolic link and over no mount (openat2(2), Linux 5.6);
// -1 and errno, ENOSYS where the kernel is older.
int clinux_open_beneath(int directory, const char *path);

#endif
