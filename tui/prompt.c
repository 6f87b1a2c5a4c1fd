/* prompt: see prompt.h. */
#include "tui/prompt.h"
#include "tui/keys.h"
#include "tui/text_width.h"

void prompt_set(Prompt *p, const char *text) {
    size_t n = utf8_cut(text, strlen(text), sizeof p->text - 1);
    memmove(p->text, text, n);
    p->text[n] = '\0';
    p->cursor = n;
}

void prompt_open(Prompt *p, char kind, const char *text) {
    *p = (Prompt){.kind = kind};
    prompt_set(p, text);
}

void prompt_close(Prompt *p) {
    *p = (Prompt){.kind = 0};
}

/* The character boundary before, or after, a byte offset. */
static size_t before(const Prompt *p, size_t at) {
    while (at > 0 && ((unsigned char)p->text[--at] & 0xC0) == 0x80) {}
    return at;
}

static size_t after(const Prompt *p, size_t at) {
    if (!p->text[at]) return at;
    do at++;
    while (((unsigned char)p->text[at] & 0xC0) == 0x80);
    return at;
}

static void erase(Prompt *p, size_t from, size_t to) {
    memmove(p->text + from, p->text + to, strlen(p->text + to) + 1);
    p->cursor = from;
}

static size_t encode(int32_t code, char out[4]) {
    if (code < 0x80) return out[0] = (char)code, 1;
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
    static const int32_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    out[0] = (char)(lead[n] | code);
    return n;
}

static bool insert(Prompt *p, int key) {
    char bytes[4];
    if (key < 0 || key >= KEY_SPECIAL || code_columns(key) < 0) return false;
    size_t n = encode(key, bytes), len = strlen(p->text);
    if (len + n >= sizeof p->text) return true;
    memmove(p->text + p->cursor + n, p->text + p->cursor, len - p->cursor + 1);
    memcpy(p->text + p->cursor, bytes, n);
    p->cursor += n;
    return true;
}

static size_t word_start(const Prompt *p) {
    size_t at = p->cursor;
    while (at > 0 && p->text[at - 1] == ' ') at--;
    while (at > 0 && p->text[at - 1] != ' ') at--;
    return at;
}

bool prompt_key(Prompt *p, int key) {
    switch (key) {
    case KEY_BACKSPACE: erase(p, before(p, p->cursor), p->cursor); return true;
    case KEY_DELETE: erase(p, p->cursor, after(p, p->cursor)); return true;
    case KEY_LEFT: p->cursor = before(p, p->cursor); return true;
    case KEY_RIGHT: p->cursor = after(p, p->cursor); return true;
    case KEY_HOME: p->cursor = 0; return true;
    case KEY_END: p->cursor = strlen(p->text); return true;
    case KEY_CTRL_U: erase(p, 0, p->cursor); return true;
    case KEY_CTRL_W: erase(p, word_start(p), p->cursor); return true;
    default: return insert(p, key);
    }
}

/* ---- drawing ---- */

static int columns_of(const char *text, size_t len) {
    char part[sizeof((Prompt *)NULL)->text];
    snprintf(part, sizeof part, "%.*s", (int)len, text);
    return text_columns(part);
}

/* The first byte that is drawn: a long line is moved to the left until its cursor is seen. */
static size_t first_drawn(const Prompt *p, int width) {
    size_t first = 0;
    while (first < p->cursor && columns_of(p->text + first, p->cursor - first) > width - 2) first = after(p, first);
    return first;
}

int prompt_column(const Prompt *p, int width, int character) {
    size_t first = first_drawn(p, width), at = 0;
    for (int i = 1; i < character && p->text[at]; i++) at = after(p, at);
    if (character == 0) at = strlen(p->text);
    int x = at <= first ? 1 : 1 + columns_of(p->text + first, at - first);
    return x < width ? x : width - 1;
}

void prompt_draw(const Prompt *p, Canvas *c, Rect r) {
    size_t first = first_drawn(p, r.w);
    int x = r.x + canvas_textf(c, r.x, r.y, r.w, ROLE_KEY, ATTR_BOLD, "%c", p->kind);
    int cursor = x + columns_of(p->text + first, p->cursor - first);
    x += canvas_text(c, x, r.y, r.x + r.w - x, ROLE_TEXT, 0, p->text + first);
    if (cursor >= x) canvas_text(c, cursor, r.y, 1, ROLE_TEXT, ATTR_REVERSE, " ");
    else canvas_restyle(c, (Rect){cursor, r.y, 1, 1}, ROLE_TEXT, ATTR_REVERSE);
    if (p->kind == ':' && p->error[0]) canvas_text(c, x + 3, r.y, r.x + r.w - x - 3, ROLE_WATCH, 0, p->error);
}
