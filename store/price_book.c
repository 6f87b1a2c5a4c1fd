/* price_book: loading the book: the embedded rows, the rows of `prices update`, the user's rows; and reading it.
 * Does not: resolve names or compute costs. See price.h. */
#include "store/price_book.h"
#include "store/data.h"
#include <unistd.h>

char *book_own(Book *b, char *text) {
    b->texts = xrealloc(b->texts, (b->text_count + 1) * sizeof *b->texts);
    b->texts[b->text_count++] = text;
    return text;
}

PriceRow *rows_add(Rows *r) {
    if (r->count == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 64;
        r->at = xrealloc(r->at, r->cap * sizeof *r->at);
    }
    return &r->at[r->count++];
}

void book_free(Book *b) {
    if (!b) return;
    for (size_t i = 0; i < b->text_count; i++) free(b->texts[i]);
    free(b->texts);
    free(b->rows.at);
    free(b->refs);
    free(b->slots);
    free(b);
}

size_t book_size(const Book *b) {
    return b->rows.count;
}

const PriceRow *book_row_at(const Book *b, size_t i) {
    return i < b->rows.count ? &b->rows.at[i] : NULL;
}

const PriceRow *book_row_by_id(const Book *b, uint64_t row_id) {
    for (size_t i = 0; i < b->rows.count; i++)
        if (b->rows.at[i].id == row_id) return &b->rows.at[i];
    return NULL;
}

static int by_name_and_date(const void *a, const void *b) {
    const PriceRow *x = a, *y = b;
    int c = strcmp(x->field[COL_PROVIDER], y->field[COL_PROVIDER]);
    if (c == 0) c = strcmp(x->field[COL_MODEL], y->field[COL_MODEL]);
    if (c == 0) c = (x->from_ms > y->from_ms) - (x->from_ms < y->from_ms);
    return c;
}

int book_finish(Book *b, Err *e) {
    for (size_t i = 0; i < b->rows.count; i++)
        if (price_row_compile(&b->rows.at[i], e) != 0) return -1;
    if (b->rows.count) qsort(b->rows.at, b->rows.count, sizeof *b->rows.at, by_name_and_date);
    for (size_t i = 1; i < b->rows.count; i++)
        if (by_name_and_date(&b->rows.at[i - 1], &b->rows.at[i]) == 0)
            return price_row_fail(&b->rows.at[i], e, "stands twice for one date (also at line %zu); remove one",
                                  b->rows.at[i - 1].line);
    return book_index(b, e);
}

int book_load_csv(Book **out, const char *name, const char *at, size_t len, Err *e) {
    Book *b = xcalloc(1, sizeof *b);
    *out = NULL;
    if (price_csv_rows(b, &b->rows, name, at, len, e) != 0 || book_finish(b, e) != 0) {
        book_free(b);
        return -1;
    }
    *out = b;
    return 0;
}

typedef void Layer(Book *b, const Rows *rows);

/* A missing file is no layer; an unreadable or wrong one is an error, because its prices would silently not count. */
static int add_layer(Book *b, const char *dir, const char *file, Layer *apply, Err *e) {
    char path[2048];
    Buf text = {.max = LAYER_BYTES_MAX};
    Rows rows = {0};
    snprintf(path, sizeof path, "%.1024s/%s", dir, file);
    if (access(path, F_OK) != 0) return 0;
    int rc = file_read(path, &text, e);
    if (rc == 0) rc = price_csv_rows(b, &rows, path, text.at ? text.at : "", text.len, e);
    if (rc == 0) apply(b, &rows);
    free(rows.at);
    buf_free(&text);
    return rc;
}

int book_load_ours(Book *b, const char *config_dir, Err *e) {
    const DataFile *ours = data_find("store/prices.csv");
    if (!ours) return fail(e, "store/prices.csv was not compiled in; build again");
    if (price_csv_rows(b, &b->rows, ours->path, ours->at, ours->len, e) != 0) return -1;
    return config_dir && *config_dir ? add_layer(b, config_dir, PRICE_UPDATE_FILE, layer_replace, e) : 0;
}

int book_load(Book **out, const char *config_dir, Err *e) {
    Book *b = xcalloc(1, sizeof *b);
    int rc = book_load_ours(b, config_dir, e);
    if (rc == 0 && config_dir && *config_dir) rc = add_layer(b, config_dir, PRICE_USER_FILE, layer_patch, e);
    if (rc == 0) rc = book_finish(b, e);
    *out = rc == 0 ? b : NULL;
    if (rc != 0) book_free(b);
    return rc;
}
