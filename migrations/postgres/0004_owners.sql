-- Whose everything is: a person's number, or 0 for whoever runs this Hedgerow, who owns all
-- that is here already. What is new names its owner, so no column keeps its default.

ALTER TABLE target ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE target ALTER COLUMN owner DROP DEFAULT;
ALTER TABLE target DROP CONSTRAINT target_name_key;
ALTER TABLE target ADD UNIQUE (owner, name);

ALTER TABLE followed_list ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE followed_list ALTER COLUMN owner DROP DEFAULT;
ALTER TABLE followed_list DROP CONSTRAINT followed_list_name_key;
ALTER TABLE followed_list ADD UNIQUE (owner, name);

ALTER TABLE subscription ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscription ALTER COLUMN owner DROP DEFAULT;
ALTER TABLE subscription DROP CONSTRAINT subscription_pkey;
ALTER TABLE subscription ADD PRIMARY KEY (owner, target, list);
DROP INDEX subscription_list;
CREATE INDEX subscription_list ON subscription (owner, list);

ALTER TABLE kept_target ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE kept_target ALTER COLUMN owner DROP DEFAULT;
ALTER TABLE kept_target DROP CONSTRAINT kept_target_pkey;
ALTER TABLE kept_target ADD PRIMARY KEY (owner, name);

-- `keeper` was called `owner`: whether the block is Hedgerow's or a person's.
ALTER TABLE holding RENAME COLUMN owner TO keeper;
ALTER TABLE holding ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE holding ALTER COLUMN owner DROP DEFAULT;
ALTER TABLE holding DROP CONSTRAINT holding_pkey;
ALTER TABLE holding ADD PRIMARY KEY (owner, target, domain);

ALTER TABLE dismissal ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE dismissal ALTER COLUMN owner DROP DEFAULT;
ALTER TABLE dismissal DROP CONSTRAINT dismissal_pkey;
ALTER TABLE dismissal ADD PRIMARY KEY (owner, target, domain);

ALTER TABLE block_date ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE block_date ALTER COLUMN owner DROP DEFAULT;
ALTER TABLE block_date DROP CONSTRAINT block_date_pkey;
ALTER TABLE block_date ADD PRIMARY KEY (owner, target, domain);

-- The steps of a run are its owner's.
ALTER TABLE backup ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE backup ALTER COLUMN owner DROP DEFAULT;
CREATE INDEX backup_owner ON backup (owner, taken_at, id);
ALTER TABLE run ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run ALTER COLUMN owner DROP DEFAULT;
CREATE INDEX run_owner ON run (owner, id);
CREATE INDEX run_target ON run (owner, target, id);
ALTER TABLE exception ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exception ALTER COLUMN owner DROP DEFAULT;
CREATE INDEX exception_owner ON exception (owner, domain, id);
ALTER TABLE event ADD COLUMN owner BIGINT NOT NULL DEFAULT 0;
ALTER TABLE event ALTER COLUMN owner DROP DEFAULT;
DROP INDEX event_domain;
DROP INDEX event_target;
CREATE INDEX event_owner ON event (owner, id);
CREATE INDEX event_domain ON event (owner, domain, id) WHERE domain IS NOT NULL;
CREATE INDEX event_target ON event (owner, target, id) WHERE target IS NOT NULL;
CREATE INDEX event_list ON event (owner, list, id) WHERE list IS NOT NULL;

-- Whether a list that is offered to everybody names the domain. Of those that are here already
-- nobody knows; the next version of each list tells.
ALTER TABLE seen_domain ADD COLUMN listed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE seen_domain ALTER COLUMN listed DROP DEFAULT;
