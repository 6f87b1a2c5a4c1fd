/* query: totals by group. Owns the group table and time steps; what is read is query_plan's choice. See query.h. */
#include "store/query_scan.h"

typedef struct Step { /* the time step that holds the last cell seen */
    int64_t begin_ms, end_ms;
} Step;

typedef struct Grouper {
    const Query *q;
    const Zone *zone;
    KeyTable keys;         /* one int64 per `by`: name id, small number, or begin of a time step */
    Group *groups;
    size_t cap, named;
    Step step[QUERY_BY_MAX];
    uint32_t generation;   /* of the time steps: members remember their group until one of them turns */
    bool by_row;           /* a group depends on more than the member and the time, or the members are another's */
    uint32_t other;        /* index of "(other)" once there are too many groups */
} Grouper;

static bool by_is_time(int by) {
    return by >= BY_MINUTE;
}

static Unit by_unit(int by) {
    static const Unit units[] = {UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH};
    return units[by - BY_MINUTE];
}

static void turn_steps(Grouper *g, int64_t ms) {
    for (size_t i = 0; i < g->q->by_count; i++) {
        Step *s = &g->step[i];
        if (!by_is_time(g->q->by[i]) || (ms >= s->begin_ms && ms < s->end_ms)) continue;
        s->begin_ms = time_floor(g->zone, ms, by_unit(g->q->by[i]));
        s->end_ms = time_next(g->zone, ms, by_unit(g->q->by[i]));
        g->generation++;
    }
}

static int64_t key_part(const Grouper *g, size_t i, const Cell *c) {
    int by = g->q->by[i];
    if (by_is_time(by)) return g->step[i].begin_ms;
    if (by == BY_ORIGIN) return c->member->origin;
    if (by == BY_OUTCOME) return c->member->outcome;
    if (by == BY_STREAM) return c->row && c->row->flags & REQ_STREAM;
    return c->member->name[by] ? c->member->name[by] : c->context ? c->context->name[by] : 0;
}

static uint32_t group_of(Grouper *g, const Cell *c) {
    int64_t key[QUERY_BY_MAX] = {0};
    if (g->keys.count >= QUERY_GROUPS_MAX) {
        for (size_t i = 0; i < g->q->by_count; i++) key[i] = key_part(g, i, c);
        uint32_t known = keytable_find(&g->keys, key);
        if (known != UINT32_MAX) return known;
        for (size_t i = 0; i < g->q->by_count; i++) key[i] = -1; /* "(other)" */
    } else {
        for (size_t i = 0; i < g->q->by_count; i++) key[i] = key_part(g, i, c);
    }
    bool is_new;
    uint32_t at = keytable_index(&g->keys, key, &is_new);
    if (!is_new) return at;
    if (at >= g->cap) g->groups = xrealloc(g->groups, (g->cap = g->cap ? g->cap * 2 : 32) * sizeof *g->groups);
    g->groups[at] = (Group){0};
    return at;
}

static void group_cell(void *ctx, const Cell *c) {
    Grouper *g = ctx;
    turn_steps(g, c->ms);
    Member *m = c->member;
    uint32_t at;
    if (g->by_row) {
        at = group_of(g, c);
    } else {
        if (m->generation != g->generation) m->group = group_of(g, c);
        m->generation = g->generation;
        at = m->group;
    }
    totals_add_sums(&g->groups[at].t, (Origin)m->origin, c->sums);
}

/* Origins that are never summed with others leave a sum that has better ones. */
static unsigned summable(unsigned origins) {
    const unsigned calls = 1u << ORIGIN_METERED | 1u << ORIGIN_NOTIONAL;
    if (origins & calls) return origins & calls;
    return origins & 1u << ORIGIN_BILLED ? 1u << ORIGIN_BILLED : origins;
}

static unsigned asked_origins(const Query *q) {
    unsigned origins = 0;
    bool named = (filter_uses(q->filter) & FILTER_ORIGIN) != 0, grouped = false;
    for (int o = 0; o < ORIGIN_COUNT; o++) {
        FilterRow row = {.origin = (Origin)o};
        if (filter_may_match(q->filter, &row, FILTER_ORIGIN)) origins |= 1u << o;
    }
    for (size_t i = 0; i < q->by_count; i++) grouped |= q->by[i] == BY_ORIGIN;
    if (grouped) return origins;
    return named ? summable(origins) : origins & (1u << ORIGIN_METERED | 1u << ORIGIN_NOTIONAL);
}

static unsigned uses_of(const Query *q) {
    unsigned bits = filter_uses(q->filter);
    for (size_t i = 0; i < q->by_count; i++) {
        if (q->by[i] < DIM_COUNT) bits |= 1u << q->by[i];
        if (q->by[i] == BY_ORIGIN) bits |= FILTER_ORIGIN;
        if (q->by[i] == BY_OUTCOME) bits |= FILTER_OUTCOME;
        if (q->by[i] == BY_STREAM) bits |= FILTER_STREAM;
    }
    return bits;
}

/* The longest slot that lies inside one time step; every zone's steps begin at quarter-hours, only UTC's at its days. */
static int64_t step_grain(int by, const Zone *zone) {
    if (!by_is_time(by)) return INT64_MAX;
    if (by == BY_MINUTE) return SLOT_MINUTE_MS;
    return by >= BY_DAY && strcmp(zone_name(zone), "UTC") == 0 ? SLOT_DAY_MS : SLOT_QUARTER_MS;
}

static int64_t grain_of(const Query *q) {
    int64_t grain = INT64_MAX;
    for (size_t i = 0; i < q->by_count; i++) {
        int64_t step = step_grain(q->by[i], q->zone);
        if (step < grain) grain = step;
    }
    return grain;
}

static int group_name(Grouper *g, Scan *s, size_t i, int64_t part, const char **out, Err *e) {
    int by = g->q->by[i];
    if (part < 0) *out = "(other)";
    else if (by == BY_ORIGIN) *out = origin_names[part];
    else if (by == BY_OUTCOME) *out = outcome_names[part];
    else if (by == BY_STREAM) *out = part ? "yes" : "no";
    else if (by_is_time(by)) *out = texts_time(&s->texts, g->zone, by_unit(by), part);
    else return texts_name(&s->texts, s->db, part, out, e);
    return 0;
}

static int name_groups(Grouper *g, Scan *s, Err *e) {
    for (; g->named < g->keys.count; g->named++)
        for (size_t i = 0, at = g->named; i < g->q->by_count; i++)
            if (group_name(g, s, i, keytable_key(&g->keys, at)[i], &g->groups[at].name[i], e) != 0) return -1;
    return 0;
}

static void finish(const Grouper *g, const Scan *s, const Plan *p, unsigned origins, Result *out) {
    for (size_t at = 0; at < g->keys.count; at++)
        if ((out->groups[at].t.basis & ~summable(origins)) == 0) totals_add(&out->total, &out->groups[at].t);
    out->count = g->q->by_count ? g->keys.count : 0; /* without `by` there is the total alone */
    out->from_rows = p->from_rows;
    out->purged_days = p->purged_days;
    out->aborted = s->aborted;
    out->progress_permille = query_scan_permille(s);
}

struct QueryRun {
    Query q;
    unsigned origins;
    Grouper g;
    Scan s;
    Ask ask;
    Plan plan;
    QueryRun *joined; /* gets its rows from this one */
};

int query_open(Db *db, const Query *q, QueryRun **out, Err *e) {
    QueryRun *r = xcalloc(1, sizeof *r);
    r->q = *q;
    r->origins = asked_origins(q);
    r->g = (Grouper){.q = &r->q, .zone = q->zone, .keys = {.width = q->by_count ? q->by_count : 1}, .generation = 1};
    r->s = (Scan){.db = db, .filter = q->filter, .row_names = uses_of(q), .interrupt = q->interrupt, .interrupt_ctx = q->ctx,
                  .sink = group_cell, .sink_ctx = &r->g, .sliced = true,
                  .origins = r->origins & (1u << ORIGIN_METERED | 1u << ORIGIN_NOTIONAL)};
    for (size_t i = 0; i < q->by_count; i++) r->g.by_row |= q->by[i] == BY_STREAM || CONTEXT_DIMS >> q->by[i] & 1;
    r->ask = (Ask){q->since_ms, q->until_ms, uses_of(q), grain_of(q)};
    bool mine;
    int rc = read_begin(db, &mine, e);
    if (rc == 0) rc = query_plan_make(&r->plan, db, &r->ask, e);
    read_end(db, mine);
    *out = r;
    if (rc == 0) return 0;
    query_close(r);
    *out = NULL;
    return -1;
}

int query_go_on(QueryRun *r, bool *more, Err *e) {
    bool mine;
    int rc = read_begin(r->s.db, &mine, e);
    if (rc == 0) rc = query_scan_plan(&r->s, &r->plan, e);
    *more = rc == 0 && r->s.aborted;
    if (rc == 0 && !r->s.aborted) rc = query_scan_bills(&r->s, r->origins, &r->ask, e);
    if (rc == 0) rc = name_groups(&r->g, &r->s, e);
    if (rc == 0 && r->joined) rc = name_groups(&r->joined->g, &r->joined->s, e);
    read_end(r->s.db, mine);
    return rc;
}

bool query_join(QueryRun *lead, QueryRun *other) {
    if (lead->joined || !query_scan_join(&lead->s, &lead->plan, &other->s, &other->plan)) return false;
    other->g.by_row = true;
    lead->joined = other;
    return true;
}

bool query_join_series(QueryRun *lead, SeriesRun *other) {
    return query_series_join(&lead->s, &lead->plan, other);
}

bool query_from_rows(const QueryRun *r) {
    return r->plan.from_rows;
}

int query_permille(const QueryRun *r) {
    return query_scan_permille(&r->s);
}

void query_so_far(const QueryRun *r, Result *out) {
    size_t n = r->g.keys.count;
    *out = (Result){.groups = xcalloc(n + 1, sizeof *out->groups)};
    if (n) memcpy(out->groups, r->g.groups, n * sizeof *out->groups);
    finish(&r->g, &r->s, &r->plan, r->origins, out);
}

void query_take(QueryRun *r, Result *out) {
    *out = (Result){.groups = r->g.groups, .memory = xmalloc(sizeof r->s.texts)};
    finish(&r->g, &r->s, &r->plan, r->origins, out);
    *(Texts *)out->memory = r->s.texts;
    r->s.texts = (Texts){0};
    r->g.groups = NULL;
    query_close(r);
}

void query_close(QueryRun *r) {
    if (!r) return;
    query_plan_free(&r->plan);
    query_scan_free(&r->s);
    keytable_free(&r->g.keys);
    free(r->g.groups);
    free(r);
}

/* What was planned is read in the same transaction. */
int query_run(Db *db, const Query *q, Result *out, Err *e) {
    *out = (Result){0};
    QueryRun *r = NULL;
    bool mine, more;
    if (read_begin(db, &mine, e) != 0) return -1;
    int rc = query_open(db, q, &r, e);
    if (rc == 0) r->s.sliced = false;
    if (rc == 0) rc = query_go_on(r, &more, e);
    read_end(db, mine);
    if (rc == 0) query_take(r, out);
    else query_close(r);
    return rc;
}

void result_free(Result *r) {
    if (!r) return;
    if (r->memory) texts_free(r->memory);
    free(r->memory);
    free(r->groups);
    *r = (Result){0};
}
