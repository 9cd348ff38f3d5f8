-- Bodies of events are kept for a time, and those of strangers not at all. What still has
-- one is found by the time of receipt. Names are found by the user, to be forgotten.

-- +goose Up
ALTER TABLE processed_events ADD COLUMN redacted boolean NOT NULL DEFAULT false;
CREATE INDEX processed_events_bodies ON processed_events (received_at) WHERE NOT redacted;
CREATE INDEX refs_user ON refs (user_id);

-- +goose Down
DROP INDEX refs_user;
DROP INDEX processed_events_bodies;
ALTER TABLE processed_events DROP COLUMN redacted;
