// SPDX-License-Identifier: Apache-2.0
// checks: the floor under one round of checks. Asks the same questions as vitald over kept connections, with nothing
// around them: no schedule, no deadline, no judgement.
//
//   checks ROUNDS PAUSE POSTGRES_KEYWORDS REDIS_SOCKET HTTP_PORT
//
// One round: SELECT 1; PING; GET / on a kept connection; statvfs of /; the first lines of /proc/meminfo; each after a
// sleep of PAUSE ms, for a machine that wakes up is slower. Prints the CPU seconds of one round.
#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static double cpu(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static long pause_ms;

static void rest(void) {
    if (pause_ms) nanosleep(&(struct timespec){pause_ms / 1000, pause_ms % 1000 * 1000000}, NULL);
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: %s ROUNDS PAUSE POSTGRES_KEYWORDS REDIS_SOCKET HTTP_PORT\n", argv[0]);
        return 64;
    }
    long rounds = atol(argv[1]);
    pause_ms = atol(argv[2]);
    PGconn *postgres = PQconnectdb(argv[3]);
    if (PQstatus(postgres) != CONNECTION_OK) {
        fprintf(stderr, "%s\n", PQerrorMessage(postgres));
        return 1;
    }
    redisContext *redis = redisConnectUnix(argv[4]);
    if (!redis || redis->err) return 1;
    int web = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(atoi(argv[5])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(web, (struct sockaddr *)&address, sizeof address)) return 1;
    int memory = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char buffer[8192];
    double began = 0;
    for (long i = -2; i < rounds; i++) { // the first ones warm up
        if (i == 0) began = cpu();
        rest();
        PGresult *result = PQexec(postgres, "SELECT 1");
        if (PQresultStatus(result) != PGRES_TUPLES_OK) return 1;
        PQclear(result);
        rest();
        redisReply *reply = redisCommand(redis, "PING");
        if (!reply) return 1;
        freeReplyObject(reply);
        rest();
        if (send(web, request, sizeof request - 1, MSG_NOSIGNAL) != sizeof request - 1) return 1;
        size_t have = 0;
        do {
            ssize_t n = recv(web, buffer + have, sizeof buffer - 1 - have, 0);
            if (n <= 0) return 1;
            buffer[have += (size_t)n] = 0;
        } while (!strstr(buffer, "\r\n\r\nok\n"));
        rest();
        struct statvfs space;
        if (statvfs("/", &space)) return 1;
        rest();
        ssize_t n = pread(memory, buffer, sizeof buffer - 1, 0);
        if (n <= 0) return 1;
        buffer[n] = 0;
        if (!strstr(buffer, "MemAvailable:")) return 1;
    }
    printf("%.9f\n", (cpu() - began) / rounds);
    PQfinish(postgres);
    redisFree(redis);
    return 0;
}
