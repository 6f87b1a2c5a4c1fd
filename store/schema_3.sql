-- Schema version 3. -- Who changed the policy, when and why: the audit trail's lines, kept with the ledger. A row is written before the change and
-- its outcome after it; an outcome that stayed "intended" tells of a writer that was ended in between.
CREATE TABLE policy_event(
    id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, action TEXT NOT NULL, section TEXT NOT NULL, user TEXT NOT NULL,
    login TEXT NOT NULL, host TEXT NOT NULL, came_from TEXT NOT NULL, reason TEXT NOT NULL,
    from_generation INTEGER NOT NULL, generation INTEGER NOT NULL, outcome TEXT NOT NULL);
CREATE INDEX policy_event_at ON policy_event(at_ms);
