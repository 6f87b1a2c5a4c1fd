/* palette: see palette.h. */
#include "tui/palette.h"
#include "tui/keys.h"
#include "tui/layout.h"
#include "tui/view.h"

enum { ROWS_MAX = 8 };
static const char *const kind_names[] = {[ENTRY_SCREEN] = "screen", [ENTRY_COMMAND] = "command", [ENTRY_RANGE] = "range", [ENTRY_THEME] = "theme"};

static bool holds_all_words(const char *text, const Entry *e) {
    char words[256], in[256];
    snprintf(words, sizeof words, "%s", text);
    snprintf(in, sizeof in, "%s %s %s", kind_names[e->kind], e->name, e->help);
    for (char *save, *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
        if (!strcasestr(in, word)) return false;
    return true;
}

bool palette_names_kind(const char *text, EntryKind kind) {
    size_t n = strlen(kind_names[kind]);
    return strncasecmp(text, kind_names[kind], n) == 0 && text[n] == ' ';
}

/* What the name is compared with: the text without its kind. NULL = the text is about another kind. */
static const char *wanted_name(const char *text, EntryKind kind) {
    for (EntryKind k = 0; k <= ENTRY_THEME; k++)
        if (palette_names_kind(text, k)) return k == kind ? text + strlen(kind_names[k]) + 1 : NULL;
    return text;
}

static void consider(Palette *p, const char *text, Entry e) {
    p->total++;
    const char *name = wanted_name(text, e.kind);
    if (!name || p->count == PALETTE_MAX || !holds_all_words(text, &e)) return;
    size_t at = p->count++;
    if (name[0] && strncasecmp(e.name, name, strlen(name)) == 0) { /* a name that starts with it goes before the others */
        size_t first = 0;
        while (first < at && strncasecmp(p->match[first].name, name, strlen(name)) == 0) first++;
        memmove(&p->match[first + 1], &p->match[first], (at - first) * sizeof *p->match);
        at = first;
    }
    p->match[at] = e;
}

void palette_match(Palette *p, const char *text) {
    p->count = p->total = p->chosen = 0;
    for (size_t i = 0; screens[i]; i++) consider(p, text, (Entry){ENTRY_SCREEN, screens[i]->name, screens[i]->title, "", 0});
    for (const KeyCommand *k = key_commands; k->name; k++)
        if (k->act != DO_SCREEN && k->act != DO_PALETTE)
            consider(p, text, (Entry){ENTRY_COMMAND, k->name, k->help, k->keys, k->codes[0]});
    for (size_t i = 0; view_ranges[i]; i++) consider(p, text, (Entry){ENTRY_RANGE, view_ranges[i], "of time", "t", 0});
    for (size_t i = 0; i < p->themes; i++) consider(p, text, (Entry){ENTRY_THEME, p->theme[i], "of colours", "o", 0});
}

void palette_themes(Palette *p, const char *config_dir) {
    p->themes = theme_names(config_dir, p->theme, THEMES_MAX);
}

const Entry *palette_chosen(const Palette *p) {
    return p->count ? &p->match[p->chosen] : NULL;
}

void palette_choose(Palette *p, const char *name) {
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->match[i].name, name) == 0) p->chosen = i;
}

void palette_move(Palette *p, int by) {
    if (by < 0 && p->chosen > 0) p->chosen--;
    if (by > 0 && p->chosen + 1 < p->count) p->chosen++;
}

static void draw_entry(const Entry *e, Canvas *c, Rect r, bool chosen) {
    canvas_fill(c, r, ROLE_TEXT, 0, " ");
    canvas_text(c, r.x + 2, r.y, 9, ROLE_DIM, 0, kind_names[e->kind]);
    canvas_text(c, r.x + 12, r.y, 18, ROLE_TEXT, chosen ? ATTR_BOLD : 0, e->name);
    canvas_text(c, r.x + 31, r.y, r.w - 44, ROLE_DIM, 0, e->help);
    canvas_right(c, r.x + r.w - 1, r.y, 12, ROLE_KEY, 0, e->keys);
    if (!chosen) return;
    canvas_text(c, r.x, r.y, 1, ROLE_TEXT, 0, "\u25ba");
    canvas_restyle(c, r, ROLE_SELECTED, 0);
}

void palette_draw(const Palette *p, Canvas *c) {
    const Layout l = layout_make(c->w, c->h);
    if (l.size != SIZE_FULL) return;
    Rect body = l.at[PART_BODY];
    int rows = body.h - 2 < ROWS_MAX ? body.h - 2 : ROWS_MAX;
    if ((size_t)rows > p->count) rows = (int)p->count;
    size_t top = p->chosen >= (size_t)rows && rows > 0 ? p->chosen - (size_t)rows + 1 : 0;
    int y = body.y + body.h - rows - 1;
    canvas_fill(c, (Rect){0, y, c->w, 1}, ROLE_RULE, 0, "\u2500");
    for (int i = 0; i < rows; i++) draw_entry(&p->match[top + (size_t)i], c, (Rect){0, y + 1 + i, c->w, 1}, top + (size_t)i == p->chosen);
}
