-- What lists published, each different content once and compressed.
CREATE TABLE content (
    sha256 TEXT PRIMARY KEY,
    size   BIGINT NOT NULL,
    packed BYTEA NOT NULL
);

-- Lists that somebody follows. `settings` is JSON; no secret is in it, only where one is.
-- `latest_id` is what was fetched last, `current_id` what is in force, and `held_id` what
-- waits for a decision. The three name rows of `snapshot`.
CREATE TABLE followed_list (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name          TEXT COLLATE "C" NOT NULL UNIQUE,
    source        TEXT NOT NULL,
    settings      TEXT NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    tried_at      TIMESTAMPTZ,
    succeeded_at  TIMESTAMPTZ,
    failure       TEXT,
    failures      BIGINT NOT NULL DEFAULT 0,
    etag          TEXT,
    last_modified TEXT,
    cursor        TEXT,
    latest_id     BIGINT,
    current_id    BIGINT,
    held_id       BIGINT
);

-- One version of a list. `why` is JSON: the reasons for which it was held.
CREATE TABLE snapshot (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    list_id    BIGINT NOT NULL REFERENCES followed_list (id) ON DELETE CASCADE,
    sha256     TEXT NOT NULL REFERENCES content (sha256),
    fetched_at TIMESTAMPTZ NOT NULL,
    standing   TEXT NOT NULL,
    why        TEXT NOT NULL DEFAULT '[]',
    format     TEXT,
    entries    BIGINT NOT NULL,
    rejected   BIGINT NOT NULL,
    decided_at TIMESTAMPTZ
);
CREATE INDEX snapshot_list ON snapshot (list_id, id);
CREATE INDEX snapshot_content ON snapshot (sha256);

-- Every domain that was ever read, to find the names that others hide: by the digest
-- that they publish, or by Mastodon's mask.
CREATE TABLE seen_domain (
    domain TEXT COLLATE "C" PRIMARY KEY,
    digest TEXT NOT NULL,
    mask   TEXT NOT NULL
);
CREATE INDEX seen_domain_digest ON seen_domain (digest);
CREATE INDEX seen_domain_mask ON seen_domain (mask);
