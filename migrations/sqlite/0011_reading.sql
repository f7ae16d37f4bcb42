-- In a table without rowids SQLite compares whole rows on the way to one of them, and a reading
-- can be megabytes: whoever only asks when it was taken should not have to read past it.
CREATE TABLE new_reading (
    owner    INTEGER NOT NULL,
    target   TEXT NOT NULL,
    whose    TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    size     INTEGER NOT NULL,
    packed   BLOB NOT NULL,
    PRIMARY KEY (owner, target)
) STRICT;
INSERT INTO new_reading SELECT owner, target, whose, taken_at, size, packed FROM reading;
DROP TABLE reading;
ALTER TABLE new_reading RENAME TO reading;
