/* format: log formats as data: loading collectors/formats/ *.json and the user's, recognising, and turning one framed
 * record into requests.
 *
 * Adding a format is one JSON file: collectors/formats/FORMAT.md describes its members. A Format is immutable after
 * loading and shared by all threads; a Parser is one file's reader state and belongs to one thread.
 */
#ifndef COLLECTORS_FORMAT_H
#define COLLECTORS_FORMAT_H
#include "collectors/scan_prune.h"
#include "store/price.h"
#include "store/request.h"

typedef struct Formats Formats;
typedef struct Format Format;
int formats_load(Formats **out, const char *config_dir, Err *e);
void formats_free(Formats *f);
void formats_drop_samples(Formats *f); /* for who runs for days and never tests them: half of what the formats take */
const Format *formats_find(const Formats *f, const char *name);
const Format *formats_at(const Formats *f, size_t i); /* NULL after the last */
const char *formats_broken_at(const Formats *f, size_t i); /* a file of the user's that is left out: FILE: what is wrong; NULL after the last */
const Format *formats_proof_at(const Formats *f, size_t i); /* of usage shapes: for format_self_test() alone; NULL after the last */
/* The best match for the head of a file (first complete lines), or NULL. */
const Format *formats_guess(const Formats *f, const char *path, const char *head, size_t len);

typedef enum Framing {
    FRAME_LINES, FRAME_JSON_VALUES, FRAME_DOCUMENT, FRAME_ARRAY,
    FRAME_WRAPPED_VALUES /* of no format: JSON values over several lines of a container runtime or a log daemon */
} Framing;
const char *format_name(const Format *f);
const char *format_help(const Format *f);
const char *format_note(const Format *f, bool cached); /* what a user must know of such logs; cached: some of its calls read a cache; NULL = nothing */
const char *format_refusal(const Format *f); /* such a log has no usage: what to do instead; NULL = it is read */
Framing format_framing(const Format *f);
/* How a file with this head is to be read: also a format of lines may be pretty-printed, several on a line, in an array, or
 * over several lines of a container runtime. */
Framing format_framing_of(const Format *f, const char *head, size_t len);
const PruneSpec *format_wanted(const Format *f); /* of a record, so that a long one is read without the rest; NULL = lines are no JSON */
Replay format_replay(const Format *f);
bool format_has_state(const Format *f); /* a record's meaning depends on those before it: files are read in order */
bool format_is_agent(const Format *f); /* transcripts: notional unless told otherwise when followed */
const char *const *format_known_places(const Format *f); /* globs for discovery; NULL ends */

/* A database's table whose rows are the records, as JSON objects of its columns. See rows.h. */
enum { TABLE_SPEC_MAX = 32 };
typedef struct TableSpec {
    const char *name, *order /* an integer that grows, "rowid" */, *key /* of a row, whatever its number */;
    int64_t window_rows;     /* so many before the newest known row are read again, because rows are updated */
    int score;               /* the format's */
    const char *needs[TABLE_SPEC_MAX + 1], *takes[TABLE_SPEC_MAX + 1]; /* columns: without one it is another table; if there */
} TableSpec;
const TableSpec *format_table(const Format *f); /* NULL = it reads logs */

/* What a source's configuration adds to every record. Borrowed for the parser's life. */
typedef struct ParseContext {
    const Book *book;
    Pricer *pricer;          /* of the book and the thread, for many parsers; NULL = a parser makes its own */
    const char *account, *feature, *team, *gateway; /* "" = from the record */
    const char *path;        /* of the file: project = a directory name, for agents */
    bool notional;
    int64_t now_ms;
    Framing framing;         /* of the file; FRAME_LINES = the format's */
    uint64_t fingerprint;    /* of the file: part of the identity of records that have no id */
    /* maps a provider and an API key name to a billing account; NULL = the provider's name */
    const char *(*account_of)(void *ctx, Str provider, Str key);
    void *account_ctx;
} ParseContext;

typedef struct Parser Parser;
Parser *parser_new(const Format *f, const ParseContext *ctx);
void parser_free(Parser *p);
void parser_file_time(Parser *p, int64_t ms); /* when the file was last written, for records that have no time; 0 = not known */
/* State that must restart exactly (running counters of an agent's file); 0 bytes for most formats. */
uint32_t parser_state(const Parser *p, uint8_t out[FILE_STATE_MAX]);
int parser_restore(Parser *p, const uint8_t *state, uint32_t len, Err *e);

typedef enum ParseResult {
    PARSE_OK,      /* 0..n requests added */
    PARSE_SKIPPED, /* a good record that carries no usage */
    PARSE_BAD,     /* malformed: e says what, count it, go on; of a record with many in it the good ones are added */
    PARSE_FULL     /* the batch has no room: ingest it, then give the same record again. Nothing of it was added, unless it
                    * alone fills an empty batch: then what fits was, and the rest follows. The file's mark stays before it. */
} ParseResult;
/* text is readable for SCAN_PAD bytes past len. Requests are priced. offset and length are of the original bytes. */
ParseResult parser_record(Parser *p, const char *text, size_t len, uint64_t offset, uint32_t length, Batch *b, Err *e);

/* Runs the samples inside a format file; used by the tests and by doctor. -1: e names the first sample that differs. */
int format_self_test(const Format *f, const Book *book, size_t *samples, Err *e);
#endif
