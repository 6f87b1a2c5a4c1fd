-- From schema version 3 to 4: what providers' own APIs say. Only store/bill*.c writes here. Money in nano of its currency.
-- A feed is one endpoint of one account. until_ms: end of the newest closed bucket that was read.
CREATE TABLE bill_feed(
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, provider TEXT NOT NULL, feed TEXT NOT NULL, origin INTEGER NOT NULL,
    until_ms INTEGER NOT NULL, read_ms INTEGER NOT NULL, UNIQUE(account, feed));
-- A bucket's rows are replaced together. origin: 1 reported (tokens, at our prices), 2 billed (the provider's money).
-- lane: where its sums stand in the rollups; 0 = nowhere (another currency). item: a line of the bill that is no model.
CREATE TABLE bill(
    id INTEGER PRIMARY KEY, feed INTEGER NOT NULL, start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, lane INTEGER NOT NULL,
    model TEXT NOT NULL, tier TEXT NOT NULL, project TEXT NOT NULL, key TEXT NOT NULL, item TEXT NOT NULL, currency TEXT NOT NULL,
    requests INTEGER NOT NULL, searches INTEGER NOT NULL, nano INTEGER NOT NULL, unpriced_tokens INTEGER NOT NULL,
    input INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write_5m INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL, reasoning INTEGER NOT NULL, audio_input INTEGER NOT NULL);
CREATE INDEX bill_bucket ON bill(feed, start_ms);
CREATE INDEX bill_time ON bill(start_ms);
-- What a provider calls its projects and keys. kind: "project", "key".
CREATE TABLE bill_name(
    account TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY(account, kind, id)) WITHOUT ROWID;
-- What is left of prepaid credit, or a spending limit, as it was said last. kind: "balance", "credit", "limit", "month".
CREATE TABLE bill_balance(
    account TEXT NOT NULL, kind TEXT NOT NULL, currency TEXT NOT NULL, nano INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY(account, kind, currency)) WITHOUT ROWID;
