-- A plan can be megabytes. Whoever only asks how a run went should not have to read past it.
CREATE TABLE run_plan (
    run_id BIGINT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    plan   TEXT NOT NULL
);
INSERT INTO run_plan (run_id, plan) SELECT id, plan FROM run;
ALTER TABLE run DROP COLUMN plan;
-- Every page about a target asks for the run on it that has not finished.
CREATE INDEX run_unfinished ON run (owner, target, id) WHERE status IN ('running', 'stopped');
