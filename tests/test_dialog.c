/* A dialog: keys move between its fields, edit them, and nothing is confirmed before all that is asked for is there.
 * Its drawing is golden text in tests/tui/dialog_*.txt. */
#include "tests/golden.h"
#include "tui/dialog.h"
#include "tui/keys.h"
#include "tui/view.h"

static const char *const scopes[] = {"non-critical", "all", NULL};
static const char *const times[] = {"15m", "30m", "1h", "2h", "until resumed", NULL};
enum { SCOPE, TIME, REASON, WORD };

static void stop_open(Dialog *d, View *v) {
    (void)v;
    dialog_choice(d, "scope", scopes, 0);
    dialog_choice(d, "for", times, 1);
    dialog_text(d, "reason", "", true);
    dialog_word(d, "to confirm", "ALL");
}

static void stop_changed(Dialog *d, View *v) {
    (void)v;
    bool all = d->field[SCOPE].chosen == 1;
    d->field[WORD].hidden = !all;
    snprintf(d->field[SCOPE].hint, sizeof d->field[SCOPE].hint, "%s", all ? "asks you to type ALL" : "checkout and fraud still pass");
    snprintf(d->field[REASON].hint, sizeof d->field[REASON].hint, "required, for the audit trail");
    dialog_note(d, ROLE_DIM, "the last 10 minutes, had this been on");
    dialog_note(d, ROLE_TEXT, "refused   doc-agent   %d", all ? 1825 : 434);
}

static const DialogType stop = {.title = "Stop calls", .confirm_words = "stop non-critical calls", .open = stop_open,
                                .changed = stop_changed};

static void keys(View *v, const char *text) {
    for (; *text; text++) {
        assert_int_equal(dialog_key(&v->dialog, *text), DIALOG_STAYS);
        view_refresh_dialog(v);
    }
}

static DialogEnd key(View *v, int code) {
    DialogEnd end = dialog_key(&v->dialog, code);
    view_refresh_dialog(v);
    return end;
}

static void enter_waits_for_what_is_required(void **s) {
    View *v = *s;
    Dialog *d = &v->dialog;
    assert_int_equal(key(v, KEY_ENTER), DIALOG_STAYS);
    assert_int_equal(d->at, REASON);
    assert_string_equal(d->error, "a reason is missing");
    keys(v, "   ");
    assert_int_equal(key(v, KEY_ENTER), DIALOG_STAYS); /* blanks are no reason */
    keys(v, "INC-4242");
    assert_string_equal(d->error, "");
    assert_int_equal(key(v, KEY_ENTER), DIALOG_CONFIRMED);
    assert_string_equal(d->field[REASON].line.text, "   INC-4242");
}

static void what_is_dangerous_wants_its_word_typed(void **s) {
    View *v = *s;
    Dialog *d = &v->dialog;
    key(v, KEY_RIGHT);
    assert_int_equal(d->field[SCOPE].chosen, 1);
    d->at = REASON;
    keys(v, "leak");
    assert_int_equal(key(v, KEY_ENTER), DIALOG_STAYS);
    assert_int_equal(d->at, WORD);
    assert_string_equal(d->error, "type ALL to go on");
    keys(v, "all");
    assert_int_equal(key(v, KEY_ENTER), DIALOG_STAYS); /* exactly this word */
    key(v, KEY_CTRL_U);
    keys(v, "ALL");
    assert_int_equal(key(v, KEY_ENTER), DIALOG_CONFIRMED);
}

static void a_hidden_field_is_not_reached_and_not_asked_for(void **s) {
    View *v = *s;
    Dialog *d = &v->dialog;
    for (int i = 0; i < 9; i++) key(v, KEY_DOWN);
    assert_int_equal(d->at, REASON);
    for (int i = 0; i < 9; i++) key(v, KEY_BACK_TAB);
    assert_int_equal(d->at, SCOPE);
    d->at = REASON;
    keys(v, "x");
    assert_null(dialog_missing(d));
    assert_int_equal(key(v, KEY_ENTER), DIALOG_CONFIRMED);
}

static void a_choice_ends_at_its_ends_and_letters_do_nothing_to_it(void **s) {
    View *v = *s;
    Dialog *d = &v->dialog;
    key(v, KEY_TAB);
    assert_false(dialog_takes_text(d));
    for (int i = 0; i < 9; i++) key(v, KEY_RIGHT);
    assert_int_equal(d->field[TIME].chosen, 4);
    for (int i = 0; i < 9; i++) key(v, KEY_LEFT);
    assert_int_equal(d->field[TIME].chosen, 0);
    keys(v, " q:K");
    assert_int_equal(d->field[TIME].chosen, 0);
    key(v, KEY_TAB);
    assert_true(dialog_takes_text(d));
}

static void escape_cancels_from_everywhere(void **s) {
    View *v = *s;
    for (int at = SCOPE; at <= REASON; at++) {
        v->dialog.at = at;
        assert_int_equal(dialog_key(&v->dialog, KEY_ESC), DIALOG_CANCELLED);
        assert_int_equal(dialog_key(&v->dialog, KEY_CTRL_C), DIALOG_CANCELLED);
    }
    view_close_dialog(v);
    assert_null(v->dialog.type);
    view_refresh_dialog(v); /* nothing happens without one */
}

static void it_shows_its_fields_notes_and_what_is_missing(void **s) {
    View *v = *s;
    Canvas *c = canvas_new(100, 16, false), *narrow = canvas_new(40, 10, true), *tiny = canvas_new(30, 3, false);
    v->dialog.at = REASON;
    keys(v, "INC");
    dialog_draw(&v->dialog, c);
    golden(c, "tests/tui/dialog_100x16.txt");
    key(v, KEY_CTRL_U);
    v->dialog.at = SCOPE;
    key(v, KEY_RIGHT);
    dialog_draw(&v->dialog, narrow);
    golden(narrow, "tests/tui/dialog_ascii_40x10.txt");
    assert_false(dialog_fits(&v->dialog, 30, 3));
    dialog_draw(&v->dialog, tiny);
    golden(tiny, "tests/tui/dialog_30x3.txt");
    canvas_free(c);
    canvas_free(narrow);
    canvas_free(tiny);
}

/* A line longer than its field shows its end, where the cursor is; nothing leaves the box. */
static void a_long_line_shows_where_one_types(void **s) {
    View *v = *s;
    Canvas *c = canvas_new(40, 12, false);
    v->dialog.at = REASON;
    for (int i = 0; i < 300; i++) dialog_key(&v->dialog, i % 7 ? 'a' : 0x65E5);
    keys(v, "");
    dialog_key(&v->dialog, KEY_BACKSPACE);
    dialog_key(&v->dialog, 'z');
    dialog_draw(&v->dialog, c);
    Buf b = {.max = 1 << 16};
    canvas_dump(c, &b);
    assert_non_null(strstr(b.at, "z"));
    for (int y = 0; y < c->h; y++) /* the right edge of the box is whole */
        if (c->cells[y * c->w].text[0] && strcmp(c->cells[y * c->w].text, "│") == 0)
            assert_string_equal(c->cells[y * c->w + 39].text, "│");
    buf_free(&b);
    canvas_free(c);
}

static int setup(void **s) {
    View *v = xcalloc(1, sizeof *v);
    view_open_dialog(v, &stop);
    assert_ptr_equal(v->dialog.type, &stop);
    *s = v;
    return 0;
}

static int teardown(void **s) {
    free(*s);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(enter_waits_for_what_is_required, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_dangerous_wants_its_word_typed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_hidden_field_is_not_reached_and_not_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(a_choice_ends_at_its_ends_and_letters_do_nothing_to_it, setup, teardown),
        cmocka_unit_test_setup_teardown(escape_cancels_from_everywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(it_shows_its_fields_notes_and_what_is_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_long_line_shows_where_one_types, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
