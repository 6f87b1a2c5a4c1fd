/* palette: what can be reached by name after ":": screens, commands, ranges. Made from the tables.
 *
 * Owns: the matches and which of them is chosen. Does not: act; the dashboard does.
 */
#ifndef TUI_PALETTE_H
#define TUI_PALETTE_H
#include "tui/screen.h"

typedef enum EntryKind { ENTRY_SCREEN, ENTRY_COMMAND, ENTRY_RANGE } EntryKind;
typedef struct Entry {
    EntryKind kind;
    const char *name, *help, *keys; /* keys: how to reach it without the palette, "" = not */
    int code;                       /* ENTRY_COMMAND: the key that does it */
} Entry;

enum { PALETTE_MAX = 96 };
typedef struct Palette {
    Entry match[PALETTE_MAX];
    size_t count, total, chosen;
} Palette;

/* Entries whose "kind name" holds every word of the text; those whose name starts with it come first. */
void palette_match(Palette *p, const char *text);
void palette_move(Palette *p, int by);
/* The list above the prompt's row, over whatever was drawn there. */
void palette_draw(const Palette *p, Canvas *c);
#endif
