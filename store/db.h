/* db: the SQLite file: opening, permissions, schema version, transactions, and the collector's lock.
 *
 * Owns: pragmas, busy handling, migrations, error texts for locked, full, corrupt, newer and read-only databases.
 * Does not: know what the tables mean. Thread: a Db belongs to the thread that opened it.
 * Source for the settings: measured; WAL, synchronous=NORMAL, 2 ms polling busy handler, no mmap.
 */
#ifndef STORE_DB_H
#define STORE_DB_H
#include "store/base.h"
#include <sqlite3.h>

typedef struct Db Db;
typedef enum DbMode { DB_WRITE /* creates and migrates */, DB_READ /* never writes, opens without a writer */ } DbMode;

int db_open(Db **out, const char *path, DbMode mode, Err *e);
void db_close(Db *db); /* NULL is fine */
sqlite3 *db_handle(Db *db);
const char *db_path(const Db *db);
void db_patience(Db *db, int ms); /* how long to wait for another's lock; 5,000 unless said */

/* Pages to keep in memory: 8 MiB for a writer and 4 for a reader unless said; who asks little needs less. */
void db_cache(Db *db, int kib);
void db_rest(Db *db); /* for who will be idle: pages that are kept, and what was freed of all memory, go back to the system */

/* A cached prepared statement for a string literal (found by its address); reset and cleared on return. Owned by db.
 * NULL = failed. Step it with db_step(), reset it when done: a statement left in the middle holds its transaction open. */
sqlite3_stmt *db_prepare(Db *db, const char *sql_literal, Err *e);
/* A place for what queries keep beside the statements; `drop` frees it when the database is closed. NULL until it is set. */
void **db_kept(Db *db, void (*drop)(void *kept));
int db_step(Db *db, sqlite3_stmt *s, const char *doing, Err *e); /* 1 = a row, 0 = done (and reset), -1 = failed (and reset) */
int db_exec(Db *db, const char *sql, Err *e);
int db_begin(Db *db, Err *e);  /* BEGIN IMMEDIATE */
int db_commit(Db *db, Err *e);
void db_rollback(Db *db);
int db_fail(Db *db, Err *e, const char *doing); /* the last SQLite error as one clear line; -1 */
/* After a chmod of the database its -wal and -shm, which stay, have its mode again: else it could not be read. Ours only. */
void db_follow_mode(const char *path);
int64_t db_data_version(Db *db);               /* changes when another connection committed */

/* The collector role: an flock on "ledger.lock" beside "ledger.db", whose first line is "host pid user". */
typedef struct Role Role;
int role_take(Role **out, const char *db_path, Err *e);             /* *out NULL and 0: somebody else has it */
void role_drop(Role *r);
int role_holder(const char *db_path, char *out, size_t size);       /* "host 123 alice"; -1 = nobody is collecting */
int role_beat(const char *db_path, int64_t now_ms, Err *e);        /* the holder: "I collect for this database and live" */
int64_t role_beat_ms(const char *db_path);                         /* when it was said last; 0 = never, or of another database */
#endif
