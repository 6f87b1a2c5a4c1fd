/* budget_reading: see budget_reading.h. */
#include "tui/budget_reading.h"
#include "tui/view.h"

void budget_reading_restart(BudgetReading *r) {
    query_budget_close(r->run);
    r->run = NULL;
    r->at = 0;
}

void budget_reading_free(BudgetReading *r) {
    budget_reading_restart(r);
    free(r->view);
    r->view = NULL;
}

static int open_one(BudgetReading *r, View *v, bool usual, Err *e) {
    const BudgetAsk ask = {.budget = &v->app->config->budgets[r->at], .day_zone = v->app->day_zone, .at_ms = v->until_ms,
                           .past = !view_is_live(v), .usual = usual, .interrupt = reading_late, .ctx = &r->deadline_us};
    return query_budget_open(v->db, &ask, &r->run, e);
}

static int read_on(BudgetReading *r, View *v, size_t count, bool usual, bool *more, Err *e) {
    for (*more = false; r->at < count; r->at++) {
        if (!r->run && open_one(r, v, usual, e) != 0) return -1;
        if (query_budget_go_on(r->run, more, e) != 0) return -1;
        if (*more) return 0;
        query_budget_take(r->run, &r->view[r->at]);
        r->run = NULL;
    }
    return 0;
}

int budget_reading_step(BudgetReading *r, View *v, size_t count, bool usual, int64_t deadline_us, bool *more, Err *e) {
    r->deadline_us = deadline_us;
    if (!r->view) r->view = xcalloc(v->app->config->budget_count + 1, sizeof *r->view);
    int rc = read_on(r, v, count, usual, more, e);
    if (rc != 0 || !*more) budget_reading_restart(r);
    return rc;
}

/* ---- who spends it ---- */
void budget_who_end(BudgetWho *w) {
    query_close(w->run);
    filter_free(w->filter);
    w->run = NULL;
    w->filter = NULL;
}

static int open_who(BudgetWho *w, View *v, int64_t begin_ms, Err *e) {
    int dim = w->of->scope_dim == DIM_FEATURE ? DIM_MODEL : DIM_FEATURE;
    if (query_budget_filter(w->of, &w->filter, e) != 0) return -1;
    w->query = (Query){.since_ms = begin_ms, .until_ms = v->until_ms, .by = {dim}, .by_count = 1, .filter = w->filter,
                       .interrupt = reading_late, .ctx = &w->deadline_us};
    return query_open(v->db, &w->query, &w->run, e);
}

static void keep_largest(BudgetWho *w, const Result *r) {
    w->count = w->others = 0;
    w->others_nano = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (w->count == WHO_MAX) {
            w->others++;
            w->others_nano += r->groups[i].t.cost_nano;
            continue;
        }
        Who *one = &w->who[w->count++];
        one->nano = r->groups[i].t.cost_nano;
        snprintf(one->name, sizeof one->name, "%s", r->groups[i].name[0][0] ? r->groups[i].name[0] : "(none)");
    }
}

static int go_on_with_who(BudgetWho *w, bool *more, Err *e) {
    Result r;
    if (query_go_on(w->run, more, e) != 0) return -1;
    if (*more) return 0;
    query_take(w->run, &r);
    w->run = NULL;
    int rc = result_sort(&r, &w->query, "cost_usd", false, e);
    if (rc == 0) keep_largest(w, &r);
    result_free(&r);
    budget_who_end(w);
    return rc;
}

int budget_who_step(BudgetWho *w, View *v, const Budget *b, int64_t begin_ms, int64_t deadline_us, bool *more, Err *e) {
    *more = false;
    w->deadline_us = deadline_us;
    if (w->of != b) {
        budget_who_end(w);
        w->count = w->others = 0;
    }
    w->of = b;
    int rc = w->run ? 0 : open_who(w, v, begin_ms, e);
    if (rc == 0) rc = go_on_with_who(w, more, e);
    if (rc != 0) budget_who_end(w);
    return rc;
}
