-- The lists that a target follows. `terms` is JSON. `list` is a name and no reference: a
-- list that is left and followed anew is the same to those who subscribe to it.
CREATE TABLE subscription (
    target     TEXT COLLATE "C" NOT NULL,
    list       TEXT COLLATE "C" NOT NULL,
    terms      TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (target, list)
);
CREATE INDEX subscription_list ON subscription (list);

-- What is decided for a target as a whole. `policy` is JSON. `whose` says which account or
-- server the ledger below is about, because a name can be given to another one later.
CREATE TABLE kept_target (
    name   TEXT COLLATE "C" PRIMARY KEY,
    whose  TEXT NOT NULL,
    policy TEXT NOT NULL
);

-- Whose a block on a target is, and for which lists it stands. `rule`, `before` and
-- `claims` are JSON, a claim being an array of its parts. `run_id` is no reference: what is
-- known of a block outlives the run.
CREATE TABLE holding (
    target TEXT COLLATE "C" NOT NULL,
    domain TEXT COLLATE "C" NOT NULL,
    owner  TEXT NOT NULL,
    rule   TEXT,
    before TEXT,
    row_id TEXT,
    run_id BIGINT,
    since  TIMESTAMPTZ NOT NULL,
    claims TEXT NOT NULL,
    PRIMARY KEY (target, domain)
);

-- What a person did not want blocked. `said` is JSON: what lists said then. It is missing
-- until the lists are next read.
CREATE TABLE dismissal (
    target TEXT COLLATE "C" NOT NULL,
    domain TEXT COLLATE "C" NOT NULL,
    why    TEXT NOT NULL,
    at     TIMESTAMPTZ NOT NULL,
    said   TEXT,
    PRIMARY KEY (target, domain)
);

-- What must not be blocked. Without a target it holds for all of them, without a list
-- against all lists.
CREATE TABLE exception (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target     TEXT COLLATE "C",
    domain     TEXT COLLATE "C" NOT NULL,
    subdomains BOOLEAN NOT NULL,
    list       TEXT COLLATE "C",
    reason     TEXT,
    until      TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    made_by    TEXT NOT NULL
);

-- When a block ends by itself, and when somebody wants to look at it again.
CREATE TABLE block_date (
    target     TEXT COLLATE "C" NOT NULL,
    domain     TEXT COLLATE "C" NOT NULL,
    expires_at TIMESTAMPTZ,
    review_at  TIMESTAMPTZ,
    reason     TEXT,
    made_by    TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (target, domain)
);

-- Who did what, in the order in which it happened. `detail` is JSON. Nothing here refers
-- to another table: an event stays when what it tells of is gone.
CREATE TABLE event (
    id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     TIMESTAMPTZ NOT NULL,
    actor  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    target TEXT COLLATE "C",
    domain TEXT COLLATE "C",
    list   TEXT COLLATE "C",
    run_id BIGINT,
    detail TEXT NOT NULL
);
CREATE INDEX event_domain ON event (domain, id) WHERE domain IS NOT NULL;
CREATE INDEX event_target ON event (target, id) WHERE target IS NOT NULL;

-- A record that can be rewritten proves nothing.
CREATE FUNCTION event_not_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are only added';
END
$$;
CREATE TRIGGER event_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON event
FOR EACH STATEMENT EXECUTE FUNCTION event_not_changed();

-- The names of the lists that ask for the change, joined with ", ".
ALTER TABLE step ADD COLUMN lists TEXT NOT NULL DEFAULT '';
CREATE INDEX step_domain ON step (domain);
-- Who works on the run. Of runs before this, nobody knows.
ALTER TABLE run ADD COLUMN actor TEXT NOT NULL DEFAULT '';
