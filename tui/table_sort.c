/* table_sort: the order of a table's rows, by any of its columns. See table.h.
 *
 * Rows stay where they are; an order of their numbers is made after each load. Figures are compared by value, text by its
 * first bytes and only where these are equal by cells, so that a list of 100,000 sessions sorts in a blink. */
#include "tui/table.h"

typedef struct SortKey {
    int64_t value, tie;
    uint32_t row;
} SortKey;

typedef struct SortBy {
    const Table *t;
    size_t column;
    bool ascending;
} SortBy;

void table_state_free(TableState *s) {
    free(s->order);
    s->order = NULL;
    s->ordered = 0;
}

size_t table_row(const Table *t, const TableState *s, size_t place) {
    return s->order && s->ordered == t->rows && place < s->ordered ? s->order[place] : place;
}

size_t table_selected(const Table *t, const TableState *s) {
    if (t->rows == 0) return SIZE_MAX;
    return table_row(t, s, s->selected < t->rows ? s->selected : t->rows - 1);
}

static bool sortable(const Table *t, size_t column) {
    return !t->fixed && t->columns[column].figure != FIGURE_PICTURE;
}

/* The first eight bytes in the order of their letters. */
static int64_t text_value(const char *text) {
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) {
        v = v << 8 | (unsigned char)*text;
        text += *text != '\0';
    }
    return (int64_t)(v >> 1);
}

static void text_of(const Table *t, size_t row, size_t column, TableCell *out) {
    *out = (TableCell){.text = ""};
    t->cell(t->ctx, row, column, out);
}

static int64_t value_of(const Table *t, size_t row, size_t column) {
    TableCell cell;
    if (t->columns[column].figure != FIGURE_TEXT) return t->value(t->ctx, row, column);
    text_of(t, row, column, &cell);
    return text_value(cell.text);
}

static int compare_text(const Table *t, const SortKey *a, const SortKey *b, size_t column) {
    TableCell x, y;
    text_of(t, a->row, column, &x);
    text_of(t, b->row, column, &y);
    return strcmp(x.text, y.text);
}

/* What is unknown goes last, whichever way. */
static int compare_value(int64_t a, int64_t b, bool ascending) {
    if (a == b) return 0;
    if (a == FIGURE_UNKNOWN) return 1;
    if (b == FIGURE_UNKNOWN) return -1;
    return (a < b) == ascending ? -1 : 1;
}

static int compare(const void *a, const void *b, void *ctx) {
    const SortKey *x = a, *y = b;
    const SortBy *by = ctx;
    int order = compare_value(x->value, y->value, by->ascending);
    if (order == 0 && by->t->columns[by->column].figure == FIGURE_TEXT) {
        order = compare_text(by->t, x, y, by->column);
        if (!by->ascending) order = -order;
    }
    if (order == 0) order = compare_value(x->tie, y->tie, by->ascending);
    if (order == 0) order = compare_text(by->t, x, y, 0);
    if (order || !by->t->key) return order ? order : x->row < y->row ? -1 : 1;
    uint64_t p = by->t->key(by->t->ctx, x->row), q = by->t->key(by->t->ctx, y->row); /* calls of one moment: the newer */
    return p > q ? -1 : 1;
}

static void make_order(const Table *t, TableState *s, size_t column) {
    SortKey *key = xcalloc(t->rows, sizeof *key);
    for (size_t i = 0; i < t->rows; i++)
        key[i] = (SortKey){value_of(t, i, column), t->tie ? value_of(t, i, (size_t)t->tie) : 0, (uint32_t)i};
    qsort_r(key, t->rows, sizeof *key, compare, &(SortBy){t, column, s->ascending});
    s->order = xcalloc(t->rows, sizeof *s->order);
    s->ordered = t->rows;
    for (size_t i = 0; i < t->rows; i++) s->order[i] = key[i].row;
    free(key);
}

void table_arrange(const Table *t, TableState *s) {
    table_state_free(s);
    bool sorted = s->sort > 0 && (size_t)s->sort <= t->column_count && sortable(t, (size_t)s->sort - 1);
    if (sorted && t->rows > 0 && t->rows <= UINT32_MAX) make_order(t, s, (size_t)s->sort - 1);
    for (size_t i = 0; s->key && t->key && i < t->rows; i++)
        if (t->key(t->ctx, table_row(t, s, i)) == s->key) {
            s->selected = i;
            break;
        }
    if (s->selected >= t->rows) s->selected = t->rows ? t->rows - 1 : 0;
}

void table_sort_by(const Table *t, TableState *s, int column) {
    if (column >= 0 && ((size_t)column >= t->column_count || !sortable(t, (size_t)column))) return;
    s->ascending = column >= 0 && (s->sort == column + 1 ? !s->ascending : t->columns[column].figure == FIGURE_TEXT);
    s->sort = column + 1;
    table_arrange(t, s);
}

int table_next_sort(const Table *t, const TableState *s, int width, bool back) {
    bool shown[TABLE_COLUMNS_MAX];
    int count = (int)(t->column_count < TABLE_COLUMNS_MAX ? t->column_count : TABLE_COLUMNS_MAX), at = s->sort;
    table_fit(t->columns, (size_t)count, table_hidden(t, s), width, shown);
    for (int i = 0; i <= count; i++) {
        at = (at + (back ? count : 1)) % (count + 1);
        if (at == 0 || (shown[at - 1] && sortable(t, (size_t)at - 1))) break;
    }
    return at - 1;
}
