// SPDX-License-Identifier: Apache-2.0
#ifndef CSYSTEMD_H
#define CSYSTEMD_H

#include <stddef.h>
#include <stdint.h>

// What vitald reads of sd-journal(3), opened at run time: libsystemd brings five other libraries, which a daemon
// that reads no journal shall not load. The prototypes are those of the manual pages, so that building needs no
// header of it; sd_id128_t (sd-id128(3)) is 16 bytes, passed by address here alone.
typedef struct sd_journal sd_journal;

typedef struct csystemd_id {
    uint8_t bytes[16];
} csystemd_id;

typedef struct csystemd_journal {
    // sd_journal_open_files(3)
    int (*open_files)(sd_journal **journal, const char **paths, int flags);
    void (*close)(sd_journal *journal);
    // sd_journal_next(3)
    int (*next)(sd_journal *journal);
    // sd_journal_seek_head(3)
    int (*seek_realtime)(sd_journal *journal, uint64_t microseconds);
    int (*seek_cursor)(sd_journal *journal, const char *cursor);
    // sd_journal_get_cursor(3)
    int (*get_cursor)(sd_journal *journal, char **cursor);
    // sd_journal_get_realtime_usec(3)
    int (*get_realtime)(sd_journal *journal, uint64_t *microseconds);
    int (*get_monotonic)(sd_journal *journal, uint64_t *microseconds, csystemd_id *boot);
    // sd_journal_get_data(3)
    int (*set_data_threshold)(sd_journal *journal, size_t bytes);
    int (*enumerate_data)(sd_journal *journal, const void **data, size_t *length);
    void (*restart_data)(sd_journal *journal);
    // sd_id128_get_machine(3)
    int (*get_machine)(csystemd_id *machine);
    int (*get_boot)(csystemd_id *boot);
} csystemd_journal;

// Opens the library and finds all of the above; 0, or -1 with the loader's own words in `why`. It stays loaded.
int csystemd_journal_load(const char *library, csystemd_journal *calls, char *why, size_t size);

// Journal files are mapped, and one that somebody truncates sends SIGBUS to whoever reads the pages that it had.
// libsystemd guards against that only in systemd's own programs. While this is on, such a page reads as zeros in the
// calling thread and is counted; every other SIGBUS goes where it went before.
void csystemd_guard(int on);

// How many pages vanished under the calling thread so far.
unsigned csystemd_lost(void);

#endif
