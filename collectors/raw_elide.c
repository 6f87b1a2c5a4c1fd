/* raw_elide: a record without what people and models wrote in it. See raw_record.h.
 *
 * Goes over the bytes once and needs no tree: a string is a key when a colon follows. Text that is not JSON is shown as
 * far as it looks like it; a string that does not end, ends with the record.
 */
#include "collectors/raw_record.h"

enum { LONG_TEXT = 80 };

/* Keys whose values are content, whatever their type, in all formats that are known here. */
static const char *const content_keys[] = {
    "content",       "messages",          "prompt",     "input",        "output",    "text",     "thinking", "system",
    "tools",         "arguments",         "choices",    "query",        "answer",    "body",     "data",     "delta",
    "refusal",       "summary",           "completion", "instructions", "signature", "question", "parts",    "tool_calls",
    "toolUseResult", "reasoning_content", "input_text", "output_text",  "error_str",
};

typedef struct Walk {
    const char *at, *end;
    bool content;
    Buf *out;
} Walk;

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *p, const char *end) {
    while (p < end && is_blank(*p)) p++;
    return p;
}

/* Behind the string that begins at p. */
static const char *skip_string(const char *p, const char *end) {
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\') p++;
    return p < end ? p + 1 : end;
}

/* Behind the value that begins at p: brackets are counted, not matched. */
static const char *skip_value(const char *p, const char *end) {
    size_t depth = 0;
    while (p < end) {
        if (depth == 0 && (*p == ',' || *p == '}' || *p == ']')) return p;
        if (*p == '"') {
            p = skip_string(p, end);
        } else {
            depth += *p == '{' || *p == '[';
            depth -= depth > 0 && (*p == '}' || *p == ']');
            p++;
        }
        if (depth == 0 && p < end && (p[-1] == '"' || p[-1] == '}' || p[-1] == ']')) return p;
    }
    return end;
}

static bool is_content_key(const char *key, size_t len) {
    for (size_t i = 0; i < sizeof content_keys / sizeof content_keys[0]; i++)
        if (strlen(content_keys[i]) == len && memcmp(content_keys[i], key, len) == 0) return true;
    return false;
}

/* Numbers and nulls of such keys are no content: token counts are called "input" and "output" in some formats. */
static bool is_text(char first) {
    return first == '"' || first == '{' || first == '[';
}

static void elided(Walk *w, const char *from, const char *to) {
    buf_fmt(w->out, "<%zu bytes>", (size_t)(to - from));
    w->at = to;
}

static void string(Walk *w) {
    const char *from = w->at, *to = skip_string(from, w->end), *next = skip_blanks(to, w->end);
    bool key = next < w->end && *next == ':';
    if (!key && !w->content && to - from > LONG_TEXT + 2) {
        elided(w, from, to);
        return;
    }
    buf_add(w->out, from, (size_t)(to - from));
    w->at = to;
    if (!key) return;
    buf_str(w->out, ":");
    w->at = skip_blanks(next + 1, w->end);
    if (!w->content && w->at < w->end && is_text(*w->at) && is_content_key(from + 1, (size_t)(to - from) - 2))
        elided(w, w->at, skip_value(w->at, w->end));
}

void raw_record_elide(const char *text, size_t len, bool content, Buf *out) {
    Walk w = {.at = text, .end = text + len, .content = content, .out = out};
    while (w.at < w.end) {
        if (*w.at == '"') {
            string(&w);
            continue;
        }
        const char *from = w.at;
        while (w.at < w.end && *w.at != '"' && !is_blank(*w.at)) w.at++;
        if (!content && w.at - from > LONG_TEXT) buf_fmt(out, "<%zu bytes>", (size_t)(w.at - from));
        else buf_add(out, from, (size_t)(w.at - from));
        w.at = skip_blanks(w.at, w.end);
    }
}
