/* dialog: a modal box with fields: choices, lines of text, and a word that must be typed before something dangerous.
 *
 * Owns: moving between fields, editing them, what is still missing, drawing. Does not: act; its type's confirm does.
 * A dialog is a pure drawing and a key handler. While one is open no other key acts, and what is behind it stays live.
 */
#ifndef TUI_DIALOG_H
#define TUI_DIALOG_H
#include "tui/canvas.h"
#include "tui/prompt.h"

struct View;
typedef struct Dialog Dialog;

typedef enum FieldKind {
    FIELD_CHOICE, /* one of `choices` */
    FIELD_TEXT,   /* a line; `required`: not empty */
    FIELD_WORD    /* a line that must be exactly `word` */
} FieldKind;

enum { DIALOG_FIELDS_MAX = 8, DIALOG_NOTES_MAX = 12 };

typedef struct DialogField {
    const char *name;                  /* drawn at the left: "scope" */
    FieldKind kind;
    const char *const *choices;        /* FIELD_CHOICE: NULL ends */
    const char *word;                  /* FIELD_WORD */
    bool required, hidden;             /* a hidden field is not drawn, not reached and not asked for */
    int chosen;                        /* FIELD_CHOICE: index of choices */
    Prompt line;                       /* FIELD_TEXT, FIELD_WORD: what was typed is line.text */
    char hint[96];                     /* dim words after the field */
} DialogField;

typedef struct DialogNote { /* a line below the fields: what the choice would do */
    char text[120];
    ThemeRole role;
} DialogNote;

/* What a dialog is about. Called on the UI's thread; may read the store, must be quick. */
typedef struct DialogType {
    const char *title, *confirm_words; /* "Stop calls", "stop them": after Enter in the last row */
    void (*open)(Dialog *d, struct View *v);               /* fills the fields */
    void (*changed)(Dialog *d, struct View *v);            /* after every key and tick: hints, notes, hidden; may be NULL */
    int (*confirm)(Dialog *d, struct View *v, Err *e);     /* 0 = done, it closes; v->answer may say what was done */
} DialogType;

struct Dialog {
    const DialogType *type;            /* NULL = closed */
    DialogField field[DIALOG_FIELDS_MAX];
    int fields, at;                    /* at: the field that keys go to */
    DialogNote note[DIALOG_NOTES_MAX];
    int notes;
    char error[ERR_MAX];               /* of the last Enter; "" = none */
};

typedef enum DialogEnd { DIALOG_STAYS, DIALOG_CONFIRMED, DIALOG_CANCELLED } DialogEnd;

DialogField *dialog_choice(Dialog *d, const char *name, const char *const *choices, int chosen);
DialogField *dialog_text(Dialog *d, const char *name, const char *text, bool required);
DialogField *dialog_word(Dialog *d, const char *name, const char *word);
TW_PRINTF(3, 4) void dialog_note(Dialog *d, ThemeRole role, const char *fmt, ...); /* more than fit are left out */

/* Esc and ^C cancel. Enter confirms when nothing is missing; else it goes to the first field that is, and says so. */
DialogEnd dialog_key(Dialog *d, int key);
/* The first shown field that keeps Enter from acting; NULL = none. */
const DialogField *dialog_missing(const Dialog *d);
/* Keys are letters now: only then may pasted text come in. */
bool dialog_takes_text(const Dialog *d);
/* A box in the middle of the canvas; where it has no room, one row that says so. */
void dialog_draw(const Dialog *d, Canvas *c);
void dialog_box(Canvas *c, Rect r, const char *title); /* an empty box, for others that float */
/* Room for all fields: where this is false keys other than Esc must not act. */
bool dialog_fits(const Dialog *d, int w, int h);
#endif
