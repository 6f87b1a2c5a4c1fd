/* Export: what every screen lists comes back from its CSV, JSON and Markdown as it is shown, hostile names as text and never as
 * formulas; a file is its owner's alone, whole, and in no other's place unless a person says so. */
#include "tests/dashboard_lab.h"
#include "tests/export_check.h"
#include "tui/keys.h"

static struct Place {
    DashboardLab lab;
    View v;
    void *self;
} place;

static const char *const formulas[] = {"=cmd|' /C calc'!A0", "+1+1", "-2", "@SUM(A1)", "  =1+1", "a,b\"c\nd", "| x | `y` <b>_z_", "'=quoted"};

static void show(const char *name) {
    View *v = &place.v;
    Err e = {""};
    bool more = true;
    if (v->shown) v->shown->close(v->shown_self);
    v->shown = screen_find(name);
    v->shown_self = v->shown->open();
    view_to_now(v);
    while (more) must(v->shown->load(v->shown_self, v, INT64_MAX, &more, &e), &e);
}

static int setup(void **state) {
    Err e = {""};
    (void)state;
    dashboard_lab_open(&place.lab);
    const int64_t now = utc(LAB_NOW);
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++)
        fixture_add(&place.lab.f, &(Spec){.ts_ms = now - 30000 - (int64_t)i, .id = 77 + i, .cost_nano = 1234567891 + (int64_t)i, .latency_ms = 2601,
                                          .name = {[DIM_FEATURE] = formulas[i], [DIM_MODEL] = formulas[i], [DIM_PROVIDER] = "openai", [DIM_ACCOUNT] = "openai"},
                                          .tokens = {[TOK_INPUT] = 1001, [TOK_CACHE_READ] = 333, [TOK_OUTPUT] = 77}, .outcome = OUTCOME_OK});
    fixture_add(&place.lab.f, &(Spec){.ts_ms = now - 20000, .id = 99, .flags = REQ_UNPRICED, .outcome = OUTCOME_OK, .tokens = {[TOK_INPUT] = 5},
                                      .name = {[DIM_FEATURE] = "search", [DIM_MODEL] = "no-price", [DIM_PROVIDER] = "x", [DIM_ACCOUNT] = "x"}});
    fixture_flush(&place.lab.f);
    assert_int_equal(chdir(place.lab.f.dir), 0);
    must(view_open(&place.v, &place.lab.app, &e) == 0 ? view_open_ledger(&place.v, &e) : -1, &e);
    must(view_set_range(&place.v, "6h", &e), &e);
    view_tick(&place.v);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    if (place.v.shown) place.v.shown->close(place.v.shown_self);
    view_close(&place.v);
    assert_int_equal(chdir("/"), 0);
    dashboard_lab_close(&place.lab);
    return 0;
}

static void every_list_comes_back_from_its_file(void **state) {
    (void)state;
    static const char *const listed[] = {"overview", "models", "features", "requests", "budgets", "policy", "savings"};
    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++) {
        show(listed[i]);
        if (!export_check(&place.v)) fail_msg("%s lists nothing", listed[i]);
    }
    for (size_t i = 0; screens[i]; i++) {
        show(screens[i]->name);
        if (export_check(&place.v)) printf("# %s\n", screens[i]->name);
    }
}

/* Another order and other columns are what is shown then. */
static void the_order_and_the_columns_are_those_that_are_shown(void **state) {
    (void)state;
    for (size_t i = 0; screens[i]; i++) {
        Listing l;
        show(screens[i]->name);
        if (!list_whole(&place.v, &l)) continue;
        TableState *s = list_state(screens[i], place.v.shown_self);
        s->toggled = 0x55554 & ((UINT32_C(1) << l.table.column_count) - 1);
        for (int column = 0; column < (int)l.table.column_count; column++) {
            table_sort_by(&l.table, s, column);
            assert_true(export_check(&place.v));
        }
    }
}

static void names_are_no_formulas(void **state) {
    (void)state;
    Listing l;
    show("features");
    assert_true(list_whole(&place.v, &l));
    const char *text = check_written(&l, list_state(place.v.shown, place.v.shown_self), &place.v, EXPORT_CSV);
    static const char *const lines[] = {"\n'=cmd|' /C calc'!A0,", "\n'+1+1,", "\n'-2,", "\n'@SUM(A1),", "\n'=1+1,", "\n\"a,b\"\"c?d\",", "\n''=quoted,"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(text, lines[i])) fail_msg("no %s in %s", lines[i], text);
    assert_non_null(strstr(text, ",cost_usd\n")); /* of the unpriced call at least */
}

/* ---- the dialog ---- */

static const char *read_back(const char *name, mode_t mode) {
    static char text[1 << 16];
    struct stat st;
    FILE *file = fopen(name, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
    return text;
}

static DialogEnd type(const char *name) {
    Dialog *d = &place.v.dialog;
    if (name) prompt_set(&d->field[0].line, name);
    view_refresh_dialog(&place.v);
    return dialog_key(d, KEY_ENTER);
}

static int confirm(Err *e) {
    return place.v.dialog.type->confirm(&place.v.dialog, &place.v, e);
}

static void the_name_is_asked_for_and_nothing_is_overwritten(void **state) {
    (void)state;
    View *v = &place.v;
    Dialog *d = &v->dialog;
    Err e = {""};
    show("models");
    export_ask(v);
    assert_ptr_equal(d->type, &export_dialog);
    assert_string_equal(d->field[0].line.text, "tollwatch-models-20261124-0312.csv");
    assert_int_equal(type(NULL), DIALOG_CONFIRMED);
    must(confirm(&e), &e);
    assert_non_null(strstr(read_back("tollwatch-models-20261124-0312.csv", 0600), "name,rate_usd,"));
    assert_non_null(strstr(v->answer, "rows to /"));
    assert_non_null(strstr(v->answer, "/tollwatch-models-20261124-0312.csv"));

    lab_write(&place.lab, "kept.csv", "mine\n");
    assert_int_equal(type("kept.csv"), DIALOG_STAYS); /* the word is missing */
    assert_string_equal(dialog_missing(d)->word, "replace");
    assert_string_equal(read_back("kept.csv", 0644), "mine\n");
    prompt_set(&d->field[1].line, "replace");
    assert_int_equal(dialog_key(d, KEY_ENTER), DIALOG_CONFIRMED);
    must(confirm(&e), &e);
    assert_non_null(strstr(read_back("kept.csv", 0600), "name,rate_usd,"));

    d->at = 0; /* the word was about that name */
    lab_write(&place.lab, "other.json", "mine\n");
    assert_int_equal(type("other.json"), DIALOG_STAYS);
    d->field[1].hidden = true; /* it came while the dialog was open */
    assert_int_equal(confirm(&e), -1);
    assert_non_null(strstr(e.text, "other.json"));
    assert_string_equal(read_back("other.json", 0644), "mine\n");
    view_close_dialog(v);
}

static void a_name_of_no_use_is_said(void **state) {
    (void)state;
    static const struct { const char *name, *why; } bad[] = {
        {"list.xlsx", ".csv, .json or .md"}, {"list", ".csv, .json or .md"}, {"nowhere/list.csv", "no folder"}, {"folder.csv", "no plain file"}};
    assert_int_equal(mkdir("folder.csv", 0700), 0);
    show("models");
    export_ask(&place.v);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        Err e = {""};
        type(bad[i].name);
        assert_int_equal(confirm(&e), -1);
        if (!strstr(e.text, bad[i].why)) fail_msg("%s: %s", bad[i].name, e.text);
    }
    Err e = {""};
    type("~/list.MD");
    must(confirm(&e), &e);
    assert_non_null(strstr(read_back("list.MD", 0600), "**LLM spend, models**"));
    view_close_dialog(&place.v);
    show("help");
    export_ask(&place.v);
    assert_null(place.v.dialog.type);
    assert_non_null(strstr(place.v.answer, "nothing is listed"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_list_comes_back_from_its_file),
        cmocka_unit_test(the_order_and_the_columns_are_those_that_are_shown),
        cmocka_unit_test(names_are_no_formulas),
        cmocka_unit_test(the_name_is_asked_for_and_nothing_is_overwritten),
        cmocka_unit_test(a_name_of_no_use_is_said),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
