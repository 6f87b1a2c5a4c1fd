/* The pictures in the README are made of the cells that are drawn: a made-up load, a fixed clock, the same bytes each time.
 * `make pictures` writes them anew (GOLDEN=write); this test fails when they show something that is no longer so. */
#include "tests/dashboard_lab.h"
#include "tests/golden.h"
#include "store/price.h"
#include "tui/demo_bills.h"
#include "tui/demo_load.h"
#include "tui/layout.h"
#include "tui/list.h"
#include "tui/svg.h"

#define PICTURE_NOW "2026-11-24T15:12:40.000Z"
enum { PICTURE_MAX_BYTES = 60000, ONSET_MINUTES = 41, BILLED_DAYS = 3 };

static const char config_text[] =
    "[general]\ntimezone = UTC\n"
    "[budget org-day]\nscope = global\nperiod = day\nlimit_usd = 1500\nwarn_at = 0.5 0.8\naction = kill\n"
    "[budget docs-day]\nscope = team:docs\nperiod = day\nlimit_usd = 500\naction = alert\n"
    "[budget search-day]\nscope = feature:search\nperiod = day\nlimit_usd = 240\naction = block\n"
    "[savings]\ncan_wait = nightly-eval summaries\n";

static DashboardLab lab;

static void play(const Book *book, const DemoLoad *load, int64_t from_ms, int64_t to_ms) {
    Err e = {""};
    Pricer *pricer = pricer_new(book);
    Batch *batch[DEMO_GATEWAYS];
    for (int g = 0; g < DEMO_GATEWAYS; g++) batch[g] = batch_new(LEDGER_BATCH);
    for (int64_t minute = from_ms / MS_PER_MINUTE * MS_PER_MINUTE; minute < to_ms; minute += MS_PER_MINUTE) {
        demo_minute(load, minute, from_ms, to_ms, batch);
        for (int g = 0; g < DEMO_GATEWAYS; g++) {
            IngestCounts counts = {0};
            if (batch_count(batch[g]) + DEMO_MINUTE_MAX <= LEDGER_BATCH && minute + MS_PER_MINUTE < to_ms) continue;
            for (size_t i = 0; i < batch_count(batch[g]); i++) pricer_price(pricer, batch[g], batch_at(batch[g], i));
            must(ledger_ingest(lab.f.ledger, batch[g], &counts, &e), &e);
            batch_clear(batch[g]);
        }
    }
    for (int g = 0; g < DEMO_GATEWAYS; g++) batch_free(batch[g]);
    pricer_free(pricer);
}

static void bill(const Book *book, int64_t midnight) {
    Err e = {""};
    Pricer *pricer = pricer_new(book);
    const DemoBills bills = {.db = lab.f.db, .ledger = lab.f.ledger, .pricer = pricer, .start_ms = utc(PICTURE_NOW)};
    for (int day = 1; day <= BILLED_DAYS; day++) must(demo_bills_day(&bills, midnight - day * MS_PER_DAY, utc(PICTURE_NOW), &e), &e);
    must(demo_bills_say(&bills, utc(PICTURE_NOW), &e), &e);
    must(demo_bills_health(&bills, midnight, utc(PICTURE_NOW), &e), &e);
    pricer_free(pricer);
}

/* Today, the days that have bills, and the same hours of the four weeks before. */
static void load_ledger(void) {
    Err e = {""};
    Book *book;
    const int64_t now = utc(PICTURE_NOW), midnight = utc("2026-11-24T00:00:00Z");
    const DemoLoad load = {.seed = 42, .onset_ms = (now / MS_PER_MINUTE - ONSET_MINUTES) * MS_PER_MINUTE};
    must(book_load(&book, NULL, &e), &e);
    for (int week = 4; week >= 1; week--)
        play(book, &load, now - week * 7 * MS_PER_DAY - 7 * MS_PER_HOUR, now - week * 7 * MS_PER_DAY + MS_PER_HOUR);
    play(book, &load, midnight - BILLED_DAYS * MS_PER_DAY, now);
    bill(book, midnight);
    book_free(book);
}

static void *open_screen(const Screen *s, View *v) {
    Err e = {""};
    bool more;
    must(view_open(v, &lab.app, &e) == 0 ? view_open_ledger(v, &e) : -1, &e);
    snprintf(v->collecting, sizeof v->collecting, "ops-3 4242 alice");
    void *self = s->open();
    do must(s->load(self, v, INT64_MAX, &more, &e), &e);
    while (more);
    return self;
}

static void is_as_drawn(const char *screen, int w, int h, const char *theme_name, const char *path) {
    View v;
    Theme theme;
    Err e = {""};
    const Screen *s = screen_find(screen);
    must(theme_load(&theme, theme_name, NULL, &e), &e);
    void *self = open_screen(s, &v);
    Canvas *c = canvas_new(w, h, false);
    Buf svg = {.max = 1 << 20};
    frame_draw(s, self, &v, c);
    svg_write(c, &theme, &svg);
    if (svg.len > PICTURE_MAX_BYTES) fail_msg("%s has %zu bytes", path, svg.len);
    golden_text(&svg, path);
    buf_free(&svg);
    canvas_free(c);
    s->close(self);
    view_close(&v);
}

static void pictures_show_what_is_drawn(void **state) {
    (void)state;
    is_as_drawn("overview", 120, 40, "default", "tests/pictures/overview.svg");
    is_as_drawn("overview", 80, 24, "light", "tests/pictures/overview-light.svg");
    is_as_drawn("models", 110, 24, "slate", "tests/pictures/models.svg");
    is_as_drawn("bills", 110, 24, "default", "tests/pictures/bills.svg");
    is_as_drawn("savings", 110, 24, "default", "tests/pictures/savings.svg");
}

/* Whoever tries the demo looks through all of it: no list there is empty. Alerts and budgets' states are their workers'. */
static void no_list_of_the_demo_is_empty(void **state) {
    const char *const names[] = {"overview", "models", "features", "requests", "bills", "budgets", "sources", "savings"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        View v;
        const Layout at = layout_make(120, 40);
        Listing l = {0};
        const Screen *s = screen_find(names[i]);
        void *self = open_screen(s, &v);
        if (!s->list || !s->list(self, &v, &at, &l) || l.table.rows < 3) fail_msg("%s has %zu rows", names[i], l.table.rows);
        s->close(self);
        view_close(&v);
    }
}

static int setup(void **state) {
    Err e = {""};
    (void)state;
    lab = (DashboardLab){.config = ""};
    setlocale(LC_CTYPE, "C.UTF-8");
    fixture_open(&lab.f, "UTC", utc(PICTURE_NOW));
    setenv("XDG_CONFIG_HOME", lab.f.dir, 1);
    setenv("XDG_STATE_HOME", lab.f.dir, 1);
    lab_write(&lab, "config", config_text);
    lab_write(&lab, "policy.json", "{\"schema_version\":1,\"generation\":41,\"updated_by\":{\"user\":\"bob\"},\"kill_switch\":{\"enabled\":false}}");
    snprintf(lab.config, sizeof lab.config, "%.63s/config", lab.f.dir);
    snprintf(lab.policy, sizeof lab.policy, "%.63s/policy.json", lab.f.dir);
    must(config_load(&lab.settings, lab.config, &e), &e);
    ledger_close(lab.f.ledger); /* once more, with the budgets: the ledger keeps their sums */
    const LedgerOptions o = {.zone = lab.f.zone, .now_ms = utc(PICTURE_NOW), .budgets = lab.settings->budgets, .budget_count = lab.settings->budget_count};
    must(ledger_open(&lab.f.ledger, lab.f.db, &o, &e), &e);
    load_ledger();
    lab.app = (App){.config_path = lab.config, .db_option = lab.f.path, .policy_option = lab.policy, .fixed_now_ms = utc(PICTURE_NOW)};
    return 0;
}

static int teardown(void **state) {
    (void)state;
    dashboard_lab_close(&lab);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pictures_show_what_is_drawn), cmocka_unit_test(no_list_of_the_demo_is_empty)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
