/* parser_hook_otel_metrics: OpenTelemetry's token counters, which are sums of many calls, mostly since a process began.
 *
 * Owns: what each counter of a file stood at. A series is a resource, a scope, a metric and its attributes without the token
 * type. Its points of one time become one request, whichever of input and output comes first: each makes the record of both
 * anew, under the id of series and time. Running sums count by their growth; a sum that is smaller, or of another beginning,
 * began anew. What a file begins with may have been counted in the file before it: a sum that then is old already is only
 * where counting begins.
 */
#include "collectors/parser_hook.h"

#define POINT "resourceMetrics[].scopeMetrics[].metrics[].*.dataPoints[]."
enum { TYPE, RUNNING, BEGUN, TIME, SUM, AS_INT, AS_DOUBLE, CALLS, ATTRIBUTES, RESOURCE, SCOPE, METRIC };
static const char *const metrics_paths[] = {
    [TYPE] = POINT "attributes[key=gen_ai.token.type].value.*",
    [RUNNING] = "resourceMetrics[].scopeMetrics[].metrics[].*.aggregationTemporality",
    [BEGUN] = POINT "startTimeUnixNano", [TIME] = POINT "timeUnixNano",
    [SUM] = POINT "sum", [AS_INT] = POINT "asInt", [AS_DOUBLE] = POINT "asDouble", [CALLS] = POINT "count",
    [ATTRIBUTES] = POINT "attributes", [RESOURCE] = "resourceMetrics[].resource.attributes",
    [SCOPE] = "resourceMetrics[].scopeMetrics[].scope.name", [METRIC] = "resourceMetrics[].scopeMetrics[].metrics[].name", NULL,
};

enum { SERIES_MAX = 48, SIDES = 2 /* input, output */, SETTLED_MS = 2 * 60 * 1000, DEAD_MS = 15 * 60 * 1000 };
static const uint64_t metrics_seed = 0x6f74656c6d; /* PERSISTENT */

typedef struct Series { /* PERSISTENT */
    uint64_t key, begun;
    int64_t time_ms, sum[SIDES], grown[SIDES]; /* grown: since the time before, of the points of time_ms */
    int64_t calls[SIDES];
    uint32_t more_calls, has; /* has: a bit for each side that was seen */
} Series;
typedef struct Metrics { /* PERSISTENT: stored with the file's offset */
    int64_t first_ms; /* of the file; 0 = nothing was read */
    Series series[SERIES_MAX];
} Metrics;
_Static_assert(sizeof(Metrics) <= FILE_STATE_MAX, "the state of a file of metrics has no room in the ledger");

typedef struct Point { /* one counter, as it is written */
    uint64_t key, begun;
    int64_t time_ms, sum, calls; /* calls: 0 = the metric does not count them */
    int side;
    bool running;
} Point;

/* ---- a point ---- */
static uint64_t hash_of(const ScanValue *v, uint64_t seed) {
    return hash64(v->text.at, v->text.len, seed);
}

/* The attributes in any order, without the token type: the sum of the hashes of the list's elements. */
static uint64_t attributes_key(Str list) {
    static const char type[] = "\"gen_ai.token.type\"";
    uint64_t sum = 0;
    size_t depth = 0, from = 0;
    for (size_t i = 0; i < list.len; i++) {
        char b = list.at[i];
        if (b == '"')
            for (i++; i < list.len && list.at[i] != '"'; i++) i += list.at[i] == '\\';
        if (b == '{' && depth++ == 0) from = i;
        if (b != '}' || depth == 0 || --depth > 0) continue;
        if (!memmem(list.at + from, i - from, type, sizeof type - 1)) sum += hash64(list.at + from, i - from, metrics_seed);
    }
    return sum;
}

static bool is_text(const ScanValue *v, const char *text) {
    return v->text.len > 0 && str_is(v->text, text);
}

static int read_number(const ScanValue *v, int64_t max, int64_t *out, Err *e) {
    *out = 0;
    if (v->type <= SCAN_NULL) return 0;
    if (scan_int(v, out) == 0 && *out >= 0 && *out <= max) return 0;
    return fail(e, "a counter is not a number from 0 to %lld", (long long)max);
}

static int read_point(const ScanValue *v, int64_t time_ms, Point *p, Err *e) {
    const ScanValue *value = v[SUM].type > SCAN_NULL ? &v[SUM] : v[AS_INT].type > SCAN_NULL ? &v[AS_INT] : &v[AS_DOUBLE];
    if (value->type <= SCAN_NULL) return fail(e, "a counter without a sum");
    uint64_t key = hash_of(&v[METRIC], hash_of(&v[SCOPE], hash_of(&v[RESOURCE], metrics_seed)));
    key ^= attributes_key(v[ATTRIBUTES].text);
    *p = (Point){.key = key | 1, .begun = hash_of(&v[BEGUN], metrics_seed), .time_ms = time_ms, .side = is_text(&v[TYPE], "output")};
    p->running = is_text(&v[RUNNING], "2") || is_text(&v[RUNNING], "AGGREGATION_TEMPORALITY_CUMULATIVE");
    if (read_number(value, REQUEST_TOKENS_MAX, &p->sum, e) != 0) return -1;
    return read_number(&v[CALLS], REQUEST_CALLS_MAX, &p->calls, e);
}

/* ---- its series ---- */
/* A place for a series; one that nothing was heard of for long gives its own up. NULL = all are taken. */
static Series *series_of(Metrics *m, const Point *p) {
    Series *free_one = NULL;
    for (int i = 0; i < SERIES_MAX; i++) {
        Series *s = &m->series[i];
        if (s->key == p->key) return s;
        bool dead = s->key == 0 || p->time_ms - s->time_ms > DEAD_MS;
        if (dead && !free_one) free_one = s;
    }
    if (free_one) *free_one = (Series){.key = p->key, .begun = p->begun};
    return free_one;
}

/* When the process began to count, in ms; the hash of it tells beginnings apart. */
static bool begun_long_ago(const ScanValue *v, int64_t time_ms) {
    int64_t nano;
    return scan_int(&v[BEGUN], &nano) == 0 && nano > 0 && time_ms - nano / 1000000 > SETTLED_MS;
}

/* What the point adds; false = nothing, it only says where counting begins. */
static bool grow(Series *s, const Point *p, bool only_begin) {
    uint32_t bit = 1u << p->side;
    bool known = (s->has & bit) != 0, anew = !p->running || !known || s->begun != p->begun || p->sum < s->sum[p->side];
    int64_t sum = anew ? p->sum : p->sum - s->sum[p->side], calls = anew || p->calls < s->calls[p->side] ? p->calls : p->calls - s->calls[p->side];
    if (p->time_ms != s->time_ms) s->grown[0] = s->grown[1] = 0, s->more_calls = 0;
    if (s->begun != p->begun) s->has = 0;
    s->begun = p->begun, s->has |= bit, s->time_ms = p->time_ms;
    s->sum[p->side] = p->sum, s->calls[p->side] = p->calls;
    if (only_begin && !known && p->running) return false;
    s->grown[p->side] += sum;
    if (calls > 1 && calls - 1 > s->more_calls) s->more_calls = (uint32_t)(calls - 1);
    return sum > 0;
}

static HookResult metrics_record(void *state, const ScanValue *v, Draft *d, Err *e) {
    Metrics *m = state;
    Point p;
    if (!is_text(&v[TYPE], "input") && !is_text(&v[TYPE], "output")) return HOOK_SKIP; /* parts of these two */
    if (read_point(v, d->request->ts_ms, &p, e) != 0) return HOOK_BAD;
    Series *s = series_of(m, &p);
    if (!s) return fail(e, "more than %d running counters in one file; let the services export deltas", SERIES_MAX), HOOK_BAD;
    if (m->first_ms == 0) m->first_ms = p.time_ms;
    if (s->time_ms > p.time_ms || (s->time_ms == p.time_ms && (s->has & 1u << p.side) && s->sum[p.side] == p.sum && s->grown[p.side]))
        return HOOK_SKIP; /* sent again */
    bool only_begin = p.time_ms - m->first_ms < SETTLED_MS && begun_long_ago(v, p.time_ms);
    if (!grow(s, &p, only_begin)) return HOOK_SKIP;
    if (s->grown[p.side] > REQUEST_TOKENS_MAX) return fail(e, "a counter grew by more than 10^12 at one time"), HOOK_BAD;
    uint64_t id[2] = {s->key, (uint64_t)s->time_ms};
    d->request->id = hash64(id, sizeof id, metrics_seed) | 1;
    d->request->more_calls = s->more_calls;
    d->counters[COUNT_INPUT] = s->grown[0];
    d->counters[COUNT_OUTPUT] = s->grown[1];
    return HOOK_RECORD;
}

const Hook hook_otel_metrics = {.name = "otel-metrics", .state_size = sizeof(Metrics), .paths = metrics_paths, .record = metrics_record};
