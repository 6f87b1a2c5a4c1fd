-- From schema version 1 to 2: budgets with an anchor day; alerts and what is to be told of them.
-- Only store/ledger*.c writes budget_known, only store/alert*.c the rest. Money in nano-dollars, times in ms since 1970 UTC.
ALTER TABLE budget_known ADD COLUMN anchor_day INTEGER NOT NULL DEFAULT 1;

-- One row per (rule, scope, period): a budget's level has the budget's period, other rules the begin of the episode.
-- state: 0 begun and not told yet, 1 firing, 2 resolved, 3 was over before it was told. told_ms: last put into the outbox.
-- seen_ms: last time the rule held. step: highest told of a ladder. nano_per_hour: what it costs, -1 = not to be said.
CREATE TABLE alert(
    id INTEGER PRIMARY KEY, rule TEXT NOT NULL, scope TEXT NOT NULL, period_ms INTEGER NOT NULL, severity INTEGER NOT NULL,
    state INTEGER NOT NULL, step INTEGER NOT NULL, began_ms INTEGER NOT NULL, fired_ms INTEGER NOT NULL,
    told_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, resolved_ms INTEGER NOT NULL, nano_per_hour INTEGER NOT NULL, title TEXT NOT NULL,
    detail TEXT NOT NULL, acked_ms INTEGER NOT NULL DEFAULT 0, acked_by TEXT NOT NULL DEFAULT '',
    UNIQUE(rule, scope, period_ms));
CREATE INDEX alert_by_state ON alert(state, began_ms);

-- What people do not want to hear of until then, also of episodes to come.
CREATE TABLE alert_silence(
    rule TEXT NOT NULL, scope TEXT NOT NULL, until_ms INTEGER NOT NULL, by TEXT NOT NULL,
    PRIMARY KEY(rule, scope)) WITHOUT ROWID;

-- When a source's newest record was last seen to be young: only what was live can fall silent.
CREATE TABLE alert_live(source TEXT PRIMARY KEY, live_ms INTEGER NOT NULL) WITHOUT ROWID;

-- What is to be told to whom, written in the transaction that changed the alert. kind: 0 fired, 1 still firing, 2 resolved.
-- state: 0 waiting, 1 delivered, 2 given up. word: the last answer. title, detail: as they were when it was written.
CREATE TABLE outbox(
    id INTEGER PRIMARY KEY, alert INTEGER NOT NULL, channel TEXT NOT NULL, kind INTEGER NOT NULL, made_ms INTEGER NOT NULL,
    title TEXT NOT NULL, detail TEXT NOT NULL, due_ms INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    state INTEGER NOT NULL DEFAULT 0, done_ms INTEGER NOT NULL DEFAULT 0, word TEXT NOT NULL DEFAULT '',
    UNIQUE(alert, channel, kind, made_ms));
CREATE INDEX outbox_waiting ON outbox(channel, due_ms) WHERE state = 0;
