/* reader_cut: leaves the rest of long JSON strings and of long arrays of numbers (embeddings) out of a record while it is
 * read. Private to reader*.c.
 *
 * Owns: where in the JSON text a record stands between two chunks. What is left is valid JSON if the record was: neither
 * an escape, nor a pair of surrogate escapes, nor a UTF-8 sequence is cut in half. The result depends on the record
 * alone, never on the chunks it came in.
 */
#ifndef COLLECTORS_READER_CUT_H
#define COLLECTORS_READER_CUT_H
#include "store/base.h"

enum { CUT_KEPT = 1024 }; /* bytes of a string or of numbers, before the rest is left out */

typedef struct Cutter { /* zero at a record's start */
    bool in_string, escape, dropping, after_high; /* after_high: behind the first half of a surrogate pair */
    uint8_t hex;                                  /* digits of \uXXXX still to come */
    uint16_t code;
    uint32_t kept;                                /* bytes of this string, or since the last one, bracket or colon */
} Cutter;

/* Goes over text[from..to) and moves what stays together, to text[from..). Returns where that ends. */
size_t cutter_run(Cutter *c, char *text, size_t from, size_t to);
/* One byte inside a string of which about `max` are kept; true = it stays. !in_string afterwards: it was the last quote. */
bool cutter_string(Cutter *c, unsigned char b, uint32_t max);

uint64_t newlines_in(const char *at, size_t len);
bool blank(const char *at, size_t len); /* white space alone */
#endif
