-- Keys to the API. `digest` is of the secret, which only the program that uses it has.
CREATE TABLE token (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner      BIGINT NOT NULL,
    name       TEXT NOT NULL,
    digest     TEXT NOT NULL UNIQUE,
    scope      TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ,
    UNIQUE (owner, name)
);
