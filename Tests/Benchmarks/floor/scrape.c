#define _GNU_SOURCE
// SPDX-License-Identifier: Apache-2.0
// scrape: fetches a page again and again over one kept connection and measures what it costs the server.
//
//   scrape PORT PATH COUNT SERVER_PID [HEADER…]
//
// Prints: bytes of the last body, requests, wall seconds, server CPU seconds (the kernel's process clock).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double clock_of(clockid_t id) {
    struct timespec t;
    if (clock_gettime(id, &t)) {
        perror("clock_gettime");
        exit(1);
    }
    return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: %s PORT PATH COUNT SERVER_PID [HEADER...]\n", argv[0]);
        return 64;
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        perror("connect");
        return 1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    char request[2048];
    int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n", argv[2]);
    for (int i = 5; i < argc; i++)
        length += snprintf(request + length, sizeof request - (size_t)length, "%s\r\n", argv[i]);
    length += snprintf(request + length, sizeof request - (size_t)length, "\r\n");

    clockid_t server;
    if (clock_getcpuclockid(atoi(argv[4]), &server)) {
        fprintf(stderr, "no process %s\n", argv[4]);
        return 1;
    }
    long count = atol(argv[3]);
    size_t capacity = 64 << 20, body = 0;
    char *buffer = malloc(capacity);
    double wall = clock_of(CLOCK_MONOTONIC), cpu = clock_of(server);
    for (long i = 0; i < count; i++) {
        if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length) return 1;
        size_t have = 0, want = 0;
        do {
            ssize_t n = recv(fd, buffer + have, capacity - have - 1, 0);
            if (n <= 0) {
                fprintf(stderr, "the server closed\n");
                return 1;
            }
            have += (size_t)n;
            buffer[have] = 0;
            char *end;
            if (!want && (end = strstr(buffer, "\r\n\r\n"))) {
                if (strncmp(buffer, "HTTP/1.1 200", 12)) {
                    fprintf(stderr, "%.40s\n", buffer);
                    return 1;
                }
                char *line = strcasestr(buffer, "content-length:");
                if (!line || line > end) return 1;
                body = (size_t)atol(line + 15);
                want = (size_t)(end + 4 - buffer) + body;
            }
        } while (!want || have < want);
        if (clock_of(CLOCK_MONOTONIC) - wall > 120) return 1;
    }
    printf("%zu %ld %.6f %.6f\n", body, count, clock_of(CLOCK_MONOTONIC) - wall, clock_of(server) - cpu);
    return 0;
}
