/* export_check: a list's file, read back by readers that know nothing of how it was written, holds what the list shows:
 * every row in its order, every figure to its last digit, every name as it is drawn.
 */
#ifndef TESTS_EXPORT_CHECK_H
#define TESTS_EXPORT_CHECK_H
#include <jansson.h>
#include "tests/unit.h"
#include "tui/export.h"

enum { CHECK_FIELDS = 32, CHECK_TEXT = 512 };
typedef char CheckRow[CHECK_FIELDS][CHECK_TEXT];

/* ---- readers ---- */

/* One record of RFC 4180 off the text; the number of its fields, 0 at the end. */
static inline int check_csv_record(const char **at, CheckRow out) {
    const char *p = *at;
    int n = 0;
    if (!*p) return 0;
    for (bool more = true; more; n++) {
        size_t used = 0;
        assert_true(n < CHECK_FIELDS);
        bool quoted = *p == '"';
        for (p += quoted; *p && (quoted || (*p != ',' && *p != '\n')); p++) {
            if (quoted && *p == '"' && *++p != '"') break;
            assert_true(used + 1 < CHECK_TEXT);
            out[n][used++] = *p;
        }
        out[n][used] = '\0';
        more = *p == ',';
        p += more;
    }
    assert_int_equal(*p, '\n');
    *at = p + 1;
    return n;
}

/* One row of a table in Markdown. */
static inline int check_markdown_row(const char **at, CheckRow out) {
    const char *p = *at;
    int n = 0;
    if (*p != '|') return 0;
    for (p++; *p != '\n' && n < CHECK_FIELDS; n++) {
        size_t used = 0;
        assert_int_equal(*p++, ' ');
        for (; *p != '|'; p++) {
            assert_true(*p && *p != '\n' && used + 1 < CHECK_TEXT);
            if (*p == '\\') p++;
            out[n][used++] = *p;
        }
        assert_true(used > 0 && out[n][used - 1] == ' ');
        out[n][used - 1] = '\0';
        p++;
    }
    *at = p + 1;
    return n;
}

/* "0.225547200" with 9 places is 225547200; fewer are filled up when a person is to read them. */
static inline int64_t check_decimal(const char *text, int places, bool exact) {
    int64_t n = 0;
    int seen = -1;
    bool minus = *text == '-';
    for (const char *p = text + minus; *p; p++) {
        if (*p == '.') { assert_int_equal(seen, -1); seen = 0; continue; }
        assert_true(*p >= '0' && *p <= '9');
        n = n * 10 + (*p - '0');
        if (seen >= 0) seen++;
    }
    assert_true(exact ? seen == places : seen >= 2 && seen <= places);
    for (; seen < places; seen++) n *= 10;
    return minus ? -n : n;
}

/* ---- comparing ---- */

static inline void check_drawn(const char *text, char out[CHECK_TEXT * 4]) {
    Canvas *c = canvas_new(400, 1, false);
    Buf b = {.max = CHECK_TEXT * 4 - 1};
    bool state = strncmp(text, "●", 3) == 0 || strncmp(text, "▲", 3) == 0 || strncmp(text, "○", 3) == 0 || strncmp(text, "■", 3) == 0;
    text += state && text[3] == ' ' ? 4 : strspn(text, " "); /* of a row, before its name */
    canvas_text(c, 0, 0, 400, ROLE_TEXT, 0, text);
    canvas_dump(c, &b);
    snprintf(out, CHECK_TEXT * 4, "%s", b.at);
    buf_free(&b);
    canvas_free(c);
}

/* The text of a file against the list's cell; NULL = it said that it does not know. */
static inline void check_field(const Table *t, size_t row, size_t column, const char *text, bool exact) {
    const Column *c = &t->columns[column];
    TableCell cell = {.text = ""};
    char a[CHECK_TEXT * 4], b[CHECK_TEXT * 4];
    if (c->figure == FIGURE_TEXT) {
        t->cell(t->ctx, row, column, &cell);
        check_drawn(cell.text, a);
        check_drawn(text, b);
        assert_string_equal(a, b);
        for (const char *p = text; *p; p++) assert_true((unsigned char)*p >= ' ' && *p != 0x7f);
        return;
    }
    const int64_t value = t->value(t->ctx, row, column);
    if (!text || value == FIGURE_UNKNOWN) {
        assert_true(!text && value == FIGURE_UNKNOWN);
        return;
    }
    int64_t ms;
    switch (c->figure) {
    case FIGURE_DOLLARS: assert_int_equal(check_decimal(text, 9, exact), value); break;
    case FIGURE_CENTS: assert_int_equal(check_decimal(text, 7, exact), value); break;
    case FIGURE_SECONDS: assert_int_equal(check_decimal(text, 3, true), value); break;
    case FIGURE_TIME: assert_int_equal(time_parse_rfc3339(text, strlen(text), &ms), 0); assert_int_equal(ms, value); break;
    default: assert_int_equal(strtoll(text, NULL, 10), value);
    }
}

/* Which columns a file must have, in their order: those that are not hidden, and those that always are in files. */
static inline size_t check_columns(const Table *t, const TableState *s, size_t out[TABLE_COLUMNS_MAX]) {
    size_t n = 0;
    for (size_t i = 0; i < t->column_count; i++) {
        const Column *c = &t->columns[i];
        bool hidden = (c->spare && !c->filed) != (s->toggled >> i & 1) || (t->absent >> i & 1);
        if (!hidden && c->figure != FIGURE_PICTURE) out[n++] = i;
    }
    return n;
}

/* The file's text, until the next one. */
static inline const char *check_written(const Listing *l, const TableState *s, const View *v, ExportForm form) {
    static char text[1 << 20];
    char *made = NULL;
    size_t len;
    FILE *out = open_memstream(&made, &len);
    assert_non_null(out);
    export_write(l, s, v, form, out);
    assert_int_equal(fclose(out), 0);
    assert_true(strlen(made) == len && len < sizeof text);
    memcpy(text, made, len + 1);
    free(made);
    return text;
}

static inline const char *check_defused(const char *text) {
    assert_true(!*text || !strchr("=+-@ ", *text) || strcmp(text, "-") == 0);
    return text + (*text == '\'');
}

static inline void check_csv(const Listing *l, const TableState *s, const View *v) {
    const char *text = check_written(l, s, v, EXPORT_CSV);
    const char *at = text;
    size_t column[TABLE_COLUMNS_MAX], n = check_columns(&l->table, s, column);
    static CheckRow f;
    int fields = check_csv_record(&at, f);
    bool marked = (size_t)fields == n + 1;
    assert_true(marked ? strcmp(f[n], "at_least") == 0 : (size_t)fields == n);
    for (size_t i = 0; i < n; i++) assert_memory_equal(f[i], l->table.columns[column[i]].name, strlen(l->table.columns[column[i]].name));
    for (size_t row = 0; row < l->table.rows; row++) {
        assert_int_equal(check_csv_record(&at, f), fields);
        for (size_t i = 0; i < n; i++) {
            bool named = l->table.columns[column[i]].figure == FIGURE_TEXT;
            check_field(&l->table, table_row(&l->table, s, row), column[i], named ? check_defused(f[i]) : f[i][0] ? f[i] : NULL, true);
        }
    }
    assert_string_equal(at, "");
}

static inline void check_json_row(const Table *t, const json_t *o, const size_t *column, size_t n, size_t row) {
    void *i = json_object_iter((json_t *)(uintptr_t)o);
    for (size_t k = 0; k < n; k++, i = json_object_iter_next((json_t *)(uintptr_t)o, i)) {
        assert_non_null(i);
        const json_t *value = json_object_iter_value(i);
        char number[64];
        assert_memory_equal(json_object_iter_key(i), t->columns[column[k]].name, strlen(t->columns[column[k]].name));
        snprintf(number, sizeof number, "%.*f", t->columns[column[k]].figure == FIGURE_SECONDS ? 3 : 0, json_number_value(value));
        check_field(t, row, column[k], json_is_null(value) ? NULL : json_is_string(value) ? json_string_value(value) : number, true);
    }
    assert_true(i == NULL || strcmp(json_object_iter_key(i), "at_least") == 0);
}

static inline void check_json(const Listing *l, const TableState *s, const View *v) {
    const char *text = check_written(l, s, v, EXPORT_JSON);
    json_error_t why;
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!o) fail_msg("%s: %s", why.text, text);
    size_t column[TABLE_COLUMNS_MAX], n = check_columns(&l->table, s, column);
    const json_t *rows = json_object_get(o, "rows");
    assert_string_equal(json_string_value(json_object_get(o, "screen")), v->shown->name);
    assert_int_equal(json_array_size(rows), l->table.rows);
    for (size_t i = 0; i < l->table.rows; i++) check_json_row(&l->table, json_array_get(rows, i), column, n, table_row(&l->table, s, i));
    if (l->table.has_total) check_json_row(&l->table, json_object_get(o, "total"), column, n, TABLE_TOTAL);
    else assert_true(json_is_null(json_object_get(o, "total")));
    json_decref(o);
}

static inline void check_markdown(const Listing *l, const TableState *s, const View *v) {
    const char *text = check_written(l, s, v, EXPORT_MARKDOWN);
    const char *at = strstr(text, "\n\n| ");
    size_t column[TABLE_COLUMNS_MAX], n = check_columns(&l->table, s, column);
    static CheckRow f;
    assert_non_null(at);
    at += 2;
    for (int i = 0; i < 2; i++) assert_int_equal(check_markdown_row(&at, f), n); /* names, and the rule */
    for (size_t row = 0; row < l->table.rows + l->table.has_total; row++) {
        size_t which = row == l->table.rows ? TABLE_TOTAL : table_row(&l->table, s, row);
        assert_int_equal(check_markdown_row(&at, f), n);
        for (size_t i = 0; i < n; i++) {
            const Column *c = &l->table.columns[column[i]];
            bool unknown = c->figure != FIGURE_TEXT && l->table.value(l->table.ctx, which, column[i]) == FIGURE_UNKNOWN;
            const char *known = strncmp(f[i], "\u2265", 3) == 0 && c->figure != FIGURE_TEXT ? f[i] + 3 : f[i];
            check_field(&l->table, which, column[i], unknown ? NULL : known, false);
        }
    }
}

/* false = the screen lists nothing. */
static inline bool export_check(View *v) {
    static Listing l;
    if (!list_whole(v, &l)) return false;
    const TableState *s = list_state(v->shown, v->shown_self);
    check_csv(&l, s, v);
    check_json(&l, s, v);
    check_markdown(&l, s, v);
    return true;
}
#endif
