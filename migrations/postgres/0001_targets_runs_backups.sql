-- Words such as level, status and action carry no CHECK: they are checked when a row is
-- read, here as in SQLite, so that both databases know the same words.
-- What is sorted or compared as a name has COLLATE "C", which is SQLite's order.

-- Accounts and instances that somebody signed in to. The two secrets are sealed text.
CREATE TABLE target (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          TEXT COLLATE "C" NOT NULL UNIQUE,
    level         TEXT NOT NULL,
    base_url      TEXT NOT NULL,
    domain        TEXT COLLATE "C" NOT NULL,
    account       TEXT,
    software      TEXT NOT NULL,
    version       TEXT NOT NULL,
    scopes        TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    client_secret TEXT NOT NULL,
    token         TEXT NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL
);

-- What a target blocked before something touched it. `target` is text here and in `run`:
-- a backup outlives the sign-in, and a run may be on a CSV file.
CREATE TABLE backup (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target   TEXT COLLATE "C" NOT NULL,
    level    TEXT NOT NULL,
    taken_at TIMESTAMPTZ NOT NULL,
    blocks   BIGINT NOT NULL,
    sha256   TEXT NOT NULL,
    path     TEXT NOT NULL,
    csv_path TEXT NOT NULL,
    reason   TEXT NOT NULL
);

CREATE TABLE run (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target      TEXT COLLATE "C" NOT NULL,
    level       TEXT NOT NULL,
    mode        TEXT NOT NULL,
    plan        TEXT NOT NULL,
    plan_sha256 TEXT NOT NULL,
    backup_id   BIGINT REFERENCES backup (id),
    status      TEXT NOT NULL,
    verified    BOOLEAN,
    message     TEXT,
    created_at  TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ
);

-- One request that a run sends, in the order of `seq`.
CREATE TABLE step (
    run_id     BIGINT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    seq        BIGINT NOT NULL,
    action     TEXT NOT NULL,
    domain     TEXT COLLATE "C" NOT NULL,
    status     TEXT NOT NULL DEFAULT 'pending',
    attempts   BIGINT NOT NULL DEFAULT 0,
    error      TEXT,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (run_id, seq)
);
