/* rows: see rows.h. */
#include "collectors/rows.h"
#include "collectors/rows_file.h"
#include "collectors/scan.h"
#include <math.h>

enum { PAGE_ROWS = 500, ROWS_PAGE_MAX = 1 << 20, VALUE_MAX = 1 << 20, SQL_MAX = 16 << 10, OWN_COLUMNS = 2 /* order, key */, NEAR_ROWS = 1000, PROBE_ROWS = 64 };

struct Rows {
    RowsFile file;
    const TableSpec *table;
    const char *column[2 * TABLE_SPEC_MAX]; /* those that are there, NULL = of a name that is not */
    size_t columns;
    Buf sql, page;
    size_t page_at;
    bool looking;               /* within a pass; else the next read begins one if something changed */
    int64_t at;                 /* rows up to here were handed out in this pass */
    uint64_t cursor, anchor;    /* of the newest row of all passes that ended */
    uint64_t newest, newest_key; /* of this pass */
};

/* ---- which table ---- */

static bool has_column(sqlite3 *db, const char *table, const char *column) {
    return sqlite3_table_column_metadata(db, NULL, table, column, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

/* NULL = it fits; else the column (or the table) that is missing. */
static const char *missing(sqlite3 *db, const TableSpec *t) {
    if (!has_column(db, t->name, NULL)) return t->name;
    for (size_t i = 0; t->needs[i]; i++)
        if (!has_column(db, t->name, t->needs[i])) return t->needs[i];
    return NULL;
}

static const Format *best_table(sqlite3 *db, const Formats *f) {
    const Format *best = NULL, *one;
    for (size_t i = 0; (one = formats_at(f, i)); i++) {
        const TableSpec *t = format_table(one);
        if (t && !missing(db, t) && (!best || t->score > format_table(best)->score)) best = one;
    }
    return best;
}

static int choose(RowsFile *file, const Formats *f, const char *wanted, const Format **format, Err *e) {
    *format = *wanted ? formats_find(f, wanted) : best_table(file->db, f);
    if (!*format && *wanted) return fail(e, "%s: no format \"%s\"; see `tollwatch doctor` for the known ones", file->path, wanted);
    if (!*format) return fail(e, "%s: an SQLite database without a table that a format knows; write a format with \"table\" (FORMAT.md), or export its rows as JSON lines", file->path);
    const TableSpec *t = format_table(*format);
    if (!t) return fail(e, "%s is an SQLite database, and the format \"%s\" reads log files; leave the format out", file->path, wanted);
    const char *what = missing(file->db, t);
    if (!what) return 0;
    if (what == t->name) return fail(e, "%s: there is no table \"%s\", which the format \"%s\" reads; is it another database?", file->path, what, format_name(*format));
    return fail(e, "%s: the table \"%s\" has no column \"%s\", which the format \"%s\" needs", file->path, t->name, what, format_name(*format));
}

/* ---- the question ---- */

static void quote(Buf *b, const char *name) {
    buf_str(b, "\"");
    for (; *name; name++) buf_fmt(b, *name == '"' ? "\"%c" : "%c", *name);
    buf_str(b, "\"");
}

static void add_columns(Rows *r, const char *const *names) {
    for (size_t i = 0; names[i]; i++)
        if (has_column(r->file.db, r->table->name, names[i])) r->column[r->columns++] = names[i];
}

static void make_sql(Rows *r) {
    const TableSpec *t = r->table;
    add_columns(r, t->needs);
    add_columns(r, t->takes);
    buf_str(&r->sql, "SELECT ");
    quote(&r->sql, t->order);
    buf_str(&r->sql, ", ");
    quote(&r->sql, t->key);
    for (size_t i = 0; i < r->columns; i++) buf_str(&r->sql, ", "), quote(&r->sql, r->column[i]);
    buf_str(&r->sql, " FROM ");
    quote(&r->sql, t->name);
    buf_str(&r->sql, " WHERE ");
    quote(&r->sql, t->order);
    buf_str(&r->sql, " > ?1 ORDER BY ");
    quote(&r->sql, t->order);
    buf_fmt(&r->sql, " LIMIT %d", PAGE_ROWS);
}

/* ---- rows to lines ---- */

static void add_text(Buf *b, const unsigned char *at, size_t len) {
    buf_str(b, "\"");
    for (size_t i = 0; i < len; i++) {
        if (at[i] == '"' || at[i] == '\\') buf_fmt(b, "\\%c", at[i]);
        else if (at[i] < 0x20) buf_fmt(b, "\\u%04x", at[i]);
        else buf_add(b, (const char *)at + i, 1);
    }
    buf_str(b, "\"");
}

/* Binary values, and texts so long that no counter can be in them, are null. */
static void add_value(Buf *b, sqlite3_stmt *s, int i) {
    int type = sqlite3_column_type(s, i);
    if (type == SQLITE_INTEGER) buf_fmt(b, "%lld", (long long)sqlite3_column_int64(s, i));
    else if (type == SQLITE_FLOAT && isfinite(sqlite3_column_double(s, i))) buf_fmt(b, "%.17g", sqlite3_column_double(s, i));
    else if (type == SQLITE_TEXT && sqlite3_column_bytes(s, i) <= VALUE_MAX)
        add_text(b, sqlite3_column_text(s, i), (size_t)sqlite3_column_bytes(s, i));
    else buf_str(b, "null");
}

static void add_row(Rows *r, sqlite3_stmt *s) {
    for (size_t i = 0; i < r->columns; i++) {
        buf_str(&r->page, i ? "," : "{");
        add_text(&r->page, (const unsigned char *)r->column[i], strlen(r->column[i]));
        buf_str(&r->page, ":");
        add_value(&r->page, s, (int)i + OWN_COLUMNS);
    }
    buf_str(&r->page, "}\n");
}

static uint64_t key_of(sqlite3_stmt *s, int i) {
    const unsigned char *text = sqlite3_column_text(s, i);
    return hash64(text ? (const char *)text : "", (size_t)sqlite3_column_bytes(s, i), 0);
}

/* The next rows, as many as a page holds. 1 = some, 0 = there are none. */
static int fill_page(Rows *r, Err *e) {
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(r->file.db, r->sql.at, -1, &s, NULL);
    buf_clear(&r->page);
    r->page_at = 0;
    if (rc == SQLITE_OK) rc = sqlite3_bind_int64(s, 1, r->at);
    if (rc == SQLITE_OK) rc = SQLITE_ROW;
    while (rc == SQLITE_ROW && r->page.len < ROWS_PAGE_MAX && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        add_row(r, s);
        r->at = sqlite3_column_int64(s, 0);
        r->newest = (uint64_t)r->at, r->newest_key = key_of(s, 1);
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) rows_file_fail(&r->file, e);
    sqlite3_finalize(s);
    return rc != SQLITE_ROW && rc != SQLITE_DONE ? -1 : r->page.len > 0;
}

/* ---- passes ---- */

/* 1 = the row at the cursor is the one that was there, 0 = it is not. */
static int anchored(Rows *r, Err *e) {
    sqlite3_stmt *s = NULL;
    int64_t before = (int64_t)r->cursor - 1;
    int rc = sqlite3_prepare_v2(r->file.db, r->sql.at, -1, &s, NULL), same = 0;
    if (rc == SQLITE_OK && sqlite3_bind_int64(s, 1, before) == SQLITE_OK) rc = sqlite3_step(s);
    if (rc == SQLITE_ROW) same = (uint64_t)sqlite3_column_int64(s, 0) == r->cursor && key_of(s, 1) == r->anchor;
    else if (rc != SQLITE_DONE) same = rows_file_fail(&r->file, e);
    sqlite3_finalize(s);
    return same;
}

static int begin_pass(Rows *r, Err *e) {
    int same = r->cursor ? anchored(r, e) : 0;
    if (same < 0) return -1;
    int64_t from = (int64_t)r->cursor - r->table->window_rows;
    r->at = same && from > 0 ? from : INT64_MIN;
    r->newest = r->newest_key = 0;
    r->looking = true;
    return 0;
}

static void end_pass(Rows *r) {
    r->looking = false;
    r->cursor = r->newest, r->anchor = r->newest_key;
}

ssize_t rows_read(Rows *r, char *to, size_t size, Err *e) {
    if (r->page_at == r->page.len) {
        if (!r->looking) {
            int changed = rows_file_changed(&r->file, e);
            if (changed <= 0) return changed;
            if (begin_pass(r, e) != 0) return rows_file_forget(&r->file), -1;
        }
        int got = fill_page(r, e);
        if (got < 0) return r->looking = false, rows_file_forget(&r->file), -1;
        if (got == 0) return end_pass(r), 0;
    }
    size_t n = r->page.len - r->page_at;
    if (n > size) n = size;
    memcpy(to, r->page.at + r->page_at, n);
    r->page_at += n;
    return (ssize_t)n;
}

void rows_start(Rows *r, uint64_t cursor, uint64_t anchor) {
    r->cursor = cursor, r->anchor = anchor;
}

/* ---- one row again ---- */

typedef struct Search {
    RowsJudge *judge;
    void *ctx;
    int64_t number, last; /* of what was found; of the last row that was looked at */
} Search;

/* The rows behind `after`, at most `most`: the first verdict, or, with only_it, until it is found. ROW_MUTE: none. -1: failed. */
static int look_behind(Rows *r, Search *s, int64_t after, size_t most, bool only_it, Err *e) {
    static const char pad[SCAN_PAD] = {0};
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(r->file.db, r->sql.at, -1, &st, NULL), verdict = ROW_MUTE;
    if (rc == SQLITE_OK) rc = sqlite3_bind_int64(st, 1, after);
    for (size_t i = 0; rc == SQLITE_OK && i < most && (rc = sqlite3_step(st)) == SQLITE_ROW; i++) {
        buf_clear(&r->page);
        add_row(r, st);
        size_t len = r->page.len - 1; /* its end of line */
        buf_add(&r->page, pad, sizeof pad);
        s->number = s->last = sqlite3_column_int64(st, 0);
        verdict = (int)s->judge(s->ctx, r->page.at, len);
        if (verdict == ROW_IT || (!only_it && verdict != ROW_MUTE)) break;
        rc = SQLITE_OK;
    }
    bool failed = rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE;
    if (failed) rows_file_fail(&r->file, e);
    sqlite3_finalize(st);
    buf_clear(&r->page);
    return failed ? -1 : verdict;
}

static int bounds(Rows *r, int64_t *first, int64_t *last, Err *e) {
    Buf sql = {.max = SQL_MAX};
    sqlite3_stmt *s = NULL;
    buf_str(&sql, "SELECT min("), quote(&sql, r->table->order), buf_str(&sql, "), max("), quote(&sql, r->table->order);
    buf_str(&sql, ") FROM "), quote(&sql, r->table->name);
    int rc = sqlite3_prepare_v2(r->file.db, sql.at, -1, &s, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(s);
    if (rc == SQLITE_ROW) *first = sqlite3_column_int64(s, 0), *last = sqlite3_column_int64(s, 1);
    else rows_file_fail(&r->file, e);
    sqlite3_finalize(s);
    buf_free(&sql);
    return rc == SQLITE_ROW ? 0 : -1;
}

/* 1 = found on the way; else *from is about where it should be. */
static int halve(Rows *r, Search *s, int64_t *from, Err *e) {
    int64_t low, high;
    if (bounds(r, &low, &high, e) != 0) return -1;
    if (low < INT64_MAX / 4 * -1 || high > INT64_MAX / 4) return *from = low, 0; /* no numbering that can be halved */
    for (low--; high - low > NEAR_ROWS / 4;) {
        int64_t middle = low + (high - low) / 2;
        int verdict = look_behind(r, s, middle, PROBE_ROWS, false, e);
        if (verdict < 0 || verdict == ROW_IT) return verdict < 0 ? -1 : 1;
        if (verdict == ROW_EARLIER) low = middle;
        else high = middle;
    }
    return *from = low - NEAR_ROWS, 0;
}

int rows_find(Rows *r, RowsJudge *judge, void *ctx, int64_t *number, Err *e) {
    Search s = {.judge = judge, .ctx = ctx};
    int64_t from = 0;
    int found = halve(r, &s, &from, e);
    for (int i = 0; found == 0 && i < 3 * NEAR_ROWS / PAGE_ROWS; i++, from = s.last) {
        s.last = from;
        int verdict = look_behind(r, &s, from, PAGE_ROWS, true, e);
        if (verdict < 0) return -1;
        if (verdict == ROW_IT) found = 1;
        if (s.last == from) break;
    }
    *number = s.number;
    return found;
}

sqlite3_stmt *rows_whole(Rows *r, int64_t number, Err *e) {
    Buf sql = {.max = SQL_MAX};
    sqlite3_stmt *s = NULL;
    buf_str(&sql, "SELECT * FROM "), quote(&sql, r->table->name);
    buf_str(&sql, " WHERE "), quote(&sql, r->table->order), buf_str(&sql, " = ?1");
    int rc = sqlite3_prepare_v2(r->file.db, sql.at, -1, &s, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_bind_int64(s, 1, number);
    if (rc != SQLITE_OK) rows_file_fail(&r->file, e);
    buf_free(&sql);
    if (rc == SQLITE_OK) return s;
    sqlite3_finalize(s);
    return NULL;
}

uint64_t rows_cursor(const Rows *r) {
    return r->cursor;
}

uint64_t rows_anchor(const Rows *r) {
    return r->anchor;
}

int rows_open(Rows **out, const char *path, const Formats *f, const char *wanted, const Format **format, Err *e) {
    Rows *r = xcalloc(1, sizeof *r);
    *out = NULL;
    r->sql.max = SQL_MAX;
    r->page.max = ROWS_PAGE_MAX + (size_t)2 * TABLE_SPEC_MAX * VALUE_MAX * 6;
    if (rows_file_open(&r->file, path, e) == 0 && choose(&r->file, f, wanted, format, e) == 0) {
        r->table = format_table(*format);
        make_sql(r);
        return *out = r, 0;
    }
    rows_close(r);
    return -1;
}

void rows_close(Rows *r) {
    if (!r) return;
    rows_file_close(&r->file);
    buf_free(&r->sql);
    buf_free(&r->page);
    free(r);
}
