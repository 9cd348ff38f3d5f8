-- Events are listed by outcome and by type, of which there may be none among millions.

-- +goose Up
CREATE INDEX processed_events_outcome ON processed_events (outcome, received_at);
CREATE INDEX processed_events_type ON processed_events (type, outcome, received_at);
DROP INDEX processed_events_attention;

-- +goose Down
CREATE INDEX processed_events_attention ON processed_events (outcome, received_at) WHERE outcome IN ('waiting', 'quarantined', 'failed');
DROP INDEX processed_events_type;
DROP INDEX processed_events_outcome;
