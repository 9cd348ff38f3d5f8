-- Events are listed by outcome and by type, of which there may be none among millions.
--
-- No writer waits for this: it waits for them, for however long.

-- +goose NO TRANSACTION
-- +goose Up
SET lock_timeout = 0;
-- What an attempt that was broken off has left is of no use.
DROP INDEX CONCURRENTLY IF EXISTS processed_events_outcome;
CREATE INDEX CONCURRENTLY processed_events_outcome ON processed_events (outcome, received_at);
DROP INDEX CONCURRENTLY IF EXISTS processed_events_type;
CREATE INDEX CONCURRENTLY processed_events_type ON processed_events (type, outcome, received_at);
DROP INDEX CONCURRENTLY IF EXISTS processed_events_attention;
RESET lock_timeout;

-- +goose Down
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS processed_events_attention;
CREATE INDEX CONCURRENTLY processed_events_attention ON processed_events (outcome, received_at) WHERE outcome IN ('waiting', 'quarantined', 'failed');
DROP INDEX CONCURRENTLY IF EXISTS processed_events_type;
DROP INDEX CONCURRENTLY IF EXISTS processed_events_outcome;
RESET lock_timeout;
