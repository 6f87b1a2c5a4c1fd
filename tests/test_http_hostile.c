/* test_http_hostile: what stands between us and a provider: a server with a certificate of its own making is refused before it
 * hears a byte of ours; a proxy of the environment is asked to CONNECT and never sees the key; a server that hangs, in whichever
 * phase, does not keep us once stopping has begun. */
#include "collectors/http.h"
#include "store/clock.h"
#include "tests/loopback.h"
#include <pthread.h>
#include <sys/resource.h>
#include <zlib.h>

#define KEY "sk-hostile-0123456789"
enum { STOP_MS = 200, STOPS = 5 /* the best of so many counts: a loaded machine is no fault of ours */ };

static int try_it(const char *url, const Stop *stop, Err *e) {
    Http *http = http_new();
    HttpResponse r = {0};
    int rc = http_do(http, &(HttpRequest){.url = url, .header = {"Authorization: Bearer " KEY}}, &r, stop, e);
    http_response_free(&r);
    http_free(http);
    if (strpbrk(e->text, "\r\n") || strstr(e->text, KEY)) fail_msg("\"%s\"", e->text);
    return rc;
}

/* ---- TLS ---- */
typedef struct TlsServer {
    pid_t pid;
    int port, said, open; /* said: what it writes; open: its input, at whose end it would hang up */
    char dir[64];
} TlsServer;

static void shell(const char *fmt, const char *dir) {
    char command[512];
    snprintf(command, sizeof command, fmt, dir, dir);
    if (system(command) != 0) fail_msg("%s", command);
}

/* Reads on until the text is there (NULL: until the end), or 10 s have passed. */
static void hear(const TlsServer *t, const char *until, char *out, size_t size) {
    size_t len = 0;
    ssize_t n = 1;
    struct pollfd p = {.fd = t->said, .events = POLLIN};
    out[0] = '\0';
    while (n > 0 && len + 1 < size && !(until && strstr(out, until)) && poll(&p, 1, 10000) == 1) {
        if ((n = read(t->said, out + len, size - 1 - len)) > 0) len += (size_t)n;
        out[len] = '\0';
    }
}

static void serve_tls(const TlsServer *t, int in, int out) {
    char key[96], cert[96];
    snprintf(key, sizeof key, "%s/key", t->dir);
    snprintf(cert, sizeof cert, "%s/cert", t->dir);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(in, 0), dup2(out, 1), dup2(out, 2);
    execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0", "-key", key, "-cert", cert, (char *)NULL);
    _exit(127);
}

/* openssl's own server on a port that it chooses and tells, with a certificate that it has signed itself. */
static TlsServer tls_start(void) {
    TlsServer t = {.dir = "/tmp/tollwatch-tls-XXXXXX"};
    char text[4096];
    int in[2], ends[2];
    assert_non_null(mkdtemp(t.dir));
    shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost "
          "-keyout %s/key -out %s/cert 2>/dev/null", t.dir);
    assert_true(pipe(in) == 0 && pipe(ends) == 0);
    t.said = ends[0];
    t.open = in[1];
    t.pid = fork();
    if (t.pid == 0) serve_tls(&t, in[0], ends[1]);
    close(in[0]), close(ends[1]);
    hear(&t, "ACCEPT 127.0.0.1:", text, sizeof text);
    const char *at = strstr(text, "ACCEPT 127.0.0.1:");
    t.port = at ? (int)strtol(at + 17, NULL, 10) : 0;
    if (t.port == 0) fail_msg("openssl s_server did not come up: %s", text);
    return t;
}

/* All that it wrote, into out. */
static void tls_stop(TlsServer *t, char *out, size_t size) {
    kill(t->pid, SIGKILL);
    waitpid(t->pid, NULL, 0);
    hear(t, NULL, out, size);
    close(t->said), close(t->open);
    shell("rm -rf %s", t->dir);
}

static void a_certificate_that_nobody_signed_is_refused(void **state) {
    (void)state;
    char url[64], text[8192];
    Err e = {0};
    TlsServer t = tls_start();
    snprintf(url, sizeof url, "https://localhost:%d/v1/organization/costs", t.port);
    assert_int_equal(try_it(url, NULL, &e), -1);
    if (!strstr(e.text, "localhost:") || !strstr(e.text, "its TLS certificate cannot be trusted") || !strstr(e.text, "check the address, the clock and ca-certificates"))
        fail_msg("\"%s\"", e.text);
    tls_stop(&t, text, sizeof text);
    if (strstr(text, KEY) || strstr(text, "GET /v1")) fail_msg("it heard of us: %s", text);
}

/* ---- a proxy ---- */
static void proxy(void *ctx, int n, const char *request, int fd) {
    (void)ctx, (void)n, (void)request;
    loopback_reply(fd, 403, "", "not through here");
}

static void a_proxy_is_asked_to_connect(void **state) {
    (void)state;
    char address[64];
    Err e = {0};
    Loopback server = loopback_start(proxy, NULL);
    snprintf(address, sizeof address, "http://127.0.0.1:%d", server.port);
    setenv("https_proxy", address, 1);
    assert_int_equal(try_it("https://api.provider.example/v1/usage?page=secret", NULL, &e), -1);
    if (!strstr(e.text, "api.provider.example")) fail_msg("\"%s\"", e.text);
    char *seen = loopback_seen(&server);
    if (strncmp(seen, "CONNECT api.provider.example:443 HTTP/1.1\r\n", 43) != 0) fail_msg("it saw: %s", seen);
    if (strstr(seen, KEY) || strstr(seen, "secret") || strstr(seen, "Bearer")) fail_msg("it saw too much: %s", seen);
    free(seen);
    loopback_stop(&server);
    server = loopback_start(proxy, NULL); /* what no_proxy names goes there directly */
    setenv("no_proxy", "127.0.0.1", 1);
    e = (Err){0};
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/direct", server.port);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    assert_int_equal(try_it(url, NULL, &e), 0);
    unsetenv("no_proxy"); /* nor does what loopback may be sent in the clear */
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    assert_int_equal(try_it(url, NULL, &e), 0);
    loopback_stop(&server);
    unsetenv("all_proxy"), unsetenv("https_proxy"), unsetenv("http_proxy"), unsetenv("no_proxy");
}

/* ---- a server that hangs ---- */
typedef struct Hang {
    int asked; /* readable once the server holds us */
    Stop *stop;
    int64_t at_ms;
} Hang;

static void *stop_when_asked(void *ctx) {
    Hang *h = ctx;
    struct pollfd p = {.fd = h->asked, .events = POLLIN};
    poll(&p, 1, 10000);
    h->at_ms = clock_monotonic_ms();
    stop_set(h->stop);
    return NULL;
}

static int64_t stop_takes(const char *url, int asked) {
    Hang h = {.asked = asked, .stop = stop_new()};
    Err e = {0};
    pthread_t t;
    assert_int_equal(pthread_create(&t, NULL, stop_when_asked, &h), 0);
    assert_int_equal(try_it(url, h.stop, &e), -1);
    int64_t now = clock_monotonic_ms();
    assert_true(stop_is_set(h.stop)); /* it was held until then, and ended because of it */
    assert_non_null(strstr(e.text, ": stopped"));
    pthread_join(t, NULL);
    stop_free(h.stop);
    return now - h.at_ms;
}

static void hold(void *ctx, int n, const char *request, int fd) {
    (void)n;
    if (strstr(request, " /body")) loopback_send(fd, "HTTP/1.1 200 X\r\nContent-Length: 500\r\n\r\nhalf");
    if (strstr(request, " /headers")) loopback_send(fd, "HTTP/1.1 200 X\r\nContent-");
    if (write(*(int *)ctx, "!", 1) == 1) loopback_silence(fd);
}

static int64_t hang_at(const char *phase) {
    int bell[2];
    char url[64];
    assert_int_equal(pipe(bell), 0);
    Loopback server = loopback_start(hold, &bell[1]);
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server.port, phase);
    int64_t took = stop_takes(url, bell[0]);
    loopback_stop(&server);
    close(bell[0]), close(bell[1]);
    return took;
}

static void a_hanging_server_is_left_at_once(void **state) {
    (void)state;
    static const char *const phases[] = {"/silent", "/headers", "/body"};
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        int64_t best = INT64_MAX, took;
        for (int n = 0; n < STOPS && best > STOP_MS; n++) best = (took = hang_at(phases[i])) < best ? took : best;
        if (best > STOP_MS) fail_msg("%s: ended %lld ms after the stop", phases[i], (long long)best);
    }
}

/* The kernel takes the connection, nobody ever answers the handshake. */
static void a_handshake_that_hangs_is_left_at_once(void **state) {
    (void)state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    char url[64];
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int64_t took;
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", ntohs(at.sin_port));
    if ((took = stop_takes(url, listener)) > STOP_MS * STOPS) fail_msg("ended %lld ms after the stop", (long long)took);
    close(listener);
}

/* ---- more than is good ---- */
enum { BOMB_MB = 64 };

#ifdef TOLLWATCH_SANITIZED /* a sanitizer keeps several bytes for each of ours */
enum { BOMB_ROOM_KB = 64 << 10 };
#else
enum { BOMB_ROOM_KB = 48 << 10 };
#endif
/* 64 MB of spaces in 64 KB: what counts is what comes out of it. */
static void send_bomb(void *ctx, int n, const char *request, int fd) {
    z_stream z = {0};
    char head[128], *in = calloc(1, 1 << 20), *out = malloc(1 << 20);
    (void)ctx, (void)n, (void)request;
    memset(in, ' ', 1 << 20);
    deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    z.next_out = (Bytef *)out, z.avail_out = 1 << 20;
    for (int mb = 0; mb < BOMB_MB; mb++) {
        z.next_in = (Bytef *)in, z.avail_in = 1 << 20;
        deflate(&z, mb + 1 == BOMB_MB ? Z_FINISH : Z_NO_FLUSH);
    }
    snprintf(head, sizeof head, "HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n", z.total_out);
    loopback_send(fd, head);
    if (write(fd, out, z.total_out) < 0) loopback_silence(fd);
    deflateEnd(&z);
    free(in), free(out);
}

static void a_bomb_does_not_go_off(void **state) {
    (void)state;
    char url[64];
    Err e = {0};
    struct rusage before, after;
    Loopback server = loopback_start(send_bomb, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/bomb", server.port);
    getrusage(RUSAGE_SELF, &before);
    assert_int_equal(try_it(url, NULL, &e), -1);
    getrusage(RUSAGE_SELF, &after);
    assert_non_null(strstr(e.text, "larger than 16777216 bytes"));
    if (after.ru_maxrss - before.ru_maxrss > BOMB_ROOM_KB) fail_msg("it took %ld KB", after.ru_maxrss - before.ru_maxrss);
    loopback_stop(&server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_that_nobody_signed_is_refused), cmocka_unit_test(a_proxy_is_asked_to_connect),
        cmocka_unit_test(a_hanging_server_is_left_at_once), cmocka_unit_test(a_handshake_that_hangs_is_left_at_once),
        cmocka_unit_test(a_bomb_does_not_go_off)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
