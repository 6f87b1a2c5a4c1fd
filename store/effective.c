/* effective: choosing between metered, reported and billed; see effective.h. */
#include "store/effective.h"
#include "store/money.h"

typedef struct Known { /* of one account, in one piece of a UTC day */
    int64_t nano[ORIGIN_COUNT];
    unsigned has;
} Known;

static void take(Effective *out, const Known *k, bool closed) {
    Origin o = ORIGIN_METERED;
    if (closed && k->has >> ORIGIN_BILLED & 1) o = ORIGIN_BILLED;
    else if (k->nano[ORIGIN_REPORTED] > k->nano[ORIGIN_METERED]) o = ORIGIN_REPORTED;
    if (!(k->has >> o & 1)) return;
    out->nano = nano_add(out->nano, k->nano[o]);
    out->basis |= 1u << o;
}

static Origin origin_of(const Group *g) {
    for (int o = 0; o < ORIGIN_COUNT; o++)
        if (g->t.basis == 1u << o) return (Origin)o;
    return ORIGIN_METERED;
}

static int add_piece(Db *db, int64_t from, int64_t to, bool closed, Effective *out, Err *e) {
    Query q = {.since_ms = from, .until_ms = to, .by = {DIM_ACCOUNT, BY_ORIGIN}, .by_count = 2};
    Result r;
    if (query_run(db, &q, &r, e) != 0 || result_sort(&r, &q, NULL, false, e) != 0) return -1;
    Known known = {0};
    for (size_t i = 0; i < r.count; i++) { /* sorted by account */
        Origin o = origin_of(&r.groups[i]);
        known.nano[o] = r.groups[i].t.cost_nano;
        known.has |= 1u << o;
        if (i + 1 < r.count && strcmp(r.groups[i].name[0], r.groups[i + 1].name[0]) == 0) continue;
        take(out, &known, closed);
        known = (Known){0};
    }
    result_free(&r);
    return 0;
}

int effective_spend(Db *db, int64_t since, int64_t until, int64_t now, Effective *out, Err *e) {
    *out = (Effective){0};
    for (int64_t from = since; from < until;) {
        int64_t day = from - from % MS_PER_DAY, next = day + MS_PER_DAY, to = next < until ? next : until;
        bool whole = from == day && to == next;
        if (add_piece(db, from, to, whole && next <= now, out, e) != 0) return -1;
        from = to;
    }
    return 0;
}
