/* dialog: fields and keys of a modal box. See dialog.h; its drawing is in dialog_draw.c. */
#include "tui/dialog.h"
#include "tui/keys.h"
#include <stdarg.h>

static DialogField *add(Dialog *d, DialogField f) {
    DialogField *to = &d->field[d->fields < DIALOG_FIELDS_MAX - 1 ? d->fields++ : d->fields];
    *to = f;
    return to;
}

DialogField *dialog_choice(Dialog *d, const char *name, const char *const *choices, int chosen) {
    return add(d, (DialogField){.name = name, .kind = FIELD_CHOICE, .choices = choices, .chosen = chosen});
}

DialogField *dialog_text(Dialog *d, const char *name, const char *text, bool required) {
    DialogField *f = add(d, (DialogField){.name = name, .kind = FIELD_TEXT, .required = required});
    prompt_set(&f->line, text);
    return f;
}

DialogField *dialog_word(Dialog *d, const char *name, const char *word) {
    return add(d, (DialogField){.name = name, .kind = FIELD_WORD, .word = word, .required = true});
}

void dialog_note(Dialog *d, ThemeRole role, const char *fmt, ...) {
    va_list ap;
    if (d->notes == DIALOG_NOTES_MAX) return;
    DialogNote *n = &d->note[d->notes++];
    n->role = role;
    va_start(ap, fmt);
    vsnprintf(n->text, sizeof n->text, fmt, ap);
    va_end(ap);
}

static bool is_blank(const char *text) {
    return text[strspn(text, " ")] == '\0';
}

static bool is_missing(const DialogField *f) {
    if (f->hidden || f->kind == FIELD_CHOICE) return false;
    return f->kind == FIELD_WORD ? strcmp(f->line.text, f->word) != 0 : f->required && is_blank(f->line.text);
}

const DialogField *dialog_missing(const Dialog *d) {
    for (int i = 0; i < d->fields; i++)
        if (is_missing(&d->field[i])) return &d->field[i];
    return NULL;
}

bool dialog_takes_text(const Dialog *d) {
    return d->at < d->fields && d->field[d->at].kind != FIELD_CHOICE;
}

static void move(Dialog *d, int by) {
    for (int to = d->at + by; to >= 0 && to < d->fields; to += by)
        if (!d->field[to].hidden) {
            d->at = to;
            return;
        }
}

static void choose(DialogField *f, int by) {
    int count = 0;
    while (f->choices[count]) count++;
    int to = f->chosen + by;
    if (to >= 0 && to < count) f->chosen = to;
}

static void field_key(Dialog *d, int key) {
    if (d->at >= d->fields) return;
    DialogField *f = &d->field[d->at];
    if (f->kind != FIELD_CHOICE)
        prompt_key(&f->line, key);
    else if (key == KEY_LEFT || key == KEY_RIGHT)
        choose(f, key == KEY_LEFT ? -1 : 1);
}

static DialogEnd enter(Dialog *d) {
    const DialogField *f = dialog_missing(d);
    if (!f) return DIALOG_CONFIRMED;
    d->at = (int)(f - d->field);
    if (f->kind == FIELD_WORD)
        snprintf(d->error, sizeof d->error, "type %s to go on", f->word);
    else
        snprintf(d->error, sizeof d->error, "a %s is missing", f->name);
    return DIALOG_STAYS;
}

DialogEnd dialog_key(Dialog *d, int key) {
    d->error[0] = '\0';
    switch (key) {
    case KEY_ESC: case KEY_CTRL_C: return DIALOG_CANCELLED;
    case KEY_ENTER: return enter(d);
    case KEY_UP: case KEY_BACK_TAB: move(d, -1); break;
    case KEY_DOWN: case KEY_TAB: move(d, 1); break;
    default: field_key(d, key);
    }
    return DIALOG_STAYS;
}
