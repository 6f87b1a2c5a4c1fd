/* reconcile: three measurements side by side. See reconcile.h; causes are in reconcile_why.c. */
#include "store/bill.h"
#include "store/reconcile.h"
#include "store/money.h"
#include "store/recon_names.h"

static int64_t day_of(const char *text) {
    int64_t ms = 0;
    char whole[40];
    int n = snprintf(whole, sizeof whole, "%.10sT00:00:00Z", text);
    return time_parse_rfc3339(whole, (size_t)n, &ms) == 0 ? ms : 0;
}

static Origin origin_of(const Group *g) {
    for (int o = 0; o < ORIGIN_COUNT; o++)
        if (strcmp(g->name[3], origin_names[o]) == 0) return (Origin)o;
    return ORIGIN_NOTIONAL;
}

static int by_place(const void *a, const void *b) {
    const Group *x = a, *y = b;
    int c = strcmp(y->name[0], x->name[0]); /* newest day first */
    if (c == 0) c = strcmp(x->name[1], y->name[1]);
    return c ? c : strcmp(x->name[2], y->name[2]);
}

static bool same_place(const ReconLine *l, const Group *g) {
    return l->day_ms == day_of(g->name[0]) && strcmp(l->account, g->name[1]) == 0 && strcmp(l->model, g->name[2]) == 0;
}

static ReconLine *line_for(Recon *r, const Group *g) {
    if (r->count && same_place(&r->at[r->count - 1], g)) return &r->at[r->count - 1];
    r->at = xrealloc(r->at, (r->count + 1) * sizeof *r->at);
    ReconLine *l = &r->at[r->count++];
    *l = (ReconLine){.day_ms = day_of(g->name[0])};
    snprintf(l->account, sizeof l->account, "%s", g->name[1]);
    snprintf(l->model, sizeof l->model, "%s", g->name[2]);
    l->open = l->day_ms + MS_PER_DAY > r->now_ms;
    return l;
}

static void take(Recon *r, const Group *g) {
    Origin o = origin_of(g);
    if (o == ORIGIN_NOTIONAL) return; /* flat-rate use is in no bill */
    ReconLine *l = line_for(r, g);
    if (o == ORIGIN_METERED) totals_add(&l->metered, &g->t), l->has_metered = true;
    if (o == ORIGIN_REPORTED) totals_add(&l->reported, &g->t), l->has_reported = true;
    if (o == ORIGIN_BILLED) l->billed_nano = nano_add(l->billed_nano, g->t.cost_nano), l->has_billed = true;
}

/* Names are joined before the rows are sorted, so that those of one model meet in one line. */
static void take_all(Recon *out, const ReconAsk *ask, const ReconNames *names, Result *r) {
    for (size_t i = 0; i < r->count; i++) {
        Group *g = &r->groups[i];
        g->name[2] = recon_name(names, g->name[1], g->name[2], origin_of(g) == ORIGIN_BILLED, day_of(g->name[0]));
    }
    if (r->count) qsort(r->groups, r->count, sizeof *r->groups, by_place);
    for (size_t i = 0; i < r->count; i++)
        if (!ask->account || strcmp(r->groups[i].name[1], ask->account) == 0) take(out, &r->groups[i]);
}

/* Days of which a feed was not read to the end: what was read is a part of them. */
static int mark_partial(Recon *r, Db *db, Err *e) {
    BillPart *parts = xcalloc(BILL_PARTS_MAX, sizeof *parts);
    size_t count = 0;
    int rc = r->count ? bill_parts(db, r->since_ms, parts, &count, e) : 0;
    for (size_t i = 0; i < r->count; i++) r->at[i].open |= bill_is_part(parts, count, r->at[i].account, r->at[i].day_ms);
    free(parts);
    return rc;
}

/* A person's wrong table must not hide bills: it is left out, and named. */
static int open_names(ReconNames **out, Db *db, const ReconAsk *ask, Recon *r, Err *e) {
    Err why = {0};
    if (recon_names_open(out, db, ask->book, ask->config_dir, &why) == 0) return 0;
    if (recon_names_open(out, db, ask->book, NULL, e) != 0) return -1;
    snprintf(r->warning, sizeof r->warning, "%s", why.text);
    return 0;
}

int reconcile_load(Db *db, const ReconAsk *ask, Recon *out, Err *e) {
    Result r = {0};
    Zone *utc = NULL;
    ReconNames *names = NULL;
    *out = (Recon){.since_ms = ask->since_ms - ask->since_ms % MS_PER_DAY, .now_ms = ask->now_ms,
                   .until_ms = (ask->until_ms + MS_PER_DAY - 1) / MS_PER_DAY * MS_PER_DAY};
    if (ask->account) snprintf(out->account, sizeof out->account, "%s", ask->account);
    if (zone_open(&utc, "UTC", e) != 0) return -1;
    Query q = {.since_ms = out->since_ms, .until_ms = out->until_ms, .by = {BY_DAY, DIM_ACCOUNT, DIM_MODEL, BY_ORIGIN}, .by_count = 4, .zone = utc};
    int rc = open_names(&names, db, ask, out, e);
    if (rc == 0 && (rc = query_run(db, &q, &r, e)) == 0) {
        take_all(out, ask, names, &r);
        result_free(&r);
        rc = mark_partial(out, db, e);
    }
    recon_names_free(names);
    zone_free(utc);
    return rc;
}

void reconcile_free(Recon *r) {
    free(r->at);
    *r = (Recon){0};
}

static void add_figures(ReconLine *into, const ReconLine *l) {
    totals_add(&into->metered, &l->metered);
    totals_add(&into->reported, &l->reported);
    into->billed_nano = nano_add(into->billed_nano, l->billed_nano);
    into->has_metered |= l->has_metered;
    into->has_reported |= l->has_reported;
    into->has_billed |= l->has_billed;
}

void reconcile_add(ReconLine *into, const ReconLine *l) {
    if (!l->open || into->open) add_figures(into, l);
}

static int64_t ppm(int64_t part, int64_t whole) {
    __extension__ typedef __int128 Wide;
    if (whole == 0) return INT64_MIN;
    Wide v = (Wide)part * 1000000 / whole;
    return v > INT64_MAX ? INT64_MAX : v < -INT64_MAX ? -INT64_MAX : (int64_t)v;
}

/* Else our own prices say nothing, and the bill must do. */
static bool is_priced(const ReconLine *l) { return l->has_reported && !l->reported.unpriced_tokens; }

/* What the provider says that was used. */
static int64_t known_nano(const ReconLine *l) { return is_priced(l) ? l->reported.cost_nano : l->billed_nano; }

void reconcile_sum(ReconLine *into, const ReconLine *l) {
    add_figures(into, l);
    into->is_sum = true;
    if (l->open) return;
    if (is_priced(l) && l->has_billed) {
        into->sum_reported_nano = nano_add(into->sum_reported_nano, l->reported.cost_nano);
        into->sum_billed_nano = nano_add(into->sum_billed_nano, l->billed_nano);
    }
    if (is_priced(l) || l->has_billed) {
        into->sum_metered_nano = nano_add(into->sum_metered_nano, l->metered.cost_nano);
        into->sum_known_nano = nano_add(into->sum_known_nano, known_nano(l));
    }
}

int64_t recon_drift_ppm(const ReconLine *l) {
    if (l->is_sum) return ppm(l->sum_reported_nano - l->sum_billed_nano, l->sum_billed_nano);
    if (!is_priced(l) || !l->has_billed || l->open) return INT64_MIN;
    return ppm(l->reported.cost_nano - l->billed_nano, l->billed_nano);
}

int64_t recon_coverage_ppm(const ReconLine *l) {
    if (l->is_sum) return ppm(l->sum_metered_nano, l->sum_known_nano);
    if (l->open || (!is_priced(l) && !l->has_billed)) return INT64_MIN;
    return ppm(l->metered.cost_nano, known_nano(l));
}

int64_t recon_unmetered_nano(const ReconLine *l) {
    if (l->is_sum) return l->sum_known_nano - l->sum_metered_nano;
    return l->open || (!is_priced(l) && !l->has_billed) ? 0 : known_nano(l) - l->metered.cost_nano;
}
