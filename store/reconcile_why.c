/* reconcile_why: why the three measurements differ: each cause with its evidence and what it explains, ranked by dollars. */
#include "store/money.h"
#include "store/reconcile.h"
#include <inttypes.h>

/* What is smaller is noise: rounding, clocks, a call at the edge of a day. */
#define FLOOR_NANO (NANO_PER_USD / 100)
enum { OFF_PPM = 10000 /* 1 % */, REST_PPM = 20000, SLACK = 10 /* of a key's spend a tenth may be rounding and late logs */ };

const char *const cause_names[CAUSE_COUNT] = {"outside the gateways", "unpriced model", "cache writes not metered", "tier or batch mismatch",
                                              "not in tokens", "price row outdated", "day boundary", "unexplained"};

__extension__ typedef __int128 Wide; /* a drift of $10,000 in nano-dollars times a million is more than 64 bits */

typedef struct Why {
    Db *db;
    const Recon *r;
    ReconFinding *out;
    size_t max, count;
} Why;

static int64_t size_of(int64_t nano) { return nano < 0 ? -nano : nano; }

/* The smallest goes when there is no room. */
static ReconFinding *add(Why *w, Cause cause, const char *account, const char *what, int64_t nano) {
    size_t at = w->count;
    if (size_of(nano) < FLOOR_NANO) return NULL;
    if (w->count == w->max) {
        for (at = 0; at + 1 < w->count && size_of(w->out[at].nano) >= size_of(nano);) at++;
    } else {
        w->count++;
    }
    ReconFinding *f = &w->out[at];
    *f = (ReconFinding){.cause = cause, .nano = nano};
    snprintf(f->account, sizeof f->account, "%s", account);
    snprintf(f->what, sizeof f->what, "%s", what);
    return f;
}

/* ---- where a finding shows most ---- */
static int64_t unmetered_size(const ReconLine *l) { return size_of(recon_unmetered_nano(l)); }
static int64_t drift_size(const ReconLine *l) { return l->has_reported && l->has_billed ? size_of(l->reported.cost_nano - l->billed_nano) : 0; }

/* The closed day, of those of this account and model, with the largest measure; of two the newer one. */
static void place(const Why *w, ReconFinding *f, const char *model, int64_t (*measure)(const ReconLine *)) {
    int64_t most = -1;
    snprintf(f->model, sizeof f->model, "%s", model);
    for (size_t i = 0; i < w->r->count; i++) {
        const ReconLine *l = &w->r->at[i];
        if (l->open || strcmp(l->account, f->account) != 0 || strcmp(l->model, model) != 0 || measure(l) <= most) continue;
        most = measure(l);
        f->day_ms = l->day_ms;
    }
}

/* ---- what is to be explained of an account: its closed days, each compared with itself ---- */
typedef struct Gap {
    int64_t net, missing; /* known less metered: the sum, and the sum of days that lack something */
    int64_t known, reported, billed; /* the last two of days that have both */
    int64_t worst_ms, worst_nano, drift_ms, drift_nano; /* the days that show most of either */
    bool logged;
} Gap;

static void add_day(Gap *g, const ReconLine *day) {
    ReconLine sum = {0};
    reconcile_sum(&sum, day);
    int64_t off = recon_unmetered_nano(day), drift = sum.sum_reported_nano - sum.sum_billed_nano;
    g->net = nano_add(g->net, off);
    g->missing = nano_add(g->missing, off > 0 ? off : 0);
    g->known = nano_add(g->known, sum.sum_known_nano);
    g->reported = nano_add(g->reported, sum.sum_reported_nano);
    g->billed = nano_add(g->billed, sum.sum_billed_nano);
    g->logged |= day->has_metered;
    if (size_of(off) > g->worst_nano) g->worst_nano = size_of(off), g->worst_ms = day->day_ms;
    if (size_of(drift) > g->drift_nano) g->drift_nano = size_of(drift), g->drift_ms = day->day_ms;
}

static Gap gap_of(const Recon *r, const char *account) {
    Gap g = {0};
    ReconLine day = {0};
    bool begun = false;
    for (size_t i = 0; i <= r->count; i++) {
        const ReconLine *l = i < r->count ? &r->at[i] : NULL;
        if (l && (l->open || strcmp(l->account, account) != 0)) continue;
        if (begun && (!l || l->day_ms != day.day_ms)) add_day(&g, &day);
        if (l && (!begun || l->day_ms != day.day_ms)) day = (ReconLine){.day_ms = l->day_ms};
        if (l) reconcile_add(&day, l), begun = true;
    }
    return g;
}

static void dollars(int64_t nano, char *out, size_t size) {
    char text[32];
    nano_grouped(size_of(nano), 2, text, sizeof text);
    snprintf(out, size, "%s$%s", nano < 0 ? "-" : "", text);
}

/* ---- by account and model over the closed days ---- */
static ReconLine *sum_for(ReconLine *sums, size_t *count, const ReconLine *l) {
    for (size_t i = 0; i < *count; i++)
        if (strcmp(sums[i].account, l->account) == 0 && strcmp(sums[i].model, l->model) == 0) return &sums[i];
    ReconLine *s = &sums[(*count)++];
    *s = (ReconLine){0};
    snprintf(s->account, sizeof s->account, "%s", l->account);
    snprintf(s->model, sizeof s->model, "%s", l->model);
    return s;
}

static void why_unpriced(Why *w, const ReconLine *s) {
    char size[40];
    int64_t missing = recon_unmetered_nano(s);
    if (s->metered.unpriced_tokens == 0 || missing <= 0) return;
    ReconFinding *f = add(w, CAUSE_UNPRICED, s->account, s->model, missing);
    if (!f) return;
    place(w, f, s->model, unmetered_size);
    count_short(s->metered.unpriced_tokens, size, sizeof size);
    snprintf(f->evidence, sizeof f->evidence, "%s metered tokens of it have no price; add a row to prices.csv", size);
}

static void why_cache_writes(Why *w, const ReconLine *s) {
    char a[32], b[32];
    int64_t metered = s->metered.tokens[TOK_CACHE_WRITE_5M] + s->metered.tokens[TOK_CACHE_WRITE_1H];
    int64_t reported = s->reported.tokens[TOK_CACHE_WRITE_5M] + s->reported.tokens[TOK_CACHE_WRITE_1H];
    if (!s->has_reported || !s->has_metered || reported <= metered + metered / 50) return;
    int64_t missing = recon_unmetered_nano(s);
    ReconFinding *f = missing > 0 ? add(w, CAUSE_CACHE_WRITES, s->account, s->model, missing) : NULL;
    if (!f) return;
    place(w, f, s->model, unmetered_size);
    count_short(reported, a, sizeof a);
    count_short(metered, b, sizeof b);
    snprintf(f->evidence, sizeof f->evidence, "%s tokens written to the cache by the provider's count, %s in the logs", a, b);
}

/* Same tokens by both counts, another bill: then it is the price. */
static void why_price(Why *w, const ReconLine *s) {
    char implied[32], ours[32];
    int64_t tokens = s->reported.input_all + s->reported.output_all, drift = s->reported.cost_nano - s->billed_nano;
    if (!s->model[0] || !s->has_reported || !s->has_billed || tokens <= 0 || s->reported.unpriced_tokens) return;
    if (s->billed_nano <= 0 || (Wide)size_of(drift) * 1000000 / s->billed_nano < OFF_PPM) return;
    ReconFinding *f = add(w, CAUSE_PRICE, s->account, s->model, -drift);
    if (!f) return;
    place(w, f, s->model, drift_size);
    nano_grouped((int64_t)((Wide)s->billed_nano * 1000000 / tokens), 4, implied, sizeof implied);
    nano_grouped((int64_t)((Wide)s->reported.cost_nano * 1000000 / tokens), 4, ours, sizeof ours);
    snprintf(f->evidence, sizeof f->evidence, "billed implies $%s per million tokens of that mix, our rows say $%s; see `prices explain`", implied, ours);
}

/* Sums by account and model; with `priced` only of days that have a report and a bill: one that is not there yet is no other price. */
static size_t sum_models(const Recon *r, bool priced, ReconLine **out) {
    size_t count = 0;
    *out = xcalloc(r->count + 1, sizeof **out);
    for (size_t i = 0; i < r->count; i++)
        if (!r->at[i].open && (!priced || (r->at[i].has_reported && r->at[i].has_billed))) reconcile_sum(sum_for(*out, &count, &r->at[i]), &r->at[i]);
    return count;
}

static void by_model(Why *w) {
    ReconLine *sums;
    size_t count = sum_models(w->r, false, &sums);
    for (size_t i = 0; i < count; i++) {
        why_unpriced(w, &sums[i]);
        why_cache_writes(w, &sums[i]);
    }
    free(sums);
    count = sum_models(w->r, true, &sums);
    for (size_t i = 0; i < count; i++) why_price(w, &sums[i]);
    free(sums);
}

/* ---- day boundary: what one day lacks its neighbour has ---- */
static void by_day(Why *w) {
    for (size_t i = 0; i + 1 < w->r->count; i++) {
        const ReconLine *a = &w->r->at[i];
        for (size_t k = i + 1; k < w->r->count && w->r->at[k].day_ms >= a->day_ms - MS_PER_DAY; k++) {
            const ReconLine *b = &w->r->at[k];
            if (b->day_ms != a->day_ms - MS_PER_DAY || strcmp(a->account, b->account) != 0 || strcmp(a->model, b->model) != 0) continue;
            int64_t x = recon_unmetered_nano(a), y = recon_unmetered_nano(b);
            if ((x > 0) == (y > 0) || size_of(x + y) * 5 > size_of(x)) continue;
            ReconFinding *f = add(w, CAUSE_DAY_EDGE, a->account, a->model, x);
            if (!f) continue;
            f->day_ms = a->day_ms;
            snprintf(f->model, sizeof f->model, "%s", a->model);
            snprintf(f->evidence, sizeof f->evidence, "a day lacks what its neighbour has too much: a clock or a zone is off");
        }
    }
}

/* ---- keys and projects that no gateway logged; lines of the bill without tokens; tiers ---- */
static int closed_until(const Why *w, int64_t *until) {
    *until = w->r->now_ms - w->r->now_ms % MS_PER_DAY;
    if (w->r->until_ms < *until) *until = w->r->until_ms;
    return *until > w->r->since_ms;
}

static sqlite3_stmt *ask(Why *w, const char *sql, Err *e) {
    int64_t until;
    closed_until(w, &until);
    sqlite3_stmt *s = db_prepare(w->db, sql, e);
    if (!s) return NULL;
    sqlite3_bind_int64(s, 1, w->r->since_ms);
    sqlite3_bind_int64(s, 2, until);
    sqlite3_bind_text(s, 3, w->r->account, -1, SQLITE_STATIC);
    return s;
}

/* What one thing (?1..?2, of account ?3) costs on each day, and of these days the sum and the largest: SQLite takes the bare `day`
 * and `more` from the row that max() names. Columns: account, what, name, more, sum, day, last, count. */
#define BY_DAY(what, name, more, from_where)                                                                                                    \
    "SELECT account, what, name, more, sum(nano), day, last, sum(calls), max(abs(nano)) FROM (SELECT f.account AS account, " what " AS what, " name  \
    " AS name, " more " AS more, sum(b.nano) AS nano, sum(b.requests) AS calls, b.start_ms / 86400000 * 86400000 AS day, "                          \
    "max(max(b.start_ms)) OVER (PARTITION BY f.account, " what ") AS last FROM bill b JOIN bill_feed f ON f.id = b.feed " from_where               \
    " GROUP BY 1, 2, 7) GROUP BY 1, 2 ORDER BY 5 DESC LIMIT 20"
/* Rows without a lane are in no sum: another feed tells the same calls (bill.h, C5). */
#define COUNTED(origin) "WHERE b.start_ms >= ?1 AND b.start_ms < ?2 AND ?3 IN ('', f.account) AND b.lane <> 0 AND f.origin = " origin

/* A key (or project) counts as logged if the logs know it by its id or by the provider's name for it. */
#define OUTSIDE(column, kind, dim, only)                                                                                             \
    BY_DAY("b." column, "coalesce(n.name, '')", "b.project",                                                                         \
           "LEFT JOIN bill_name n ON n.account = f.account AND n.kind = '" kind "' AND n.id = b." column " " COUNTED("1") " AND b." column \
           " <> ''" only " AND NOT EXISTS (SELECT 1 FROM name k WHERE k.dim = " dim " AND (k.value = b." column " OR k.value = n.name))")
_Static_assert(DIM_KEY == 7 && DIM_PROJECT == 9 && ORIGIN_REPORTED == 1 && ORIGIN_BILLED == 2, "the numbers in these statements");

static const char *text_at(sqlite3_stmt *s, int column) { return (const char *)sqlite3_column_text(s, column); }

static ReconFinding *add_row(Why *w, Cause cause, sqlite3_stmt *s) {
    const char *name = text_at(s, 2);
    ReconFinding *f = add(w, cause, text_at(s, 0), *name ? name : text_at(s, 1), sqlite3_column_int64(s, 4));
    if (f) f->day_ms = sqlite3_column_int64(s, 5);
    return f;
}

/* The key of a gateway may have another name there: what all days of the account have in the logs was not outside of them. */
static bool is_missing(const Why *w, sqlite3_stmt *s) {
    int64_t spent = sqlite3_column_int64(s, 4);
    return spent - spent / SLACK <= gap_of(w->r, text_at(s, 0)).missing;
}

static int by_caller(Why *w, const char *sql, const char *as, Err *e) {
    sqlite3_stmt *s = ask(w, sql, e);
    int got = -1;
    while (s && (got = db_step(w->db, s, "look for what passed no gateway", e)) == 1) {
        char cost[40], at[24];
        ReconFinding *f = is_missing(w, s) ? add_row(w, CAUSE_OUTSIDE, s) : NULL;
        if (!f) continue;
        bool named = strcmp(f->what, text_at(s, 1)) != 0, of_project = as[0] == 'k' && *text_at(s, 3);
        dollars(f->nano, cost, sizeof cost);
        time_format_utc(sqlite3_column_int64(s, 6), at, sizeof at);
        snprintf(f->evidence, sizeof f->evidence, "%s with %s %.60s%s%.60s%s%s%.60s, last on %.10s; no gateway ever logged it. Leaked?", cost, as, f->what,
                 named ? " (" : "", named ? text_at(s, 1) : "", named ? ")" : "", of_project ? " of project " : "", of_project ? text_at(s, 3) : "", at);
    }
    return got < 0 ? -1 : 0;
}

/* By key; what has none (a console, a service account) by its project. */
static int by_outside(Why *w, Err *e) {
    if (by_caller(w, OUTSIDE("key", "key", "7", ""), "key", e) != 0) return -1;
    return by_caller(w, OUTSIDE("project", "project", "9", " AND b.key = ''"), "project", e);
}

static int by_item(Why *w, Err *e) {
    static const char sql[] = BY_DAY("b.item", "''", "''", COUNTED("2") " AND b.model = '' AND b.item <> ''");
    sqlite3_stmt *s = ask(w, sql, e);
    int got = -1;
    while (s && (got = db_step(w->db, s, "look for what is not in tokens", e)) == 1) {
        ReconFinding *f = add_row(w, CAUSE_ITEMS, s);
        if (f) snprintf(f->evidence, sizeof f->evidence, "billed apart from tokens; logs do not hold it");
    }
    return got < 0 ? -1 : 0;
}

/* Tiers that the provider reports and the logs do not know, like batch: they explain no more than what is to be explained. */
static int by_tier(Why *w, Err *e) {
    static const char sql[] =
        BY_DAY("b.tier", "''", "''", COUNTED("1") " AND b.tier NOT IN ('', 'default', 'standard') AND NOT EXISTS (SELECT 1 FROM lane l "
               "JOIN name t ON t.id = l.tier JOIN name a ON a.id = l.account WHERE l.origin = 0 AND t.value = b.tier AND a.value = f.account)");
    sqlite3_stmt *s = ask(w, sql, e);
    int got = -1;
    while (s && (got = db_step(w->db, s, "compare service tiers", e)) == 1) {
        int64_t net = gap_of(w->r, text_at(s, 0)).net, spent = sqlite3_column_int64(s, 4);
        ReconFinding *f = add(w, CAUSE_TIER, text_at(s, 0), text_at(s, 1), spent < size_of(net) ? (net < 0 ? -spent : spent) : net);
        if (!f) continue;
        f->day_ms = sqlite3_column_int64(s, 5);
        snprintf(f->evidence, sizeof f->evidence, "%" PRId64 " calls reported on a tier that the logs never name; their prices differ",
                 (int64_t)sqlite3_column_int64(s, 7));
    }
    return got < 0 ? -1 : 0;
}

/* ---- what is left: an account is not in order because nobody knows why it is not ---- */
static int64_t explained(const Why *w, const char *account, bool of_bill) {
    int64_t sum = 0;
    for (size_t i = 0; i < w->count; i++) {
        bool bill = w->out[i].cause == CAUSE_PRICE || w->out[i].cause == CAUSE_ITEMS;
        if (bill == of_bill && w->out[i].cause != CAUSE_DAY_EDGE && strcmp(w->out[i].account, account) == 0) sum = nano_add(sum, w->out[i].nano);
    }
    return sum;
}

/* What is left of a difference, in its own direction; 0 = nothing that matters. */
static int64_t left_of(int64_t difference, int64_t known, int64_t explains) {
    int64_t rest = nano_add(difference, -explains);
    if ((rest > 0) != (difference > 0) || size_of(rest) < FLOOR_NANO) return 0;
    return size_of(rest) / (known / 1000000 + 1) < REST_PPM ? 0 : rest;
}

static void rest_of_logs(Why *w, const char *account, const Gap *g) {
    char size[40];
    int64_t rest = left_of(g->net, g->known, explained(w, account, false));
    ReconFinding *f = rest ? add(w, CAUSE_REST, account, "logs", rest) : NULL;
    if (!f) return;
    f->day_ms = g->worst_ms;
    dollars(size_of(rest), size, sizeof size);
    snprintf(f->evidence, sizeof f->evidence, rest < 0      ? "the logs hold %s more than the provider counted: calls of another account, or a log read twice?"
                                              : g->logged ? "%s by the provider's count that no log has, with keys that are logged: used elsewhere, too, or a log is not read?"
                                                          : "%s by the provider's count; no log has anything of this account", size);
}

static void rest_of_bill(Why *w, const char *account, const Gap *g) {
    char billed[40], ours[40];
    int64_t rest = left_of(nano_add(g->billed, -g->reported), g->billed, explained(w, account, true));
    ReconFinding *f = rest ? add(w, CAUSE_REST, account, "bill", rest) : NULL;
    if (!f) return;
    f->day_ms = g->drift_ms;
    dollars(g->billed, billed, sizeof billed);
    dollars(g->reported, ours, sizeof ours);
    snprintf(f->evidence, sizeof f->evidence, "billed %s, the reported tokens at our prices are %s; no model and no line of the bill says why", billed, ours);
}

static bool is_first(const Recon *r, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (strcmp(r->at[i].account, r->at[at].account) == 0) return false;
    return true;
}

static void by_rest(Why *w) {
    for (size_t i = 0; i < w->r->count; i++) {
        const char *account = w->r->at[i].account;
        if (!is_first(w->r, i)) continue;
        const Gap g = gap_of(w->r, account);
        rest_of_logs(w, account, &g);
        rest_of_bill(w, account, &g);
    }
}

/* What nobody can explain stands behind what somebody can. */
static int by_dollars(const void *a, const void *b) {
    bool rest_a = ((const ReconFinding *)a)->cause == CAUSE_REST, rest_b = ((const ReconFinding *)b)->cause == CAUSE_REST;
    if (rest_a != rest_b) return rest_a ? 1 : -1;
    int64_t x = size_of(((const ReconFinding *)a)->nano), y = size_of(((const ReconFinding *)b)->nano);
    return x < y ? 1 : x > y ? -1 : strcmp(((const ReconFinding *)a)->what, ((const ReconFinding *)b)->what);
}

int reconcile_findings(Db *db, const Recon *r, ReconFinding *out, size_t max, size_t *count, Err *e) {
    Why w = {.db = db, .r = r, .out = out, .max = max};
    int64_t until;
    int rc = 0;
    if (closed_until(&w, &until)) {
        by_model(&w);
        by_day(&w);
        rc = by_outside(&w, e);
        if (rc == 0) rc = by_item(&w, e);
        if (rc == 0) rc = by_tier(&w, e);
        if (rc == 0) by_rest(&w);
    }
    if (w.count) qsort(out, w.count, sizeof *out, by_dollars);
    *count = w.count;
    return rc;
}
