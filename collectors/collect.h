/* collect: the collector role as a whole: takes the role lock, starts the workers (follower, housekeeping, later
 * providers and guard), gives the role up on stop. Used by the dashboard (in the background) and by `collect`.
 */
#ifndef COLLECTORS_COLLECT_H
#define COLLECTORS_COLLECT_H
#include "collectors/format.h"
#include "collectors/worker.h"
#include "store/config.h"
#include "store/ledger.h"

typedef struct CollectOptions {
    const Config *config;      /* borrowed, as the book is */
    const Book *book;
    const char *db_path, *policy_path;
    void (*failed)(const Err *e); /* told of background failures, on their thread; NULL = nobody */
    int64_t fixed_now_ms;      /* --now; 0 = the clock */
} CollectOptions;
typedef struct Collector Collector;
/* Returns at once; takes the role within 5 s of it being free, on its own thread. */
int collector_start(Collector **out, const CollectOptions *o, const Stop *stop, Err *e);
void collector_join(Collector *c); /* after stop_set */

/* Known places on this machine that hold logs (formats' own lists); appended to config->sources as discovered. */
size_t discover_sources(const Formats *f, SourceConfig *out, size_t max); /* folders and globs that match something now */
size_t discover_known(const Formats *f, SourceConfig *out, size_t max);   /* all of them; out NULL = only counted */
/* What was looked for, for the first-run screen: one line each, "place: none|N files". */
size_t discover_places(const Formats *f, char out[][160], size_t max);

typedef struct ImportOptions {
    const Config *config; const char *db_path; const char *format; /* "" = recognise */
    bool notional, progress; int64_t reopen_day_ms /* 0 = none */, now_ms;
} ImportOptions;
typedef struct ImportSummary {
    uint64_t files, failed_files, bytes, lines, records, bad_lines, skipped_lines, unpriced, time_borrowed /* from their line or file */;
    IngestCounts rows;
    int64_t elapsed_ms;
    bool day_kept;              /* the day to reopen: no call of it came, so it is as it was */
    int64_t day_fewer;          /* or so many calls fewer are in it than before */
    char first_bad[ERR_MAX];    /* FILE:LINE: what */
    char first_failed[ERR_MAX]; /* a file that could not be read */
    char left_out[ERR_MAX];     /* a format file of the user's that is wrong; "" = none */
} ImportSummary;
/* Whole files once: parser threads, a bounded ring, one writer. */
int import_files(const ImportOptions *o, const char *const *paths, size_t count, ImportSummary *out, const Stop *stop, Err *e);
#endif
