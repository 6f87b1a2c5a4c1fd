/* keys: key codes, and the one table of key commands from which footer, help, palette and man page are made.
 *
 * Owns: what a key means (the same on every screen). Does not: act; the dashboard and the screens do.
 * The table lists only what works.
 */
#ifndef TUI_KEYS_H
#define TUI_KEYS_H
#include "store/base.h"

/* A typed character is its code point; the rest stands above Unicode. */
enum KeyCode {
    KEY_ESC = 27, KEY_ENTER = 13, KEY_TAB = 9, KEY_BACKSPACE = 127, KEY_CTRL_L = 12, KEY_CTRL_Z = 26, KEY_CTRL_C = 3, KEY_CTRL_U = 21, KEY_CTRL_W = 23,
    KEY_SPECIAL = 0x110000,
    KEY_UP, KEY_DOWN, KEY_LEFT, KEY_RIGHT, KEY_PAGE_UP, KEY_PAGE_DOWN, KEY_HOME, KEY_END, KEY_DELETE, KEY_BACK_TAB,
    KEY_PASTE_START, KEY_PASTE_END, /* what is between them is text, never commands */
    KEY_MOUSE,                      /* a mouse event waits in term_mouse() */
    KEY_UNKNOWN                     /* a sequence we do not know: does nothing */
};

typedef enum KeyDo {
    DO_NOTHING, DO_SCREEN, DO_TAB, DO_PALETTE, DO_OPEN, DO_RECORD, DO_BACK, DO_HELP, DO_QUIT, DO_ROW, DO_PAGE, DO_ENDS, DO_RANGE,
    DO_PAUSE, DO_TRAVEL, DO_TRAVEL_FAR, DO_ZONE, DO_CURSOR, DO_COMPARE, DO_DIMENSION, DO_SORT, DO_COLUMN, DO_FILTER, DO_STOP, DO_RESUME, DO_RULE, DO_UNDO, DO_FINDING, DO_ACKNOWLEDGE, DO_SILENCE, DO_STACK, DO_COLUMNS, DO_COPY, DO_EXPORT, DO_THEME, DO_MOUSE, DO_REDRAW, DO_SUSPEND
} KeyDo;

typedef struct KeyCommand {
    KeyDo act;
    const char *name;      /* for Screen.footer and the palette: "sort" */
    const char *keys;      /* as shown: "↑↓ j k" */
    int codes[11];         /* 0 ends; a capital or S- key is the same command backwards */
    const char *group;     /* a heading of the help screen: go, move, act, time, look, take */
    const char *footer;    /* words after the key in the footer: "sort" */
    const char *help;      /* "sort by the next column" */
    const char *screens;   /* names of the screens where it works; NULL = all */
} KeyCommand;
extern const KeyCommand key_commands[]; /* ends with name NULL */

const KeyCommand *key_meaning(int key);           /* NULL: means nothing anywhere */
const KeyCommand *key_command(const char *name);  /* NULL if there is none */
bool key_works_on(const KeyCommand *k, const char *screen);
#endif
