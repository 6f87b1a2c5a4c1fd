/* terminal_model: a small terminal that shows what bytes make it show, and fails on every byte that none of ours should be.
 *
 * Owns: cells, cursor, the list of sequences that are ever sent. Does not: know colours (a pen is a number that differs
 * where the attributes differ). Reused by the tests of the painter and by the robot.
 */
#ifndef TESTS_TERMINAL_MODEL_H
#define TESTS_TERMINAL_MODEL_H
#include "tests/unit.h"
#include "tui/canvas.h"
#include "tui/text_width.h"

enum { MODEL_W = 320, MODEL_H = 120 };
typedef struct ModelCell { char text[20]; int style; } ModelCell;
typedef struct Model {
    int w, h, x, y, pen;
    ModelCell cell[MODEL_H][MODEL_W];
} Model;

static inline void model_clear(Model *m, int y, int from) {
    for (int x = from; x < m->w; x++) m->cell[y][x] = (ModelCell){.text = " "};
}

static inline void model_clear_all(Model *m) {
    for (int y = 0; y < m->h; y++) model_clear(m, y, 0);
}

/* Modes and questions, whole, as they stand after "\033[". The palette is not among them, nor is anything that scrolls. */
static inline const char *model_mode(const char *p) {
    static const char *const known[] = {"?1049h", "?1049l", "22;0;0t", "23;0;0t", "?1h", "?1l", "?25l", "?25h", "?12l", "?12;25h", "?7l", "?7h",
                                        "34h", "?34h", "34l", "?2004h", "?2004l", "?2026$p", "?2026h", "?2026l", "?1000h", "?1006h", "?1006l",
                                        "?1000l", "?1002h", "?1002l", "?1c", "?0c", "?8c"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncmp(p, known[i], strlen(known[i])) == 0) return p + strlen(known[i]);
    return NULL;
}

static inline const char *model_csi(Model *m, const char *p) {
    int a = 0, b = 0;
    const char *start = p, *mode = model_mode(p);
    if (mode) return mode;
    while (*p && !(*p >= 0x40 && *p <= 0x7E)) p++;
    if (*p == 'H') {
        int n = sscanf(start, "%d;%d", &a, &b);
        m->y = n >= 1 ? a - 1 : 0;
        m->x = n >= 2 ? b - 1 : 0;
    } else if (*p == 'C') {
        m->x += sscanf(start, "%d", &a) == 1 ? a : 1;
    } else if (*p == 'K') {
        model_clear(m, m->y, m->x);
    } else if (*p == 'J') {
        model_clear_all(m);
    } else if (*p == 'm') {
        m->pen = *start == 'm' || strncmp(start, "0m", 2) == 0 ? 0 : (int)(hash64(start, (size_t)(p - start), (uint64_t)m->pen) & 0x7FFFFFFF);
    } else {
        fail_msg("no sequence of ours: ESC [ %.20s", start);
    }
    return p + 1;
}

/* "\033]52;c;BASE64\a": the clipboard, the one thing outside the screen that is ever written. */
static inline const char *model_osc(const char *p) {
    if (strncmp(p, "52;", 3) != 0) fail_msg("no sequence of ours: ESC ] %.20s", p);
    while (*p && *p != '\a' && *p != '\033') p++;
    return *p == '\a' ? p + 1 : *p ? p + 2 : p;
}

static inline void model_put(Model *m, const char **p) {
    const char *from = *p;
    int32_t code = utf8_next(p);
    if (code == 0x0F) return; /* shift in: part of "no attributes" on old terminals */
    int n = code_columns(code);
    if (code < 0x20 || n < 0) fail_msg("a control character reaches the terminal: U+%04X", (unsigned)code);
    if (n == 0) return; /* marks join; the base is what is compared */
    if (m->x < 0 || m->x + n > m->w || m->y < 0 || m->y >= m->h) fail_msg("outside of %dx%d: %d,%d", m->w, m->h, m->x, m->y);
    ModelCell *cell = &m->cell[m->y][m->x];
    snprintf(cell->text, sizeof cell->text, "%.*s", (int)(*p - from), from);
    cell->style = m->pen;
    if (n == 2) cell[1].text[0] = '\0';
    m->x += n;
}

static inline void model_feed(Model *m, const char *p) {
    while (*p) {
        if (p[0] == '\033' && p[1] == '[') p = model_csi(m, p + 2);
        else if (p[0] == '\033' && p[1] == ']') p = model_osc(p + 2);
        else if (p[0] == '\033' && (p[1] == '=' || p[1] == '>')) p += 2; /* keypad */
        else model_put(m, &p);
    }
}

/* Cell by cell, without the marks that join a base. */
static inline void model_assert_shows(const Model *m, const Canvas *c) {
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            const Cell *cell = &c->cells[y * c->w + x];
            const char *seen = m->cell[y][x].text;
            if (cell->width == 0 || strncmp(seen, cell->text, strlen(seen)) == 0) continue;
            fail_msg("%dx%d: at %d,%d stands \"%s\" instead of \"%s\"", c->w, c->h, x, y, seen, cell->text);
        }
}
#endif
