/* provider_json: reading what vendors send, whatever types they chose today. See provider.h. */
#include "collectors/provider.h"
#include "store/clock.h"
#include "store/money.h"
#include <inttypes.h>
#include <stdarg.h>

void page_header(PageRequest *p, const char *fmt, ...) {
    va_list ap;
    int i = 0;
    while (i < HTTP_HEADERS_MAX - 1 && p->header[i][0]) i++;
    va_start(ap, fmt);
    vsnprintf(p->header[i], sizeof p->header[0], fmt, ap);
    va_end(ap);
}

int page_url(PageRequest *p, Buf *url, Err *e) {
    int n = snprintf(p->url, sizeof p->url, "%s", url->at ? url->at : "");
    bool fits = !url->overflow && n > 0 && (size_t)n < sizeof p->url;
    buf_free(url);
    return fits ? 0 : fail(e, "the request does not fit; its cursor is too long");
}

int page_json(PageRequest *p, json_t *body, Err *e) {
    size_t len = body ? json_dumpb(body, p->body, sizeof p->body - 1, JSON_COMPACT) : 0;
    json_decref(body);
    if (len == 0 || len >= sizeof p->body) return fail(e, "the request does not fit; its cursor is too long");
    p->body[len] = '\0';
    return 0;
}

/* ---- numbers ---- */
static bool in_number(char c) { return (c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'; }

/* One number: whole ones of up to 18 digits stay, all others are put in quotes. */
static size_t copy_number(Buf *out, const char *at, size_t len) {
    size_t n = 0;
    bool whole = true;
    while (n < len && in_number(at[n])) whole &= at[n] != '.' && at[n] != 'e' && at[n] != 'E', n++;
    whole &= n <= 18;
    if (!whole) buf_str(out, "\"");
    buf_add(out, at, n);
    if (!whole) buf_str(out, "\"");
    return n;
}

static size_t copy_string(Buf *out, const char *at, size_t len) {
    size_t n = 1;
    while (n < len && at[n] != '"') n += at[n] == '\\' && n + 1 < len ? 2 : 1;
    n = n < len ? n + 1 : len;
    buf_add(out, at, n);
    return n;
}

json_t *provider_json(const char *at, size_t len, Err *e) {
    Buf text = {.max = len * 2 + 64};
    json_error_t where;
    for (size_t i = 0; i < len;) {
        if (at[i] == '"') i += copy_string(&text, at + i, len - i);
        else if (at[i] == '-' || (at[i] >= '0' && at[i] <= '9')) i += copy_number(&text, at + i, len - i);
        else buf_add(&text, at + i++, 1);
    }
    json_t *v = json_loadb(text.at ? text.at : "", text.len, JSON_ALLOW_NUL, &where);
    if (!v) fail(e, "the answer is no JSON (%.80s); a proxy or login page may be in between", where.text);
    buf_free(&text);
    return v;
}

int64_t json_count(const json_t *object, const char *key, bool *bad) { return json_whole(json_object_get(object, key), bad); }

int64_t json_whole(const json_t *v, bool *bad) {
    int64_t n = 0;
    if (!v || json_is_null(v)) return 0;
    if (json_is_integer(v)) n = json_integer_value(v);
    else if (!json_is_string(v) || decimal_parse(json_string_value(v), json_string_length(v), 0, &n, NULL) != 0) *bad = true;
    if (n < 0 || n > REQUEST_TOKENS_MAX) *bad = true, n = 0;
    return n;
}

int json_nano(const json_t *v, int cents, int64_t *nano) {
    char digits[32];
    int scale = cents ? 7 : 9;
    if (json_is_string(v)) return decimal_parse(json_string_value(v), json_string_length(v), scale, nano, NULL);
    if (!json_is_integer(v)) return -1;
    int n = snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    return decimal_parse(digits, (size_t)n, scale, nano, NULL);
}

const char *json_str(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

int json_time(const json_t *v, int64_t *ms) {
    const char *text = json_string_value(v);
    char whole[40];
    if (!text) return -1;
    if (strlen(text) != 10) return time_parse_rfc3339(text, strlen(text), ms);
    int n = snprintf(whole, sizeof whole, "%sT00:00:00Z", text);
    return time_parse_rfc3339(whole, (size_t)n, ms);
}

static bool upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

void model_slug(const char *at, size_t len, char *out, size_t size) {
    size_t n = 0;
    for (size_t i = 0; i < len && n + 2 < size; i++) {
        bool word = upper(at[i]) || lower_or_digit(at[i]) || at[i] == '.';
        bool begins = upper(at[i]) && i > 0 && lower_or_digit(at[i - 1]);
        if ((!word || begins) && n > 0 && out[n - 1] != '-') out[n++] = '-';
        if (word) out[n++] = (char)(upper(at[i]) ? at[i] - 'A' + 'a' : at[i]);
    }
    while (n > 0 && out[n - 1] == '-') n--;
    out[n] = '\0';
}

int bucket_rows(const json_t *results, int64_t start_ms, int64_t end_ms, const FeedSink *out, RowFn *fill, Err *e) {
    const json_t *r;
    size_t i;
    char id[48];
    snprintf(id, sizeof id, "bucket %" PRId64, start_ms);
    if (!bill_set_first(out->rows, id)) return 0;
    json_array_foreach(results, i, r) {
        BillRow *row = bill_set_add(out->rows);
        if (!row) return fail(e, "more rows than %d", BILL_ROWS_MAX);
        row->start_ms = start_ms;
        row->end_ms = end_ms;
        if (fill(r, row, out->rows, e) != 0) return -1;
    }
    return 0;
}

int page_cursor(FeedCall *c, const json_t *answer, const char *key, Err *e) {
    const char *next = json_is_true(json_object_get(answer, "has_more")) ? json_str(answer, key) : "";
    if (strlen(next) >= sizeof c->cursor) return fail(e, "the cursor of the next page is too long");
    snprintf(c->cursor, sizeof c->cursor, "%s", next);
    return 0;
}
