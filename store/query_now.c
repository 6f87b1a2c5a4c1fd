/* query_now: the Overview's figures as of an instant. Called often, so everything is bounded: rollups for what is
 * long, rows for the last minute, a thousand rows for latencies. See query.h. */
#include "store/effective.h"
#include "store/money.h"
#include "store/query_scan.h"
#include "store/usual.h"

enum { LATENCY_SAMPLE = 1000, LATENCY_ROWS_MAX = 4000 };

static int total_of(Db *db, int64_t since, int64_t until, Totals *out, Err *e) {
    Query q = {.since_ms = since, .until_ms = until};
    Result r;
    if (query_run(db, &q, &r, e) != 0) return -1;
    *out = r.total;
    result_free(&r);
    return 0;
}

typedef struct Latencies {
    int32_t latency[LATENCY_SAMPLE], ttft[LATENCY_SAMPLE];
    size_t latencies, ttfts;
    int32_t calls;
} Latencies;

static void add_latency(Latencies *l, const Request *r) {
    if (r->flags & REQ_LINKED || r->outcome == OUTCOME_REFUSED) return;
    l->calls++;
    if (r->latency_ms >= 0) l->latency[l->latencies++] = r->latency_ms;
    if (r->ttft_ms >= 0) l->ttft[l->ttfts++] = r->ttft_ms;
}

static int smaller_first(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

/* Nearest rank: the smallest value that at least so many per cent do not exceed. */
static int32_t percentile(const int32_t *sorted, size_t n, size_t percent) {
    if (n == 0) return -1;
    size_t rank = (n * percent + 99) / 100;
    return sorted[rank ? rank - 1 : 0];
}

int query_latencies(Db *db, int64_t since_ms, int64_t until_ms, Now *out, Err *e) {
    sqlite3_stmt *st = db_prepare(db, "SELECT key, body FROM request WHERE key < ?1 AND key >= ?3 ORDER BY key DESC LIMIT ?2", e);
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, row_key_at(until_ms));
    sqlite3_bind_int64(st, 2, LATENCY_ROWS_MAX);
    sqlite3_bind_int64(st, 3, row_key_at(since_ms));
    Latencies l = {.calls = 0};
    int rc = 1;
    while (l.calls < LATENCY_SAMPLE && (rc = db_step(db, st, "read latencies", e)) == 1) {
        Row row;
        int64_t key = sqlite3_column_int64(st, 0);
        const void *blob = sqlite3_column_blob(st, 1);
        if (!out->last_record_ms) out->last_record_ms = row_key_ms(key);
        if (row_unpack(key, blob, (size_t)sqlite3_column_bytes(st, 1), &row)) add_latency(&l, &row.r);
    }
    sqlite3_reset(st);
    qsort(l.latency, l.latencies, sizeof l.latency[0], smaller_first);
    qsort(l.ttft, l.ttfts, sizeof l.ttft[0], smaller_first);
    out->latency_sample = l.calls;
    out->latency_p50_ms = percentile(l.latency, l.latencies, 50);
    out->latency_p95_ms = percentile(l.latency, l.latencies, 95);
    out->ttft_p50_ms = percentile(l.ttft, l.ttfts, 50);
    out->ttft_p95_ms = percentile(l.ttft, l.ttfts, 95);
    return rc < 0 ? -1 : 0;
}

/* rate per minute held for `ms`, saturating. */
static int64_t held_for(int64_t rate, int64_t ms) {
    int64_t minutes = ms / MS_PER_MINUTE, rest = ms % MS_PER_MINUTE, whole;
    if (__builtin_mul_overflow(rate, minutes, &whole)) return INT64_MAX;
    return nano_add(whole, rate / MS_PER_MINUTE * rest + rate % MS_PER_MINUTE * rest / MS_PER_MINUTE);
}

static int load_rate(Db *db, int64_t now, int64_t day_end, Now *out, Err *e) {
    Totals minute;
    if (total_of(db, now - MS_PER_MINUTE, now, &minute, e) != 0) return -1;
    out->rate_nano_per_min = minute.cost_nano;
    out->eod_at_rate_nano = nano_add(out->today_effective_nano, held_for(minute.cost_nano, day_end - now));
    return 0;
}

int query_now_tick(Db *db, const Zone *zone, int64_t now_ms, Now *now, Err *e) {
    return load_rate(db, now_ms, time_next(zone, now_ms, UNIT_DAY), now, e);
}

static int load_usual(Db *db, const Zone *zone, int64_t now, int64_t day, int64_t day_end, Now *out, Err *e) {
    Usual u;
    if (usual_load(&u, db, NULL, zone, day, day_end, e) != 0) return -1;
    int64_t hour = time_floor(zone, now, UNIT_HOUR), next = time_next(zone, now, UNIT_HOUR);
    int64_t this_hour = usual_span(&u, hour, next), rest = usual_span(&u, now, day_end);
    out->usual_nano_per_min = this_hour < 0 ? -1 : this_hour / ((next - hour) / MS_PER_MINUTE);
    out->usual_today_nano = usual_span(&u, day, now);
    out->eod_at_usual_nano = rest < 0 ? -1 : nano_add(out->today_effective_nano, rest);
    usual_free(&u);
    return 0;
}

static int load_now(Db *db, const Zone *zone, int64_t now, Now *out, Err *e) {
    int64_t day = time_floor(zone, now, UNIT_DAY), day_end = time_next(zone, now, UNIT_DAY);
    Effective spent, of_month;
    int64_t month = time_floor(zone, now, UNIT_MONTH);
    if (total_of(db, day, now, &out->today, e) != 0 || total_of(db, month, now, &out->month, e) != 0 ||
        total_of(db, now - 10 * MS_PER_MINUTE, now, &out->last_10m, e) != 0 ||
        effective_spend(db, NULL, day, now, now, &spent, e) != 0 || effective_spend(db, NULL, month, now, now, &of_month, e) != 0 ||
        query_latencies(db, 0, now, out, e) != 0)
        return -1;
    out->today_effective_nano = spent.nano, out->today_basis = spent.basis;
    out->month_effective_nano = of_month.nano, out->month_basis = of_month.basis;
    out->month_billed_nano = of_month.billed_nano;
    return load_rate(db, now, day_end, out, e) != 0 ? -1 : load_usual(db, zone, now, day, day_end, out, e);
}

int query_now(Db *db, const Zone *zone, int64_t now_ms, Now *out, Err *e) {
    *out = (Now){0};
    bool mine;
    if (read_begin(db, &mine, e) != 0) return -1;
    int rc = load_now(db, zone, now_ms, out, e);
    read_end(db, mine);
    return rc;
}
