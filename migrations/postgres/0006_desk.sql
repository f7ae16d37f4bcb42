-- What a target was last seen to block: a State as compressed JSON. `whose` says which account
-- or server that was.
CREATE TABLE reading (
    owner    BIGINT NOT NULL,
    target   TEXT COLLATE "C" NOT NULL,
    whose    TEXT NOT NULL,
    taken_at TIMESTAMPTZ NOT NULL,
    size     BIGINT NOT NULL,
    packed   BYTEA NOT NULL,
    PRIMARY KEY (owner, target)
);

-- Plans that wait for a person. `wish` is JSON: what the plan is to bring about, with the
-- person's word on its rows. `packed` is the plan, and what was found out for it, as compressed
-- JSON; it is emptied once a run has the plan. `taken_at` is when it was handed to a run.
CREATE TABLE proposal (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner      BIGINT NOT NULL,
    target     TEXT COLLATE "C" NOT NULL,
    wish       TEXT NOT NULL,
    revision   BIGINT NOT NULL,
    size       BIGINT NOT NULL,
    packed     BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    taken_at TIMESTAMPTZ,
    run_id     BIGINT
);
-- One at a time on each target.
CREATE UNIQUE INDEX proposal_open ON proposal (owner, target) WHERE taken_at IS NULL;
CREATE INDEX proposal_run ON proposal (run_id) WHERE run_id IS NOT NULL;
