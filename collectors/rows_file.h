/* rows_file: somebody else's SQLite file, opened so that it and its folder stay as they are. Private to rows*.c.
 *
 * A database in WAL mode whose owner is away has no -wal file; an ordinary reader would make one. It is then read as
 * immutable, and opened anew as soon as anything of it changes.
 */
#ifndef COLLECTORS_ROWS_FILE_H
#define COLLECTORS_ROWS_FILE_H
#include "store/base.h"
#include <sqlite3.h>

typedef struct RowsFile {
    sqlite3 *db;
    bool immutable, known; /* known: `version` and `stamp` are of the last look */
    int64_t version;
    uint64_t inode;
    uint64_t stamp; /* of size, time and inode of the file and of its -wal */
    char path[4096];
} RowsFile;
int rows_file_open(RowsFile *f, const char *path, Err *e);
void rows_file_close(RowsFile *f);
int rows_file_changed(RowsFile *f, Err *e); /* 1 = since the last call (and the first time), 0, -1 */
void rows_file_forget(RowsFile *f);         /* the look failed: the next one counts as changed */
int rows_file_fail(RowsFile *f, Err *e);    /* SQLite's last error as one line; -1 */
#endif
