/* view_lab: what screens share, opened over the ledger of query_fixture.h; there is no policy file. */
#ifndef TESTS_VIEW_LAB_H
#define TESTS_VIEW_LAB_H
#include "tests/query_fixture.h"
#include "tui/view.h"

#define NOW "2026-11-24T02:12:40.000Z" /* 03:12:40 in Berlin */

typedef struct ViewLab {
    Fixture f;
    App app;
    View view;
} ViewLab;
static ViewLab place;

/* After fixture_open() of place.f: zone is how times are displayed. */
static inline void view_lab_open(const char *zone) {
    Err e = {""};
    place.app = (App){.policy_option = "/nonexistent/policy.json", .tz_option = zone, .db_option = place.f.path, .fixed_now_ms = utc(NOW)};
    setenv("HOME", place.f.dir, 1);
    setenv("XDG_CONFIG_HOME", place.f.dir, 1);
    must(view_open(&place.view, &place.app, &e), &e);
    must(view_open_ledger(&place.view, &e), &e);
}

static inline int view_lab_teardown(void **state) {
    (void)state;
    view_close(&place.view);
    app_close(&place.app);
    fixture_close(&place.f);
    return 0;
}
#endif
