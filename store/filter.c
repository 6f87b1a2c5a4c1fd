/* filter: matching a parsed filter against one row. Owns the meaning of terms; parsing is in filter_parse.c. */
#include "store/filter_term.h"

static char fold(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Goes back to the last star only: at most glob x value steps, whatever the pattern. */
bool glob_matches(Str glob, Str value) {
    size_t g = 0, v = 0, star = SIZE_MAX, resume = 0;
    while (v < value.len) {
        if (g < glob.len && glob.at[g] == '*') {
            star = g++;
            resume = v;
        } else if (g < glob.len && (glob.at[g] == '?' || fold(glob.at[g]) == fold(value.at[v]))) {
            g++;
            v++;
        } else if (star != SIZE_MAX) {
            g = star + 1;
            v = ++resume;
        } else {
            return false;
        }
    }
    while (g < glob.len && glob.at[g] == '*') g++;
    return g == glob.len;
}

static bool contains(Str value, Str part) {
    for (size_t i = 0; i + part.len <= value.len; i++) {
        size_t n = 0;
        while (n < part.len && fold(value.at[i + n]) == fold(part.at[n])) n++;
        if (n == part.len) return true;
    }
    return false;
}

static Str field_value(const FilterRow *row, int field) {
    if (field == FIELD_ORIGIN) return str_of(origin_names[row->origin]);
    if (field == FIELD_OUTCOME) return str_of(outcome_names[row->outcome]);
    if (field == FIELD_STREAM) return row->stream ? STR("yes") : STR("no");
    return row->name[field];
}

static bool globs_match(const Filter *f, const Term *t, const FilterRow *row) {
    Str value = field_value(row, t->field);
    for (size_t i = 0; i < t->glob_count; i++)
        if (glob_matches(f->globs[t->glob + i], value)) return true;
    return false;
}

static bool text_matches(const Filter *f, const Term *t, const FilterRow *row) {
    for (int i = 0; i < FIELD_STREAM; i++) /* "yes" and "no" are nobody's text */
        if (contains(field_value(row, i), f->globs[t->glob])) return true;
    return false;
}

static bool number_matches(const Term *t, const FilterRow *row) {
    int64_t v;
    memcpy(&v, (const char *)row + filter_numbers[t->field].at, sizeof v);
    if (v < 0) return false; /* unknown is neither more nor less than anything */
    switch (t->op) {
    case OP_GT: return v > t->number;
    case OP_GE: return v >= t->number;
    case OP_LT: return v < t->number;
    case OP_LE: return v <= t->number;
    case OP_EQ: return v == t->number;
    }
    return false;
}

static bool term_matches(const Filter *f, const Term *t, const FilterRow *row) {
    switch (t->kind) {
    case TERM_GLOBS: return globs_match(f, t, row) != t->negated;
    case TERM_NUMBER: return number_matches(t, row) != t->negated;
    case TERM_TEXT: return text_matches(f, t, row) != t->negated;
    }
    return false;
}

static unsigned term_uses(const Term *t) {
    switch (t->kind) {
    case TERM_GLOBS: return 1u << t->field;
    case TERM_NUMBER: return FILTER_NUMBERS;
    case TERM_TEXT: return FILTER_STREAM - 1u; /* all names, origin and outcome */
    }
    return 0;
}

unsigned filter_uses(const Filter *f) {
    unsigned bits = 0;
    for (size_t i = 0; f && i < f->count; i++) bits |= term_uses(&f->terms[i]);
    return bits;
}

bool filter_needs_rows(const Filter *f) {
    const unsigned combo = 1u << DIM_ACCOUNT | 1u << DIM_PROVIDER | 1u << DIM_MODEL | 1u << DIM_TIER |
                           1u << DIM_FEATURE | 1u << DIM_TEAM | 1u << DIM_KEY | 1u << DIM_GATEWAY |
                           FILTER_ORIGIN | FILTER_OUTCOME;
    return (filter_uses(f) & ~combo) != 0;
}

bool filter_may_match(const Filter *f, const FilterRow *row, unsigned known) {
    for (size_t i = 0; f && i < f->count; i++)
        if ((term_uses(&f->terms[i]) & ~known) == 0 && !term_matches(f, &f->terms[i], row)) return false;
    return true;
}

bool filter_matches(const Filter *f, const FilterRow *row) {
    return filter_may_match(f, row, FILTER_ALL);
}
