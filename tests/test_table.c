/* Tables: which columns go first, alignment, selection, totals, scrolling. Text in tests/tui/table_*.txt. */
#include "tests/golden.h"
#include "tui/keys.h"
#include "tui/table.h"

enum { NAME, RATE, TODAY, CALLS, SPARK, COLUMNS };
static const Column columns[COLUMNS] = {
    [NAME] = {"by feature", 12, .grow = 20},
    [RATE] = {"$/min", 6, .right = true},
    [TODAY] = {"today ~$", 10, .right = true},
    [CALLS] = {"calls", 7, .right = true, .drop = 1},
    [SPARK] = {"6h", 6, .drop = 2},
};
static const char *const cells[][COLUMNS] = {
    {"doc-agent", "8.13", "347.93", "2,038", "▁▁▁▁▃█"}, {"support-chat", "0.21", "45.95", "3,445", "▅▅▄▄▄▃"},
    {"search", "0.15", "25.45", "13,357", "▄▅▅▄▅▅"},     {"unknown", "0.01", "unpriced", "37", ""},
    {"漢字 feature with a long name", "0.00", "0.12", "1", ""},
};
enum { ROWS = sizeof cells / sizeof cells[0] };

static void cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    (void)ctx;
    static const char *const total[COLUMNS] = {"total", "8.50", "≥419.45", "18,878", ""};
    snprintf(out->text, sizeof out->text, "%s", row == TABLE_TOTAL ? total[column] : cells[row][column]);
    if (row == 3 && column == TODAY) out->role = ROLE_DIM;
}

static const Table table = {.columns = columns, .column_count = COLUMNS, .rows = ROWS, .has_total = true,
                            .has_selection = true, .cell = cell};

static void draw_to(int w, int h, bool ascii, size_t selected, const char *path) {
    TableState s = {.selected = selected, .sort = TODAY + 1};
    Canvas *c = canvas_new(w, h, ascii);
    table_draw(&table, &s, c, (Rect){0, 0, w, h});
    golden(c, path);
    canvas_free(c);
}

static void columns_drop_in_their_order(void **s) {
    (void)s;
    draw_to(70, 7, false, 0, "tests/tui/table_wide.txt");
    draw_to(46, 7, false, 1, "tests/tui/table_46.txt");
    draw_to(38, 7, false, 1, "tests/tui/table_38.txt");
    draw_to(20, 7, false, 1, "tests/tui/table_20.txt");
    draw_to(70, 7, true, 2, "tests/tui/table_ascii.txt");
    bool shown[TABLE_COLUMNS_MAX];
    for (int w = 200; w > 0; w--) {
        table_fit(columns, COLUMNS, 0, w, shown);
        assert_true(shown[NAME] && shown[RATE] && shown[TODAY]); /* never these */
        assert_true(shown[CALLS] || !shown[SPARK]);              /* the sparkline first */
    }
}

static void the_selected_row_is_in_view(void **s) {
    (void)s;
    draw_to(60, 4, false, 4, "tests/tui/table_scrolled.txt");
    const Table empty = {.rows = 0};
    TableState state = {0};
    for (int i = 0; i < 3; i++) assert_true(table_key(&table, &state, 2, 'j'));
    assert_int_equal(state.selected, 3);
    assert_int_equal(state.top, 2);
    assert_true(table_key(&table, &state, 2, KEY_HOME));
    assert_int_equal(state.top, 0);
    assert_true(table_key(&table, &state, 2, KEY_UP));
    assert_int_equal(state.selected, 0);
    assert_true(table_key(&table, &state, 4, KEY_PAGE_DOWN));
    assert_int_equal(state.selected, 3);
    assert_true(table_key(&table, &state, 4, 'G'));
    assert_int_equal(state.selected, 4);
    assert_true(table_key(&empty, &state, 4, 'G')); /* an empty list has nowhere to go */
    assert_int_equal(state.selected, 0);
    assert_false(table_key(&table, &state, 4, 'x'));
}

static uint64_t row_key(const void *ctx, size_t row) {
    return ((const uint64_t *)ctx)[row];
}

static void arrange(TableState *s, const uint64_t *keys, size_t rows) {
    const Table t = {.columns = columns, .column_count = COLUMNS, .rows = rows, .key = row_key, .ctx = keys, .cell = cell};
    table_arrange(&t, s);
}

static void the_selection_keeps_its_key_when_rows_move(void **s) {
    (void)s;
    const uint64_t before[] = {11, 22, 33, 44}, after[] = {44, 33, 11}, gone[] = {5, 6};
    TableState state = {.selected = 2, .key = before[2]};
    arrange(&state, before, 4);
    assert_int_equal(state.selected, 2);
    arrange(&state, after, 3);
    assert_int_equal(state.selected, 1);
    arrange(&state, gone, 2); /* its row is gone: it keeps its place */
    assert_int_equal(state.selected, 1);
    arrange(&state, gone, 0);
    assert_int_equal(state.selected, 0);
}

static void any_size_stays_inside(void **s) {
    (void)s;
    for (int w = 0; w < 60; w++)
        for (int h = 0; h < 9; h++) {
            Canvas *c = canvas_new(64, 12, false);
            TableState state = {.selected = 4, .top = 99};
            table_draw(&table, &state, c, (Rect){2, 1, w, h});
            for (int y = 0; y < 12; y++)
                for (int x = 0; x < 64; x++)
                    if (x < 2 || y < 1 || x >= 2 + w || y >= 1 + h) assert_string_equal(c->cells[y * 64 + x].text, " ");
            canvas_free(c);
        }
}

static const char *const long_names[] = {"claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "the words of a sentence", "short"};

static void long_cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    (void)ctx, (void)column;
    snprintf(out->text, sizeof out->text, "%s", long_names[row]);
}

/* Two names that are cut stay two names, and what is cut says so, in ASCII too. */
static void what_is_cut_says_so(void **s) {
    (void)s;
    const Column one = {.title = "model", .width = 14};
    const Table t = {.columns = &one, .column_count = 1, .rows = 4, .cell = long_cell};
    for (int ascii = 0; ascii < 2; ascii++) {
        TableState state = {.selected = 0};
        Canvas *c = canvas_new(15, 5, ascii);
        Buf b = {.max = 1 << 12};
        table_draw(&t, &state, c, (Rect){0, 0, 15, 5});
        canvas_dump(c, &b);
        assert_string_equal(b.at, ascii ? " model\n claude-s..-4-5\n claude-s..0929\n the words of..\n short\n"
                                        : " model\n claude-so\u2026-4-5\n claude-so\u20260929\n the words of \u2026\n short\n");
        buf_free(&b);
        canvas_free(c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_drop_in_their_order),
        cmocka_unit_test(the_selected_row_is_in_view),
        cmocka_unit_test(the_selection_keeps_its_key_when_rows_move),
        cmocka_unit_test(any_size_stays_inside),
        cmocka_unit_test(what_is_cut_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
