/* table: drawing rows and columns, moving the selection, what is where. See table.h; sorting is in table_sort.c. */
#include "tui/table.h"
#include "tui/keys.h"

enum { MARGIN = 1 /* the selection marker */, COLUMN_GAP = 2, TABLE_HEAD = 1, CUT_LEAST = 8 /* less has no room for a mark */, TAIL = 4 };

static int used_width(const Column *columns, size_t count, const bool *shown) {
    int w = MARGIN;
    for (size_t i = 0; i < count; i++)
        if (shown[i]) w += columns[i].width + (w > MARGIN ? COLUMN_GAP : 0);
    return w;
}

/* The shown column that goes first, or count. */
static size_t next_to_drop(const Column *columns, size_t count, const bool *shown) {
    size_t best = count;
    for (size_t i = 0; i < count; i++)
        if (shown[i] && columns[i].drop && (best == count || columns[i].drop >= columns[best].drop)) best = i;
    return best;
}

int table_fit(const Column *columns, size_t count, uint32_t hidden, int width, bool shown[TABLE_COLUMNS_MAX]) {
    for (size_t i = 0; i < TABLE_COLUMNS_MAX; i++) shown[i] = i < count && !(hidden >> i & 1);
    while (used_width(columns, count, shown) > width) {
        size_t drop = next_to_drop(columns, count, shown);
        if (drop == count) break;
        shown[drop] = false;
    }
    return used_width(columns, count, shown);
}

uint32_t table_hidden(const Table *t, const TableState *s) {
    uint32_t hidden = s->toggled;
    for (size_t i = 0; i < t->column_count && i < TABLE_COLUMNS_MAX; i++)
        if (t->columns[i].spare) hidden ^= UINT32_C(1) << i;
    return hidden | t->absent;
}

/* Left edge and width of every column; width 0 = not shown. */
typedef struct Fit {
    int x[TABLE_COLUMNS_MAX], w[TABLE_COLUMNS_MAX];
} Fit;

static Fit place_columns(const Table *t, const TableState *s, Rect area) {
    bool shown[TABLE_COLUMNS_MAX];
    Fit f = {{0}, {0}};
    size_t count = t->column_count < TABLE_COLUMNS_MAX ? t->column_count : TABLE_COLUMNS_MAX;
    int spare = area.w - table_fit(t->columns, count, table_hidden(t, s), area.w, shown), x = area.x + MARGIN;
    for (size_t i = 0; i < count; i++) {
        if (!shown[i]) continue;
        int more = t->columns[i].grow - t->columns[i].width;
        if (more > spare) more = spare;
        f.x[i] = x;
        f.w[i] = t->columns[i].width + (more > 0 ? more : 0);
        spare -= more > 0 ? more : 0;
        x += f.w[i] + COLUMN_GAP;
    }
    return f;
}

/* What does not fit says so: a sentence loses its end, a name its middle, because "claude-sonnet-4-5" and
 * "claude-sonnet-4-5-20250929" are told apart by how they end. */
static void draw_words(Canvas *c, int x, int y, int w, const TableCell *cell) {
    const char *mark = c->ascii ? ".." : "\u2026";
    int columns = text_columns(cell->text);
    if (columns <= w || w < CUT_LEAST || strchr(cell->text, ' ')) {
        canvas_text(c, x, y, w, cell->role, cell->attr, cell->text);
        return;
    }
    const char *tail = cell->text + text_fit(cell->text, columns - TAIL);
    int head = (int)text_fit(cell->text, w - text_columns(mark) - text_columns(tail));
    canvas_textf(c, x, y, w, cell->role, cell->attr, "%.*s%s%s", head, cell->text, mark, tail);
}

/* Clipped to the area too: a table that cannot drop more is cut at the edge. */
static void draw_cell(const Column *col, int x, int w, Canvas *c, Rect area, int y, const TableCell *cell) {
    int room = area.x + area.w - x;
    if (room <= 0) return;
    if (w > room) w = room;
    if (col->right)
        canvas_right(c, x + w, y, w, cell->role, cell->attr, cell->text);
    else if (col->bars || col->figure == FIGURE_PICTURE)
        canvas_text(c, x, y, w, cell->role, cell->attr, cell->text);
    else
        draw_words(c, x, y, w, cell);
}

static void draw_title(const Table *t, const TableState *s, const Fit *f, Canvas *c, Rect area) {
    for (size_t i = 0; i < t->column_count && i < TABLE_COLUMNS_MAX; i++) {
        if (f->w[i] == 0) continue;
        TableCell cell = {.role = ROLE_TITLE};
        snprintf(cell.text, sizeof cell.text, "%s", t->columns[i].title);
        draw_cell(&t->columns[i], f->x[i], f->w[i], c, area, area.y, &cell);
        if ((int)i + 1 != s->sort) continue;
        int used = text_columns(cell.text), at = f->x[i] + (t->columns[i].right ? f->w[i] : used);
        if (at >= area.x + area.w && used < f->w[i]) at = f->x[i] + f->w[i] - used - 1; /* at the edge: before the title */
        if (at < area.x + area.w) canvas_text(c, at, area.y, 1, ROLE_KEY, ATTR_BOLD, s->ascending ? "\u2191" : "\u2193");
    }
}

static void draw_row(const Table *t, const Fit *f, Canvas *c, Rect area, int y, size_t row) {
    for (size_t i = 0; i < t->column_count && i < TABLE_COLUMNS_MAX; i++) {
        if (f->w[i] == 0) continue;
        TableCell cell = {.role = ROLE_TEXT};
        if (row == TABLE_TOTAL) cell.attr = ATTR_BOLD;
        t->cell(t->ctx, row, i, &cell);
        draw_cell(&t->columns[i], f->x[i], f->w[i], c, area, y, &cell);
    }
}

/* A picture keeps its colours, and its ground, because on the selection's it would be lost; one that is empty is selected. */
static int picture_end(const Table *t, const Fit *f, size_t row, size_t col) {
    TableCell cell = {.role = ROLE_TEXT};
    t->cell(t->ctx, row, col, &cell);
    return f->x[col] + (cell.text[strspn(cell.text, " ")] ? f->w[col] : 0);
}

static void draw_selection(const Table *t, const Fit *f, Canvas *c, Rect area, int y, size_t row) {
    int from = area.x, end = area.x + area.w;
    canvas_text(c, area.x, y, 1, ROLE_TEXT, 0, "\u25ba");
    for (size_t i = 0; i < t->column_count && i < TABLE_COLUMNS_MAX; i++) {
        bool picture = t->columns[i].bars || t->columns[i].figure == FIGURE_PICTURE;
        if (f->w[i] == 0 || !picture || f->x[i] + f->w[i] > end) continue;
        canvas_restyle(c, (Rect){from, y, f->x[i] - from, 1}, ROLE_SELECTED, 0);
        from = picture_end(t, f, row, i);
    }
    canvas_restyle(c, (Rect){from, y, end - from, 1}, ROLE_SELECTED, 0);
}

/* The first row to show so that the selected one is in view. */
static size_t top_for(const TableState *s, size_t rows, size_t page, bool has_selection) {
    size_t last = rows > page ? rows - page : 0, top = s->top < last ? s->top : last;
    if (!has_selection || page == 0) return top;
    if (s->selected < top) top = s->selected;
    if (s->selected >= top + page) top = s->selected - page + 1;
    return top < last ? top : last;
}

/* "21-40 of 400" at the right end of the title row, when something is out of view and nothing stands there. */
static void draw_position(const Table *t, const Fit *f, Canvas *c, Rect area, size_t top, size_t shown) {
    if ((shown >= t->rows && !t->more) || shown == 0) return;
    char text[64];
    snprintf(text, sizeof text, "%zu\u2013%zu of %zu%s", top + 1, top + shown, t->rows, t->more ? "+" : "");
    int free_from = area.x;
    for (size_t i = 0; i < t->column_count && i < TABLE_COLUMNS_MAX; i++)
        if (f->w[i]) free_from = f->x[i] + f->w[i] + COLUMN_GAP;
    if (free_from + text_columns(text) <= area.x + area.w)
        canvas_right(c, area.x + area.w, area.y, area.w, ROLE_DIM, 0, text);
}

int table_page(const Table *t, Rect area) {
    int room = area.h - TABLE_HEAD - (t->has_total ? 1 : 0);
    return room > 0 ? room : 0;
}

int table_draw(const Table *t, const TableState *s, Canvas *c, Rect area) {
    if (area.h <= 0 || area.w <= MARGIN) return 0;
    const Fit f = place_columns(t, s, area);
    size_t page = (size_t)table_page(t, area), top = top_for(s, t->rows, page, t->has_selection);
    size_t shown = t->rows - top < page ? t->rows - top : page;
    draw_title(t, s, &f, c, area);
    draw_position(t, &f, c, area, top, shown);
    int y = area.y + TABLE_HEAD;
    for (size_t i = 0; i < shown; i++, y++) {
        draw_row(t, &f, c, area, y, table_row(t, s, top + i));
        if (t->has_selection && top + i == s->selected) draw_selection(t, &f, c, area, y, table_row(t, s, top + i));
    }
    if (t->has_total && y < area.y + area.h) draw_row(t, &f, c, area, y, TABLE_TOTAL);
    return (int)shown;
}

void table_select(const Table *t, TableState *s, size_t place, int page) {
    s->selected = place < t->rows ? place : t->rows ? t->rows - 1 : 0;
    s->top = top_for(s, t->rows, page > 0 ? (size_t)page : 0, true);
    if (t->key && t->rows) s->key = t->key(t->ctx, table_row(t, s, s->selected));
}

bool table_key(const Table *t, TableState *s, int page, int key) {
    size_t last = t->rows ? t->rows - 1 : 0, step = page > 1 ? (size_t)page - 1 : 1, at = s->selected;
    switch (key) {
    case KEY_UP: case 'k': at -= at > 0; break;
    case KEY_DOWN: case 'j': at += at < last; break;
    case KEY_PAGE_UP: at -= at < step ? at : step; break;
    case KEY_PAGE_DOWN: at = last - at < step ? last : at + step; break;
    case KEY_HOME: case 'g': at = 0; break;
    case KEY_END: case 'G': at = last; break;
    default: return false;
    }
    table_select(t, s, at, page);
    return true;
}

TableHit table_hit(const Table *t, const TableState *s, Rect area, int x, int y) {
    const TableHit nothing = {HIT_NOTHING, 0};
    if (x < area.x || x >= area.x + area.w || y < area.y || y >= area.y + area.h) return nothing;
    if (y == area.y) {
        const Fit f = place_columns(t, s, area);
        for (size_t i = 0; i < t->column_count && i < TABLE_COLUMNS_MAX; i++)
            if (f.w[i] && x >= f.x[i] && x < f.x[i] + f.w[i] + 1) return (TableHit){HIT_TITLE, i}; /* with its mark */
        return nothing;
    }
    size_t page = (size_t)table_page(t, area), at = (size_t)(y - area.y - TABLE_HEAD);
    size_t place = top_for(s, t->rows, page, t->has_selection) + at;
    return at < page && place < t->rows ? (TableHit){HIT_ROW, place} : nothing;
}
