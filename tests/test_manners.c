/* Terminal manners that hold on every screen, in every dialog, picker and prompt: with --ascii no byte beyond ASCII leaves, whatever
 * logs say; what is pasted is text for the line that is open, and never a command, a confirmation or a control character. */
#include "tests/dash_lab.h"

static DashLab lab;

static const char *const screens_keys[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "?"};
/* What can be opened over a screen, with keys in it, and what closes it: ^C closes every prompt, dialog and picker. */
static const char *const overlays[] = {"", "/mod\t\t", "/model:\t\t", "/cost>x", ":", ":range x", "o", "\r\r", "r", "Kreason\r", "R", "wx\r", "v", "e", "yd", "sc[", "nax"};
enum { SCREENS = sizeof screens_keys / sizeof *screens_keys, OVERLAYS = sizeof overlays / sizeof *overlays };

static void close_all(void) {
    for (int i = 0; i < 6 && (lab.dash.view.dialog.type || lab.dash.view.prompt.kind || lab.dash.picker.open); i++) dash_lab_type(&lab, "\003");
    assert_true(!lab.dash.view.dialog.type && !lab.dash.view.prompt.kind && !lab.dash.picker.open);
}

static void only_ascii(const Buf *bytes, const char *screen, const char *keys) {
    for (size_t i = 0; i < bytes->len; i++) {
        unsigned char c = (unsigned char)bytes->at[i];
        if (c > 0x7E) fail_msg("screen %s, keys %s: byte 0x%02x", screen, keys, c);
    }
}

static void ascii_is_ascii_everywhere(void **state) {
    (void)state;
    static const int sizes[][2] = {{80, 24}, {160, 44}, {40, 10}, {30, 3}};
    size_t sent = 0;
    lab.lab.app.ascii = true;
    dash_lab_start(&lab);
    for (int k = 0; k < (int)(sizeof sizes / sizeof *sizes); k++) {
        dash_lab_size(&lab, sizes[k][0], sizes[k][1]);
        for (int s = 0; s < SCREENS; s++)
            for (int o = k % 2; o < OVERLAYS; o += 1 + (k > 1)) {
                Buf bytes = {.max = 4 << 20};
                char keys[32];
                snprintf(keys, sizeof keys, "\014%s", overlays[o]); /* all of it anew */
                dash_lab_type(&lab, screens_keys[s]);
                dash_lab_type(&lab, keys);
                dash_lab_take(&lab, &bytes);
                only_ascii(&bytes, screens_keys[s], overlays[o]);
                sent += bytes.len;
                buf_free(&bytes);
                close_all();
            }
    }
    assert_true(sent > 200000);
    dash_lab_stop(&lab);
    lab.lab.app.ascii = false;
}

/* ---- pasting ---- */

static const char hostile[] = "\033[200~q1K\r\n\t\003\033[31mtext\007 \302\205end\033[201~";
static const char left[] = "q1Ktext end";

static void paste_into(const char *opens, char kind) {
    dash_lab_type(&lab, opens);
    assert_int_equal(lab.dash.view.prompt.kind, kind);
    dash_lab_type(&lab, hostile);
    assert_false(lab.dash.quit);
    assert_int_equal(lab.dash.view.prompt.kind, kind); /* no end of line in it was Enter */
    assert_non_null(strstr(lab.dash.view.prompt.text, left));
    close_all();
}

/* Every line that text can be typed into: filter, palette, and each text field of each dialog. */
static void pasted_is_text_and_nothing_else(void **state) {
    (void)state;
    static const struct { const char *keys, *title; } dialogs[] = {{"K", "Stop calls"}, {"R", "Let calls pass"}, {"e", "Export what is shown"}, {"w", "Set a rule"}};
    dash_lab_start(&lab);
    dash_lab_size(&lab, 120, 40);
    dash_lab_type(&lab, "8");
    paste_into("/", '/');
    paste_into(":", ':');
    for (size_t i = 0; i < sizeof dialogs / sizeof *dialogs; i++) {
        int texts = 0;
        dash_lab_type(&lab, dialogs[i].keys);
        Dialog *d = &lab.dash.view.dialog;
        assert_non_null(d->type);
        assert_string_equal(d->type->title, dialogs[i].title);
        for (int f = 0; f < d->fields; f++, dash_lab_type(&lab, "\t")) {
            bool text = dialog_takes_text(d);
            DialogField before = d->field[d->at];
            texts += text;
            dash_lab_type(&lab, hostile);
            assert_non_null(d->type);
            if (text) assert_non_null(strstr(d->field[d->at].line.text, left));
            else assert_int_equal(d->field[d->at].chosen, before.chosen);
        }
        assert_true(texts > 0);
        close_all();
    }
    const Screen *screen = lab.dash.screen;
    dash_lab_type(&lab, hostile); /* no line is open */
    assert_false(lab.dash.quit);
    assert_ptr_equal(lab.dash.screen, screen);
    assert_null(lab.dash.view.dialog.type);
    dash_lab_stop(&lab);
}

/* A paste that never ends (its end was lost) is ended by nothing it holds, and a resize does no harm. */
static void half_a_paste_is_text_too(void **state) {
    (void)state;
    dash_lab_start(&lab);
    dash_lab_type(&lab, "/\033[200~feature:x");
    dash_lab_size(&lab, 60, 20);
    dash_lab_type(&lab, "q\033[201~");
    assert_false(lab.dash.quit);
    assert_string_equal(lab.dash.view.prompt.text, "feature:xq");
    close_all();
    dash_lab_stop(&lab);
}

static int setup(void **state) {
    (void)state;
    dash_lab_open(&lab);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    dash_lab_close(&lab);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_is_ascii_everywhere),
        cmocka_unit_test(pasted_is_text_and_nothing_else),
        cmocka_unit_test(half_a_paste_is_text_too),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
