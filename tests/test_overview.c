/* The Overview in an incident: since when, what burns, is it normal, which budget breaks, at every size (golden text in
 * tests/tui/incident_*.txt), and what it says when it is calm, silent, stopped, or knows too little. */
#include <locale.h>
#include "tests/golden.h"
#include "tests/query_fixture.h"
#include "tui/command.h"
#include "tui/keys.h"
#include "tui/drill.h"
#include "tui/overview.h"
#include "tui/view.h"

#define NOW "2026-11-24T02:12:40.000Z" /* Tue 03:12:40 in Berlin */
#define USD INT64_C(1000000000)

typedef struct Place {
    Fixture f;
    char config[128], policy[128];
    Config *settings;
    App app;
    View view;
} Place;
static Place place;

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static const char config_text[] = "[general]\ntimezone = Europe/Berlin\n"
                                  "[budget org-day]\nscope = global\nperiod = day\nlimit_usd = 2000\n"
                                  "[budget docs-day]\nscope = team:docs\nperiod = day\nlimit_usd = 400\n";

static void call(int64_t ts_ms, const char *feature, const char *team, const char *model, int64_t nano) {
    fixture_add(&place.f, &(Spec){.ts_ms = ts_ms,
                                  .name = {[DIM_FEATURE] = feature,
                                           [DIM_TEAM] = team,
                                           [DIM_MODEL] = model,
                                           [DIM_PROVIDER] = "anthropic",
                                           [DIM_ACCOUNT] = "anthropic",
                                           [DIM_GATEWAY] = "edge-1"},
                                  .tokens = {[TOK_INPUT] = 1000, [TOK_CACHE_READ] = 3000, [TOK_OUTPUT] = 400},
                                  .cost_nano = nano,
                                  .saved_cache_nano = nano / 2,
                                  .latency_ms = 2600,
                                  .ttft_ms = 500});
}

/* $0.80 a minute, in the seven hours before now and around them in each of four weeks before. */
static void usual_load(int64_t now) {
    for (int week = 0; week <= 4; week++)
        for (int minute = week ? -60 : 0; minute < 7 * 60; minute++) {
            int64_t at = now - week * 7 * MS_PER_DAY - minute * MS_PER_MINUTE - 1000;
            call(at, "search", "web", "claude-haiku-5-5", USD / 2);
            call(at + 500, "doc-agent", "docs", "claude-opus-5-5", USD * 3 / 10);
        }
}

/* Since 02:31: $8 a minute more. */
static void incident(int64_t now) {
    for (int64_t at = utc("2026-11-24T01:31:10Z"); at < now; at += MS_PER_MINUTE / 2)
        call(at, "doc-agent", "docs", "claude-opus-5-5", USD * 4);
}

static int setup(void **state) {
    Err e = {""};
    Place *p = &place;
    *p = (Place){.config = ""};
    setlocale(LC_CTYPE, "C.UTF-8");
    fixture_open(&p->f, "Europe/Berlin", utc(NOW));
    setenv("HOME", p->f.dir, 1);
    setenv("XDG_CONFIG_HOME", p->f.dir, 1);
    snprintf(p->config, sizeof p->config, "%.63s/config.ini", p->f.dir);
    snprintf(p->policy, sizeof p->policy, "%.63s/policy.json", p->f.dir);
    write_file(p->config, config_text);
    write_file(p->policy,
               "{\"schema_version\":1,\"generation\":41,\"updated_by\":\"bob\",\"kill_switch\":{\"enabled\":false}}");
    must(config_load(&p->settings, p->config, &e), &e);
    ledger_close(p->f.ledger); /* once more, with the budgets: the ledger keeps their sums */
    must(ledger_open(&p->f.ledger, p->f.db,
                     &(LedgerOptions){.zone = p->f.zone,
                                      .now_ms = utc(NOW),
                                      .budgets = p->settings->budgets,
                                      .budget_count = p->settings->budget_count},
                     &e),
         &e);
    p->app = (App){
        .config_path = p->config, .db_option = p->f.path, .policy_option = p->policy, .fixed_now_ms = utc(NOW)};
    *state = p;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    view_close(&place.view);
    app_close(&place.app);
    unlink(place.config);
    unlink(place.policy);
    fixture_close(&place.f);
    config_free(place.settings);
    return 0;
}

/* The frame of a size; the caller's. */
static Canvas *frame(int w, int h) {
    Err e = {""};
    const Screen *s = screen_find("overview");
    View *v = &place.view;
    bool more;
    fixture_flush(&place.f);
    if (!v->db) must(view_open(v, &place.app, &e) == 0 ? view_open_ledger(v, &e) : -1, &e);
    view_tick(v);
    view_facts(v);
    snprintf(v->collecting, sizeof v->collecting, "ops-3 4242 alice");
    void *self = s->open();
    do must(s->load(self, v, INT64_MAX, &more, &e), &e);
    while (more);
    Canvas *c = canvas_new(w, h, false);
    frame_draw(s, self, v, c);
    s->close(self);
    return c;
}

static void shows(int w, int h, const char *words) {
    Canvas *c = frame(w, h);
    Buf b = {.max = 1 << 20};
    canvas_dump(c, &b);
    if (!strstr(b.at, words)) fail_msg("%dx%d does not say \"%s\":\n%s", w, h, words, b.at);
    buf_free(&b);
    canvas_free(c);
}

static void the_six_questions_at_a_glance(void **state) {
    (void)state;
    usual_load(utc(NOW));
    incident(utc(NOW));
    static const struct { int w, h; const char *path; } sizes[] = {
        {38, 9, "tests/tui/incident_38x9.txt"}, {40, 10, "tests/tui/incident_40x10.txt"}, {80, 24, "tests/tui/incident_80x24.txt"},
        {120, 40, "tests/tui/incident_120x40.txt"}, {200, 60, "tests/tui/incident_200x60.txt"}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Canvas *c = frame(sizes[i].w, sizes[i].h);
        golden(c, sizes[i].path);
        canvas_free(c);
    }
    shows(80, 24, "usual since 02:31");
    shows(80, 24, "▲02:31");
    shows(80, 3, "usual since 02:31");
}

static void a_usual_rate_can_still_break_a_budget(void **state) {
    (void)state;
    usual_load(utc(NOW));
    shows(120, 40, "▲ Usual: $0.80/min for Tue 03:00. Largest: search 63%. docs-day breaks 22:13, in 19h.");
}

static void a_usual_hour_is_calm(void **state) {
    (void)state;
    write_file(place.config, "[general]\ntimezone = Europe/Berlin\n");
    usual_load(utc(NOW));
    shows(80, 24, "○ Usual: $0.80/min for Tue 03:00. Largest: search 63%.");
}

static void too_little_history_is_said(void **state) {
    (void)state;
    call(utc(NOW) - 1000, "search", "web", "claude-haiku-5-5", USD);
    shows(120, 24, "○ $1.00/min; what is usual is known after a week. Largest: search 100%. No budget breaks.");
}

static void silence_is_said(void **state) {
    (void)state;
    shows(80, 24, "? No call was read yet.");
    call(utc(NOW) - 4 * MS_PER_HOUR, "search", "web", "claude-haiku-5-5", USD);
    shows(80, 24, "? No call for 4h; nothing here is newer than 23:12.");
}

static void a_stop_is_the_first_thing_said(void **state) {
    (void)state;
    write_file(place.policy, "{\"schema_version\":1,\"generation\":42,\"updated_by\":\"alice\",\"kill_switch\":{"
                             "\"enabled\":true,\"scope\":\"all\",\"reason\":\"INC-4242\"}}");
    call(utc(NOW) - 1000, "search", "web", "claude-haiku-5-5", USD);
    shows(80, 24, "■ All calls are stopped");
    shows(80, 24, "INC-4242. $1.00/min still passes.");
}

static void flat_rate_use_stands_apart(void **state) {
    (void)state;
    for (int i = 1; i < 9; i++)
        fixture_add(&place.f, &(Spec){.ts_ms = utc(NOW) - i * 60000, .origin = ORIGIN_NOTIONAL, .cost_nano = USD,
                                      .name = {[DIM_MODEL] = "claude-opus-5-5", [DIM_PROJECT] = "here"}});
    shows(80, 24, "notional  $8.00 flat-rate use, in no sum");
    shows(80, 24, "notional value $/min: flat-rate use, not spend");
    shows(120, 40, "notional value $/min: flat-rate use, not spend");
    shows(120, 40, "~$0.00  nothing metered");
}

/* Back before the incident: every figure is that of then, the budgets too; the header says so, and that the switch is of now. */
static void back_in_time_everything_is_of_then(void **state) {
    (void)state;
    usual_load(utc(NOW));
    incident(utc(NOW));
    canvas_free(frame(80, 24));
    View *v = &place.view;
    static const struct { int w, h; const char *path; } sizes[] = {{40, 10, "tests/tui/asof_40x10.txt"}, {80, 24, "tests/tui/asof_80x24.txt"},
                                                                   {120, 40, "tests/tui/asof_120x40.txt"}, {200, 60, "tests/tui/asof_200x60.txt"}};
    view_step(v, -2); /* of six hours: 72 minutes */
    assert_int_equal(v->asof_ms, utc("2026-11-24T01:00:00Z"));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Canvas *c = frame(sizes[i].w, sizes[i].h);
        golden(c, sizes[i].path);
        canvas_free(c);
    }
    shows(80, 24, "Usual: $0.80/min for Tue 02:00"); /* today's incident is not of then */
    const BudgetView now = {.spent_nano = 0};
    BudgetView then = now;
    Err e = {""};
    must(view_budget(v, &place.settings->budgets[1], &then, &e), &e);
    assert_int_equal(then.spent_nano, 120 * (USD * 3 / 10)); /* docs-day, from midnight in Berlin until two */
    view_go_live(v);
    must(view_budget(v, &place.settings->budgets[1], &then, &e), &e);
    assert_true(then.spent_nano > 300 * USD);
    shows(80, 24, "usual since 02:31");
}

/* The cursor says when and how much; Enter shows everything as of then, Esc only takes it away. */
static void the_cursor_on_the_chart_leads_back(void **state) {
    (void)state;
    usual_load(utc(NOW));
    canvas_free(frame(80, 24));
    Err e = {""};
    View *v = &place.view;
    const Screen *s = screen_find("overview");
    void *self = s->open();
    bool more;
    do must(s->load(self, v, INT64_MAX, &more, &e), &e);
    while (more);
    Overview *o = self;
    for (int i = 0; i < 13; i++) assert_true(s->key_pressed(self, v, '<'));
    assert_true(s->key_pressed(self, v, KEY_RIGHT));
    assert_int_equal(o->cursor_ms, utc("2026-11-24T01:13:00Z"));
    Canvas *c = canvas_new(80, 24, false);
    Buf b = {.max = 1 << 20};
    frame_draw(s, self, v, c);
    canvas_dump(c, &b);
    assert_non_null(strstr(b.at, "24 Nov 02:13 $0.80/min"));
    assert_true(s->key_pressed(self, v, KEY_ESC));
    assert_true(view_is_live(v) && o->cursor_ms == 0);
    for (int i = 0; i < 1000; i++) assert_true(s->key_pressed(self, v, '<'));
    assert_int_equal(o->cursor_ms, o->series.since_ms);
    assert_true(s->key_pressed(self, v, KEY_ENTER));
    assert_int_equal(v->asof_ms, o->series.since_ms + o->series.slot_ms);
    buf_free(&b);
    canvas_free(c);
    s->close(self);
}

/* Enter on a row narrows the filter to it and asks for its parts; going back widens it again. */
static void enter_opens_the_parts_of_a_row(void **state) {
    (void)state;
    usual_load(utc(NOW));
    canvas_free(frame(80, 24));
    Err e = {""};
    View *v = &place.view;
    const Screen *s = screen_find("overview");
    void *self = s->open();
    bool more;
    do must(s->load(self, v, INT64_MAX, &more, &e), &e);
    while (more);
    v->shown = s;
    assert_true(list_key(s, self, v, 80, 24, KEY_DOWN));
    assert_true(s->key_pressed(self, v, KEY_ENTER));
    assert_string_equal(v->go, "features"); /* by model, the next part of the way */
    assert_int_equal(v->step[0].next_dim, DIM_MODEL);
    assert_string_equal(v->filter_text, "feature:\"doc-agent\"");
    assert_true(v->depth == 1 && drill_back(v));
    assert_string_equal(v->go, "overview");
    assert_string_equal(v->filter_text, "");
    drill_into(v, DIM_PROJECT, ""); /* no name is a place too */
    drill_to(v, "requests", -1, "");
    char crumbs[80];
    drill_crumbs(v, 9, crumbs, sizeof crumbs);
    assert_string_equal(crumbs, "(none) \u203a everything");
    s->close(self);
}

/* A figure of all calls beside a filtered list says that it is one; who burns in the list need not be who burns. */
static void beside_a_filter_the_whole_is_called_all(void **state) {
    (void)state;
    Err e = {""};
    usual_load(utc(NOW));
    incident(utc(NOW));
    shows(120, 40, "\u2502"); /* the view is open */
    must(view_set_filter(&place.view, "feature:search", &e), &e);
    shows(120, 40, "usual in all.");
    shows(120, 40, "all; metered");
    shows(120, 40, "all lat.");
    shows(40, 10, "/min all");
    shows(40, 10, "all today");
    shows(20, 1, "/m all");
    must(view_set_filter(&place.view, "", &e), &e);
    shows(120, 40, "burns $");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(the_six_questions_at_a_glance),
        CASE(a_usual_rate_can_still_break_a_budget),
        CASE(a_usual_hour_is_calm),
        CASE(too_little_history_is_said),
        CASE(silence_is_said),
        CASE(a_stop_is_the_first_thing_said),
        CASE(flat_rate_use_stands_apart),
        CASE(back_in_time_everything_is_of_then),
        CASE(the_cursor_on_the_chart_leads_back),
        CASE(beside_a_filter_the_whole_is_called_all),
        CASE(enter_opens_the_parts_of_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
