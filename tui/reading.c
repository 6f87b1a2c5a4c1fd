/* reading: see reading.h. */
#include "tui/reading.h"

enum {
    SHOW_US = 100000,    /* a partial answer is drawn anew this often */
    GIVEN_UP_US = 1000000 /* nobody asked to go on for this long: another screen was looked at, begin anew */
};

int64_t reading_now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int reading_late(void *deadline_us) {
    return reading_now_us() >= *(const int64_t *)deadline_us;
}

bool reading_given_up(int64_t last_deadline_us) {
    return last_deadline_us < reading_now_us() - GIVEN_UP_US;
}

int reading_filter(const View *v, Filter **out, Err *e) {
    *out = NULL;
    return v->filter ? filter_parse(out, v->filter_text, e) : 0;
}

static uint64_t hash_text(const char *text, uint64_t h) {
    return hash64(text, strlen(text), h);
}

/* A live range moves on with the clock: it is the same question. */
uint64_t reading_question(const View *v, const Query *q) {
    const int64_t number[] = {v->asof_ms, v->range_text[0] ? 0 : v->range_length_ms, v->compare,
                              q->by[0], q->by_count > 1 ? q->by[1] : -1};
    return hash_text(v->filter_text, hash_text(v->range_text, hash_text(v->range_name, hash64(number, sizeof number, 1)))) | 1;
}

bool reading_is_of(const Reading *r, const View *v, const Query *q) {
    return r->asked == reading_question(v, q);
}

static void end(Reading *r) {
    query_close(r->run);
    filter_free(r->filter);
    r->run = NULL;
    r->filter = NULL;
}

void reading_free(Reading *r) {
    end(r);
    *r = (Reading){0};
}

static int begin(Reading *r, View *v, const Query *q, Err *e) {
    end(r);
    r->asked = reading_question(v, q);
    r->show_us = 0;
    Query own = *q;
    if (reading_filter(v, &r->filter, e) != 0) return -1;
    own.filter = r->filter;
    own.interrupt = reading_late;
    own.ctx = &r->deadline_us;
    return query_open(v->db, &own, &r->run, e);
}

/* Names of a partial answer are the run's: it goes before the run does. */
static void drop(Reading *r, Result *out) {
    if (r->run && r->whole != r->asked) result_free(out);
}

static void show(Reading *r, View *v, Result *out, bool *changed) {
    bool fresh = r->whole != r->asked;
    if (fresh || v->reading_permille >= 0) v->reading_permille = query_permille(r->run);
    if (!fresh || reading_now_us() < r->show_us) return;
    result_free(out);
    query_so_far(r->run, out);
    r->whole = 0;
    r->show_us = reading_now_us() + SHOW_US;
    *changed = true;
}

int reading_step(Reading *r, View *v, const Query *q, int64_t deadline_us, Result *out, bool *more, bool *changed, Err *e) {
    bool another = !r->run || reading_given_up(r->deadline_us) || !reading_is_of(r, v, q);
    *changed = *more = false;
    r->deadline_us = deadline_us;
    if (another) drop(r, out);
    if ((another && begin(r, v, q, e) != 0) || query_go_on(r->run, more, e) != 0) {
        drop(r, out);
        reading_free(r);
        return -1;
    }
    if (*more) {
        show(r, v, out, changed);
        return 0;
    }
    result_free(out);
    query_take(r->run, out);
    r->run = NULL;
    r->whole = r->asked;
    *changed = true;
    end(r);
    return 0;
}

void chart_reading_free(ChartReading *r) {
    query_series_close(r->run);
    filter_free(r->filter);
    *r = (ChartReading){.run = NULL};
}

static int begin_chart(ChartReading *r, View *v, const ChartAsk *ask, uint64_t asked, Err *e) {
    Query own = ask->q;
    chart_reading_free(r);
    r->asked = asked;
    if (reading_filter(v, &r->filter, e) != 0) return -1;
    own.filter = r->filter;
    own.interrupt = reading_late;
    own.ctx = &r->deadline_us;
    return query_series_open(v->db, &own, ask->dim, ask->stacks, ask->slot_ms, &r->run, e);
}

static int go_on_with_chart(ChartReading *r, Series *out, bool *more, Err *e) {
    Series whole;
    if (query_series_go_on(r->run, more, e) != 0) return -1;
    if (*more) return 0;
    int rc = query_series_take(r->run, &whole, e);
    r->run = NULL;
    if (rc != 0) return -1;
    series_free(out);
    *out = whole;
    chart_reading_free(r);
    return 0;
}

int chart_reading_step(ChartReading *r, View *v, const ChartAsk *ask, int64_t deadline_us, Series *out, bool *more, Err *e) {
    const int64_t number[] = {ask->dim, (int64_t)ask->stacks, ask->slot_ms};
    uint64_t asked = hash64(number, sizeof number, reading_question(v, &ask->q)) | 1;
    bool another = !r->run || reading_given_up(r->deadline_us) || r->asked != asked;
    *more = false;
    int rc = another ? begin_chart(r, v, ask, asked, e) : 0;
    r->deadline_us = deadline_us;
    if (rc == 0 && go_on_with_chart(r, out, more, e) == 0) return 0;
    chart_reading_free(r);
    return -1;
}
