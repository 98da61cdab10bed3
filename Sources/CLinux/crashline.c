// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "crashline.h"
#include "crashline_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct {
    int descriptor;
    int timed;
    char before[256], between[256], after[256];
    char journal[108], manager[108];
} form = {.descriptor = STDERR_FILENO, .before = "vitald: ", .after = "\n"};

static atomic_flag spoken = ATOMIC_FLAG_INIT;

void words_add(struct words *words, const char *text) {
    size_t room = sizeof words->text - 1 - words->length;
    size_t length = strnlen(text, room);
    memcpy(words->text + words->length, text, length);
    words->length += length;
    words->text[words->length] = 0;
}

void words_add_number(struct words *words, long number) {
    char digits[24], *next = digits + sizeof digits;
    unsigned long left = number < 0 ? 0UL - (unsigned long)number : (unsigned long)number;
    *--next = 0;
    do
        *--next = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0) *--next = '-';
    words_add(words, next);
}

void words_add_error(struct words *words, int error) {
    // Both are tables of glibc (2.32): no locale, no allocation.
    const char *name = strerrorname_np(error), *meaning = strerrordesc_np(error);
    if (!name) {
        words_add(words, "errno ");
        words_add_number(words, error);
        return;
    }
    words_add(words, name);
    if (!meaning) return;
    words_add(words, " (");
    words_add(words, meaning);
    words_add(words, ")");
}

static void add_two(struct words *words, long number) {
    if (number < 10) words_add(words, "0");
    words_add_number(words, number);
}

// RFC 3339 in UTC. gmtime(3) may not be called in a signal handler: it reads the zone's file.
static void add_time(struct words *words) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    long days = now.tv_sec / 86400, second = now.tv_sec % 86400;
    // The civil calendar with years that begin in March, so that the leap day is the last one of a year.
    long shifted = days + 719468, era = shifted / 146097, day_of_era = shifted % 146097;
    long year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    long day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    long month = (5 * day_of_year + 2) / 153;
    words_add_number(words, era * 400 + year_of_era + (month >= 10));
    words_add(words, "-");
    add_two(words, month < 10 ? month + 3 : month - 9);
    words_add(words, "-");
    add_two(words, day_of_year - (153 * month + 2) / 5 + 1);
    words_add(words, "T");
    add_two(words, second / 3600);
    words_add(words, ":");
    add_two(words, second / 60 % 60);
    words_add(words, ":");
    add_two(words, second % 60);
    words_add(words, ".");
    long millisecond = now.tv_nsec / 1000000;
    if (millisecond < 100) words_add(words, "0");
    add_two(words, millisecond);
    words_add(words, "Z");
}

// One datagram to a Unix socket, without waiting; '@' stands for an abstract name.
static void tell(const char *path, const char *text, size_t length) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    memcpy(address.sun_path, path, strlen(path));
    if (address.sun_path[0] == '@') {
        address.sun_path[0] = 0;
        size--;
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return;
    sendto(fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    close(fd);
}

// Nobody may read the descriptor: what it does not take at once is lost, for the end must not wait for a reader.
static void write_now(int fd, const char *text, size_t length) {
    int flags = fcntl(fd, F_GETFL);
    // Others may share the descriptor: they get it back as it was.
    if (flags >= 0 && !(flags & O_NONBLOCK)) fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    ssize_t ignored = write(fd, text, length);
    (void)ignored;
    if (flags >= 0 && !(flags & O_NONBLOCK)) fcntl(fd, F_SETFL, flags);
}

void crash_line_write(const struct words *sentence, int error) {
    if (atomic_flag_test_and_set(&spoken)) return;
    struct {
        struct words head, tail;
        char line[1600];
    } room = {.head.length = 0};
    words_add(&room.head, form.before);
    if (form.timed) add_time(&room.head);
    words_add(&room.head, form.between);
    words_add(&room.tail, form.after);
    size_t length = 0;
    memcpy(room.line, room.head.text, room.head.length);
    length += room.head.length;
    memcpy(room.line + length, sentence->text, sentence->length);
    length += sentence->length;
    memcpy(room.line + length, room.tail.text, room.tail.length);
    length += room.tail.length;
    if (form.journal[0])
        tell(form.journal, room.line, length);
    else
        write_now(form.descriptor, room.line, length);
    if (!form.manager[0]) return;
    struct words status = {.length = 0};
    words_add(&status, "STATUS=");
    words_add(&status, sentence->text);
    if (error > 0) {
        words_add(&status, "\nERRNO=");
        words_add_number(&status, error);
    }
    tell(form.manager, status.text, status.length);
}

static const int faults[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS};
static struct sigaction usual[sizeof faults / sizeof *faults];

static void on_fault(int number, siginfo_t *info, void *context) {
    (void)context;
    int error = errno;
    struct words sentence = {.length = 0};
    const char *name = sigabbrev_np(number), *meaning = sigdescr_np(number);
    int sent = info->si_code == SI_USER && info->si_pid != getpid();
    words_add(&sentence, sent ? "vitald is ended by SIG" : "vitald crashed: SIG");
    words_add(&sentence, name ? name : "?");
    if (meaning) {
        words_add(&sentence, " (");
        words_add(&sentence, meaning);
        words_add(&sentence, ")");
    }
    if (sent) {
        // Process 1 sends SIGABRT when a beat of the watchdog did not come.
        words_add(&sentence, ", sent by process ");
        words_add_number(&sentence, info->si_pid);
    } else if (error && error != EAGAIN && error != EINTR && error != EINPROGRESS) {
        // Those three are usual on a loop and explain nothing. The Swift runtime says nothing in an optimised build when a precondition fails; this may be the cause.
        words_add(&sentence, ". The last system call of this thread that failed said ");
        words_add_error(&sentence, error);
    }
    crash_line_write(&sentence, 0);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i] == number) sigaction(number, &usual[i], NULL);
    // A fault comes again at the same instruction, with a core of the right place. What somebody sent does not, nor does
    // a system call that seccomp(2) caught, which goes on behind it.
    if (info->si_code <= 0 || number == SIGSYS || number == SIGTRAP) raise(number);
    errno = error;
}

static void copy(char *to, size_t size, const char *from) {
    size_t length = strlen(from);
    if (length >= size) length = 0;
    memcpy(to, from, length);
    to[length] = 0;
}

void clinux_crash_line_prepare(
    int descriptor, const char *before, int timed, const char *between, const char *after, const char *journal,
    const char *manager, int chained) {
    form.descriptor = descriptor;
    form.timed = timed;
    copy(form.before, sizeof form.before, before);
    copy(form.between, sizeof form.between, between);
    copy(form.after, sizeof form.after, after);
    copy(form.journal, sizeof form.journal, journal);
    copy(form.manager, sizeof form.manager, manager);
    // A stack that is used up has no room for a handler; only the main thread gets one of its own.
    static char stack[32768];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        sigaction(faults[i], &action, &usual[i]);
        if (!chained) usual[i] = (struct sigaction){.sa_handler = SIG_DFL};
    }
}
