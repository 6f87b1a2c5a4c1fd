/* savings_facts: what the strategies must know of each kind of call: its class of price, what it may be routed to, whether its
 * feature can wait. Owns: choosing these from the calls and the book. Does not: price a call. */
#include "store/clock.h"
#include "store/money.h"
#include "store/savings_parts.h"

enum { MODELS_MAX = 256, WAIT_CALLS = 50, WAIT_HOURS = 6, WAIT_PERCENT = 95 };

/* ---- models ---- */
typedef struct Model { const char *provider, *name; SaveClass price_class; int64_t calls, nano; } Model;
typedef struct Models { Model at[MODELS_MAX]; size_t count; } Models;

static void read_row(const SaveRoom *r, const SaveCall *c, KindFacts *f) {
    const SaveKind *k = &r->s->kind[c->kind];
    const Usage u = {.provider = str_of(k->provider), .model = str_of(k->model), .ts_ms = c->ts_ms};
    Cost cost;
    cost_of(r->book, &u, &cost);
    f->price_class = tier_of(r->ask->tiers, k->model, cost.row);
    if (!cost.row) return;
    const char *min = price_row_field(cost.row, "min_cacheable_tokens");
    int64_t n;
    if (decimal_parse(min, strlen(min), 0, &n, NULL) == 0) f->min_cacheable = n;
    f->charges_writes = *price_row_field(cost.row, "cache_write_5m_per_mtok") != '\0';
}

static Model *model_at(Models *m, const SaveKind *k) {
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->at[i].name, k->model) == 0 && strcmp(m->at[i].provider, k->provider) == 0) return &m->at[i];
    if (m->count == MODELS_MAX) return NULL;
    m->at[m->count] = (Model){.provider = k->provider, .name = k->model};
    return &m->at[m->count++];
}

static void count_models(SaveRoom *r, Models *m) {
    bool *seen = xcalloc(r->s->kinds + 1, sizeof *seen);
    Model **of = xcalloc(r->s->kinds + 1, sizeof *of);
    for (size_t i = 0; i < r->s->count; i++) {
        const SaveCall *c = &r->s->call[i];
        if (!seen[c->kind]) {
            seen[c->kind] = true;
            read_row(r, c, &r->facts[c->kind]);
            of[c->kind] = model_at(m, &r->s->kind[c->kind]);
        }
        if (!of[c->kind]) continue;
        of[c->kind]->price_class = r->facts[c->kind].price_class;
        of[c->kind]->calls++;
        of[c->kind]->nano = nano_add(of[c->kind]->nano, c->cost_nano);
    }
    free(of);
    free(seen);
}

/* The most used economy model of the provider, else the most used standard one: what already answers calls here. */
static const char *cheaper_than(const Models *m, const SaveKind *k) {
    const Model *best = NULL;
    for (size_t i = 0; i < m->count; i++) {
        const Model *a = &m->at[i];
        if (strcmp(a->provider, k->provider) != 0 || (a->price_class != CLASS_ECONOMY && a->price_class != CLASS_STANDARD)) continue;
        if (!best || a->price_class < best->price_class || (a->price_class == best->price_class && a->calls > best->calls)) best = a;
    }
    return best ? best->name : NULL;
}

static const char *dearest(const Models *m, const SaveKind *k) {
    const Model *best = NULL;
    for (size_t i = 0; i < m->count; i++) {
        const Model *a = &m->at[i];
        if (strcmp(a->provider, k->provider) == 0 && a->price_class == CLASS_PREMIUM && (!best || a->nano > best->nano)) best = a;
    }
    return best ? best->name : NULL;
}

static void choose_routes(SaveRoom *r, const Models *m) {
    for (size_t k = 0; k < r->s->kinds; k++) {
        KindFacts *f = &r->facts[k];
        if (f->price_class == CLASS_PREMIUM) f->cheaper = save_given(r->ask->route_to) ? r->ask->route_to : cheaper_than(m, &r->s->kind[k]);
        else if (f->price_class != CLASS_NONE) f->dearest = dearest(m, &r->s->kind[k]);
    }
}

/* ---- features that can wait ---- */
typedef struct Pattern { int64_t calls, hour[24], first_day, last_day; bool streams; } Pattern;

/* A job of the night: many calls, none streamed, nearly all in a few hours of the day, on more than one day. */
static bool is_job(const Pattern *p) {
    int64_t most = 0;
    if (p->calls < WAIT_CALLS || p->streams || p->first_day == p->last_day) return false;
    for (int from = 0; from < 24; from++) {
        int64_t n = 0;
        for (int h = 0; h < WAIT_HOURS; h++) n += p->hour[(from + h) % 24];
        if (n > most) most = n;
    }
    return most * 100 >= p->calls * WAIT_PERCENT;
}

static void add_call(Pattern *p, const SaveCall *c) {
    int64_t day = c->ts_ms / MS_PER_DAY;
    if (p->calls++ == 0) p->first_day = p->last_day = day;
    if (day < p->first_day) p->first_day = day;
    if (day > p->last_day) p->last_day = day;
    p->hour[c->ts_ms / MS_PER_HOUR % 24]++;
    p->streams = p->streams || c->flags & REQ_STREAM;
}

static bool is_named(const char *list, const char *feature) {
    size_t len = strlen(feature), word;
    for (; *(list += strspn(list, " ,")); list += word) {
        word = strcspn(list, " ,");
        if (word == len && memcmp(list, feature, len) == 0) return true;
    }
    return false;
}

static void find_jobs(SaveRoom *r) {
    KeyTable ids = {.width = 1};
    uint32_t *of = xcalloc(r->s->kinds + 1, sizeof *of);
    for (size_t k = 0; k < r->s->kinds; k++) {
        const int64_t key = (int64_t)(hash64(r->s->kind[k].feature, strlen(r->s->kind[k].feature), 0) >> 1);
        bool is_new;
        of[k] = keytable_index(&ids, &key, &is_new);
    }
    Pattern *p = xcalloc(ids.count + 1, sizeof *p);
    for (size_t i = 0; i < r->s->count; i++) add_call(&p[of[r->s->call[i].kind]], &r->s->call[i]);
    for (size_t k = 0; k < r->s->kinds; k++) {
        const char *feature = r->s->kind[k].feature;
        r->facts[k].can_wait = *feature && (save_given(r->ask->can_wait) ? is_named(r->ask->can_wait, feature) : is_job(&p[of[k]]));
    }
    free(p);
    free(of);
    keytable_free(&ids);
}

void save_facts(SaveRoom *r) {
    Models *m = xcalloc(1, sizeof *m);
    count_models(r, m);
    choose_routes(r, m);
    find_jobs(r);
    free(m);
}
