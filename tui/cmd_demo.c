/* cmd_demo: the dashboard on a made-up load in a temporary folder of its own: no keys, no network, nothing kept.
 *
 * Owns: the folder, its configuration and policy file, and the worker that plays a collector: five weeks of history from
 * now backwards, so that the screen is right at once and `usual` follows within seconds, then the present as it comes.
 */
#include "collectors/alerts.h"
#include "collectors/guard.h"
#include "collectors/worker.h"
#include "store/ledger.h"
#include "store/price.h"
#include "tui/commands.h"
#include "tui/dashboard.h"
#include "tui/demo_bills.h"
#include "tui/demo_gateways.h"
#include "tui/demo_load.h"
#include "tui/demo_rule.h"
#include <errno.h>
#include <ftw.h>
#include <unistd.h>

enum {
    HISTORY_HOURS = 35 * 24, HOURS_A_STEP = 4, LIVE_STEP_MS = 250, HEARTBEAT_MS = 10000, PAUSE_MS = 2,
    ONSET_MINUTES = 41 /* ago, at the start */, DEMO_WATCHERS = 2
};

typedef struct Demo {
    char dir[64], config[96], db[96], policy[96];
    int64_t start_ms;
    int64_t fixed_now_ms;
    const Config *settings;
    const Book *book;
    const Zone *zone;
    Collecting shared;      /* for the workers that are the real ones: budgets act, alerts fire */
    const Stop *stop;
    bool ruled;
    Worker *player;
    Worker *watcher[DEMO_WATCHERS]; /* started by the player; read by others only after it has ended */
    size_t watchers;
} Demo;

/* ---- the worker ---- */

typedef struct Player {
    Demo *demo;
    Db *db;
    Role *role;
    Ledger *ledger;
    Pricer *pricer;
    DemoLoad load;
    Batch *batch[DEMO_GATEWAYS];
    int64_t file_id[DEMO_GATEWAYS];
    uint64_t records[DEMO_GATEWAYS], offset[DEMO_GATEWAYS];
    int hours_done;
    int64_t live_ms, heartbeat_ms;
    DemoSwitch sw;
    DemoBills bills;
    int64_t billed_to_ms, billed_from_ms; /* days that have bills; history comes backwards */
} Player;

static void player_close(void *self) {
    Player *p = self;
    for (int g = 0; g < DEMO_GATEWAYS; g++) batch_free(p->batch[g]);
    demo_switch_free(&p->sw);
    pricer_free(p->pricer);
    ledger_close(p->ledger);
    role_drop(p->role);
    db_close(p->db);
    free(p);
}

static int64_t demo_now(const Demo *d) {
    return d->fixed_now_ms ? d->fixed_now_ms : clock_now_ms();
}

static int open_files(Player *p, Err *e) {
    for (int g = 0; g < DEMO_GATEWAYS; g++) {
        char path[64];
        FileKnown known;
        snprintf(path, sizeof path, "made up: %s", demo_gateways[g]);
        const FileKey key = {.source = demo_gateways[g], .format = "gateway", .path = path, .fingerprint = (uint64_t)g + 1};
        if (ledger_file_open(p->ledger, &key, &known, e) != 0) return -1;
        p->file_id[g] = known.file_id;
    }
    return 0;
}

static int player_start(Player *p, Err *e) {
    const Demo *d = p->demo;
    const LedgerOptions o = {.zone = d->zone, .budgets = d->settings->budgets, .budget_count = d->settings->budget_count, .now_ms = d->start_ms};
    if (db_open(&p->db, d->db, DB_WRITE, e) != 0 || role_take(&p->role, d->db, e) != 0) return -1;
    if (ledger_open(&p->ledger, p->db, &o, e) != 0 || open_files(p, e) != 0) return -1;
    p->pricer = pricer_new(d->book);
    for (int g = 0; g < DEMO_GATEWAYS; g++) p->batch[g] = batch_new(LEDGER_BATCH);
    p->bills = (DemoBills){.db = p->db, .ledger = p->ledger, .pricer = p->pricer, .start_ms = d->start_ms};
    p->billed_to_ms = p->billed_from_ms = d->start_ms - d->start_ms % MS_PER_DAY;
    return demo_bills_say(&p->bills, d->start_ms, e);
}

static int player_open(void **self, const void *config, const Stop *stop, Err *e) {
    Player *p = xcalloc(1, sizeof *p);
    (void)stop;
    p->demo = (Demo *)(uintptr_t)config;
    p->load = (DemoLoad){.seed = 42, .onset_ms = (p->demo->start_ms / MS_PER_MINUTE - ONSET_MINUTES) * MS_PER_MINUTE};
    p->live_ms = p->demo->start_ms;
    p->sw = (DemoSwitch){.policy_path = p->demo->policy, .past = demo_rule_policy(), .past_ms = p->demo->start_ms - DEMO_RULE_HOURS * MS_PER_HOUR};
    if (player_start(p, e) == 0) {
        *self = p;
        return 0;
    }
    player_close(p);
    return -1;
}

/* Prices and stores what a gateway's batch holds, with its file's progress. */
static int flush(Player *p, int g, Err *e) {
    IngestCounts counts = {0};
    Batch *b = p->batch[g];
    size_t n = batch_count(b);
    if (n == 0) return 0;
    demo_switch_apply(&p->sw, b, p->demo->start_ms);
    for (size_t i = 0; i < n; i++) {
        Request *r = batch_at(b, i);
        r->offset = p->offset[g];
        r->length = 400;
        p->offset[g] += r->length;
        pricer_price(p->pricer, b, r);
    }
    p->records[g] += n;
    *batch_mark(b) = (FileMark){.set = true, .file_id = p->file_id[g], .offset = p->offset[g], .lines = p->records[g],
                                .records = p->records[g], .mtime_ms = p->live_ms, .size = (int64_t)p->offset[g]};
    int rc = ledger_ingest(p->ledger, b, &counts, e);
    batch_clear(b);
    return rc;
}

/* Every request in [from, to). */
static int play(Player *p, int64_t from_ms, int64_t to_ms, Err *e) {
    for (int64_t minute = from_ms / MS_PER_MINUTE * MS_PER_MINUTE; minute < to_ms; minute += MS_PER_MINUTE) {
        demo_minute(&p->load, minute, from_ms, to_ms, p->batch);
        for (int g = 0; g < DEMO_GATEWAYS; g++)
            if (batch_count(p->batch[g]) + DEMO_MINUTE_MAX > LEDGER_BATCH && flush(p, g, e) != 0) return -1;
    }
    for (int g = 0; g < DEMO_GATEWAYS; g++)
        if (flush(p, g, e) != 0) return -1;
    return 0;
}

static int report_health(Player *p, int64_t now_ms, Err *e) {
    if (now_ms - p->heartbeat_ms < HEARTBEAT_MS) return 0;
    p->heartbeat_ms = now_ms;
    for (int g = 0; g < DEMO_GATEWAYS; g++) {
        const SourceHealth h = {.source = demo_gateways[g], .kind = "gateway", .state = "ok", .last_word = "made up by the demo",
                                .seen_ms = now_ms, .lag_ms = 4 + g};
        if (ledger_source_health(p->ledger, &h, e) != 0) return -1;
    }
    if (demo_bills_health(&p->bills, p->billed_from_ms < p->billed_to_ms ? p->billed_to_ms : 0, now_ms, e) != 0) return -1;
    return ledger_heartbeat(p->ledger, "demo", e);
}

/* Every day that is over and has all its calls: backwards as history comes, and the one that ends while the demo runs. */
static int bill_days(Player *p, int64_t now_ms, Err *e) {
    int64_t first_ms = p->demo->start_ms - p->hours_done * MS_PER_HOUR;
    while (p->billed_from_ms - MS_PER_DAY >= first_ms) {
        if (demo_bills_day(&p->bills, p->billed_from_ms - MS_PER_DAY, now_ms, e) != 0) return -1;
        p->billed_from_ms -= MS_PER_DAY;
    }
    while (p->billed_to_ms + MS_PER_DAY <= p->live_ms) {
        if (demo_bills_day(&p->bills, p->billed_to_ms, now_ms, e) != 0) return -1;
        p->billed_to_ms += MS_PER_DAY;
    }
    return 0;
}

static int watch(Demo *d, const WorkerType *type, Err *e) {
    if (worker_start(&d->watcher[d->watchers], type, &d->shared, d->stop, e) != 0) return -1;
    d->watchers++;
    return 0;
}

/* The rule of hours ago is written first: what budgets and alerts write afterwards is of now, so that the policy's
 * history is in order. */
static int begin_watching(Player *p, Err *e) {
    p->demo->ruled = true;
    if (demo_rule_write(p->db, p->demo->book, p->demo->policy, p->sw.past_ms, e) != 0) return -1;
    return watch(p->demo, &guard_worker, e) == 0 ? watch(p->demo, &alerts_worker, e) : -1;
}

static int player_step(void *self, Wait *next, Err *e) {
    Player *p = self;
    int64_t now_ms = demo_now(p->demo);
    if (report_health(p, now_ms, e) != 0 || demo_switch_look(&p->sw, now_ms, e) != 0) return -1;
    if (p->hours_done < HISTORY_HOURS) {
        int64_t to = p->demo->start_ms - p->hours_done * MS_PER_HOUR;
        if (play(p, to - HOURS_A_STEP * MS_PER_HOUR, to, e) != 0) return -1;
        p->hours_done += HOURS_A_STEP;
        if (!p->demo->ruled && p->hours_done >= DEMO_RULE_NEEDS_HOURS && begin_watching(p, e) != 0) return -1;
        next->sleep_ms = PAUSE_MS; /* the screen has its turn */
    } else {
        next->sleep_ms = LIVE_STEP_MS;
    }
    ledger_set_now(p->ledger, now_ms);
    if (play(p, p->live_ms, now_ms, e) != 0) return -1;
    p->live_ms = now_ms;
    next->fd = -1;
    return bill_days(p, now_ms, e);
}

static const WorkerType player = {.kind = "demo", .open = player_open, .step = player_step, .close = player_close};

/* ---- the folder ---- */

static const char config_text[] =
    "[general]\n"
    "timezone = UTC\n"
    "[budget org-day]\nscope = global\nperiod = day\nlimit_usd = 2000\nwarn_at = 0.5 0.8\naction = kill\n"
    "[budget docs-day]\nscope = team:docs\nperiod = day\nlimit_usd = 400\naction = alert\n"
    "[budget search-day]\nscope = feature:search\nperiod = day\nlimit_usd = 240\naction = block\n"
    "[account anthropic]\nprovider = anthropic\n[account openai]\nprovider = openai\n[account google]\nprovider = google\n[account xai]\nprovider = xai\n"
    "[savings]\ncan_wait = nightly-eval summaries\n"
    "[policy]\ncritical_features = checkout fraud\n";

static const char policy_text[] =
    "{\"schema_version\":1,\"generation\":41,\"updated_by\":\"bob@ops-1\","
    "\"kill_switch\":{\"enabled\":false,\"scope\":\"non_critical\"},\"critical\":{\"features\":[\"checkout\",\"fraud\"]},"
    "\"limits\":[{\"id\":\"batch\",\"match\":{\"feature\":[\"nightly-*\",\"summaries\"]},\"max_output_tokens\":2048,\"on_exceed\":\"clamp\"}],"
    "\"rate_limits\":[{\"id\":\"chat\",\"match\":{\"feature\":\"support-chat\"},\"requests_per_minute\":600}],"
    "\"cache\":[{\"id\":\"faq\",\"match\":{\"feature\":\"search\"},\"ttl_seconds\":300}]}\n";

static int write_file(const char *path, const char *text, Err *e) {
    FILE *f = fopen(path, "wx");
    if (!f) return fail(e, "write %s: %s", path, strerror(errno));
    fputs(text, f);
    return fclose(f) == 0 ? 0 : fail(e, "write %s: %s; make room in the temporary folder", path, strerror(errno));
}

static int make_folder(Demo *d, Err *e) {
    snprintf(d->dir, sizeof d->dir, "/tmp/tollwatch-demo-XXXXXX");
    if (!mkdtemp(d->dir)) return fail(e, "make a folder in /tmp for the demo: %s", strerror(errno));
    snprintf(d->config, sizeof d->config, "%s/config", d->dir);
    snprintf(d->db, sizeof d->db, "%s/ledger.db", d->dir);
    snprintf(d->policy, sizeof d->policy, "%s/policy.json", d->dir);
    return write_file(d->config, config_text, e) == 0 && write_file(d->policy, policy_text, e) == 0 ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void remove_folder(const Demo *d) {
    if (d->dir[0]) nftw(d->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- the command ---- */

static int start(void *ctx, const App *a, const Stop *stop, Err *e) {
    Demo *d = ctx;
    d->settings = a->config;
    d->book = a->book;
    d->zone = a->day_zone;
    d->fixed_now_ms = a->fixed_now_ms;
    d->start_ms = app_now(a);
    d->shared = (Collecting){.config = a->config, .book = a->book, .zone = a->day_zone, .db_path = a->db_path, .policy_path = a->policy_path,
                             .fixed_now_ms = a->fixed_now_ms};
    d->stop = stop;
    return worker_start(&d->player, &player, d, stop, e);
}

static void join(void *ctx) {
    Demo *d = ctx;
    worker_join(d->player);
    while (d->watchers) worker_join(d->watcher[--d->watchers]);
}

/* Its configuration is its own, but it looks as the user has chosen: their theme, and those in their folder. A broken
 * configuration is no reason not to show the demo. */
static const char *borrow_theme(App *outer, const Demo *d) {
    Err ignored = {""};
    char from[1100], to[128];
    if (app_config(outer, &ignored) != 0) return outer->theme_option;
    snprintf(from, sizeof from, "%s/themes", outer->config->dir);
    snprintf(to, sizeof to, "%s/themes", d->dir);
    if (symlink(from, to) != 0) return outer->theme_option; /* then there are only the embedded ones */
    return outer->theme_option ? outer->theme_option : outer->config->theme;
}

static int play_demo(App *outer, Demo *d, Err *e) {
    DashboardEnd end;
    App a = {.config_path = d->config, .db_option = d->db, .policy_option = d->policy, .tz_option = outer->tz_option,
             .theme_option = borrow_theme(outer, d), .ascii = outer->ascii, .no_color = outer->no_color, .mouse = outer->mouse,
             .fixed_now_ms = outer->fixed_now_ms, .demo = true};
    int rc = app_book(&a, e);
    if (rc == 0) rc = dashboard_run(&a, &(Background){.start = start, .join = join, .ctx = d}, &end, e);
    app_close(&a);
    return rc;
}

static int demo(App *a, int argc, char **argv) {
    Err e = {""};
    Demo d = {.dir = ""};
    if (argc > 0) return usage_fail("\"%.60s\" is not expected here; the demo takes no arguments", argv[0]);
    int rc = make_folder(&d, &e) == 0 ? play_demo(a, &d, &e) : -1;
    remove_folder(&d);
    return rc == 0 ? EXIT_DONE : app_fail(&e);
}

const Command cmd_demo = {
    .name = "demo", .args = "", .summary = "the dashboard on a made-up load: no keys, no network, nothing kept", .run = demo,
};
