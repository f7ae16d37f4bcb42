-- The lists that a target follows. `terms` is JSON. `list` is a name and no reference: a
-- list that is left and followed anew is the same to those who subscribe to it.
CREATE TABLE subscription (
    target     TEXT NOT NULL,
    list       TEXT NOT NULL,
    terms      TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (target, list)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscription_list ON subscription (list);

-- What is decided for a target as a whole. `policy` is JSON. `whose` says which account or
-- server the ledger below is about, because a name can be given to another one later.
CREATE TABLE kept_target (
    name   TEXT PRIMARY KEY,
    whose  TEXT NOT NULL,
    policy TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Whose a block on a target is, and for which lists it stands. `rule`, `before` and
-- `claims` are JSON, a claim being an array of its parts. `run_id` is no reference: what is
-- known of a block outlives the run.
CREATE TABLE holding (
    target TEXT NOT NULL,
    domain TEXT NOT NULL,
    owner  TEXT NOT NULL,
    rule   TEXT,
    before TEXT,
    row_id TEXT,
    run_id INTEGER,
    since  TEXT NOT NULL,
    claims TEXT NOT NULL,
    PRIMARY KEY (target, domain)
) STRICT, WITHOUT ROWID;

-- What a person did not want blocked. `said` is JSON: what lists said then. It is missing
-- until the lists are next read.
CREATE TABLE dismissal (
    target TEXT NOT NULL,
    domain TEXT NOT NULL,
    why    TEXT NOT NULL,
    at     TEXT NOT NULL,
    said   TEXT,
    PRIMARY KEY (target, domain)
) STRICT, WITHOUT ROWID;

-- What must not be blocked. Without a target it holds for all of them, without a list
-- against all lists.
CREATE TABLE exception (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    target     TEXT,
    domain     TEXT NOT NULL,
    subdomains INTEGER NOT NULL,
    list       TEXT,
    reason     TEXT,
    until      TEXT,
    created_at TEXT NOT NULL,
    made_by    TEXT NOT NULL
) STRICT;

-- When a block ends by itself, and when somebody wants to look at it again.
CREATE TABLE block_date (
    target     TEXT NOT NULL,
    domain     TEXT NOT NULL,
    expires_at TEXT,
    review_at  TEXT,
    reason     TEXT,
    made_by    TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (target, domain)
) STRICT, WITHOUT ROWID;

-- Who did what, in the order in which it happened. `detail` is JSON. Nothing here refers
-- to another table: an event stays when what it tells of is gone.
CREATE TABLE event (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    at     TEXT NOT NULL,
    actor  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    target TEXT,
    domain TEXT,
    list   TEXT,
    run_id INTEGER,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX event_domain ON event (domain, id) WHERE domain IS NOT NULL;
CREATE INDEX event_target ON event (target, id) WHERE target IS NOT NULL;

-- A record that can be rewritten proves nothing.
CREATE TRIGGER event_not_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are only added'); END;
CREATE TRIGGER event_not_removed BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are only added'); END;
-- INSERT OR REPLACE removes a row without asking the trigger above.
CREATE TRIGGER event_not_replaced BEFORE INSERT ON event
WHEN EXISTS (SELECT 1 FROM event WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'events are only added'); END;

-- The names of the lists that ask for the change, joined with ", ".
ALTER TABLE step ADD COLUMN lists TEXT NOT NULL DEFAULT '';
CREATE INDEX step_domain ON step (domain);
-- Who works on the run. Of runs before this, nobody knows.
ALTER TABLE run ADD COLUMN actor TEXT NOT NULL DEFAULT '';
