/* housekeep: the worker that says that somebody collects, and purges what is older than it should be. */
#include "collectors/housekeep.h"
#include "store/ledger.h"
#include <unistd.h>

enum { BEAT_MS = 10000, PURGE_MS = 3600000 };

typedef struct Keep {
    const HousekeepConfig *c;
    Zone *zone;
    Db *db;
    Ledger *ledger;
    int64_t beat_ms, purged_ms;
    bool purging;
    char who[320];
} Keep;

static int64_t now_ms(const Keep *k) {
    return k->c->fixed_now_ms ? k->c->fixed_now_ms : clock_now_ms();
}

static void close_keep(void *self) {
    Keep *k = self;
    if (!k) return;
    ledger_close(k->ledger);
    db_close(k->db);
    zone_free(k->zone);
    free(k);
}

static int open_parts(Keep *k, Err *e) {
    if (zone_open(&k->zone, k->c->config->timezone, e) != 0 || db_open(&k->db, k->c->db_path, DB_WRITE, e) != 0) return -1;
    LedgerOptions o = {.zone = k->zone, .now_ms = now_ms(k)};
    return ledger_open(&k->ledger, k->db, &o, e);
}

static int open_keep(void **self, const void *config, const Stop *stop, Err *e) {
    Keep *k = xcalloc(1, sizeof *k);
    char host[128] = "";
    (void)stop;
    k->c = config;
    gethostname(host, sizeof host - 1);
    snprintf(k->who, sizeof k->who, "%s %d", host, (int)getpid());
    if (open_parts(k, e) == 0) return *self = k, 0;
    close_keep(k);
    return -1;
}

static int step(void *self, Wait *next, Err *e) {
    Keep *k = self;
    int64_t now = clock_monotonic_ms();
    ledger_set_now(k->ledger, now_ms(k));
    if (!k->beat_ms || now - k->beat_ms >= BEAT_MS) {
        if (ledger_heartbeat(k->ledger, k->who, e) != 0) return -1;
        k->beat_ms = now;
    }
    if (k->purging || !k->purged_ms || now - k->purged_ms >= PURGE_MS) {
        if (ledger_purge(k->ledger, k->c->config->raw_days, &k->purging, e) != 0) return -1;
        k->purged_ms = now;
    }
    next->sleep_ms = k->purging ? 20 : BEAT_MS; /* others write between two bits of a purge */
    return 0;
}

static void failed(const void *config, const Err *e) {
    const HousekeepConfig *c = config;
    if (c->failed) c->failed(e);
}

const WorkerType housekeep_worker = {.kind = "housekeeping", .open = open_keep, .step = step, .close = close_keep, .failed = failed};
