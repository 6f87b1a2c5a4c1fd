/* savings_facts: what a what-if is, chosen from a survey of calls and the book: what a kind may be routed to, what length of an
 * answer is usual, which features can wait. Owns: these choices. Does not: price a call, or say what a choice saves: that is
 * summed over all calls, so a survey is enough to choose by. */
#include "store/clock.h"
#include "store/money.h"
#include "store/policy_parts.h"
#include "store/savings_parts.h"

enum { MODELS_MAX = 256, WAIT_HOURS = 6, WAIT_PERCENT = 95, TIMES = 2, EXCESS_LEAST = 8, LIMITS_MAX = 256 };

typedef struct Model { const char *provider, *name; SaveClass price_class; int64_t calls, nano; } Model;
typedef struct Pattern { int64_t calls, hour[24], first_day, last_day; bool streams; } Pattern; /* of a feature */
typedef struct Typical { int64_t limit, calls, least; bool any_hash, caches; } Typical;            /* of a feature on a model */
typedef struct Limit { uint32_t group; int64_t max_tokens, over, answers; SaveWide squares; } Limit; /* met by answers; longer ones of the group */

struct SaveFacts {
    const Book *book;
    const SaveAsk *ask;
    Model model[MODELS_MAX];
    size_t models;
    KeyTable features, groups; /* by hash; by both hashes */
    Pattern *pattern;
    Typical *group;
    Limit limit[LIMITS_MAX];
    size_t limits;
};

/* ---- models ---- */
static const PriceRow *row_of(const Book *b, const SaveKind *k, int64_t ts_ms) {
    const Usage u = {.provider = str_of(k->provider), .model = str_of(k->model), .ts_ms = ts_ms};
    Cost cost;
    cost_of(b, &u, &cost);
    return cost.row;
}

static Model *model_at(SaveFacts *f, const SaveKind *k, int64_t ts_ms) {
    for (size_t i = 0; i < f->models; i++)
        if (strcmp(f->model[i].name, k->model) == 0 && strcmp(f->model[i].provider, k->provider) == 0) return &f->model[i];
    if (f->models == MODELS_MAX) return NULL;
    const PriceRow *row = row_of(f->book, k, ts_ms);
    f->model[f->models] = (Model){.provider = k->provider, .name = k->model, .price_class = tier_of(f->ask->tiers, k->model, row)};
    return &f->model[f->models++];
}

/* The most used economy model of the provider, else the most used standard one: what already answers calls here. */
static const char *cheaper_than(const SaveFacts *f, const SaveKind *k) {
    const Model *best = NULL;
    for (size_t i = 0; i < f->models; i++) {
        const Model *a = &f->model[i];
        if (strcmp(a->provider, k->provider) != 0 || (a->price_class != CLASS_ECONOMY && a->price_class != CLASS_STANDARD)) continue;
        if (!best || a->price_class < best->price_class || (a->price_class == best->price_class && a->calls > best->calls)) best = a;
    }
    return best ? best->name : NULL;
}

static const char *dearest(const SaveFacts *f, const SaveKind *k) {
    const Model *best = NULL;
    for (size_t i = 0; i < f->models; i++) {
        const Model *a = &f->model[i];
        if (strcmp(a->provider, k->provider) == 0 && a->price_class == CLASS_PREMIUM && (!best || a->nano > best->nano)) best = a;
    }
    return best ? best->name : NULL;
}

/* ---- features that can wait ---- */
static void add_pattern(Pattern *p, const SaveCall *c, int64_t n) {
    int64_t day = c->ts_ms / MS_PER_DAY;
    if (p->calls == 0) p->first_day = p->last_day = day;
    p->calls += n;
    if (day < p->first_day) p->first_day = day;
    if (day > p->last_day) p->last_day = day;
    p->hour[c->ts_ms / MS_PER_HOUR % 24] += n;
    p->streams = p->streams || c->flags & REQ_STREAM;
}

/* A job of the night: many calls, none streamed, nearly all in a few hours of the day, on more than one day. */
static bool is_job(const Pattern *p) {
    int64_t most = 0;
    if (p->calls < SAVE_LEAST_CALLS || p->streams || p->first_day == p->last_day) return false;
    for (int from = 0; from < 24; from++) {
        int64_t n = 0;
        for (int h = 0; h < WAIT_HOURS; h++) n += p->hour[(from + h) % 24];
        if (n > most) most = n;
    }
    return most * 100 >= p->calls * WAIT_PERCENT;
}

static bool is_named(const char *list, const char *feature) {
    size_t len = strlen(feature), word;
    for (; *(list += strspn(list, " ,")); list += word) {
        word = strcspn(list, " ,");
        if (word == len && memcmp(list, feature, len) == 0) return true;
    }
    return false;
}

/* ---- what is usual for a feature on a model ---- */
typedef struct Output { uint32_t group; int64_t tokens; } Output;

static int by_group(const void *a, const void *b) {
    const Output *x = a, *y = b;
    if (x->group != y->group) return (x->group > y->group) - (x->group < y->group);
    return (x->tokens > y->tokens) - (x->tokens < y->tokens);
}

static bool is_answer(const SaveCall *c) {
    return c->outcome == OUTCOME_OK && !(c->flags & (REQ_CACHE_HIT | REQ_UNPRICED)) && c->more_calls == 0;
}

static bool is_cut(const SaveCall *c) { return c->max_tokens > 0 && call_output(c->tokens) >= c->max_tokens; }

/* Twice the median. */
static void find_limits(SaveFacts *f, Output *all, size_t n) {
    if (n) qsort(all, n, sizeof *all, by_group);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from; to < n && all[to].group == all[from].group; to++) {}
        int64_t limit = all[from + (to - from) / 2].tokens * TIMES;
        if (to - from >= SAVE_LEAST_CALLS && limit > 0) f->group[all[from].group].limit = limit;
    }
}

static Limit *limit_at(SaveFacts *f, uint32_t group, int64_t max_tokens) {
    for (size_t i = 0; i < f->limits; i++)
        if (f->limit[i].group == group && f->limit[i].max_tokens == max_tokens) return &f->limit[i];
    if (f->limits == LIMITS_MAX) return NULL;
    f->limit[f->limits] = (Limit){.group = group, .max_tokens = max_tokens};
    return &f->limit[f->limits++];
}

/* How far whole answers of the same group go beyond a limit that cut others. */
static void add_beyond(SaveFacts *f, uint32_t group, const SaveCall *c) {
    for (size_t i = 0; i < f->limits; i++) {
        Limit *l = &f->limit[i];
        if (l->group != group || is_cut(c) || call_output(c->tokens) <= l->max_tokens) continue;
        int64_t over = call_output(c->tokens) - l->max_tokens;
        l->over += over;
        l->squares += (SaveWide)over * (SaveWide)over;
        l->answers++;
    }
}

int64_t save_excess(const SaveFacts *f, uint32_t group, int64_t max_tokens) {
    for (size_t i = 0; i < f->limits; i++) {
        const Limit *l = &f->limit[i];
        if (l->group == group && l->max_tokens == max_tokens && l->answers >= EXCESS_LEAST) return l->over / l->answers;
    }
    return -1;
}

ExcessSpread save_excess_spread(const SaveFacts *f, uint32_t group) {
    ExcessSpread widest = {0};
    for (size_t i = 0; i < f->limits; i++) {
        const Limit *l = &f->limit[i];
        if (l->group != group || l->answers < EXCESS_LEAST) continue;
        SaveWide mean = (SaveWide)(l->over / l->answers), square = l->squares / (uint64_t)l->answers;
        int64_t apart = square > mean * mean ? save_root(square - mean * mean) : 0, permille = apart > INT64_MAX / 1000 ? INT64_MAX / 1000 : apart * 1000 / (int64_t)(mean ? mean : 1);
        if (widest.answers == 0 || permille > widest.permille) widest = (ExcessSpread){permille, l->answers};
    }
    return widest;
}

static void add_group(Typical *g, const SaveCall *c) {
    int64_t in = c->tokens[TOK_INPUT];
    if (c->outcome != OUTCOME_OK || c->flags & REQ_CACHE_HIT) return;
    if (g->calls++ == 0 || in < g->least) g->least = in;
    g->any_hash = g->any_hash || c->prefix_hash;
    g->caches = g->caches || c->tokens[TOK_CACHE_READ] > 0;
}

/* ---- the survey ---- */
typedef struct Names { uint32_t feature, group; Model *model; } Names; /* of a kind of the survey */

static Names *name_kinds(SaveFacts *f, const SaveSample *s) {
    Names *of = xcalloc(s->kinds + 1, sizeof *of);
    for (size_t k = 0; k < s->kinds; k++) {
        const SaveKind *kind = &s->kind[k];
        const int64_t feature = (int64_t)(hash64(kind->feature, strlen(kind->feature), 0) >> 1), both[2] = {feature, (int64_t)hash64(kind->model, strlen(kind->model), 0)};
        bool is_new;
        of[k].feature = keytable_index(&f->features, &feature, &is_new);
        of[k].group = keytable_index(&f->groups, both, &is_new);
    }
    f->pattern = xcalloc(f->features.count + 1, sizeof *f->pattern);
    f->group = xcalloc(f->groups.count + 1, sizeof *f->group);
    for (size_t g = 0; g < f->groups.count; g++) f->group[g].limit = INT64_MAX;
    return of;
}

static void look_at(SaveFacts *f, const SaveSample *s, Names *of) {
    Output *outputs = xcalloc(s->count + 1, sizeof *outputs);
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        const SaveCall *c = &s->call[i];
        Names *k = &of[c->kind];
        int64_t times = c->stands_for ? c->stands_for : 1;
        if (!k->model) k->model = model_at(f, &s->kind[c->kind], c->ts_ms);
        if (k->model) k->model->calls += times, k->model->nano = nano_add(k->model->nano, c->cost_nano);
        add_pattern(&f->pattern[k->feature], c, times);
        add_group(&f->group[k->group], c);
        if (is_answer(c)) outputs[n++] = (Output){k->group, call_output(c->tokens)};
        if (is_answer(c) && is_cut(c)) limit_at(f, k->group, c->max_tokens);
    }
    find_limits(f, outputs, n);
    for (size_t i = 0; f->limits && i < s->count; i++)
        if (is_answer(&s->call[i])) add_beyond(f, of[s->call[i].kind].group, &s->call[i]);
    free(outputs);
}

SaveFacts *save_facts_new(const Book *b, const SaveAsk *ask, const SaveSample *survey) {
    SaveFacts *f = xcalloc(1, sizeof *f);
    f->book = b;
    f->ask = ask;
    f->features.width = 1;
    f->groups.width = 2;
    Names *of = name_kinds(f, survey);
    look_at(f, survey, of);
    free(of);
    return f;
}

void save_facts_free(SaveFacts *f) {
    if (!f) return;
    keytable_free(&f->features);
    keytable_free(&f->groups);
    free(f->pattern);
    free(f->group);
    free(f);
}

/* ---- of a kind ---- */
/* The policy's first cache rule that can match it; what a rule asks of single calls is taken to hold. */
static int64_t policy_ttl_ms(const json_t *policy, const SaveKind *k) {
    const json_t *list = json_object_get(policy, "cache");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *rule = json_array_get(list, i), *match = json_object_get(rule, "match"), *ttl = json_object_get(rule, "ttl_seconds");
        const PolicyCall c = {.feature = save_given(k->feature) ? k->feature : NULL, .model = k->model, .provider = save_given(k->provider) ? k->provider : NULL,
                              .endpoint = save_given(k->endpoint) ? k->endpoint : NULL, .request_id = "", .tools = json_is_true(json_object_get(match, "tools"))};
        if (policy_rule_matches(rule, &c) && json_is_integer(ttl)) return json_integer_value(ttl) < INT64_MAX / 1000 ? json_integer_value(ttl) * 1000 : INT64_MAX;
    }
    return 0;
}

static void from_book(KindFacts *k, const PriceRow *row) {
    const char *min = price_row_field(row, "min_cacheable_tokens");
    int64_t n;
    if (decimal_parse(min, strlen(min), 0, &n, NULL) == 0) k->min_cacheable = n;
    k->charges_writes = *price_row_field(row, "cache_write_5m_per_mtok") != '\0';
}

static int64_t guessed_prefix(const Typical *g, int64_t min_cacheable) {
    bool may = g->calls >= SAVE_LEAST_CALLS && !g->any_hash && !g->caches && min_cacheable > 0 && g->least >= min_cacheable;
    return may ? g->least : 0;
}

/* The model that is named, where its provider has a price for it: what is sent to a model without one is worth nobody knows what. */
static const char *route_of(const SaveFacts *f, const SaveKind *k, int64_t ts_ms) {
    if (!save_given(f->ask->route_to)) return cheaper_than(f, k);
    SaveKind to = *k;
    to.model = f->ask->route_to;
    return row_of(f->book, &to, ts_ms) ? f->ask->route_to : NULL;
}

void save_facts_of(const SaveRoom *r, Kind *kind, int64_t ts_ms) {
    const SaveFacts *f = r->facts;
    const SaveKind *text = &kind->text;
    const int64_t feature = (int64_t)(kind->feature >> 1), both[2] = {feature, (int64_t)kind->model};
    const PriceRow *row = row_of(r->book, text, ts_ms);
    KindFacts *k = &kind->f;
    *k = (KindFacts){.output_limit = INT64_MAX, .group = keytable_find(&f->groups, both), .cache_ttl_ms = policy_ttl_ms(r->ask->policy, text)};
    k->price_class = tier_of(r->ask->tiers, text->model, row);
    if (row) from_book(k, row);
    if (k->group != UINT32_MAX) k->output_limit = f->group[k->group].limit;
    if (k->group != UINT32_MAX) k->guessed_prefix = guessed_prefix(&f->group[k->group], k->min_cacheable);
    if (k->price_class == CLASS_PREMIUM) k->cheaper = route_of(f, text, ts_ms);
    else if (k->price_class != CLASS_NONE) k->dearest = dearest(f, text);
    uint32_t at = keytable_find(&f->features, &feature);
    if (!*text->feature) return;
    k->can_be_cheap = save_given(r->ask->can_be_cheap) && is_named(r->ask->can_be_cheap, text->feature);
    k->can_wait = save_given(r->ask->can_wait) ? is_named(r->ask->can_wait, text->feature) : at != UINT32_MAX && is_job(&f->pattern[at]);
}
