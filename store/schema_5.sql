-- From schema version 4 to 5: rules of the policy that were written to save money, so that what they save can be held against
-- what was expected. Only store/saving_book.c writes here. Money in nano-dollars. generation 0: not yet written, or never.
-- kind: 0 route, 1 limit, 2 rate, 3 cache. entry: the policy's JSON as it was written. expected: dollars and calls a day, and
-- the spread of the dollars. ended_ms: when it was undone; 0 = it runs.
CREATE TABLE saving_rule(
    id INTEGER PRIMARY KEY, rule TEXT NOT NULL, kind INTEGER NOT NULL, entry TEXT NOT NULL, user TEXT NOT NULL, reason TEXT NOT NULL,
    from_model TEXT NOT NULL, to_model TEXT NOT NULL, written_ms INTEGER NOT NULL, generation INTEGER NOT NULL,
    expected_nano INTEGER NOT NULL, spread_nano INTEGER NOT NULL, expected_calls INTEGER NOT NULL,
    ended_ms INTEGER NOT NULL, ended_generation INTEGER NOT NULL);
