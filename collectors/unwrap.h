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
int64_t unwrap_time(Str line); /* when the runtime or the daemon wrote it, ms; 0 = the line does not say. See unwrap_time.c */
bool unwrap_is_piecewise(Str head); /* a log whose lines may be pieces */
#endif
