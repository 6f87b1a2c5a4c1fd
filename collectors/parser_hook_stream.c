/* parser_hook_stream: answers of Anthropic as streams, whose beginning has the input's counters and whose end has the output's.
 *
 * Owns: what the stream that is open said at its beginning. The beginning is a call that is not whole, so that one which
 * breaks off is counted with what is known; its end makes the record of both, of the same id. The end replaces what the
 * beginning said, it adds nothing; what it leaves out stays. It has no id itself: when a second stream begins before the
 * first has ended, nobody can tell whose ends follow, and the calls are marked as doubtful.
 * Other records pass as they are.
 */
#include "collectors/parser_hook.h"

enum { KIND, ID, MODEL, TIER, GEO, STOP };
static const char *const stream_paths[] = {
    [KIND] = "type", [ID] = "message.id", [MODEL] = "message.model", [TIER] = "message.usage.service_tier",
    [GEO] = "message.usage.inference_geo", [STOP] = "delta.stop_reason", NULL,
};

typedef struct Stream { /* PERSISTENT: stored with the file's offset */
    int64_t began_ms, counters[COUNT_COUNT];
    uint8_t open, doubtful;
    char id[NAME_MAX_BYTES], model[NAME_MAX_BYTES], tier[32], geo[32];
} Stream;
_Static_assert(sizeof(Stream) <= FILE_STATE_MAX, "the state of a stream has no room in the ledger");

static bool is_text(const ScanValue *v, const char *text) {
    return v->type == SCAN_STRING && str_is(v->text, text);
}

static void keep(char *to, size_t size, const ScanValue *v) {
    memset(to, 0, size);
    if (v->type == SCAN_STRING) scan_unescape(v->text, to, size - 1);
}

static void say(const Stream *s, Draft *d) {
    d->answer = str_of(s->id);
    d->name[FIELD_MODEL] = str_of(s->model);
    d->name[FIELD_TIER] = str_of(s->tier);
    d->name[FIELD_GEO] = str_of(s->geo);
    d->request->flags |= REQ_STREAM | (s->doubtful ? REQ_USAGE_SUSPECT : 0u);
}

static HookResult begin(Stream *s, const ScanValue *v, Draft *d) {
    bool mixed = s->open;
    *s = (Stream){.began_ms = d->request->ts_ms, .open = true, .doubtful = mixed};
    memcpy(s->counters, d->counters, sizeof s->counters);
    keep(s->id, sizeof s->id, &v[ID]);
    keep(s->model, sizeof s->model, &v[MODEL]);
    keep(s->tier, sizeof s->tier, &v[TIER]);
    keep(s->geo, sizeof s->geo, &v[GEO]);
    say(s, d);
    d->request->outcome = OUTCOME_INCOMPLETE;
    return s->id[0] ? HOOK_RECORD : HOOK_SKIP; /* without an id its end would be another call */
}

/* Vendors that speak the same language may say at the end alone how much of the whole prompt was cached. */
static bool cache_is_inside(const Stream *s, const Draft *d) {
    int64_t read = d->counters[COUNT_CACHE_READ], write = d->counters[COUNT_CACHE_WRITE];
    int64_t cached = (read > 0 ? read : 0) + (write > 0 ? write : 0);
    bool at_begin = s->counters[COUNT_CACHE_READ] > 0 || s->counters[COUNT_CACHE_WRITE] > 0;
    return d->counters[COUNT_INPUT] < 0 && cached > 0 && !at_begin && cached <= s->counters[COUNT_INPUT];
}

static void join(const Stream *s, Draft *d) {
    int64_t write = d->counters[COUNT_CACHE_WRITE];
    bool split_holds = write < 0 || write == s->counters[COUNT_CACHE_WRITE];
    if (cache_is_inside(s, d)) d->rule.inclusive = true;
    for (int i = 0; i < COUNT_COUNT; i++) {
        bool of_split = i == COUNT_CACHE_WRITE_5M || i == COUNT_CACHE_WRITE_1H;
        if (d->counters[i] < 0 && (split_holds || !of_split)) d->counters[i] = s->counters[i];
    }
}

static HookResult end(Stream *s, const ScanValue *v, Draft *d, Err *e) {
    Request *r = d->request;
    if (!s->open) return fail(e, "the end of a stream whose beginning is not in the log before it; log each answer whole"), HOOK_BAD;
    join(s, d);
    say(s, d);
    if (r->latency_ms < 0 && r->ts_ms > s->began_ms && r->ts_ms - s->began_ms <= INT32_MAX) r->latency_ms = (int32_t)(r->ts_ms - s->began_ms);
    r->ts_ms = s->began_ms;
    if (v[STOP].type == SCAN_STRING) s->open = false;
    return HOOK_RECORD;
}

static HookResult stream_record(void *state, const ScanValue *v, Draft *d, Err *e) {
    Stream *s = state;
    if (is_text(&v[KIND], "message_start")) return begin(s, v, d);
    if (is_text(&v[KIND], "message_delta")) return end(s, v, d, e);
    if (!is_text(&v[KIND], "error") || !s->open) return HOOK_RECORD;
    s->open = false; /* the stream broke off: its beginning is the call */
    return HOOK_SKIP;
}

const Hook hook_answer_stream = {.name = "answer-stream", .state_size = sizeof(Stream), .paths = stream_paths, .record = stream_record};
