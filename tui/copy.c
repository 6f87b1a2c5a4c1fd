/* copy: see copy.h. */
#include "tui/copy.h"
#include "tui/frame.h"
#include "tui/text_width.h"

/* "title text" of every chosen column that is no picture; one without a title is named. */
static void add_row(const Table *t, const TableState *s, size_t row, Buf *out, char *name, size_t size) {
    uint32_t hidden = table_hidden(t, s);
    for (size_t i = 0; i < t->column_count && i < TABLE_COLUMNS_MAX; i++) {
        const Column *c = &t->columns[i];
        TableCell cell = {.text = ""};
        char text[sizeof cell.text];
        if (hidden >> i & 1 || c->bars || c->figure == FIGURE_PICTURE) continue;
        t->cell(t->ctx, row, i, &cell);
        text_plain(cell.text, text, sizeof text);
        const char *title = c->title + strspn(c->title, " "), *at = text + strspn(text, " ");
        if (i == 0) snprintf(name, size, "%s", at);
        if (*at) buf_fmt(out, "%s%s %s", out->len ? "   " : "", *title ? title : c->name, at);
    }
    buf_str(out, "\n");
}

static bool is_edge(const Canvas *c, int x, int y) {
    const char *text = c->cells[y * c->w + x].text;
    return strcmp(text, " ") == 0 || strcmp(text, c->ascii ? "-" : "─") == 0;
}

/* A row of cells without the blanks and the rule at its ends. */
static void add_line(const Canvas *c, Rect r, int y, Buf *out) {
    int from = r.x, end = r.x + r.w;
    while (end > from && is_edge(c, end - 1, y)) end--;
    while (from < end && is_edge(c, from, y)) from++;
    for (int x = from; x < end; x++) buf_str(out, c->cells[y * c->w + x].text);
    if (end > from) buf_str(out, "\n");
}

/* Drawn once more, where nobody sees it: the rows below the list as they are. */
static void add_detail(const Screen *s, const void *self, const View *v, int w, int h, Rect r, Buf *out) {
    if (r.h == 0) return;
    Canvas *c = canvas_new(w, h, v->ascii);
    frame_draw(s, self, v, c);
    for (int y = r.y; y < r.y + r.h && y < h; y++) add_line(c, r, y, out);
    canvas_free(c);
}

bool copy_text(const Screen *s, void *self, const View *v, int w, int h, Buf *out, char *name, size_t size) {
    Listing l;
    out->max = COPY_MAX;
    if (!list_get(s, self, v, w, h, &l) || !l.table.has_selection) return false;
    size_t row = table_selected(&l.table, list_state(s, self));
    if (row == SIZE_MAX) return false;
    add_row(&l.table, list_state(s, self), row, out, name, size);
    add_detail(s, self, v, w, h, l.detail, out);
    if (out->overflow) out->len = utf8_cut(out->at, out->len, out->len - 1);
    return out->len > 0;
}
