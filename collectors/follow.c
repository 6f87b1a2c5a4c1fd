/* follow: see follow.h. A step reads what changed for at most 50 ms; inotify says what changed, a look at all paths
 * every few seconds finds what it missed. */
#include "collectors/follow.h"
#include "collectors/follow_file.h"
#include "collectors/paths.h"
#include <errno.h>
#include <libgen.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { STEP_MS = 50, LOOK_MS = 5000, HELD_MS = 10000, OPEN_MAX = 64, HELD_MAX = 32, BATCH_REQUESTS = 2048 };

typedef struct Held { /* rotated away: read on until it is quiet */
    LogFile *log;
    const SourceConfig *source;
    int64_t until_ms;
} Held;

typedef struct Follow {
    const FollowConfig *c;
    Formats *formats;
    Book *book;
    Zone *zone;
    Db *db;
    Ledger *ledger;
    Batch *batch;
    Followed *file;
    size_t count;
    Held held[HELD_MAX];
    int inotify;
    char **watched; /* folders, by watch descriptor - 1 */
    size_t watched_count;
    int64_t looked_ms;
    bool look;
} Follow;

static int64_t now_ms(const Follow *f) {
    return f->c->fixed_now_ms ? f->c->fixed_now_ms : clock_now_ms();
}

/* ---- which files there are ---- */

static void watch_folder_of(Follow *f, const char *path) {
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    const char *dir = dirname(copy);
    if (f->watched_count && strcmp(f->watched[f->watched_count - 1], dir) == 0) return;
    int wd = inotify_add_watch(f->inotify, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE);
    if (wd <= 0) return; /* the slow look finds changes */
    while (f->watched_count < (size_t)wd) {
        f->watched = xrealloc(f->watched, (f->watched_count + 1) * sizeof *f->watched);
        f->watched[f->watched_count++] = xstrdup("");
    }
    free(f->watched[wd - 1]);
    f->watched[wd - 1] = xstrdup(dir);
}

static Followed *file_of(Follow *f, const char *path) {
    for (size_t i = f->count; i-- > 0;)
        if (strcmp(f->file[i].path, path) == 0) return &f->file[i];
    return NULL;
}

static void add_file(Follow *f, const char *path, const SourceConfig *source) {
    if (file_of(f, path)) return;
    f->file = xrealloc(f->file, (f->count + 1) * sizeof *f->file);
    f->file[f->count++] = (Followed){.path = xstrdup(path), .source = source, .dirty = true};
    watch_folder_of(f, path);
}

static void report(Follow *f, const SourceConfig *s, const char *state, const char *word, int64_t lag_ms, const char *kind) {
    SourceHealth h = {.source = s->name, .kind = kind, .state = state, .last_word = word, .seen_ms = now_ms(f), .lag_ms = lag_ms,
                      .notional = s->notional};
    Err ignored = {0};
    ledger_source_health(f->ledger, &h, &ignored);
}

/* Every source's paths again: new files are taken up, and what inotify did not tell is looked at. */
static void look(Follow *f) {
    for (size_t i = 0; i < f->c->source_count; i++) {
        const SourceConfig *s = &f->c->sources[i];
        Paths p = {0};
        Err e = {0};
        char pattern[2048];
        if (!s->path[0] || place_expand(pattern, sizeof pattern, s->path, &e) != 0) continue;
        if (paths_add(&p, pattern, &e) != 0) report(f, s, "waiting", e.text, -1, s->format);
        for (size_t j = 0; j < p.count; j++) add_file(f, p.path[j], s);
        paths_free(&p);
    }
    for (size_t i = 0; i < f->count; i++) f->file[i].dirty = true;
    f->looked_ms = clock_monotonic_ms();
    f->look = false;
}

static void event(Follow *f, const struct inotify_event *ev) {
    char path[8192];
    if (ev->mask & (IN_CREATE | IN_MOVED_TO | IN_Q_OVERFLOW | IN_MOVED_FROM | IN_DELETE)) f->look = true;
    if (ev->len == 0 || ev->wd < 1 || (size_t)ev->wd > f->watched_count) return;
    snprintf(path, sizeof path, "%s/%s", f->watched[ev->wd - 1], ev->name);
    Followed *file = file_of(f, path);
    if (file) file->dirty = true;
}

static void read_events(Follow *f) {
    char room[16384] __attribute__((aligned(8)));
    ssize_t n;
    while ((n = read(f->inotify, room, sizeof room)) > 0)
        for (char *p = room; p < room + n;) {
            const struct inotify_event *ev = (const struct inotify_event *)(void *)p;
            event(f, ev);
            p += sizeof *ev + ev->len;
        }
}

/* ---- reading ---- */

static int read_on(Follow *f, LogFile *log, const SourceConfig *source, bool *any, Err *e) {
    Filled got = FILLED_BATCH;
    int64_t began_ms = clock_monotonic_ms();
    while (got == FILLED_BATCH && clock_monotonic_ms() - began_ms < STEP_MS) {
        IngestCounts counts = {0};
        uint64_t before = log->mark.lines;
        Err why = {0};
        batch_clear(f->batch);
        got = logfile_fill(log, f->batch, false, &why);
        if (got == FILLED_FAILED) report(f, source, "error", why.text, -1, format_name(log->format));
        if (log->mark.lines == before && batch_count(f->batch) == 0) continue;
        *any = true;
        ledger_set_now(f->ledger, now_ms(f));
        if (ledger_ingest(f->ledger, f->batch, &counts, e) != 0) return -1;
    }
    if (*any) report(f, source, log->mark.last_error[0] ? "watch" : "ok", log->mark.last_error, clock_monotonic_ms() - began_ms, format_name(log->format));
    return got == FILLED_BATCH ? 1 : 0;
}

static void hold(Follow *f, LogFile *log, const SourceConfig *source) {
    size_t at = 0;
    for (size_t i = 0; i < HELD_MAX; i++)
        if (!f->held[i].log || (f->held[at].log && f->held[i].until_ms < f->held[at].until_ms)) at = i;
    logfile_close(f->held[at].log);
    f->held[at] = (Held){log, source, clock_monotonic_ms() + HELD_MS};
}

/* The least recently used of too many open files is closed; the ledger knows where to go on. */
static void bound_open(Follow *f) {
    size_t open = 0, oldest = SIZE_MAX;
    for (size_t i = 0; i < f->count; i++) {
        if (!f->file[i].log) continue;
        open++;
        if (oldest == SIZE_MAX || f->file[i].used_ms < f->file[oldest].used_ms) oldest = i;
    }
    if (open <= OPEN_MAX) return;
    logfile_close(f->file[oldest].log);
    f->file[oldest].log = NULL;
}

static void open_file(Follow *f, Followed *file) {
    const SourceConfig *s = file->source;
    LogSetup setup = {.formats = f->formats, .book = f->book, .config = f->c->config, .source = s, .notional = s->notional,
                      .now_ms = now_ms(f)};
    Err why = {0};
    if (logfile_open(&file->log, file->path, &setup, f->ledger, &why) != 0) {
        if (!file->failed) report(f, s, "error", why.text, -1, s->format);
        file->failed = true;
        return;
    }
    file->failed = false;
    bound_open(f);
}

/* 1 = there is more to read in it. */
static int read_file(Follow *f, Followed *file, Err *e) {
    bool any = false;
    int rc = 0;
    Change change = followed_change(file);
    if (change == CHANGE_GONE || change == CHANGE_REPLACED) {
        if (file->log) {
            rc = read_on(f, file->log, file->source, &any, e); /* what was written before it was rotated */
            hold(f, file->log, file->source);
        }
        file->log = NULL;
        if (rc < 0 || change == CHANGE_GONE) return rc < 0 ? -1 : 0;
    }
    if (change == CHANGE_NONE) return 0;
    if (!file->log) open_file(f, file);
    if (!file->log) return 0;
    rc = read_on(f, file->log, file->source, &any, e);
    if (any) file->used_ms = clock_monotonic_ms();
    return rc;
}

static int read_held(Follow *f, Err *e) {
    for (size_t i = 0; i < HELD_MAX; i++) {
        Held *h = &f->held[i];
        bool any = false;
        if (!h->log) continue;
        if (read_on(f, h->log, h->source, &any, e) < 0) return -1;
        if (any) h->until_ms = clock_monotonic_ms() + HELD_MS;
        if (clock_monotonic_ms() < h->until_ms) continue;
        logfile_close(h->log);
        h->log = NULL;
    }
    return 0;
}

static bool holds_any(const Follow *f) {
    for (size_t i = 0; i < HELD_MAX; i++)
        if (f->held[i].log) return true;
    return false;
}

static int step(void *self, Wait *next, Err *e) {
    Follow *f = self;
    int64_t began_ms = clock_monotonic_ms();
    bool more = false;
    read_events(f);
    if (f->look || began_ms - f->looked_ms >= LOOK_MS) look(f);
    for (size_t i = f->count; i-- > 0 && !more;) { /* newest names last in a folder: they are read first */
        Followed *file = &f->file[i];
        if (!file->dirty) continue;
        int rc = read_file(f, file, e);
        if (rc < 0) return -1;
        file->dirty = rc > 0;
        more = rc > 0 || clock_monotonic_ms() - began_ms > STEP_MS;
    }
    if (read_held(f, e) != 0) return -1;
    int64_t slow = f->looked_ms + LOOK_MS - clock_monotonic_ms();
    next->fd = f->inotify;
    next->sleep_ms = more ? 0 : holds_any(f) ? 1000 : slow > 1 ? slow : 1;
    return 0;
}

/* ---- life ---- */

static void close_follow(void *self) {
    Follow *f = self;
    if (!f) return;
    for (size_t i = 0; i < f->count; i++) logfile_close(f->file[i].log), free(f->file[i].path);
    for (size_t i = 0; i < HELD_MAX; i++) logfile_close(f->held[i].log);
    for (size_t i = 0; i < f->watched_count; i++) free(f->watched[i]);
    if (f->inotify >= 0) close(f->inotify);
    batch_free(f->batch);
    ledger_close(f->ledger);
    db_close(f->db);
    zone_free(f->zone);
    book_free(f->book);
    formats_free(f->formats);
    free(f->watched);
    free(f->file);
    free(f);
}

static int open_parts(Follow *f, Err *e) {
    const Config *c = f->c->config;
    const char *dir = c->dir[0] ? c->dir : NULL;
    if (formats_load(&f->formats, dir, e) != 0 || book_load(&f->book, dir, e) != 0 || zone_open(&f->zone, c->timezone, e) != 0 ||
        db_open(&f->db, f->c->db_path, DB_WRITE, e) != 0)
        return -1;
    LedgerOptions o = {.zone = f->zone, .budgets = c->budgets, .budget_count = c->budget_count, .now_ms = now_ms(f)};
    return ledger_open(&f->ledger, f->db, &o, e);
}

static int open_follow(void **self, const void *config, const Stop *stop, Err *e) {
    Follow *f = xcalloc(1, sizeof *f);
    (void)stop;
    f->c = config;
    f->look = true;
    f->batch = batch_new(BATCH_REQUESTS);
    f->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (open_parts(f, e) == 0) return *self = f, 0;
    close_follow(f);
    return -1;
}

static void failed(const void *config, const Err *e) {
    const FollowConfig *c = config;
    if (c->failed) c->failed(e);
}

const WorkerType follow_worker = {.kind = "follow", .open = open_follow, .step = step, .close = close_follow, .failed = failed};
