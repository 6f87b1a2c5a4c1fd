/* demo_bills: see demo_bills.h. */
#include "tui/demo_bills.h"
#include "store/clock.h"
#include "store/money.h"

/* Parts of a thousand of what was metered. */
typedef struct Account {
    const char *name, *usage, *costs; /* feeds; usage NULL = it has only costs */
    int counted, billed;              /* by the provider's own count; on the bill for it */
    int billed_now, now_days;         /* since that many days, the price being another one */
    const char *key, *key_name, *key_model, *project; /* that no gateway logged */
    int key_part, key_days;
} Account;
static const Account accounts[DEMO_ACCOUNTS] = {
    {.name = "anthropic", .usage = "usage messages", .costs = "cost report", .counted = 1004, .billed = 999},
    {.name = "openai", .usage = "usage completions", .costs = "costs", .counted = 1002, .billed = 1001,
     .key = "key_7Qm2x9fLeg", .key_name = "ci-legacy", .key_model = "gpt-5.6-terra", .project = "proj_sandbox", .key_part = 170, .key_days = 3},
    {.name = "google", .usage = "monitoring tokens", .costs = "billing export", .counted = 1001, .billed = 1000, .billed_now = 1065, .now_days = 9},
    {.name = "xai", .costs = "usage", .billed = 1002},
};
#define CREDIT_NANO (286 * NANO_PER_USD + 400000000) /* xai's, at the start */

/* Half up, of what is not negative. */
static int64_t part_of(int64_t n, int mille) { return (n / 1000) * mille + (n % 1000 * mille + 500) / 1000; }

/* ---- a day of an account ---- */
typedef struct Day {
    const DemoBills *demo;
    const Account *account;
    int64_t day_ms, now_ms;
    BillSet usage, costs;
} Day;

static int days_ago(const Day *d) { return (int)((d->demo->start_ms / MS_PER_DAY * MS_PER_DAY - d->day_ms) / MS_PER_DAY); }

static BillRow *add_row(const Day *d, BillSet *set, const char *model, const char *key) {
    BillRow *r = bill_set_add(set);
    if (!r) return NULL; /* replacing fails, and says so */
    *r = (BillRow){.start_ms = d->day_ms, .end_ms = d->day_ms + MS_PER_DAY, .model = bill_set_name(set, model), .key = bill_set_name(set, key)};
    return r;
}

static void add_usage(Day *d, const char *model, const char *key, const char *project, const Totals *t, int mille) {
    BillRow *r = d->account->usage ? add_row(d, &d->usage, model, key) : NULL;
    if (!r) return;
    r->project = bill_set_name(&d->usage, project);
    r->requests = part_of(t->requests - t->response_cache_hits, mille);
    for (int i = 0; i < TOK_COUNT; i++) r->tokens[i] = part_of(t->tokens[i], mille);
}

static void add_cost(Day *d, const char *model, const char *key, const char *project, int64_t nano) {
    BillRow *r = add_row(d, &d->costs, model, key);
    if (!r) return;
    r->project = bill_set_name(&d->costs, project);
    r->money = true;
    r->nano = nano;
}

/* The bill follows the provider's count. */
static void add_group(Day *d, const Group *g) {
    const Account *a = d->account;
    bool other_price = a->billed_now && days_ago(d) <= a->now_days, leaks = a->key && days_ago(d) <= a->key_days && strcmp(g->name[1], a->key_model) == 0;
    int count = a->counted ? a->counted : 1000;
    add_usage(d, g->name[1], g->name[2], "", &g->t, count);
    add_cost(d, g->name[1], g->name[2], "", part_of(part_of(g->t.cost_nano, count), other_price ? a->billed_now : a->billed));
    if (!leaks) return;
    add_usage(d, g->name[1], a->key, a->project, &g->t, a->key_part);
    add_cost(d, g->name[1], a->key, a->project, part_of(part_of(g->t.cost_nano, a->key_part), a->billed));
}

static int store(const Day *d, const char *feed, Origin origin, BillSet *set, Err *e) {
    const BillRead read = {.account = d->account->name, .provider = d->account->name, .feed = feed, .origin = origin, .from_ms = d->day_ms,
                           .until_ms = d->day_ms + MS_PER_DAY, .closed_ms = d->day_ms + MS_PER_DAY, .now_ms = d->now_ms};
    return bills_replace(d->demo->ledger, &read, set, d->demo->pricer, e);
}

static int account_day(const DemoBills *demo, const Account *a, const Result *r, int64_t day_ms, int64_t now_ms, Err *e) {
    Day d = {.demo = demo, .account = a, .day_ms = day_ms, .now_ms = now_ms};
    bill_set_init(&d.usage);
    bill_set_init(&d.costs);
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->groups[i].name[0], a->name) == 0) add_group(&d, &r->groups[i]);
    int rc = a->usage ? store(&d, a->usage, ORIGIN_REPORTED, &d.usage, e) : 0;
    if (rc == 0) rc = store(&d, a->costs, ORIGIN_BILLED, &d.costs, e);
    bill_set_free(&d.usage);
    bill_set_free(&d.costs);
    return rc;
}

int demo_bills_day(const DemoBills *d, int64_t day_ms, int64_t now_ms, Err *e) {
    Result r;
    const Query q = {.since_ms = day_ms, .until_ms = day_ms + MS_PER_DAY, .by = {DIM_ACCOUNT, DIM_MODEL, DIM_KEY}, .by_count = 3};
    if (query_run(d->db, &q, &r, e) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < DEMO_ACCOUNTS; i++) rc = account_day(d, &accounts[i], &r, day_ms, now_ms, e);
    result_free(&r);
    return rc;
}

/* ---- beside the days ---- */
int demo_bills_say(const DemoBills *d, int64_t now_ms, Err *e) {
    for (size_t i = 0; i < DEMO_ACCOUNTS; i++)
        if (accounts[i].key && bill_name_set(d->ledger, accounts[i].name, "key", accounts[i].key, accounts[i].key_name, e) != 0) return -1;
    return bill_balance_set(d->ledger, "xai", "balance", "USD", CREDIT_NANO, now_ms, e);
}

int demo_bills_health(const DemoBills *d, int64_t until_ms, int64_t now_ms, Err *e) {
    for (size_t i = 0; i < DEMO_ACCOUNTS; i++) {
        char source[96];
        snprintf(source, sizeof source, "account %s", accounts[i].name);
        const SourceHealth h = {.source = source, .kind = accounts[i].name, .state = "ok", .last_word = "bills made up by the demo", .seen_ms = until_ms,
                                .lag_ms = until_ms ? now_ms - until_ms : -1};
        if (ledger_source_health(d->ledger, &h, e) != 0) return -1;
    }
    return 0;
}
