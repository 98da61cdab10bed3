// SPDX-License-Identifier: Apache-2.0
// kernelfiles: the floor under a scrape. Opens the files named on standard input once, and then, round after round,
// preads each at 0, parses every number in it, and formats as many samples as a page holds.
//
//   kernelfiles ROUNDS SAMPLES BYTES_PER_LABEL < paths
//
// Prints CPU seconds per round: reading and parsing, formatting, both. This is what C pays for the same work with
// nothing around it: no discovery, no judgement, no HTTP.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: %s ROUNDS SAMPLES BYTES_PER_LABEL < paths\n", argv[0]);
        return 64;
    }
    long rounds = atol(argv[1]), samples = atol(argv[2]), label = atol(argv[3]);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    int *fds = NULL, count = 0, room = 0;
    char path[4096];
    while (fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        if (count == room) fds = realloc(fds, sizeof *fds * (size_t)(room = room ? 2 * room : 1024));
        fds[count++] = fd;
    }
    uint64_t *values = malloc(sizeof *values * (1 << 22));
    char *page = malloc((size_t)samples * (size_t)(label + 64) + 64), *prefix = malloc((size_t)label + 1);
    memset(prefix, 'x', (size_t)label);
    static char buffer[1 << 16];
    double reading = 0, formatting = 0;
    size_t found = 0, bytes = 0;
    for (long round = 0; round <= rounds; round++) { // the first one warms up
        double began = cpu();
        found = 0;
        for (int i = 0; i < count; i++) {
            ssize_t n = pread(fds[i], buffer, sizeof buffer - 1, 0);
            for (char *p = buffer, *end = buffer + (n > 0 ? n : 0); p < end;) {
                if (*p < '0' || *p > '9') {
                    p++;
                    continue;
                }
                uint64_t value = 0;
                while (p < end && *p >= '0' && *p <= '9') value = value * 10 + (uint64_t)(*p++ - '0');
                if (found < (1 << 22)) values[found++] = value;
            }
        }
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
