/* list: see list.h. */
#include "tui/list.h"
#include "tui/keys.h"

enum { WHOLE_W = 200, WHOLE_H = 60 };

TableState *list_state(const Screen *s, void *self) {
    return (TableState *)(void *)((char *)self + s->table_at);
}

bool list_get(const Screen *s, const void *self, const View *v, int w, int h, Listing *out) {
    const Layout l = layout_make(w, h);
    *out = (Listing){.area = l.at[PART_BODY]};
    return s->list && self && l.size == SIZE_FULL && s->list(self, v, &l, out);
}

bool list_whole(const View *v, Listing *out) {
    return v->shown && list_get(v->shown, v->shown_self, v, WHOLE_W, WHOLE_H, out);
}

/* ---- what survives a restart ---- */

static int column_named(const Table *t, const char *name, size_t len) {
    for (size_t i = 0; i < t->column_count; i++)
        if (strlen(t->columns[i].name) == len && strncmp(t->columns[i].name, name, len) == 0) return (int)i;
    return -1;
}

static const char *key_of(const Screen *s, const char *what, char out[SAVED_KEY_MAX]) {
    snprintf(out, SAVED_KEY_MAX, "%s.%s", s->name, what);
    return out;
}

/* "cost down", and "+refused -errors": what is shown, or hidden, otherwise than by itself. */
void list_remember(const Screen *s, const Table *t, const TableState *state, View *v) {
    char key[SAVED_KEY_MAX], sort[64];
    Buf columns = {.max = SAVED_VALUE_MAX - 1};
    snprintf(sort, sizeof sort, "%s", "none");
    if (state->sort) snprintf(sort, sizeof sort, "%s %s", t->columns[state->sort - 1].name, state->ascending ? "up" : "down");
    for (size_t i = 0; i < t->column_count; i++)
        if (state->toggled >> i & 1)
            buf_fmt(&columns, "%s%c%s", columns.len ? " " : "", t->columns[i].spare ? '+' : '-', t->columns[i].name);
    saved_set(v->saved, key_of(s, "sort", key), sort);
    saved_set(v->saved, key_of(s, "columns", key), columns.at && !columns.overflow ? columns.at : NULL);
    buf_free(&columns);
}

static void recall_columns(const Table *t, TableState *s, const char *text) {
    for (size_t n; *text; text += n + strspn(text + n, " ")) {
        n = strcspn(text, " ");
        int i = n > 1 ? column_named(t, text + 1, n - 1) : -1;
        if (i > 0 && (text[0] == '+') == t->columns[i].spare) s->toggled |= UINT32_C(1) << i;
    }
}

bool list_recall(const Screen *s, void *self, View *v, int w, int h) {
    char key[SAVED_KEY_MAX];
    Listing l;
    const char *sort = saved_get(v->saved, key_of(s, "sort", key)), *columns = saved_get(v->saved, key_of(s, "columns", key));
    if (!sort && !columns) return true;
    if (!list_get(s, self, v, w, h, &l)) return false;
    TableState *state = list_state(s, self);
    size_t n = sort ? strcspn(sort, " ") : 0;
    int column = sort ? column_named(&l.table, sort, n) : -1;
    if (column >= 0 || (sort && strcmp(sort, "none") == 0)) {
        state->sort = column + 1;
        state->ascending = strcmp(sort + n, " up") == 0;
    }
    if (columns) recall_columns(&l.table, state, columns);
    table_arrange(&l.table, state);
    return true;
}

/* ---- keys and clicks ---- */

static void say_sorted(const Table *t, const TableState *s, View *v) {
    if (t->fixed)
        snprintf(v->answer, sizeof v->answer, "this list has an order of its own");
    else if (s->sort == 0)
        snprintf(v->answer, sizeof v->answer, "not sorted");
    else
        snprintf(v->answer, sizeof v->answer, "sorted by %s, %s first", t->columns[s->sort - 1].name,
                 t->columns[s->sort - 1].figure == FIGURE_TEXT ? (s->ascending ? "A" : "Z") : s->ascending ? "smallest" : "largest");
}

static void sort_key(const Listing *l, TableState *s, View *v, int key) {
    const Table *t = &l->table;
    bool left = key == KEY_LEFT || key == 'h';
    if (key == 'S' && s->sort)
        table_sort_by(t, s, s->sort - 1);
    else if (key != 'S' && !t->fixed)
        table_sort_by(t, s, table_next_sort(t, s, l->area.w, left));
    say_sorted(t, s, v);
}

static void selection_moved(const Screen *s, void *self, View *v) {
    if (s->moved) s->moved(self, v);
}

bool list_key(const Screen *s, void *self, View *v, int w, int h, int key) {
    Listing l;
    const KeyCommand *k = key_meaning(key);
    KeyDo act = k ? k->act : DO_NOTHING;
    if (act != DO_SORT && act != DO_COLUMN && act != DO_ROW && act != DO_PAGE && act != DO_ENDS) return false;
    if (!list_get(s, self, v, w, h, &l)) return false;
    TableState *state = list_state(s, self);
    if (act == DO_SORT || act == DO_COLUMN) {
        sort_key(&l, state, v, key);
        list_remember(s, &l.table, state, v);
    } else if (!l.table.has_selection || !table_key(&l.table, state, table_page(&l.table, l.area), key)) {
        return false;
    }
    selection_moved(s, self, v);
    return true;
}

bool list_click(const Screen *s, void *self, View *v, int w, int h, int x, int y, bool *open) {
    Listing l;
    *open = false;
    if (!list_get(s, self, v, w, h, &l)) return false;
    TableState *state = list_state(s, self);
    const TableHit hit = table_hit(&l.table, state, l.area, x, y);
    if (hit.kind == HIT_NOTHING) return false;
    if (hit.kind == HIT_TITLE) {
        table_sort_by(&l.table, state, (int)hit.at);
        list_remember(s, &l.table, state, v);
        say_sorted(&l.table, state, v);
    } else if (l.table.has_selection) {
        *open = hit.at == state->selected;
        table_select(&l.table, state, hit.at, table_page(&l.table, l.area));
    }
    selection_moved(s, self, v);
    return true;
}
