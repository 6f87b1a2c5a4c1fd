/* reader_values: finds JSON values in a stream of them: pretty-printed, side by side, in an array, or with lines of other
 * text between. For reader*.c, and for recognising formats.
 *
 * Owns: the nesting at the place reached, so that a value may come in any chunks. Only objects are records; text between
 * them, brackets and commas of an array around them are not. Does not: check values closely (the scanner does), but
 * enough to see that a cut value does not go on into the next one.
 */
#ifndef COLLECTORS_READER_VALUES_H
#define COLLECTORS_READER_VALUES_H
#include "store/base.h"

enum { VALUES_DEPTH_MAX = 512 };

typedef struct Values { /* zero at the start of a log */
    bool in_string, escape;
    char before;              /* the last character that was no space and in no string; '"' = a string ended */
    uint16_t depth;           /* 0 = between values */
    uint8_t is_array[VALUES_DEPTH_MAX / 8];
} Values;

typedef struct ValuesFound {
    bool begun, complete;
    size_t first, stop; /* begun: a value begins at first (what was before it is none); complete: a value, whole or broken
                         * off, ends before stop. Neither and depth 0: there is only other text */
} ValuesFound;

/* Goes on at text[from..to), where the last call ended. */
ValuesFound values_find(Values *v, const char *text, size_t from, size_t to);
bool values_are_several(Str text); /* one whole value behind the other, and only commas and brackets around them */
bool values_only_a_brace(const Values *v); /* a value began, but so far it might as well be a brace in other text */
/* What a log begins with, an object or an array of them, goes on behind its first line: it is no log of lines. */
bool values_span_lines(Str head);
#endif
