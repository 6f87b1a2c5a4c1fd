/* metrics_spend: requests, tokens and dollars by provider, model and feature, today and this month. See metrics.h.
 *
 * A reader refuses a text in which two samples have the same labels, so that groups whose names are written alike are one. */
#include <stdio.h>
#include <stdlib.h>
#include "store/columns.h"
#include "store/exposition.h"
#include "store/metrics.h"
#include "store/query.h"

enum { PERIODS = 2, LABELS_MAX = 4096 };
static const char OTHER[] = "(other)";
static const char *const period_names[PERIODS] = {"today", "month"};
static const char *const token_names[TOK_COUNT] = {"input", "cache_read", "cache_write_5m", "cache_write_1h",
                                                   "output", "reasoning", "audio_input"};

typedef struct Line { /* of one period, provider, model and feature */
    Buf labels;
    Totals t;
} Line;
typedef struct Lines {
    Line at[PERIODS * (METRICS_SERIES_MAX + 1)];
    size_t count;
    Totals total[PERIODS];
} Lines;

/* ---- choosing ---- */
static int compare(int64_t a, int64_t b) { return (a < b) - (a > b); }

static int dearest_first(const void *pa, const void *pb) {
    const Group *a = pa, *b = pb;
    int c = compare(a->t.cost_nano, b->t.cost_nano);
    if (c == 0) c = compare(a->t.requests, b->t.requests);
    for (int i = 0; c == 0 && i < 3; i++) c = strcmp(a->name[i], b->name[i]);
    return c;
}

static void add_line(Lines *lines, const char *period, const char *const *name, const Totals *t) {
    static const char *const keys[] = {"gen_ai_provider_name", "gen_ai_request_model", "feature"};
    Line made = {.labels.max = LABELS_MAX, .t = *t};
    exposition_label(&made.labels, "period", period);
    for (int i = 0; i < 3; i++) exposition_label(&made.labels, keys[i], name[i]);
    for (size_t i = 0; i < lines->count; i++) {
        if (strcmp(lines->at[i].labels.at, made.labels.at) != 0) continue;
        totals_add(&lines->at[i].t, t);
        buf_free(&made.labels);
        return;
    }
    lines->at[lines->count++] = made;
}

static void choose(Lines *lines, const char *period, Result *r) {
    static const char *const other[] = {OTHER, OTHER, OTHER};
    if (r->count) qsort(r->groups, r->count, sizeof *r->groups, dearest_first);
    Totals rest = {0};
    for (size_t i = 0; i < r->count; i++) {
        const Group *g = &r->groups[i];
        if (i < METRICS_SERIES_MAX && strcmp(g->name[0], OTHER) != 0) add_line(lines, period, g->name, &g->t);
        else totals_add(&rest, &g->t);
    }
    if (rest.requests) add_line(lines, period, other, &rest);
}

static int load(Db *db, const MetricsAsk *ask, Lines *lines, Err *e) {
    static const Unit units[PERIODS] = {UNIT_DAY, UNIT_MONTH};
    for (int i = 0; i < PERIODS; i++) {
        Query q = {.since_ms = time_floor(ask->zone, ask->now_ms, units[i]), .until_ms = ask->now_ms,
                   .by = {DIM_PROVIDER, DIM_MODEL, DIM_FEATURE}, .by_count = 3, .zone = ask->zone,
                   .interrupt = ask->interrupt, .ctx = ask->ctx};
        Result r;
        if (query_run(db, &q, &r, e) != 0) return -1;
        bool aborted = r.aborted;
        lines->total[i] = r.total;
        if (!aborted) choose(lines, period_names[i], &r);
        result_free(&r);
        if (aborted) return fail(e, "the metrics were not read to the end; run it again");
    }
    return 0;
}

/* ---- writing ---- */
typedef struct Column {
    const char *name, *help;
    size_t field;   /* of Totals */
    bool some;      /* zero is left out: most lines have none, and to say so would double the text */
} Column;

static const Column columns[] = {
    {"llm_requests", "Calls, whatever became of them.", offsetof(Totals, requests), false},
    {"llm_errors", "Calls that failed.", offsetof(Totals, errors), false},
    {"llm_refusals", "Calls that a gateway refused.", offsetof(Totals, refused), false},
    {"llm_incomplete", "Calls whose answer was cut off.", offsetof(Totals, incomplete), true},
    {"llm_unpriced_requests", "Calls of unknown cost, in no dollars: their model has no price.",
     offsetof(Totals, unpriced_requests), true},
    {"llm_unpriced_tokens", "Tokens of unknown cost, in no dollars: their model has no price.",
     offsetof(Totals, unpriced_tokens), true},
    {"llm_response_cache_hits", "Calls that a response cache answered.", offsetof(Totals, response_cache_hits), true},
};

static int64_t field_of(const Totals *t, size_t offset) {
    int64_t value;
    memcpy(&value, (const char *)t + offset, sizeof value);
    return value;
}

static void write_counts(const Lines *lines, Buf *out) {
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        exposition_gauge(out, columns[c].name, columns[c].help);
        for (size_t i = 0; i < lines->count; i++) {
            int64_t value = field_of(&lines->at[i].t, columns[c].field);
            if (value || !columns[c].some) exposition_count(out, columns[c].name, lines->at[i].labels.at, value);
        }
    }
}

static void write_tokens(Lines *lines, Buf *out) {
    exposition_gauge(out, "llm_tokens", "Tokens; a token is of one type only.");
    for (size_t i = 0; i < lines->count; i++) {
        for (int k = 0; k < TOK_COUNT; k++) {
            Buf labels = {.max = LABELS_MAX};
            if (lines->at[i].t.tokens[k] == 0) continue;
            buf_add(&labels, lines->at[i].labels.at, lines->at[i].labels.len);
            exposition_label(&labels, "gen_ai_token_type", token_names[k]);
            exposition_count(out, "llm_tokens", labels.at, lines->at[i].t.tokens[k]);
            buf_free(&labels);
        }
    }
}

static void write_cost(const Lines *lines, Buf *out) {
    exposition_gauge(out, "llm_cost_usd", "Metered spend of the day or month so far; no sample where no price is known.");
    for (size_t i = 0; i < lines->count; i++) {
        const Totals *t = &lines->at[i].t;
        if (t->cost_nano || !t->unpriced_requests) exposition_usd(out, "llm_cost_usd", lines->at[i].labels.at, t->cost_nano);
    }
}

/* What is derived from sums, as a report has it; thousandths stand as parts of one. */
static void write_ratios(const Lines *lines, Buf *out) {
    static const struct { const char *name, *help; RowColumn column; } ratios[] = {
        {"llm_cost_per_request_usd", "Spend of the period by call that was not refused; no sample where a price is missing.", COL_PER_REQUEST},
        {"llm_prompt_cache_hit_ratio", "Input tokens that a prompt cache had, of all input tokens.", COL_PROMPT_HIT},
        {"llm_response_cache_hit_ratio", "Calls that a response cache answered, of all that were not refused.", COL_RESPONSE_HIT},
        {"llm_output_token_ratio", "Output tokens of all tokens.", COL_OUTPUT_SHARE},
        {"llm_prompt_cache_saved_usd", "What cached reads saved, less the premium of cache writes; may be negative.", COL_SAVED_CACHE},
        {"llm_response_cache_saved_usd", "What the answers of a response cache would have cost.", COL_SAVED_RESPONSE}};
    for (size_t c = 0; c < sizeof ratios / sizeof *ratios; c++) {
        exposition_gauge(out, ratios[c].name, ratios[c].help);
        for (size_t i = 0; i < lines->count; i++) {
            const Totals *t = &lines->at[i].t;
            int64_t value = column_value(t, ratios[c].column);
            bool money = column_is_money(ratios[c].column);
            if (!column_is_known(t, ratios[c].column) || (money && value == 0)) continue; /* a ratio of 0 is what an alert waits for */
            if (money) exposition_usd(out, ratios[c].name, lines->at[i].labels.at, value);
            else exposition_seconds(out, ratios[c].name, lines->at[i].labels.at, value);
        }
    }
}

static void write_notional(const Lines *lines, Buf *out) {
    exposition_gauge(out, "llm_notional_usd", "List value of flat-rate use; nobody pays it, it is in no other dollars.");
    for (int i = 0; i < PERIODS; i++) {
        Buf labels = {.max = LABELS_MAX};
        exposition_label(&labels, "period", period_names[i]);
        exposition_usd(out, "llm_notional_usd", labels.at, lines->total[i].notional_nano);
        buf_free(&labels);
    }
}

int metrics_spend(Db *db, const MetricsAsk *ask, Buf *out, Err *e) {
    Lines *lines = xcalloc(1, sizeof *lines);
    int rc = load(db, ask, lines, e);
    if (rc == 0) {
        write_cost(lines, out);
        write_notional(lines, out);
        write_counts(lines, out);
        write_tokens(lines, out);
        write_ratios(lines, out);
    }
    for (size_t i = 0; i < lines->count; i++) buf_free(&lines->at[i].labels);
    free(lines);
    return rc;
}
