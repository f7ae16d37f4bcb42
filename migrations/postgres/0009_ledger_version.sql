-- A number that grows whenever the ledger of a target changes, so that whoever has it at hand
-- knows when to read it again.
ALTER TABLE kept_target ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
