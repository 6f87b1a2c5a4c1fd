/* savings: the answer from what was seen: the strategies one by one, all together, notes; see savings.h. */
#include "store/money.h"
#include "store/savings_parts.h"

const char *const save_sure_names[] = {"-", "low", "medium", "high"};
const Strategy *const save_strategies[SAVE_COUNT] = {
    [SAVE_RESPONSE] = &save_response, [SAVE_ROUTING] = &save_routing, [SAVE_TOKENS] = &save_tokens, [SAVE_PROMPT] = &save_prompt, [SAVE_BATCH] = &save_batch};

/* ---- features ---- */
static int by_dollars(const void *a, const void *b) {
    const SavePart *x = a, *y = b;
    if (x->nano != y->nano) return (x->nano < y->nano) - (x->nano > y->nano);
    return strcmp(x->feature, y->feature);
}

static void add_part(SavePart *p, const Kind *k, const PartSum *sum) {
    p->nano = nano_add(p->nano, sum->nano);
    p->calls += sum->calls;
    if (sum->most_nano <= p->most_nano) return;
    p->most_nano = sum->most_nano;
    p->model = k->text.model;
    p->to_model = sum->route == ROUTE_CHEAPER ? k->f.cheaper : k->text.model;
    p->output = sum->output;
}

/* Of response caching also what only another TTL answers. */
static bool has_part(const Kind *k, int strategy) {
    bool any = k->part[strategy].calls > 0;
    for (int i = 0; i < SAVE_TTLS && strategy == SAVE_RESPONSE; i++) any = any || k->ttl[i].calls > 0;
    return any;
}

static void parts_of(const SaveRoom *r, int strategy, Saving *out) {
    KeyTable keys = {.width = 1};
    SavePart *at = xcalloc(r->kinds + 1, sizeof *at);
    for (size_t i = 0; i < r->kinds; i++) {
        const Kind *k = &r->kind[i];
        const int64_t key = (int64_t)(k->feature >> 1);
        bool is_new;
        if (!has_part(k, strategy)) continue;
        uint32_t at_feature = keytable_index(&keys, &key, &is_new);
        at[at_feature].feature = k->text.feature;
        at[at_feature].can_be_cheap = k->f.can_be_cheap;
        add_part(&at[at_feature], k, &k->part[strategy]);
        if (strategy == SAVE_RESPONSE) save_ttls_add(at[at_feature].ttl, k->ttl);
    }
    if (keys.count) qsort(at, keys.count, sizeof *at, by_dollars);
    for (size_t i = 0; i < keys.count && i < SAVE_PARTS; i++) out->part[out->parts++] = at[i];
    free(at);
    keytable_free(&keys);
}

/* ---- strategies ---- */
static void fill(const SaveRoom *r, int strategy, Saving *out) {
    const Tally *t = &r->tally[strategy];
    out->saved_nano = t->saved_nano;
    out->saved_calls = t->saved_calls;
    out->possible_nano = t->nano;
    out->calls = t->calls;
    memcpy(out->block_nano, t->block, sizeof out->block_nano);
    for (size_t i = 0; i < t->examples.count; i++) out->example[out->examples++] = t->examples.at[i].key;
    for (size_t i = 0; i < t->saved_examples.count; i++) out->saved_example[out->saved_examples++] = t->saved_examples.at[i].key;
    parts_of(r, strategy, out);
}

static void combine(const SaveRoom *r, Savings *out) {
    Saving *all = &out->combined;
    *all = (Saving){.name = "combined", .guide = "60–90%", .saved_known = true};
    fill(r, ALL, all);
    for (int i = 0; i < SAVE_COUNT; i++) {
        const Saving *s = &out->by[i];
        if (!s->possible_known) continue;
        all->possible_known = true;
        if (s->possible_nano > 0 && (all->sure == SURE_NOT || s->sure < all->sure)) all->sure = s->sure;
    }
    all->saved_sure = SURE_HIGH;
    for (int i = 0; i < SAVE_COUNT; i++)
        if (out->by[i].saved_nano && out->by[i].saved_sure < all->saved_sure) all->saved_sure = out->by[i].saved_sure;
    all->saved_spread_nano = save_clamped_spread(r, K_CLAMPED_ALL_NANO);
    snprintf(all->saved_on, sizeof all->saved_on, "%lld calls, priced with all taken out at once", (long long)all->saved_calls);
    snprintf(all->stands_on, sizeof all->stands_on, "%s", all->possible_known ? "the same calls, none counted twice" : "not in the logs");
}

SaveNote *save_note(NoteRoom *n, const char *name, bool finding) {
    if (n->out->notes == SAVE_NOTES) return NULL;
    SaveNote *note = &n->out->note[n->out->notes++];
    *note = (SaveNote){.name = name, .finding = finding, .sure = SURE_HIGH};
    return note;
}

void save_note_examples(SaveNote *n, const Examples *x) {
    for (n->examples = 0; n->examples < x->count; n->examples++) n->more[n->examples] = x->at[n->examples].key;
    n->example = x->count ? x->at[0].key : 0;
}

static void take_notes(const SaveRoom *r, Savings *out) {
    NoteRoom n = {r, out};
    save_mix(r, &out->mix);
    save_findings(&n);
    save_prefixes(&n);
    save_sessions(&n);
    save_advice(&n);
    save_hourly(&n);
    save_self_hosted(&n);
}

void save_result(SaveRoom *r, Savings *out) {
    save_end_day(r);
    *out = (Savings){.paid_nano = r->paid_nano, .calls = save_sum(r, K_CALLS), .unpriced = save_sum(r, K_UNPRICED), .repriced = save_sum(r, K_REPRICED)};
    memcpy(out->block_paid, r->block_paid, sizeof out->block_paid);
    for (int i = 0; i < SAVE_COUNT; i++) {
        const Strategy *s = save_strategies[i];
        out->by[i] = (Saving){.name = s->name, .guide = s->guide};
        fill(r, i, &out->by[i]);
        s->say(r, &out->by[i]);
    }
    for (size_t i = 0; i < r->kinds; i++) save_ttls_add(out->ttl, r->kind[i].ttl);
    combine(r, out);
    out->without_nano = nano_add(out->paid_nano, out->combined.saved_nano);
    take_notes(r, out);
}

SaveAsk savings_ask(const Config *c) {
    return (SaveAsk){.can_wait = c->can_wait, .can_be_cheap = c->can_be_cheap, .route_to = c->route_to, .simple_input = c->simple_input,
                     .simple_output = c->simple_output, .window = c->window, .hourly = c->hourly, .self_hosted = c->self_hosted, .no_budget = c->budget_count == 0, .tiers = tiers_of(c)};
}

void savings_work_out(const SaveSample *s, const Book *b, const SaveAsk *ask, Savings *out) {
    SaveRoom *r = xcalloc(1, sizeof *r);
    SaveFacts *f = save_facts_new(b, ask, s);
    int64_t since_ms = s->since_ms, until_ms = s->until_ms;
    if (s->count && until_ms <= since_ms) since_ms = s->call[s->count - 1].ts_ms, until_ms = s->call[0].ts_ms + 1;
    int64_t *first_ms = xcalloc(s->kinds + 1, sizeof *first_ms);
    for (size_t i = 0; i < s->count; i++) first_ms[s->call[i].kind] = s->call[i].ts_ms;
    save_room_init(r, b, ask, f, since_ms, until_ms);
    for (size_t k = 0; k < s->kinds; k++) save_kind_add(r, &s->kind[k], NULL, first_ms[k]);
    for (size_t i = s->count; i-- > 0;) save_see(r, &s->call[i]);
    r->since_ms = s->since_ms;
    r->until_ms = s->until_ms;
    save_result(r, out);
    free(first_ms);
    save_room_free(r);
    save_facts_free(f);
    free(r);
}
