// SPDX-License-Identifier: Apache-2.0
// load: a closed-loop client for line protocols over a Unix or loopback socket. The same program drives vitald and
// its peer (Redis), so that the client's own cost cancels out.
//
//   load unix:/path|tcp:PORT TEXT CONNECTIONS PIPELINE REQUESTS
//
// Sends TEXT (with \n, \r and \\ as escapes) and counts the line feeds of the answers; keeps PIPELINE requests in
// flight on each connection until REQUESTS are answered. Prints: requests, seconds, requests per second, and for
// one request in flight the median and 99th percentile in microseconds. Bounded: gives up after 60 seconds.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int dial(const char *where) {
    int fd;
    if (strncmp(where, "unix:", 5) == 0) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        snprintf(address.sun_path, sizeof address.sun_path, "%s", where + 5);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof address)) die(where);
    } else {
        struct sockaddr_in address = {
            .sin_family = AF_INET, .sin_port = htons(atoi(where + 4)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof address)) die(where);
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    return fd;
}

static size_t unescape(char *text) {
    char *out = text;
    for (char *in = text; *in; in++) {
        if (*in == '\\' && in[1]) {
            in++;
            *out++ = *in == 'n' ? '\n' : *in == 'r' ? '\r' : *in;
        } else {
            *out++ = *in;
        }
    }
    return (size_t)(out - text);
}

static void write_all(int fd, const char *data, size_t length) {
    while (length) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) die("send");
        data += n;
        length -= (size_t)n;
    }
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: %s unix:/path|tcp:PORT TEXT CONNECTIONS PIPELINE REQUESTS\n", argv[0]);
        return 64;
    }
    size_t length = unescape(argv[2]);
    int connections = atoi(argv[3]), pipeline = atoi(argv[4]);
    long wanted = atol(argv[5]), sent = 0, answered = 0;
    char *burst = malloc(length * (size_t)pipeline);
    for (int i = 0; i < pipeline; i++) memcpy(burst + (size_t)i * length, argv[2], length);
    static char buffer[1 << 16];
    double start = now();

    if (connections == 1 && pipeline == 1) {
        double *took = malloc(sizeof *took * (size_t)wanted);
        int fd = dial(argv[1]);
        start = now();
        for (answered = 0; answered < wanted; answered++) {
            double began = now();
            write_all(fd, burst, length);
            int done = 0;
            while (!done) {
                ssize_t n = recv(fd, buffer, sizeof buffer, 0);
                if (n <= 0) die("recv");
                done = memchr(buffer, '\n', (size_t)n) != NULL;
            }
            took[answered] = now() - began;
            if (now() - start > 60) die("too slow");
        }
        double seconds = now() - start;
        qsort(took, (size_t)wanted, sizeof *took, by_value);
        printf("%ld %.6f %.0f %.2f %.2f\n", wanted, seconds, wanted / seconds, took[wanted / 2] * 1e6,
               took[wanted * 99 / 100] * 1e6);
        return 0;
    }

    int epoll = epoll_create1(0);
    int *outstanding = calloc((size_t)connections, sizeof *outstanding);
    int *fds = calloc((size_t)connections, sizeof *fds);
    for (int i = 0; i < connections; i++) {
        fds[i] = dial(argv[1]);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)i};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
    }
    start = now();
    for (int i = 0; i < connections && sent < wanted; i++) {
        write_all(fds[i], burst, length * (size_t)pipeline);
        outstanding[i] = pipeline;
        sent += pipeline;
    }
    while (answered < sent) {
        struct epoll_event events[64];
        int count = epoll_wait(epoll, events, 64, 5000);
        if (count <= 0 || now() - start > 60) {
            fprintf(stderr, "no answer: %ld of %ld\n", answered, sent);
            return 1;
        }
        for (int e = 0; e < count; e++) {
            unsigned i = events[e].data.u32;
            ssize_t n = recv(fds[i], buffer, sizeof buffer, 0);
            if (n <= 0) die("recv");
            for (char *p = buffer; (p = memchr(p, '\n', (size_t)(buffer + n - p))); p++) {
                answered++;
                outstanding[i]--;
            }
            if (outstanding[i] == 0 && sent < wanted) {
                write_all(fds[i], burst, length * (size_t)pipeline);
                outstanding[i] = pipeline;
                sent += pipeline;
            }
        }
    }
    double seconds = now() - start;
    printf("%ld %.6f %.0f 0 0\n", answered, seconds, answered / seconds);
    return 0;
}
