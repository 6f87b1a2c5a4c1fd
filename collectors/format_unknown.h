/* format_unknown: why a file is no log that could be read, told by its first bytes. Pure.
 *
 * Owns: the sentences for what people name by mistake: pages, configurations, recordings, encoded or binary data. JSON that is no
 * call is told by data: collectors/formats/refused.json. Does not: know any log format.
 */
#ifndef COLLECTORS_FORMAT_UNKNOWN_H
#define COLLECTORS_FORMAT_UNKNOWN_H
#include "store/base.h"

/* What it is and what to do instead; NULL = it may be a log of a format that is not known yet. */
const char *format_unknown(const char *path, Str head);
#endif
