/* term_caps: terminfo. See term_caps.h. */
#include "tui/term_caps.h"
#include <curses.h>
#include <term.h>

static const char *text_cap(const char *name) {
    const char *s = tigetstr((char *)(uintptr_t)name);
    return s && s != (const char *)-1 ? s : NULL;
}

/* Adds text without its padding marks ("$<5>"), which no terminal of today needs. */
static void add_unpadded(Buf *out, const char *p) {
    for (; p && *p; p++) {
        const char *end = p[0] == '$' && p[1] == '<' ? strchr(p, '>') : NULL;
        if (end)
            p = end;
        else
            buf_add(out, p, 1);
    }
}

static void copy_cap(char *out, size_t size, const char *name) {
    Buf text = {.max = size - 1};
    add_unpadded(&text, text_cap(name));
    snprintf(out, size, "%s", text.at && !text.overflow ? text.at : "");
    buf_free(&text);
}

static const char *environment(const char *name) {
    const char *v = getenv(name);
    return v ? v : "";
}

/* Said by the terminal's own environment, or by the terminfo flags in use for it. */
static bool has_direct_colour(int colours) {
    const char *v = environment("COLORTERM");
    if (strcmp(v, "truecolor") == 0 || strcmp(v, "24bit") == 0) return colours >= 256;
    return tigetflag((char *)(uintptr_t)"RGB") > 0 || tigetflag((char *)(uintptr_t)"Tc") > 0;
}

static void read_caps(TermCaps *c) {
    const struct { char *out; size_t size; const char *name; } wanted[] = {
        {c->enter, sizeof c->enter, "smcup"},           {c->leave, sizeof c->leave, "rmcup"},
        {c->hide_cursor, sizeof c->hide_cursor, "civis"}, {c->show_cursor, sizeof c->show_cursor, "cnorm"},
        {c->keypad_on, sizeof c->keypad_on, "smkx"},    {c->keypad_off, sizeof c->keypad_off, "rmkx"},
        {c->no_wrap, sizeof c->no_wrap, "rmam"},        {c->wrap, sizeof c->wrap, "smam"},
        {c->clear, sizeof c->clear, "clear"},           {c->clear_to_end, sizeof c->clear_to_end, "el"},
        {c->normal, sizeof c->normal, "sgr0"},          {c->bold, sizeof c->bold, "bold"},
        {c->reverse, sizeof c->reverse, "rev"},         {c->underline, sizeof c->underline, "smul"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) copy_cap(wanted[i].out, wanted[i].size, wanted[i].name);
    char *charset = strstr(c->normal, "\033(B"); /* we never leave that character set */
    if (charset) memmove(charset, charset + 3, strlen(charset + 3) + 1);
    c->move_pattern = text_cap("cup");
    c->right_pattern = text_cap("cuf");
    c->fg_pattern = text_cap("setaf");
    c->bg_pattern = text_cap("setab");
    int colours = tigetnum((char *)(uintptr_t)"colors");
    c->colours = c->fg_pattern && c->bg_pattern && colours > 0 ? colours : 0;
    c->back_colour_erase = tigetflag((char *)(uintptr_t)"bce") > 0;
    c->direct_colour = has_direct_colour(c->colours);
}

int caps_open(TermCaps *c, int fd, Err *e) {
    int status = 0;
    const char *name = environment("TERM");
    *c = (TermCaps){.enter = ""};
    if (!name[0]) return fail(e, "TERM is not set; set it to your terminal's name, for example TERM=xterm-256color");
    if (setupterm(NULL, fd, &status) != OK)
        return fail(e, "TERM=%.64s is not known here; set TERM to a known one (ls /lib/terminfo/*) or install ncurses-term", name);
    read_caps(c);
    if (c->move_pattern && c->clear[0]) return 0;
    caps_close();
    return fail(e, "TERM=%.64s cannot move the cursor; use `tollwatch status`, `report` or `render`", name);
}

void caps_close(void) {
    if (cur_term) del_curterm(cur_term);
}

void caps_move(const TermCaps *c, Buf *out, int x, int y) {
    add_unpadded(out, tiparm(c->move_pattern, y, x));
}

void caps_right(const TermCaps *c, Buf *out, int cells) {
    add_unpadded(out, tiparm(c->right_pattern, cells));
}

void caps_colour(const TermCaps *c, Buf *out, bool background, int index) {
    add_unpadded(out, tiparm(background ? c->bg_pattern : c->fg_pattern, index));
}
