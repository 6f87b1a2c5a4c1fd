/* completion: see completion.h. */
#include "tui/completion.h"
#include "tui/layout.h"
#include "tui/text_width.h"

/* ---- the word ---- */

typedef struct Word {
    size_t name, from, end; /* bytes: of the field, of what is completed, of the cursor */
    size_t colon;           /* 0 = there is none yet */
    bool compared, quoted;  /* a number's term has nothing to complete */
} Word;

/* The grammar's own rules: blanks part terms, commas part values, quoted stretches are taken whole. */
static Word word_at(const char *text, size_t cursor) {
    Word w = {.end = cursor};
    for (size_t i = 0; i < cursor; i++) {
        char c = text[i];
        if (w.quoted && c == '\\' && i + 1 < cursor) i++;
        else if (c == '"') w.quoted = !w.quoted;
        else if (w.quoted) continue;
        else if (c == ' ') w = (Word){.name = i + 1, .from = i + 1, .end = cursor};
        else if (c == '-' && i == w.name) w.name = w.from = i + 1;
        else if (c == ':' && !w.colon) w.colon = i, w.from = i + 1;
        else if (c == ',' && w.colon) w.from = i + 1;
        else if (strchr("<>=", c) && !w.colon) w.compared = true;
    }
    return w;
}

/* The word's bytes without quotes and escapes. */
static void plain(const char *text, const Word *w, char *out, size_t size) {
    size_t n = 0;
    for (size_t i = w->from; i < w->end && n + 1 < size; i++) {
        if (text[i] == '"') continue;
        if (text[i] == '\\' && i + 1 < w->end) i++;
        out[n++] = text[i];
    }
    out[n] = '\0';
}

/* ---- candidates ---- */

/* Only what can be typed can be completed: no control character gets into the line. */
static bool is_typable(const char *text) {
    while (*text)
        if (code_columns(utf8_next(&text)) < 0) return false;
    return true;
}

static void add(Completion *c, const char *text, const char *behind) {
    if (!is_typable(text)) return;
    if (c->count == COMPLETIONS_MAX) {
        c->more = true;
        return;
    }
    Buf b = {.max = sizeof c->item[0] - 1};
    bool quotes = strpbrk(text, " ,\"\\") != NULL;
    if (quotes) buf_str(&b, "\"");
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\') buf_str(&b, "\\");
        buf_add(&b, p, 1);
    }
    buf_fmt(&b, "%s%s", quotes ? "\"" : "", behind);
    if (!b.overflow) snprintf(c->item[c->count++], sizeof c->item[0], "%s", b.at);
    buf_free(&b);
}

static void add_fields(Completion *c, const char *stem) {
    for (int i = 0; filter_field(i).name; i++)
        if (strncasecmp(filter_field(i).name, stem, strlen(stem)) == 0) add(c, filter_field(i).name, filter_field(i).number ? ">" : ":");
}

static void add_listed(Completion *c, const char *values, const char *stem) {
    char words[128];
    snprintf(words, sizeof words, "%s", values);
    for (char *save, *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
        if (strncasecmp(word, stem, strlen(stem)) == 0) add(c, word, "");
}

static void add_known(Completion *c, int dim, const char *stem, Db *db) {
    QueryName name[COMPLETIONS_MAX + 1];
    size_t count = 0;
    if (query_names(db, dim, stem, name, COMPLETIONS_MAX + 1, &count, NULL) != 0) return;
    for (size_t i = 0; i < count; i++) add(c, name[i].text, "");
}

static FilterField named_field(const char *name, size_t len) {
    for (int i = 0;; i++) {
        FilterField f = filter_field(i);
        if (!f.name || (strlen(f.name) == len && memcmp(f.name, name, len) == 0)) return f;
    }
}

void completion_find(Completion *c, const Prompt *p, Db *db) {
    char stem[sizeof p->text];
    Word w = word_at(p->text, p->cursor);
    c->count = 0;
    c->more = false;
    c->at = -1;
    c->from = w.from;
    plain(p->text, &w, stem, sizeof stem);
    if (w.compared) return;
    if (!w.colon) {
        if (!w.quoted) add_fields(c, stem);
        return;
    }
    FilterField f = named_field(p->text + w.name, w.colon - w.name);
    if (f.name && f.values) add_listed(c, f.values, stem);
    else if (f.name && f.dim >= 0 && db) add_known(c, f.dim, stem, db);
}

bool completion_step(Completion *c, Prompt *p, bool back) {
    if (c->count == 0) return false;
    int last = (int)c->count - 1;
    int next = back ? (c->at <= 0 ? last : c->at - 1) : (c->at == last ? 0 : c->at + 1);
    char tail[sizeof p->text];
    size_t len = strlen(c->item[next]);
    snprintf(tail, sizeof tail, "%s", p->text + p->cursor);
    if (c->from + len + strlen(tail) >= sizeof p->text) return false;
    snprintf(p->text + c->from, sizeof p->text - c->from, "%s%s", c->item[next], tail);
    p->cursor = c->from + len;
    c->at = c->count == 1 ? -1 : next;
    return true;
}

/* ---- drawing ---- */

/* The sentence right of its mark, or left of it where there is more room. */
static void draw_error(const Prompt *p, Canvas *c, Rect r, bool below) {
    int x = prompt_column(p, r.w, p->error_at), wanted = text_columns(p->error);
    canvas_text(c, r.x + x, r.y, 1, ROLE_WATCH, ATTR_BOLD, below ? "^" : "v");
    if (x + 2 + wanted <= r.w || x < r.w / 2) canvas_text(c, r.x + x + 2, r.y, r.w - x - 2, ROLE_WATCH, 0, p->error);
    else if (wanted + 1 <= x) canvas_right(c, r.x + x - 1, r.y, wanted, ROLE_WATCH, 0, p->error);
    else canvas_text(c, r.x, r.y, x - 1, ROLE_WATCH, 0, p->error);
}

static void draw_candidates(const Completion *k, Canvas *c, Rect r) {
    const char *keys = "Enter keep   Esc back";
    int end = r.x + r.w - text_columns(keys) - 3, x = r.x + 1;
    canvas_right(c, r.x + r.w - 1, r.y, text_columns(keys), ROLE_DIM, 0, keys);
    if (k->count == 0) return;
    x += canvas_text(c, x, r.y, end - x, ROLE_KEY, ATTR_BOLD, "Tab") + 1;
    size_t first = k->at > 0 ? (size_t)k->at : 0;
    for (size_t i = first; i < k->count && x + text_columns(k->item[i]) <= end; i++)
        x += canvas_text(c, x, r.y, end - x, (int)i == k->at ? ROLE_SELECTED : ROLE_TEXT, 0, k->item[i]) + 2;
}

void completion_draw(const Completion *k, const Prompt *p, Canvas *c) {
    const Layout l = layout_make(c->w, c->h);
    if (l.size != SIZE_FULL) return;
    bool below = l.at[PART_ANSWER].h > 0;
    Rect r = l.at[PART_FOOTER];
    if (!below) r.y--;
    canvas_fill(c, r, ROLE_TEXT, 0, " ");
    if (p->error[0]) draw_error(p, c, r, below);
    else draw_candidates(k, c, r);
}
