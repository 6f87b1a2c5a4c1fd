-- The ledger's tables, schema version 1 (PRAGMA user_version); schema_N.sql brings them to version N. Names are dictionary-coded; rows are keyed by time.
-- Only store/ledger*.c writes here; store/query*.c reads. Money in nano-dollars, times in ms since 1970 UTC unless named.
-- Requests and sums are packed: a request costs 50 bytes instead of 70 as columns, a rollup cell 18 instead of 40, and
-- both are written and read in half the time (bench_ledger, bench_query).

-- Free-text values, one row per (dimension, value); id 0 = none and is never stored. dim: enum Dim; 100 = geo, 101 = speed.
CREATE TABLE name(id INTEGER PRIMARY KEY, dim INTEGER NOT NULL, value TEXT NOT NULL, UNIQUE(dim, value));
-- New values per UTC day of arrival, and how many were booked as "(other)" because the day's limit was reached.
CREATE TABLE name_day(
    day INTEGER NOT NULL, dim INTEGER NOT NULL, added INTEGER NOT NULL, lost INTEGER NOT NULL,
    PRIMARY KEY(day, dim)) WITHOUT ROWID;

-- What money is usually asked by: lane = where it is billed, combo = lane and who caused it.
CREATE TABLE lane(
    id INTEGER PRIMARY KEY, origin INTEGER NOT NULL, account INTEGER NOT NULL, provider INTEGER NOT NULL,
    model INTEGER NOT NULL, tier INTEGER NOT NULL,
    UNIQUE(origin, account, provider, model, tier));
CREATE TABLE combo(
    id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, feature INTEGER NOT NULL, team INTEGER NOT NULL, key INTEGER NOT NULL,
    gateway INTEGER NOT NULL, outcome INTEGER NOT NULL,
    UNIQUE(lane, feature, team, key, gateway, outcome));
-- What is only asked of raw rows.
CREATE TABLE context(
    id INTEGER PRIMARY KEY, user INTEGER NOT NULL, session INTEGER NOT NULL, project INTEGER NOT NULL,
    endpoint INTEGER NOT NULL, host INTEGER NOT NULL,
    UNIQUE(user, session, project, endpoint, host));
CREATE TABLE price_used(id INTEGER PRIMARY KEY, row_hash INTEGER NOT NULL UNIQUE);

-- One row per request. key = ts_ms << 20 | low 20 bits of the id (the top one of them tells whether the record may come
-- again with another time; the next free key when taken). body: read and written by store/row.c
-- alone; struct Row in row.h.
CREATE TABLE request(key INTEGER PRIMARY KEY, body BLOB NOT NULL);

-- Identity of records that may come again with another time (streams, agents, forks): id -> request key. Kept when the
-- row is purged: a copy of it that comes later, with another time, must not become a second request.
CREATE TABLE identity(id INTEGER PRIMARY KEY, key INTEGER NOT NULL);
-- Upstream ids by hour, filled only for the hours in which two sources meet.
CREATE TABLE upstream(
    hour INTEGER NOT NULL, upstream INTEGER NOT NULL, key INTEGER NOT NULL,
    PRIMARY KEY(hour, upstream, key)) WITHOUT ROWID;
-- Hours with rows that have an upstream id. source: the only source seen, -1 = several.
CREATE TABLE upstream_hour(hour INTEGER PRIMARY KEY, source INTEGER NOT NULL, indexed INTEGER NOT NULL);

-- Rollups: sums by slot (ms / slot length) and lane.id, combo.id or file.id. A row holds up to 64 cells of neighbouring
-- ids: block = slot << 22 | id >> 6. Read and written by store/rollup.c alone; which they are and how long: rollup.h.
CREATE TABLE rollup_minute(block INTEGER PRIMARY KEY, cells BLOB NOT NULL);
CREATE TABLE rollup_combo(block INTEGER PRIMARY KEY, cells BLOB NOT NULL);
CREATE TABLE rollup_lane(block INTEGER PRIMARY KEY, cells BLOB NOT NULL);
CREATE TABLE rollup_combo_day(block INTEGER PRIMARY KEY, cells BLOB NOT NULL);
CREATE TABLE rollup_lane_day(block INTEGER PRIMARY KEY, cells BLOB NOT NULL);
CREATE TABLE rollup_file(block INTEGER PRIMARY KEY, cells BLOB NOT NULL);

-- Metered spend per budget and period, kept in the same transaction (raw rows may be purged before a period ends).
CREATE TABLE budget_spend(
    budget TEXT NOT NULL, period_start_ms INTEGER NOT NULL, nano INTEGER NOT NULL, unpriced_tokens INTEGER NOT NULL,
    PRIMARY KEY(budget, period_start_ms)) WITHOUT ROWID;
-- What the sums above were made for; another scope, period or zone makes them anew.
CREATE TABLE budget_known(
    budget TEXT PRIMARY KEY, scope_dim INTEGER NOT NULL, scope_value TEXT NOT NULL, period INTEGER NOT NULL,
    zone TEXT NOT NULL) WITHOUT ROWID;

-- UTC days (ms / 86,400,000) whose raw rows were purged. reopened_ms > 0: open again since then.
CREATE TABLE sealed_day(day INTEGER PRIMARY KEY, late INTEGER NOT NULL, reopened_ms INTEGER NOT NULL);

-- Files, known by the hash of their first complete line; offsets commit with the rows.
CREATE TABLE file(
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, format TEXT NOT NULL, path TEXT NOT NULL, fingerprint INTEGER NOT NULL,
    dev INTEGER NOT NULL, ino INTEGER NOT NULL, offset INTEGER NOT NULL, tail_hash INTEGER NOT NULL, size INTEGER NOT NULL,
    mtime_ms INTEGER NOT NULL, lines INTEGER NOT NULL, records INTEGER NOT NULL, bad_lines INTEGER NOT NULL,
    skipped_lines INTEGER NOT NULL, late INTEGER NOT NULL, last_error TEXT NOT NULL, state BLOB);
CREATE INDEX file_fingerprint ON file(fingerprint);
CREATE INDEX file_source ON file(source);
CREATE TABLE source(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, state TEXT NOT NULL, last_word TEXT NOT NULL,
    seen_ms INTEGER NOT NULL, lag_ms INTEGER NOT NULL, notional INTEGER NOT NULL);
-- heartbeat_ms, heartbeat_by, zone, minute_from_ms, combo_from_ms, history
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
