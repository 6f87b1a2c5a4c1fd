/* housekeep: see housekeep.h. Wakes once in twenty seconds, more often only while there is something to purge. */
#include "collectors/housekeep.h"
#include "collectors/collect_parts.h"

enum { BEAT_MS = 20000, PURGE_MS = 3600000, PURGE_PAUSE_MS = 20, MOVE_MS = 300000, SETTLE_MS = 600000 };

typedef struct Keep {
    const Collecting *c;
    Db *db;
    Ledger *ledger;
    int64_t beat_ms, purged_ms, moved_ms, history_ms; /* monotonic */
    int64_t history;                                  /* ledger_history() as it was then */
    bool beaten, purged, purging;
    char who[320];
} Keep;

static void close_keep(void *self) {
    Keep *k = self;
    if (!k) return;
    ledger_close(k->ledger);
    db_close(k->db);
    free(k);
}

static int open_keep(void **self, const void *config, const Stop *stop, Err *e) {
    Keep *k = xcalloc(1, sizeof *k);
    (void)stop;
    k->c = config;
    k->moved_ms = k->purged_ms = clock_monotonic_ms();
    k->history = -1;
    if (role_holder(k->c->db_path, k->who, sizeof k->who) != 0) k->who[0] = '\0';
    if (collecting_open(k->c, &k->db, &k->ledger, e) == 0) return *self = k, 0;
    close_keep(k);
    return -1;
}

/* Only the first beat is a commit: each one would make the screens load anew. */
static int beat(Keep *k, int64_t now, Err *e) {
    if (k->beaten && now - k->beat_ms < BEAT_MS) return 0;
    if (!k->beaten && ledger_heartbeat(k->ledger, k->who, e) != 0) return -1;
    db_follow_mode(k->c->db_path);
    if (role_beat(k->c->db_path, collecting_now_ms(k->c), e) != 0) return -1;
    k->beat_ms = now;
    k->beaten = true;
    return 0;
}

/* While the history of a log is read, here or by an import, its days are not sealed: what is still to come of them would
 * be late. A source that is a day behind for good must not keep everything: after a day the purge goes on. */
static int look_settled(Keep *k, int64_t now, bool *settled, Err *e) {
    int64_t history;
    if (ledger_history(k->ledger, &history, e) != 0) return -1;
    if (history != k->history) k->history = history, k->history_ms = now;
    *settled = now - k->history_ms >= SETTLE_MS || now - k->purged_ms >= MS_PER_DAY;
    return 0;
}

static int purge(Keep *k, int64_t now, Err *e) {
    bool settled;
    if (!k->purging && k->purged && now - k->purged_ms < PURGE_MS) return 0;
    if (look_settled(k, now, &settled, e) != 0) return -1;
    if (!settled) return k->purging = false, 0;
    if (ledger_purge(k->ledger, k->c->config->raw_days, &k->purging, e) != 0) return -1;
    k->purged_ms = now;
    k->purged = true;
    return 0;
}

/* SQLite moves a full log at some commit, which then takes long; moved every few minutes it seldom gets full. */
static void checkpoint(Keep *k, int64_t now) {
    if (k->purging || now - k->moved_ms < MOVE_MS) return;
    sqlite3_wal_checkpoint_v2(db_handle(k->db), NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL); /* busy: the next time */
    k->moved_ms = now;
}

static int step(void *self, Wait *next, Err *e) {
    Keep *k = self;
    int64_t now = clock_monotonic_ms();
    ledger_set_now(k->ledger, collecting_now_ms(k->c));
    if (purge(k, now, e) != 0) return -1;
    checkpoint(k, now);
    if (beat(k, now, e) != 0) return -1; /* last: a full disk stops it, and a purge is what helps then */
    next->sleep_ms = k->purging ? PURGE_PAUSE_MS : k->beat_ms + BEAT_MS - now; /* others write between two bits of a purge */
    return 0;
}

static void failed(const void *config, const Err *e) {
    collecting_failed(config, e);
}

const WorkerType housekeep_worker = {.kind = "housekeeping", .open = open_keep, .step = step, .close = close_keep, .failed = failed};
