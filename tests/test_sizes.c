/* Every screen at sizes from 20x1 to 300x100: a screen keeps to its area, no cell holds a control character, in ASCII none holds
 * anything else, and what names of logs hide cannot get out. Theirs is tests/dashboard_lab.h. */
#include "tests/dashboard_lab.h"
#include "tui/glyphs.h"
#include "tui/layout.h"
#include "tui/text_width.h"

static DashboardLab lab;

static void load(const Screen *s, void *self, View *v) {
    Err e = {""};
    bool more;
    do must(s->load(self, v, INT64_MAX, &more, &e), &e);
    while (more);
}

/* A cell is one printable character of 0 to 2 columns with at most 3 marks; the right half of a wide one follows it. */
static void assert_cells(const char *name, const Canvas *c) {
    for (int i = 0; i < c->w * c->h; i++) {
        const Cell *cell = &c->cells[i];
        if (cell->width == 0) {
            if (i % c->w == 0 || c->cells[i - 1].width != 2) fail_msg("%s %dx%d: half a character at %d,%d", name, c->w, c->h, i % c->w, i / c->w);
            continue;
        }
        const char *p = cell->text;
        int32_t code = utf8_next(&p);
        if (code_columns(code) != cell->width || i % c->w + cell->width > c->w)
            fail_msg("%s %dx%d: U+%04X at %d,%d", name, c->w, c->h, (unsigned)code, i % c->w, i / c->w);
        if (c->ascii && (code > 0x7E || *p)) fail_msg("%s %dx%d: U+%04X is no ASCII", name, c->w, c->h, (unsigned)code);
        assert_true(cell->role < ROLE_COUNT);
    }
}

/* Draws into a canvas that is full of marks: those outside the area must stand. */
static void assert_keeps_to_its_area(const Screen *s, const void *self, const View *v, Canvas *c) {
    const Rect body = layout_make(c->w, c->h).at[PART_BODY];
    for (int i = 0; i < c->w * c->h; i++) c->cells[i] = (Cell){.text = "@", .width = 1};
    for (int y = body.y; y < body.y + body.h; y++)
        for (int x = body.x; x < body.x + body.w; x++) c->cells[y * c->w + x].text[0] = ' ';
    s->draw(self, v, c, body);
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            bool inside = x >= body.x && x < body.x + body.w && y >= body.y && y < body.y + body.h;
            if (!inside && c->cells[y * c->w + x].text[0] != '@') fail_msg("%s %dx%d: draws outside at %d,%d", s->name, c->w, c->h, x, y);
        }
}

/* 20 + 7n columns, 1 + 7n rows, and the four sizes of the design. */
static void each_size(const Screen *s, View *v, bool ascii) {
    static const int named[][2] = {{40, 10}, {80, 24}, {120, 40}, {200, 60}, {300, 100}, {80, 3}};
    void *self = s->open();
    v->ascii = ascii;
    load(s, self, v);
    for (int i = 0; i < 41 * 15 + 6; i += ascii && i < 41 * 15 ? 3 : 1) {
        int w = i < 41 * 15 ? 20 + i % 41 * 7 : named[i - 41 * 15][0], h = i < 41 * 15 ? 1 + i / 41 * 7 : named[i - 41 * 15][1];
        Canvas *c = canvas_new(w, h, ascii);
        /* Below 40x10 only the first screen is ever drawn. */
        if (layout_make(w, h).size == SIZE_FULL || s == screens[0]) {
            assert_keeps_to_its_area(s, self, v, c);
            frame_draw(s, self, v, c);
            assert_cells(s->name, c);
        }
        canvas_free(c);
    }
    s->close(self);
}

static void every_screen_keeps_to_its_cells(void **state) {
    (void)state;
    View v;
    Err e = {""};
    must(view_open(&v, &lab.app, &e) == 0 ? view_open_ledger(&v, &e) : -1, &e);
    snprintf(v.ticker, sizeof v.ticker, "● 03:05 \033[31mburn\a 10×");
    v.alerts_act = 2;
    for (size_t i = 0; screens[i]; i++)
        for (int ascii = 0; ascii < 2; ascii++) each_size(screens[i], &v, ascii);
    view_close(&v);
}

static int setup(void **state) {
    (void)state;
    dashboard_lab_open(&lab);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    dashboard_lab_close(&lab);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_screen_keeps_to_its_cells)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
