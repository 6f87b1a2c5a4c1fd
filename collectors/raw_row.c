/* raw_row: a row of somebody else's database, read again for a call that came from it. See raw_record.h. */
#include "collectors/raw_record.h"
#include "collectors/rows.h"

enum { ROW_REQUESTS = 64, ROW_TEXT_MAX = 8 << 20 };

typedef struct Looking {
    const RawRow *at;
    Parser *parser;
    Batch *batch;
} Looking;

/* The call itself, or on which side of it the row stands. */
static RowJudged judge(void *ctx, const char *line, size_t len) {
    Looking *l = ctx;
    Err ignored = {0};
    batch_clear(l->batch);
    parser_record(l->parser, line, len, 0, (uint32_t)len, l->batch, &ignored);
    if (batch_count(l->batch) == 0) return ROW_MUTE;
    for (size_t i = 0; i < batch_count(l->batch); i++) {
        const Request *r = batch_at(l->batch, i);
        if (r->id == l->at->id || (r->upstream && r->upstream == l->at->upstream)) return ROW_IT;
    }
    return batch_at(l->batch, 0)->ts_ms < l->at->ts_ms ? ROW_EARLIER : ROW_LATER;
}

static int find(Rows *rows, const RawRow *at, int64_t *number, Err *e) {
    ParseContext ctx = {.path = at->path, .fingerprint = at->fingerprint, .account = "", .feature = "", .team = "", .gateway = ""};
    Looking l = {.at = at, .parser = parser_new(at->format, &ctx), .batch = batch_new(ROW_REQUESTS)};
    int found = rows_find(rows, judge, &l, number, e);
    parser_free(l.parser);
    batch_free(l.batch);
    if (found == 0) return fail(e, "its row is not in %s any more, or far from where its time says", at->path);
    return found < 0 ? -1 : 0;
}

/* ---- as JSON ---- */

static void put_text(Buf *b, const char *text, size_t len) {
    buf_str(b, "\"");
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\') buf_fmt(b, "\\%c", text[i]);
        else if ((unsigned char)text[i] < 0x20) buf_fmt(b, "\\u%04x", (unsigned char)text[i]);
        else buf_add(b, text + i, 1);
    }
    buf_str(b, "\"");
}

/* A column by itself is elided as a record of one member, so that its name decides as it does in a log. */
static void put_plain(const char *name, sqlite3_stmt *s, int i, bool content, Buf *out) {
    Buf one = {.max = ROW_TEXT_MAX}, left = {.max = ROW_TEXT_MAX};
    const int type = sqlite3_column_type(s, i);
    buf_str(&one, "{");
    put_text(&one, name, strlen(name));
    buf_str(&one, ":");
    if (type == SQLITE_NULL) buf_str(&one, "null");
    else if (type == SQLITE_BLOB) buf_fmt(&one, "\"(%d bytes)\"", sqlite3_column_bytes(s, i));
    else if (type == SQLITE_TEXT) put_text(&one, (const char *)sqlite3_column_text(s, i), (size_t)sqlite3_column_bytes(s, i));
    else buf_str(&one, (const char *)sqlite3_column_text(s, i)); /* a number's own digits */
    buf_str(&one, "}");
    if (!one.overflow) raw_record_elide(one.at, one.len, content, &left);
    if (left.len > 2) buf_add(out, left.at + 1, left.len - 2);
    buf_free(&one);
    buf_free(&left);
}

static void put_column(sqlite3_stmt *s, int i, bool content, Buf *out) {
    const char *name = sqlite3_column_name(s, i);
    const char *text = sqlite3_column_type(s, i) == SQLITE_TEXT ? (const char *)sqlite3_column_text(s, i) : NULL;
    if (!name) name = "?";
    if (!text || (text[0] != '{' && text[0] != '[')) {
        put_plain(name, s, i, content, out);
        return;
    }
    put_text(out, name, strlen(name));
    buf_str(out, ":");
    raw_record_elide(text, (size_t)sqlite3_column_bytes(s, i), content, out);
}

static int put_row(sqlite3_stmt *s, const RawRow *at, bool content, Buf *out, Err *e) {
    if (sqlite3_step(s) != SQLITE_ROW) return fail(e, "its row went from %s just now; look again", at->path);
    for (int i = 0; i < sqlite3_column_count(s); i++) {
        buf_str(out, i ? "," : "{");
        put_column(s, i, content, out);
    }
    buf_str(out, "}");
    return 0;
}

int raw_row_read(const RawRow *at, bool content, Buf *out, Err *e) {
    Rows *rows = NULL;
    const Format *format = NULL;
    sqlite3_stmt *s = NULL;
    int64_t number;
    if (!rows_is_database(at->path)) return fail(e, "%s is gone, or no database any more", at->path);
    int rc = rows_open(&rows, at->path, at->formats, format_name(at->format), &format, e);
    if (rc == 0) rc = find(rows, at, &number, e);
    if (rc == 0 && !(s = rows_whole(rows, number, e))) rc = -1;
    if (rc == 0) rc = put_row(s, at, content, out, e);
    sqlite3_finalize(s);
    rows_close(rows);
    return rc;
}
