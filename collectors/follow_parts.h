/* follow_parts: what the files of the follower share. Private to collectors/follow*.c. Thread: the worker's. */
#ifndef COLLECTORS_FOLLOW_PARTS_H
#define COLLECTORS_FOLLOW_PARTS_H
#include "collectors/collect_parts.h"
#include "collectors/follow.h"
#include "collectors/follow_table.h"
#include "collectors/follow_tree.h"

enum {
    STEP_MS = 50,          /* a step begins nothing new after so long */
    SLICE_BYTES = 1 << 20, /* of one file in a row */
    SLICE_REQUESTS = 1024,
    LIVE_BYTES = 1 << 20,  /* what is further behind is backlog */
    REST_MS = 3000,        /* a last record without its newline is taken when nothing came for so long */
    PACK_MS = 1000,        /* a packed file is opened when it has not grown for so long */
    HELD_MS = 10000,       /* a rotated file is let go when it has been quiet for so long */
    HELD_LOOK_MS = 500,
    TIRED_MS = 10000,      /* what reading took of memory is given back when nothing was stored for so long */
    RETRY_MS = 5000,       /* a file that could not be read; each time twice as long, up to */
    RETRY_MAX_MS = 900000,
    COLD_MS = 60000,       /* a file as old as that is closed when it was read to its end */
    POLL_MS = 1000,        /* folders without a watch */
    SLOW_LOOK_MS = 15000,
    RESCAN_MS = 250,
    PATIENCE_MS = 100,     /* a statement waits so long for another writer, */
    BUSY_MS = 10,          /* and is tried again after so long, */
    LOCKED_MS = 5000       /* until that is a failure */
};

typedef struct SourceState { /* what becomes its health */
    const SourceConfig *config;
    const char *format; /* the last one a file had; NULL = none yet */
    size_t files, troubles, unbegun;
    char trouble[256], bad[256];
    int64_t seen_ms, lag_ms;
    int64_t bad_at_ms, written_ms; /* monotonic */
    bool notional, dirty, written;
} SourceState;

typedef struct KnownFile { /* of the ledger, by dev and ino: what need not be opened at the start */
    FileRecord record;
    size_t source, order;
} KnownFile;

typedef struct Follow {
    const Collecting *c;
    Db *db;
    Ledger *ledger;
    Batch *batch;
    LogLoan loan;        /* one pricer for all files */
    Tree *tree;
    Table *table;
    SourceState *state;  /* one a file source; their number is the tree's */
    size_t sources;
    KnownFile *known;
    size_t known_count;
    Entry *unwritten;    /* its batch waits for the database, */
    int64_t unwritten_ms; /* since then */
    Filled unwritten_got;
    Err unwritten_why;
    int64_t woke_ms;     /* monotonic: when this step began */
    int64_t stored_ms;   /* the last batch; 0 = none since it rested */
    int64_t scanned_ms, scan_took_ms;
    unsigned scan;
    size_t next_source;  /* whose backlog is next */
    size_t next_live;
    bool first_scan;     /* what it finds is old */
    bool wants_scan;
} Follow;

/* follow_read.c. 1: the database is locked, -1: it failed; what was read waits in f for follow_write_again(). */
int follow_read(Follow *f, Entry *n, Err *e);      /* a slice of a file: opens it, reads, stores, closes */
int follow_take_rest(Follow *f, Entry *n, Err *e); /* a last record without its newline */
int follow_write_again(Follow *f, Err *e);
bool follow_db_busy(Follow *f);                    /* the last statement met another writer */
void follow_close(Follow *f, Entry *n);            /* its log; one without a name is removed */
void follow_forget(Follow *f, Entry *n);           /* its path leads nowhere, and nothing of it is open */
void follow_due(Follow *f, Entry *n, Due what, int64_t in_ms);
void follow_not_due(Follow *f, Entry *n);
/* follow_look.c */
void follow_look(void *follow, size_t source, const char *path);
void follow_scan(Follow *f);
void follow_queue(Follow *f, Entry *n);
int follow_known(Follow *f, Err *e);               /* loads f->known */
/* follow_health.c */
void health_unbegun(Follow *f, Entry *n, bool unbegun);
void health_trouble(Follow *f, Entry *n, const char *why); /* NULL: it can be read again */
void health_stored(Follow *f, Entry *n, bool data);
void health_write(Follow *f);                      /* what changed, at most once a second a source */
int64_t health_due_ms(const Follow *f);            /* until the next write; -1 = nothing waits */
#endif
