/* cmd_status_json: the status as one JSON object; what is unknown is null. See cmd_status.h. */
#include <inttypes.h>
#include "tui/cmd_status.h"
#include "tui/json_out.h"

static void key(FILE *out, const char *name) {
    fprintf(out, ",\"%s\":", name);
}

static void money(FILE *out, const char *name, int64_t nano, bool known) {
    key(out, name);
    if (known) json_out_money(out, nano);
    else fputs("null", out);
}

static void count(FILE *out, const char *name, int64_t n) {
    key(out, name);
    fprintf(out, "%" PRId64, n);
}

static void instant(FILE *out, const char *name, int64_t ms) {
    key(out, name);
    if (ms > 0) json_out_time(out, ms);
    else fputs("null", out);
}

static void reasons(const Status *s, FILE *out) {
    fputs(",\"reasons\":[", out);
    for (size_t i = 0; i < s->reasons; i++) {
        if (i) fputc(',', out);
        json_out_string(out, s->reason[i]);
    }
    fputc(']', out);
}

static void figures(const Status *s, FILE *out) {
    const Now *n = &s->now;
    money(out, "rate_usd_per_min", n->rate_nano_per_min, true);
    money(out, "usual_usd_per_min", n->usual_nano_per_min, n->usual_nano_per_min >= 0);
    money(out, "today_usd", n->today_effective_nano, true);
    key(out, "today_basis");
    json_out_string(out, totals_basis(&(Totals){.basis = n->today_basis}));
    money(out, "today_notional_usd", n->today.notional_nano, true);
    money(out, "usual_today_usd", n->usual_today_nano, n->usual_today_nano >= 0);
    money(out, "end_of_day_at_rate_usd", n->eod_at_rate_nano, n->eod_at_rate_nano >= 0);
    money(out, "end_of_day_at_usual_usd", n->eod_at_usual_nano, n->eod_at_usual_nano >= 0);
    money(out, "month_usd", n->month_effective_nano, true);
    key(out, "month_basis");
    json_out_string(out, totals_basis(&(Totals){.basis = n->month_basis}));
    count(out, "requests_today", n->today.requests);
    count(out, "errors_today", n->today.errors);
    count(out, "refused_requests_today", n->today.refused);
    count(out, "unpriced_requests_today", n->today.unpriced_requests);
    instant(out, "last_record", n->last_record_ms);
    instant(out, "heartbeat", s->heartbeat_ms);
    key(out, "top");
    if (s->top[0]) json_out_string(out, s->top);
    else fputs("null", out);
}

static void budgets(const Status *s, FILE *out) {
    fputs(",\"budgets\":[", out);
    for (size_t i = 0; i < s->budget_count; i++) {
        const StatusBudget *b = &s->budgets[i];
        fprintf(out, "%s{\"id\":", i ? "," : "");
        json_out_string(out, b->budget->id);
        money(out, "spent_usd", b->view.spent_nano, true);
        money(out, "limit_usd", b->budget->limit_nano, true);
        count(out, "spent_permille", b->view.spent_permille);
        instant(out, "breaks", b->view.breaks_ms);
        fputc('}', out);
    }
    fputc(']', out);
}

void status_json(const Status *s, FILE *out) {
    static const char *const switches[] = {[SWITCH_UNKNOWN] = "unknown", [SWITCH_OFF] = "off", [SWITCH_NON_CRITICAL] = "non_critical",
                                           [SWITCH_ALL] = "all", [SWITCH_EXPIRED] = "expired"};
    fprintf(out, "{\"schema_version\":1,\"state\":\"%s\"", severity_names[s->severity]);
    reasons(s, out);
    instant(out, "now", s->now_ms);
    if (s->known) figures(s, out);
    fprintf(out, ",\"switch\":\"%s\",\"policy_generation\":%" PRId64, switches[s->policy.state], s->policy.generation);
    budgets(s, out);
    fputs("}\n", out);
}
