-- The feed: what a user may do, as it changed. Positions are given after the commit, by one
-- transaction at a time, so that a reader who remembers the last one misses nothing. What a
-- user's rights are has a version, which each change counts up.
--
-- What there is is told in slices once the program runs; its version is 0.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE accounts ADD COLUMN IF NOT EXISTS version bigint NOT NULL DEFAULT 0;
ALTER TABLE entitlement_changes
    ADD COLUMN IF NOT EXISTS version bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS told boolean NOT NULL DEFAULT false;
CREATE TABLE IF NOT EXISTS right_changes (
    position bigint NOT NULL PRIMARY KEY,
    user_id  text COLLATE "C" NOT NULL,
    version  bigint NOT NULL,
    feature  text COLLATE "C" NOT NULL,
    before   text NOT NULL,
    after    text NOT NULL,
    event_id text NOT NULL,
    cause    text NOT NULL,
    at       timestamptz NOT NULL,
    CONSTRAINT right_changes_position CHECK (position > 0),
    CONSTRAINT right_changes_cause CHECK (cause IN ('', 'asked', 'catalog', 'by_hand', 'checkout', 'time'))
);
CREATE TABLE IF NOT EXISTS rights_told (
    user_id      text COLLATE "C" NOT NULL PRIMARY KEY,
    entitlements text NOT NULL,
    as_of        timestamptz,
    due          timestamptz
);
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS right_changes_user;
CREATE INDEX CONCURRENTLY right_changes_user ON right_changes (user_id, position);
DROP INDEX CONCURRENTLY IF EXISTS right_changes_feature;
CREATE INDEX CONCURRENTLY right_changes_feature ON right_changes (feature, position);
DROP INDEX CONCURRENTLY IF EXISTS rights_told_due;
CREATE INDEX CONCURRENTLY rights_told_due ON rights_told (due) WHERE due IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS entitlement_changes_untold;
CREATE INDEX CONCURRENTLY entitlement_changes_untold ON entitlement_changes (seq) WHERE NOT told;
RESET lock_timeout;

-- What the program before keeps has no version: it gets one here, the same for all that a
-- transaction changes of a user. A later migration drops this.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted text := coalesce(current_setting('entitled.counted', true), '');
BEGIN
    IF counted <> '' AND substr(counted, strpos(counted, ' ') + 1) = NEW.user_id THEN
        NEW.version := split_part(counted, ' ', 1)::bigint;
        RETURN NEW;
    END IF;
    WITH counted_on AS (UPDATE accounts SET version = version + 1 WHERE user_id = NEW.user_id RETURNING version)
    SELECT version INTO NEW.version FROM counted_on;
    NEW.version := coalesce(NEW.version, 0);
    PERFORM set_config('entitled.counted', NEW.version || ' ' || NEW.user_id, true);
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER count_version BEFORE INSERT ON entitlement_changes FOR EACH ROW WHEN (NEW.version = 0) EXECUTE FUNCTION count_version();

-- +goose Down
DROP TRIGGER IF EXISTS count_version ON entitlement_changes;
DROP FUNCTION IF EXISTS count_version();
DROP TABLE IF EXISTS rights_told;
DROP TABLE IF EXISTS right_changes;
ALTER TABLE entitlement_changes DROP COLUMN IF EXISTS told, DROP COLUMN IF EXISTS version;
ALTER TABLE accounts DROP COLUMN IF EXISTS version;
