/* filter_term: the parsed form of a filter, shared by filter_parse.c (which makes it) and filter.c (which matches).
 * Private to these two. Everything has its maximum at birth: a filter never grows after parsing. */
#ifndef STORE_FILTER_TERM_H
#define STORE_FILTER_TERM_H
#include "store/filter.h"

enum { FILTER_TEXT_MAX = 4096, FILTER_TERMS_MAX = 64, FILTER_GLOBS_MAX = 256 };

typedef enum TermKind { TERM_GLOBS, TERM_NUMBER, TERM_TEXT } TermKind;
typedef enum NumberOp { OP_GT, OP_GE, OP_LT, OP_LE, OP_EQ } NumberOp;

typedef struct Term {
    TermKind kind;
    bool negated;
    int field;      /* TERM_GLOBS: a Dim or FIELD_ORIGIN...; TERM_NUMBER: index into filter_numbers[] */
    NumberOp op;
    int64_t number; /* in the field's unit: nano-dollars, tokens, ms */
    size_t glob, glob_count; /* in Filter.globs; TERM_TEXT has one */
} Term;

struct Filter {
    Term terms[FILTER_TERMS_MAX];
    size_t count;
    Str globs[FILTER_GLOBS_MAX]; /* into text, quotes and escapes removed */
    size_t glob_count;
    char text[FILTER_TEXT_MAX];
    size_t text_len;
};

/* What a glob term can look at beyond the Dims; the numbers are bit numbers of filter_uses(). */
enum { FIELD_ORIGIN = DIM_COUNT, FIELD_OUTCOME, FIELD_STREAM, FIELD_COUNT };

typedef struct NumberField {
    const char *name;
    size_t at;         /* offsetof in FilterRow */
    int scale;         /* decimal places of the stored unit: 9 for money, 0 for counts */
    const char *units; /* accepted suffixes, each a letter and its power of ten, "k3M6"; "s3" for seconds */
    const char *example;
} NumberField;
extern const NumberField filter_numbers[]; /* name NULL ends */

bool glob_matches(Str glob, Str value); /* ASCII letters match in either case */
#endif
