/* price_layer: what a user's rows do to ours. Works on text fields, before rows are compiled.
 *
 * `prices update` replaces: a model it lists is priced by its rows (they are complete, history included), and by later ones
 * of ours.
 * A person's prices.csv patches, column by column:
 *   no effective_from: the columns of its header replace those of every row of that model;
 *   effective_from:    a new price from that date on, which takes the columns the header does not name from the row it follows;
 *   status = dropped:  the row of that date (without a date: all of that model) is taken out.
 * Aliases are always added, never removed.
 */
#include "store/price_book.h"

static bool same_model(const PriceRow *a, const PriceRow *b) {
    return strcmp(a->field[COL_PROVIDER], b->field[COL_PROVIDER]) == 0 && strcmp(a->field[COL_MODEL], b->field[COL_MODEL]) == 0;
}

static bool same_date(const PriceRow *a, const PriceRow *b) {
    return strcmp(a->field[COL_FROM], b->field[COL_FROM]) == 0;
}

static bool has(const PriceRow *r, Column c) {
    return r->present & (UINT64_C(1) << c);
}

/* By model, newest first. */
static int by_model(const void *a, const void *b) {
    const PriceRow *const *x = a, *const *y = b;
    int c = strcmp((*x)->field[COL_PROVIDER], (*y)->field[COL_PROVIDER]);
    if (c == 0) c = strcmp((*x)->field[COL_MODEL], (*y)->field[COL_MODEL]);
    return c ? c : strcmp((*y)->field[COL_FROM], (*x)->field[COL_FROM]);
}

/* The newest row of that model among n sorted ones, or NULL. */
static const PriceRow *newest(const PriceRow *const *sorted, size_t n, const PriceRow *model) {
    size_t low = 0;
    for (size_t high = n; low < high;) {
        size_t middle = low + (high - low) / 2;
        const PriceRow *r = sorted[middle];
        int c = strcmp(r->field[COL_PROVIDER], model->field[COL_PROVIDER]);
        if (c == 0) c = strcmp(r->field[COL_MODEL], model->field[COL_MODEL]);
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && same_model(sorted[low], model) ? sorted[low] : NULL;
}

/* A newer program may know a newer price than an old update: that one stays, unless it is only announced. */
static bool outlives(const PriceRow *ours, const PriceRow *update) {
    return strcmp(ours->field[COL_FROM], update->field[COL_FROM]) > 0 && strcmp(ours->field[COL_STATUS], "announced") != 0;
}

void layer_replace(Book *b, const Rows *update) {
    const PriceRow **sorted = xcalloc(update->count + 1, sizeof *sorted);
    size_t kept = 0;
    for (size_t i = 0; i < update->count; i++) sorted[i] = &update->at[i];
    qsort(sorted, update->count, sizeof *sorted, by_model);
    for (size_t i = 0; i < b->rows.count; i++) {
        const PriceRow *r = &b->rows.at[i], *by = newest(sorted, update->count, r);
        if (!by || outlives(r, by)) b->rows.at[kept++] = *r;
    }
    b->rows.count = kept;
    for (size_t i = 0; i < update->count; i++) *rows_add(&b->rows) = update->at[i];
    free(sorted);
}

static const char *join_aliases(Book *b, const char *ours, const char *theirs) {
    Buf both = {0};
    if (!*ours || !*theirs) return *ours ? ours : theirs;
    buf_fmt(&both, "%s|%s", ours, theirs);
    return book_own(b, both.at);
}

static void patch(Book *b, PriceRow *r, const PriceRow *user) {
    for (int c = 0; c < COL_COUNT; c++) {
        if (!has(user, (Column)c) || c == COL_FROM) continue;
        r->field[c] = c == COL_ALIASES ? join_aliases(b, r->field[c], user->field[c]) : user->field[c];
    }
    r->file = user->file;
    r->line = user->line;
}

void book_drop(Book *b, const PriceRow *like, bool dated) {
    size_t kept = 0;
    for (size_t i = 0; i < b->rows.count; i++) {
        const PriceRow *r = &b->rows.at[i];
        if (!same_model(r, like) || (dated && !same_date(r, like))) b->rows.at[kept++] = *r;
    }
    b->rows.count = kept;
}

static size_t patch_all(Book *b, const PriceRow *user) {
    size_t found = 0;
    for (size_t i = 0; i < b->rows.count; i++) {
        if (!same_model(&b->rows.at[i], user)) continue;
        patch(b, &b->rows.at[i], user);
        found++;
    }
    return found;
}

/* The newest of that model's rows that starts no later; dates compare as text. */
static const PriceRow *follows(const Book *b, const PriceRow *user) {
    const PriceRow *best = NULL;
    for (size_t i = 0; i < b->rows.count; i++) {
        const PriceRow *r = &b->rows.at[i];
        if (!same_model(r, user) || strcmp(r->field[COL_FROM], user->field[COL_FROM]) > 0) continue;
        if (!best || strcmp(r->field[COL_FROM], best->field[COL_FROM]) > 0) best = r;
    }
    return best;
}

static void begin_anew(Book *b, const PriceRow *user) {
    const PriceRow *before = follows(b, user);
    if (before && same_date(before, user)) {
        patch(b, &b->rows.at[before - b->rows.at], user);
        return;
    }
    PriceRow fresh = before ? *before : *user;
    if (before) patch(b, &fresh, user);
    if (before && !has(user, COL_STATUS)) fresh.field[COL_STATUS] = "";
    fresh.field[COL_FROM] = user->field[COL_FROM];
    *rows_add(&b->rows) = fresh;
}

void layer_patch(Book *b, const Rows *user) {
    for (size_t i = 0; i < user->count; i++) {
        const PriceRow *u = &user->at[i];
        bool dated = *u->field[COL_FROM];
        if (strcmp(u->field[COL_STATUS], "dropped") == 0)
            book_drop(b, u, dated);
        else if (dated)
            begin_anew(b, u);
        else if (patch_all(b, u) == 0)
            *rows_add(&b->rows) = *u;
    }
}
