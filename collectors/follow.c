/* follow: the worker: what a step does and how long it sleeps. See follow.h. */
#include "collectors/database_source.h"
#include "collectors/follow_parts.h"

/* ---- a step ---- */

static bool out_of_time(const Follow *f) {
    return collecting_steady_ms(f->c) - f->woke_ms >= STEP_MS;
}

/* A look at everything costs at most a two-hundredth of the time; a tenth when it is known that something is amiss. */
static int64_t scan_in_ms(const Follow *f) {
    bool amiss = f->wants_scan || tree_wants_scan(f->tree);
    int64_t every = amiss ? RESCAN_MS : tree_unwatched(f->tree) ? POLL_MS : SLOW_LOOK_MS;
    int64_t least = f->scan_took_ms * (amiss ? 10 : 200);
    int64_t in = f->scanned_ms + (every > least ? every : least) - f->woke_ms;
    return f->scan == 0 || in < 0 ? 0 : in;
}

/* A rotated file is let go when it has been quiet for long enough, after its rest was tried. */
static int read_held(Follow *f, Entry *n, Err *e) {
    if (f->woke_ms - n->quiet_since_ms < HELD_MS) return follow_read(f, n, e);
    if (logfile_has_rest(n->log) && n->rest_tried != n->log->size_seen) return follow_take_rest(f, n, e);
    follow_close(f, n);
    return 0;
}

/* In these three, 1 means that the database is locked for now, -1 that it failed. */
static int run_due(Follow *f, Err *e) {
    Bag *timed = table_bag(f->table, BAG_TIMED);
    for (size_t i = timed->count; i-- > 0;) {
        if (i >= timed->count || timed->at[i]->due_ms > f->woke_ms) continue;
        Entry *n = timed->at[i];
        int rc = 0;
        follow_not_due(f, n);
        if (!n->named) rc = read_held(f, n, e);
        else if (n->due == DUE_REST) rc = follow_take_rest(f, n, e);
        else follow_queue(f, n);
        if (rc != 0) return rc;
    }
    return 0;
}

/* Everything that changed, one slice each; what comes meanwhile waits for the next step. */
static int run_live(Follow *f, Err *e) {
    Bag *live = table_bag(f->table, BAG_LIVE);
    for (size_t turns = live->count; turns > 0 && live->count > 0 && !out_of_time(f); turns--) {
        Entry *n = live->at[f->next_live++ % live->count];
        table_take(f->table, BAG_LIVE, n);
        int rc = follow_read(f, n, e);
        if (rc != 0) return rc;
    }
    return 0;
}

/* One slice of the newest file of the next source that has any. */
static int run_backlog(Follow *f, Err *e) {
    for (size_t i = 0; i < f->sources && !out_of_time(f); i++) {
        Entry *n = table_take_backlog(f->table, f->next_source++ % f->sources);
        if (n) return follow_read(f, n, e);
    }
    return 0;
}

static bool has_backlog(const Follow *f) {
    for (size_t i = 0; i < f->sources; i++)
        if (table_backlog(f->table, i)) return true;
    return false;
}

static int64_t sooner(int64_t a, int64_t b) {
    return b >= 0 && b < a ? b : a;
}

static int64_t sleep_ms(const Follow *f) {
    int64_t ms = sooner(scan_in_ms(f), health_due_ms(f));
    const Bag *timed = table_bag(f->table, BAG_TIMED);
    for (size_t i = 0; i < timed->count; i++) {
        int64_t in = timed->at[i]->due_ms - f->woke_ms;
        ms = sooner(ms, in > 0 ? in : 0);
    }
    return table_bag(f->table, BAG_LIVE)->count || has_backlog(f) ? 0 : ms;
}

/* At some wake-up: none is for this. */
static void rest(Follow *f) {
    if (!f->stored_ms || f->woke_ms - f->stored_ms < TIRED_MS) return;
    db_rest(f->db);
    f->stored_ms = 0;
}

static int step(void *self, Wait *next, Err *e) {
    Follow *f = self;
    f->woke_ms = collecting_steady_ms(f->c);
    int rc = follow_write_again(f, e);
    if (rc == 0) {
        tree_events(f->tree);
        if (scan_in_ms(f) == 0) follow_scan(f);
        rc = run_due(f, e);
    }
    if (rc == 0) rc = run_live(f, e);
    if (rc == 0) rc = run_backlog(f, e);
    if (rc < 0) return -1;
    if (rc == 0) health_write(f), rest(f);
    *next = rc ? (Wait){.sleep_ms = BUSY_MS, .fd = -1} : (Wait){.sleep_ms = sleep_ms(f), .fd = tree_fd(f->tree)};
    return 0;
}

/* ---- life ---- */

static void close_follow(void *self) {
    Follow *f = self;
    if (!f) return;
    table_free(f->table);
    tree_free(f->tree);
    batch_free(f->batch);
    pricer_free(f->loan.pricer);
    ledger_close(f->ledger);
    db_close(f->db);
    free(f->known);
    free(f->state);
    free(f);
}

/* Sources that are files; those that are commands or databases have workers of their own. */
static void add_sources(Follow *f) {
    f->state = xcalloc(f->c->source_count, sizeof *f->state);
    for (size_t i = 0; i < f->c->source_count; i++) {
        const SourceConfig *s = &f->c->sources[i];
        char pattern[2048];
        Err e = {0};
        if (!s->path[0] || source_is_database(f->c->formats, s)) continue;
        if (place_expand(pattern, sizeof pattern, s->path, &e) != 0) {
            collecting_failed(f->c, &e);
            snprintf(pattern, sizeof pattern, "%s", s->path);
        }
        tree_add(f->tree, pattern);
        f->state[f->sources++] = (SourceState){.config = s, .lag_ms = -1, .notional = s->notional};
    }
    f->table = table_new(f->sources);
}

static int open_follow(void **self, const void *config, const Stop *stop, Err *e) {
    Follow *f = xcalloc(1, sizeof *f);
    (void)stop;
    f->c = config;
    f->batch = batch_new(SLICE_REQUESTS);
    f->loan.pricer = pricer_new(f->c->book);
    f->tree = tree_new(follow_look, f, !f->c->polling);
    add_sources(f);
    if (collecting_open(f->c, &f->db, &f->ledger, e) == 0 && follow_known(f, e) == 0) {
        db_patience(f->db, PATIENCE_MS);
        *self = f;
        return 0;
    }
    close_follow(f);
    return -1;
}

static void failed(const void *config, const Err *e) {
    collecting_failed(config, e);
}

const WorkerType follow_worker = {.kind = "follow", .open = open_follow, .step = step, .close = close_follow, .failed = failed};
