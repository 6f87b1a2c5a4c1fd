/* palette: what can be reached by name after ":": screens, commands, ranges, themes. Made from the tables.
 *
 * Owns: the matches and which of them is chosen. Does not: act; the dashboard does.
 */
#ifndef TUI_PALETTE_H
#define TUI_PALETTE_H
#include "tui/screen.h"
#include "tui/theme.h"

typedef enum EntryKind { ENTRY_SCREEN, ENTRY_COMMAND, ENTRY_RANGE, ENTRY_THEME } EntryKind;
typedef struct Entry {
    EntryKind kind;
    const char *name, *help, *keys; /* keys: how to reach it without the palette, "" = not */
    int code;                       /* ENTRY_COMMAND: the key that does it */
} Entry;

enum { PALETTE_MAX = 160 };
typedef struct Palette {
    Entry match[PALETTE_MAX];
    size_t count, total, chosen;
    char theme[THEMES_MAX][64]; /* palette_themes() */
    size_t themes;
} Palette;

/* Which themes there are now; a palette of zeroes has none. */
void palette_themes(Palette *p, const char *config_dir);
/* Entries whose "kind name" holds every word of the text; those whose name starts with it come first.
 * A text that begins with a kind and a space, "theme ", is about that kind only. */
void palette_match(Palette *p, const char *text);
const Entry *palette_chosen(const Palette *p); /* NULL: nothing matches */
void palette_choose(Palette *p, const char *name); /* if it is among the matches */
bool palette_names_kind(const char *text, EntryKind kind); /* "theme dark" */
void palette_move(Palette *p, int by);
/* The list above the prompt's row, over whatever was drawn there. */
void palette_draw(const Palette *p, Canvas *c);
#endif
