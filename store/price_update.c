/* price_update: `prices update`: new rows from LiteLLM's map or from our CSV, checked against the present book, merged into
 * <config dir>/prices-updated.csv. See price.h for the rules. Does not: touch the user's own prices.csv. */
#include "store/clock.h"
#include "store/data.h"
#include "store/price_book.h"

typedef struct Update {
    const PriceUpdate *what;
    PriceUpdateReport *report;
    Book *present; /* embedded rows and former updates, finished */
    Book *fresh;   /* owns new texts; rows = all rows of every model that is new or changed */
    char day[16];
} Update;

static bool same_model(const PriceRow *a, const PriceRow *b) {
    return strcmp(a->field[COL_PROVIDER], b->field[COL_PROVIDER]) == 0 && strcmp(a->field[COL_MODEL], b->field[COL_MODEL]) == 0;
}

static const PriceRow *row_at(const Update *u, const PriceRow *r, int64_t at_ms) {
    When when = {.at_ms = at_ms, .from_ms = INT64_MIN, .until_ms = INT64_MAX};
    return book_find(u->present, str_of(r->field[COL_PROVIDER]), str_of(r->field[COL_MODEL]), &when);
}

/* The row that prices this model at the given row's date. One without a date is next to ours without a date, or else to
 * the one of today. */
static const PriceRow *present_row(const Update *u, const PriceRow *r) {
    const PriceRow *was = row_at(u, r, r->from_ms);
    return was || r->from_ms != INT64_MIN ? was : row_at(u, r, u->what->now_ms);
}

static void refuse(Update *u, const char *text) {
    u->report->refused++;
    buf_fmt(&u->report->refusals, "%s\n", text);
}

/* Checks one compiled row, says what it changes, and tells whether to take it: it is believed, and new or different. */
static bool examine(Update *u, const PriceRow *r, const PriceRow *was) {
    Buf line = {0};
    char why[256];
    if (!price_believable(r, was, why, sizeof why)) {
        Err e = {0};
        price_row_fail(r, &e, "%s", why);
        refuse(u, e.text);
        return false;
    }
    buf_fmt(&line, "%s/%s: ", r->field[COL_PROVIDER], r->field[COL_MODEL]);
    bool changed = was && price_difference(r, was, &line);
    u->report->changed += changed;
    u->report->added += !was;
    u->report->same += was && !changed;
    if (!was) buf_fmt(&line, "new, input %s, output %s", r->field[COL_INPUT], r->field[COL_OUTPUT]);
    bool vendor = changed && strcmp(was->field[COL_CONFIDENCE], "high") == 0;
    if (!was || changed) buf_fmt(&u->report->changes, "%s%s\n", line.at, vendor ? " (ours was read on the vendor's page)" : "");
    buf_free(&line);
    return !was || changed;
}

static bool reprices(const PriceRow *r, const PriceRow *was) {
    const int64_t *a = r->price[LIST_BASE], *b = was->price[LIST_BASE];
    return a[TOK_INPUT] != b[TOK_INPUT] || a[TOK_OUTPUT] != b[TOK_OUTPUT];
}

/* LiteLLM's row takes from the present one what it says nothing of; but prices that belonged to another input or output
 * price are left open, so that they are flagged instead of wrong. */
static void complete(PriceRow *r, const PriceRow *was) {
    bool other = reprices(r, was);
    for (int c = 0; c < COL_COUNT; c++)
        if (!(r->present & (UINT64_C(1) << c)) && !(other && price_columns[c].price)) r->field[c] = was->field[c];
    if (!*r->field[COL_TIER_INPUT]) r->field[COL_TIER_ABOVE] = r->field[COL_TIER_CMP] = "";
    if (!*r->field[COL_OFFPEAK_INPUT]) r->field[COL_PEAK_UTC] = "";
    if (!same_model(r, was)) r->field[COL_ALIASES] = ""; /* a snapshot that parts from its base */
}

/* The whole history of a changed model goes into the update, because the update replaces the model. */
static void add_history(Update *u, const PriceRow *r) {
    for (size_t i = 0; i < u->present->rows.count; i++) {
        const PriceRow *old = &u->present->rows.at[i];
        if (same_model(old, r) && strcmp(old->field[COL_FROM], r->field[COL_FROM]) != 0) *rows_add(&u->fresh->rows) = *old;
    }
}

static void take_litellm(void *ctx, PriceRow *r) {
    Update *u = ctx;
    Err e = {0};
    r->from_ms = u->what->now_ms;
    const PriceRow *was = present_row(u, r);
    bool good = price_row_compile(r, &e) == 0;
    if ((good && !r->priced) || (was && u->what->only_new)) { /* zeros: LiteLLM has no price */
        u->report->skipped++;
        return;
    }
    if (good && was) complete(r, was);
    r->field[COL_FROM] = u->day;
    r->field[COL_STATUS] = r->field[COL_NOTES] = "";
    r->field[COL_CONFIDENCE] = "medium";
    r->field[COL_SOURCE] = "LiteLLM's map";
    if (good && price_row_compile(r, &e) == 0) {
        if (!examine(u, r, was)) return;
        add_history(u, r);
        *rows_add(&u->fresh->rows) = *r;
    } else {
        refuse(u, e.text);
    }
}

static int from_litellm(Update *u, const Buf *text, Err *e) {
    Litellm l = {.owner = u->fresh, .path = u->what->path, .text = text->at, .len = text->len, .take = take_litellm, .ctx = u};
    int rc = litellm_read(&l, e);
    u->report->read = l.read;
    u->report->skipped += l.skipped;
    return rc;
}

/* The first refusal stands for all of them. */
static int nothing_taken(const Update *u, Err *e) {
    const char *first = u->report->refusals.at;
    return fail(e, "%.*s; nothing was changed", (int)strcspn(first, "\n"), first);
}

/* Copies of the present rows of every model that the file names, as the ground for a CSV with only some columns. */
static void add_named_models(Update *u, const Rows *in) {
    for (size_t i = 0; i < u->present->rows.count; i++) {
        const PriceRow *old = &u->present->rows.at[i];
        bool named = false;
        for (size_t k = 0; k < in->count && !named; k++) named = same_model(old, &in->at[k]);
        if (named) *rows_add(&u->fresh->rows) = *old;
    }
}

static void refuse_dropped(Update *u, const PriceRow *r) {
    Err e = {0};
    if (strcmp(r->field[COL_STATUS], "dropped") != 0) return;
    price_row_fail(r, &e, "status dropped is for your own " PRICE_USER_FILE "; leave the row out");
    refuse(u, e.text);
}

static void check_csv_row(Update *u, PriceRow *r) {
    Err e = {0};
    if (price_row_compile(r, &e) == 0)
        examine(u, r, present_row(u, r));
    else
        refuse(u, e.text);
}

static int from_csv(Update *u, const Buf *text, Err *e) {
    const uint64_t every = (UINT64_C(1) << COL_COUNT) - 1;
    Rows in = {0};
    int rc = price_csv_rows(u->fresh, &in, u->what->path, text->at, text->len, e);
    bool whole = in.count && in.at[0].present == every;
    for (size_t i = 0; rc == 0 && i < in.count; i++) refuse_dropped(u, &in.at[i]);
    if (rc == 0 && !whole) add_named_models(u, &in);
    if (rc == 0 && !whole) layer_patch(u->fresh, &in);
    for (size_t i = 0; rc == 0 && whole && i < in.count; i++) *rows_add(&u->fresh->rows) = in.at[i];
    for (size_t i = 0; rc == 0 && i < u->fresh->rows.count; i++) check_csv_row(u, &u->fresh->rows.at[i]);
    u->report->read = in.count;
    free(in.at);
    if (rc == 0 && u->report->refused) return nothing_taken(u, e);
    return rc;
}

/* Former updates with the new rows over them, valid as a book. */
static int write_layer(Update *u, Err *e) {
    char path[2048];
    Book merged = {0};
    Buf text = {.max = LAYER_BYTES_MAX};
    snprintf(path, sizeof path, "%.1024s/%s", u->what->config_dir, PRICE_UPDATE_FILE);
    for (size_t i = 0; i < u->present->rows.count; i++)
        if (strcmp(u->present->rows.at[i].file, path) == 0) *rows_add(&merged.rows) = u->present->rows.at[i];
    layer_replace(&merged, &u->fresh->rows);
    int rc = book_finish(&merged, e);
    price_csv_header(&text);
    for (size_t i = 0; rc == 0 && i < merged.rows.count; i++) price_csv_write(&merged.rows.at[i], &text);
    if (rc == 0 && (merged.rows.count > ROWS_MAX || text.overflow))
        rc = fail(e, "%s: more than %d rows after the update; nothing was changed", u->what->path, ROWS_MAX);
    if (rc == 0) rc = file_write(path, text.at, text.len, e);
    if (rc == 0) snprintf(u->report->written, sizeof u->report->written, "%s", path);
    buf_free(&text);
    free(merged.rows.at);
    free(merged.refs);
    free(merged.slots);
    return rc;
}

static int run(Update *u, const Buf *text, Err *e) {
    const char *first = text->at ? text->at + strspn(text->at, " \t\r\n") : "";
    if (book_load_ours(u->present, u->what->config_dir, e) != 0 || book_finish(u->present, e) != 0) return -1;
    int rc = *first == '{' || *first == '[' ? from_litellm(u, text, e) : from_csv(u, text, e);
    if (rc == 0 && u->report->refused && u->report->added + u->report->changed + u->report->same == 0) return nothing_taken(u, e);
    if (rc != 0 || u->what->dry_run || u->report->added + u->report->changed == 0) return rc;
    return write_layer(u, e);
}

int prices_update(const PriceUpdate *what, PriceUpdateReport *out, Err *e) {
    Buf text = {.max = LAYER_BYTES_MAX};
    Update u = {.what = what, .report = out, .present = xcalloc(1, sizeof(Book)), .fresh = xcalloc(1, sizeof(Book))};
    *out = (PriceUpdateReport){0};
    time_format(NULL, what->now_ms, "%Y-%m-%d", u.day, sizeof u.day);
    int rc = file_read(what->path, &text, e);
    if (rc == 0 && text.len == 0) rc = fail(e, "%s is empty; name LiteLLM's map or a CSV with our columns", what->path);
    if (rc == 0) rc = run(&u, &text, e);
    book_free(u.fresh);
    book_free(u.present);
    buf_free(&text);
    return rc;
}

void prices_update_free(PriceUpdateReport *r) {
    buf_free(&r->changes);
    buf_free(&r->refusals);
}
