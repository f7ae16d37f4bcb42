-- Words such as level, status and action carry no CHECK: they are checked when a row is
-- read, and SQLite could only learn a new word by rebuilding the table.

-- Accounts and instances that somebody signed in to. The two secrets are sealed text.
CREATE TABLE target (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT NOT NULL UNIQUE,
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
    created_at    TEXT NOT NULL
) STRICT;

-- What a target blocked before something touched it. `target` is text here and in `run`:
-- a backup outlives the sign-in, and a run may be on a CSV file.
CREATE TABLE backup (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    target   TEXT NOT NULL,
    level    TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    blocks   INTEGER NOT NULL,
    sha256   TEXT NOT NULL,
    path     TEXT NOT NULL,
    csv_path TEXT NOT NULL,
    reason   TEXT NOT NULL
) STRICT;

CREATE TABLE run (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    target      TEXT NOT NULL,
    level       TEXT NOT NULL,
    mode        TEXT NOT NULL,
    plan        TEXT NOT NULL,
    plan_sha256 TEXT NOT NULL,
    backup_id   INTEGER REFERENCES backup (id),
    status      TEXT NOT NULL,
    verified    INTEGER,
    message     TEXT,
    created_at  TEXT NOT NULL,
    finished_at TEXT
) STRICT;

-- One request that a run sends, in the order of `seq`.
CREATE TABLE step (
    run_id     INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    seq        INTEGER NOT NULL,
    action     TEXT NOT NULL,
    domain     TEXT NOT NULL,
    status     TEXT NOT NULL DEFAULT 'pending',
    attempts   INTEGER NOT NULL DEFAULT 0,
    error      TEXT,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;
