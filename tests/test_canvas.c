/* The canvas: clipping, wide and combining characters, hostile text, ASCII stand-ins. */
#include "tests/unit.h"
#include "tui/canvas.h"
#include "tui/text_width.h"

static void assert_dump(const Canvas *c, const char *expected) {
    Buf b = {.max = 1 << 16};
    canvas_dump(c, &b);
    assert_string_equal(b.at, expected);
    buf_free(&b);
}

static void text_is_clipped_to_its_columns(void **s) {
    (void)s;
    Canvas *c = canvas_new(10, 2, false);
    assert_int_equal(canvas_text(c, 2, 0, 4, ROLE_TEXT, 0, "abcdef"), 4);
    assert_int_equal(canvas_text(c, 8, 1, 100, ROLE_TEXT, 0, "xyz"), 2);
    assert_int_equal(canvas_text(c, 0, 2, 5, ROLE_TEXT, 0, "below"), 0);
    assert_int_equal(canvas_text(c, -1, 0, 5, ROLE_TEXT, 0, "left"), 0);
    assert_int_equal(canvas_text(c, 0, 0, 0, ROLE_TEXT, 0, "none"), 0);
    assert_dump(c, "  abcd\n        xy\n");
    canvas_free(c);
}

/* Words that are cut say so in their last column; blanks that have no room are no loss; less than eight columns have no room for it. */
static void what_is_cut_ends_with_a_mark(void **s) {
    (void)s;
    for (int ascii = 0; ascii < 2; ascii++) {
        Canvas *c = canvas_new(12, 6, ascii);
        assert_int_equal(canvas_text(c, 0, 0, 10, ROLE_TEXT, 0, "eleven char"), 10);
        assert_int_equal(canvas_text(c, 0, 1, 10, ROLE_TEXT, 0, "ten chars.   "), 10);
        assert_int_equal(canvas_text(c, 0, 2, 7, ROLE_TEXT, 0, "12345678"), 7);
        assert_int_equal(canvas_text(c, 4, 3, 99, ROLE_TEXT, 0, "at the edge"), 8);
        canvas_right(c, 10, 4, 8, ROLE_TEXT, 0, "123456789");
        canvas_text(c, 0, 5, 9, ROLE_TEXT, 0, "漢字漢字漢字");
        assert_dump(c, ascii ? "eleven c..\nten chars.\n1234567\n    at the..\n  123456..\n??????\n"
                             : "eleven ch…\nten chars.\n1234567\n    at the …\n  1234567…\n漢字漢 …\n");
        canvas_free(c);
    }
}

static void a_wide_character_is_whole_or_not_there(void **s) {
    (void)s;
    Canvas *c = canvas_new(5, 1, false);
    assert_int_equal(canvas_text(c, 0, 0, 5, ROLE_TEXT, 0, "漢字漢"), 4); /* no room for half of the third */
    assert_dump(c, "漢字\n");
    canvas_text(c, 1, 0, 1, ROLE_TEXT, 0, "x"); /* over the right half of the first */
    assert_dump(c, " x字\n");
    canvas_text(c, 2, 0, 1, ROLE_TEXT, 0, "y"); /* over the left half of the second */
    assert_dump(c, " xy\n");
    canvas_text(c, 1, 0, 2, ROLE_TEXT, 0, "漢"); /* over two narrow ones */
    assert_dump(c, " 漢\n");
    canvas_free(c);
}

static void combining_marks_join_at_most_three_to_a_base(void **s) {
    (void)s;
    Canvas *c = canvas_new(6, 1, false);
    assert_int_equal(canvas_text(c, 0, 0, 6, ROLE_TEXT, 0, "e\u0301a\u0300\u0301\u0302\u0303b"), 3);
    assert_dump(c, "e\u0301a\u0300\u0301\u0302b\n");
    canvas_clear(c);
    assert_int_equal(canvas_text(c, 0, 0, 6, ROLE_TEXT, 0, "\u0301x"), 1); /* nothing to join: left out */
    assert_dump(c, "x\n");
    canvas_free(c);
}

/* No byte below 0x20, no DEL, no C1 control and no direction override ever enters a cell. */
static void control_characters_never_reach_a_cell(void **s) {
    (void)s;
    Canvas *c = canvas_new(40, 1, false);
    canvas_text(c, 0, 0, 40, ROLE_TEXT, 0, "a\x1b[31mb\a\r\n\tc\x7f" "d\xc2\x9b" "e\u202e" "f\u200bg\xff\xc3(\xed\xa0\x80");
    for (int i = 0; i < 40; i++)
        for (const char *p = c->cells[i].text; *p;) {
            int32_t code = utf8_next(&p);
            assert_true(code >= 0x20 && code != 0x7F && !(code >= 0x80 && code < 0xA0));
            assert_true(code != 0x202E && code != 0x200B);
        }
    assert_dump(c, "a?[31mb???" "?c?d?efg?" "?(??" "?\n");
    canvas_free(c);
}

/* Any bytes at all: no crash, every row of the dump is as wide as text_columns says. */
static void any_bytes_can_be_drawn(void **s) {
    (void)s;
    uint64_t seed = 1;
    for (int round = 0; round < 2000; round++) {
        char text[64];
        size_t n = 0;
        for (; n < sizeof text - 1; n++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            char ch = (char)(seed >> 56);
            if (!ch) break;
            text[n] = ch;
        }
        text[n] = '\0';
        Canvas *c = canvas_new(80, 1, round & 1);
        int used = canvas_text(c, 0, 0, 80, ROLE_TEXT, 0, text);
        if (!(round & 1)) assert_int_equal(used, text_columns(text));
        assert_true(used >= 0 && used <= 80);
        canvas_free(c);
    }
}

static void ascii_takes_the_same_cells(void **s) {
    (void)s;
    Canvas *c = canvas_new(30, 3, true);
    canvas_text(c, 0, 0, 30, ROLE_TEXT, 0, "\u25cf \u25b2 \u25cb \u25a0 \u2192 10.9\u00d7 4\u00a2 a \u00b7 b \u25ba\u2588\u2592\u2591");
    canvas_right(c, 20, 1, 10, ROLE_TEXT, 0, "\u2265$465.68");
    canvas_text(c, 0, 2, 30, ROLE_TEXT, 0, "h\u00e9 \u6f22 e\u0301");
    assert_dump(c, "! * o #-> 10.9x 4c a | b >#=.\n           >=$465.68\nh? ? e\n");
    canvas_free(c);
}

static void right_aligned_text_ends_where_it_should(void **s) {
    (void)s;
    Canvas *c = canvas_new(10, 2, false);
    canvas_right(c, 10, 0, 8, ROLE_TEXT, 0, "1,234");
    canvas_right(c, 4, 1, 3, ROLE_TEXT, 0, "12345");
    assert_dump(c, "     1,234\n 123\n");
    canvas_free(c);
}

static void fill_and_restyle_stay_inside(void **s) {
    (void)s;
    Canvas *c = canvas_new(6, 3, false);
    canvas_fill(c, (Rect){4, 1, 100, 100}, ROLE_RULE, 0, "\u2500");
    canvas_restyle(c, (Rect){-5, -5, 6, 6}, ROLE_ACT, ATTR_BOLD);
    assert_dump(c, "\n    \u2500\u2500\n    \u2500\u2500\n");
    assert_int_equal(c->cells[0].role, ROLE_ACT);
    assert_int_equal(c->cells[1].role, ROLE_TEXT);
    canvas_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_clipped_to_its_columns),
        cmocka_unit_test(what_is_cut_ends_with_a_mark),
        cmocka_unit_test(a_wide_character_is_whole_or_not_there),
        cmocka_unit_test(combining_marks_join_at_most_three_to_a_base),
        cmocka_unit_test(control_characters_never_reach_a_cell),
        cmocka_unit_test(any_bytes_can_be_drawn),
        cmocka_unit_test(ascii_takes_the_same_cells),
        cmocka_unit_test(right_aligned_text_ends_where_it_should),
        cmocka_unit_test(fill_and_restyle_stay_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
