/* effective: choosing between metered, reported and billed; see effective.h. */
#include "store/effective.h"
#include "store/bill.h"
#include "store/money.h"

typedef struct Known { /* of one account, in one UTC day or the piece of it that the range has */
    int64_t nano[ORIGIN_COUNT];
    unsigned has;
} Known;

typedef struct Span {
    int64_t since_ms, until_ms, now_ms;
    const BillPart *part; /* days that are not read to their end */
    size_t parts;
} Span;

/* Is the day whole in the range, and over? Then its bill is for what the range asks. */
static bool is_closed(const Span *s, const char *account, const char *date) {
    char text[40];
    int64_t day;
    snprintf(text, sizeof text, "%.10sT00:00:00Z", date);
    if (time_parse_rfc3339(text, strlen(text), &day) != 0 || bill_is_part(s->part, s->parts, account, day)) return false;
    return day >= s->since_ms && day + MS_PER_DAY <= s->until_ms && day + MS_PER_DAY <= s->now_ms;
}

static void take(Effective *out, const Known *k, bool closed) {
    Origin o = ORIGIN_METERED;
    if (closed && k->has >> ORIGIN_BILLED & 1) o = ORIGIN_BILLED;
    else if (k->nano[ORIGIN_REPORTED] > k->nano[ORIGIN_METERED]) o = ORIGIN_REPORTED;
    out->metered_nano = nano_add(out->metered_nano, k->nano[ORIGIN_METERED]);
    if (!(k->has >> o & 1)) return;
    out->nano = nano_add(out->nano, k->nano[o]);
    if (o == ORIGIN_BILLED) out->billed_nano = nano_add(out->billed_nano, k->nano[o]);
    out->basis |= 1u << o;
}

static Origin origin_of(const Group *g) {
    for (int o = 0; o < ORIGIN_COUNT; o++)
        if (g->t.basis == 1u << o) return (Origin)o;
    return ORIGIN_METERED;
}

static bool same_day(const Group *a, const Group *b) {
    return strcmp(a->name[0], b->name[0]) == 0 && strcmp(a->name[1], b->name[1]) == 0;
}

static int spend_of(Db *db, const Filter *filter, const Span *s, Effective *out, Err *e) {
    Query q = {.since_ms = s->since_ms, .until_ms = s->until_ms, .by = {DIM_ACCOUNT, BY_DAY, BY_ORIGIN}, .by_count = 3, .filter = filter};
    Result r;
    *out = (Effective){0};
    if (query_run(db, &q, &r, e) != 0) return -1;
    int rc = result_sort(&r, &q, NULL, false, e); /* by account, then day */
    Known known = {0};
    for (size_t i = 0; rc == 0 && i < r.count; i++) {
        Origin o = origin_of(&r.groups[i]);
        known.nano[o] = r.groups[i].t.cost_nano;
        known.has |= 1u << o;
        if (i + 1 < r.count && same_day(&r.groups[i], &r.groups[i + 1])) continue;
        take(out, &known, is_closed(s, r.groups[i].name[0], r.groups[i].name[1]));
        known = (Known){0};
    }
    result_free(&r);
    return rc;
}

int effective_spend(Db *db, const Filter *filter, int64_t since, int64_t until, int64_t now, Effective *out, Err *e) {
    BillPart *part = xcalloc(BILL_PARTS_MAX, sizeof *part);
    Span span = {.since_ms = since, .until_ms = until, .now_ms = now, .part = part};
    int rc = bill_parts(db, since - MS_PER_DAY, part, &span.parts, e);
    if (rc == 0) rc = spend_of(db, filter, &span, out, e);
    free(part);
    return rc;
}
