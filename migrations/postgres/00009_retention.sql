-- Bodies of events are kept for a time, and those of strangers not at all. What still has
-- one is found by the time of receipt. Names are found by the user, to be forgotten.
--
-- No writer waits for this: it waits for them, for however long.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE processed_events ADD COLUMN IF NOT EXISTS redacted boolean NOT NULL DEFAULT false;
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS processed_events_bodies;
CREATE INDEX CONCURRENTLY processed_events_bodies ON processed_events (received_at) WHERE NOT redacted;
DROP INDEX CONCURRENTLY IF EXISTS refs_user;
CREATE INDEX CONCURRENTLY refs_user ON refs (user_id);
RESET lock_timeout;

-- +goose Down
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS refs_user;
DROP INDEX CONCURRENTLY IF EXISTS processed_events_bodies;
RESET lock_timeout;
ALTER TABLE processed_events DROP COLUMN IF EXISTS redacted;
