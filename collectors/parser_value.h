/* parser_value: one field of a record: the first alternative that has a value, as text, number, duration or time.
 * Only collectors/parser*.c include this. Results: 1 = found, 0 = not in the record, -1 = there, but not what it must be. */
#ifndef COLLECTORS_PARSER_VALUE_H
#define COLLECTORS_PARSER_VALUE_H
#include "collectors/format_impl.h"

typedef struct View { /* what a field may look at */
    const ScanValue *values;
    const char *path; /* of the file */
} View;

enum { TEXT_MAX = 1024 };
typedef struct Text { /* a text, and room for it when it has to be made */
    Str s;
    char room[TEXT_MAX];
} Text;

bool source_text(const Source *s, const View *v, Text *out); /* false = not there, or empty */
Str raw_text(const Source *s, const View *v); /* as it stands in the log, "" if it does not stand there */
bool field_text(const Field *f, const View *v, Text *out);
int field_int(const Field *f, const View *v, int64_t *out);
int field_duration_ms(const Field *f, const View *v, int64_t *out);
int field_time_ms(const Field *f, const View *v, int64_t *out);
#endif
