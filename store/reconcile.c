/* reconcile: three measurements side by side. See reconcile.h; causes are in reconcile_why.c. */
#include "store/reconcile.h"
#include "store/money.h"

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

int reconcile_load(Db *db, const char *account, int64_t since_ms, int64_t until_ms, int64_t now_ms, Recon *out, Err *e) {
    Result r;
    Zone *utc = NULL;
    *out = (Recon){.since_ms = since_ms - since_ms % MS_PER_DAY, .until_ms = (until_ms + MS_PER_DAY - 1) / MS_PER_DAY * MS_PER_DAY, .now_ms = now_ms};
    if (zone_open(&utc, "UTC", e) != 0) return -1;
    Query q = {.since_ms = out->since_ms, .until_ms = out->until_ms, .by = {BY_DAY, DIM_ACCOUNT, DIM_MODEL, BY_ORIGIN}, .by_count = 4, .zone = utc};
    int rc = query_run(db, &q, &r, e);
    if (rc == 0 && r.count) qsort(r.groups, r.count, sizeof *r.groups, by_place);
    for (size_t i = 0; rc == 0 && i < r.count; i++)
        if (!account || strcmp(r.groups[i].name[1], account) == 0) take(out, &r.groups[i]);
    if (rc == 0) result_free(&r);
    zone_free(utc);
    return rc;
}

void reconcile_free(Recon *r) {
    free(r->at);
    *r = (Recon){0};
}

void reconcile_add(ReconLine *into, const ReconLine *l) {
    if (l->open && !into->open) return;
    totals_add(&into->metered, &l->metered);
    totals_add(&into->reported, &l->reported);
    into->billed_nano = nano_add(into->billed_nano, l->billed_nano);
    into->has_metered |= l->has_metered;
    into->has_reported |= l->has_reported;
    into->has_billed |= l->has_billed;
}

static int64_t ppm(int64_t part, int64_t whole) {
    __extension__ typedef __int128 Wide;
    if (whole == 0) return INT64_MIN;
    Wide v = (Wide)part * 1000000 / whole;
    return v > INT64_MAX ? INT64_MAX : v < -INT64_MAX ? -INT64_MAX : (int64_t)v;
}

int64_t recon_drift_ppm(const ReconLine *l) {
    if (!l->has_reported || !l->has_billed || l->open || l->reported.unpriced_tokens) return INT64_MIN;
    return ppm(l->reported.cost_nano - l->billed_nano, l->billed_nano);
}

int64_t recon_coverage_ppm(const ReconLine *l) {
    bool priced = l->has_reported && !l->reported.unpriced_tokens; /* else our own prices say nothing, and the bill must do */
    if (l->open || (!priced && !l->has_billed)) return INT64_MIN;
    return ppm(l->metered.cost_nano, priced ? l->reported.cost_nano : l->billed_nano);
}

int64_t recon_unmetered_nano(const ReconLine *l) {
    if (l->open) return 0;
    if (l->has_reported && !l->reported.unpriced_tokens) return l->reported.cost_nano - l->metered.cost_nano;
    return l->has_billed ? l->billed_nano - l->metered.cost_nano : 0;
}
