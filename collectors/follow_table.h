/* follow_table: the files that are followed: found by path and by inode, queued, timed, open.
 *
 * Owns: the entries and their places in queues; every operation is O(1), the backlog O(log n). Does not: touch files.
 * An entry is named while its path leads to it. One that was rotated away and is still open is not: it is in the index
 * of inodes only, until it turns up under another name or has been quiet for long enough.
 */
#ifndef COLLECTORS_FOLLOW_TABLE_H
#define COLLECTORS_FOLLOW_TABLE_H
#include "collectors/follow_judge.h"
#include "collectors/logfile.h"

typedef enum BagName {
    BAG_ALL,
    BAG_LIVE,  /* something happened to it: read it now */
    BAG_TIMED, /* due_ms is set */
    BAG_OPEN,  /* log is open */
    BAGS
} BagName;

typedef enum Due { DUE_READ /* look and read again */, DUE_REST /* the last record has no newline and nothing came since */ } Due;

typedef struct Entry {
    struct Entry *next_path, *next_inode; /* chains of the indexes */
    size_t place[BAGS], backlog_place;    /* index + 1; 0 = not in it */
    char *path;
    size_t source;
    bool named, aliased; /* another path leads to the same file */
    bool unbegun;        /* nothing whole is in it yet, so that it is not known which log it is */
    bool retry;          /* it could not be opened: tried again at each look */
    FileSight seen;
    LogFile *log;        /* NULL = closed */
    uint64_t offset;     /* stored, as far as is known */
    struct { bool any; int64_t size; uint64_t bad, skipped; } stored; /* with the open log's last batch */
    int64_t rest_tried;  /* size of the file when its rest was no good record */
    int64_t retry_ms;    /* how long the next try waits after a read that failed; 0 = the last one did not */
    int64_t used_ms, due_ms, not_before_ms, quiet_since_ms; /* clock_monotonic_ms() */
    Due due;
    unsigned scan;       /* the last scan that saw it */
    char *trouble;       /* why it cannot be read; NULL = it can */
} Entry;

typedef struct Bag {
    Entry **at;
    size_t count, room;
} Bag;

typedef struct Table Table;
Table *table_new(size_t sources);
void table_free(Table *t); /* closes what is open */

Entry *table_by_path(const Table *t, const char *path);
Entry *table_by_inode(const Table *t, int64_t dev, int64_t ino);
Entry *table_add(Table *t, size_t source, const char *path, const FileSight *seen);
void table_see(Table *t, Entry *n, const FileSight *seen); /* also another inode */
void table_name(Table *t, Entry *n, const char *path);
void table_unname(Table *t, Entry *n);
void table_remove(Table *t, Entry *n); /* closes its log and frees it */

Bag *table_bag(Table *t, BagName name);
void table_put(Table *t, BagName name, Entry *n);  /* being in it already is fine */
void table_take(Table *t, BagName name, Entry *n); /* not being in it is fine */
/* Files to read from their beginning or far behind: the newest of a source first. */
void table_put_backlog(Table *t, Entry *n);
Entry *table_take_backlog(Table *t, size_t source); /* NULL = none */
size_t table_backlog(const Table *t, size_t source);
#endif
