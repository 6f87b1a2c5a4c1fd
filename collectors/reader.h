/* reader: bytes of a log, from a plain or gzip file, standard input or a command, cut into framed records.
 *
 * Owns: decompression, the record buffer, limits, fingerprint, tail hash. Does not: parse or store.
 * Memory: one buffer of 16 KiB, 256 KiB while there is much to read, that grows to READER_RECORD_BUFFER for long records.
 * Of a record longer than that only what its format wants is kept while it is read (scan_prune), or when that is not known,
 * all but the rest of long strings and of long arrays of numbers (usage never sits in one); one of which READER_KEPT_MAX
 * are left even so, or beyond READER_RECORD_MAX, is skipped to its end and counted. Zeros before a
 * record (holes of truncation), blank lines, a byte order mark and CR are no part of records.
 * Invariant: records, offsets and what is skipped follow from the bytes alone, not from the pieces they come in.
 * Thread: one at a time; may be handed over.
 */
#ifndef COLLECTORS_READER_H
#define COLLECTORS_READER_H
#include "collectors/format.h"
#include "collectors/rows.h"
#include "collectors/scan.h"
#include "store/base.h"

#define READER_RECORD_BUFFER ((size_t)4 << 20)
#define READER_HEAD_MAX ((size_t)1 << 20)
#define READER_LOAN (((size_t)256 << 10) + SCAN_PAD)
#define READER_KEPT_MAX ((size_t)7 << 20)
#define READER_RECORD_MAX ((uint64_t)64 << 20)

typedef struct Reader Reader;
/* fd is the reader's from now on, also on failure. Recognises gzip by its magic; refuses zstd, tar and binary framing. */
int reader_open_fd(Reader **out, int fd, const char *name, Framing framing, Err *e);
Reader *reader_open_rows(Rows *rows, const char *name); /* a database's, as lines; they are the reader's from now on */
void reader_close(Reader *r); /* NULL is fine */

/* Before the first record: the first line whole, and what more was read, for recognising. 1 = the line is complete, 0 = not
 * for now (what there is of it). Hands nothing out. */
int reader_head(Reader *r, Str *head, Err *e);
/* More of it for recognising, when the first lines did not say enough: 1 = some came, 0 = there is no more, or enough. */
int reader_head_more(Reader *r, Str *head, Err *e);
/* READER_LOAN bytes to read into, until the reader is closed; it only takes memory of its own for a record that is longer.
 * For who reads many files: to take and give back memory for each costs more than to read a small one. */
void reader_lend(Reader *r, char *buffer);
void reader_set_framing(Reader *r, Framing framing); /* before the first record */
void reader_set_wanted(Reader *r, const PruneSpec *wanted); /* the same; borrowed; NULL = all of it */
/* Before the first record: makes the fingerprint known, the hash64 of the first record (of a document: of its name; of a
 * long record: of its first READER_RECORD_BUFFER bytes and its length).
 * whole: of what there is of it, if there will be no more. 1 = known, 0 = not for now. */
int reader_identify(Reader *r, bool whole, Err *e);
/* Goes on at a decompressed offset (the end of a record); the tail hash is then of the bytes before it. */
int reader_skip_to(Reader *r, uint64_t offset, Err *e);

void reader_end_at(Reader *r, uint64_t offset); /* as if a plain file ended there; 0 = where it does */

typedef enum ReadResult { READ_RECORD, READ_END /* nothing complete for now */, READ_SKIPPED /* too long: counted */, READ_FAILED } ReadResult;
typedef struct Record {
    const char *text; /* SCAN_PAD readable bytes follow; lifetime: until the next call */
    size_t len;
    uint64_t offset, line; /* of its first byte, decompressed; counted from 1 */
    uint32_t length;       /* bytes in the log with the end of line, also when text is shorter */
} Record;
ReadResult reader_next(Reader *r, Record *out, Err *e);
/* At the true end of a whole file: a last record that has no newline. */
ReadResult reader_last(Reader *r, Record *out, Err *e);

uint64_t reader_offset(const Reader *r);      /* end of the last record handed out, or where reading began */
uint64_t reader_tail_hash(const Reader *r);   /* of the up to 64 bytes before it */
uint64_t reader_fingerprint(const Reader *r); /* 0 = not known yet */
bool reader_first_is_long(const Reader *r);    /* right after reader_identify(): the fingerprint is that of a long record */
uint64_t reader_raw_position(const Reader *r); /* bytes of the file itself consumed, for progress */
uint64_t reader_lines(const Reader *r);
void reader_set_lines(Reader *r, uint64_t lines); /* so that bad lines of a continued file are named rightly */
int reader_fd(const Reader *r);
bool reader_is_packed(const Reader *r); /* gzip: offsets are not positions of the file */
#endif
