/* parser_request: the values of one record as a request: names, times, counters, outcome, identity, price. */
#include "collectors/parser_impl.h"
#include "collectors/unwrap.h"

static const uint64_t upstream_seed = 0x75707374; /* one space of upstream ids for all formats: PERSISTENT */
static const uint64_t service_seed = 0x73657276;  /* and one of services: PERSISTENT */

/* ---- names ---- */
static NameMemo *memo_at(Parser *p, FieldId field, Str raw) {
    uint32_t last = (unsigned char)raw.at[raw.len - 1], middle = (unsigned char)raw.at[raw.len / 2];
    return &p->memo[field][((uint32_t)raw.len * 31 + last * 7 + middle) % MEMO_WAYS];
}

/* Whether the memo is of this text, and its index still means the name: the batch may have been emptied, or be another. */
static bool memo_holds(const NameMemo *m, const Source *s, Str raw, const Batch *b) {
    if (m->source != s || m->len != raw.len || memcmp(m->text, raw.at, raw.len) != 0) return false;
    Str name = batch_name_at(b, m->index);
    return name.len == m->name_len && memcmp(name.at, m->name, name.len) == 0;
}

static void memo_keep(NameMemo *m, const Source *s, Str raw, uint32_t index, const Batch *b) {
    Str name = batch_name_at(b, index);
    if (raw.len > MEMO_TEXT_MAX || name.len > MEMO_TEXT_MAX || name.len == 0) return;
    m->source = s;
    m->index = index;
    m->len = (uint8_t)raw.len;
    m->name_len = (uint8_t)name.len;
    memcpy(m->text, raw.at, raw.len);
    memcpy(m->name, name.at, name.len);
}

static uint32_t new_name(Batch *b, FieldId field, Str text) {
    char room[NAME_MAX_BYTES];
    if (field == FIELD_PROVIDER) text = provider_canonical(text);
    if (field == FIELD_ENDPOINT) text = (Str){room, route_template(text, room, sizeof room)};
    return batch_name(b, text.at, text.len);
}

/* The name of what one source has; 0 = it has nothing. */
static uint32_t source_name(Parser *p, FieldId field, const Source *s, const View *v) {
    Text text;
    Str raw = s->when ? (Str){"", 0} : raw_text(s, v);
    NameMemo *m = raw.len ? memo_at(p, field, raw) : NULL;
    if (m && memo_holds(m, s, raw, p->batch)) return m->index;
    if (!source_text(s, v, &text)) return 0;
    uint32_t index = new_name(p->batch, field, text.s);
    if (m) memo_keep(m, s, raw, index, p->batch);
    return index;
}

static uint32_t field_name(Parser *p, FieldId field, const View *v) {
    const Field *f = &p->f->fields[field];
    uint32_t index = 0;
    for (size_t i = 0; i < f->count && !index; i++) index = source_name(p, field, &f->alternatives[i], v);
    return index;
}

/* What the source's configuration says where the record says nothing. */
static const char *fallback(const Parser *p, int dim) {
    const ParseContext *c = &p->ctx;
    const char *text = dim == DIM_FEATURE ? c->feature : dim == DIM_TEAM ? c->team : dim == DIM_GATEWAY ? c->gateway : NULL;
    return text ? text : "";
}

static void put_account(Parser *p, Request *r) {
    const ParseContext *c = &p->ctx;
    Str provider = batch_name_at(p->batch, r->name[DIM_PROVIDER]), key = batch_name_at(p->batch, r->name[DIM_KEY]);
    if (c->account && c->account[0]) r->name[DIM_ACCOUNT] = batch_name(p->batch, c->account, strlen(c->account));
    if (r->name[DIM_ACCOUNT]) return;
    const char *mapped = c->account_of ? c->account_of(c->account_ctx, provider, key) : NULL;
    r->name[DIM_ACCOUNT] = mapped ? batch_name(p->batch, mapped, strlen(mapped)) : r->name[DIM_PROVIDER];
}

/* Stored only where somebody sent the call to another model. */
static uint32_t asked_name(Parser *p, const View *v, uint32_t model) {
    uint32_t asked = field_name(p, FIELD_ASKED, v);
    return asked && model && !model_answers(batch_name_at(p->batch, asked), batch_name_at(p->batch, model)) ? asked : 0;
}

static void put_names(Parser *p, const View *v, Request *r) {
    for (int i = 0; i < DIM_COUNT; i++) {
        const char *otherwise = fallback(p, i);
        r->name[i] = field_name(p, (FieldId)i, v);
        if (!r->name[i] && *otherwise) r->name[i] = batch_name(p->batch, otherwise, strlen(otherwise));
    }
    r->geo = field_name(p, FIELD_GEO, v);
    r->speed = field_name(p, FIELD_SPEED, v);
    r->asked = asked_name(p, v, r->name[DIM_MODEL]);
}

/* ---- numbers ---- */
/* A side fact that is not there or not readable is unknown, and no reason to lose the record. */
static int64_t number_or(const Parser *p, const View *v, FieldId field, int64_t unknown, int64_t max) {
    int64_t n;
    return field_int(&p->f->fields[field], v, &n) == 1 && n >= 0 && n <= max ? n : unknown;
}

static int32_t duration_or_unknown(const Parser *p, const View *v, FieldId field) {
    int64_t ms;
    return field_duration_ms(&p->f->fields[field], v, &ms) == 1 && ms >= 0 && ms <= INT32_MAX ? (int32_t)ms : -1;
}

static uint64_t hash_or_none(const Parser *p, const View *v, FieldId field) {
    Text text;
    return field_text(&p->f->fields[field], v, &text) ? hash64(text.s.at, text.s.len, 0) : 0;
}

static void put_numbers(const Parser *p, const View *v, Request *r) {
    r->latency_ms = duration_or_unknown(p, v, FIELD_LATENCY);
    r->ttft_ms = duration_or_unknown(p, v, FIELD_TTFT);
    r->status = (int16_t)number_or(p, v, FIELD_STATUS, 0, 999);
    r->web_searches = (int32_t)number_or(p, v, FIELD_WEB_SEARCHES, 0, 1000000);
    r->max_tokens = (int32_t)number_or(p, v, FIELD_MAX_TOKENS, -1, INT32_MAX);
    r->tools = (int32_t)number_or(p, v, FIELD_TOOLS, -1, 1000000);
    r->prompt_bytes = number_or(p, v, FIELD_PROMPT_BYTES, -1, INT64_MAX);
    r->prefix_bytes = number_or(p, v, FIELD_PREFIX_BYTES, 0, INT64_MAX);
    r->policy_generation = number_or(p, v, FIELD_GENERATION, 0, INT64_MAX);
    r->prompt_hash = hash_or_none(p, v, FIELD_PROMPT_HASH);
    r->prefix_hash = hash_or_none(p, v, FIELD_PREFIX_HASH);
}

/* 1 = the line's or the file's time stands in for the record's, and it says so. */
static int borrow_time(const Parser *p, Request *r) {
    r->ts_ms = unwrap_time(p->line);
    if (r->ts_ms <= 0) r->ts_ms = p->file_ms;
    r->flags |= REQ_TIME_BORROWED;
    return r->ts_ms > 0;
}

static int put_time(Parser *p, const View *v, Request *r) {
    int rc = field_time_ms(&p->f->fields[FIELD_TIME], v, &r->ts_ms);
    if (rc == 0 && p->f->time_of_log) rc = borrow_time(p, r);
    if (rc == 0) return fail(p->e, "it does not say when the call was; let its writer log a time (RFC 3339 or seconds since 1970)");
    if (rc < 0 || r->ts_ms <= 0) return fail(p->e, "the time is not one");
    if (p->f->time_is_end && r->latency_ms > 0) r->ts_ms -= r->latency_ms;
    return 0;
}

/* How many calls the record stands for; -1 more than the one: it stands for none. */
static int put_calls(Parser *p, const View *v, Request *r) {
    int64_t n;
    int rc = field_int(&p->f->fields[FIELD_REQUESTS], v, &n);
    if (rc < 0 || (rc && (n < 0 || n > REQUEST_CALLS_MAX))) return fail(p->e, "the count of requests is not a number from 0 to 10^9");
    r->more_calls = rc ? n - 1 : 0;
    return 0;
}

/* ---- counters ---- */
static int read_counters(Parser *p, const Shape *s, const View *v, int64_t out[COUNT_COUNT]) {
    for (int i = 0; i < COUNT_COUNT; i++) {
        int rc = field_int(&s->counters[i], v, &out[i]);
        if (rc == 0) out[i] = -1;
        if (rc < 0 || out[i] > REQUEST_TOKENS_MAX || out[i] < -1 || (rc == 1 && out[i] < 0))
            return fail(p->e, "the count of %s tokens is not a number from 0 to 10^12", format_counters[i]);
    }
    return 0;
}

/* The first shape that fits. No shape: no counters, which is not an error. */
static int find_counters(Parser *p, const View *v, Draft *d) {
    for (int i = 0; i < COUNT_COUNT; i++) d->counters[i] = -1;
    for (size_t i = 0; i < p->f->shape_count; i++) {
        const Shape *s = &p->f->shapes[i];
        if (s->when && !cond_holds(s->when, v->values)) continue;
        d->rule = s->rule;
        return read_counters(p, s, v, d->counters);
    }
    return 0;
}

static bool any_counter(const Draft *d) {
    for (int i = 0; i < COUNT_COUNT; i++)
        if (d->counters[i] >= 0) return true;
    return false;
}

/* ---- what became of it ---- */
static Outcome outcome_of(const Format *f, const View *v, int status) {
    if (f->refused && cond_holds(f->refused, v->values)) return OUTCOME_REFUSED;
    if (f->incomplete && cond_holds(f->incomplete, v->values)) return OUTCOME_INCOMPLETE;
    if (f->error && cond_holds(f->error, v->values)) return OUTCOME_ERROR;
    if (status == 499) return OUTCOME_INCOMPLETE; /* the client went away; the vendor bills what it had written */
    return status >= 400 ? OUTCOME_ERROR : OUTCOME_OK;
}

static void put_flags(const Format *f, const View *v, Request *r) {
    for (int i = 0; i < FLAGS_COUNT; i++)
        if (f->flags[i] && cond_holds(f->flags[i], v->values)) r->flags |= format_flags[i].bit;
}

/* ---- identity ---- */
/* All parts of one alternative, chained; false when one is not there. */
static bool chain(const Field *parts, const View *v, uint64_t *hash) {
    Text text;
    for (size_t i = 0; i < parts->count; i++) {
        if (!source_text(&parts->alternatives[i], v, &text)) return false;
        *hash = hash64(text.s.at, text.s.len, *hash);
    }
    return parts->count > 0;
}

/* Whether the one part of it is what the upstream id is. */
static bool is_upstream(const Field *parts, const View *v, uint64_t upstream) {
    uint64_t hash = upstream_seed;
    return upstream && parts->count == 1 && chain(parts, v, &hash) && hash == upstream;
}

static uint64_t identity(const Parser *p, const View *v, uint64_t upstream) {
    const Identity *id = &p->f->id;
    for (size_t i = 0; i < id->count; i++) {
        uint64_t hash = p->namespace;
        if (p->f->class == CLASS_TRANSCRIPT && is_upstream(&id->parts[i], v, upstream)) return transcript_id(upstream);
        if (chain(&id->parts[i], v, &hash)) return hash ? hash : 1;
    }
    uint64_t place[3] = {p->ctx.fingerprint, p->offset, p->element - 1};
    uint64_t hash = hash64(place, sizeof place, p->namespace);
    return hash ? hash : 1;
}

/* Telemetry that names no service is of the one without a name. */
static uint64_t also_of(const Format *f, const View *v) {
    const bool service = f->class != CLASS_TRANSCRIPT;
    Text text = {.s = {"", 0}};
    if (!f->also.count || (!field_text(&f->also, v, &text) && !service)) return 0;
    return service ? hash64(text.s.at, text.s.len, service_seed) | 1 : hash64(text.s.at, text.s.len, upstream_seed);
}

static void put_identity(Parser *p, const View *v, Str answer, Request *r) {
    Text text;
    if (answer.len) {
        r->upstream = hash64(answer.at, answer.len, upstream_seed);
        r->id = hash64(answer.at, answer.len, p->namespace);
    }
    if (!r->upstream && field_text(&p->f->upstream, v, &text)) r->upstream = hash64(text.s.at, text.s.len, upstream_seed);
    if (r->id == 0) r->id = identity(p, v, r->upstream);
    r->also = also_of(p->f, v);
    r->offset = p->offset;
    r->length = p->length;
    r->source_class = (uint8_t)p->f->class;
    r->replay = (uint8_t)p->f->replay;
    r->origin = p->ctx.notional ? ORIGIN_NOTIONAL : ORIGIN_METERED;
}

/* ---- all together ---- */
static HookResult run_hook(Parser *p, const ScanValue *values, Draft *d) {
    const Hook *h = p->f->hook;
    if (!h) return HOOK_RECORD;
    HookResult result = h->record(p->state, values + p->f->hook_first, d, p->e);
    for (int i = 0; result == HOOK_RECORD && i < FIELD_NAMES; i++) {
        if (d->name[i].len == 0) continue;
        uint32_t *to = i < DIM_COUNT ? &d->request->name[i] : i == FIELD_GEO ? &d->request->geo : i == FIELD_SPEED ? &d->request->speed : &d->request->asked;
        *to = new_name(p->batch, (FieldId)i, d->name[i]);
    }
    return result;
}

static void settle(Parser *p, const Draft *d, Request *r) {
    bool billed = (r->outcome == OUTCOME_OK || r->outcome == OUTCOME_INCOMPLETE) && !(r->flags & REQ_CACHE_HIT);
    if (any_counter(d))
        tokens_settle(&d->rule, d->counters, batch_name_at(p->batch, r->name[DIM_MODEL]), r);
    else
        r->flags |= REQ_USAGE_MISSING;
    if (!billed) r->flags &= ~(uint32_t)REQ_USAGE_MISSING; /* nothing is owed, so nothing is missing */
    if (p->pricer)
        pricer_price(p->pricer, p->batch, r);
    else
        r->flags |= REQ_UNPRICED;
}

int parser_request(Parser *p, const ScanValue *values) {
    const Format *f = p->f;
    View v = {values, p->ctx.path ? p->ctx.path : ""};
    if (p->element++ < p->resume) return REQUEST_DONE;
    if (f->skip && cond_holds(f->skip, values)) return REQUEST_DONE;
    Request *r = batch_add(p->batch);
    if (!r) return p->element--, REQUEST_FULL;
    Draft d = {.request = r};
    put_names(p, &v, r);
    put_numbers(p, &v, r);
    if (put_time(p, &v, r) != 0 || put_calls(p, &v, r) != 0 || find_counters(p, &v, &d) != 0) return REQUEST_BAD;
    put_flags(f, &v, r);
    r->outcome = (uint8_t)outcome_of(f, &v, r->status);
    HookResult hook = run_hook(p, values, &d);
    if (hook == HOOK_RECORD && r->more_calls < 0) hook = HOOK_SKIP;
    if (hook == HOOK_SKIP) batch_undo(p->batch);
    if (hook != HOOK_RECORD) return hook == HOOK_BAD ? REQUEST_BAD : REQUEST_DONE;
    put_account(p, r);
    settle(p, &d, r);
    put_identity(p, &v, d.answer, r);
    return REQUEST_DONE;
}
