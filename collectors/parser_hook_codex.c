/* parser_hook_codex: Codex CLI rollouts, whose lines say what a session has used so far, not what a call has used.
 *
 * Owns: the running totals of one file, and the model, provider, folder and tier that earlier lines named.
 * A `token_usage_record` is one answer of the vendor with its id: it counts as it is, and from then on the totals of that
 * file count nothing. Without such records a call is the difference of two totals: the same total again is a mere refresh
 * of the screen, a slightly smaller one is stale, a much smaller one is a new beginning whose own last call counts.
 * A fork or a subagent begins with the history of its parent, written anew within the second of its creation: those totals
 * are where it begins, the parent's file has the calls. Should a copied total be taken for a call all the same, it gets the
 * identity of the original: the session that began the history and the totals, never place or time.
 */
#include "collectors/parser_hook.h"
#include "store/clock.h"

enum { KIND, EVENT, ID, FORKED_FROM, PARENT, SPAWNED_BY, FOLDER, PROVIDER, MODEL, COUNT_MODEL, TIER, RESPONSE, TOTAL, LAST = TOTAL + 5 };
#define TOTALS(of) \
    "payload.info." of ".input_tokens", "payload.info." of ".cached_input_tokens", "payload.info." of ".cache_write_input_tokens", \
        "payload.info." of ".output_tokens", "payload.info." of ".reasoning_output_tokens"
static const char *const codex_paths[] = {
    [KIND] = "type", [EVENT] = "payload.type",
    [ID] = "payload.id", [FORKED_FROM] = "payload.forked_from_id", [PARENT] = "payload.parent_thread_id",
    [SPAWNED_BY] = "payload.source.subagent.thread_spawn.parent_thread_id",
    [FOLDER] = "payload.cwd", [PROVIDER] = "payload.model_provider",
    [MODEL] = "payload.model", [COUNT_MODEL] = "payload.info.model", [TIER] = "payload.thread_settings.service_tier",
    [RESPONSE] = "payload.response_id",
    [TOTAL] = TOTALS("total_token_usage"), [LAST] = TOTALS("last_token_usage"), NULL,
};

enum { SEEN_INPUT, SEEN_CACHED, SEEN_WRITTEN, SEEN_OUTPUT, SEEN_REASONING, SEEN_COUNT };
enum { COPY_GAP_MS = 250 /* between two lines of a copied history; an answer takes longer */, STALE_PERCENT = 98 };
static const uint64_t codex_seed = 0x636f646578; /* PERSISTENT */

typedef struct Seen { /* totals so far, or one call */
    int64_t n[SEEN_COUNT];
} Seen;

typedef struct Codex { /* PERSISTENT: stored with the file's offset */
    Seen total;
    int64_t created_ms, copied_ms; /* of the last copied total; 0 = none */
    uint64_t root;                 /* the session that began the history; 0 = unknown */
    uint32_t beginnings;           /* totals that began anew */
    uint8_t has_total, has_records, is_copy;
    char session[64], model[NAME_MAX_BYTES], provider[32], folder[NAME_MAX_BYTES], tier[32];
} Codex;
_Static_assert(sizeof(Codex) <= FILE_STATE_MAX, "the state of a Codex file has no room in the ledger");

/* ---- values ---- */
static bool is_text(const ScanValue *v, const char *text) {
    return v->type == SCAN_STRING && str_is(v->text, text);
}

static bool is_there(const ScanValue *v) {
    return v->type == SCAN_STRING && v->text.len > 0;
}

/* Remembers a text; one that is not there leaves what was remembered. */
static void keep(char *to, size_t size, const ScanValue *v) {
    if (!is_there(v)) return;
    memset(to, 0, size);
    scan_unescape(v->text, to, size - 1);
}

/* 1 = read, 0 = not in the record, -1 = there, but no counters. */
static int read_seen(const ScanValue *v, Seen *out, Err *e) {
    bool found = false;
    for (int i = 0; i < SEEN_COUNT; i++) {
        out->n[i] = 0;
        if (v[i].type <= SCAN_NULL) continue;
        if (scan_int(&v[i], &out->n[i]) != 0 || out->n[i] < 0 || out->n[i] > REQUEST_TOKENS_MAX)
            return fail(e, "a count of tokens is not a number from 0 to 10^12");
        found = true;
    }
    return found;
}

/* ---- lines that only say something about later ones ---- */
static uint64_t hash_of(const ScanValue *v) {
    return hash64(v->text.at, v->text.len, codex_seed) | 1;
}

/* The first line is the file's own. More of them before the first total are those of the sessions it was copied from, the
 * one that began last. */
static void begin(Codex *c, const ScanValue *v, int64_t ts_ms) {
    bool first = c->session[0] == '\0';
    if (c->has_total || c->has_records || !is_there(&v[ID])) return;
    c->root = hash_of(is_there(&v[FORKED_FROM]) ? &v[FORKED_FROM] : &v[ID]);
    if (!first) {
        c->is_copy |= !is_text(&v[ID], c->session);
        return;
    }
    c->created_ms = ts_ms;
    c->is_copy = is_there(&v[FORKED_FROM]) || is_there(&v[PARENT]) || is_there(&v[SPAWNED_BY]);
    keep(c->session, sizeof c->session, &v[ID]);
    keep(c->provider, sizeof c->provider, &v[PROVIDER]);
    keep(c->folder, sizeof c->folder, &v[FOLDER]);
}

static HookResult name(Codex *c, const Draft *d, const ScanValue *v) {
    if (is_text(&v[KIND], "session_meta")) begin(c, v, d->request->ts_ms);
    if (is_text(&v[KIND], "turn_context")) keep(c->model, sizeof c->model, &v[MODEL]);
    if (is_text(&v[EVENT], "thread_settings_applied")) keep(c->tier, sizeof c->tier, &v[TIER]);
    return HOOK_SKIP;
}

/* ---- totals ---- */
static int64_t size_of(const Seen *s) {
    return s->n[SEEN_INPUT] + s->n[SEEN_OUTPUT];
}

/* A total of the copied history: only where this session begins. */
static bool is_copied(Codex *c, int64_t ts_ms) {
    bool at_creation = ts_ms / MS_PER_SECOND <= c->created_ms / MS_PER_SECOND;
    if (!c->is_copy || !(at_creation || (c->copied_ms && ts_ms - c->copied_ms < COPY_GAP_MS))) return false;
    c->copied_ms = ts_ms;
    return true;
}

/* A little less than the total before: it was noted before, and written late. */
static bool is_stale(const Seen *total, const Seen *before) {
    return size_of(total) <= size_of(before) && size_of(total) * 100 >= size_of(before) * STALE_PERCENT;
}

/* What was used since the last total; false = nothing, or the total is older than the last. */
static bool advance(Codex *c, const Seen *total, const Seen *last, Seen *call) {
    Seen before = c->total;
    bool same = true, grew = !last || memcmp(total, last, sizeof *total) != 0; /* all that was used is the last call: it began anew */
    for (int i = 0; i < SEEN_COUNT; i++) {
        call->n[i] = total->n[i] - before.n[i];
        grew &= call->n[i] >= 0;
        same &= call->n[i] == 0;
    }
    if (c->has_total && same) return false;
    if (c->has_total && !grew && is_stale(total, &before)) return false;
    if (c->has_total && !grew) c->beginnings++;
    if (!c->has_total || !grew) *call = last ? *last : *total;
    c->total = *total;
    c->has_total = true;
    return true;
}

static void put_call(const Codex *c, const Seen *call, Draft *d) {
    d->counters[COUNT_INPUT] = call->n[SEEN_INPUT];
    d->counters[COUNT_CACHE_READ] = call->n[SEEN_CACHED];
    d->counters[COUNT_CACHE_WRITE] = call->n[SEEN_WRITTEN];
    d->counters[COUNT_OUTPUT] = call->n[SEEN_OUTPUT];
    d->counters[COUNT_REASONING] = call->n[SEEN_REASONING];
    if (!c->root) return; /* a file without its first line: by place */
    uint64_t own[SEEN_COUNT + 2] = {c->root, c->beginnings};
    for (int i = 0; i < SEEN_COUNT; i++) own[i + 2] = (uint64_t)c->total.n[i];
    d->request->id = hash64(own, sizeof own, codex_seed) | 1;
}

static HookResult count(Codex *c, const ScanValue *v, Draft *d, Err *e) {
    Seen total, last, call;
    int has_total = read_seen(v + TOTAL, &total, e), has_last = read_seen(v + LAST, &last, e);
    if (has_total < 0 || has_last < 0) return HOOK_BAD;
    if (!has_total && !has_last) return HOOK_SKIP;
    for (int i = 0; !has_total && i < SEEN_COUNT; i++) total.n[i] = c->total.n[i] + last.n[i];
    if (c->has_records || is_copied(c, d->request->ts_ms)) {
        c->total = total;
        c->has_total = true;
        return HOOK_SKIP;
    }
    if (!advance(c, &total, has_last ? &last : NULL, &call)) return HOOK_SKIP;
    put_call(c, &call, d);
    return HOOK_RECORD;
}

/* ---- all together ---- */
static void put_names(Codex *c, const ScanValue *v, Draft *d) {
    if (is_there(&v[COUNT_MODEL])) keep(c->model, sizeof c->model, &v[COUNT_MODEL]);
    d->name[DIM_MODEL] = str_of(c->model);
    d->name[DIM_PROVIDER] = str_of(c->provider);
    d->name[DIM_SESSION] = str_of(c->session);
    d->name[DIM_PROJECT] = str_of(c->folder);
    d->name[DIM_TIER] = str_of(c->tier);
}

static HookResult codex_record(void *state, const ScanValue *v, Draft *d, Err *e) {
    Codex *c = state;
    bool answer = is_text(&v[KIND], "token_usage_record") && is_there(&v[RESPONSE]);
    bool totals = is_text(&v[EVENT], "token_count");
    if (!answer && !totals) return name(c, d, v);
    if (answer) c->has_records = true;
    put_names(c, v, d);
    return answer ? HOOK_RECORD : count(c, v, d, e);
}

const Hook hook_codex = {.name = "codex", .state_size = sizeof(Codex), .paths = codex_paths, .record = codex_record};
