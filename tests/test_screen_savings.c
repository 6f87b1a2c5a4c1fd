/* test_screen_savings: the Savings screen from its rows to a rule that runs: every feature's rule and its dry run, its calls
 * opened, what the dialogs say will happen, what was measured since beside what was expected, taken out by one key; as golden
 * text in all sizes, in UTF-8 and ASCII. */
#include "store/money.h"
#include "tests/golden.h"
#include "tests/query_fixture.h"
#include "tui/keys.h"
#include "tui/savings_pane.h"
#include "tui/table.h"
#include "tui/view.h"
#include <ftw.h>
#include <locale.h>
#include <sys/stat.h>

#define NOW "2026-11-24T06:00:00Z"
#define LATER "2026-11-24T18:00:00Z"

typedef struct Desk {
    Fixture f;
    char config[128], policy[128];
    App app;
    View v;
    const Screen *s;
    void *self;
} Desk;

static void write_text(const Desk *d, const char *name, const char *text) {
    char path[160];
    snprintf(path, sizeof path, "%.63s/%s", d->f.dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static Request *call(Desk *d, int64_t at_ms, const char *feature, const char *model, int64_t in, int64_t out) {
    Usage u = {.provider = str_of("anthropic"), .model = str_of(model), .ts_ms = at_ms, .tokens = {[TOK_INPUT] = in, [TOK_OUTPUT] = out}};
    Cost cost;
    cost_of(d->app.book, &u, &cost);
    assert_true(cost.priced);
    fixture_add(&d->f, &(Spec){.ts_ms = at_ms, .id = (uint64_t)at_ms * 37 + (uint64_t)(unsigned char)feature[0], .cost_nano = cost.nano, .latency_ms = 900,
                               .tokens = {[TOK_INPUT] = in, [TOK_OUTPUT] = out},
                               .name = {[DIM_PROVIDER] = "anthropic", [DIM_MODEL] = model, [DIM_FEATURE] = feature, [DIM_GATEWAY] = "edge-1"}});
    Request *r = batch_at(d->f.batch, batch_count(d->f.batch) - 1);
    r->prompt_bytes = (int32_t)in * 4;
    r->tools = 0;
    r->max_tokens = -1;
    return r;
}

/* Yesterday and this morning: a chat and mail on the dear model, questions that come again, an agent that talks a lot at times. */
static void fill(Desk *d) {
    for (int64_t i = 0, at = utc("2026-11-23T08:00:00Z"); at < utc("2026-11-24T05:00:00Z"); at += 15 * MS_PER_MINUTE, i++) {
        call(d, at + 1, "chat", "claude-opus-4-8", 800, 120)->prompt_hash = (uint64_t)(1000 + i);
        call(d, at + 2, "mail", "claude-opus-4-8", 1200, 90 + i % 7)->prompt_hash = (uint64_t)(2000 + i);
        for (int64_t k = 0; k < 3; k++) call(d, at + 10 + k * 60000, "faq", "claude-haiku-4-5", 1500, 200)->prompt_hash = 7;
        call(d, at + 5, "agent", "claude-haiku-4-5", 3000, i % 9 ? 300 : 3000)->prompt_hash = (uint64_t)(3000 + i);
    }
    fixture_flush(&d->f);
}

static void set_now(Desk *d, const char *now) {
    d->app.fixed_now_ms = utc(now);
    view_tick(&d->v);
}

static void read_again(Desk *d) {
    Err e = {""};
    bool more = true;
    while (more) must(d->s->load(d->self, &d->v, INT64_MAX, &more, &e), &e);
    d->v.reading_permille = -1;
}

static void open_view(Desk *d) {
    Err e = {""};
    must(view_open(&d->v, &d->app, &e), &e);
    must(view_open_ledger(&d->v, &e), &e);
    must(view_set_range(&d->v, "24h", &e), &e);
    d->s = screen_find("savings");
    d->self = d->s->open();
    d->v.shown = d->s;
    d->v.shown_self = d->self;
    read_again(d);
}

static int set_up(void **state) {
    Desk *d = xcalloc(1, sizeof *d);
    Err e = {""};
    char path[160];
    setlocale(LC_CTYPE, "C.UTF-8");
    fixture_open(&d->f, "UTC", utc(NOW));
    setenv("HOME", d->f.dir, 1);
    setenv("XDG_CONFIG_HOME", d->f.dir, 1);
    setenv("XDG_STATE_HOME", d->f.dir, 1);
    setenv("TOLLWATCH_USER", "ana", 1);
    unsetenv("SSH_CONNECTION");
    write_text(d, "config", "[budget org]\nscope = global\nlimit_usd = 100\n[policy]\npublish = rsync -a here there\n");
    write_text(d, "policy.json", "{\"schema_version\":1,\"generation\":41,\"kill_switch\":{\"enabled\":false}}");
    snprintf(path, sizeof path, "%.63s/acks", d->f.dir);
    mkdir(path, 0700);
    write_text(d, "acks/edge-1.json", "{\"host\":\"a\",\"workers\":2,\"generation\":41,\"applied_at\":\"2026-11-24T01:00:00Z\",\"seen_at\":\"2026-11-24T05:59:55Z\"}");
    write_text(d, "acks/edge-2.json", "{\"host\":\"b\",\"workers\":2,\"generation\":41,\"applied_at\":\"2026-11-24T01:00:00Z\",\"seen_at\":\"2026-11-24T05:09:55Z\"}");
    snprintf(d->config, sizeof d->config, "%.63s/config", d->f.dir);
    snprintf(d->policy, sizeof d->policy, "%.63s/policy.json", d->f.dir);
    d->app = (App){.config_path = d->config, .db_option = d->f.path, .policy_option = d->policy, .fixed_now_ms = utc(NOW)};
    must(app_book(&d->app, &e), &e);
    fill(d);
    open_view(d);
    *state = d;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static int tear_down(void **state) {
    Desk *d = *state;
    char dir[sizeof d->f.dir];
    snprintf(dir, sizeof dir, "%s", d->f.dir);
    d->s->close(d->self);
    view_close(&d->v);
    app_close(&d->app);
    fixture_close(&d->f);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(d);
    return 0;
}

/* ---- keys as the dashboard gives them ---- */
static void press(Desk *d, int key) {
    Err e = {""};
    View *v = &d->v;
    if (!v->dialog.type) {
        assert_true(d->s->key_pressed(d->self, v, key));
        return;
    }
    DialogEnd end = dialog_key(&v->dialog, key);
    if (end == DIALOG_CONFIRMED) must(v->dialog.type->confirm(&v->dialog, v, &e), &e);
    if (end == DIALOG_STAYS) view_refresh_dialog(v);
    else view_close_dialog(v);
    if (end == DIALOG_CONFIRMED) read_again(d);
}

static void type(Desk *d, const char *text) {
    for (; *text; text++) press(d, *text);
}

static SavingsPane *pane(Desk *d) { return d->self; }

static void open_strategy(Desk *d, size_t row) {
    TableState *t = (TableState *)(void *)((char *)d->self + d->s->table_at);
    t->selected = row;
    press(d, KEY_ENTER);
}

static void goldens(Desk *d, const char *name) {
    static const int sizes[][2] = {{40, 10}, {80, 24}, {120, 40}, {200, 60}};
    for (int i = 0; i < 8; i++) {
        bool ascii = i >= 4;
        int w = sizes[i % 4][0], h = sizes[i % 4][1];
        char file[96];
        Canvas *c = canvas_new(w, h, ascii);
        d->v.ascii = ascii;
        frame_draw(d->s, d->self, &d->v, c);
        if (d->v.dialog.type) dialog_draw(&d->v.dialog, c);
        snprintf(file, sizeof file, "tests/tui/savings_%s_%dx%d%s.txt", name, w, h, ascii ? "_ascii" : "");
        golden(c, file);
        canvas_free(c);
    }
    d->v.ascii = false;
}

/* Every feature of a strategy has its rule; n goes through them and comes back to the first. */
static void every_feature_is_offered(void **state) {
    Desk *d = *state;
    open_strategy(d, SAVE_ROUTING);
    assert_int_equal(pane(d)->offers, 2);
    assert_string_equal(pane(d)->offer[0].feature, "mail");
    assert_non_null(strstr(pane(d)->rule, "feature=mail model=claude-opus-4-8 tools=no max_prompt_bytes=8000 set_model=claude-haiku-4-5"));
    assert_int_equal(pane(d)->examples, SAVE_EXAMPLES);
    goldens(d, "open");
    press(d, 'n');
    assert_non_null(strstr(pane(d)->rule, "feature=chat"));
    press(d, 'n');
    assert_non_null(strstr(pane(d)->rule, "feature=mail"));
    press(d, KEY_RIGHT);
    assert_int_equal(pane(d)->percent, 30);
    press(d, KEY_ESC);
    assert_false(pane(d)->open);
}

/* The rule of a cache has the TTL that pays best: the questions come again each quarter of an hour, and are answered as before. */
static void a_cache_gets_the_ttl_that_pays_best(void **state) {
    Desk *d = *state;
    open_strategy(d, SAVE_RESPONSE);
    assert_string_equal(pane(d)->rule, "cache feature=faq ttl_seconds=3600");
    assert_true(pane(d)->offer[0].calls > 200);
    assert_true(pane(d)->f.hits > 0);
    press(d, KEY_ESC);
    goldens(d, "ttls");
}

/* A feature that tolerates a cheaper model gets a rule without bounds; another keeps them. */
static void a_named_features_rule_has_no_bounds(void **state) {
    Desk *d = *state;
    snprintf(d->app.config->can_be_cheap, sizeof d->app.config->can_be_cheap, "mail");
    d->s->close(d->self);
    d->v.shown_self = d->self = d->s->open();
    read_again(d);
    open_strategy(d, SAVE_ROUTING);
    assert_string_equal(pane(d)->rule, "route feature=mail model=claude-opus-4-8 set_model=claude-haiku-4-5");
    assert_true(pane(d)->f.saved_nano > 0);
    press(d, 'n');
    assert_non_null(strstr(pane(d)->rule, "feature=chat model=claude-opus-4-8 tools=no max_prompt_bytes=8000 "));
}

/* A tier of the policy that stands for the model is named instead of it. */
static void a_tier_of_the_policy_is_routed_to(void **state) {
    Desk *d = *state;
    write_text(d, "policy.json", "{\"schema_version\":1,\"generation\":41,\"routing\":{\"tiers\":{\"economy\":\"claude-haiku-4-5\"}}}");
    open_strategy(d, SAVE_ROUTING);
    assert_non_null(strstr(pane(d)->rule, "set_tier=economy"));
    assert_true(pane(d)->f.saved_nano > 0);
}

static void an_example_is_opened(void **state) {
    Desk *d = *state;
    open_strategy(d, SAVE_ROUTING);
    press(d, KEY_DOWN);
    press(d, KEY_ENTER);
    assert_int_equal(pane(d)->detail.key, pane(d)->example[1].key);
    goldens(d, "example");
    press(d, 'r');
    assert_true(pane(d)->detail.whole);
    press(d, KEY_ESC);
    assert_int_equal(pane(d)->detail.key, pane(d)->example[1].key);
    press(d, KEY_ESC);
    assert_true(pane(d)->open);
    assert_int_equal(pane(d)->detail.key, 0);
}

/* Where no rule of a gateway helps it is said who can do it, and calls show it. */
static void what_no_rule_brings_says_who_does(void **state) {
    Desk *d = *state;
    snprintf(d->app.config->can_wait, sizeof d->app.config->can_wait, "mail");
    d->s->close(d->self);
    d->v.shown_self = d->self = d->s->open();
    read_again(d);
    open_strategy(d, SAVE_BATCH);
    assert_string_equal(pane(d)->rule, "");
    assert_non_null(strstr(pane(d)->why_none, "batch API"));
    assert_int_equal(pane(d)->examples, SAVE_EXAMPLES);
    press(d, 'w');
    assert_non_null(strstr(d->v.answer, "no rule of a gateway"));
}

static void looking_only_changes_nothing(void **state) {
    Desk *d = *state;
    d->v.readonly = true;
    open_strategy(d, SAVE_ROUTING);
    press(d, 'w');
    assert_null(d->v.dialog.type);
    assert_string_equal(d->v.answer, "looking only (--readonly): the policy is not changed from here");
    assert_int_equal(d->v.policy.generation, 41);
}

/* The dialog says what is written, that nobody publishes it, and who obeys; a wrong rule says why before Enter. */
static void the_dialog_says_what_happens(void **state) {
    Desk *d = *state;
    open_strategy(d, SAVE_TOKENS);
    press(d, 'w');
    assert_non_null(d->v.dialog.type);
    goldens(d, "write");
    bool published = true, obeyed = false, silent = false;
    for (int i = 0; i < d->v.dialog.notes; i++) {
        const char *n = d->v.dialog.note[i].text;
        if (strstr(n, "not published: nobody collects")) published = false;
        if (strstr(n, "these obey: edge-1")) obeyed = true;
        if (strstr(n, "silent") && strstr(n, "edge-2")) silent = true;
    }
    assert_true(!published && obeyed && silent);
    press(d, KEY_UP);
    type(d, "x");
    assert_non_null(strstr(d->v.dialog.note[0].text, "whole number"));
    press(d, KEY_ESC);
    assert_null(d->v.dialog.type);
}

/* Written, measured on the calls that a gateway sent to the other model, and taken out by u and Enter. */
static void a_rule_is_followed_and_taken_out(void **state) {
    Desk *d = *state;
    open_strategy(d, SAVE_ROUTING);
    press(d, 'w');
    type(d, "mail is simple");
    press(d, KEY_ENTER);
    assert_non_null(strstr(d->v.answer, "nobody collects, so it was not published"));
    assert_int_equal(d->v.policy.generation, 42);
    press(d, KEY_ESC);
    int64_t saved = 0;
    for (int64_t i = 0; i < 12; i++) {
        Request *r = call(d, utc(NOW) + (i + 1) * 30 * MS_PER_MINUTE, "mail", "claude-haiku-4-5", 1200, 90);
        r->asked = batch_name(d->f.batch, "claude-opus-4-8", 15);
        r->policy_generation = 42;
        saved += 1200 * (5000 - 1000) + 90 * (25000 - 5000);
    }
    fixture_flush(&d->f);
    write_text(d, "acks/edge-1.json", "{\"host\":\"a\",\"workers\":2,\"generation\":42,\"applied_at\":\"2026-11-24T06:00:01Z\",\"seen_at\":\"2026-11-24T17:59:55Z\"}");
    set_now(d, LATER);
    read_again(d);
    assert_int_equal(pane(d)->shown, 1);
    assert_int_equal(pane(d)->m[0].saved_nano, saved);
    assert_int_equal(pane(d)->m[0].changed, 12);
    assert_true(pane(d)->m[0].exact);
    d->v.answer[0] = '\0';
    goldens(d, "running");
    press(d, 'u');
    goldens(d, "undo");
    press(d, KEY_ENTER);
    assert_int_equal(d->v.policy.generation, 43);
    assert_int_equal(pane(d)->shown, 0);
    press(d, 'u');
    assert_string_equal(d->v.answer, "no rule that was written here runs");
    view_go_to(&d->v, utc(NOW) + 195 * MS_PER_MINUTE); /* back in time it ran, and is measured until then */
    read_again(d);
    assert_int_equal(pane(d)->shown, 1);
    assert_int_equal(pane(d)->m[0].changed, 6);
    assert_int_equal(pane(d)->m[0].until_ms, d->v.until_ms);
    assert_string_equal(pane(d)->obeyed[0], "who obeyed then is not kept");
    view_go_to(&d->v, utc(NOW) - MS_PER_HOUR); /* before it was written */
    read_again(d);
    assert_int_equal(pane(d)->shown, 0);
}

#define WITH_DESK(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_DESK(every_feature_is_offered),     WITH_DESK(a_cache_gets_the_ttl_that_pays_best), WITH_DESK(a_named_features_rule_has_no_bounds), WITH_DESK(a_tier_of_the_policy_is_routed_to), WITH_DESK(an_example_is_opened),
        WITH_DESK(what_no_rule_brings_says_who_does), WITH_DESK(looking_only_changes_nothing), WITH_DESK(the_dialog_says_what_happens),
        WITH_DESK(a_rule_is_followed_and_taken_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
