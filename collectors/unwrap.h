/* unwrap: the record inside a line that a container runtime or a log daemon wrote around it. Pure.
 *
 * Owns: the wrappers of Docker's json-file, CRI (whole lines), syslog and journald's JSON. Does not: join the pieces of a
 * line that the runtime cut (the first of them is a bad line), nor take a wrapper's time. Only exact wrappers are
 * taken off: a record quoted in an error message is no record.
 */
#ifndef COLLECTORS_UNWRAP_H
#define COLLECTORS_UNWRAP_H
#include "store/base.h"

enum { UNWRAP_MAX = 256 * 1024 }; /* the longest record in a wrapper that escapes it */

/* What is inside, or text itself. *room: UNWRAP_MAX + SCAN_PAD bytes when it is needed, allocated here, the caller's to free. */
Str unwrap_line(Str text, char **room);
#endif
