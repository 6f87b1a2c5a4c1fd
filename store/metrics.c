/* metrics: all of the text in order; budgets, sources and the collector. See metrics.h. */
#include <stdlib.h>
#include "store/exposition.h"
#include "store/metrics.h"
#include "store/query.h"

enum { SOURCES_MAX = 256, LABELS_MAX = 1024 };

/* ---- budgets ---- */
typedef struct Budgets {
    const Config *config;
    BudgetView *view;
} Budgets;

static void budget_label(const Budget *b, Buf *labels) {
    *labels = (Buf){.max = LABELS_MAX};
    exposition_label(labels, "budget", b->id);
}

typedef void BudgetSample(Buf *out, const char *name, Buf *labels, const Budget *b, const BudgetView *v);

static void limit(Buf *out, const char *name, Buf *labels, const Budget *b, const BudgetView *v) {
    (void)v;
    exposition_usd(out, name, labels->at, b->limit_nano);
}

static void spent(Buf *out, const char *name, Buf *labels, const Budget *b, const BudgetView *v) {
    (void)b;
    exposition_usd(out, name, labels->at, v->spent_nano);
}

static void unpriced(Buf *out, const char *name, Buf *labels, const Budget *b, const BudgetView *v) {
    (void)b;
    exposition_count(out, name, labels->at, v->unpriced_tokens);
}

static void state(Buf *out, const char *name, Buf *labels, const Budget *b, const BudgetView *v) {
    static const char *const names[] = {"ok", "warning", "exhausted"};
    int now = v->level >= 1000 ? 2 : v->level > 0;
    size_t len = labels->len;
    (void)b;
    for (int i = 0; i < 3; i++) {
        exposition_label(labels, "state", names[i]);
        exposition_count(out, name, labels->at, i == now);
        labels->at[labels->len = len] = '\0';
    }
}

static void write_budgets(const Budgets *all, const char *name, const char *help, BudgetSample *sample, Buf *out) {
    exposition_gauge(out, name, help);
    for (size_t i = 0; i < all->config->budget_count; i++) {
        Buf labels;
        budget_label(&all->config->budgets[i], &labels);
        sample(out, name, &labels, &all->config->budgets[i], &all->view[i]);
        buf_free(&labels);
    }
}

static int budgets(Db *db, const MetricsAsk *ask, Buf *out, Err *e) {
    const Config *c = ask->config;
    Budgets all = {.config = c, .view = xcalloc(c->budget_count + 1, sizeof *all.view)};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->budget_count; i++)
        rc = query_budget_spent(db, &c->budgets[i], ask->zone, ask->now_ms, &all.view[i], e);
    if (rc == 0) {
        write_budgets(&all, "llm_budget_limit_usd", "The limit of a budget's period.", limit, out);
        write_budgets(&all, "llm_budget_spent_usd", "What is spent in a budget's present period.", spent, out);
        write_budgets(&all, "llm_budget_state", "1 = the budget's spend is in this state.", state, out);
        write_budgets(&all, "llm_budget_unpriced_tokens", "Tokens of unknown cost, not in what is spent.", unpriced, out);
    }
    free(all.view);
    return rc;
}

/* ---- sources ---- */
typedef void SourceSample(Buf *out, const char *name, const char *labels, const SourceView *v);

static void lag(Buf *out, const char *name, const char *labels, const SourceView *v) {
    if (v->lag_ms >= 0) exposition_seconds(out, name, labels, v->lag_ms); /* else unknown */
}

static void newest(Buf *out, const char *name, const char *labels, const SourceView *v) {
    if (v->seen_ms > 0) exposition_seconds(out, name, labels, v->seen_ms);
}

static void records(Buf *out, const char *name, const char *labels, const SourceView *v) {
    exposition_count(out, name, labels, v->records);
}

static void bad_lines(Buf *out, const char *name, const char *labels, const SourceView *v) {
    exposition_count(out, name, labels, v->bad_lines);
}

static void write_sources(const SourceView *v, size_t count, const char *name, const char *help, SourceSample *sample, Buf *out) {
    exposition_gauge(out, name, help);
    for (size_t i = 0; i < count; i++) {
        Buf labels = {.max = LABELS_MAX};
        exposition_label(&labels, "source", v[i].source);
        exposition_label(&labels, "kind", v[i].kind);
        sample(out, name, labels.at, &v[i]);
        buf_free(&labels);
    }
}

static int sources(Db *db, const MetricsAsk *ask, Buf *out, Err *e) {
    SourceView *v = xcalloc(SOURCES_MAX, sizeof *v);
    size_t count = 0;
    int rc = query_sources(db, ask->now_ms, v, SOURCES_MAX, &count, e);
    if (rc == 0) {
        write_sources(v, count, "llm_source_lag_seconds", "From a record's reading to its commit, the last one of a source.", lag, out);
        write_sources(v, count, "llm_source_newest_timestamp_seconds", "Time of a source's newest data.", newest, out);
        write_sources(v, count, "llm_source_records", "Records read from a source's files.", records, out);
        write_sources(v, count, "llm_source_bad_lines", "Lines of a source's files that could not be read.", bad_lines, out);
    }
    free(v);
    return rc;
}

/* ---- the whole ---- */
/* The age is as of this text; who reads it from a file that nobody renews looks at the timestamp. */
static void collector(Db *db, const MetricsAsk *ask, Buf *out) {
    int64_t beat_ms = query_heartbeat_ms(db);
    if (beat_ms == 0) return;
    exposition_gauge(out, "llm_collector_heartbeat_age_seconds", "How long ago the collector said that it lives, as of this text.");
    exposition_seconds(out, "llm_collector_heartbeat_age_seconds", "", ask->now_ms - beat_ms);
    exposition_gauge(out, "llm_collector_heartbeat_timestamp_seconds", "When the collector last said that it lives.");
    exposition_seconds(out, "llm_collector_heartbeat_timestamp_seconds", "", beat_ms);
}

int metrics_text(Db *db, const MetricsAsk *ask, Buf *out, Err *e) {
    if (metrics_spend(db, ask, out, e) != 0 || budgets(db, ask, out, e) != 0) return -1;
    metrics_switch(ask, out);
    if (sources(db, ask, out, e) != 0) return -1;
    collector(db, ask, out);
    return out->overflow ? fail(e, "the metrics are longer than %d bytes; have fewer budgets and sources", METRICS_TEXT_MAX) : 0;
}
