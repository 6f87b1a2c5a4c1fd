/* savings_pane: what it holds and its keys. See savings_pane.h. */
#include "tui/savings_pane.h"
#include "store/policy_parts.h"
#include "tui/keys.h"
#include "tui/reading.h"
#include "tui/savings_dialogs.h"
#include "tui/view.h"

enum { READ_MS = 60000, STEP = 10, FIRST_PERCENT = 20, BYTES_PER_TOKEN = 4 };

static void forget_saved(SavingsPane *p) {
    saving_book_free(p->saved, p->count);
    free(p->saved);
    p->saved = NULL;
    p->count = p->shown = 0;
}

static void end_reading(PaneReading *r) {
    saving_measure_close(r->run);
    saving_book_free(r->saved, r->count);
    free(r->saved);
    *r = (PaneReading){.at_ms = 0};
}

void savings_pane_free(SavingsPane *p) {
    end_reading(&p->reading);
    forget_saved(p);
    save_rule_free(&p->parsed);
    request_detail_free(&p->detail);
    free(p->example);
}

const SavedRule *savings_pane_runs(const SavingsPane *p, const char *id) {
    for (size_t i = 0; i < p->count; i++)
        if (!p->saved[i].ended_ms && strcmp(p->saved[i].id, id) == 0) return &p->saved[i];
    return NULL;
}

/* ---- from a strategy to a rule ---- */
/* The policy's own tier of that model, else the model. */
static void target_of(const View *v, const char *model, char *out, size_t size) {
    json_t *policy = NULL, *name;
    const char *tier;
    Err none = {0};
    snprintf(out, size, "set_model=%s", model);
    if (policy_read_last_good(v->app->policy_path, &policy, &none) != 0) return;
    json_object_foreach(json_object_get(json_object_get(policy, "routing"), "tiers"), tier, name)
        if (json_is_string(name) && strcmp(json_string_value(name), model) == 0 && !strpbrk(tier, " \t\"")) snprintf(out, size, "set_tier=%s", tier);
    json_decref(policy);
}

static void propose_route(SavingsPane *p, const View *v, const Offer *o, const char *feature) {
    char target[NAME_MAX_BYTES + 16];
    int64_t simple = v->app->config->simple_input ? v->app->config->simple_input : SAVE_SIMPLE_INPUT;
    target_of(v, o->to_model, target, sizeof target);
    char bounds[64] = "";
    if (!o->can_be_cheap) snprintf(bounds, sizeof bounds, " tools=no max_prompt_bytes=%lld", (long long)simple * BYTES_PER_TOKEN);
    snprintf(p->rule, sizeof p->rule, "route feature=%s model=%s%s %s", feature, o->model, bounds, target);
}

/* Words part at blanks, so that a name with one gets no rule from here. */
static void propose(SavingsPane *p, const View *v, const Offer *o) {
    const char *f = o->feature[0] ? o->feature : "unknown", *none = "";
    p->rule[0] = '\0';
    if (p->by == SAVE_PROMPT) none = "no rule of a gateway does this: the caller marks its prefix with cache_control, or keeps it the same";
    else if (p->by == SAVE_BATCH) none = "no rule of a gateway does this: the caller sends these to the vendor's batch API";
    else if (strpbrk(f, " \t\",") || strpbrk(o->model, " \t\",")) none = "its name has a blank: write the rule on Policy (8, w)";
    else if (p->by == SAVE_ROUTING) propose_route(p, v, o, f);
    else if (p->by == SAVE_TOKENS) snprintf(p->rule, sizeof p->rule, "limit feature=%s model=%s max_output_tokens=%lld", f, o->model, (long long)o->output);
    else if (o->ttl < 0) none = "too many of its answers were others a minute later: a cache would be stale";
    else snprintf(p->rule, sizeof p->rule, "cache feature=%s ttl_seconds=%lld", f, (long long)(save_ttls_ms[o->ttl] / 1000));
    snprintf(p->why_none, sizeof p->why_none, "%s", none);
}

static void try_rule(SavingsPane *p, View *v) {
    Err e = {0};
    save_rule_free(&p->parsed);
    p->f = (RuleEffect){0};
    if (!p->rule[0]) return;
    Query q = savings_yesterday(v->db, v->app->day_zone, v->now_ms);
    time_format(v->zone, q.since_ms, "%d %b %H:%M", p->from, sizeof p->from);
    time_format(v->zone, q.until_ms, "%d %b %H:%M", p->to, sizeof p->to);
    if (save_rule_parse(&p->parsed, p->rule, &e) == 0 && savings_try(v->app, v->db, &p->parsed, &q, PANE_CALLS, &p->f, &e) == 0) return;
    save_rule_free(&p->parsed);
    p->rule[0] = '\0';
    snprintf(p->why_none, sizeof p->why_none, "%.150s", e.text);
}

/* ---- the calls that show it ---- */
static void add_example(SavingsPane *p, View *v, int64_t key, int64_t after_nano, const char *then) {
    Err none = {0};
    if (p->examples == SAVE_EXAMPLES || query_row(v->db, key, &p->example[p->examples], &none) != 0) return; /* purged meanwhile */
    p->after_nano[p->examples] = after_nano;
    snprintf(p->then[p->examples++], sizeof p->then[0], "%s", then);
}

/* Those of the dry run; where no gateway's rule brings the saving, the strategy's own, of which nobody says what they would cost. */
static void read_examples(SavingsPane *p, View *v, const int64_t *keys, size_t count) {
    static const char *const gone[RULE_KINDS] = {[RULE_LIMIT] = "refused", [RULE_RATE] = "refused", [RULE_CACHE] = "a hit"};
    p->examples = p->picked = 0;
    p->detail.key = 0;
    if (!p->example) p->example = xcalloc(SAVE_EXAMPLES, sizeof *p->example);
    for (size_t i = 0; p->parsed.json && i < p->f.examples; i++) {
        const RuleExample *x = &p->f.example[i];
        const char *none = gone[p->parsed.kind] ? gone[p->parsed.kind] : "";
        add_example(p, v, x->key, x->after_nano, x->model[0] ? x->model : none);
    }
    for (size_t i = 0; !p->parsed.json && i < count; i++) add_example(p, v, keys[i], -1, "");
}

static void pick(SavingsPane *p, View *v, const int64_t *keys, size_t count) {
    propose(p, v, &p->offer[p->at]);
    p->percent = p->by == SAVE_ROUTING ? FIRST_PERCENT : 100;
    try_rule(p, v);
    if (p->parsed.json) save_rule_set_percent(&p->parsed, p->percent);
    read_examples(p, v, keys, count);
}

/* Of a cache what the TTL brings that pays best. */
static Offer offer_of(SaveStrategy by, const SavePart *a) {
    Offer o = {.nano = a->nano, .calls = a->calls, .output = a->output, .can_be_cheap = a->can_be_cheap, .ttl = by == SAVE_RESPONSE ? save_best_ttl(a->ttl) : -1};
    if (o.ttl >= 0) o.nano = a->ttl[o.ttl].nano, o.calls = a->ttl[o.ttl].calls;
    return o;
}

static void take_offers(SavingsPane *p, SaveStrategy by, const Saving *s) {
    p->offers = p->at = 0;
    for (size_t i = 0; i < s->parts; i++) {
        const SavePart *a = &s->part[i];
        Offer *o = &p->offer[p->offers];
        *o = offer_of(by, a);
        if (o->nano <= 0) continue;
        p->offers++;
        snprintf(o->feature, sizeof o->feature, "%s", a->feature);
        snprintf(o->model, sizeof o->model, "%s", a->model ? a->model : "");
        snprintf(o->to_model, sizeof o->to_model, "%s", a->to_model ? a->to_model : "");
    }
}

bool savings_pane_open(SavingsPane *p, View *v, SaveStrategy by, const Saving *s) {
    take_offers(p, by, s);
    if (!s->possible_known || p->offers == 0) {
        snprintf(v->answer, sizeof v->answer, "%s: %.200s", s->name, s->possible_known ? "nothing to gain that is known" : s->stands_on);
        return true;
    }
    p->open = true;
    p->by = by;
    snprintf(p->name, sizeof p->name, "%s", s->name);
    snprintf(p->sure, sizeof p->sure, "%s", save_sure_names[s->sure]);
    snprintf(p->stands_on, sizeof p->stands_on, "%s", s->stands_on);
    pick(p, v, s->example, s->examples);
    return true;
}

/* The strategy's own examples are of all its features, so that they stay. */
static void next_offer(SavingsPane *p, View *v) {
    int64_t keys[SAVE_EXAMPLES];
    size_t count = p->parsed.json ? 0 : p->examples;
    for (size_t i = 0; i < count; i++) keys[i] = p->example[i].key;
    p->at = (p->at + 1) % p->offers;
    pick(p, v, keys, count);
}

/* ---- what runs ---- */
/* How many gateways have read the policy that has it. */
static void obeyed_words(const SavedRule *r, const View *v, char out[48]) {
    if (view_is_past(v)) {
        snprintf(out, 48, "who obeyed then is not kept");
        return;
    }
    PolicyAck *acks = xcalloc(POLICY_ACKS_MAX, sizeof *acks);
    size_t count = 0, obeyed = 0;
    Err none = {0};
    if (policy_act_acks(v->app, r->generation, v->now_ms, acks, &count, &none) != 0) count = 0;
    for (size_t i = 0; i < count; i++) obeyed += acks[i].generation >= r->generation && acks[i].state != ACK_UNKNOWN;
    if (count) snprintf(out, 48, "obeyed by %zu of %zu", obeyed, count);
    else snprintf(out, 48, "no gateway heard");
    free(acks);
}

/* Rules that ran then stand first, in their order, as if they ran still; the others have ended, or were not written yet. */
static void go_back_to(SavedRule *rules, size_t count, int64_t at_ms) {
    size_t ran = 0;
    for (size_t i = 0; i < count; i++) {
        SavedRule r = rules[i];
        bool runs = r.written_ms && r.written_ms <= at_ms && (!r.ended_ms || r.ended_ms > at_ms);
        r.ended_ms = runs ? 0 : r.ended_ms ? r.ended_ms : at_ms;
        if (runs) memmove(&rules[ran + 1], &rules[ran], (i - ran) * sizeof *rules);
        rules[runs ? ran++ : i] = r;
    }
}

/* A minute's rest between two measurements; another time that is travelled to is read at once. */
static bool is_fresh(const SavingsPane *p, const View *v, int64_t at_ms) {
    if (!p->read_ms || p->generation != v->policy.generation || p->of_then != view_is_past(v)) return false;
    return p->of_then ? at_ms == p->read_ms : at_ms >= p->read_ms && at_ms - p->read_ms < READ_MS;
}

static bool goes_on(const PaneReading *r, const View *v, int64_t at_ms) {
    return r->at_ms && r->generation == v->policy.generation && r->of_then == view_is_past(v) && (!r->of_then || r->at_ms == at_ms);
}

static int begin_reading(PaneReading *r, View *v, int64_t at_ms, Err *e) {
    end_reading(r);
    r->saved = xcalloc(SAVED_RULES_MAX, sizeof *r->saved);
    if (saving_book_list(v->db, r->saved, SAVED_RULES_MAX, &r->count, e) != 0) return -1;
    r->of_then = view_is_past(v);
    r->at_ms = at_ms;
    r->generation = v->policy.generation;
    if (r->of_then) go_back_to(r->saved, r->count, at_ms);
    return 0;
}

static int measure_rules(PaneReading *r, View *v, bool *more, Err *e) {
    for (; r->measured < r->count && r->measured < PANE_RULES && !r->saved[r->measured].ended_ms; r->measured++) {
        const MeasureAsk ask = {.rule = &r->saved[r->measured], .now_ms = r->at_ms, .max_calls = PANE_CALLS, .interrupt = reading_late, .ctx = &r->deadline_us};
        if (!r->run && saving_measure_open(v->db, v->book, &ask, &r->run, e) != 0) return -1;
        if (saving_measure_go_on(r->run, &r->m[r->measured], more, e) != 0) return -1;
        if (*more) return 0;
        saving_measure_close(r->run);
        r->run = NULL;
    }
    return 0;
}

static void take_reading(SavingsPane *p, const View *v) {
    PaneReading *r = &p->reading;
    forget_saved(p);
    p->saved = r->saved, p->count = r->count, p->shown = r->measured;
    memcpy(p->m, r->m, sizeof p->m);
    p->read_ms = r->at_ms, p->generation = r->generation, p->of_then = r->of_then;
    *r = (PaneReading){.at_ms = 0};
    for (size_t i = 0; i < p->shown; i++) obeyed_words(&p->saved[i], v, p->obeyed[i]);
}

int savings_pane_load(SavingsPane *p, View *v, int64_t deadline_us, bool *more, Err *e) {
    const int64_t at_ms = view_is_past(v) ? v->until_ms : v->now_ms;
    bool on = goes_on(&p->reading, v, at_ms);
    *more = false;
    for (size_t i = 0; i < p->shown && !on; i++) obeyed_words(&p->saved[i], v, p->obeyed[i]); /* gateways are quicker than READ_MS */
    if (!on && is_fresh(p, v, at_ms)) return 0;
    int rc = on ? 0 : begin_reading(&p->reading, v, at_ms, e);
    p->reading.deadline_us = deadline_us;
    if (rc == 0) rc = measure_rules(&p->reading, v, more, e);
    if (rc != 0) end_reading(&p->reading);
    else if (!*more) take_reading(p, v);
    return rc;
}

/* ---- keys ---- */
static bool change_share(SavingsPane *p, int by) {
    if (!p->parsed.json || p->parsed.kind != RULE_ROUTE) return false;
    p->percent += by;
    if (p->percent < STEP) p->percent = STEP;
    if (p->percent > 100) p->percent = 100;
    save_rule_set_percent(&p->parsed, p->percent);
    return true;
}

static void ask_to_write(const SavingsPane *p, View *v) {
    char text[sizeof p->rule + 24];
    if (!p->open || !p->parsed.json) {
        snprintf(v->answer, sizeof v->answer, p->open ? "no rule of a gateway brings this; n goes to the next" : "Enter opens the rules of a strategy first");
        return;
    }
    snprintf(text, sizeof text, "%s", p->rule);
    if (p->percent < 100) snprintf(text, sizeof text, "%s percent=%d", p->rule, p->percent);
    savings_ask_write(v, text);
}

/* The rule that is shown, if it runs, else the newest. */
static void ask_to_undo(const SavingsPane *p, View *v) {
    const SavedRule *r = p->open && p->parsed.json ? savings_pane_runs(p, p->parsed.id) : NULL;
    if (!r && p->shown) r = &p->saved[0];
    if (r) savings_ask_undo(v, r->id);
    else snprintf(v->answer, sizeof v->answer, "no rule that was written here runs");
}

static bool move(SavingsPane *p, View *v, int by) {
    if (by < 0 ? p->picked > 0 : p->picked + 1 < p->examples) p->picked = by < 0 ? p->picked - 1 : p->picked + 1;
    if (p->detail.key) request_detail_load(&p->detail, &p->example[p->picked], v);
    return true;
}

/* As on Requests: Enter opens the call, once more or r its record, and then the record's next page. */
static bool deeper(SavingsPane *p, View *v, bool record) {
    if (p->examples == 0) return true;
    if (p->detail.key && p->detail.whole) p->detail.raw_page++;
    else if (p->detail.key || record) p->detail.whole = true;
    request_detail_load(&p->detail, &p->example[p->picked], v);
    return true;
}

static bool close_one(SavingsPane *p) {
    if (p->detail.key && p->detail.whole) p->detail.whole = false;
    else if (p->detail.key) p->detail.key = 0;
    else p->open = false;
    return true;
}

static bool open_key(SavingsPane *p, View *v, int key) {
    switch (key) {
    case KEY_LEFT: case 'h': return change_share(p, -STEP);
    case KEY_RIGHT: case 'l': return change_share(p, STEP);
    case KEY_UP: case 'k': return move(p, v, -1);
    case KEY_DOWN: case 'j': return move(p, v, 1);
    case KEY_ESC: case KEY_BACKSPACE: return close_one(p);
    case KEY_ENTER: case 'r': return deeper(p, v, key == 'r');
    case 'n': next_offer(p, v); return true;
    default: return false;
    }
}

bool savings_pane_key(SavingsPane *p, View *v, int key) {
    if (key == 'w') return ask_to_write(p, v), true;
    if (key == 'u') return ask_to_undo(p, v), true;
    return p->open && open_key(p, v, key);
}
