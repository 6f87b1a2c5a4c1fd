/* One grammar, one meaning: an expression finds the same calls when it is typed into the dashboard, given to `report --where`, and
 * asked of the ledger; and a broken one gets the same sentence, with the dashboard's last right filter still in force. */
#include "tests/dash_lab.h"
#include "store/data.h"
#include "tui/commands.h"
#include <jansson.h>

enum { MINUTES = 24 * 60, ROWS_MAX = 400 };
static DashLab lab;

/* How many calls began in each minute of the day, by the lab's zone: as good as a list of them. */
typedef struct Calls {
    int in[MINUTES], all;
} Calls;

static void count(Calls *c, int minute, int calls) {
    assert_in_range(minute, 0, MINUTES - 1);
    c->in[minute] += calls;
    c->all += calls;
}

static Calls of_query(const char *text) {
    Calls c = {.all = 0};
    Filter *f;
    Err e = {""};
    size_t rows = 0;
    bool more = false;
    char at[8];
    const View *v = &lab.dash.view;
    RowView *row = xcalloc(ROWS_MAX, sizeof *row);
    must(filter_parse(&f, text, &e), &e);
    must(query_rows(v->db, &(Query){.since_ms = v->since_ms, .until_ms = v->until_ms, .filter = f, .zone = v->zone}, INT64_MAX, row, ROWS_MAX, &rows, &more, &e), &e);
    assert_false(more);
    for (size_t i = 0; i < rows; i++) {
        time_format(v->zone, row[i].r.ts_ms, "%H:%M", at, sizeof at);
        count(&c, (int)strtol(at, NULL, 10) * 60 + (int)strtol(at + 3, NULL, 10), 1);
    }
    filter_free(f);
    free(row);
    return c;
}

/* The command's output and errors. */
static int run_report(const char *where, Buf *out, Buf *errors) {
    char option[400], path[2][160];
    Err e = {""};
    App a = {.config_path = lab.lab.config, .db_option = lab.lab.f.path, .policy_option = lab.lab.policy, .fixed_now_ms = utc(LAB_NOW)};
    int saved[2], code;
    fflush(stdout);
    fflush(stderr);
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/out.%d", lab.lab.f.dir, i);
        int file = open(path[i], O_RDWR | O_CREAT | O_TRUNC, 0600);
        saved[i] = dup(1 + i);
        dup2(file, 1 + i);
        close(file);
    }
    snprintf(option, sizeof option, "--where=%s", where);
    code = cmd_report.run(&a, 6, (char *[]){(char[]){"--since"}, (char[]){"6h"}, (char[]){"--by"}, (char[]){"minute"}, (char[]){"--format=json"}, option, NULL});
    app_close(&a);
    fflush(stdout);
    fflush(stderr);
    for (int i = 0; i < 2; i++) {
        dup2(saved[i], 1 + i);
        close(saved[i]);
        must(file_read(path[i], i ? errors : out, &e), &e);
        unlink(path[i]);
    }
    return code;
}

static Calls of_report(const char *text) {
    Calls c = {.all = 0};
    Buf out = {.max = 1 << 20}, errors = {.max = 1 << 16};
    assert_int_equal(run_report(text, &out, &errors), EXIT_DONE);
    json_t *doc = json_loadb(out.at, out.len, 0, NULL), *row;
    size_t i;
    assert_non_null(doc);
    json_array_foreach(json_object_get(doc, "rows"), i, row) {
        const char *minute = json_string_value(json_object_get(row, "minute"));
        const char *at = strchr(minute, 'T');
        assert_non_null(at);
        count(&c, (int)strtol(at + 1, NULL, 10) * 60 + (int)strtol(at + 4, NULL, 10), (int)json_integer_value(json_object_get(row, "requests")));
    }
    json_decref(doc);
    buf_free(&out);
    buf_free(&errors);
    return c;
}

static bool is_time(const Canvas *c, int x, int y) {
    static const char form[] = "dd:dd:dd";
    for (int i = 0; form[i]; i++) {
        char at = c->cells[y * c->w + x + i].text[0];
        if (form[i] == 'd' ? at < '0' || at > '9' : at != ':') return false;
    }
    return true;
}

static int digits(const Canvas *c, int x, int y) {
    return (c->cells[y * c->w + x].text[0] - '0') * 10 + c->cells[y * c->w + x + 1].text[0] - '0';
}

/* What is on the screen: the window is high enough for all of it. */
static Calls of_screen(void) {
    Calls c = {.all = 0};
    const Canvas *canvas = lab.dash.canvas;
    for (int y = 2; y < canvas->h - 2; y++)
        for (int x = 0; x < 12; x++) {
            if (!is_time(canvas, x, y)) continue;
            count(&c, digits(canvas, x, y) * 60 + digits(canvas, x + 3, y), 1);
            break;
        }
    return c;
}

static void type_filter(const char *text, const char *end) {
    char keys[512];
    snprintf(keys, sizeof keys, "/\025%s%s", text, end);
    dash_lab_type(&lab, keys);
}

/* ---- right ones ---- */

static const char *const right[] = {
    "", "feature:search", "feature:sea*", "feature:SEARCH", "feature:search,checkout", "-feature:search", "feature:", "-feature:",
    "feature:*", "feature:\"漢字の検索エンジンの機能\"", "model:claude*", "model:gpt-?.6-luna", "model:claude* feature:doc-agent", "provider:openai team:web",
    "provider:openai -team:web", "account:anthropic", "key:\"key-漢字\"", "gateway:edge-1", "gateway:edge-2", "cost>0.1", "cost>=8", "cost>8", "cost<8",
    "cost<=4", "cost=4", "-cost=4", "tokens>1k", "tokens>5k", "input>=1000 output<0.4k", "cached=3000", "latency>2s", "latency>2600ms", "ttft<=0.5s",
    "status:error", "outcome:error", "status:ok,error", "-status:ok", "origin:metered", "origin:notional", "stream:no", "stream:yes", "search", "-search",
    "\"doc-agent\"", "LUNA", "error", "model:claude* cost>0.1 status:ok docs",
};

static void the_same_calls_are_found_everywhere(void **state) {
    (void)state;
    int some = 0, none = 0;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        Calls query = of_query(right[i]), report = of_report(right[i]);
        type_filter(right[i], "\r");
        assert_int_equal(lab.dash.view.prompt.kind, 0);
        assert_string_equal(lab.dash.view.filter_text, right[i]);
        Calls screen = of_screen();
        if (memcmp(&query, &report, sizeof query) != 0) fail_msg("\"%s\": the ledger has %d, report %d", right[i], query.all, report.all);
        if (memcmp(&query, &screen, sizeof query) != 0) fail_msg("\"%s\": the ledger has %d, the screen %d", right[i], query.all, screen.all);
        some += query.all > 0;
        none += query.all == 0;
    }
    assert_true(some > 25 && none > 3); /* the table tells something apart */
}

/* ---- broken ones ---- */

static const char *const broken[] = {
    "cost>", "cost>=", "cost>x", "cost>0.0000000001", "cost>1k", "tokens>1.5", "tokens>99999999999999999999", "latency>5m", "modl:gpt", "cost:3", "model>3",
    "price>3", "FEATURE:search", "model:\"gpt", "status:errr", "origin:metered,x", "stream:maybe", "search -", "\"\"", "feature:search cost>", "漢字 modl:x",
    "a b c d e latncy>3s", ":", ">", "-", "a:b:c",
};

static void a_broken_one_gets_the_same_sentence(void **state) {
    (void)state;
    Filter *f;
    type_filter("model:claude*", "\r");
    Calls before = of_screen();
    assert_true(before.all > 0);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        Err e = {""};
        char line[ERR_MAX + 64];
        Buf out = {.max = 1 << 16}, errors = {.max = 1 << 16};
        if (filter_parse(&f, broken[i], &e) == 0) fail_msg("\"%s\" is right", broken[i]);
        assert_true(filter_error_column(e.text) > 0);
        assert_int_equal(run_report(broken[i], &out, &errors), EXIT_USAGE);
        snprintf(line, sizeof line, "tollwatch: report: --where: %s", e.text);
        if (strncmp(errors.at, line, strlen(line)) != 0) fail_msg("report says %s, not %s", errors.at, line);
        type_filter(broken[i], "\r"); /* Enter does not take it */
        assert_int_equal(lab.dash.view.prompt.kind, '/');
        assert_string_equal(lab.dash.view.prompt.error, e.text);
        assert_true(dash_lab_shows(&lab, e.text));
        dash_lab_type(&lab, "\003");
        assert_string_equal(lab.dash.view.filter_text, "model:claude*");
        Calls after = of_screen();
        assert_memory_equal(&before, &after, sizeof before);
        buf_free(&out);
        buf_free(&errors);
    }
}

/* While a text is broken, what was right last goes on filtering: also one that was typed only now. */
static void the_last_right_one_stays_in_force(void **state) {
    (void)state;
    type_filter("feature:search", "");
    Calls search = of_query("feature:search"), shown = of_screen();
    assert_memory_equal(&search, &shown, sizeof search);
    dash_lab_type(&lab, " -cost>");
    assert_true(lab.dash.view.prompt.error[0] != '\0');
    shown = of_screen();
    assert_memory_equal(&search, &shown, sizeof search);
    dash_lab_type(&lab, "5");
    Calls cheap = of_query("feature:search -cost>5");
    shown = of_screen();
    assert_memory_equal(&cheap, &shown, sizeof cheap);
    assert_true(cheap.all < search.all);
    dash_lab_type(&lab, "\003");
}

/* Tab in the real line: a field, then a value of this ledger, and the calls are those. */
static void tab_completes_to_what_there_is(void **state) {
    (void)state;
    type_filter("prov\tanth\t", "\r");
    assert_string_equal(lab.dash.view.filter_text, "provider:anthropic");
    Calls query = of_query("provider:anthropic"), screen = of_screen();
    assert_memory_equal(&query, &screen, sizeof query);
    assert_true(screen.all > 0);
}

static int setup(void **state) {
    (void)state;
    dash_lab_open(&lab);
    dash_lab_size(&lab, 200, 240);
    dash_lab_start(&lab);
    dash_lab_type(&lab, "4");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    dash_lab_stop(&lab);
    dash_lab_close(&lab);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_calls_are_found_everywhere),
        cmocka_unit_test(a_broken_one_gets_the_same_sentence),
        cmocka_unit_test(the_last_right_one_stays_in_force),
        cmocka_unit_test(tab_completes_to_what_there_is),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
