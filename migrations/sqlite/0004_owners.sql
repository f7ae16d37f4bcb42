-- Whose everything is: a person's number, or 0 for whoever runs this Hedgerow, who owns all
-- that is here already. A table is built anew where a name is unique for one owner only from
-- now on. Nothing is dropped that something else still refers to: rows would go with it.

CREATE TABLE new_target (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    owner         INTEGER NOT NULL,
    name          TEXT NOT NULL,
    level         TEXT NOT NULL,
    base_url      TEXT NOT NULL,
    domain        TEXT NOT NULL,
    account       TEXT,
    software      TEXT NOT NULL,
    version       TEXT NOT NULL,
    scopes        TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    client_secret TEXT NOT NULL,
    token         TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    UNIQUE (owner, name)
) STRICT;
INSERT INTO new_target
SELECT id, 0, name, level, base_url, domain, account, software, version, scopes, client_id,
    client_secret, token, created_at
FROM target;

CREATE TABLE new_followed_list (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    owner         INTEGER NOT NULL,
    name          TEXT NOT NULL,
    source        TEXT NOT NULL,
    settings      TEXT NOT NULL,
    created_at    TEXT NOT NULL,
    tried_at      TEXT,
    succeeded_at  TEXT,
    failure       TEXT,
    failures      INTEGER NOT NULL DEFAULT 0,
    etag          TEXT,
    last_modified TEXT,
    cursor        TEXT,
    latest_id     INTEGER,
    current_id    INTEGER,
    held_id       INTEGER,
    UNIQUE (owner, name)
) STRICT;
INSERT INTO new_followed_list
SELECT id, 0, name, source, settings, created_at, tried_at, succeeded_at, failure, failures, etag,
    last_modified, cursor, latest_id, current_id, held_id
FROM followed_list;

CREATE TABLE new_snapshot (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    list_id    INTEGER NOT NULL REFERENCES new_followed_list (id) ON DELETE CASCADE,
    sha256     TEXT NOT NULL REFERENCES content (sha256),
    fetched_at TEXT NOT NULL,
    standing   TEXT NOT NULL,
    why        TEXT NOT NULL DEFAULT '[]',
    format     TEXT,
    entries    INTEGER NOT NULL,
    rejected   INTEGER NOT NULL,
    decided_at TEXT
) STRICT;
INSERT INTO new_snapshot
SELECT id, list_id, sha256, fetched_at, standing, why, format, entries, rejected, decided_at
FROM snapshot;

-- A number that was given once is not given again, also where its row is gone.
DELETE FROM sqlite_sequence WHERE name IN ('new_target', 'new_followed_list', 'new_snapshot');
INSERT INTO sqlite_sequence (name, seq)
SELECT 'new_' || name, seq FROM sqlite_sequence
WHERE name IN ('target', 'followed_list', 'snapshot');

DROP TABLE target;
DROP TABLE snapshot;
DROP TABLE followed_list;
-- What refers to a table that gets another name refers to that name afterwards.
ALTER TABLE new_target RENAME TO target;
ALTER TABLE new_followed_list RENAME TO followed_list;
ALTER TABLE new_snapshot RENAME TO snapshot;
CREATE INDEX snapshot_list ON snapshot (list_id, id);
CREATE INDEX snapshot_content ON snapshot (sha256);

CREATE TABLE new_subscription (
    owner      INTEGER NOT NULL,
    target     TEXT NOT NULL,
    list       TEXT NOT NULL,
    terms      TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (owner, target, list)
) STRICT, WITHOUT ROWID;
INSERT INTO new_subscription SELECT 0, target, list, terms, created_at FROM subscription;
DROP TABLE subscription;
ALTER TABLE new_subscription RENAME TO subscription;
CREATE INDEX subscription_list ON subscription (owner, list);

CREATE TABLE new_kept_target (
    owner  INTEGER NOT NULL,
    name   TEXT NOT NULL,
    whose  TEXT NOT NULL,
    policy TEXT NOT NULL,
    PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;
INSERT INTO new_kept_target SELECT 0, name, whose, policy FROM kept_target;
DROP TABLE kept_target;
ALTER TABLE new_kept_target RENAME TO kept_target;

-- `keeper` was called `owner`: whether the block is Hedgerow's or a person's.
CREATE TABLE new_holding (
    owner  INTEGER NOT NULL,
    target TEXT NOT NULL,
    domain TEXT NOT NULL,
    keeper TEXT NOT NULL,
    rule   TEXT,
    before TEXT,
    row_id TEXT,
    run_id INTEGER,
    since  TEXT NOT NULL,
    claims TEXT NOT NULL,
    PRIMARY KEY (owner, target, domain)
) STRICT, WITHOUT ROWID;
INSERT INTO new_holding
SELECT 0, target, domain, owner, rule, before, row_id, run_id, since, claims FROM holding;
DROP TABLE holding;
ALTER TABLE new_holding RENAME TO holding;

CREATE TABLE new_dismissal (
    owner  INTEGER NOT NULL,
    target TEXT NOT NULL,
    domain TEXT NOT NULL,
    why    TEXT NOT NULL,
    at     TEXT NOT NULL,
    said   TEXT,
    PRIMARY KEY (owner, target, domain)
) STRICT, WITHOUT ROWID;
INSERT INTO new_dismissal SELECT 0, target, domain, why, at, said FROM dismissal;
DROP TABLE dismissal;
ALTER TABLE new_dismissal RENAME TO dismissal;

CREATE TABLE new_block_date (
    owner      INTEGER NOT NULL,
    target     TEXT NOT NULL,
    domain     TEXT NOT NULL,
    expires_at TEXT,
    review_at  TEXT,
    reason     TEXT,
    made_by    TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (owner, target, domain)
) STRICT, WITHOUT ROWID;
INSERT INTO new_block_date
SELECT 0, target, domain, expires_at, review_at, reason, made_by, created_at FROM block_date;
DROP TABLE block_date;
ALTER TABLE new_block_date RENAME TO block_date;

-- The steps of a run are its owner's.
ALTER TABLE backup ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
CREATE INDEX backup_owner ON backup (owner, taken_at, id);
ALTER TABLE run ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
CREATE INDEX run_owner ON run (owner, id);
CREATE INDEX run_target ON run (owner, target, id);
ALTER TABLE exception ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
CREATE INDEX exception_owner ON exception (owner, domain, id);
ALTER TABLE event ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
DROP INDEX event_domain;
DROP INDEX event_target;
CREATE INDEX event_owner ON event (owner, id);
CREATE INDEX event_domain ON event (owner, domain, id) WHERE domain IS NOT NULL;
CREATE INDEX event_target ON event (owner, target, id) WHERE target IS NOT NULL;
CREATE INDEX event_list ON event (owner, list, id) WHERE list IS NOT NULL;

-- Whether a list that is offered to everybody names the domain. Of those that are here already
-- nobody knows; the next version of each list tells.
ALTER TABLE seen_domain ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;
