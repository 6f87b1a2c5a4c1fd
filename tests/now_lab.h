/* now_lab: a ledger in Berlin on a Tuesday morning, spend of one feature in it, and what is known of it at an instant. */
#ifndef TESTS_NOW_LAB_H
#define TESTS_NOW_LAB_H
#include "tests/query_fixture.h"

#define NOW "2026-11-24T09:20:46.847Z" /* a Tuesday; 10:20:46 in Berlin */

static inline int setup(void **state) {
    static Fixture f;
    fixture_open(&f, "Europe/Berlin", utc(NOW));
    *state = &f;
    return 0;
}

static inline int teardown(void **state) {
    fixture_close(*state);
    return 0;
}

static inline void spend(Fixture *f, const char *ts, int64_t nano) {
    fixture_add(f, &(Spec){.ts_ms = utc(ts), .name[DIM_ACCOUNT] = "openai", .name[DIM_FEATURE] = "search", .cost_nano = nano});
}

static inline Now now_at(Fixture *f, const char *ts) {
    Err e = {""};
    Now n;
    fixture_flush(f);
    must(query_now(f->db, f->zone, utc(ts), &n, &e), &e);
    return n;
}
#endif
