/* reader_wrapped: JSON values whose lines each stand in a line of a container runtime or a log daemon: pretty-printed ones,
 * several on a line, events of a stream. The record is then the lines from where a value begins to where none is open.
 *
 * Owns: which lines those are, and the text inside of them. Lines of another stream or process between them are no part of it;
 * values in them are not looked for. Does not: cut values apart inside the text. For reader.c, recognising and the parser. Pure.
 */
#ifndef COLLECTORS_READER_WRAPPED_H
#define COLLECTORS_READER_WRAPPED_H
#include "collectors/reader_values.h"

typedef struct Wrapped { /* zero at the start of a record; the room is the owner's to free */
    Values values;
    bool whole; /* a value has ended in it */
    char *room; /* WRAPPED_LINE_MAX + SCAN_PAD bytes, taken when needed */
} Wrapped;
enum { WRAPPED_LINE_MAX = 256 * 1024 }; /* of a longer line the rest is left out: its value is then a bad one */

typedef enum WrappedStep { WRAPPED_OTHER /* no value in it, nor before it */, WRAPPED_OPEN, WRAPPED_WHOLE } WrappedStep;
/* The next line, without its end; record: where the lines of the record begin, line.at at its beginning. */
WrappedStep wrapped_line(Wrapped *w, const char *record, Str line);
/* The text inside a record's lines. *room: UNWRAP_MAX + SCAN_PAD bytes, taken when needed, the caller's to free. */
Str wrapped_text(Str record, char **room);
#endif
