-- People who signed in with their own server. Their number is the `owner` of what is theirs;
-- 0 is whoever runs this Hedgerow, who has no row here. `identity` is the name on the server that
-- was really asked, and `account` how that server writes it.
CREATE TABLE person (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    identity   TEXT NOT NULL UNIQUE,
    account    TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- Browsers that are signed in. `digest` is of the random id that only the browser has.
CREATE TABLE session (
    digest     TEXT PRIMARY KEY,
    owner      BIGINT NOT NULL,
    browser    TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ NOT NULL
);
CREATE INDEX session_owner ON session (owner);
