// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CSystemd.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

// Of the program itself, so reading them in a handler allocates nothing.
static _Thread_local volatile sig_atomic_t guarded;
static _Thread_local volatile unsigned lost;
static struct sigaction before;
static uintptr_t page;

// Makes only system calls: the thread may be anywhere. errno is left as it was, for mmap(2) succeeds or we give up.
static void on_bus_error(int number, siginfo_t *info, void *context) {
    // ADRERR is a page beyond the end of its file; broken memory (MCEERR) and kill(2) are not ours to mend.
    if (guarded && info->si_code == BUS_ADRERR && info->si_addr) {
        void *start = (void *)((uintptr_t)info->si_addr & ~(page - 1));
        if (mmap(start, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == start) {
            lost++;
            return;
        }
    }
    if (before.sa_flags & SA_SIGINFO) {
        before.sa_sigaction(number, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(number);
    } else {
        // Back at the same instruction the kernel ends the process, with a core of the right place. A signal that
        // somebody sent does not come again by itself.
        struct sigaction usual = {.sa_handler = SIG_DFL};
        sigaction(SIGBUS, &usual, NULL);
        if (info->si_code <= 0) raise(SIGBUS);
    }
}

static void install(void) {
    page = (uintptr_t)sysconf(_SC_PAGESIZE);
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGBUS, NULL, &before);
    sigaction(SIGBUS, &action, NULL);
}

void csystemd_guard(int on) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (on) pthread_once(&once, install);
    guarded = on;
}

unsigned csystemd_lost(void) { return lost; }
