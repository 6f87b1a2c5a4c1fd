/* digits: big figures of three or five rows, from the seven segments of each digit.
 *
 * Owns: the shapes (box lines, blocks, ASCII). Declared in chart.h. Does not: format figures.
 */
#include "tui/chart.h"

/*  a       bit 0 = a ... bit 6 = g
 * f b
 *  g
 * e c
 *  d   */
enum { A = 1, B = 2, C = 4, D = 8, E = 16, F = 32, G = 64 };

static unsigned segments(char ch) {
    static const uint8_t of_digit[] = {A | B | C | D | E | F, B | C, A | B | G | E | D, A | B | G | C | D, F | G | B | C,
                                       A | F | G | C | D, A | F | G | E | C | D, A | B | C, A | B | C | D | E | F | G,
                                       A | B | C | D | F | G};
    if (ch >= '0' && ch <= '9') return of_digit[ch - '0'];
    return ch == '-' ? G : 0;
}

/* A heavy line character by which of its arms are there. */
static const char *joint(bool left, bool right, bool up, bool down) {
    static const char *const by_arms[16] = {" ", "\u2578", "\u257a", "\u2501", "\u2579", "\u251b", "\u2517", "\u253b",
                                            "\u257b", "\u2513", "\u250f", "\u2533", "\u2503", "\u252b", "\u2523", "\u254b"};
    return by_arms[(left ? 1 : 0) | (right ? 2 : 0) | (up ? 4 : 0) | (down ? 8 : 0)];
}

/* One row of a three-row digit in lines: left joint, bar, right joint. */
static void line_row(unsigned s, int row, char out[16]) {
    const unsigned bar[] = {A, G, D}, left[] = {0, F, E, 0}, right[] = {0, B, C, 0};
    bool across = s & bar[row];
    snprintf(out, 16, "%s%s%s", joint(false, across, s & left[row], s & left[row + 1]), across ? "\u2501" : " ",
             joint(across, false, s & right[row], s & right[row + 1]));
}

static void ascii_row(unsigned s, int row, char out[16]) {
    const unsigned left[] = {0, F, E}, bar[] = {A, G, D}, right[] = {0, B, C};
    snprintf(out, 16, "%c%c%c", s & left[row] ? '|' : ' ', s & bar[row] ? '_' : ' ', s & right[row] ? '|' : ' ');
}

/* One row of a five-row digit in blocks, six cells wide. */
static void block_row(unsigned s, int row, char out[32]) {
    const unsigned bar[] = {A, 0, G, 0, D};
    const unsigned left[] = {F, F, F | E, E, E}, right[] = {B, B, B | C, C, C};
    bool across = s & bar[row];
    snprintf(out, 32, "%s%s%s", across || s & left[row] ? "\u2588\u2588" : "  ", across ? "\u2588\u2588" : "  ",
             across || s & right[row] ? "\u2588\u2588" : "  ");
}

static void draw_digit(Canvas *c, int x, int y, int rows, ThemeRole role, unsigned attr, char ch) {
    for (int row = 0; row < rows; row++) {
        char text[32];
        if (rows == 5)
            block_row(segments(ch), row, text);
        else if (c->ascii)
            ascii_row(segments(ch), row, text);
        else
            line_row(segments(ch), row, text);
        canvas_text(c, x, y + row, 6, role, attr, text);
    }
}

int digits_draw(Canvas *c, int x, int y, int rows, ThemeRole role, unsigned attr, const char *text) {
    const int digit = rows == 5 ? 6 : 3, start = x;
    for (const char *p = text; *p; p++) {
        bool point = *p == '.' || *p == ',';
        if (c && point) canvas_text(c, rows == 5 ? x : x - 1, y + rows - 1, 2, role, attr, rows == 5 ? "\u2588\u2588" : *p == '.' ? "." : ",");
        if (c && !point) draw_digit(c, x, y, rows, role, attr, *p);
        x += !point ? digit + 1 : rows == 5 ? 3 : 0;
    }
    return x > start ? x - start - 1 : 0;
}
