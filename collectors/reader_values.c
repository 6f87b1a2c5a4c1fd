/* reader_values: see reader_values.h. */
#include "collectors/reader_values.h"

static bool in_array(const Values *v) {
    unsigned at = v->depth - 1u;
    return v->is_array[at / 8] >> at % 8 & 1;
}

static void push(Values *v, char open) {
    unsigned at = v->depth++, bit = 1u << at % 8;
    if (open == '[') v->is_array[at / 8] |= (uint8_t)bit;
    else v->is_array[at / 8] &= (uint8_t)~bit;
}

/* Where a value may stand. */
static bool value_fits(const Values *v) {
    return v->before == ':' || v->before == '[' || (v->before == ',' && in_array(v));
}

static bool ended_value(char before) {
    return before == '"' || before == '}' || before == ']' || before == '0';
}

/* One character outside strings; false = this cannot go on as one JSON value. */
static bool step(Values *v, char b) {
    bool ok = true;
    switch (b) {
    case ' ': case '\t': case '\n': case '\r': return true;
    case '{': case '[':
        ok = value_fits(v) && v->depth < VALUES_DEPTH_MAX;
        if (ok) push(v, b);
        break;
    case '}': case ']':
        ok = in_array(v) == (b == ']') && v->before != ':';
        if (ok) v->depth--;
        break;
    case '"':
        ok = value_fits(v) || ((v->before == '{' || v->before == ',') && !in_array(v));
        v->in_string = ok;
        break;
    case ':': ok = v->before == '"' && !in_array(v); break;
    case ',': ok = ended_value(v->before); break;
    default: /* a number or a word; its spelling is not looked at */
        ok = v->before == '0' || value_fits(v);
        b = '0';
    }
    v->before = b;
    return ok;
}

/* One byte of a value. */
static bool step_value(Values *v, char b) {
    if (!v->in_string) return step(v, b);
    if (v->escape) v->escape = false;
    else if (b == '\\') v->escape = true;
    else if (b == '"') v->in_string = false;
    return (unsigned char)b >= 0x20; /* a line's end in a string: it was cut off */
}

bool values_only_a_brace(const Values *v) {
    return v->depth == 1 && v->before == '{' && !v->in_string;
}

ValuesFound values_find(Values *v, const char *text, size_t from, size_t to) {
    ValuesFound f = {0};
    for (size_t i = from; i < to; i++) {
        if (v->depth == 0) {
            if (text[i] != '{') continue;
            *v = (Values){.before = '{'};
            push(v, '{');
            f.begun = true, f.first = i;
            continue;
        }
        bool only_a_brace = values_only_a_brace(v), ok = step_value(v, text[i]);
        if (ok && v->depth) continue;
        v->depth = 0;
        if (ok || !only_a_brace) return f.complete = true, f.stop = ok ? i + 1 : i, f;
        f.begun = false; /* a brace in other text, as in {name} */
        i--;             /* which may be followed by a value at once */
    }
    return f;
}

static bool only_around(const char *at, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\r\n,[]", at[i]) || at[i] == '\0') return false;
    return true;
}

bool values_are_several(Str text) {
    Values v = {0};
    ValuesFound f = {0};
    size_t count = 0, at = 0;
    for (;; count++, at = f.stop) {
        f = values_find(&v, text.at, at, text.len);
        if (!f.complete) return count > 1 && v.depth == 0 && only_around(text.at + at, text.len - at);
        if (text.at[f.stop - 1] != '}' || !only_around(text.at + at, f.first - at)) return false;
    }
}

/* Behind white space and the brackets of arrays around what follows; how many these are is added. */
static size_t behind_brackets(Str text, size_t at, size_t *arrays) {
    for (; at < text.len && strchr(" \t\r\n[", text.at[at]) && text.at[at] != '\0'; at++) *arrays += text.at[at] == '[';
    return at;
}

bool values_span_lines(Str head) {
    const char *nl = memchr(head.at, '\n', head.len);
    Values v = {0};
    Str line = {head.at, nl ? (size_t)(nl - head.at) : 0};
    size_t arrays = 0, at = behind_brackets(line, 0, &arrays);
    if (line.len >= 3 && at == 0 && memcmp(line.at, "\xEF\xBB\xBF", 3) == 0) at = behind_brackets(line, 3, &arrays);
    if (at == line.len) return arrays > 0;
    while (line.at[at] == '{') {
        ValuesFound f = values_find(&v, line.at, at, line.len);
        if (!f.complete) return v.depth > 0 && !v.in_string;
        if (!arrays || line.at[f.stop - 1] != '}') return false;
        for (at = f.stop; at < line.len && strchr(" \t\r,", line.at[at]); at++) continue;
        if (at == line.len) return true;
    }
    return false;
}
