/* import_impl: what the files of bulk import share. Private to collectors/import*.c.
 *
 * The writer's thread (the caller's) opens files, gives them out as jobs and writes batches; parser threads turn jobs into
 * batches. A small file is one job. A large plain file is many: parts that begin behind an end of line, so that two
 * parsers may read one file. Parts end in any order; the file's mark moves only over what is stored without a gap, and
 * what stands beyond it is found again by its identity after a crash. Jobs and fillings go round in rings, so memory is
 * bounded whatever the input.
 */
#ifndef COLLECTORS_IMPORT_IMPL_H
#define COLLECTORS_IMPORT_IMPL_H
#include "collectors/collect.h"
#include "collectors/logfile.h"
#include "collectors/paths.h"
#include "collectors/ring.h"

enum {
    PARSERS = 2,            /* parsing costs more than writing, and small machines have two cores */
    BATCH_REQUESTS = 256, FILLINGS = 80, GROUP_MAX = 40, /* as many again are left for the parsers while a group is stored: small files take one each */
    JOBS = 64, JOBS_AT_ONCE = 16, /* small files must not wait for the writer; opened some in one transaction */
    PARTS_AHEAD = 8
};
#define PART_BYTES ((uint64_t)16 << 20)

typedef struct Totals { /* of one part */
    uint64_t lines, records, bad_lines, skipped_lines, bytes, unpriced, borrowed;
} Totals;

typedef struct Part {
    bool ended;
    FileMark mark; /* where its last record ends */
    Totals totals;
    LogBad first_bad, last_bad;
} Part;

typedef struct ImportFile { /* the writer's */
    LogFile *log;     /* its parts are opened from it; NULL when a parser has it as a whole */
    uint64_t from;    /* where the next part begins */
    size_t given, ended, stored; /* parts; stored: without a gap */
    bool all_given, broken;      /* broken: a part failed, the mark stays before it */
    Part part[PARTS_AHEAD]; /* by number modulo */
    FileMark mark;
    LogBad first_bad;
    char path[4096];
    struct ImportFile *next;
} ImportFile;

typedef struct Job {
    ImportFile *file;
    LogFile *log; /* the whole file; NULL: part [from, until) of file->log; until 0 = to its end */
    size_t part;
    uint64_t from, until;
} Job;

typedef struct Filling { /* a batch on its way from a parser to the writer */
    Batch *batch;
    ImportFile *file;
    size_t part;
    bool ends, failed; /* ends: no more of this part comes */
    uint64_t raw;      /* bytes of the file itself read for it: progress */
    Part end;          /* when it ends */
    uint8_t state[FILE_STATE_MAX];
    Err error;
} Filling;

typedef struct Import {
    const ImportOptions *options;
    const Stop *stop;
    Ring *jobs, *full, *empty;
    Filling filling[FILLINGS];
    Formats *formats;
    Book *book;
    LogLoan loan; /* of the writer, who only looks where large files go on */
    Db *db;
    Ledger *ledger;
    Zone *zone;
    Paths paths;
    size_t next_path;
    ImportFile *files;     /* open ones */
    ImportFile *splitting; /* a large one of which parts are still to be given out */
    bool given_all, jobs_open, ended; /* every path was given; more may come; every batch came back */
    SourceConfig source;
    LogSetup setup;
    ImportSummary *sum;
    uint64_t raw_done, raw_total;
    int64_t shown_ms, asked_ms, started_ms;
    bool shared; /* somebody is collecting into the same ledger */
} Import;

/* import_parse.c, parser threads */
void *import_parser(void *import);

/* import_jobs.c, the writer's thread */
int import_give_jobs(Import *m, Err *e); /* as many as there is room for; closes the ring after the last */
void import_take(Import *m, Filling *b); /* in the order of storing, before it: its mark, and what its end says */
void import_drop_jobs(Import *m); /* when the parsers are gone: what was given and is not done */
void import_file_failed(Import *m, const char *why);
#endif
