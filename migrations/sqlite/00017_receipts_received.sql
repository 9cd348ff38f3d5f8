-- Receipts are listed by the indexes on outcomes and on types: each webhook wrote into one more.

-- +goose Up
DROP INDEX processed_events_received;

-- +goose Down
CREATE INDEX processed_events_received ON processed_events (received_at);
