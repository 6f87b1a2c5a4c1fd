/* usual: medians of the same hour in other weeks; see usual.h. */
#include "store/usual.h"
#include "store/money.h"
#include "store/query_scan.h"

enum { WEEKS = 4 };
#define WEEK_MS (7 * MS_PER_DAY)

typedef struct Quarters { /* metered spend per quarter-hour */
    int64_t from_ms;
    size_t count;
    int64_t *nano;
} Quarters;

static void add_cell(void *ctx, const Cell *c) {
    Quarters *q = ctx;
    int64_t i = (c->ms - q->from_ms) / SLOT_QUARTER_MS;
    if (c->ms >= q->from_ms && (size_t)i < q->count) q->nano[i] = nano_add(q->nano[i], c->sums->v[SUM_COST]);
}

static int64_t hour_sum(const Quarters *q, int64_t begin) {
    int64_t sum = 0, i = (begin - q->from_ms) / SLOT_QUARTER_MS;
    for (int64_t k = i; k < i + 4; k++)
        if (k >= 0 && (size_t)k < q->count) sum = nano_add(sum, q->nano[k]);
    return sum;
}

static int64_t weeks_before(const Zone *zone, int64_t ms, int weeks) {
    Civil c = civil_at(zone, ms);
    c.day -= 7 * weeks;
    return civil_ms(zone, &c);
}

int64_t usual_median(int64_t *v, int n) {
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && v[k] < v[k - 1]; k--) {
            int64_t t = v[k];
            v[k] = v[k - 1];
            v[k - 1] = t;
        }
    if (n == 0) return -1;
    return n % 2 ? v[n / 2] : v[n / 2 - 1] + (v[n / 2] - v[n / 2 - 1]) / 2;
}

/* Was anything spent in the span that was loaded for this week? A week without is one in which nothing was recorded
 * (an old file was imported, collecting paused for long): it says nothing about what is usual. */
static bool was_recorded(const Quarters *q, int64_t from, int64_t to) {
    int64_t i = (from - q->from_ms) / SLOT_QUARTER_MS, end = (to - q->from_ms) / SLOT_QUARTER_MS;
    for (i = i < 0 ? 0 : i; i < end && (size_t)i < q->count; i++)
        if (q->nano[i] != 0) return true;
    return false;
}

static int64_t hour_usual(const Quarters *weeks, const bool *counts, const Zone *zone, int64_t begin) {
    int64_t v[WEEKS];
    int n = 0;
    for (int w = 0; w < WEEKS; w++)
        if (counts[w]) v[n++] = hour_sum(&weeks[w], weeks_before(zone, begin, w + 1));
    return usual_median(v, n);
}

static void fill_hours(Usual *u, const Quarters *weeks, const Zone *zone, int64_t oldest) {
    const int64_t from = u->begin_ms[0] - MS_PER_HOUR, to = u->begin_ms[u->hours] + MS_PER_HOUR;
    for (size_t h = 0; h < u->hours; h++) {
        bool counts[WEEKS];
        for (int w = 0; w < WEEKS; w++) {
            int64_t back = (w + 1) * WEEK_MS;
            counts[w] = weeks_before(zone, u->begin_ms[h], w + 1) >= oldest && was_recorded(&weeks[w], from - back, to - back);
        }
        u->nano[h] = hour_usual(weeks, counts, zone, u->begin_ms[h]);
    }
}

static void list_hours(Usual *u, const Zone *zone, int64_t since, int64_t until) {
    size_t cap = (size_t)((until - since) / (MS_PER_HOUR / 2)) + 4; /* no zone turns its clock by less than half an hour */
    u->begin_ms = xcalloc(cap, sizeof *u->begin_ms);
    u->nano = xcalloc(cap, sizeof *u->nano);
    u->begin_ms[0] = time_floor(zone, since, UNIT_HOUR);
    while (u->begin_ms[u->hours] < until && u->hours + 2 < cap) {
        u->begin_ms[u->hours + 1] = time_next(zone, u->begin_ms[u->hours], UNIT_HOUR);
        u->nano[u->hours++] = -1;
    }
}

struct UsualRun {
    Usual u;
    Db *db;
    const Filter *filter;
    const Zone *zone;
    int (*interrupt)(void *ctx);
    void *ctx;
    int64_t oldest_ms;
    Quarters week[WEEKS];
    int windows, at;     /* how many are to be read, and which is being read; 0 of 0: nothing can be known */
    bool reading;        /* plan and scan are of window `at` */
    Plan plan;
    Scan scan;
};

/* Four windows one by one, or, when they overlap much, all that lies under them at once. */
static void window_range(const UsualRun *r, int64_t *from, int64_t *to) {
    const Usual *u = &r->u;
    *from = u->begin_ms[0] - MS_PER_HOUR - (r->windows == 1 ? WEEKS : r->at + 1) * WEEK_MS; /* an hour for turned clocks */
    *to = u->begin_ms[u->hours] + MS_PER_HOUR - (r->at + 1) * WEEK_MS;
}

static int begin_window(UsualRun *r, Err *e) {
    Quarters *q = &r->week[r->at];
    int64_t from, to;
    window_range(r, &from, &to);
    q->from_ms = from < 0 ? 0 : from - from % SLOT_QUARTER_MS;
    q->count = to > q->from_ms ? (size_t)((to - q->from_ms + SLOT_QUARTER_MS - 1) / SLOT_QUARTER_MS) : 0;
    q->nano = xcalloc(q->count, sizeof *q->nano);
    r->scan = (Scan){.db = r->db, .filter = r->filter, .origins = 1u << ORIGIN_METERED, .sink = add_cell, .sink_ctx = q,
                     .sums = SUM_COST + 1, .interrupt = r->interrupt, .interrupt_ctx = r->ctx, .sliced = true};
    Ask ask = {q->from_ms, q->from_ms + (int64_t)q->count * SLOT_QUARTER_MS, filter_uses(r->filter) | FILTER_ORIGIN, SLOT_QUARTER_MS};
    r->reading = true;
    return query_plan_make(&r->plan, r->db, &ask, e);
}

static void end_window(UsualRun *r) {
    if (!r->reading) return;
    query_plan_free(&r->plan);
    query_scan_free(&r->scan);
    r->reading = false;
}

int usual_open(UsualRun **out, Db *db, const Query *q, Err *e) {
    UsualRun *r = *out = xcalloc(1, sizeof *r);
    *r = (UsualRun){.db = db, .filter = q->filter, .zone = q->zone, .interrupt = q->interrupt, .ctx = q->ctx};
    list_hours(&r->u, q->zone, q->since_ms, q->until_ms);
    if (ledger_oldest_ms(db, &r->oldest_ms, e) != 0) {
        usual_close(r);
        *out = NULL;
        return -1;
    }
    const Usual *u = &r->u;
    bool known = !filter_needs_rows(q->filter) && u->begin_ms[u->hours] - WEEK_MS >= r->oldest_ms;
    if (known) r->windows = u->begin_ms[u->hours] - u->begin_ms[0] + 2 * MS_PER_HOUR > 9 * MS_PER_DAY ? 1 : WEEKS;
    return 0;
}

int usual_go_on(UsualRun *r, bool *more, Err *e) {
    for (*more = false; r->at < r->windows; r->at++) {
        if (!r->reading && begin_window(r, e) != 0) return -1;
        if (query_scan_plan(&r->scan, &r->plan, e) != 0) return -1;
        if ((*more = r->scan.aborted)) return 0;
        end_window(r);
    }
    return 0;
}

void usual_take(UsualRun *r, Usual *out) {
    Quarters all[WEEKS];
    for (int w = 0; w < WEEKS; w++) all[w] = r->week[r->windows == 1 ? 0 : w];
    if (r->windows) fill_hours(&r->u, all, r->zone, r->oldest_ms);
    *out = r->u;
    r->u = (Usual){0};
    usual_close(r);
}

void usual_close(UsualRun *r) {
    if (!r) return;
    end_window(r);
    for (int w = 0; w < WEEKS; w++) free(r->week[w].nano);
    usual_free(&r->u);
    free(r);
}

int usual_load(Usual *out, Db *db, const Filter *filter, const Zone *zone, int64_t since, int64_t until, Err *e) {
    UsualRun *r;
    bool more;
    *out = (Usual){0};
    if (usual_open(&r, db, &(Query){.since_ms = since, .until_ms = until, .filter = filter, .zone = zone}, e) != 0) return -1;
    int rc = usual_go_on(r, &more, e);
    if (rc == 0) usual_take(r, out);
    else usual_close(r);
    return rc;
}

/* part / whole of nano, exactly, without overflow. */
static int64_t share(int64_t nano, int64_t part, int64_t whole) {
    return nano / whole * part + nano % whole * part / whole;
}

int64_t usual_span(const Usual *u, int64_t from, int64_t to) {
    int64_t sum = 0;
    for (size_t h = 0; h < u->hours; h++) {
        int64_t a = u->begin_ms[h], b = u->begin_ms[h + 1];
        int64_t lo = from > a ? from : a, hi = to < b ? to : b;
        if (lo >= hi) continue;
        if (u->nano[h] < 0) return -1;
        sum = nano_add(sum, share(u->nano[h], hi - lo, b - a));
    }
    return sum;
}

void usual_free(Usual *u) {
    free(u->begin_ms);
    free(u->nano);
    *u = (Usual){0};
}
