/* glyphs: the table of ASCII stand-ins. See glyphs.h. */
#include "tui/glyphs.h"
#include <stddef.h>

typedef struct Glyph {
    int32_t code;
    char ascii;
} Glyph;

/* Sorted by nothing: a few dozen entries, asked only for non-ASCII cells. Grouped by what they draw. */
static const Glyph table[] = {
    {0x25CF, '!'}, {0x25B2, '*'}, {0x25CB, 'o'}, {0x25A0, '#'},                       /* ● ▲ ○ ■ */
    {0x2588, '#'}, {0x2592, '='}, {0x2591, '.'}, {0x2593, '%'}, {0x25BA, '>'},        /* █ ▒ ░ ▓ ► */
    {0x2192, '>'}, {0x2190, '<'}, {0x2191, '^'}, {0x2193, 'v'},                       /* → ← ↑ ↓ */
    {0x2265, '='}, {0x00D7, 'x'}, {0x00A2, 'c'}, {0x00B7, '|'}, {0x00B1, '-'}, /* ≥ × ¢ · ± */
    {0x2026, '.'}, {0x2013, '-'}, {0x2014, '-'}, {0x203A, '>'}, {0x2022, '*'},        /* … – — › • */
    {0x2581, '.'}, {0x2582, '.'}, {0x2583, ':'}, {0x2584, ':'}, {0x2585, ':'},        /* ▁▂▃▄▅ */
    {0x2586, '#'}, {0x2587, '#'},                                                     /* ▆▇ */
    {0x258F, '-'}, {0x258E, '-'}, {0x258D, '-'}, {0x258C, '#'}, {0x258B, '#'},        /* ▏▎▍▌▋ */
    {0x258A, '#'}, {0x2589, '#'},                                                     /* ▊▉ */
    {0x2500, '-'}, {0x2502, '|'}, {0x2524, '|'}, {0x253C, '+'}, {0x251C, '|'},        /* ─ │ ┤ ┼ ├ */
    {0x250C, '+'}, {0x2510, '+'}, {0x2514, '+'}, {0x2518, '+'}, {0x252C, '+'}, {0x2534, '+'}, /* ┌┐└┘┬┴ */
    {0x2019, '\''}, {0x201C, '"'}, {0x201D, '"'}, {0x00A0, ' '},                      /* ’ “ ” nbsp */
};

char glyph_ascii(int32_t code) {
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].code == code) return table[i].ascii;
    return '?';
}

/* ">" alone would read as "greater than" before a figure, "-" as a minus. */
char glyph_ascii_first(int32_t code) {
    return code == 0x2265 ? '>' : code == 0x2192 ? '-' : code == 0x00B1 ? '+' : '\0';
}
