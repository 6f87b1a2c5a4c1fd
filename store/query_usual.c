/* query_usual: what single values of a dimension usually spend in this hour of the week. See query.h.
 * The same hour of up to four weeks, whole quarter-hours only, so that rollups answer. */
#include "store/money.h"
#include "store/query.h"
#include "store/usual.h"

enum { WEEKS = 4 };

static int64_t cost_of_name(const Result *r, const char *name) {
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->groups[i].name[0], name) == 0) return r->groups[i].t.cost_nano;
    return 0;
}

/* The hour, so many weeks before. */
static int load_week(Db *db, const Query *q, int64_t now_ms, int weeks, Result *out, Err *e) {
    Civil c = civil_at(q->zone, time_floor(q->zone, now_ms, UNIT_HOUR));
    c.day -= 7 * weeks;
    Query week = *q;
    week.since_ms = civil_ms(q->zone, &c);
    week.until_ms = week.since_ms + MS_PER_HOUR;
    week.by_count = 1;
    return query_run(db, &week, out, e);
}

int query_usual_rates(Db *db, const Query *q, int64_t now_ms, const char *const *name, size_t count, int64_t *nano_per_min,
                      Err *e) {
    Result week[WEEKS] = {0};
    int recorded = 0, rc = 0;
    for (int w = 0; w < WEEKS && rc == 0; w++) {
        rc = load_week(db, q, now_ms, w + 1, &week[recorded], e);
        if (rc == 0 && week[recorded].total.cost_nano > 0) recorded++; /* as in usual.c: nothing recorded is not $0 */
        else result_free(&week[recorded]);
    }
    for (size_t i = 0; i < count; i++) {
        int64_t value[WEEKS];
        for (int w = 0; w < recorded; w++) value[w] = cost_of_name(&week[w], name[i]);
        int64_t median = rc == 0 ? usual_median(value, recorded) : -1;
        nano_per_min[i] = median < 0 ? -1 : median / (MS_PER_HOUR / MS_PER_MINUTE);
    }
    for (int w = 0; w < recorded; w++) result_free(&week[w]);
    return rc;
}
