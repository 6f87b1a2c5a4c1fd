/* db_watch: learns of commits by other connections: inotify on the -wal file, then PRAGMA data_version.
 *
 * The event can come before the commit is visible, so it is looked again 2 and 20 ms after it; the caller also looks
 * once a second, for file systems without inotify. Does not: read tables. Times are on the monotonic clock.
 */
#ifndef STORE_DB_WATCH_H
#define STORE_DB_WATCH_H
#include "store/db.h"

typedef struct DbWatch DbWatch;
DbWatch *dbwatch_open(Db *db);
void dbwatch_close(DbWatch *w); /* NULL is fine */
int dbwatch_fd(const DbWatch *w); /* -1 = none */
void dbwatch_event(DbWatch *w, int64_t now_ms); /* takes what events there are */
int64_t dbwatch_due_ms(const DbWatch *w);       /* when to look next; INT64_MAX = no need */
bool dbwatch_look(DbWatch *w, int64_t now_ms);  /* true = somebody committed since the last look */
#endif
