-- The ledger's tables, schema version 1 (PRAGMA user_version). Names are dictionary-coded; rows are keyed by time.
-- Only store/ledger*.c writes here; store/query*.c reads. Money in nano-dollars, times in ms since 1970 UTC unless named.

-- Free-text values, one row per (dimension, value); id 0 = none is never stored. first_day counts new values per day.
CREATE TABLE name(
    id INTEGER PRIMARY KEY, dim INTEGER NOT NULL, value TEXT NOT NULL, first_day INTEGER NOT NULL,
    UNIQUE(dim, value));

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

-- One row per request. key = ts_ms << 20 | low 20 bits of the id (next free key when taken); id_high = id >> 17 (47 bits).
CREATE TABLE request(
    key INTEGER PRIMARY KEY, id_high INTEGER NOT NULL, combo INTEGER NOT NULL, context INTEGER NOT NULL,
    input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write_5m INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL, reasoning INTEGER NOT NULL, audio_input INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL, saved_cache_nano INTEGER NOT NULL, price INTEGER NOT NULL, -- price_used.id, 0 = none
    flags INTEGER NOT NULL, status INTEGER NOT NULL, latency_ms INTEGER NOT NULL, ttft_ms INTEGER NOT NULL,
    upstream INTEGER NOT NULL, file INTEGER NOT NULL, offset INTEGER NOT NULL, length INTEGER NOT NULL);
-- What few rows have; there is a row here only when something differs from "unknown" or cannot be derived.
CREATE TABLE request_extra(
    key INTEGER PRIMARY KEY, raw_input INTEGER, raw_output INTEGER, raw_total INTEGER, saved_response_nano INTEGER,
    web_searches INTEGER, max_tokens INTEGER, tools INTEGER, prompt_bytes INTEGER, prompt_hash INTEGER,
    prefix_hash INTEGER, prefix_bytes INTEGER, policy_generation INTEGER, source_class INTEGER, geo TEXT, speed TEXT);
CREATE TABLE price_used(id INTEGER PRIMARY KEY, row_hash INTEGER NOT NULL UNIQUE);

-- Identity of records that may come again with another time (streams, agents, forks): full id -> request key.
CREATE TABLE identity(id INTEGER PRIMARY KEY, key INTEGER NOT NULL);
-- Upstream ids, filled hour by hour only where two sources meet: id = hour << 44 | 44 bits of the hash.
CREATE TABLE upstream(id INTEGER PRIMARY KEY, key INTEGER NOT NULL);
CREATE TABLE upstream_hour(hour INTEGER PRIMARY KEY, source INTEGER NOT NULL, indexed INTEGER NOT NULL);

-- Rollups. slot = ms / slot length. Same value columns in all three.
CREATE TABLE rollup_minute(
    minute INTEGER NOT NULL, lane INTEGER NOT NULL,
    requests INTEGER, errors INTEGER, refused INTEGER, incomplete INTEGER, input INTEGER, cache_read INTEGER,
    cache_write_5m INTEGER, cache_write_1h INTEGER, output INTEGER, reasoning INTEGER, audio_input INTEGER,
    cost_nano INTEGER, saved_cache_nano INTEGER, saved_response_nano INTEGER, response_cache_hits INTEGER,
    unpriced_requests INTEGER, unpriced_tokens INTEGER,
    PRIMARY KEY(minute, lane)) WITHOUT ROWID;
CREATE TABLE rollup_combo(
    quarter INTEGER NOT NULL, combo INTEGER NOT NULL,
    requests INTEGER, errors INTEGER, refused INTEGER, incomplete INTEGER, input INTEGER, cache_read INTEGER,
    cache_write_5m INTEGER, cache_write_1h INTEGER, output INTEGER, reasoning INTEGER, audio_input INTEGER,
    cost_nano INTEGER, saved_cache_nano INTEGER, saved_response_nano INTEGER, response_cache_hits INTEGER,
    unpriced_requests INTEGER, unpriced_tokens INTEGER,
    PRIMARY KEY(quarter, combo)) WITHOUT ROWID;
CREATE TABLE rollup_lane(
    quarter INTEGER NOT NULL, lane INTEGER NOT NULL,
    requests INTEGER, errors INTEGER, refused INTEGER, incomplete INTEGER, input INTEGER, cache_read INTEGER,
    cache_write_5m INTEGER, cache_write_1h INTEGER, output INTEGER, reasoning INTEGER, audio_input INTEGER,
    cost_nano INTEGER, saved_cache_nano INTEGER, saved_response_nano INTEGER, response_cache_hits INTEGER,
    unpriced_requests INTEGER, unpriced_tokens INTEGER,
    PRIMARY KEY(quarter, lane)) WITHOUT ROWID;

-- Metered spend per budget and period, kept in the same transaction (raw rows may be purged before a period ends).
CREATE TABLE budget_spend(
    budget TEXT NOT NULL, period_start_ms INTEGER NOT NULL, nano INTEGER NOT NULL, unpriced_tokens INTEGER NOT NULL,
    PRIMARY KEY(budget, period_start_ms)) WITHOUT ROWID;

-- UTC days (ms / 86,400,000) whose raw rows were purged.
CREATE TABLE sealed_day(day INTEGER PRIMARY KEY, late INTEGER NOT NULL);
-- Days on which a dimension's limit of new values was hit.
CREATE TABLE overflow_day(day INTEGER NOT NULL, dim INTEGER NOT NULL, values_lost INTEGER NOT NULL, PRIMARY KEY(day, dim));

-- Files, known by the hash of their first complete line; offsets commit with the rows.
CREATE TABLE file(
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, format TEXT NOT NULL, path TEXT NOT NULL, fingerprint INTEGER NOT NULL,
    dev INTEGER NOT NULL, ino INTEGER NOT NULL, offset INTEGER NOT NULL, tail_hash INTEGER NOT NULL, size INTEGER NOT NULL,
    mtime_ms INTEGER NOT NULL, lines INTEGER NOT NULL, records INTEGER NOT NULL, bad_lines INTEGER NOT NULL,
    skipped_lines INTEGER NOT NULL, late INTEGER NOT NULL, last_error TEXT NOT NULL, state BLOB);
CREATE INDEX file_fingerprint ON file(fingerprint);
CREATE TABLE source(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, state TEXT NOT NULL, last_word TEXT NOT NULL,
    seen_ms INTEGER NOT NULL, lag_ms INTEGER NOT NULL, notional INTEGER NOT NULL);
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID; -- heartbeat, zone, ...
