/* logfile: a log file opened for reading on: recognised, known to the ledger, positioned at what is new in it.
 * Used by import and by the follower. Thread: opened on the ledger's thread, read on one other or the same. */
#ifndef COLLECTORS_LOGFILE_H
#define COLLECTORS_LOGFILE_H
#include "collectors/format.h"
#include "collectors/reader.h"
#include "store/config.h"
#include "store/ledger.h"

typedef struct LogSetup { /* borrowed by every file opened with it */
    const Formats *formats;
    const Book *book;
    const Config *config;
    const SourceConfig *source;
    bool notional; /* for payg and notional alike: decided by who asks */
    int64_t now_ms;
} LogSetup;

typedef struct LogFile {
    char path[4096];
    Reader *reader;
    Parser *parser;
    const Format *format;
    FileMark mark;              /* what the next batch of it will carry */
    uint64_t unpriced, bytes;   /* since it was opened */
    char first_bad[ERR_MAX];    /* "FILE:LINE: what", the first since it was opened */
    uint8_t state[FILE_STATE_MAX];
    ParseContext context;
    Record pending;             /* read, but the batch had no room for all of its requests */
    bool has_pending;
} LogFile;

/* *out NULL and 0: there is no complete line in it yet. "-" is standard input. */
int logfile_open(LogFile **out, const char *path, const LogSetup *s, Ledger *l, Err *e);
void logfile_close(LogFile *f);

typedef enum Filled { FILLED_BATCH /* full: ingest it, go on */, FILLED_ALL /* nothing more (for now) */, FILLED_FAILED } Filled;
/* Parses records into b until it is full or the file has no more. whole: also a last record without a newline. The
 * batch's mark says where the file stands. Bad lines are counted, never fatal. */
Filled logfile_fill(LogFile *f, Batch *b, bool whole, Err *e);
#endif
