/* price_csv: prices.csv as text: reading rows (RFC 4180 quotes, any subset and order of columns, # comments, blank
 * lines) and writing them. Does not: know what a number means; rows come out uncompiled. */
#include "store/price_book.h"

typedef struct Cursor {
    char *at, *end; /* end points at a NUL */
    size_t line;
} Cursor;

/* Unquotes in place: the field's text only shrinks. Returns its start, NUL-terminated, and moves behind its separator.
 * *more = false at the end of the record. */
static char *quoted(Cursor *c, bool *closed) {
    char *start = ++c->at, *to = start;
    *closed = false;
    while (c->at < c->end) {
        if (*c->at == '"' && c->at[1] != '"') {
            c->at++;
            *closed = true;
            break;
        }
        if (*c->at == '"') c->at++;
        if (*c->at == '\n') c->line++;
        *to++ = *c->at++;
    }
    char *rest = c->at;
    while (rest < c->end && *rest != ',' && *rest != '\n' && *rest != '\r') *closed = false, rest++;
    c->at = rest;
    if (to < rest || rest == c->end) *to = '\0';
    return start;
}

static char *field(Cursor *c, bool *more, bool *good) {
    bool closed = true;
    char *start = c->at;
    if (*c->at == '"')
        start = quoted(c, &closed);
    else
        while (c->at < c->end && *c->at != ',' && *c->at != '\n' && *c->at != '\r') c->at++;
    char separator = *c->at;
    *good = *good && closed;
    *more = separator == ',';
    *c->at = '\0';
    if (c->at < c->end) c->at++;
    if (separator == '\r' && c->at < c->end && *c->at == '\n') c->at++;
    return start;
}

/* Skips what a person puts between rows. False at the end of the text. */
static bool next_row(Cursor *c) {
    while (c->at < c->end) {
        if (*c->at == '#') {
            while (c->at < c->end && *c->at != '\n') c->at++;
        } else if (*c->at != '\n' && *c->at != '\r') {
            return true;
        }
        if (c->at < c->end && *c->at++ == '\n') c->line++;
    }
    return false;
}

typedef struct Header {
    int column[COL_COUNT]; /* of the n-th field */
    int count;
    uint64_t present;
} Header;

static int header_field(Header *h, const char *file, const char *name, Err *e) {
    int c = price_column(str_of(name));
    if (c < 0)
        return fail(e, "%s:1: column \"%.60s\" is unknown; use the names of `tollwatch prices list --csv`", file, name);
    if (h->present & (UINT64_C(1) << c)) return fail(e, "%s:1: column %s stands twice; remove one", file, name);
    h->present |= UINT64_C(1) << c;
    h->column[h->count++] = c;
    return 0;
}

static int read_header(Cursor *c, Header *h, const char *file, Err *e) {
    const uint64_t need = (UINT64_C(1) << COL_PROVIDER) | (UINT64_C(1) << COL_MODEL);
    bool more = true, good = true;
    if (!next_row(c)) return fail(e, "%s: is empty; its first line names the columns", file);
    while (more)
        if (header_field(h, file, field(c, &more, &good), e) != 0) return -1;
    c->line++;
    if ((h->present & need) != need) return fail(e, "%s:1: the columns provider and model must be there; add them", file);
    return good ? 0 : fail(e, "%s:1: a quote is not closed; close it", file);
}

static void fill(PriceRow *r, const Header *h, const char *file, size_t line) {
    *r = (PriceRow){.file = file, .line = line, .present = h->present};
    for (int i = 0; i < COL_COUNT; i++) r->field[i] = "";
}

static int read_row(Cursor *c, const Header *h, PriceRow *r, Err *e) {
    bool more = true, good = true;
    int n = 0;
    for (; more; n++) {
        char *text = field(c, &more, &good);
        if (n < h->count) r->field[h->column[n]] = text;
    }
    c->line++;
    if (!good) return fail(e, "%s:%zu: a quote is not closed; close it", r->file, r->line);
    if (n != h->count)
        return fail(e, "%s:%zu: %d fields, but the header names %d; mend the commas", r->file, r->line, n, h->count);
    return 0;
}

/* Providers are known by many names; rows carry ours. */
static void canonical(Book *b, PriceRow *r) {
    Str have = str_of(r->field[COL_PROVIDER]), want = provider_canonical(have);
    if (!str_eq(have, want)) r->field[COL_PROVIDER] = book_own(b, xstrndup(want.at, want.len));
}

int price_csv_rows(Book *b, Rows *out, const char *file, const char *at, size_t len, Err *e) {
    if (len > LAYER_BYTES_MAX) return fail(e, "%s is larger than %d bytes; this is not a price list", file, LAYER_BYTES_MAX);
    if (memchr(at, '\0', len)) return fail(e, "%s holds NUL bytes; this is not a price list", file);
    const char *name = book_own(b, xstrdup(file));
    char *text = book_own(b, xstrndup(at, len));
    Cursor c = {text, text + len, 1};
    Header h = {0};
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) c.at += 3;
    if (read_header(&c, &h, name, e) != 0) return -1;
    while (next_row(&c)) {
        if (out->count >= ROWS_MAX) return fail(e, "%s:%zu: more than %d rows; this is not a price list", file, c.line, ROWS_MAX);
        PriceRow *r = rows_add(out);
        fill(r, &h, name, c.line);
        if (read_row(&c, &h, r, e) != 0) return -1;
        canonical(b, r);
    }
    return 0;
}

void price_csv_header(Buf *out) {
    for (int c = 0; c < COL_COUNT; c++) buf_fmt(out, "%s%s", c ? "," : "", price_columns[c].name);
    buf_str(out, "\n");
}

static void write_field(const char *text, Buf *out) {
    if (!strpbrk(text, ",\"\r\n#")) {
        buf_str(out, text);
        return;
    }
    buf_str(out, "\"");
    for (; *text; text++) buf_str(out, *text == '"' ? "\"\"" : (char[]){*text, '\0'});
    buf_str(out, "\"");
}

void price_csv_write(const PriceRow *r, Buf *out) {
    for (int c = 0; c < COL_COUNT; c++) {
        if (c) buf_str(out, ",");
        write_field(r->field[c], out);
    }
    buf_str(out, "\n");
}

void book_csv(const Book *b, Buf *out) {
    price_csv_header(out);
    for (size_t i = 0; i < b->rows.count; i++) price_csv_write(&b->rows.at[i], out);
}
