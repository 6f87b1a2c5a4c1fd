/* provider_ask: one read of a feed, page after page, from a server on loopback that answers with files of tests/providers/ in
 * their order: what was asked, to the byte, and what became of the answers. */
#ifndef TESTS_PROVIDER_ASK_H
#define TESTS_PROVIDER_ASK_H
#include "collectors/bills_parts.h"
#include "tests/loopback.h"
#include "tests/provider_lab.h"

#define FILES(...) (const char *const[]){__VA_ARGS__, NULL}

typedef struct Asking {
    const char *provider, *feed, *secret, *cursor;
    AccountConfig account;
    const char *const *files;   /* "x.http" with its status, else the body of a 200; the last one again and again */
    const char *replace;        /* an address in the files that stands for the server's own; NULL = none */
} Asking;

typedef struct Asked {
    Parsed *p;
    PageResult result;          /* of the last page */
    char *request[8];           /* what the server got */
    int count;
    char base[64];
} Asked;

static inline void ask_reply(void *ctx, int n, const char *request, int fd) {
    const Asking *a = ctx;
    char path[256], own[96] = "";
    Buf text = {.max = 1 << 20};
    Err e = {0};
    int last = 0;
    while (a->files[last + 1]) last++;
    snprintf(path, sizeof path, "tests/providers/%s", a->files[n < last ? n : last]);
    if (file_read(path, &text, &e) != 0) return;
    buf_add(&text, "", 1);
    const char *host = strcasestr(request, "\r\nhost: "), *at = a->replace ? strstr(text.at, a->replace) : NULL;
    if (host) snprintf(own, sizeof own, "http://%.*s", (int)strcspn(host + 8, "\r"), host + 8);
    if (strncmp(text.at, "HTTP/", 5) == 0) {
        loopback_send(fd, text.at);
        return;
    }
    Buf body = {.max = 1 << 20};
    buf_add(&body, text.at, at ? (size_t)(at - text.at) : text.len - 1);
    if (at) buf_str(&body, own), buf_str(&body, at + strlen(a->replace));
    buf_add(&body, "", 1);
    loopback_reply(fd, 200, "Content-Type: application/json\r\n", body.at);
}

static inline void asked_split(Asked *a, char *seen) {
    for (char *at = seen, *end; (end = strstr(at, "\n--\n")) != NULL && a->count < 8; at = end + 4) {
        *end = '\0';
        a->request[a->count++] = strdup(at);
    }
    free(seen);
}

/* The window is 2026-11-16 to 2026-11-19, the clock stands at its end. */
static inline Asked ask(Asking *how) {
    Asked a = {.p = calloc(1, sizeof *a.p)};
    Loopback server = loopback_start(ask_reply, how);
    const FeedSink sink = {.rows = &a.p->rows, .name = parsed_name, .balance = parsed_balance, .ctx = a.p};
    const Feed *f = feed_find(how->provider, how->feed);
    Http *http = http_new();
    snprintf(a.base, sizeof a.base, "http://127.0.0.1:%d", server.port);
    bill_set_init(&a.p->rows);
    a.p->call = (FeedCall){.account = &how->account, .secret = how->secret, .base_url = a.base, .arg = f->arg, .from_ms = INT64_C(1794787200000),
                           .until_ms = INT64_C(1795046400000), .now_ms = INT64_C(1795046400000)};
    snprintf(a.p->call.cursor, sizeof a.p->call.cursor, "%s", how->cursor ? how->cursor : "");
    for (int i = 0; i < 6; i++) {
        a.p->e.text[0] = '\0';
        a.result = page_read(http, provider_find(how->provider), f, &a.p->call, &sink, NULL, &a.p->e);
        if (a.result.end == PAGE_FAILED || (a.result.end == PAGE_AGAIN && !a.p->call.unfinished)) break;
        if (a.result.end == PAGE_READ && !a.p->call.cursor[0]) break;
    }
    asked_split(&a, loopback_seen(&server));
    http_free(http);
    loopback_stop(&server);
    return a;
}

static inline void asked_free(Asked *a) {
    for (int i = 0; i < a->count; i++) free(a->request[i]);
    parsed_free(a->p);
}

static inline const char *asked_body(const Asked *a, int i) {
    assert_true(i < a->count);
    return strstr(a->request[i], "\r\n\r\n") + 4;
}

/* The first line of a request. */
static inline void asked_line(const Asked *a, int i, const char *want) {
    assert_true(i < a->count);
    size_t len = strcspn(a->request[i], "\r");
    if (strlen(want) != len || strncmp(a->request[i], want, len) != 0) fail_msg("asked %.*s\nnot   %s", (int)len, a->request[i], want);
}

static inline void asked_has(const Asked *a, int i, const char *text) {
    assert_true(i < a->count);
    if (!strstr(a->request[i], text)) fail_msg("no %s in\n%s", text, a->request[i]);
}

/* Whether a JSON text is refused with a sentence. */
static inline void refused(const char *provider, const char *feed, const char *json) {
    BillSet rows;
    Err e = {0};
    FeedCall *c = calloc(1, sizeof *c);
    bill_set_init(&rows);
    json_t *v = provider_json(json, strlen(json), &e);
    assert_non_null(v);
    if (feed_find(provider, feed)->parse(c, v, &(FeedSink){.rows = &rows}, &e) == 0) fail_msg("%s %s takes %s", provider, feed, json);
    assert_true(e.text[0]);
    json_decref(v);
    bill_set_free(&rows);
    free(c);
}
#endif
