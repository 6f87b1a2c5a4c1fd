/* logfile: a log file opened for reading on: recognised, known to the ledger, positioned at what is new in it.
 * Used by import and by the follower. Thread: opened on the ledger's thread, read on one other or the same. */
#ifndef COLLECTORS_LOGFILE_H
#define COLLECTORS_LOGFILE_H
#include "collectors/format.h"
#include "collectors/reader.h"
#include "store/config.h"
#include "store/ledger.h"

typedef struct LogLoan { /* what the thread that reads many files, one after the other, lends to each of them */
    Pricer *pricer;
    char *buffer; /* reader_lend() */
} LogLoan;

typedef struct LogSetup { /* borrowed by every file opened with it */
    const Formats *formats;
    const Book *book;
    const Config *config;
    const SourceConfig *source;
    bool notional;        /* what it reads is flat-rate use, */
    bool agents_notional; /* or is it when its format is an agent's */
    bool later;           /* logfile_start() is called by who reads the file */
    bool by_format;       /* files of another format are another source: two of them may show one call */
    bool databases;       /* SQLite files are read too; else there is nothing in them */
    bool live;            /* the file may still be written: a first line without its newline is not there yet */
    bool from_start;      /* read again what the ledger knows: a day of it was emptied */
    int64_t now_ms;
} LogSetup;

typedef struct LogBad {
    uint64_t line; /* 0 = none */
    char what[200];
} LogBad;

typedef struct LogFile {
    char path[4096];
    char source[96];            /* its name */
    Reader *reader;
    Rows *rows;                 /* a database's, the reader's; NULL = a file of records */
    Parser *parser;             /* NULL = not yet started */
    FileKnown *known;           /* until then: what the ledger knows of it */
    const Format *format;
    Framing framing;            /* of this file */
    FileMark mark;              /* what the next batch of it will carry */
    uint64_t unpriced, borrowed, bytes; /* since it was opened; borrowed: calls that have no time of their own */
    LogBad first_bad, last_bad; /* since it was opened */
    uint8_t state[FILE_STATE_MAX];
    ParseContext context;
    Record pending;             /* read, but the batch had no room for all of its requests */
    uint64_t bad_rows[64];      /* of a database: hashes of wrong ones, because its newest rows are read again and again */
    char *mended;               /* the text of a record that was wrong in its bytes, while it may be pending */
    bool has_pending;
    bool at_rest, cut_off;      /* what follows the last end of line was taken; and was no whole record: it may still grow */
    bool in_pieces;             /* its records may be pieces of several lines: not to be split */
    bool stream;                /* a command's output: no offsets to go on from; records are known by what they say */
    uint64_t slice;             /* bytes that one fill reads at most, about; 0 = no limit */
    int64_t size_seen;          /* before the last fill */
    struct { uint64_t offset, tail_hash, head_hash; uint32_t head_len; } stood; /* what the file held when last proved */
} LogFile;

/* *out NULL and 0: there is no complete line in it yet. "-" is standard input. */
int logfile_open(LogFile **out, const char *path, const LogSetup *s, Ledger *l, Err *e);
/* A command's output, whose head the reader knows. The reader is the file's from now on, also on failure. */
int logfile_open_stream(LogFile **out, Reader *r, const char *name, const LogSetup *s, Ledger *l, Err *e);
void logfile_close(LogFile *f);
/* Goes to where the ledger left the file; a packed one is unpacked up to there. Thread: the one that reads it. */
int logfile_start(LogFile *f, const LogLoan *loan, Err *e); /* loan NULL: all its own */

/* A file of which several may read a part each: what it holds at `from` does not depend on what is before. */
bool logfile_may_split(const LogFile *f);
/* Part [from, until) of a file, both behind an end of line; until 0 = to its end. Its counters begin at 0. Thread: any,
 * while `whole` stays open and nobody reads it. */
int logfile_part(LogFile **out, const LogFile *whole, uint64_t from, uint64_t until, const LogLoan *loan, Err *e);

typedef enum Filled { FILLED_BATCH /* full: ingest it, go on */, FILLED_ALL /* nothing more (for now) */, FILLED_FAILED } Filled;
/* Parses records into b until it is full or the file has no more. whole: also a last record without a newline. The
 * batch's mark says where the file stands. Bad lines are counted, never fatal. */
Filled logfile_fill(LogFile *f, Batch *b, bool whole, Err *e);
/* The rest of the file, a record without a newline, when it is a good one. false: it is not; open the file again then. */
bool logfile_take_rest(LogFile *f, Batch *b);
bool logfile_has_rest(const LogFile *f); /* the file is longer than its complete records */

/* A file may be truncated and grow again between two looks, or while it is read. After a fill and before its batch is
 * stored: does the file still begin as it did, and stand the bytes before the last stored offset? If not, the batch is
 * worth nothing: open the file again. Packed files and streams always do. */
bool logfile_in_place(LogFile *f);
void logfile_stored(LogFile *f); /* the batch with this file's mark was stored */
int logfile_renamed(LogFile *f, const char *path, Ledger *l, Err *e); /* the open file has another name now */
#endif
