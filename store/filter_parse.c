/* filter_parse: text to terms, with errors that name the column. Owns the grammar (see filter.h), matches nothing. */
#include "store/filter_term.h"
#include "store/money.h"
#include "store/nearest.h"

const NumberField filter_numbers[] = {
    {"cost", offsetof(FilterRow, cost_nano), 9, "", "0.1"},
    {"tokens", offsetof(FilterRow, tokens), 0, "k3K3M6", "500, 3k or 2M"},
    {"input", offsetof(FilterRow, input), 0, "k3K3M6", "500, 3k or 2M"},
    {"output", offsetof(FilterRow, output), 0, "k3K3M6", "500, 3k or 2M"},
    {"cached", offsetof(FilterRow, cached), 0, "k3K3M6", "500, 3k or 2M"},
    {"latency", offsetof(FilterRow, latency_ms), 0, "s3", "900ms or 1.5s"},
    {"ttft", offsetof(FilterRow, ttft_ms), 0, "s3", "900ms or 1.5s"},
    {NULL, 0, 0, NULL, NULL},
};
static const struct { const char *name, *values; int field; } closed[] = {
    {"origin", "metered reported billed notional", FIELD_ORIGIN},
    {"outcome", "ok error refused incomplete", FIELD_OUTCOME},
    {"status", "ok error refused incomplete", FIELD_OUTCOME},
    {"stream", "yes no", FIELD_STREAM},
};
enum { CLOSED = sizeof closed / sizeof *closed };
static const char *const ops[] = {[OP_GT] = ">", [OP_GE] = ">=", [OP_LT] = "<", [OP_LE] = "<=", [OP_EQ] = "="};

typedef struct Parser {
    const char *text, *at; /* at: the next byte to read */
    Filter *f;
    Err *e;
} Parser;

/* Columns count characters from 1, as an editor does. */
static int column(const Parser *p, const char *at) {
    int n = 1;
    for (const char *s = p->text; s < at; s++) n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One glob or text: plain bytes up to a space (or a comma in lists), quoted stretches taken whole. */
static int read_word(Parser *p, bool in_list) {
    Filter *f = p->f;
    const char *start = p->at;
    if (f->glob_count == FILTER_GLOBS_MAX)
        return fail(p->e, "column %d: more than %d values; use a glob", column(p, start), FILTER_GLOBS_MAX);
    char *to = f->text + f->text_len;
    size_t n = 0;
    bool quoted = false;
    for (; *p->at && (quoted || (!is_space(*p->at) && !(in_list && *p->at == ','))); p->at++) {
        if (*p->at == '"') {
            quoted = !quoted;
            continue;
        }
        if (quoted && *p->at == '\\' && (p->at[1] == '"' || p->at[1] == '\\')) p->at++;
        to[n++] = *p->at;
    }
    if (quoted) return fail(p->e, "column %d: the closing \" is missing", column(p, p->at));
    f->globs[f->glob_count++] = (Str){to, n};
    f->text_len += n;
    return 0;
}

static Str closed_value(int field, int i) {
    if (field == FIELD_ORIGIN && i < ORIGIN_COUNT) return str_of(origin_names[i]);
    if (field == FIELD_OUTCOME && i < OUTCOME_COUNT) return str_of(outcome_names[i]);
    if (field == FIELD_STREAM && i < 2) return i ? STR("yes") : STR("no");
    return (Str){NULL, 0};
}

/* Fields with few possible values refuse a glob that none of them matches: it is a slip of the pen. */
static int check_closed(Parser *p, const Term *t, const char *start) {
    const char *choices = "";
    if (t->field < DIM_COUNT) return 0;
    Str glob = p->f->globs[p->f->glob_count - 1];
    for (int i = 0; closed_value(t->field, i).at; i++)
        if (glob_matches(glob, closed_value(t->field, i))) return 0;
    for (int i = 0; i < CLOSED; i++)
        if (closed[i].field == t->field) choices = closed[i].values;
    return fail(p->e, "column %d: \"%.*s\" is none of: %s", column(p, start), (int)utf8_cut(glob.at, glob.len, 40), glob.at, choices);
}

static int parse_globs(Parser *p, Term *t) {
    t->kind = TERM_GLOBS;
    t->glob = p->f->glob_count;
    for (;;) {
        const char *start = p->at;
        if (read_word(p, true) != 0 || check_closed(p, t, start) != 0) return -1;
        t->glob_count++;
        if (*p->at != ',') return 0;
        p->at++;
    }
}

/* The power of ten of a unit behind the number, which is cut off; 0 without one. */
static int take_unit(const NumberField *nf, Str *number) {
    if (number->len > 2 && nf->units[0] == 's' && memcmp(number->at + number->len - 2, "ms", 2) == 0) {
        number->len -= 2;
        return 0;
    }
    for (const char *u = nf->units; *u && number->len; u += 2) {
        if (number->at[number->len - 1] != *u) continue;
        number->len--;
        return u[1] - '0';
    }
    return 0;
}

static int parse_number(Parser *p, Term *t, const char *start) {
    const NumberField *nf = &filter_numbers[t->field];
    const char *from = p->at;
    while (*p->at && !is_space(*p->at)) p->at++;
    Str number = {from, (size_t)(p->at - from)};
    if (number.len == 0)
        return fail(p->e, "column %d: a number is missing after \"%.*s\", as %s", column(p, from), (int)(from - start), start, nf->example);
    bool inexact = false;
    int scale = nf->scale + take_unit(nf, &number);
    if (decimal_parse(number.at, number.len, scale, &t->number, &inexact) != 0 || inexact)
        return fail(p->e, "column %d: \"%.*s\" is not a number that %s can have, as %s", column(p, from),
                    (int)utf8_cut(from, (size_t)(p->at - from), 40), from, nf->name, nf->example);
    t->kind = TERM_NUMBER;
    return 0;
}

static int find_field(Str name) {
    for (int i = 0; i < DIM_COUNT; i++)
        if (str_is(name, dim_names[i])) return i;
    for (int i = 0; i < CLOSED; i++)
        if (str_is(name, closed[i].name)) return closed[i].field;
    return -1;
}

static int find_number(Str name) {
    for (int i = 0; filter_numbers[i].name; i++)
        if (str_is(name, filter_numbers[i].name)) return i;
    return -1;
}

FilterField filter_field(int i) {
    if (i < DIM_COUNT) return (FilterField){.name = dim_names[i], .dim = i};
    i -= DIM_COUNT;
    if (i < CLOSED) return (FilterField){.name = closed[i].name, .values = closed[i].values, .dim = -1};
    return (FilterField){.name = filter_numbers[i - CLOSED].name, .dim = -1, .number = true};
}

/* Says what stands there instead of a field, and what could. */
static int unknown_field(Parser *p, Str name, bool number) {
    char word[41], hint[64];
    snprintf(word, sizeof word, "%.*s", (int)utf8_cut(name.at, name.len, 40), name.at);
    if (number && find_field(name) >= 0) return fail(p->e, "column %d: \"%s\" is no number; write %s:value", column(p, name.at), word, word);
    if (!number && find_number(name) >= 0)
        return fail(p->e, "column %d: \"%s\" is a number; write %s> %s>= %s< %s<= or %s=", column(p, name.at), word, word, word, word, word, word);
    Nearest near = nearest_start(word);
    for (int i = 0; filter_field(i).name; i++)
        if (filter_field(i).number == number) nearest_try(&near, filter_field(i).name);
    nearest_hint(&near, hint, sizeof hint);
    if (number)
        return fail(p->e, "column %d: \"%s\" is not one of: cost tokens input output cached latency ttft%s; quote a text that holds %c",
                    column(p, name.at), word, hint, *p->at);
    return fail(p->e, "column %d: \"%s\" is not a dimension%s; quote a text that holds a colon", column(p, name.at), word, hint);
}

static int parse_dim_term(Parser *p, Term *t, Str name) {
    t->field = find_field(name);
    if (t->field < 0) return unknown_field(p, name, false);
    p->at++;
    return parse_globs(p, t);
}

static int parse_number_term(Parser *p, Term *t, Str name) {
    t->field = find_number(name);
    if (t->field < 0) return unknown_field(p, name, true);
    for (int op = OP_GT; op <= OP_EQ; op++) /* ">=" after ">": the longer one stays */
        if (str_starts(str_of(p->at), ops[op])) t->op = (NumberOp)op;
    p->at += strlen(ops[t->op]);
    return parse_number(p, t, name.at);
}

static int parse_term(Parser *p) {
    if (p->f->count == FILTER_TERMS_MAX)
        return fail(p->e, "column %d: more than %d terms; leave some out", column(p, p->at), FILTER_TERMS_MAX);
    Term *t = &p->f->terms[p->f->count];
    if (*p->at == '-') {
        t->negated = true;
        p->at++;
    }
    const char *start = p->at;
    size_t n = strcspn(start, " \t\r\n:<>=\"");
    Str name = {start, n};
    p->at += n;
    int rc = 0;
    if (*p->at == ':') {
        rc = parse_dim_term(p, t, name);
    } else if (*p->at && strchr("<>=", *p->at)) {
        rc = parse_number_term(p, t, name);
    } else {
        p->at = start;
        t->kind = TERM_TEXT;
        t->glob = p->f->glob_count;
        rc = read_word(p, false);
        if (rc == 0 && p->f->globs[t->glob].len == 0)
            rc = fail(p->e, "column %d: a text is missing here", column(p, start));
    }
    p->f->count++;
    return rc;
}

int filter_parse(Filter **out, const char *text, Err *e) {
    *out = NULL;
    if (strlen(text) >= FILTER_TEXT_MAX)
        return fail(e, "column %d: the filter is too long; use globs", FILTER_TEXT_MAX);
    Filter *f = xcalloc(1, sizeof *f);
    Parser p = {.text = text, .at = text, .f = f, .e = e};
    for (;;) {
        while (is_space(*p.at)) p.at++;
        if (!*p.at) break;
        if (parse_term(&p) != 0) {
            filter_free(f);
            return -1;
        }
    }
    if (f->count) *out = f;
    else filter_free(f); /* nothing asked is everything: NULL */
    return 0;
}

int filter_error_column(const char *error) {
    int column = 0;
    return sscanf(error, "column %d:", &column) == 1 ? column : 0;
}

void filter_free(Filter *f) {
    free(f);
}
