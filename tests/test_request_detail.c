/* One call opened: what its gateway decided under which policy, what the policy of now would do, its tokens, price and record;
 * the answer of now is the one of `tollwatch check`. From logs, and from rows of somebody else's database. */
#include "tests/dashboard_lab.h"
#include "tests/golden.h"
#include "tui/commands.h"
#include "tui/request_detail.h"
#include <sqlite3.h>

static DashboardLab lab;
static View view;

static const char calls[] =
    "{\"ts\":\"2026-11-24T02:00:00.000Z\",\"request_id\":\"r1\",\"upstream_id\":\"u1\",\"gateway\":\"edge-1\",\"provider\":\"openai\",\"endpoint\":\"/v1/chat/completions\","
    "\"model_requested\":\"gpt-4o\",\"model\":\"gpt-4o-mini\",\"feature\":\"summaries\",\"team\":\"web\",\"user\":\"ann\",\"key\":\"web-1\",\"stream\":true,\"status\":200,\"refused\":null,"
    "\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":120,\"total_tokens\":1120,\"prompt_tokens_details\":{\"cached_tokens\":600}},\"usage_state\":\"full\",\"cache\":\"miss\","
    "\"latency_ms\":2600,\"ttft_ms\":400,\"max_tokens\":4000,\"tools\":0,\"prompt_bytes\":3800,\"messages\":\"SECRET words\",\"policy_generation\":40}\n"
    "{\"ts\":\"2026-11-24T02:00:01.000Z\",\"request_id\":\"r2\",\"gateway\":\"edge-2\",\"provider\":\"openai\",\"endpoint\":\"/v1/chat/completions\",\"model_requested\":\"gpt-4o\","
    "\"model\":null,\"feature\":\"nightly-eval\",\"status\":403,\"refused\":\"kill_switch_engaged\",\"usage\":null,\"usage_state\":\"missing\",\"cache\":\"bypass\",\"latency_ms\":1,\"policy_generation\":39}\n"
    "{\"ts\":\"2026-11-24T02:00:02.000Z\",\"request_id\":\"r3\",\"gateway\":\"edge-1\",\"provider\":\"openai\",\"endpoint\":\"/v1/chat/completions\",\"model_requested\":\"gpt-4o\","
    "\"model\":\"gpt-4o\",\"feature\":\"nightly-eval\",\"status\":200,\"refused\":null,\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":20,\"total_tokens\":30},\"usage_state\":\"full\","
    "\"cache\":\"hit\",\"latency_ms\":3,\"max_tokens\":9000,\"policy_generation\":41}\n";
static const char policy[] =
    "{\"schema_version\":1,\"generation\":42,\"kill_switch\":{\"enabled\":false},\"critical\":{\"features\":[\"checkout\"]},"
    "\"limits\":[{\"id\":\"batch\",\"match\":{\"feature\":[\"nightly-*\"]},\"max_output_tokens\":1024,\"on_exceed\":\"clamp\",\"timeout_ms\":30000}],"
    "\"rate_limits\":[{\"id\":\"night\",\"match\":{\"feature\":\"nightly-eval\"},\"requests_per_minute\":60}],"
    "\"routing\":{\"tiers\":{\"economy\":\"gpt-4o-mini\"},\"rules\":[{\"id\":\"cheap\",\"match\":{\"feature\":\"summaries\"},\"set_tier\":\"economy\"}]},"
    "\"cache\":[{\"id\":\"faq\",\"match\":{\"feature\":\"summaries\"},\"ttl_seconds\":300}]}";

static int setup(void **state) {
    (void)state;
    Err e = {""};
    char log[96];
    dashboard_lab_open(&lab);
    lab_write(&lab, "calls.jsonl", calls);
    lab_write(&lab, "policy.json", policy);
    assert_int_equal(chdir(lab.f.dir), 0);
    snprintf(log, sizeof log, "%s/calls.jsonl", lab.f.dir);
    App a = {.config_path = lab.config, .db_option = lab.f.path, .policy_option = lab.policy, .fixed_now_ms = utc(LAB_NOW)};
    assert_int_equal(cmd_import.run(&a, 1, (char *[]){log, NULL}), EXIT_DONE);
    app_close(&a);
    must(view_open(&view, &lab.app, &e), &e);
    must(view_open_ledger(&view, &e), &e);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    view_close(&view);
    assert_int_equal(chdir("/"), 0);
    dashboard_lab_close(&lab);
    return 0;
}

static void find_call(const char *where, RowView *out) {
    Filter *f;
    Err e = {""};
    size_t count = 0;
    bool more;
    must(filter_parse(&f, where, &e), &e);
    must(query_rows(view.db, &(Query){.since_ms = view.since_ms, .until_ms = view.until_ms, .filter = f, .zone = view.zone}, INT64_MAX, out, 1, &count, &more, &e), &e);
    assert_int_equal(count, 1);
    filter_free(f);
}

static bool says(const RequestDetail *d, const char *words) {
    for (int i = 0; i < d->facts.count; i++)
        if (strstr(d->facts.text[i], words)) return true;
    return false;
}

static void load_call(RequestDetail *d, const char *where) {
    RowView r;
    find_call(where, &r);
    request_detail_load(d, &r, &view);
}

static void the_gateways_decision_is_told(void **state) {
    (void)state;
    RequestDetail d = {.key = 0};
    load_call(&d, "feature:summaries");
    assert_true(says(&d, "edge-1 routed gpt-4o to gpt-4o-mini; it had policy 40"));
    assert_true(says(&d, "400 in, 600 read, 120 out"));
    assert_true(says(&d, "at most 4,000 tokens, prompt 3,800 bytes, tools no"));
    assert_true(says(&d, "price row   openai gpt-4o-mini from "));
    load_call(&d, "status:refused");
    assert_true(says(&d, "edge-2 refused it: kill_switch_engaged; it had policy 39"));
    load_call(&d, "feature:nightly-eval status:ok");
    assert_true(says(&d, "edge-1 answered it from its cache; it had policy 41"));
    request_detail_free(&d);
}

static void the_policy_of_now_answers_as_check_does(void **state) {
    (void)state;
    RequestDetail d = {.key = 0};
    load_call(&d, "feature:summaries");
    assert_true(says(&d, "policy 42 allows it as gpt-4o-mini (route cheap), max 4,000 tokens"));
    assert_true(says(&d, "rules       route cheap, cache faq"));
    load_call(&d, "feature:nightly-eval status:ok");
    assert_true(says(&d, "policy 42 allows it as gpt-4o, max 1,024 tokens, timeout 30.0 s"));
    assert_true(says(&d, "rules       limit batch, rate night"));
    lab_write(&lab, "policy.json", "{\"schema_version\":1,\"generation\":43,\"kill_switch\":{\"enabled\":true,\"scope\":\"all\"}}");
    load_call(&d, "feature:summaries");
    assert_true(says(&d, "policy 43 refuses it: kill_switch_engaged"));
    assert_true(says(&d, "rules       none matches it"));
    lab_write(&lab, "policy.json", policy);
    request_detail_free(&d);
}

static void draw(RequestDetail *d, const char *where, int w, int h, const char *golden_path) {
    RowView r;
    Buf shown = {.max = 1 << 20}, plain = {.max = 1 << 20};
    Canvas *c = canvas_new(w, h, false);
    find_call(where, &r);
    request_detail_load(d, &r, &view);
    request_detail_draw(d, &r, &view, c, (Rect){0, 0, w, h});
    canvas_dump(c, &shown);
    for (const char *p = shown.at; *p;) { /* the folder has another name each time */
        size_t n = strlen(lab.f.dir);
        bool here = strncmp(p, lab.f.dir, n) == 0;
        buf_add(&plain, here ? "DIR" : p, here ? 3 : 1);
        p += here ? n : 1;
    }
    assert_int_equal(chdir(getenv("TEST_ROOT")), 0);
    golden_text(&plain, golden_path);
    assert_int_equal(chdir(lab.f.dir), 0);
    canvas_free(c);
    buf_free(&shown);
    buf_free(&plain);
}

static void it_is_drawn_at_any_size(void **state) {
    (void)state;
    RequestDetail d = {.key = 0};
    draw(&d, "feature:summaries", 80, 22, "tests/tui/detail_80x22.txt");
    draw(&d, "feature:summaries", 140, 18, "tests/tui/detail_140x18.txt");
    d.whole = true;
    draw(&d, "feature:summaries", 60, 8, "tests/tui/detail_record_60x8.txt");
    d.raw_page = 1;
    draw(&d, "feature:summaries", 60, 8, "tests/tui/detail_record_2_60x8.txt");
    assert_null(strstr(d.raw.at, "SECRET"));
    for (int h = 4; h < 40; h++)
        for (int w = 3; w < 160; w += 13) {
            RowView r;
            Canvas *c = canvas_new(w, h, w % 2);
            find_call("status:refused", &r);
            d.whole = h % 2;
            d.raw_page = h;
            request_detail_load(&d, &r, &view);
            request_detail_draw(&d, &r, &view, c, (Rect){0, 0, w, h});
            canvas_free(c);
        }
    request_detail_free(&d);
}

/* ---- rows of a database ---- */

enum { ROWS = 6000 };

static void run_sql(sqlite3 *db, const char *text) {
    char *why = NULL;
    if (sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK) fail_msg("%s: %s", text, why);
}

/* Six thousand calls, a second apart, with rows between that are no calls. */
static void make_database(const char *path) {
    sqlite3 *db;
    char text[512];
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run_sql(db, "PRAGMA journal_mode = WAL; CREATE TABLE logs(id varchar(255) PRIMARY KEY, timestamp datetime, provider text, model text, status text,"
                "token_usage text, input_history text, stream numeric, payload blob); BEGIN");
    for (int i = 0; i < ROWS; i++) {
        snprintf(text, sizeof text, "INSERT INTO logs VALUES('c%d', strftime('%%Y-%%m-%%d %%H:%%M:%%S+00:00', '2026-11-24 00:00:00', '+%d seconds'), 'openai', 'gpt-4o', '%s', "
                 "'{\"prompt_tokens\":%d,\"completion_tokens\":0,\"total_tokens\":%d}', '[{\"role\":\"user\",\"content\":\"SECRET %d\"}]', 0, x'00ff')",
                 i, i, i % 3 ? "success" : "processing", i + 1, i + 1, i);
        run_sql(db, text);
    }
    run_sql(db, "COMMIT");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static const char *raw_of(RequestDetail *d, int i, bool content) {
    char where[40];
    view.show_content = content;
    snprintf(where, sizeof where, "provider:openai input=%d", i + 1);
    d->key = 0;
    load_call(d, where);
    view.show_content = false;
    return d->raw.at ? d->raw.at : "";
}

static void a_row_of_a_database_is_read_again(void **state) {
    (void)state;
    RequestDetail d = {.key = 0};
    char path[96], wanted[64];
    static const int some[] = {1, 2, 4, 1999, 3001, 4999, ROWS - 1};
    snprintf(path, sizeof path, "%s/logs.db", lab.f.dir);
    make_database(path);
    App a = {.config_path = lab.config, .db_option = lab.f.path, .policy_option = lab.policy, .fixed_now_ms = utc(LAB_NOW)};
    assert_int_equal(cmd_import.run(&a, 1, (char *[]){path, NULL}), EXIT_DONE);
    app_close(&a);
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        const char *raw = raw_of(&d, some[i], false);
        assert_string_equal(d.raw_error, "");
        snprintf(wanted, sizeof wanted, "{\"id\":\"c%d\",\"timestamp\":\"2026-11-24 ", some[i]);
        assert_memory_equal(raw, wanted, strlen(wanted));
        snprintf(wanted, sizeof wanted, "\"token_usage\":{\"prompt_tokens\":%d,", some[i] + 1);
        assert_non_null(strstr(raw, wanted));
        assert_null(strstr(raw, "SECRET"));
        snprintf(wanted, sizeof wanted, "SECRET %d\"", some[i]);
        assert_non_null(strstr(raw_of(&d, some[i], true), wanted));
        assert_true(says(&d, "database    "));
    }
    request_detail_free(&d);
}

/* What its owner threw away or wrote anew is not some other row; and the database is left as it is. */
static void a_row_that_is_gone_says_so(void **state) {
    (void)state;
    RequestDetail d = {.key = 0};
    char path[96], beside[110];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/logs.db", lab.f.dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    run_sql(db, "DELETE FROM logs WHERE id = 'c4'; UPDATE logs SET rowid = rowid + 1000000");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    raw_of(&d, 4, false);
    assert_non_null(strstr(d.raw_error, "is not in "));
    assert_int_equal(d.raw.len, 0);
    assert_non_null(strstr(raw_of(&d, 3001, false), "{\"id\":\"c3001\"")); /* renumbered: found by its time */
    snprintf(beside, sizeof beside, "%s-wal", path);
    assert_int_not_equal(access(beside, F_OK), 0);
    assert_int_equal(remove(path), 0);
    raw_of(&d, 2, false);
    assert_non_null(strstr(d.raw_error, "is gone"));
    request_detail_free(&d);
}

int main(void) {
    char root[4096];
    assert_non_null(getcwd(root, sizeof root));
    setenv("TEST_ROOT", root, 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gateways_decision_is_told),
        cmocka_unit_test(the_policy_of_now_answers_as_check_does),
        cmocka_unit_test(it_is_drawn_at_any_size),
        cmocka_unit_test(a_row_of_a_database_is_read_again),
        cmocka_unit_test(a_row_that_is_gone_says_so),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
