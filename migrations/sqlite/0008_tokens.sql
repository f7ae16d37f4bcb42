-- Keys to the API. `digest` is of the secret, which only the program that uses it has.
CREATE TABLE token (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    owner      INTEGER NOT NULL,
    name       TEXT NOT NULL,
    digest     TEXT NOT NULL UNIQUE,
    scope      TEXT NOT NULL,
    created_at TEXT NOT NULL,
    used_at    TEXT,
    UNIQUE (owner, name)
) STRICT;
