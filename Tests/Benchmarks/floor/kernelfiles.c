// SPDX-License-Identifier: Apache-2.0
// kernelfiles: the floor under a scrape. Makes the system calls that a reading of the kernel takes, with nothing around
// them: no discovery, no identities, no judgement, no HTTP.
//
//   kernelfiles ROUNDS PAUSE SAMPLES BYTES_PER_LABEL < paths
//
// Round after round, with PAUSE ms between them, a path with a `+` before it is looked at, opened, read to its end and
// closed, as vitald does it with a network; a directory is asked for its status, whose link count tells of new children; every other file
// was opened once and is read by one pread. Every number in them is parsed, and as many samples as a page holds are
// formatted. Prints CPU seconds per round: reading and parsing, formatting, both.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double cpu(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static char *number(char *out, uint64_t n) {
    char digits[20];
    int count = 0;
    do
        digits[count++] = (char)('0' + n % 10);
    while (n /= 10);
    while (count) *out++ = digits[--count];
    return out;
}

static char buffer[1 << 16];
static uint64_t *values;
static size_t found, limit = 1 << 22;

static void parse(ssize_t n) {
    for (char *p = buffer, *end = buffer + (n > 0 ? n : 0); p < end;) {
        if (*p < '0' || *p > '9') {
            p++;
            continue;
        }
        uint64_t value = 0;
        while (p < end && *p >= '0' && *p <= '9') value = value * 10 + (uint64_t)(*p++ - '0');
        if (found < limit) values[found++] = value;
    }
}

struct place {
    enum { KEPT, ANEW, DIRECTORY } kind;
    int fd;
    char *path;
};

static void look(const struct place *place) {
    struct stat status;
    int fd;
    switch (place->kind) {
    case KEPT:
        parse(pread(place->fd, buffer, sizeof buffer, 0));
        break;
    case DIRECTORY:
        if (fstat(place->fd, &status) == 0) values[0] += status.st_nlink;
        break;
    case ANEW:
        // Its inode tells one network from another before it is opened.
        if (stat(place->path, &status)) break;
        values[0] += status.st_ino;
        fd = open(place->path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) break;
        ssize_t n = pread(fd, buffer, sizeof buffer, 0);
        parse(n);
        // What the kernel shows record by record has ended when a read brings nothing.
        if (n > 0 && pread(fd, buffer, sizeof buffer, n) > 0) values[0]++;
        close(fd);
        break;
    }
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: %s ROUNDS PAUSE SAMPLES BYTES_PER_LABEL < paths\n", argv[0]);
        return 64;
    }
    long rounds = atol(argv[1]), pause = atol(argv[2]), samples = atol(argv[3]), label = atol(argv[4]);
    struct rlimit descriptors;
    getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);

    struct place *places = NULL;
    int count = 0, room = 0;
    char path[4096];
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        if (count == room) places = realloc(places, sizeof *places * (size_t)(room = room ? 2 * room : 1024));
        struct place *place = &places[count];
        place->kind = KEPT;
        if (path[0] == '+') {
            place->kind = ANEW;
            place->path = strdup(path + 1);
        } else {
            struct stat status;
            place->fd = open(path, O_RDONLY | O_CLOEXEC);
            if (place->fd < 0 || fstat(place->fd, &status)) continue;
            if (S_ISDIR(status.st_mode)) place->kind = DIRECTORY;
        }
        count++;
    }
    values = malloc(sizeof *values * limit);
    char *page = malloc((size_t)samples * (size_t)(label + 64) + 64), *prefix = malloc((size_t)label + 1);
    memset(prefix, 'x', (size_t)label);
    double reading = 0, formatting = 0;
    size_t bytes = 0;
    for (long round = 0; round <= rounds; round++) { // the first one warms up
        if (pause) nanosleep(&(struct timespec){pause / 1000, pause % 1000 * 1000000}, NULL);
        double began = cpu();
        found = 0;
        for (int i = 0; i < count; i++) look(&places[i]);
        double parsed = cpu();
        char *out = page;
        for (long s = 0; s < samples; s++) {
            memcpy(out, "container_memory_working_set_bytes{", 35);
            out += 35;
            memcpy(out, prefix, (size_t)label);
            out += label;
            *out++ = '}';
            *out++ = ' ';
            out = number(out, found ? values[(size_t)s % found] : 0);
            *out++ = '\n';
        }
        bytes = (size_t)(out - page);
        if (round == 0) continue;
        reading += parsed - began;
        formatting += cpu() - parsed;
    }
    if (rounds < 1) return 1;
    printf("%d %zu %zu %.9f %.9f %.9f\n", count, found, bytes, reading / rounds, formatting / rounds,
           (reading + formatting) / rounds);
    return 0;
}
