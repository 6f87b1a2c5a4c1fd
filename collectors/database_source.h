/* database_source: one worker that follows the sources that are SQLite databases of somebody else's (rows.h), looking once a
 * second: two stat() calls while nothing changes. Where each was left stands in the ledger, in the transaction of its rows. */
#ifndef COLLECTORS_DATABASE_SOURCE_H
#define COLLECTORS_DATABASE_SOURCE_H
#include "collectors/collect_parts.h"

/* Its format reads a table, or its path says so (.db, .sqlite, .sqlite3). The follower leaves these alone. */
bool source_is_database(const Formats *f, const SourceConfig *s);
extern const WorkerType database_worker; /* config: Collecting */
#endif
