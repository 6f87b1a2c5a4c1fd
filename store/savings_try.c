/* savings_try: the dry run of a rule on the calls of the ledger: which would have gone another way, and what that costs less.
 * See savings_rule.h for R1 to R3. What the decision does not know (caches, rates) is played through in time. */
#include "store/keytable.h"
#include "store/money.h"
#include "store/policy_parts.h"
#include "store/savings.h"
#include "store/savings_rule.h"

__extension__ typedef unsigned __int128 Wide;
enum { PAIRS_MAX = 32, BYTES_PER_TOKEN = 4 };
#define MINUTE_MS INT64_C(60000)

typedef struct Window { int64_t minute, calls, before_calls, tokens, before_tokens; } Window; /* of one gateway */
typedef struct Pair { char from[NAME_MAX_BYTES + 1], to[NAME_MAX_BYTES + 1]; int64_t nano; } Pair;

typedef struct Trial {
    const SaveRule *rule;
    const json_t *match, *entry;    /* entry: the rule in `with`, of all calls */
    json_t *before, *with;
    Pricer *pricer;
    RuleEffect *out;
    Wide squares;
    KeyTable stored, gateways;      /* answers of the made-up cache; windows of the rates */
    int64_t *stored_ms;
    Window *window;
    size_t stored_cap, window_cap, pairs;
    Pair pair[PAIRS_MAX];
} Trial;

typedef struct Way { /* what becomes of a call */
    bool hit, refused;
    const char *model;
    int64_t tokens[TOK_COUNT], output_cut;
} Way;

static int64_t integer_of(const json_t *o, const char *key) {
    const json_t *v = json_object_get(o, key);
    return json_is_integer(v) ? json_integer_value(v) : 0;
}

static int64_t input_of(const Request *q) {
    const int64_t *t = q->tokens;
    return t[TOK_INPUT] + t[TOK_CACHE_READ] + t[TOK_CACHE_WRITE_5M] + t[TOK_CACHE_WRITE_1H] + t[TOK_AUDIO_INPUT];
}

/* A size and tools that the log does not tell: a usual guess, which the effect counts. */
static bool guess(const Trial *t, const RuleRow *r, PolicyCall *c) {
    bool bytes = json_object_get(t->match, "max_prompt_bytes") && c->prompt_bytes < 0, tools = json_object_get(t->match, "tools") && c->tools < 0;
    if (bytes) c->prompt_bytes = input_of(&r->row->r) * BYTES_PER_TOKEN;
    if (tools) c->tools = 0;
    return bytes || tools;
}

/* ---- limits and routes: the gateways' own decision, without the rule and with it ---- */
static bool decide(Trial *t, const RuleRow *r, const PolicyCall *c, PolicyDecision *with, Way *w) {
    PolicyDecision before;
    policy_decide(t->before, c, 0, &before);
    policy_decide(t->with, c, 0, with);
    w->refused = with->refuse && !before.refuse;
    if (w->refused) return true;
    bool routed = strcmp(with->model, before.model) != 0 && strcmp(with->model, r->name[DIM_MODEL]) != 0;
    if (routed) w->model = with->model;
    if (with->max_tokens >= 0 && with->max_tokens != before.max_tokens) w->output_cut = save_cut_output(w->tokens, with->max_tokens);
    return routed || w->output_cut;
}

/* ---- a cache, oldest call first ---- */
static const json_t *first_cache(const Trial *t, const PolicyCall *c) {
    const json_t *list = json_object_get(t->with, "cache");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (policy_rule_matches(json_array_get(list, i), c)) return json_array_get(list, i);
    return NULL;
}

/* Keyed as gateways do, by all that makes an answer and by who asks. */
static bool finds_answer(Trial *t, const RuleRow *r, const PolicyCall *c) {
    const Request *q = &r->row->r;
    int64_t ttl_ms = integer_of(t->entry, "ttl_seconds"), key[4] = {(int64_t)q->prompt_hash};
    ttl_ms = ttl_ms < INT64_MAX / 1000 ? ttl_ms * 1000 : INT64_MAX;
    if (q->prompt_hash == 0) {
        t->out->unhashed++;
        return false;
    }
    const char *parts[] = {c->model ? c->model : "", r->name[DIM_KEY], r->name[DIM_ENDPOINT]};
    for (int i = 0; i < 3; i++) key[i + 1] = (int64_t)hash64(parts[i], strlen(parts[i]), 0);
    bool is_new;
    uint32_t at = keytable_index(&t->stored, key, &is_new);
    if (at >= t->stored_cap) t->stored_ms = xrealloc(t->stored_ms, (t->stored_cap = t->stored_cap ? t->stored_cap * 2 : 1024) * sizeof *t->stored_ms);
    if (!is_new && q->ts_ms - t->stored_ms[at] < ttl_ms) return true;
    t->stored_ms[at] = q->ts_ms;
    return false;
}

/* ---- a rate: a window that slides, of each gateway ---- */
static Window *window_of(Trial *t, const RuleRow *r) {
    const char *gateway = r->name[DIM_GATEWAY];
    const int64_t key = (int64_t)(hash64(gateway, strlen(gateway), 0) >> 1), minute = r->row->r.ts_ms / MINUTE_MS;
    bool is_new;
    uint32_t at = keytable_index(&t->gateways, &key, &is_new);
    if (at >= t->window_cap) t->window = xrealloc(t->window, (t->window_cap = t->window_cap ? t->window_cap * 2 : 16) * sizeof *t->window);
    Window *w = &t->window[at];
    if (is_new) *w = (Window){.minute = minute};
    if (minute == w->minute) return w;
    bool next = minute == w->minute + 1;
    *w = (Window){.minute = minute, .before_calls = next ? w->calls : 0, .before_tokens = next ? w->tokens : 0};
    return w;
}

static bool over(int64_t now, int64_t before, int64_t ts_ms, int64_t most) {
    int64_t left_ms = MINUTE_MS - ts_ms % MINUTE_MS;
    return most > 0 && (Wide)now * MINUTE_MS + (Wide)before * (Wide)left_ms > (Wide)most * MINUTE_MS;
}

static bool is_too_much(Trial *t, const RuleRow *r) {
    const Request *q = &r->row->r;
    Window *w = window_of(t, r);
    int64_t tokens = input_of(q) + q->tokens[TOK_OUTPUT] + q->tokens[TOK_REASONING];
    if (over(w->calls + 1, w->before_calls, q->ts_ms, integer_of(t->entry, "requests_per_minute"))) return true;
    if (over(w->tokens + tokens, w->before_tokens, q->ts_ms, integer_of(t->entry, "tokens_per_minute"))) return true;
    w->calls++;
    w->tokens += tokens;
    return false;
}

/* ---- one call ---- */
/* true = it would go another way, whose model may stand in *with. */
static bool find_way(Trial *t, const RuleRow *r, PolicyCall *c, PolicyDecision *with, Way *w) {
    bool guessed = guess(t, r, c), other = decide(t, r, c, with, w);
    if (t->rule->kind != RULE_ROUTE && with->model[0]) c->model = with->model; /* what follows routing sees the model that is called */
    if (!policy_rule_matches(t->entry, c)) return false;
    t->out->matched += 1 + r->row->r.more_calls;
    t->out->guessed += guessed;
    if (t->rule->kind == RULE_CACHE) {
        bool streams = r->row->r.flags & REQ_STREAM, open = !streams && first_cache(t, c) == t->entry;
        t->out->streamed += streams;
        return w->hit = open && finds_answer(t, r, c);
    }
    if (t->rule->kind == RULE_RATE) return w->refused = is_too_much(t, r);
    return other;
}

static void add_pair(Trial *t, const char *from, const char *to, int64_t nano) {
    size_t i = 0;
    while (i < t->pairs && (strcmp(t->pair[i].from, from) != 0 || strcmp(t->pair[i].to, to) != 0)) i++;
    if (i == PAIRS_MAX) return;
    if (i == t->pairs) {
        snprintf(t->pair[i].from, sizeof t->pair[i].from, "%s", from);
        snprintf(t->pair[i].to, sizeof t->pair[i].to, "%s", to);
        t->pair[t->pairs++].nano = 0;
    }
    t->pair[i].nano = nano_add(t->pair[i].nano, nano);
}

static void add_example(RuleEffect *f, const RuleExample *x) {
    int64_t saved = x->before_nano - x->after_nano;
    size_t at = f->examples;
    while (at > 0 && f->example[at - 1].before_nano - f->example[at - 1].after_nano < saved) at--;
    if (at == RULE_EXAMPLES) return;
    if (f->examples < RULE_EXAMPLES) f->examples++;
    for (size_t i = f->examples - 1; i > at; i--) f->example[i] = f->example[i - 1];
    f->example[at] = *x;
}

static void count_change(Trial *t, const RuleRow *r, const Way *w, int64_t after) {
    RuleEffect *f = t->out;
    const Request *q = &r->row->r;
    int64_t saved = q->cost_nano - after;
    RuleExample x = {.key = r->row->key, .before_nano = q->cost_nano, .after_nano = after, .output_cut = w->output_cut};
    bool none = w->hit || w->refused;
    snprintf(x.model, sizeof x.model, "%s", none ? "" : w->model);
    f->changed += 1 + q->more_calls;
    f->refused += w->refused;
    f->hits += w->hit;
    f->cut_tokens += w->output_cut;
    f->before_nano = nano_add(f->before_nano, q->cost_nano);
    f->after_nano = nano_add(f->after_nano, after);
    const Wide size = (Wide)(saved < 0 ? -saved : saved);
    t->squares += size * size;
    add_pair(t, r->name[DIM_MODEL], x.model, saved > 0 ? saved : 0);
    add_example(f, &x);
}

static int try_row(void *ctx, const RuleRow *r, Err *e) {
    Trial *t = ctx;
    const Request *q = &r->row->r;
    PolicyCall c = rule_call(r);
    PolicyDecision with;
    Way w = {.model = r->name[DIM_MODEL]};
    int64_t now, after = 0;
    (void)e;
    memcpy(w.tokens, q->tokens, sizeof w.tokens);
    t->out->calls += 1 + q->more_calls;
    t->out->paid_nano = nano_add(t->out->paid_nano, q->cost_nano);
    if (q->outcome == OUTCOME_REFUSED || q->flags & REQ_CACHE_HIT || !find_way(t, r, &c, &with, &w)) return 0;
    if (q->flags & REQ_UNPRICED) return t->out->unpriced++, 0;
    if (!rule_price(t->pricer, r, r->name[DIM_MODEL], q->tokens, &now) || now != q->cost_nano) return t->out->repriced++, 0;
    if (!w.hit && !w.refused && !rule_price(t->pricer, r, w.model, w.tokens, &after)) return t->out->unpriced++, 0;
    count_change(t, r, &w, after);
    return 0;
}

/* ---- the whole ---- */
static void finish(Trial *t) {
    const Pair *best = NULL;
    t->out->saved_nano = t->out->before_nano - t->out->after_nano;
    t->out->root_nano = save_root(t->squares);
    for (size_t i = 0; i < t->pairs; i++)
        if (!best || t->pair[i].nano > best->nano) best = &t->pair[i];
    if (!best) return;
    memcpy(t->out->from_model, best->from, sizeof best->from);
    memcpy(t->out->to_model, best->to, sizeof best->to);
}

/* The policy as it is, but for what passes: a stop, an exhausted budget. And the same with the rule, for all its calls. */
static void make_policies(Trial *t, const json_t *policy) {
    SaveRule all = *t->rule;
    t->before = policy ? json_deep_copy(policy) : json_object();
    json_object_del(t->before, "kill_switch");
    json_object_del(t->before, "budgets");
    t->with = json_deep_copy(t->before);
    all.json = json_deep_copy(t->rule->json);
    save_rule_set_percent(&all, 100);
    save_rule_put(&all, t->with);
    json_decref(all.json);
    t->entry = save_rule_find(t->with, t->rule->kind, t->rule->id);
    t->match = json_object_get(t->entry, "match");
}

int save_rule_try(Db *db, const Book *b, const SaveRule *r, const RuleAsk *ask, RuleEffect *out, Err *e) {
    *out = (RuleEffect){.since_ms = ask->q->since_ms, .until_ms = ask->q->until_ms};
    Trial *t = xcalloc(1, sizeof *t);
    t->rule = r;
    t->out = out;
    t->pricer = pricer_new(b);
    t->stored.width = 4;
    t->gateways.width = 1;
    make_policies(t, ask->policy);
    int rc = rule_rows(db, ask->q, ask->max_calls ? ask->max_calls : RULE_CALLS_DEFAULT, &out->cut, &out->since_ms, try_row, t, e);
    finish(t);
    keytable_free(&t->stored);
    keytable_free(&t->gateways);
    free(t->stored_ms);
    free(t->window);
    json_decref(t->before);
    json_decref(t->with);
    pricer_free(t->pricer);
    free(t);
    return rc;
}

static int64_t part_of(int64_t n, int64_t part, int64_t whole) {
    __extension__ typedef __int128 Signed;
    return (int64_t)((Signed)n * part / whole);
}

/* Twice the standard deviation of a draw of that share: 2 x root(sum of squares) x root(p (1 - p)); of a sample, in which it is
 * drawn too what calls come: x root(p). */
RuleShare save_rule_share(const RuleEffect *f, int percent) {
    if (percent > 100) percent = 100;
    int left = f->cut ? 100 : 100 - percent;
    int64_t spread = save_root((Wide)(percent * left) * 1000000); /* of p in per cent, times 1,000 */
    return (RuleShare){part_of(f->changed, percent, 100), part_of(f->saved_nano, percent, 100), part_of(f->root_nano, 2 * spread, 100000)};
}

int64_t per_day(int64_t nano, int64_t since_ms, int64_t until_ms) {
    int64_t range = until_ms - since_ms;
    return range > 0 ? part_of(nano, MS_PER_DAY, range) : 0;
}
