/* query_rows: single requests, for the live tail and the detail pane. See query.h. */
#include "store/query_scan.h"

static int fill_view(Scan *s, const Row *row, const Member *combo, const Member *context, RowView *out, Err *e) {
    *out = (RowView){.key = row->key, .r = row->r, .file_id = row->file};
    const char *text;
    if (texts_name(&s->texts, s->db, row->geo, &text, e) != 0) return -1;
    snprintf(out->geo, sizeof out->geo, "%s", text);
    if (texts_name(&s->texts, s->db, row->speed, &text, e) != 0) return -1;
    snprintf(out->speed, sizeof out->speed, "%s", text);
    if (texts_name(&s->texts, s->db, row->asked, &text, e) != 0) return -1;
    snprintf(out->asked, sizeof out->asked, "%s", text);
    for (int i = 0; i < DIM_COUNT; i++) {
        if (texts_name(&s->texts, s->db, combo->name[i] ? combo->name[i] : context->name[i], &text, e) != 0) return -1;
        snprintf(out->name[i], sizeof out->name[i], "%s", text);
    }
    return 0;
}

/* A copied column, never longer than its place. */
static void copy_text(char *to, size_t size, sqlite3_stmt *s, int column) {
    const char *text = (const char *)sqlite3_column_text(s, column);
    snprintf(to, size, "%s", text ? text : "");
}

static int fill_file(Db *db, RowView *out, Err *e) {
    sqlite3_stmt *s = db_prepare(db, "SELECT f.path, f.format, s.name, f.fingerprint FROM file f LEFT JOIN source s ON s.id = f.source WHERE f.id = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, out->file_id);
    int rc = db_step(db, s, "read a request's file", e);
    if (rc == 1) {
        copy_text(out->file_path, sizeof out->file_path, s, 0);
        copy_text(out->format, sizeof out->format, s, 1);
        copy_text(out->source, sizeof out->source, s, 2);
        out->fingerprint = (uint64_t)sqlite3_column_int64(s, 3);
    }
    sqlite3_reset(s);
    return rc < 0 ? -1 : 0;
}

/* The row_hash is what the price book knows; the row keeps a small number for it. */
static int fill_price(Db *db, const Row *row, RowView *out, Err *e) {
    if (!row->price) return 0;
    sqlite3_stmt *s = db_prepare(db, "SELECT row_hash FROM price_used WHERE id = ?1", e);
    if (!s) return -1;
    sqlite3_bind_int64(s, 1, row->price);
    int rc = db_step(db, s, "read a request's price", e);
    if (rc == 1) out->r.price_row = (uint64_t)sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return rc < 0 ? -1 : 0;
}

static int fill_all(Scan *s, const Row *row, const Member *combo, const Member *context, RowView *out, Err *e) {
    if (fill_view(s, row, combo, context, out, e) != 0) return -1;
    return fill_file(s->db, out, e) != 0 || fill_price(s->db, row, out, e) != 0 ? -1 : 0;
}

static int unpack(sqlite3_stmt *st, Row *row, Err *e) {
    int64_t key = sqlite3_column_int64(st, 0);
    const void *blob = sqlite3_column_blob(st, 1);
    if (row_unpack(key, blob, (size_t)sqlite3_column_bytes(st, 1), row)) return 0;
    return fail(e, "request %lld of the ledger is damaged; run tollwatch doctor", (long long)key);
}

/* 1 = the row is one of those asked for and stands in out; 0 = not. */
static int try_row(Scan *s, const Row *row, RowView *out, Err *e) {
    Member *combo, *context;
    FilterRow view;
    if (row->r.flags & REQ_LINKED) return 0;
    if (query_scan_member(s, MEMBER_COMBO, row->combo, &combo, e) != 0) return -1;
    if (!combo->pass) return 0;
    if (query_scan_member(s, MEMBER_CONTEXT, row->context, &context, e) != 0) return -1;
    if (!context->pass) return 0;
    if (query_scan_filter_row(s, combo, context, &row->r, &view, e) != 0) return -1;
    if (!filter_matches(s->filter, &view)) return 0;
    return fill_all(s, row, combo, context, out, e) != 0 ? -1 : 1;
}

typedef struct Page {
    RowView *out;
    size_t max, count;
    int64_t resume;
    bool more;
} Page;

static int read_page(Scan *s, sqlite3_stmt *st, Page *p, Err *e) {
    int rc;
    for (uint64_t n = 1; (rc = db_step(s->db, st, "read requests", e)) == 1; n++) {
        Row row;
        if (p->count == p->max || (n % 2048 == 0 && s->interrupt && s->interrupt(s->interrupt_ctx))) {
            p->more = true;
            break;
        }
        rc = unpack(st, &row, e);
        if (rc == 0) rc = try_row(s, &row, &p->out[p->count], e);
        if (rc < 0) break;
        p->count += (size_t)rc;
        p->resume = row.key;
    }
    sqlite3_reset(st);
    return rc < 0 ? -1 : 0;
}

static int64_t smaller(int64_t a, int64_t b) {
    return a < b ? a : b;
}

int query_rows(Db *db, const Query *q, int64_t before_key, RowView *out, size_t max, size_t *count, bool *more, Err *e) {
    *count = 0;
    *more = false;
    Scan s = {.db = db, .filter = q->filter, .origins = ~0u, .interrupt = q->interrupt, .interrupt_ctx = q->ctx};
    int64_t until = q->until_ms < ROW_MS_MAX ? q->until_ms : ROW_MS_MAX, since = q->since_ms > 0 ? q->since_ms : 0;
    int64_t below = until > 0 ? smaller(before_key, row_key_at(until)) : 0;
    Page p = {.out = out, .max = max, .resume = below};
    sqlite3_stmt *st = db_prepare(db, "SELECT key, body FROM request WHERE key < ?1 AND key >= ?2 ORDER BY key DESC", e);
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, below);
    sqlite3_bind_int64(st, 2, since < ROW_MS_MAX ? row_key_at(since) : INT64_MAX);
    int rc = read_page(&s, st, &p, e);
    query_scan_free(&s);
    *count = p.count;
    *more = p.more;
    if (q->resume_key) *q->resume_key = p.resume;
    return rc;
}

int query_row(Db *db, int64_t key, RowView *out, Err *e) {
    *out = (RowView){0};
    sqlite3_stmt *st = db_prepare(db, "SELECT key, body FROM request WHERE key = ?1", e);
    if (!st) return -1;
    sqlite3_bind_int64(st, 1, key);
    int rc = db_step(db, st, "read a request", e);
    if (rc == 0) return fail(e, "request %lld is not in the ledger; it was purged or merged with another", (long long)key);
    if (rc < 0) return -1;
    Scan s = {.db = db, .origins = ~0u};
    Row row;
    Member *combo, *context;
    rc = unpack(st, &row, e);
    sqlite3_reset(st);
    if (rc == 0) rc = query_scan_member(&s, MEMBER_COMBO, row.combo, &combo, e);
    if (rc == 0) rc = query_scan_member(&s, MEMBER_CONTEXT, row.context, &context, e);
    if (rc == 0) rc = fill_all(&s, &row, combo, context, out, e);
    query_scan_free(&s);
    return rc;
}
