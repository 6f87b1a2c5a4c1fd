/* unwrap: the record inside a line that a container runtime or a log daemon wrote around it. Pure.
 *
 * Owns: the wrappers of Docker's json-file, CRI, syslog and journald's JSON, and which lines are pieces of one that the
 * runtime cut (at 16 KiB). The record's own time counts; the wrapper's is for records
 * that have none. Only exact wrappers are taken off: a record quoted in an error
 * message is no record.
 */
#ifndef COLLECTORS_UNWRAP_H
#define COLLECTORS_UNWRAP_H
#include "store/base.h"

enum { UNWRAP_MAX = 4 * 1024 * 1024 }; /* the longest record in a wrapper that escapes or cuts it; its memory is taken as it is used */

/* What is inside, or text itself. *room: UNWRAP_MAX + SCAN_PAD bytes when it is needed, allocated here, the caller's to free. */
Str unwrap_line(Str text, char **room);

/* Where a record of lines ends: text[at..] is its next line, with its newline as the last byte; at > 0 being behind pieces of one stream. more:
 * it goes on in the line behind. A line of something else is no part of it: then `at`. */
size_t unwrap_pieces(Str text, size_t at, bool *more);
/* For logs whose values go over several lines: what one line adds to the text inside, with the end of a line where the
 * runtime did not cut it; and which of several streams or processes wrote it. A line without a wrapper is its own text. */
size_t unwrap_text(Str line, char *out, size_t max);
Str unwrap_stream(Str line);
Str unwrap_plain(Str line, char **room); /* the line of text that Docker or journald made JSON of, or the line itself; *room as above */
bool unwrap_is_wrapped(Str head); /* in any of the wrappers */
int64_t unwrap_time(Str line); /* when the runtime or the daemon wrote it, ms; 0 = the line does not say. See unwrap_time.c */
bool unwrap_may_wrap(Str head); /* of a line that begins so, the record may be inside a wrapper */
bool unwrap_is_piecewise(Str head); /* a log whose lines may be pieces */
#endif
