/* loopback: an HTTP server on 127.0.0.1 for tests: a child process that answers from a script and keeps what it was asked.
 *
 * Each answer is the raw bytes to send; requests are answered in order, the last answer again and again. What came in is in a
 * file, one request after another, so that a test can hold the client to every byte of it. Bounded: it serves at most
 * LOOPBACK_MAX requests and ends with its parent. */
#ifndef TESTS_LOOPBACK_H
#define TESTS_LOOPBACK_H
#include "tests/unit.h"
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOPBACK_MAX = 4000, LOOPBACK_REQUEST_MAX = 1 << 20 };

typedef struct Loopback {
    int port;
    pid_t pid;
    char seen[64]; /* the file of what came in */
} Loopback;

/* Answers one request whose bytes are `request`; writes to fd. n counts from 0. */
typedef void LoopbackAnswer(void *ctx, int n, const char *request, int fd);

static inline size_t loopback_read(int fd, char *room) {
    size_t len = 0;
    while (len < LOOPBACK_REQUEST_MAX - 1) {
        ssize_t n = read(fd, room + len, LOOPBACK_REQUEST_MAX - 1 - len);
        if (n <= 0) return len;
        len += (size_t)n;
        room[len] = '\0';
        const char *end = strstr(room, "\r\n\r\n"), *length = strcasestr(room, "\ncontent-length:");
        if (!end) continue;
        size_t want = length && length < end ? (size_t)strtoul(length + 16, NULL, 10) : 0;
        if (len >= (size_t)(end + 4 - room) + want) return len;
    }
    return len;
}

static inline void loopback_serve(int listener, const char *seen, LoopbackAnswer *answer, void *ctx) {
    char *room = malloc(LOOPBACK_REQUEST_MAX);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    for (int n = 0; room && n < LOOPBACK_MAX; n++) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) break;
        size_t len = loopback_read(fd, room);
        FILE *f = fopen(seen, "a");
        if (f && len) fwrite(room, 1, len, f);
        if (f) fputs("\n--\n", f), fclose(f);
        if (len) answer(ctx, n, room, fd);
        close(fd); /* one request a connection keeps the script in order */
    }
    _exit(0);
}

static inline Loopback loopback_start(LoopbackAnswer *answer, void *ctx) {
    Loopback l = {.seen = "/tmp/tollwatch-loopback-XXXXXX"};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0), file = mkstemp(l.seen);
    assert_true(listener >= 0 && file >= 0);
    close(file);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    l.port = ntohs(at.sin_port);
    l.pid = fork();
    if (l.pid == 0) loopback_serve(listener, l.seen, answer, ctx);
    close(listener);
    return l;
}

/* All that came in so far; the caller frees it. */
static inline char *loopback_seen(const Loopback *l) {
    FILE *f = fopen(l->seen, "r");
    char *text = calloc(1, LOOPBACK_REQUEST_MAX);
    assert_non_null(f);
    assert_non_null(text);
    size_t n = fread(text, 1, LOOPBACK_REQUEST_MAX - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static inline void loopback_stop(Loopback *l) {
    kill(l->pid, SIGKILL);
    waitpid(l->pid, NULL, 0);
    unlink(l->seen);
}

static inline void loopback_send(int fd, const char *text) {
    for (size_t len = strlen(text); len > 0;) {
        ssize_t n = write(fd, text, len);
        if (n <= 0) return;
        text += n, len -= (size_t)n;
    }
}

/* Says nothing until the client goes, or 20 s. */
static inline void loopback_silence(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    poll(&p, 1, 20000);
}

/* A whole answer with a body and its length. */
static inline void loopback_reply(int fd, int status, const char *headers, const char *body) {
    char head[1024];
    snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n", status, strlen(body), headers);
    loopback_send(fd, head);
    loopback_send(fd, body);
}
#endif
