-- The feed: what a user may do, as it changed. Positions are given after the commit, by one
-- transaction at a time, so that a reader who remembers the last one misses nothing. What a
-- user's rights are has a version, which each change counts up.
--
-- What there is is told in slices once the program runs; its version is 0.

-- +goose Up
ALTER TABLE accounts ADD COLUMN version integer NOT NULL DEFAULT 0;
ALTER TABLE entitlement_changes ADD COLUMN version integer NOT NULL DEFAULT 0;
ALTER TABLE entitlement_changes ADD COLUMN told boolean NOT NULL DEFAULT false;
CREATE TABLE right_changes (
    position integer NOT NULL PRIMARY KEY,
    user_id  text NOT NULL,
    version  integer NOT NULL,
    feature  text NOT NULL,
    before   text NOT NULL,
    after    text NOT NULL,
    event_id text NOT NULL,
    cause    text NOT NULL,
    at       text NOT NULL,
    CONSTRAINT right_changes_position CHECK (position > 0),
    CONSTRAINT right_changes_cause CHECK (cause IN ('', 'asked', 'catalog', 'by_hand', 'checkout', 'time'))
);
CREATE TABLE rights_told (
    user_id      text NOT NULL PRIMARY KEY,
    entitlements text NOT NULL,
    as_of        text,
    due          text
);
CREATE INDEX right_changes_user ON right_changes (user_id, position);
CREATE INDEX right_changes_feature ON right_changes (feature, position);
CREATE INDEX rights_told_due ON rights_told (due) WHERE due IS NOT NULL;
CREATE INDEX entitlement_changes_untold ON entitlement_changes (seq) WHERE NOT told;

-- What the program before keeps has no version: it gets one here, the same for all that a
-- transaction changes of a user. A later migration drops this.
-- +goose StatementBegin
CREATE TRIGGER count_version AFTER INSERT ON entitlement_changes WHEN NEW.version = 0 BEGIN
    UPDATE accounts SET version = version + 1 WHERE user_id = NEW.user_id AND NOT EXISTS (
        SELECT 1 FROM entitlement_changes AS before
        WHERE before.seq = (SELECT max(seq) FROM entitlement_changes WHERE user_id = NEW.user_id AND seq < NEW.seq)
            AND before.version = accounts.version AND before.at = NEW.at AND before.event_id = NEW.event_id AND before.cause = NEW.cause
    );
    UPDATE entitlement_changes SET version = coalesce((SELECT version FROM accounts WHERE user_id = NEW.user_id), 0) WHERE seq = NEW.seq;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER count_version;
DROP TABLE rights_told;
DROP TABLE right_changes;
DROP INDEX entitlement_changes_untold;
ALTER TABLE entitlement_changes DROP COLUMN told;
ALTER TABLE entitlement_changes DROP COLUMN version;
ALTER TABLE accounts DROP COLUMN version;
