-- From schema version 5 to 6: what a rule that is to save was expected to do in all of the range it was tried on, whole:
-- a day's share of few calls is less than one. window_ms 0 = written before; then the day's figures are all there is.
ALTER TABLE saving_rule ADD COLUMN window_nano INTEGER NOT NULL DEFAULT 0;
ALTER TABLE saving_rule ADD COLUMN window_calls INTEGER NOT NULL DEFAULT 0;
ALTER TABLE saving_rule ADD COLUMN window_ms INTEGER NOT NULL DEFAULT 0;
