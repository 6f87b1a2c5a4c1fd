/* test_reconcile_cli: two accounts of one provider, one logged and one not, through the program: what they cost adds up to the
 * nano-dollar in every format, and every format says the same. */
#include "store/data.h"
#include "store/money.h"
#include "tests/bill_lab.h"
#include "tests/golden.h"
#include <jansson.h>
#include <stdio.h>

static void run(Desk *d, const char *args, Buf *out) {
    char command[1536], chunk[4096];
    size_t n;
    const char *program = getenv("TOLLWATCH");
    *out = (Buf){.max = 1 << 20};
    snprintf(command, sizeof command, "%s --db %s --now 2026-11-24T01:00:00Z %s", program ? program : "build/tollwatch", d->lab.path, args);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) buf_add(out, chunk, n);
    if (pclose(f) != 0) fail_msg("%s: %s", command, out->at ? out->at : "");
}

static int64_t usd_of(const json_t *row, const char *key) {
    const char *text = json_string_value(json_object_get(row, key));
    int64_t nano = 0;
    if (!text) return 0;
    assert_int_equal(decimal_parse(text, strlen(text), 9, &nano, NULL), 0);
    return nano;
}

/* main is logged but for $12 of a leaked key; side passes no gateway at all; both are billed in full, main a nano-dollar more. */
static void make_ledger(Desk *d) {
    Err e = {0};
    meter(d, DAY0 + 2 * MS_PER_DAY, "gpt-4o-mini", "web", 60 * USD);
    say_of(d, "main", "openai", "usage", ORIGIN_REPORTED,
           (const Said[]){{.model = "gpt-4o-mini", .key = "web", .day = 2, .input = 200000000, .output = 50000000},
                          {.model = "gpt-4o-mini", .key = "ci-legacy", .day = 2, .input = 40000000, .output = 10000000}}, 2);
    say_of(d, "main", "openai", "costs", ORIGIN_BILLED, (const Said[]){{.model = "gpt-4o-mini", .day = 2, .nano = 72 * USD + 1, .currency = "usd"}}, 1);
    say_of(d, "side", "openai", "usage", ORIGIN_REPORTED, (const Said[]){{.model = "gpt-4o-mini", .key = "side-key", .day = 2, .input = 100000000, .output = 25000000}}, 1);
    say_of(d, "side", "openai", "costs", ORIGIN_BILLED,
           (const Said[]){{.model = "gpt-4o-mini", .day = 2, .nano = 30 * USD, .currency = "usd"}, {.model = "x", .day = 2, .nano = 9 * USD, .currency = "eur"}}, 2);
    OK(e, bill_balance_set(d->lab.l, "main", "balance", "USD", 75 * USD, LAB_NOW, &e));
}

static void json_adds_up(Desk *d) {
    Buf out;
    json_error_t error;
    size_t i;
    json_t *row;
    int64_t main = 0, side = 0, metered = 0, rest = 0;
    run(d, "reconcile --format json", &out);
    json_t *all = json_loads(out.at, 0, &error);
    if (!all) fail_msg("%s: %s", error.text, out.at);
    json_array_foreach(json_object_get(all, "rows"), i, row) {
        bool is_main = strcmp(json_string_value(json_object_get(row, "account")), "main") == 0;
        *(is_main ? &main : &side) += usd_of(row, "spend_usd");
        metered += usd_of(row, "metered_usd");
        if (json_string_value(json_object_get(row, "model"))[0] == '(') rest += usd_of(row, "spend_usd");
    }
    assert_int_equal(main, 72 * USD + 1);
    assert_int_equal(side, 30 * USD);
    assert_int_equal(metered, 60 * USD);
    assert_int_equal(rest, 42 * USD + 1); /* (not in logs): $12 and a nano-dollar of main, all of side */
    assert_int_equal(usd_of(json_object_get(all, "total"), "spend_usd"), main + side);
    assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(all, "other_currencies"), 0), "currency")), "EUR");
    json_decref(all);
    buf_free(&out);
}

static void says(const Buf *out, const char *const *words, const char *format) {
    for (; *words; words++)
        if (!strstr(out->at, *words)) fail_msg("%s lacks %s: %s", format, *words, out->at);
}

static void two_accounts_of_one_provider_add_up(void **state) {
    Desk *d = *state;
    Buf out;
    static const char *const formats[] = {"table", "csv", "md", "json"};
    static const char *const words[] = {"(not in logs)", "ci-legacy", "outside the gateways", "no gateway ever logged it", "EUR", "balance", "83.3", "2026-11-23", NULL};
    static const char *const csv_words[] = {"(not in logs)", "ci-legacy", "outside the gateways", "no gateway ever logged it", "EUR", "balance", "0.8333", "2026-11-23", NULL};
    make_ledger(d);
    json_adds_up(d);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char args[64];
        snprintf(args, sizeof args, "reconcile --format %s", formats[i]);
        run(d, args, &out);
        says(&out, i % 2 ? csv_words : words, formats[i]);
        snprintf(args, sizeof args, "tests/report/reconcile.%s", formats[i]);
        golden_text(&out, args);
        buf_free(&out);
    }
    run(d, "reconcile --account side", &out); /* nothing of the other account in it */
    if (strstr(out.at, "main") || strstr(out.at, "ci-legacy")) fail_msg("%s", out.at);
    buf_free(&out);
}

/* One line on standard error and on the screen names the line that is wrong; figures and exit code are as without the file. */
static void a_wrong_line_of_products_hides_nothing(void **state) {
    Desk *d = *state;
    Buf plain, warned, screen;
    Err e = {0};
    char path[256], args[1024];
    const char *const wrong = "provider,billed as,model\nbedrock;nova\n";
    make_ledger(d);
    snprintf(path, sizeof path, "%s/products.csv", d->lab.dir);
    assert_int_equal(file_write(path, wrong, strlen(wrong), &e), 0);
    snprintf(path, sizeof path, "%s/config", d->lab.dir);
    assert_int_equal(file_write(path, "[general]\n", 10, &e), 0);
    run(d, "reconcile --format csv", &plain);
    snprintf(args, sizeof args, "--config %s reconcile --format csv 2>&1 >%s.out; cat %s.out", path, path, path);
    run(d, args, &warned);
    const char *csv = strchr(warned.at, '\n') + 1;
    if (strncmp(warned.at, "tollwatch: ", 11) != 0 || !strstr(warned.at, "/products.csv:2: is not PROVIDER,BILLED AS,MODEL")) fail_msg("%s", warned.at);
    assert_string_equal(csv, plain.at);
    snprintf(args, sizeof args, "--config %s render bills 120x40", path);
    run(d, args, &screen);
    says(&screen, (const char *const[]){"/products.csv:2: is not PROVIDER,BILLED AS,MODEL", "ci-legacy", NULL}, "render");
    buf_free(&plain);
    buf_free(&warned);
    buf_free(&screen);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(two_accounts_of_one_provider_add_up, desk_setup, desk_teardown),
                                       cmocka_unit_test_setup_teardown(a_wrong_line_of_products_hides_nothing, desk_setup, desk_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
