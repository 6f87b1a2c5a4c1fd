/* Sorting and clicks: every column, both ways; what is under every cell of a table of every size is what was drawn there. */
#include "tests/unit.h"
#include "tui/keys.h"
#include "tui/table.h"

enum { NAME, COST, CALLS, SPARK, COLUMNS, ROWS = 37 };
static const Column columns[COLUMNS] = {
    [NAME] = {.title = "name", .width = 9, .grow = 20, .name = "name"},
    [COST] = {.title = "cost", .width = 7, .right = true, .name = "cost", .figure = FIGURE_DOLLARS},
    [CALLS] = {.title = "calls", .width = 6, .right = true, .drop = 1, .name = "calls", .figure = FIGURE_COUNT},
    [SPARK] = {.title = "pic", .width = 5, .drop = 2, .name = "pic", .figure = FIGURE_PICTURE},
};

static int64_t value(const void *ctx, size_t row, size_t column) {
    (void)ctx;
    if (column == COST) return row % 5 == 3 ? FIGURE_UNKNOWN : (int64_t)(row * 7919 % 101);
    return (int64_t)(row * 31 % 7);
}

static void cell(const void *ctx, size_t row, size_t column, TableCell *out) {
    if (row == TABLE_TOTAL) snprintf(out->text, sizeof out->text, "%s", column == NAME ? "total" : "");
    else if (column == NAME) snprintf(out->text, sizeof out->text, "row %zu", row);
    else if (column != SPARK) snprintf(out->text, sizeof out->text, "%lld", (long long)value(ctx, row, column) % 1000);
}

static uint64_t key(const void *ctx, size_t row) {
    (void)ctx;
    return row + 100;
}

static const Table table = {.columns = columns, .column_count = COLUMNS, .rows = ROWS, .has_total = true, .has_selection = true,
                            .cell = cell, .value = value, .key = key};

/* Every row stands once, and no row stands before one that should be before it. Unknown ones are last either way. */
static void check_order(const TableState *s, size_t column) {
    bool seen[ROWS] = {false};
    for (size_t i = 0; i < ROWS; i++) {
        size_t row = table_row(&table, s, i);
        assert_true(row < ROWS && !seen[row]);
        seen[row] = true;
        if (i == 0 || column == NAME) continue;
        int64_t before = value(NULL, table_row(&table, s, i - 1), column), here = value(NULL, row, column);
        if (here == FIGURE_UNKNOWN) continue;
        assert_true(before != FIGURE_UNKNOWN);
        assert_true(s->ascending ? before <= here : before >= here);
    }
}

static void every_column_sorts_both_ways(void **unused) {
    (void)unused;
    for (size_t column = 0; column < COLUMNS; column++) {
        TableState s = {.selected = 5, .key = 105};
        table_sort_by(&table, &s, (int)column);
        if (column == SPARK) {
            assert_int_equal(s.sort, 0); /* a picture has no order */
            continue;
        }
        assert_int_equal(s.ascending, column == NAME); /* text from A, figures from the largest */
        check_order(&s, column);
        assert_int_equal(table_row(&table, &s, s.selected), 5); /* the selection goes with its row */
        table_sort_by(&table, &s, (int)column);
        assert_int_equal(s.ascending, column != NAME);
        check_order(&s, column);
        assert_int_equal(table_row(&table, &s, s.selected), 5);
        table_state_free(&s);
    }
}

static void names_sort_as_text(void **unused) {
    (void)unused;
    TableState s = {0};
    table_sort_by(&table, &s, NAME);
    assert_int_equal(table_row(&table, &s, 0), 0);
    assert_int_equal(table_row(&table, &s, 1), 1);
    assert_int_equal(table_row(&table, &s, 2), 10); /* "row 10" before "row 2" */
    table_state_free(&s);
}

/* s walks over what can be seen and sorted by, and through "as loaded". */
static void the_next_column_is_one_that_is_shown(void **unused) {
    (void)unused;
    TableState s = {0};
    assert_int_equal(table_next_sort(&table, &s, 80, false), NAME);
    s.sort = CALLS + 1;
    assert_int_equal(table_next_sort(&table, &s, 80, false), -1);
    assert_int_equal(table_next_sort(&table, &s, 80, true), COST);
    s.sort = COST + 1;
    assert_int_equal(table_next_sort(&table, &s, 20, false), -1); /* calls have no room there */
    s.toggled = 1u << NAME;
    assert_int_equal(table_next_sort(&table, &s, 80, true), -1);
}

/* The text that stands at a row and a column of a canvas. */
static bool says(const Canvas *c, int x, int y, const char *text) {
    for (size_t i = 0; text[i]; i++)
        if (x + (int)i >= c->w || c->cells[y * c->w + x + (int)i].text[0] != text[i]) return false;
    return true;
}

static void check_hits(const TableState *s, Canvas *c, Rect area) {
    canvas_clear(c);
    table_draw(&table, s, c, area);
    for (int y = -1; y <= area.y + area.h; y++)
        for (int x = -1; x <= area.x + area.w; x++) {
            TableHit hit = table_hit(&table, s, area, x, y);
            bool inside = x >= area.x && x < area.x + area.w && y >= area.y && y < area.y + area.h;
            if (!inside) assert_int_equal(hit.kind, HIT_NOTHING);
            if (hit.kind == HIT_TITLE) assert_true(y == area.y && hit.at < COLUMNS);
            if (hit.kind != HIT_ROW) continue;
            char name[32];
            snprintf(name, sizeof name, "row %zu", table_row(&table, s, hit.at));
            if (area.w > 9) assert_true(says(c, area.x + 1, y, name));
        }
}

static void a_click_hits_what_is_drawn_there(void **unused) {
    (void)unused;
    Canvas *c = canvas_new(90, 50, false);
    for (int w = 1; w <= 80; w += w < 30 ? 1 : 7)
        for (int h = 1; h <= 45; h += h < 12 ? 1 : 5)
            for (size_t selected = 0; selected < ROWS; selected += 9) {
                TableState s = {.selected = selected, .sort = COST};
                table_arrange(&table, &s);
                check_hits(&s, c, (Rect){3, 2, w, h});
                table_state_free(&s);
            }
    canvas_free(c);
}

static void a_title_is_hit_over_its_column(void **unused) {
    (void)unused;
    const Rect area = {0, 0, 60, 10};
    const TableState s = {0};
    Canvas *c = canvas_new(60, 10, false);
    table_draw(&table, &s, c, area);
    for (int x = 0; x < 60; x++)
        for (size_t i = 0; i < COLUMNS; i++)
            if (says(c, x, 0, columns[i].title)) {
                assert_int_equal(table_hit(&table, &s, area, x, 0).kind, HIT_TITLE);
                assert_int_equal(table_hit(&table, &s, area, x, 0).at, i);
            }
    canvas_free(c);
}

static void hidden_columns_are_not_drawn(void **unused) {
    (void)unused;
    bool shown[TABLE_COLUMNS_MAX];
    Table t = table;
    TableState s = {.toggled = 1u << COST};
    t.absent = 1u << CALLS;
    table_fit(columns, COLUMNS, table_hidden(&t, &s), 200, shown);
    assert_true(shown[NAME] && !shown[COST] && !shown[CALLS] && shown[SPARK]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_column_sorts_both_ways),
        cmocka_unit_test(names_sort_as_text),
        cmocka_unit_test(the_next_column_is_one_that_is_shown),
        cmocka_unit_test(a_click_hits_what_is_drawn_there),
        cmocka_unit_test(a_title_is_hit_over_its_column),
        cmocka_unit_test(hidden_columns_are_not_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
