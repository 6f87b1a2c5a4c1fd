/* picker: see picker.h. */
#include "tui/picker.h"
#include "tui/keys.h"

enum { BOX_W = 46, EDGES = 2, KEYS_H = 1, NAME_W = 18, MARK_W = 6, TITLE_MIN = 6 };

/* The list as it stands in this window, else as it would in a large one. */
static bool listing(const View *v, int w, int h, Listing *out) {
    return (v->shown && list_get(v->shown, v->shown_self, v, w, h, out)) || list_whole(v, out);
}

void picker_open(Picker *p, View *v) {
    Listing l;
    *p = (Picker){.open = list_whole(v, &l)};
    if (!p->open) snprintf(v->answer, sizeof v->answer, "nothing is listed here that has columns");
}

/* The first column names the row: it stays. */
static void toggle(const Listing *l, TableState *s, View *v, size_t column) {
    if (column == 0) {
        snprintf(v->answer, sizeof v->answer, "%s names the row: it is always shown", l->table.columns[0].name);
        return;
    }
    s->toggled ^= UINT32_C(1) << column;
    list_remember(v->shown, &l->table, s, v);
}

void picker_key(Picker *p, View *v, int w, int h, int key) {
    Listing l;
    if (layout_make(w, h).size != SIZE_FULL || !listing(v, w, h, &l)) {
        p->open = false; /* it could not be seen */
        return;
    }
    TableState *s = list_state(v->shown, v->shown_self);
    size_t last = l.table.column_count - 1;
    switch (key) {
    case KEY_UP: case 'k': p->at -= p->at > 0; break;
    case KEY_DOWN: case 'j': p->at += p->at < last; break;
    case KEY_HOME: case KEY_PAGE_UP: case 'g': p->at = 0; break;
    case KEY_END: case KEY_PAGE_DOWN: case 'G': p->at = last; break;
    case ' ': toggle(&l, s, v, p->at < last ? p->at : last); break;
    case 'r':
        s->toggled = 0;
        list_remember(v->shown, &l.table, s, v);
        break;
    case KEY_ENTER: case KEY_ESC: case KEY_CTRL_C: case 'v': case 'q': p->open = false; break;
    default: break;
    }
}

static void draw_column(const Table *t, uint32_t hidden, bool fits, size_t column, bool chosen, Canvas *c, Rect r) {
    const Column *col = &t->columns[column];
    bool absent = t->absent >> column & 1, shown = !(hidden >> column & 1);
    const char *why = column == 0 ? "always" : absent ? "empty now" : shown && !fits ? "no room here" : "";
    canvas_textf(c, r.x + 1, r.y, r.w - 1, ROLE_TEXT, chosen ? ATTR_BOLD : 0, "[%s]", shown && !absent ? "x" : " ");
    canvas_text(c, r.x + 1 + MARK_W - 1, r.y, NAME_W - 1, ROLE_TEXT, chosen ? ATTR_BOLD : 0, col->name);
    int room = r.w - MARK_W - NAME_W - text_columns(why) - 1;
    if (room >= TITLE_MIN) canvas_text(c, r.x + MARK_W + NAME_W, r.y, room, ROLE_DIM, 0, col->title);
    canvas_right(c, r.x + r.w, r.y, r.w, ROLE_DIM, 0, why);
    if (!chosen) return;
    canvas_text(c, r.x, r.y, 1, ROLE_TEXT, 0, "\u25ba");
    canvas_restyle(c, r, ROLE_SELECTED, 0);
}

void picker_draw(const Picker *p, const View *v, Canvas *c) {
    Listing l;
    bool fits[TABLE_COLUMNS_MAX];
    if (!p->open || layout_make(c->w, c->h).size != SIZE_FULL || !listing(v, c->w, c->h, &l)) return;
    const Table *t = &l.table;
    int count = (int)t->column_count, h = count + EDGES + KEYS_H, w = c->w < BOX_W ? c->w : BOX_W;
    if (h > c->h) h = c->h;
    const Rect box = {(c->w - w) / 2, (c->h - h) / 2, w, h};
    uint32_t hidden = table_hidden(t, list_state(v->shown, v->shown_self));
    table_fit(t->columns, t->column_count, hidden, l.area.w, fits);
    canvas_restyle(c, layout_make(c->w, c->h).at[PART_FOOTER], ROLE_DIM, 0); /* its keys do not act now */
    dialog_box(c, box, "Columns");
    int rows = h - EDGES - KEYS_H, at = p->at < (size_t)count ? (int)p->at : count - 1, top = at >= rows ? at - rows + 1 : 0;
    for (int i = 0; i < rows; i++)
        draw_column(t, hidden, fits[top + i], (size_t)(top + i), top + i == at, c, (Rect){box.x + 1, box.y + 1 + i, w - 2, 1});
    int y = box.y + h - 2;
    canvas_text(c, box.x + 2, y, w - 4, ROLE_TEXT, ATTR_BOLD, "Space shows, hides");
    canvas_right(c, box.x + w - 2, y, w - 4, ROLE_DIM, 0, w < BOX_W ? "r reset  Esc" : "r as at first  Esc");
}
