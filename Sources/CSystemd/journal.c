// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CSystemd.h"

#include <dlfcn.h>
#include <stdio.h>

int csystemd_journal_load(const char *library, csystemd_journal *calls, char *why, size_t size) {
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(why, size, "%s", dlerror());
        return -1;
    }
    // In the order of the struct. The name of a function is found as an object pointer, which POSIX allows.
    static const char *const names[] = {
        "sd_journal_open_files",
        "sd_journal_close",
        "sd_journal_next",
        "sd_journal_seek_realtime_usec",
        "sd_journal_seek_cursor",
        "sd_journal_get_cursor",
        "sd_journal_get_realtime_usec",
        "sd_journal_get_monotonic_usec",
        "sd_journal_set_data_threshold",
        // Since 246: passes over fields that this build of the library cannot decompress.
        "sd_journal_enumerate_available_data",
        "sd_journal_restart_data",
        "sd_id128_get_machine",
        "sd_id128_get_boot",
    };
    _Static_assert(sizeof names / sizeof *names == sizeof *calls / sizeof(void (*)(void)), "one name, one call");
    void **slots = (void **)calls;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        slots[i] = dlsym(handle, names[i]);
        if (!slots[i]) {
            snprintf(why, size, "%s has no %s", library, names[i]);
            return -1;
        }
    }
    return 0;
}
