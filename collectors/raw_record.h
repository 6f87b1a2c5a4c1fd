/* raw_record: the record that a request came from, read again from its log when somebody looks at it.
 *
 * Owns: finding it (file, offset, in the file that it was), and leaving message text out. Does not: keep it, or draw.
 * Bounded: of a long record the reader keeps what it can hold, and in a packed file nothing beyond RAW_PACKED_MAX is
 * looked for, because a key press must not wait for gigabytes. Thread: the caller's; it may take some 100 ms then.
 */
#ifndef COLLECTORS_RAW_RECORD_H
#define COLLECTORS_RAW_RECORD_H
#include "collectors/format.h"
#include "store/base.h"

#define RAW_PACKED_MAX ((uint64_t)32 << 20)

typedef struct RawPlace {
    const char *path;
    uint64_t fingerprint; /* of the file, as the ledger knows it */
    uint64_t offset;
    const Format *format; /* that read it; NULL = lines of JSON */
} RawPlace;
/* One line of JSON without blanks between its parts. With content false the values of keys that hold what people and
 * models wrote, and every long text, are replaced by their size. -1: e says in one line why it is not there any more. */
int raw_record_read(const RawPlace *at, bool content, Buf *out, Err *e);
/* The same of a call that came from a row of somebody else's SQLite database: all columns of the row as it is now, a column
 * that holds JSON as JSON. It is known by the call's identity, read-only, beside its owner. */
typedef struct RawRow {
    const char *path;
    const Formats *formats;
    const Format *format;          /* reads a table */
    uint64_t fingerprint, id, upstream;
    int64_t ts_ms;
} RawRow;
int raw_row_read(const RawRow *at, bool content, Buf *out, Err *e);
/* The leaving out alone: text[0..len) need not be valid JSON. */
void raw_record_elide(const char *text, size_t len, bool content, Buf *out);
#endif
