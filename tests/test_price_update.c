/* test_price_update: `prices update` believes nothing blindly, writes all or nothing, and keeps history. */
#include "store/clock.h"
#include "store/data.h"
#include "store/price.h"
#include "tests/unit.h"
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static const int64_t now_ms = INT64_C(1795478400000); /* 2026-11-24 */
static char dir[64];

static void path_of(const char *name, char *out, size_t size) {
    snprintf(out, size, "%s/%s", dir, name);
}

static int update(const char *file, bool dry_run, bool only_new, PriceUpdateReport *r, Err *e) {
    const PriceUpdate u = {.path = file, .config_dir = dir, .now_ms = now_ms, .dry_run = dry_run, .only_new = only_new};
    *e = (Err){0};
    return prices_update(&u, r, e);
}

static int update_text(const char *text, PriceUpdateReport *r, Err *e) {
    char path[128];
    Err none = {0};
    path_of("in", path, sizeof path);
    assert_int_equal(file_write(path, text, strlen(text), &none), 0);
    int rc = update(path, false, false, r, e);
    unlink(path);
    return rc;
}

static bool written(void) {
    char path[128];
    path_of("prices-updated.csv", path, sizeof path);
    return access(path, F_OK) == 0;
}

static int clean(void **state) {
    char path[128];
    (void)state;
    path_of("prices-updated.csv", path, sizeof path);
    unlink(path);
    path_of("prices.csv", path, sizeof path);
    unlink(path);
    return 0;
}

/* The price of these buckets with what is in `dir`; -1 = unpriced. */
static int64_t price(const char *provider, const char *model, int64_t ts_ms, int64_t input, int64_t cached, int64_t output) {
    Err e = {0};
    Book *b = NULL;
    Cost c;
    if (book_load(&b, dir, &e) != 0) fail_msg("%s", e.text);
    Usage u = {.provider = str_of(provider), .model = str_of(model), .ts_ms = ts_ms, .now_ms = now_ms};
    u.tokens[TOK_INPUT] = input;
    u.tokens[TOK_CACHE_READ] = cached;
    u.tokens[TOK_OUTPUT] = output;
    cost_of(b, &u, &c);
    book_free(b);
    return c.priced ? c.nano : -1;
}

static void a_litellm_map_is_taken_without_what_cannot_be_right(void **state) {
    (void)state;
    PriceUpdateReport r;
    Err e;
    if (update("tests/prices/map.json", false, false, &r, &e) != 0) fail_msg("%s", e.text);
    assert_int_equal(r.read, 15);
    assert_int_equal(r.added, 4);   /* claude-nova-9 grok-9 dbrx-9 voyage-9 */
    assert_int_equal(r.changed, 1); /* gpt-4.1 */
    assert_int_equal(r.same, 1);    /* gpt-5-mini */
    assert_int_equal(r.refused, 3); /* gpt-4o: a thousand times; cents; a negative price */
    assert_int_equal(r.skipped, 6); /* sample, zeros, image, text for a number, no object, commitment */
    assert_non_null(strstr(r.refusals.at, "tests/prices/map.json:14: openai/gpt-4o: input_per_mtok 2500.00 is more than"));
    assert_non_null(strstr(r.changes.at, "openai/gpt-4.1: input 2.00 -> 1.50"));
    assert_non_null(strstr(r.changes.at, "vendor's page"));
    assert_int_equal(price("openai", "gpt-4o", 0, 1000, 0, 0), 2500000);
    assert_int_equal(price("openai", "gpt-5", 0, 1000, 0, 0), 1250000);
    assert_int_equal(price("openai", "broken-2", 0, 1000, 0, 0), -1);
    prices_update_free(&r);
}

static void new_models_get_all_their_prices(void **state) {
    (void)state;
    PriceUpdateReport r;
    Err e;
    assert_int_equal(update("tests/prices/map.json", false, false, &r, &e), 0);
    prices_update_free(&r);
    assert_int_equal(price("anthropic", "claude-nova-9", 0, 1000, 1000, 10), 1000 * 3000 + 1000 * 300 + 10 * 15000);
    assert_int_equal(price("anthropic", "claude-nova-9", 0, 200001, 1000, 10), INT64_C(200001) * 6000 + 1000 * 600 + 10 * 22500);
    assert_int_equal(price("xai", "grok-9", 0, 128000, 0, 0), INT64_C(128000) * 4000); /* xAI counts the threshold in */
    assert_int_equal(price("databricks", "dbrx-9", 0, 1000000, 0, 0), INT64_C(2999990000)); /* rounded to a pico-dollar */
    assert_int_equal(price("voyage", "voyage-9", 0, 1000, 0, 0), 120000);
}

static void a_changed_price_begins_today_and_history_stays(void **state) {
    (void)state;
    PriceUpdateReport r;
    Err e;
    assert_int_equal(update("tests/prices/map.json", false, false, &r, &e), 0);
    prices_update_free(&r);
    assert_int_equal(price("openai", "gpt-4.1", now_ms, 1000, 100, 10), 1000 * 1500 + 100 * 375 + 10 * 6000);
    assert_int_equal(price("openai", "gpt-4.1-2025-04-14", now_ms, 1000, 0, 0), 1500000);
    assert_int_equal(price("openai", "gpt-4.1", now_ms - 1, 1000, 100, 10), 1000 * 2000 + 100 * 500 + 10 * 8000);
    assert_int_equal(update("tests/prices/map.json", false, false, &r, &e), 0); /* again: nothing new */
    assert_int_equal(r.added + r.changed, 0);
    assert_int_equal(r.same, 6);
    prices_update_free(&r);
}

static void only_new_changes_no_price(void **state) {
    (void)state;
    PriceUpdateReport r;
    Err e;
    assert_int_equal(update("tests/prices/map.json", false, true, &r, &e), 0);
    assert_int_equal(r.changed, 0);
    prices_update_free(&r);
    assert_int_equal(price("openai", "gpt-4.1", now_ms, 1000, 0, 0), 2000000);
    assert_int_equal(price("xai", "grok-9", 0, 1000, 0, 0), 2000000);
}

static void a_dry_run_writes_nothing(void **state) {
    (void)state;
    PriceUpdateReport r;
    Err e;
    assert_int_equal(update("tests/prices/map.json", true, false, &r, &e), 0);
    assert_int_equal(r.added, 4);
    assert_string_equal(r.written, "");
    prices_update_free(&r);
    assert_false(written());
}

static void the_users_own_file_wins_over_an_update(void **state) {
    (void)state;
    PriceUpdateReport r;
    Err e;
    char path[128];
    const char *mine = "provider,model,input_per_mtok\nopenai,gpt-4.1,7\n";
    path_of("prices.csv", path, sizeof path);
    assert_int_equal(update("tests/prices/map.json", false, false, &r, &e), 0);
    prices_update_free(&r);
    assert_int_equal(file_write(path, mine, strlen(mine), &e), 0);
    assert_int_equal(price("openai", "gpt-4.1", now_ms, 1000, 0, 10), 1000 * 7000 + 10 * 6000);
}

static void refused(const char *csv, const char *why) {
    PriceUpdateReport r;
    Err e;
    if (update_text(csv, &r, &e) != -1) fail_msg("accepted: %s", csv);
    if (!strstr(e.text, why)) fail_msg("\"%s\" does not say \"%s\"", e.text, why);
    prices_update_free(&r);
    assert_false(written());
}

static void a_csv_with_one_wrong_row_is_refused_whole_with_its_line(void **state) {
    (void)state;
    refused("provider,model,input_per_mtok,output_per_mtok\nopenai,gpt-4.1,1.9,8\nopenai,gpt-4o,2500,10\n", "in:3: openai/gpt-4o: input_per_mtok 2500 is");
    refused("provider,model,input_per_mtok,output_per_mtok\nopenai,gpt-4o,2.5,0.01\n", "in:2: openai/gpt-4o: output_per_mtok 0.01 is too far from the present price (now: 10.00)");
    refused("provider,model,input_per_mtok,output_per_mtok\nopenai,gpt-4o,2.5,0\n", "would make it free");
    refused("provider,model,input_per_mtok,output_per_mtok\nnew,m,0.001,15\n", "a thousand times off its own input price");
    refused("provider,model,input_per_mtok,output_per_mtok\nnew,m,0.00001,0.00002\n", "less than any model costs");
    refused("provider,model,input_per_mtok,output_per_mtok\nnew,m,x,1\n", "in:2: new/m: input_per_mtok \"x\" is not a number");
    refused("provider,model,status\nopenai,gpt-4o,dropped\n", "your own prices.csv");
    refused("", "is empty");
    refused("{\"a\": ", "in:1:");
    refused("[1]", "not a map of models");
    refused("{\"gpt-4o\": {\"litellm_provider\": \"openai\", \"mode\": \"chat\", \"input_cost_per_token\": 0.0025, \"output_cost_per_token\": 0.01}}",
            "in:1: openai/gpt-4o: input_per_mtok 2500.00 is more than any model costs (now: 2.50)");
}

static void a_csv_update_is_taken_with_its_dates(void **state) {
    (void)state;
    PriceUpdateReport r;
    Err e;
    int64_t december = 0;
    time_parse_rfc3339("2026-12-01T00:00:00Z", 20, &december);
    if (update_text("provider,model,effective_from,input_per_mtok,output_per_mtok\nopenai,gpt-5,2026-12-01,1,8\nnew,m,,1,2\n", &r, &e) != 0)
        fail_msg("%s", e.text);
    prices_update_free(&r);
    assert_int_equal(price("openai", "gpt-5", december - 1, 1000, 10, 0), 1000 * 1250 + 10 * 125);
    assert_int_equal(price("openai", "gpt-5", december, 1000, 10, 0), 1000 * 1000 + 10 * 125);
    assert_int_equal(price("new", "m", 0, 1000, 0, 0), 1000000);
    if (update_text("provider,model,input_per_mtok,output_per_mtok\nnew,n,3,4\n", &r, &e) != 0) fail_msg("%s", e.text);
    prices_update_free(&r);
    assert_int_equal(price("new", "m", 0, 1000, 0, 0), 1000000); /* updates add up */
    assert_int_equal(price("new", "n", 0, 1000, 0, 0), 3000000);
}

/* Our own book as an update says what ours says: its header is whole, so it replaces. */
static void our_own_book_changes_nothing(void **state) {
    (void)state;
    PriceUpdateReport r;
    Err e;
    if (update("store/prices.csv", false, false, &r, &e) != 0) fail_msg("%s", e.text);
    assert_int_equal(r.added + r.changed + r.refused, 0);
    assert_true(r.same >= 1310);
    prices_update_free(&r);
    assert_false(written());
}

static void a_folder_that_cannot_be_written_is_said_and_nothing_is_left(void **state) {
    (void)state;
    PriceUpdateReport r;
    Err e = {0};
    char target[128];
    path_of("prices-updated.csv", target, sizeof target);
    assert_int_equal(mkdir(target, 0700), 0); /* a folder where the file should be */
    PriceUpdate u = {.path = "tests/prices/map.json", .config_dir = dir, .now_ms = now_ms};
    assert_int_equal(prices_update(&u, &r, &e), -1);
    prices_update_free(&r);
    assert_int_equal(rmdir(target), 0);
    DIR *d = opendir(dir);
    int entries = 0;
    while (readdir(d)) entries++;
    closedir(d);
    assert_int_equal(entries, 2); /* "." and "..": no temporary file */
}

static int make_dir(void **state) {
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/tollwatch-update.XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state) {
    (void)state;
    return rmdir(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_litellm_map_is_taken_without_what_cannot_be_right, clean),
        cmocka_unit_test_teardown(new_models_get_all_their_prices, clean),
        cmocka_unit_test_teardown(a_changed_price_begins_today_and_history_stays, clean),
        cmocka_unit_test_teardown(only_new_changes_no_price, clean),
        cmocka_unit_test_teardown(a_dry_run_writes_nothing, clean),
        cmocka_unit_test_teardown(the_users_own_file_wins_over_an_update, clean),
        cmocka_unit_test_teardown(a_csv_with_one_wrong_row_is_refused_whole_with_its_line, clean),
        cmocka_unit_test_teardown(a_csv_update_is_taken_with_its_dates, clean),
        cmocka_unit_test_teardown(our_own_book_changes_nothing, clean),
        cmocka_unit_test_teardown(a_folder_that_cannot_be_written_is_said_and_nothing_is_left, clean),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
