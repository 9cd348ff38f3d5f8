-- Receipts are listed by the indexes on outcomes and on types: each webhook wrote into one more.
--
-- No writer waits for this: it waits for them, for however long.

-- +goose NO TRANSACTION
-- +goose Up
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS processed_events_received;
RESET lock_timeout;

-- +goose Down
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS processed_events_received;
CREATE INDEX CONCURRENTLY processed_events_received ON processed_events (received_at);
RESET lock_timeout;
