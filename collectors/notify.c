/* notify: see notify.h. */
#include "collectors/notify.h"
#include "collectors/channels/channel.h"
#include "collectors/secret.h"
#include "store/db_watch.h"
#include <poll.h>
#include <unistd.h>

enum { WAITING_MS = 2000, IDLE_MS = 30000, SEND_MS = 15000, THROTTLED_MS = 30000, OWN_RETRY_MAX_MS = 60000 };
#define RETRY_MAX_MS (15 * MS_PER_MINUTE)

typedef struct Notify {
    const NotifyConfig *c;
    const ChannelType *type;
    const Stop *stop;
    Db *db;
    DbWatch *watch;
    Http *http;
    Backoff backoff;
    int64_t beat_ms; /* monotonic: when it is due */
    int64_t held_ms; /* monotonic: until then the receiver asked for quiet */
    char host[160];
} Notify;

/* ---- configuration ---- */
const char *notify_check(const AlertConfig *to, char *out, size_t size) {
    const ChannelType *t = channel_find(to->channel);
    bool url = to->url[0] || to->url_env[0] || to->url_file[0] || to->url_command[0];
    bool key = to->key_env[0] || to->key_file[0] || to->key_command[0];
    if (!t) {
        int used = snprintf(out, size, "[alert %s] channel = %s: no such channel; known are", to->name, to->channel);
        for (size_t i = 0; channels[i] && used > 0 && (size_t)used < size; i++)
            used += snprintf(out + used, size - (size_t)used, " %s", channels[i]->name);
        return out;
    }
    bool lacks = (t->needs_url && !url) || (t->needs_key && !key) || (t->needs_topic && !to->topic[0]) || (t->needs_command && !to->command[0]);
    if (t->url_is_secret && to->url[0])
        snprintf(out, size, "[alert %s] its address is a secret; write url_env, url_file or url_command instead of url", to->name);
    else if (lacks) snprintf(out, size, "[alert %s] channel = %s needs %s", to->name, to->channel, t->needs);
    else return NULL;
    return out;
}

/* ---- one delivery ---- */
static int read_access(const Notify *s, Access *a, Err *e) {
    const AlertConfig *to = s->c->to;
    const SecretFrom url = {"url", to->url_env, to->url_file, to->url_command}, key = {"key", to->key_env, to->key_file, to->key_command};
    *a = (Access){.topic = to->topic, .command = to->command, .runbook = s->c->shared->config->runbook, .host = s->host,
                  .now_ms = clock_now_ms()};
    if (secret_read(&url, s->stop, a->url, sizeof a->url, e) != 0) return -1;
    if (secret_read(&key, s->stop, a->key, sizeof a->key, e) != 0) return -1;
    if (!a->url[0]) snprintf(a->url, sizeof a->url, "%s", to->url[0] ? to->url : s->type->default_url ? s->type->default_url : "");
    return 0;
}

static Verdict send_letter(Notify *s, const Letter *l, char *word, size_t size, int64_t *wait_ms) {
    HttpResponse answer;
    Err e = {0};
    HttpRequest r = {.url = l->url, .body = l->body.len ? l->body.at : NULL, .body_len = l->body.len, .timeout_ms = SEND_MS,
                     .max_bytes = 16 << 10, .plain = l->plain};
    for (size_t i = 0; i < l->headers; i++) r.header[i] = l->header[i];
    Verdict v = VERDICT_LATER;
    if (http_do(s->http, &r, &answer, s->stop, &e) != 0) snprintf(word, size, "%s", e.text);
    else v = s->type->judge ? s->type->judge(&answer, word, size) : verdict_by_status(&answer, word, size);
    *wait_ms = answer.retry_after_ms >= 0 ? answer.retry_after_ms : answer.status == 429 ? THROTTLED_MS : 0;
    http_response_free(&answer);
    return v;
}

/* n NULL: a beat. A secret that cannot be read is a reason to try again: somebody mends it. */
static Verdict deliver(Notify *s, const Notice *n, char *word, size_t size, int64_t *wait_ms) {
    Access a;
    Letter *l = xcalloc(1, sizeof *l);
    Err e = {0};
    Verdict v = VERDICT_LATER;
    *wait_ms = 0;
    if (read_access(s, &a, &e) != 0) snprintf(word, size, "%s", e.text);
    else if (s->type->deliver) v = s->type->deliver(n, &a, s->stop, word, size);
    else if (s->type->write(n, &a, l, &e) != 0) snprintf(word, size, "%s", e.text), v = VERDICT_NEVER;
    else {
        l->plain = s->c->to->url[0] && !a.key[0]; /* an address that is in the configuration is no secret */
        v = send_letter(s, l, word, size, wait_ms);
    }
    secret_wipe(&a, sizeof a);
    buf_free(&l->body);
    secret_wipe(l, sizeof *l);
    free(l);
    return v;
}

static void complain(const Notify *s, const char *word) {
    Err e = {0};
    fail(&e, "alert channel %s: %s", s->c->to->name, word);
    collecting_failed(s->c->shared, &e);
}

/* When this notice is tried again: never sooner than the receiver wants, but else within a minute, for when the network is back. */
static int64_t after_failure(Notify *s, int64_t wait_ms) {
    int64_t own_ms = backoff_next(&s->backoff);
    if (own_ms > OWN_RETRY_MAX_MS) own_ms = OWN_RETRY_MAX_MS;
    int64_t ms = wait_ms > own_ms ? wait_ms : own_ms;
    return ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS;
}

/* ---- notices ---- */
static int tell(Notify *s, const Notice *n, Err *e) {
    static const OutboxEnd ends[] = {OUTBOX_DELIVERED, OUTBOX_LATER, OUTBOX_GIVEN_UP};
    char word[ERR_MAX] = "";
    int64_t wait_ms;
    Verdict v = deliver(s, n, word, sizeof word, &wait_ms);
    if (v == VERDICT_DONE) s->backoff.ms = 0;
    else if (n->tries == 0 || v == VERDICT_NEVER) complain(s, word);
    if (v == VERDICT_LATER && wait_ms > 0) s->held_ms = clock_monotonic_ms() + (wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS);
    int64_t now_ms = clock_now_ms(), due_ms = v == VERDICT_LATER ? now_ms + after_failure(s, wait_ms) : 0;
    return outbox_end(s->db, n, ends[v], word, now_ms, due_ms, e);
}

static bool readable(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return fd >= 0 && poll(&p, 1, 0) == 1;
}

static int step_notices(Notify *s, Wait *next, Err *e) {
    Notice n;
    bool found;
    int64_t mono_ms = clock_monotonic_ms();
    if (readable(dbwatch_fd(s->watch))) dbwatch_event(s->watch, mono_ms);
    dbwatch_look(s->watch, mono_ms);
    if (outbox_next(s->db, s->c->to->name, &n, &found, e) != 0) return -1;
    int64_t left_ms = found ? n.due_ms - clock_now_ms() : IDLE_MS, look = dbwatch_due_ms(s->watch);
    if (found && s->held_ms - mono_ms > left_ms) left_ms = s->held_ms - mono_ms;
    if (found && left_ms <= 0) {
        next->sleep_ms = 0;
        return tell(s, &n, e);
    }
    if (look != INT64_MAX && look - mono_ms < left_ms) left_ms = look > mono_ms ? look - mono_ms : 1;
    int64_t most_ms = found ? WAITING_MS : IDLE_MS; /* a new notice may come while another waits */
    *next = (Wait){.sleep_ms = left_ms < most_ms ? left_ms : most_ms, .fd = found ? -1 : dbwatch_fd(s->watch)};
    return 0;
}

/* ---- beats ---- */
/* A beat that fails is tried sooner than the next one is due: receivers count minutes. */
static int step_beat(Notify *s, Wait *next, Err *e) {
    char word[ERR_MAX] = "";
    int64_t wait_ms, mono_ms = clock_monotonic_ms();
    if (mono_ms >= s->beat_ms) {
        Verdict v = deliver(s, NULL, word, sizeof word, &wait_ms);
        bool first = s->backoff.ms == 0;
        if (v == VERDICT_DONE) s->backoff.ms = 0;
        int64_t again_ms = v == VERDICT_DONE ? s->type->beat_ms : backoff_next(&s->backoff);
        s->beat_ms = mono_ms + (again_ms < s->type->beat_ms ? again_ms : s->type->beat_ms);
        if (v != VERDICT_DONE && first) complain(s, word);
    }
    (void)e;
    *next = (Wait){.sleep_ms = s->beat_ms > mono_ms ? s->beat_ms - mono_ms : 1, .fd = -1};
    return 0;
}

/* ---- the worker ---- */
static void close_notify(void *self) {
    Notify *s = self;
    if (!s) return;
    http_free(s->http);
    dbwatch_close(s->watch);
    db_close(s->db);
    free(s);
}

static int open_parts(Notify *s, Err *e) {
    char wrong[300];
    if (notify_check(s->c->to, wrong, sizeof wrong)) return fail(e, "%s", wrong);
    s->type = channel_find(s->c->to->channel);
    if (!s->type->deliver) s->http = http_new();
    return db_open(&s->db, s->c->shared->db_path, DB_WRITE, e);
}

static int open_notify(void **self, const void *config, const Stop *stop, Err *e) {
    Notify *s = xcalloc(1, sizeof *s);
    char host[128] = "localhost";
    s->c = config;
    s->stop = stop;
    gethostname(host, sizeof host - 1);
    snprintf(s->host, sizeof s->host, "tollwatch@%s", host);
    if (open_parts(s, e) != 0) {
        close_notify(s);
        return -1;
    }
    s->watch = dbwatch_open(s->db);
    *self = s;
    return 0;
}

static int step(void *self, Wait *next, Err *e) {
    Notify *s = self;
    return s->type->beat_ms ? step_beat(s, next, e) : step_notices(s, next, e);
}

static void failed(const void *config, const Err *e) {
    const NotifyConfig *c = config;
    collecting_failed(c->shared, e);
}

const WorkerType notify_worker = {.kind = "alert channel", .open = open_notify, .step = step, .close = close_notify, .failed = failed};
