/* keys: the table of key commands. See keys.h. */
#include "tui/keys.h"

/* Screens that show a list (Screen.list). */
#define LISTS "overview models features requests bills budgets alerts policy sources savings"

/* In the order in which the help screen shows them. */
const KeyCommand key_commands[] = {
    {DO_SCREEN, "screen", "1-9 0", {'1', '2', '3', '4', '5', '6', '7', '8', '9', '0'}, "go", "screen", "screen", NULL},
    {DO_TAB, "next", "Tab S-Tab", {KEY_TAB, KEY_BACK_TAB}, "go", "next", "next, last screen", NULL},
    {DO_PALETTE, "palette", ":", {':'}, "go", "go", "by name, any command", NULL},
    {DO_OPEN, "open", "Enter", {KEY_ENTER}, "go", "open", "open, deeper", "overview models features requests budgets alerts policy savings first-run bills"},
    {DO_RECORD, "record", "r", {'r'}, "go", "record", "the call's record", "requests savings"},
    {DO_BACK, "back", "Esc", {KEY_ESC, KEY_BACKSPACE}, "go", "back", "back, close, clear", NULL},
    {DO_HELP, "help", "?", {'?'}, "go", "help", "help; again: back", NULL},
    {DO_QUIT, "quit", "q", {'q', KEY_CTRL_C}, "go", "quit", "quit", NULL},
    {DO_ROW, "row", "\u2191\u2193 j k", {KEY_UP, KEY_DOWN, 'j', 'k'}, "move", "row", "row", NULL},
    {DO_COLUMN, "column", "\u2190\u2192 h l", {KEY_LEFT, KEY_RIGHT, 'h', 'l'}, "move", "column", "sort by neighbour", "overview models features requests bills budgets alerts policy sources"},
    {DO_PAGE, "page", "PgUp PgDn", {KEY_PAGE_UP, KEY_PAGE_DOWN}, "move", "page", "page", NULL},
    {DO_ENDS, "ends", "g G", {'g', 'G', KEY_HOME, KEY_END}, "move", "ends", "top, end", NULL},
    {DO_FINDING, "finding", "n", {'n'}, "move", "next finding", "next finding, rule", "bills savings"},
    {DO_STOP, "stop", "K", {'K'}, "act", "stop", "stop calls (asks)", NULL},
    {DO_RESUME, "resume", "R", {'R'}, "act", "resume", "let calls pass (asks)", NULL},
    {DO_RULE, "rule", "w", {'w'}, "act", "write a rule", "set a rule (asks)", "policy savings"},
    {DO_UNDO, "undo", "u", {'u'}, "act", "undo", "undo a rule (asks)", "savings"},
    {DO_ACKNOWLEDGE, "acknowledge", "a", {'a'}, "act", "acknowledge", "acknowledge, or not", "alerts"},
    {DO_SILENCE, "silence", "x", {'x'}, "act", "silence 1h", "silent for an hour", "alerts"},
    {DO_RANGE, "range", "t T", {'t', 'T'}, "time", "range", "next range; last", NULL},
    {DO_TRAVEL, "travel", "[ ]", {'[', ']'}, "time", "in time", "back, forward", NULL},
    {DO_TRAVEL_FAR, "far", "{ }", {'{', '}'}, "time", "far", "by a whole range", NULL},
    {DO_CURSOR, "cursor", "< >", {'<', '>'}, "time", "cursor", "cursor, by \u2190\u2192 h l", "overview"},
    {DO_PAUSE, "pause", "Space", {' '}, "time", "pause", "pause; again: live", NULL},
    {DO_ZONE, "zone", "z", {'z'}, "time", "zone", "own zone, UTC, here", NULL},
    {DO_DIMENSION, "dimension", "d D", {'d', 'D'}, "look", "dimension", "next, last dimension", "overview features"},
    {DO_STACK, "stack", "b B", {'b', 'B'}, "look", "stack", "stack chart by...", "overview"},
    {DO_SORT, "sort", "s S", {'s', 'S'}, "look", "sort", "sort; reverse", "overview models features requests bills budgets alerts policy sources"},
    {DO_COLUMNS, "columns", "v", {'v'}, "look", "columns", "choose columns", LISTS},
    {DO_COMPARE, "compare", "c", {'c'}, "look", "compare", "compare with before", "overview models features"},
    {DO_FILTER, "filter", "/", {'/'}, "look", "filter", "filter", NULL},
    {DO_THEME, "theme", "o", {'o'}, "look", "theme", "colour theme", NULL},
    {DO_COPY, "copy", "y", {'y'}, "take", "copy", "copy row (OSC 52)", LISTS},
    {DO_EXPORT, "export", "e", {'e'}, "take", "export", "export what is shown", LISTS},
    {DO_MOUSE, "mouse", "m", {'m'}, "take", "mouse", "mouse on, off", NULL},
    {DO_REDRAW, "redraw", "^L", {KEY_CTRL_L}, "take", "redraw", "draw all again", NULL},
    {DO_SUSPEND, "suspend", "^Z", {KEY_CTRL_Z}, "take", "suspend", "suspend", NULL},
    {.name = NULL},
};

const KeyCommand *key_meaning(int key) {
    for (const KeyCommand *k = key_commands; k->name; k++)
        for (size_t i = 0; i < sizeof k->codes / sizeof k->codes[0] && k->codes[i]; i++)
            if (k->codes[i] == key) return k;
    return NULL;
}

const KeyCommand *key_command(const char *name) {
    for (const KeyCommand *k = key_commands; k->name; k++)
        if (strcmp(k->name, name) == 0) return k;
    return NULL;
}

bool key_works_on(const KeyCommand *k, const char *screen) {
    size_t n = strlen(screen);
    if (!k->screens) return true;
    for (const char *p = k->screens; (p = strstr(p, screen)) != NULL; p += n)
        if ((p == k->screens || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0')) return true;
    return false;
}
