/* bills: the worker of an account. A step reads one page; when a window is whole it is stored. See bills.h. */
#include "collectors/bills.h"
#include "collectors/bills_parts.h"
#include "collectors/secret.h"

enum { TRIES_MAX = 8, FEEDS_MAX = 24, REDENIED_MS = 15 * 60000, FAILED_MS = 5 * 60000, IDLE_MAX_MS = 60000, LONG_WAIT_MS = 20000 /* worth telling */ };
#define TRAIL_MS (3 * MS_PER_DAY) /* what is read again: nobody promises when a bucket is final */
#define LATE_MS MS_PER_HOUR       /* no vendor's figures are whole the second a day ends */

typedef struct Bills {
    const BillsConfig *config;
    const Stop *stop;
    const Provider *provider;
    Db *db;
    Ledger *ledger;
    Pricer *pricer;
    Http *http;
    int64_t due_ms[FEEDS_MAX];
    char error[FEEDS_MAX][ERR_MAX]; /* of the last read of each feed; "" = none */
    /* the walk that is under way */
    const Feed *feed;           /* NULL = none */
    int64_t to_ms;              /* end of all of its windows */
    FeedCall call;
    BillSet rows;
    uint64_t seen[BILL_PAGES];  /* hashes of cursors */
    int tries;
    Backoff backoff;
    char secret[SECRET_MAX];
} Bills;

static int64_t now_of(const Bills *b) { return collecting_now_ms(b->config->shared); }

/* ---- opening ---- */
static void close_bills(void *self) {
    Bills *b = self;
    secret_wipe(b->secret, sizeof b->secret);
    bill_set_free(&b->rows);
    http_free(b->http);
    pricer_free(b->pricer);
    ledger_close(b->ledger);
    db_close(b->db);
    free(b);
}

static bool feed_wanted(const Feed *f, const AccountConfig *a) { return !f->wanted || f->wanted(a); }

/* What was read before is not due at once; what the account is not configured for never is. */
static int load_due(Bills *b, Err *e) {
    for (size_t i = 0; b->provider->feeds[i].name && i < FEEDS_MAX; i++) {
        int64_t until, read;
        if (bill_feed_state(b->db, b->config->account->name, b->provider->feeds[i].name, &until, &read, e) != 0) return -1;
        b->due_ms[i] = !feed_wanted(&b->provider->feeds[i], b->config->account) ? INT64_MAX : read ? read + b->provider->feeds[i].every_ms : 0;
    }
    return 0;
}

static int open_bills(void **self, const void *config, const Stop *stop, Err *e) {
    Bills *b = xcalloc(1, sizeof *b);
    b->config = config;
    b->stop = stop;
    b->provider = provider_find(b->config->account->provider);
    b->pricer = pricer_new(b->config->shared->book);
    b->http = http_new();
    if (collecting_open(b->config->shared, &b->db, &b->ledger, e) == 0 && (!b->provider || load_due(b, e) == 0)) {
        *self = b;
        return 0;
    }
    close_bills(b);
    return -1;
}

/* ---- health ---- */
static const char *first_error(const Bills *b) {
    for (int i = 0; i < FEEDS_MAX && b->provider && b->provider->feeds[i].name; i++)
        if (b->error[i][0] && !b->provider->feeds[i].optional) return b->error[i];
    return "";
}

/* What could not be read, though another feed stands in for it: told, but no error. */
static const char *first_remark(const Bills *b) {
    for (int i = 0; i < FEEDS_MAX && b->provider && b->provider->feeds[i].name; i++)
        if (b->error[i][0] && b->provider->feeds[i].optional) return b->error[i];
    return "";
}

static int64_t newest_ms(Bills *b) {
    int64_t newest = 0;
    Err ignored = {0};
    for (size_t i = 0; b->provider->feeds[i].name && i < FEEDS_MAX; i++) {
        int64_t until, read;
        if (bill_feed_state(b->db, b->config->account->name, b->provider->feeds[i].name, &until, &read, &ignored) == 0 && until > newest) newest = until;
    }
    return newest;
}

static int tell(Bills *b, const char *state, const char *word, Err *e) {
    char source[96];
    snprintf(source, sizeof source, "account %s", b->config->account->name);
    int64_t newest = b->provider ? newest_ms(b) : 0;
    const SourceHealth h = {.source = source, .kind = b->config->account->provider, .state = state, .last_word = word, .seen_ms = newest,
                            .lag_ms = newest ? now_of(b) - newest : -1};
    return ledger_source_health(b->ledger, &h, e);
}

static int tell_health(Bills *b, const char *word, Err *e) {
    const char *wrong = first_error(b), *remark = first_remark(b);
    return wrong[0] ? tell(b, "error", wrong, e) : tell(b, "ok", remark[0] ? remark : word, e);
}

/* ---- a walk ---- */
static int64_t floor_to(int64_t ms, int64_t step) { return ms - ms % step; }

static void sink_name(void *ctx, const char *kind, const char *id, const char *name) {
    Bills *b = ctx;
    Err ignored = {0};
    if (*id && *name) bill_name_set(b->ledger, b->config->account->name, kind, id, name, &ignored);
}

static void sink_balance(void *ctx, const char *kind, const char *currency, int64_t nano) {
    Bills *b = ctx;
    Err ignored = {0};
    bill_balance_set(b->ledger, b->config->account->name, kind, *currency ? currency : "USD", nano, now_of(b), &ignored);
}

static void begin_window(Bills *b, int64_t from_ms) {
    int64_t end = b->feed->window_ms ? from_ms + b->feed->window_ms : b->to_ms;
    const AccountConfig *a = b->config->account;
    bill_set_free(&b->rows);
    bill_set_init(&b->rows);
    b->call = (FeedCall){.account = a, .secret = b->secret, .base_url = a->base_url[0] ? a->base_url : b->provider->base_url,
                         .arg = b->feed->arg, .from_ms = from_ms, .until_ms = end < b->to_ms ? end : b->to_ms, .now_ms = now_of(b)};
    b->tries = 0;
    b->backoff = (Backoff){0};
}

static int begin_walk(Bills *b, size_t i, Err *e) {
    int64_t until, read, now = now_of(b);
    const Feed *f = &b->provider->feeds[i];
    if (account_secret(b->config->account, b->stop, b->secret, e) != 0) return -1;
    if (bill_feed_state(b->db, b->config->account->name, f->name, &until, &read, e) != 0) return -1;
    b->feed = f;
    b->to_ms = floor_to(f->settles_ms ? now - f->settles_ms : now + f->bucket_ms - 1, f->bucket_ms);
    int64_t from = until ? until - TRAIL_MS : now - f->history_ms;
    begin_window(b, floor_to(from, f->bucket_ms));
    return 0;
}

static void end_walk(Bills *b, int64_t wait_ms, const Err *why) {
    size_t i = (size_t)(b->feed - b->provider->feeds);
    snprintf(b->error[i], sizeof b->error[i], "%s", why ? why->text : "");
    b->due_ms[i] = now_of(b) + wait_ms;
    b->feed = NULL;
    bill_set_free(&b->rows);
    secret_wipe(b->secret, sizeof b->secret);
    secret_wipe(&b->call, sizeof b->call);
}

/* Up to when what was read is whole: by the clock when the window was begun, however long its pages took, or earlier where the
 * vendor says how fresh its figures are. */
static int64_t closed_ms(const Bills *b) {
    int64_t late = b->feed->settles_ms > LATE_MS ? b->feed->settles_ms : LATE_MS, by_clock = b->call.now_ms - late, fresh = b->call.fresh_ms;
    return floor_to(fresh && fresh < by_clock ? fresh : by_clock, b->feed->bucket_ms);
}

static int store_window(Bills *b, Err *e) {
    const BillRead read = {.account = b->config->account->name, .provider = b->provider->name, .feed = b->feed->name, .origin = b->feed->origin,
                           .rival = b->feed->rival, .wins = b->feed->wins,
                           .from_ms = b->call.from_ms, .until_ms = b->call.until_ms, .closed_ms = closed_ms(b),
                           .now_ms = now_of(b)};
    return b->feed->no_rows ? 0 : bills_replace(b->ledger, &read, &b->rows, b->pricer, e);
}

/* The window is whole: it is stored, and the next one begins. */
static int finish_window(Bills *b, Err *e) {
    int64_t next = b->call.until_ms;
    if (store_window(b, e) != 0) return -1;
    if (next < b->to_ms && !b->feed->no_rows) {
        begin_window(b, next);
        return 0;
    }
    end_walk(b, b->feed->every_ms, NULL);
    return 0;
}

static int pages_max(const Feed *f) { return f->pages_max ? f->pages_max : BILL_PAGES; }

static bool goes_round(Bills *b) {
    uint64_t h = hash64(b->call.cursor, strlen(b->call.cursor), 0);
    for (int i = 0; i < b->call.page; i++)
        if (b->seen[i] == h) return true;
    b->seen[b->call.page++] = h;
    return false;
}

/* A window of too many pages is left out whole where a rival stands in for it; those that follow are read. */
static int leave_out(Bills *b, Err *e) {
    Err why = {0};
    fail(&why, "%s %s: one day has more than %d pages; what the other report says of it counts", b->provider->name, b->feed->name, pages_max(b->feed));
    if (b->config->shared->failed) b->config->shared->failed(&why);
    bill_set_free(&b->rows);
    bill_set_init(&b->rows);
    return finish_window(b, e);
}

static int next_page(Bills *b, Err *e) {
    if (!b->call.cursor[0]) return finish_window(b, e);
    bool round = goes_round(b), full = b->call.page == pages_max(b->feed);
    if (full && b->feed->optional && b->feed->window_ms && b->feed->rival) return leave_out(b, e);
    return round || full ? fail(e, "%s %s: its pages go round in circles, or are more than %d", b->provider->name, b->feed->name, pages_max(b->feed)) : 0;
}

/* Ends the read after a failure; nothing of its window is stored. What is read rarely may cost money: it waits longer. */
static void give_up(Bills *b, bool denied, const Err *why) {
    int64_t wait = denied ? REDENIED_MS : FAILED_MS, slow = b->feed->every_ms / 12;
    if (b->config->shared->failed) b->config->shared->failed(why);
    end_walk(b, slow > wait ? slow : wait, why);
}

static void read_page(Bills *b, Wait *next) {
    Err e = {0};
    const FeedSink sink = {.rows = &b->rows, .name = sink_name, .balance = sink_balance, .ctx = b};
    size_t from = b->rows.count;
    PageResult r = page_read(b->http, b->provider, b->feed, &b->call, &sink, b->stop, &e);
    bill_set_page(&b->rows, from);
    next->sleep_ms = 0;
    if (b->stop && stop_is_set(b->stop)) return;
    if (r.end == PAGE_READ && next_page(b, &e) == 0) {
        b->tries = 0;
        b->backoff = (Backoff){0};
    } else if (r.end == PAGE_AGAIN && ++b->tries < TRIES_MAX) {
        int64_t own = backoff_next(&b->backoff);
        next->sleep_ms = r.wait_ms > own ? r.wait_ms : own;
        snprintf(b->error[b->feed - b->provider->feeds], sizeof b->error[0], "%s", e.text);
    } else {
        give_up(b, r.denied, &e);
    }
}

/* ---- the worker ---- */
static int next_due(const Bills *b, int64_t *due_ms) {
    int first = -1;
    for (int i = 0; i < FEEDS_MAX && b->provider->feeds[i].name; i++)
        if (first < 0 || b->due_ms[i] < b->due_ms[first]) first = i;
    *due_ms = first < 0 ? INT64_MAX : b->due_ms[first];
    return first;
}

static int idle(Bills *b, Wait *next, Err *e) {
    int64_t due, now = now_of(b);
    int i = next_due(b, &due);
    Err why = {0};
    if (i >= 0 && due <= now) {
        next->sleep_ms = 0;
        if (begin_walk(b, (size_t)i, &why) == 0) return 0;
        b->feed = &b->provider->feeds[i];
        give_up(b, true, &why); /* no key, or no database: later */
    }
    next->sleep_ms = due - now < IDLE_MAX_MS ? (due > now ? due - now : 0) : IDLE_MAX_MS;
    return tell_health(b, "waiting for the next read", e);
}

/* A provider that nobody knows, or that has nothing to ask. */
static int no_provider(Bills *b, Wait *next, Err *e) {
    char word[160];
    next->sleep_ms = -1;
    if (b->provider) return tell(b, "unknown", b->provider->nothing, e);
    snprintf(word, sizeof word, "no provider is called %.32s; see the README for those that have an API", b->config->account->provider);
    return tell(b, "error", word, e);
}

static int step(void *self, Wait *next, Err *e) {
    Bills *b = self;
    *next = (Wait){.fd = -1};
    if (!b->provider || b->provider->nothing) return no_provider(b, next, e);
    if (!b->feed) return idle(b, next, e);
    read_page(b, next);
    if (b->feed) return next->sleep_ms < LONG_WAIT_MS ? 0 : tell(b, "watch", b->error[b->feed - b->provider->feeds], e);
    return tell_health(b, "read", e);
}

static void failed(const void *config, const Err *e) {
    const BillsConfig *c = config;
    collecting_failed(c->shared, e);
}

const WorkerType bills_worker = {.kind = "bills", .open = open_bills, .step = step, .close = close_bills, .failed = failed};

/* ---- doctor ---- */
static void no_name(void *ctx, const char *kind, const char *id, const char *name) { (void)ctx, (void)kind, (void)id, (void)name; }
static void no_balance(void *ctx, const char *kind, const char *currency, int64_t nano) { (void)ctx, (void)kind, (void)currency, (void)nano; }

static const Feed *cheap_feed(const Provider *p, const AccountConfig *a) {
    for (const Feed *f = p->feeds; f->name; f++)
        if (f->cheap && feed_wanted(f, a)) return f;
    return p->feeds;
}

int bills_probe(const AccountConfig *a, int64_t now_ms, Err *e) {
    const Provider *p = provider_find(a->provider);
    char secret[SECRET_MAX];
    BillSet rows;
    if (!p) return fail(e, "no provider is called %.32s; see the README for those that have an API", a->provider);
    if (p->nothing) return fail(e, "%s", p->nothing);
    Stop *stop = stop_new();
    int rc = account_secret(a, stop, secret, e);
    if (rc == 0) {
        const Feed *f = cheap_feed(p, a);
        Http *http = http_new();
        bill_set_init(&rows);
        FeedCall c = {.account = a, .secret = secret, .base_url = a->base_url[0] ? a->base_url : p->base_url, .arg = f->arg,
                      .from_ms = floor_to(now_ms, MS_PER_DAY) - MS_PER_DAY, .until_ms = floor_to(now_ms, MS_PER_DAY), .now_ms = now_ms};
        const FeedSink sink = {.rows = &rows, .name = no_name, .balance = no_balance};
        rc = page_read(http, p, f, &c, &sink, stop, e).end == PAGE_READ ? 0 : -1;
        bill_set_free(&rows);
        http_free(http);
    }
    secret_wipe(secret, sizeof secret);
    stop_free(stop);
    return rc;
}
