/* reader: bytes of a log, from a plain file, a gzip file, standard input or a command, cut into framed records.
 *
 * Owns: decompression, the line buffer, limits, fingerprint, tail hash. Does not: parse or store.
 * Memory: one 256 KiB buffer, growing to READER_RECORD_BUFFER for long records; a record longer than that but at most
 * 64 MiB is read in a stream with the middle of its long strings left out (usage never sits in a long string); a longer
 * one is skipped to its end and counted. NUL bytes (holes of truncation) are skipped. CRLF is tolerated.
 */
#ifndef COLLECTORS_READER_H
#define COLLECTORS_READER_H
#include "collectors/format.h"
#include "store/base.h"

#define READER_RECORD_BUFFER (INT64_C(4) << 20)
#define READER_RECORD_MAX (INT64_C(64) << 20)

typedef struct Reader Reader;
/* fd is owned by the reader from now on. offset: where to go on, decompressed (a gzip file is read and dropped up to it). */
int reader_open_fd(Reader **out, int fd, const char *name, Framing framing, uint64_t offset, Err *e);
void reader_close(Reader *r);

typedef enum ReadResult { READ_RECORD, READ_END /* nothing complete for now */, READ_SKIPPED /* too long: counted */, READ_FAILED } ReadResult;
typedef struct Record { const char *text; size_t len; uint64_t offset; uint32_t length; uint64_t line; } Record; /* lifetime: next call */
ReadResult reader_next(Reader *r, Record *out, Err *e);
/* At the true end of a whole file: hands out a last record that has no newline. */
ReadResult reader_last(Reader *r, Record *out, Err *e);

uint64_t reader_offset(const Reader *r);      /* end of the last record handed out */
uint64_t reader_tail_hash(const Reader *r);   /* of the up to 64 bytes before it */
uint64_t reader_fingerprint(const Reader *r); /* 0 until the first complete line was seen */
uint64_t reader_raw_position(const Reader *r); /* bytes consumed of the file itself, for progress */
int reader_fd(const Reader *r);
/* Magic numbers of what cannot be read (zstd, tar.gz, protobuf framing): one clear refusal. */
int reader_refuse(const char *path, const char *head, size_t len, Err *e);
#endif
