/* test_screen_alerts: Budgets and Alerts as golden text over a ledger, an alert book and a fixed clock: what breaks first stands
 * on top, what was told to whom is said; `a` and `x` reach the ledger, Enter goes to the cause. */
#include "store/outbox.h"
#include "tests/golden.h"
#include "tests/ledger_lab.h"
#include "tui/keys.h"
#include "tui/list.h"
#include "tui/view.h"

#define NOW (LAB_NOW + 3 * MS_PER_HOUR + 12 * MS_PER_MINUTE + 40 * 1000) /* Tue 24 Nov 2026 03:12:40 UTC */
#define USD INT64_C(1000000000)

typedef struct Desk {
    Lab lab;
    App app;
    Config config;
    Budget budgets[6];
    AlertConfig to;
    View v;
} Desk;

static Budget budget(const char *id, const char *scope, Unit period, int64_t usd, BudgetAction action) {
    Budget b = {.period = period, .limit_nano = usd * USD, .warn_permille = {500, 800}, .action = action};
    snprintf(b.id, sizeof b.id, "%s", id);
    assert_int_equal(budget_parse_scope(&b, scope, NULL), 0);
    return b;
}

static void spend(Desk *d, int64_t ms, const char *feature, const char *team, int64_t usd, uint32_t flags) {
    static uint64_t id;
    Request *r = lab_add(&d->lab, ++id, ms);
    r->name[DIM_FEATURE] = lab_name(&d->lab, feature);
    r->name[DIM_TEAM] = lab_name(&d->lab, team);
    r->cost_nano = usd * USD / 100;
    r->flags |= flags;
    if (flags & REQ_UNPRICED) r->cost_nano = 0, r->price_row = 0;
}

static void fill(Desk *d) {
    for (int64_t m = 0; m < 190; m++) spend(d, LAB_NOW + m * MS_PER_MINUTE, "search", "web", 13, 0);
    for (int64_t m = 0; m < 190; m++) spend(d, LAB_NOW + m * MS_PER_MINUTE + 1, "support-chat", "web", 24, 0);
    for (int64_t m = 150; m < 193; m++) spend(d, LAB_NOW + m * MS_PER_MINUTE + 2, "doc-agent", "docs", 813, 0);
    spend(d, NOW - 30000, "doc-agent", "docs", 813, 0);
    spend(d, NOW - 20000, "checkout", "web", 0, REQ_UNPRICED);
    for (int f = 0; f < 5; f++) {
        static const char *const more[] = {"faq", "titles", "tags", "moderation", "mail"};
        spend(d, LAB_NOW + f, more[f], "web", 100 + f, 0);
    }
    lab_ingest(&d->lab);
}

static void book(Desk *d, int64_t ms, const Finding *f, size_t n) {
    Err e = {""};
    TellTo to[] = {{"slack", WEIGHT_WATCH}, {"pagerduty", WEIGHT_ACT}};
    OK(e, book_update(d->lab.db, &(Findings){.at = (Finding *)(uintptr_t)f, .count = n}, &(BookOptions){.now_ms = ms, .to = to, .to_count = 2}, &e));
}

static void deliver(Desk *d, const char *channel, OutboxEnd end, const char *word, int64_t ms) {
    Err e = {""};
    Notice n;
    bool found;
    OK(e, outbox_next(d->lab.db, channel, &n, &found, &e));
    assert_true(found);
    OK(e, outbox_end(d->lab.db, &n, end, word, ms, ms + 20000, &e));
}

static Finding finding(const char *rule, const char *scope, Weight weight, int64_t period_ms, int64_t usd, const char *title, const char *detail) {
    Finding f = {.rule = alert_rule(rule), .severity = weight, .period_ms = period_ms, .nano_per_hour = usd < 0 ? -1 : usd * USD};
    snprintf(f.scope, sizeof f.scope, "%s", scope);
    snprintf(f.title, sizeof f.title, "%s", title);
    snprintf(f.detail, sizeof f.detail, "%s", detail);
    return f;
}

static void tell(Desk *d) {
    const Finding f[] = {
        finding("burn", "all", WEIGHT_ACT, 0, 476, "burn 10.9× usual: $8.73/min against $0.80",
                "top contributor: doc-agent $8.13/min (93% of the last 15 minutes)\nrunbook: https://wiki/llm-burn\n"
                "stop: tollwatch kill --scope non_critical --for 30m --reason 'burn 10.9× usual: $8.73/min against $0.80'"),
        finding("cache", "doc-agent", WEIGHT_WATCH, 0, 346, "prompt cache lost on doc-agent: hit rate 89% → 10%, costs $346.00/h", "434 calls in the last 15 minutes"),
        finding("budget", "docs-day", WEIGHT_ACT, LAB_NOW, -1, "budget docs-day is at 89%: $357.72 of $400.00 until 25 Nov 00:00", "most of it: doc-agent $357.72 (100%)"),
        finding("unpriced", "next-exp", WEIGHT_WATCH, 0, -1, "next-exp has no price: 182000 tokens of 61 calls today are in no total", ""),
        finding("gateway", "batch-1", WEIGHT_WATCH, 0, -1, "gateway batch-1 has not reported since 03:07", "")};
    book(d, NOW - 80 * MS_PER_MINUTE, &f[4], 1); /* an old episode, over */
    for (int64_t m = 79; m > 77; m--) book(d, NOW - m * MS_PER_MINUTE, &f[4], 1);
    for (int64_t m = 77; m > 70; m--) book(d, NOW - m * MS_PER_MINUTE, f, 0);
    for (int64_t m = 42; m > 7; m--) book(d, NOW - m * MS_PER_MINUTE, f, 2);
    deliver(d, "slack", OUTBOX_DELIVERED, "200", NOW - 77 * MS_PER_MINUTE);
    deliver(d, "slack", OUTBOX_DELIVERED, "200", NOW - 77 * MS_PER_MINUTE);
    deliver(d, "slack", OUTBOX_DELIVERED, "200", NOW - 36 * MS_PER_MINUTE);
    deliver(d, "pagerduty", OUTBOX_LATER, "503", NOW - 36 * MS_PER_MINUTE);
    for (int64_t m = 7; m > 0; m--) book(d, NOW - m * MS_PER_MINUTE, f, 4);
}

static int desk_open(void **state) {
    Err e = {""};
    Desk *d = xcalloc(1, sizeof *d);
    d->budgets[0] = budget("docs-day", "team:docs", UNIT_DAY, 400, BUDGET_ALERT);
    d->budgets[1] = budget("org-day", "global", UNIT_DAY, 2000, BUDGET_KILL);
    d->budgets[2] = budget("org-month", "global", UNIT_MONTH, 42000, BUDGET_ALERT);
    d->budgets[3] = budget("search-day", "feature:search", UNIT_DAY, 240, BUDGET_BLOCK);
    d->budgets[4] = budget("web-hour", "team:web", UNIT_HOUR, 4, BUDGET_BLOCK);
    d->budgets[5] = budget("ci-key-day", "key:ci-runner", UNIT_DAY, 120, BUDGET_BLOCK);
    d->config = (Config){.budgets = d->budgets, .budget_count = 6, .timezone = "UTC"};
    lab_open(&d->lab, &(LedgerOptions){.budgets = d->budgets, .budget_count = 6, .now_ms = NOW});
    d->app = (App){.config = &d->config};
    OK(e, zone_open(&d->app.day_zone, "UTC", &e));
    snprintf(d->app.db_path, sizeof d->app.db_path, "%s", d->lab.path);
    d->v = (View){.now_ms = NOW, .since_ms = NOW - 6 * MS_PER_HOUR, .until_ms = NOW, .range_name = "6h", .zone = d->app.day_zone,
                  .policy = {.state = SWITCH_OFF}, .collecting = "ops-3 4242 alice", .newest_ms = NOW - 2000, .reading_permille = -1,
                  .db = d->lab.db, .app = &d->app};
    fill(d);
    *state = d;
    return 0;
}

static int desk_close(void **state) {
    Desk *d = *state;
    filter_free(d->v.filter);
    zone_free(d->app.day_zone);
    lab_close(&d->lab);
    free(d);
    return 0;
}

static void *loaded(Desk *d, const Screen *s) {
    Err e = {""};
    bool more;
    void *self = s->open();
    OK(e, s->load(self, &d->v, INT64_MAX, &more, &e));
    return self;
}

static void draw(Desk *d, const Screen *s, const void *self, const char *name, int w, int h, bool ascii) {
    char path[128];
    Canvas *c = canvas_new(w, h, ascii);
    frame_draw(s, self, &d->v, c);
    snprintf(path, sizeof path, "tests/screens/%s_%s%dx%d.txt", name, ascii ? "ascii_" : "", w, h);
    golden(c, path);
    canvas_free(c);
}

static void at_all_sizes(Desk *d, const char *screen, const char *name, int keys) {
    static const int sizes[][2] = {{40, 10}, {80, 24}, {120, 40}, {200, 60}};
    const Screen *s = screen_find(screen);
    void *self = loaded(d, s);
    for (int i = 0; i < keys; i++) assert_true(list_key(s, self, &d->v, 80, 24, KEY_DOWN));
    if (keys) {
        Err e = {""};
        bool more;
        OK(e, s->load(self, &d->v, INT64_MAX, &more, &e));
    }
    for (int i = 0; i < 8; i++) draw(d, s, self, name, sizes[i / 2][0], sizes[i / 2][1], i % 2 == 1);
    s->close(self);
}

static void counts(Desk *d) {
    BookCounts n;
    Err e = {""};
    OK(e, book_counts(d->lab.db, NOW, &n, &e));
    d->v.alerts_act = n.act, d->v.alerts_watch = n.watch;
    if (n.newest[0]) snprintf(d->v.ticker, sizeof d->v.ticker, "%s %s", n.newest_act ? "●" : "▲", n.newest);
}

static void budgets_as_text(void **state) {
    at_all_sizes(*state, "budgets", "budgets", 1);
}

static void budgets_without_any(void **state) {
    Desk *d = *state;
    d->config.budget_count = 0;
    at_all_sizes(d, "budgets", "budgets_none", 0);
}

static void alerts_as_text(void **state) {
    Desk *d = *state;
    tell(d);
    counts(d);
    at_all_sizes(d, "alerts", "alerts", 0);
}

static void alerts_without_any(void **state) {
    at_all_sizes(*state, "alerts", "alerts_none", 0);
}

/* Every size from one column up: nothing is written beside the canvas (the sanitizer watches). */
static void any_size_is_drawn(void **state) {
    Desk *d = *state;
    tell(d);
    static const char *const names[] = {"budgets", "alerts"};
    for (int i = 0; i < 2; i++) {
        const Screen *s = screen_find(names[i]);
        void *self = loaded(d, s);
        for (int w = 1; w <= 210; w += 7)
            for (int h = 1; h <= 60; h += 3) {
                Canvas *c = canvas_new(w, h, w % 2 == 0);
                frame_draw(s, self, &d->v, c);
                canvas_free(c);
            }
        s->close(self);
    }
}

static void a_word_to_an_alert_reaches_the_ledger_and_is_taken_back(void **state) {
    Desk *d = *state;
    Err e = {""};
    bool more;
    const Screen *s = screen_find("alerts");
    tell(d);
    setenv("TOLLWATCH_USER", "bob", 1);
    void *self = loaded(d, s);
    d->v.readonly = true;
    assert_true(s->key_pressed(self, &d->v, 'a'));
    assert_int_equal(lab_number(&d->lab, "SELECT count(*) FROM alert WHERE acked_ms > 0"), 0);
    assert_non_null(strstr(d->v.answer, "--readonly"));
    d->v.readonly = false;
    assert_true(s->key_pressed(self, &d->v, 'a'));
    assert_int_equal(lab_number(&d->lab, "SELECT count(*) FROM alert WHERE acked_by = 'bob'"), 1);
    OK(e, s->load(self, &d->v, INT64_MAX, &more, &e));
    assert_true(s->key_pressed(self, &d->v, 'a')); /* the selection stayed on it when it moved down */
    assert_int_equal(lab_number(&d->lab, "SELECT count(*) FROM alert WHERE acked_ms > 0"), 0);
    assert_true(s->key_pressed(self, &d->v, 'x'));
    assert_int_equal(lab_number(&d->lab, "SELECT until_ms FROM alert_silence"), NOW + MS_PER_HOUR);
    s->close(self);
}

static void enter_goes_to_the_cause(void **state) {
    Desk *d = *state;
    const Screen *s = screen_find("budgets");
    void *self = loaded(d, s);
    list_key(s, self, &d->v, 80, 24, 'g');
    assert_true(s->key_pressed(self, &d->v, KEY_ENTER));
    assert_string_equal(d->v.go, "features");
    assert_string_equal(d->v.filter_text, "team:\"docs\"");
    assert_string_equal(d->v.range_name, "today");
    s->close(self);
    tell(d);
    s = screen_find("alerts");
    self = loaded(d, s);
    list_key(s, self, &d->v, 80, 24, 'g');
    for (int i = 0; i < 2; i++) list_key(s, self, &d->v, 80, 24, KEY_DOWN);
    assert_true(s->key_pressed(self, &d->v, KEY_ENTER));
    assert_string_equal(d->v.go, "requests");
    assert_string_equal(d->v.filter_text, "model:\"next-exp\"");
    s->close(self);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(budgets_as_text), CASE(budgets_without_any), CASE(alerts_as_text), CASE(alerts_without_any), CASE(any_size_is_drawn),
        CASE(a_word_to_an_alert_reaches_the_ledger_and_is_taken_back), CASE(enter_goes_to_the_cause),
    };
    return cmocka_run_group_tests_name("screen_alerts", tests, NULL, NULL);
}
