-- What a target was last seen to block: a State as compressed JSON. `whose` says which account
-- or server that was.
CREATE TABLE reading (
    owner    INTEGER NOT NULL,
    target   TEXT NOT NULL,
    whose    TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    size     INTEGER NOT NULL,
    packed   BLOB NOT NULL,
    PRIMARY KEY (owner, target)
) STRICT, WITHOUT ROWID;

-- Plans that wait for a person. `wish` is JSON: what the plan is to bring about, with the
-- person's word on its rows. `packed` is the plan, and what was found out for it, as compressed
-- JSON; it is emptied once a run has the plan. `taken_at` is when it was handed to a run.
CREATE TABLE proposal (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    owner      INTEGER NOT NULL,
    target     TEXT NOT NULL,
    wish       TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    packed     BLOB NOT NULL,
    created_at TEXT NOT NULL,
    taken_at   TEXT,
    run_id     INTEGER
) STRICT;
-- One at a time on each target.
CREATE UNIQUE INDEX proposal_open ON proposal (owner, target) WHERE taken_at IS NULL;
CREATE INDEX proposal_run ON proposal (run_id) WHERE run_id IS NOT NULL;
