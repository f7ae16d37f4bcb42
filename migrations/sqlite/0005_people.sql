-- People who signed in with their own server. Their number is the `owner` of what is theirs;
-- 0 is whoever runs this Hedgerow, who has no row here. `identity` is the name on the server that
-- was really asked, and `account` how that server writes it.
CREATE TABLE person (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    identity   TEXT NOT NULL UNIQUE,
    account    TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

-- Browsers that are signed in. `digest` is of the random id that only the browser has.
CREATE TABLE session (
    digest     TEXT PRIMARY KEY,
    owner      INTEGER NOT NULL,
    browser    TEXT NOT NULL,
    created_at TEXT NOT NULL,
    used_at    TEXT NOT NULL
) STRICT;
CREATE INDEX session_owner ON session (owner);
