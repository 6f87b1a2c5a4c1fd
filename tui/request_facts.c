/* request_facts: see request_facts.h. */
#include "tui/request_facts.h"
#include "store/policy.h"
#include "tui/number.h"
#include "tui/policy_act.h"
#include <jansson.h>
#include <stdarg.h>

TW_PRINTF(3, 4) static void add(Facts *f, ThemeRole role, const char *fmt, ...) {
    va_list ap;
    if (f->count == FACTS_MAX) return;
    va_start(ap, fmt);
    vsnprintf(f->text[f->count], FACT_TEXT, fmt, ap);
    va_end(ap);
    f->role[f->count++] = role;
}

static const char *or_dash(const char *text) {
    return text[0] ? text : "-";
}

/* ---- what its gateway did ---- */

/* Our gateways write why they refused; other logs know only a status. */
static void refusal_code(const char *raw, char *out, size_t size) {
    static const char key[] = "\"refused\":\"";
    const char *at = strstr(raw, key);
    snprintf(out, size, "%.*s", at ? (int)strcspn(at + sizeof key - 1, "\"") : 0, at ? at + sizeof key - 1 : "");
}

static void add_gateway(Facts *f, const RowView *r, const char *raw) {
    char had[72] = "its record does not say which policy it had", code[64];
    const char *name = or_dash(r->name[DIM_GATEWAY]);
    if (r->r.policy_generation > 0) snprintf(had, sizeof had, "it had policy %lld", (long long)r->r.policy_generation);
    refusal_code(raw, code, sizeof code);
    if (r->r.outcome == OUTCOME_REFUSED)
        add(f, ROLE_WATCH, "gateway     %s refused it: %s; %s", name, code[0] ? code : "the record gives no code", had);
    else if (r->asked[0])
        add(f, ROLE_TEXT, "gateway     %s routed %s to %s; %s", name, r->asked, or_dash(r->name[DIM_MODEL]), had);
    else if (r->r.flags & REQ_CACHE_HIT)
        add(f, ROLE_TEXT, "gateway     %s answered it from its cache; %s", name, had);
    else if (r->name[DIM_GATEWAY][0] || r->r.policy_generation > 0)
        add(f, ROLE_TEXT, "gateway     %s let it pass as asked; %s", name, had);
}

static void add_asked(Facts *f, const Request *r) {
    if (r->max_tokens < 0 && r->prompt_bytes < 0 && r->tools < 0) return;
    add(f, ROLE_TEXT, "asked for   at most %s tokens, prompt %s bytes, tools %s", r->max_tokens < 0 ? "?" : number_count(r->max_tokens, 0).text,
        r->prompt_bytes < 0 ? "?" : number_count(r->prompt_bytes, 0).text, r->tools < 0 ? "?" : r->tools ? "yes" : "no");
}

/* ---- what the policy of now would do ---- */

static const char *known(const char *text) {
    return text[0] ? text : NULL;
}

static PolicyCall call_of(const RowView *r) {
    return (PolicyCall){.feature = known(r->name[DIM_FEATURE]), .model = known(r->asked[0] ? r->asked : r->name[DIM_MODEL]), .team = known(r->name[DIM_TEAM]),
                        .user = known(r->name[DIM_USER]), .key = known(r->name[DIM_KEY]), .provider = known(r->name[DIM_PROVIDER]),
                        .account = known(r->name[DIM_ACCOUNT]), .endpoint = known(r->name[DIM_ENDPOINT]), .max_tokens = r->r.max_tokens,
                        .prompt_bytes = r->r.prompt_bytes, .tools = r->r.tools < 0 ? -1 : r->r.tools > 0};
}

static void decision_words(const PolicyDecision *d, char *out, size_t size) {
    Buf b = {.max = size - 1};
    if (d->refuse) buf_fmt(&b, "refuses it: %s", d->code);
    else buf_str(&b, "allows it");
    if (d->refuse && d->rule[0]) buf_fmt(&b, " (%s)", d->rule);
    if (!d->refuse && d->model[0]) buf_fmt(&b, " as %s", d->model);
    if (!d->refuse && d->rule[0]) buf_fmt(&b, " (route %s)", d->rule);
    if (!d->refuse && d->max_tokens >= 0) buf_fmt(&b, ", max %s tokens", number_count(d->max_tokens, 0).text);
    if (!d->refuse && d->timeout_ms >= 0) buf_fmt(&b, ", timeout %s s", number_seconds((int32_t)d->timeout_ms).text);
    snprintf(out, size, "%s", b.at);
    buf_free(&b);
}

static void list_rules(Buf *b, json_t *list, const char *kind, const PolicyCall *call) {
    json_t *rule;
    size_t i;
    json_array_foreach(list, i, rule) {
        const char *id = json_string_value(json_object_get(rule, "id"));
        if (policy_rule_matches(rule, call)) buf_fmt(b, "%s%s %.64s", b->len ? ", " : "", kind, id ? id : "?");
    }
}

/* All whose `match` holds; of routes the first that holds counts. */
static void add_rules(Facts *f, json_t *policy, const PolicyCall *call) {
    Buf b = {.max = FACT_TEXT / 2};
    list_rules(&b, json_object_get(policy, "limits"), "limit", call);
    list_rules(&b, json_object_get(policy, "rate_limits"), "rate", call);
    list_rules(&b, json_object_get(json_object_get(policy, "routing"), "rules"), "route", call);
    list_rules(&b, json_object_get(policy, "cache"), "cache", call);
    if (b.len) add(f, ROLE_TEXT, "rules       %s", b.at);
    else add(f, ROLE_DIM, "rules       none matches it");
    buf_free(&b);
}

/* The same answer as `tollwatch check`; rules of a percentage want the request's id, which the ledger does not keep. */
static void add_now(Facts *f, const RowView *r, const View *v) {
    Err e = {0};
    PolicyDecision d;
    json_t *policy = NULL;
    char words[FACT_TEXT / 2];
    const PolicyCall call = call_of(r);
    if (policy_act_none_yet(v->app)) return;
    if (policy_read_last_good(v->app->policy_path, &policy, &e) != 0) {
        add(f, ROLE_WATCH, "now         %.300s", e.text);
        return;
    }
    policy_decide(policy, &call, v->now_ms, &d);
    decision_words(&d, words, sizeof words);
    add(f, d.refuse ? ROLE_WATCH : ROLE_TEXT, "now         policy %lld %s", (long long)d.generation, words);
    add_rules(f, policy, &call);
    json_decref(policy);
}

/* ---- the call ---- */

static void add_price(Facts *f, const RowView *v, const Cost *cost) {
    const Request *r = &v->r;
    const char *tier = v->name[DIM_TIER];
    if (cost->row)
        add(f, ROLE_TEXT, "price row   %s %s from %s%s%s", price_row_provider(cost->row), price_row_model(cost->row),
            or_dash(price_row_field(cost->row, "effective_from")), tier[0] ? ", tier " : "", tier);
    bool free_call = (r->flags & REQ_CACHE_HIT) != 0 || r->outcome == OUTCOME_REFUSED;
    if (cost->priced && !free_call && (r->flags & REQ_UNPRICED) == 0 && cost->nano != r->cost_nano)
        add(f, ROLE_WATCH, "▲ today's price row gives another cost; prices reprice applies it");
}

static void add_tokens(Facts *f, const Request *r) {
    static const char *const names[TOK_COUNT] = {"in", "read", "written 5m", "written 1h", "out", "reasoning", "audio"};
    Buf b = {.max = FACT_TEXT / 2};
    for (int i = 0; i < TOK_COUNT; i++)
        if (r->tokens[i] || i == TOK_INPUT || i == TOK_OUTPUT) buf_fmt(&b, "%s%s %s", b.len ? ", " : "", number_count(r->tokens[i], 0).text, names[i]);
    add(f, ROLE_TEXT, "tokens      %s", b.at);
    buf_free(&b);
    if (r->flags & REQ_USAGE_SUSPECT) add(f, ROLE_WATCH, "▲ its counters contradict its own total");
    if (r->flags & REQ_USAGE_ESTIMATED) add(f, ROLE_WATCH, "▲ its gateway estimated them");
    if (r->flags & REQ_USAGE_MISSING) add(f, ROLE_WATCH, "▲ it was billed, but no counters were logged");
}

static void add_place(Facts *f, const RowView *v, bool row) {
    const Request *r = &v->r;
    add(f, ROLE_TEXT, "source      %s (%s)", or_dash(v->source), or_dash(v->format));
    if (row) add(f, ROLE_TEXT, "database    %s", or_dash(v->file_path));
    else add(f, ROLE_TEXT, "file        %s at byte %llu", or_dash(v->file_path), (unsigned long long)r->offset);
    if (r->flags & REQ_TIME_BORROWED) add(f, ROLE_WATCH, "▲ the record does not say when it was; the time is that of its log line or file");
    if (r->flags & REQ_LINKED) add(f, ROLE_TEXT, "another source counts this call; this row is not added");
}

void request_facts(Facts *f, const RowView *v, const Cost *cost, const char *raw, bool row, const View *view) {
    const Request *r = &v->r;
    f->count = 0;
    add_gateway(f, v, raw);
    add_now(f, v, view);
    add_price(f, v, cost);
    add_tokens(f, r);
    add_asked(f, r);
    add(f, ROLE_TEXT, "key         %s  user %s  team %s", or_dash(v->name[DIM_KEY]), or_dash(v->name[DIM_USER]), or_dash(v->name[DIM_TEAM]));
    add(f, ROLE_TEXT, "session     %s  endpoint %s", or_dash(v->name[DIM_SESSION]), or_dash(v->name[DIM_ENDPOINT]));
    add(f, ROLE_TEXT, "latency     %s s, first token %s s%s", number_seconds(r->latency_ms).text, number_seconds(r->ttft_ms).text,
        (r->flags & REQ_STREAM) ? ", streamed" : "");
    add_place(f, v, row);
}
