/* reading: see reading.h. */
#include "tui/reading.h"

enum {
    SHOW_US = 100000,    /* a partial answer is drawn anew this often */
    GIVEN_UP_US = 1000000 /* nobody asked to go on for this long: another screen was looked at, begin anew */
};

static int64_t monotonic_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int late(void *ctx) {
    return monotonic_us() >= ((const Reading *)ctx)->deadline_us;
}

static uint64_t hash_text(const char *text, uint64_t h) {
    return hash64(text, strlen(text), h);
}

/* A live range moves on with the clock: it is the same question. */
static uint64_t question(const View *v, const Query *q) {
    const int64_t number[] = {v->asof_ms, v->range_text[0] ? 0 : v->range_length_ms, v->compare,
                              q->by[0], q->by_count > 1 ? q->by[1] : -1};
    return hash_text(v->filter_text, hash_text(v->range_text, hash_text(v->range_name, hash64(number, sizeof number, 1)))) | 1;
}

bool reading_is_of(const Reading *r, const View *v, const Query *q) {
    return r->asked == question(v, q);
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
    r->asked = question(v, q);
    r->show_us = 0;
    Query own = *q;
    if (v->filter && filter_parse(&r->filter, v->filter_text, e) != 0) return -1;
    own.filter = r->filter;
    own.interrupt = late;
    own.ctx = r;
    return query_open(v->db, &own, &r->run, e);
}

/* Names of a partial answer are the run's: it goes before the run does. */
static void drop(Reading *r, Result *out) {
    if (r->run && r->whole != r->asked) result_free(out);
}

static void show(Reading *r, View *v, Result *out, bool *changed) {
    bool fresh = r->whole != r->asked;
    if (fresh || v->reading_permille >= 0) v->reading_permille = query_permille(r->run);
    if (!fresh || monotonic_us() < r->show_us) return;
    result_free(out);
    query_so_far(r->run, out);
    r->whole = 0;
    r->show_us = monotonic_us() + SHOW_US;
    *changed = true;
}

int reading_step(Reading *r, View *v, const Query *q, int64_t deadline_us, Result *out, bool *more, bool *changed, Err *e) {
    bool given_up = r->deadline_us < monotonic_us() - GIVEN_UP_US, another = !r->run || given_up || !reading_is_of(r, v, q);
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
