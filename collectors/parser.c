/* parser: from the values that a scan found to priced requests in a batch. One per file, one thread. See format.h.
 *
 * Names go into the batch through a memo per field: most records repeat the text of the one before.
 */
#include "collectors/format_parts.h"
#include "collectors/usage.h"
#include "store/clock.h"

typedef struct Memo { /* the text a field had last, and its index in the batch that is being filled */
    char text[NAME_MAX_BYTES];
    size_t len;
    uint32_t index;
} Memo;

struct Parser {
    const Format *f;
    const ParseContext *ctx;
    Scan *scan;
    Pricer *pricer;
    Memo memo[F_COUNT];
    const Batch *memo_batch;
    size_t memo_names;
    char project[NAME_MAX_BYTES + 1];
    /* the record at hand */
    Batch *batch;
    const char *text;
    size_t len;
    uint64_t offset;
    uint32_t length;
    size_t element;
    bool full, any;
    const char *bad;
};

enum { SEED_UPSTREAM = 77 }; /* upstream ids are one space for all formats */

Parser *parser_new(const Format *f, const ParseContext *ctx) {
    Parser *p = xcalloc(1, sizeof *p);
    p->f = f, p->ctx = ctx;
    p->scan = scan_new(f->plan);
    p->pricer = pricer_new(ctx->book);
    const char *folder = f->field[F_PROJECT].after, *at = *folder && ctx->path ? strstr(ctx->path, folder) : NULL;
    if (at) snprintf(p->project, sizeof p->project, "%.*s", (int)strcspn(at + strlen(folder), "/"), at + strlen(folder));
    return p;
}

void parser_free(Parser *p) {
    if (!p) return;
    scan_free(p->scan);
    pricer_free(p->pricer);
    free(p);
}

uint32_t parser_state(const Parser *p, uint8_t out[FILE_STATE_MAX]) {
    (void)p, (void)out;
    return 0;
}

int parser_restore(Parser *p, const uint8_t *state, uint32_t len, Err *e) {
    (void)p, (void)state;
    return len == 0 ? 0 : fail(e, "the ledger keeps a reading state that this format has none of");
}

/* ---- values ---- */

static const ScanValue *found(const Parser *p, const ScanValue *v, Field f) {
    const FieldRule *r = &p->f->field[f];
    for (int i = 0; i < r->count; i++) {
        const ScanValue *at = &v[r->path[i]];
        bool empty = at->type == SCAN_STRING && at->text.len == 0;
        if (at->type != SCAN_MISSING && at->type != SCAN_NULL && !empty) return at;
    }
    return NULL;
}

/* Text of a value: a string unescaped, a number or word as it stands. */
static Str text_of(const ScanValue *v, char *room, size_t size) {
    if (!v || v->type == SCAN_OBJECT || v->type == SCAN_ARRAY) return (Str){"", 0};
    if (v->type != SCAN_STRING || !v->escaped) return v->text;
    return (Str){room, scan_unescape(v->text, room, size)};
}

static Str mapped(const Format *f, Field field, Str s) {
    for (size_t i = 0; i < f->map_count; i++)
        if (f->map[i].field == field && str_is(s, f->map[i].from)) return str_of(f->map[i].to);
    return s;
}

static Str field_text(const Parser *p, const ScanValue *v, Field f, char *room, size_t size) {
    Str s = mapped(p->f, f, text_of(found(p, v, f), room, size));
    return s.len ? s : str_of(p->f->field[f].fallback);
}

/* A counter, by the field's rule; -1 = not in the record. A counter that is no sane number makes the record bad. */
static int64_t number(Parser *p, const ScanValue *v, Field f) {
    const FieldRule *r = &p->f->field[f];
    int64_t best = -1, n;
    for (int i = 0; i < r->count; i++) {
        const ScanValue *at = &v[r->path[i]];
        if (at->type == SCAN_MISSING || at->type == SCAN_NULL || (at->type == SCAN_STRING && at->text.len == 0)) continue;
        if (scan_decimal(at, 0, &n) != 0 || n < 0 || n > REQUEST_TOKENS_MAX) {
            p->bad = field_names[f];
            continue;
        }
        if (r->pick == PICK_FIRST) return n;
        best = best < 0 ? n : r->pick == PICK_SUM ? best + n : n > best ? n : best;
    }
    return best;
}

static bool truth(const Parser *p, const ScanValue *v, Field f) {
    static const char *const yes[] = {"true", "True", "TRUE", "1", "hit", "Hit", "HIT", "yes"};
    char room[16];
    Str s = text_of(found(p, v, f), room, sizeof room);
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (str_is(s, yes[i])) return true;
    return false;
}

/* An instant: RFC 3339, or an epoch number of any unit, with a fraction or not. */
static bool instant(const Parser *p, const ScanValue *v, Field f, int64_t *out) {
    const ScanValue *at = found(p, v, f);
    int64_t n;
    if (!at) return false;
    if (at->type == SCAN_STRING && time_parse_rfc3339(at->text.at, at->text.len, out) == 0) return true;
    if (scan_decimal(at, 0, &n) != 0 || n <= 0) return false;
    *out = time_from_epoch(n);
    /* Seconds with a fraction keep their milliseconds. */
    return n >= INT64_C(100000000000) || scan_decimal(at, 3, out) == 0;
}

static int32_t duration(const Parser *p, const ScanValue *v, Field f) {
    const ScanValue *at = found(p, v, f);
    int64_t ms;
    if (!at || scan_decimal(at, p->f->field[f].scale, &ms) != 0 || ms < 0 || ms > INT32_MAX) return -1;
    return (int32_t)ms;
}

/* ---- names ---- */

static uint32_t intern(Parser *p, Field f, Str s) {
    Memo *m = &p->memo[f];
    if (s.len == 0) return 0;
    if (s.len == m->len && m->len && memcmp(m->text, s.at, s.len) == 0) return m->index;
    uint32_t index = batch_name(p->batch, s.at, s.len);
    if (s.len <= sizeof m->text) {
        memcpy(m->text, s.at, s.len);
        m->len = s.len, m->index = index;
    }
    return index;
}

/* A path's variable parts become {id}, so that /v1/threads/abc123/runs is one endpoint; the query is left out. */
static Str endpoint_template(Str s, char *room, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < s.len && s.at[i] != '?' && n + 5 < size;) {
        size_t part = 1, digits = 0;
        while (i + part < s.len && s.at[i + part] != '/' && s.at[i + part] != '?') {
            digits += s.at[i + part] >= '0' && s.at[i + part] <= '9';
            part++;
        }
        bool id = s.at[i] == '/' && ((digits >= 4 && part > 8) || (digits == part - 1 && digits > 0));
        if (id) memcpy(room + n, "/{id}", 5), n += 5;
        for (size_t j = 0; !id && j < part && n < size; j++) room[n++] = s.at[i + j];
        i += part;
    }
    return (Str){room, n};
}

static void names(Parser *p, const ScanValue *v, Request *r) {
    const ParseContext *c = p->ctx;
    const char *const given[DIM_COUNT] = {[DIM_FEATURE] = c->feature, [DIM_TEAM] = c->team, [DIM_GATEWAY] = c->gateway,
                                          [DIM_PROJECT] = p->project};
    char room[512], template[NAME_MAX_BYTES];
    for (int d = 0; d < DIM_COUNT; d++) {
        if (d == DIM_ACCOUNT) continue;
        Str s = field_text(p, v, (Field)d, room, sizeof room);
        if (d == DIM_PROVIDER) s = provider_canonical(s);
        if (d == DIM_ENDPOINT) s = endpoint_template(s, template, sizeof template);
        if (s.len == 0 && given[d]) s = str_of(given[d]);
        r->name[d] = intern(p, (Field)d, s);
    }
    Str provider = batch_name_at(p->batch, r->name[DIM_PROVIDER]), key = batch_name_at(p->batch, r->name[DIM_KEY]);
    const char *account = c->account && *c->account ? c->account : c->account_of ? c->account_of(c->account_ctx, provider, key) : NULL;
    r->name[DIM_ACCOUNT] = intern(p, F_ACCOUNT, account ? str_of(account) : provider);
    r->geo = intern(p, F_GEO, field_text(p, v, F_GEO, room, sizeof room));
    r->speed = intern(p, F_SPEED, field_text(p, v, F_SPEED, room, sizeof room));
}

/* ---- identity ---- */

static uint64_t text_hash(const Parser *p, const ScanValue *v, Field f, uint64_t seed) {
    char room[512];
    Str s = text_of(found(p, v, f), room, sizeof room);
    return s.len ? hash64(s.at, s.len, seed) | 1 : 0;
}

static void identity(Parser *p, const ScanValue *v, Request *r) {
    uint64_t namespace = hash64(p->f->name, strlen(p->f->name), 1);
    r->id = text_hash(p, v, F_ID, namespace);
    r->upstream = text_hash(p, v, F_UPSTREAM, SEED_UPSTREAM);
    if (r->id) return;
    /* No id: where it stands in which file. The content too, since two files may begin with one line. */
    uint64_t place[4] = {p->ctx->fingerprint, p->offset, p->element, hash64(p->text, p->len, namespace)};
    r->id = hash64(place, sizeof place, namespace) | 1;
}

/* ---- the request ---- */

static void times(Parser *p, const ScanValue *v, Request *r) {
    int64_t end, first;
    if (!instant(p, v, F_TIME, &r->ts_ms)) p->bad = "time";
    r->latency_ms = duration(p, v, F_LATENCY);
    r->ttft_ms = duration(p, v, F_TTFT);
    if (r->latency_ms < 0 && instant(p, v, F_END, &end) && end >= r->ts_ms && end - r->ts_ms < INT32_MAX)
        r->latency_ms = (int32_t)(end - r->ts_ms);
    if (p->f->time_is_end && r->latency_ms > 0) r->ts_ms -= r->latency_ms;
    bool stream = (r->flags & REQ_STREAM) != 0;
    if (stream && r->ttft_ms < 0 && instant(p, v, F_FIRST_TOKEN, &first) && first >= r->ts_ms && first - r->ts_ms < INT32_MAX)
        r->ttft_ms = (int32_t)(first - r->ts_ms);
}

static void counters(Parser *p, const ScanValue *v, Request *r) {
    Counters c = {.input = number(p, v, F_INPUT), .output = number(p, v, F_OUTPUT), .total = number(p, v, F_TOTAL),
                  .cache_read = number(p, v, F_CACHE_READ), .cache_write = number(p, v, F_CACHE_WRITE),
                  .cache_write_5m = number(p, v, F_CACHE_WRITE_5M), .cache_write_1h = number(p, v, F_CACHE_WRITE_1H),
                  .reasoning = number(p, v, F_REASONING), .audio_input = number(p, v, F_AUDIO_INPUT),
                  .tool = number(p, v, F_TOOL_INPUT), .input_has_cache = p->f->input_has_cache,
                  .output_has_reasoning = p->f->output_has_reasoning};
    for (size_t i = 0; i < p->f->apart_count; i++)
        if (v[p->f->apart[i]].type != SCAN_MISSING) c.input_has_cache = false;
    usage_to_buckets(c, r);
    int64_t searches = number(p, v, F_WEB_SEARCHES);
    r->web_searches = searches > 0 && searches < INT32_MAX ? (int32_t)searches : 0;
}

static void outcome(Parser *p, const ScanValue *v, Request *r) {
    char room[64];
    int64_t status = number(p, v, F_STATUS);
    r->status = status > 0 && status < 1000 ? (int16_t)status : 0;
    Str text = text_of(found(p, v, F_STATUS_TEXT), room, sizeof room);
    bool error = r->status >= 400;
    for (size_t i = 0; i < p->f->error_count; i++) error |= str_is(text, p->f->errors[i]);
    r->outcome = error ? OUTCOME_ERROR : OUTCOME_OK;
    if (r->status == 499) r->outcome = OUTCOME_INCOMPLETE; /* the client left; what was generated is billed all the same */
    const ScanValue *refused = found(p, v, F_REFUSED);
    if (refused && refused->type != SCAN_FALSE) r->outcome = OUTCOME_REFUSED;
    Str usage = text_of(found(p, v, F_USAGE_STATE), room, sizeof room);
    if (str_is(usage, "missing")) r->flags |= REQ_USAGE_MISSING;
    if (str_is(usage, "estimated")) r->flags |= REQ_USAGE_ESTIMATED;
}

static void flags(Parser *p, const ScanValue *v, Request *r) {
    if (truth(p, v, F_STREAM)) r->flags |= REQ_STREAM;
    if (truth(p, v, F_CACHE_HIT)) r->flags |= REQ_CACHE_HIT;
    if (truth(p, v, F_SIDECHAIN)) r->flags |= REQ_SIDECHAIN;
    if (truth(p, v, F_BATCH)) r->flags |= REQ_BATCH;
    r->source_class = (uint8_t)p->f->source_class;
    r->replay = (uint8_t)p->f->replay;
    r->origin = p->ctx->notional ? ORIGIN_NOTIONAL : ORIGIN_METERED;
}

static int32_t small(int64_t n) {
    return n < 0 || n > INT32_MAX ? -1 : (int32_t)n;
}

static void hints(Parser *p, const ScanValue *v, Request *r) {
    r->max_tokens = small(number(p, v, F_MAX_TOKENS));
    r->tools = small(number(p, v, F_TOOLS));
    r->prompt_bytes = number(p, v, F_PROMPT_BYTES);
    r->prompt_hash = text_hash(p, v, F_PROMPT_HASH, 1);
    r->prefix_hash = text_hash(p, v, F_PREFIX_HASH, 1);
    int64_t bytes = number(p, v, F_PREFIX_BYTES), generation = number(p, v, F_POLICY_GENERATION);
    r->prefix_bytes = bytes > 0 ? bytes : 0;
    r->policy_generation = generation > 0 ? generation : 0;
}

bool format_condition_skips(const Format *f, const ScanValue *v) {
    char room[64];
    for (size_t i = 0; i < f->condition_count; i++) {
        const Condition *c = &f->condition[i];
        Str s = text_of(&v[c->path], room, sizeof room);
        bool listed = false;
        for (size_t w = 0; w < c->count; w++) listed |= str_is(s, c->word[w]);
        if (listed != c->unless) return true;
    }
    return false;
}

static bool needed(const Format *f, const ScanValue *v) {
    for (size_t i = 0; i < f->need_count; i++)
        if (v[f->need[i]].type != SCAN_MISSING && v[f->need[i]].type != SCAN_NULL) return true;
    return f->need_count == 0;
}

/* One element of a record. 1 stops the scan: the batch is full. */
static int on_values(void *ctx, const ScanValue *v) {
    Parser *p = ctx;
    p->element++;
    if (format_condition_skips(p->f, v) || !needed(p->f, v)) return 0;
    Request *r = batch_add(p->batch);
    if (!r) return p->full = true, 1;
    p->any = true;
    p->bad = NULL;
    r->offset = p->offset, r->length = p->length;
    flags(p, v, r);
    times(p, v, r);
    counters(p, v, r);
    outcome(p, v, r);
    names(p, v, r);
    identity(p, v, r);
    hints(p, v, r);
    if (!p->bad) return pricer_price(p->pricer, p->batch, r), 0;
    batch_undo(p->batch);
    return 2;
}

ParseResult parser_record(Parser *p, const char *text, size_t len, uint64_t offset, uint32_t length, Batch *b, Err *e) {
    size_t before = batch_count(b);
    if (p->memo_batch != b || batch_names(b) < p->memo_names) memset(p->memo, 0, sizeof p->memo); /* another batch's indices */
    p->batch = b, p->memo_batch = b;
    p->text = text, p->len = len, p->offset = offset, p->length = length;
    p->element = 0, p->full = p->any = false, p->bad = NULL;
    int rc = scan_line(p->scan, text, len, on_values, p, e);
    p->memo_names = batch_names(b);
    if (rc == 0) return p->any ? PARSE_OK : PARSE_SKIPPED;
    while (batch_count(b) > before) batch_undo(b); /* a record counts whole or not at all */
    if (p->full) return PARSE_FULL;
    if (p->bad) fail(e, "%s is missing or no sane value", p->bad);
    return PARSE_BAD;
}
