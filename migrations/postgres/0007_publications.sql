-- Blocks that are published. `slug` is the address, which stays taken after the end so that
-- nobody else can speak from there; that of a private one nobody can guess. `what` and
-- `options` are JSON.
CREATE TABLE publication (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner      BIGINT NOT NULL,
    slug       TEXT NOT NULL UNIQUE,
    title      TEXT NOT NULL,
    what       TEXT NOT NULL,
    options    TEXT NOT NULL,
    visibility TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ
);
CREATE INDEX publication_owner ON publication (owner);

-- Addresses that a publication had and gave up.
CREATE TABLE publication_past (
    slug TEXT PRIMARY KEY
);
