/* format_text: lines that are no JSON: a pattern with named parts makes an object of texts of them. Pure.
 *
 * Owns: the patterns of a format and their matching. Does not: unwrap, read numbers or times, or know any log.
 * A part goes up to the first place where the text behind it stands: no part is tried twice, so that a line costs its
 * length at most once a pattern, whatever is in it.
 */
#ifndef COLLECTORS_FORMAT_TEXT_H
#define COLLECTORS_FORMAT_TEXT_H
#include "store/base.h"
#include <jansson.h>

typedef struct TextForm TextForm;
/* {"mark": TEXT, "lines": [PATTERN..]}; the texts are borrowed from j. -1: e says what is wrong. */
int text_compile(TextForm **out, const json_t *j, Err *e);
void text_free(TextForm *t); /* NULL is fine */

typedef enum TextFound { TEXT_OTHER /* without the mark: no record */, TEXT_FOUND, TEXT_UNFIT /* marked, but of no pattern */ } TextFound;
/* out: an object of the named parts, in *room: TEXT_ROOM + SCAN_PAD bytes, allocated here, the caller's to free. */
enum { TEXT_ROOM = 256 * 1024 };
TextFound text_record(const TextForm *t, Str line, char **room, Str *out);
#endif
