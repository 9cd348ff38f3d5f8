-- Outgoing webhooks: where changes are delivered to, how far along the feed that has come, and
-- the last attempts. What is still to be delivered is in the feed alone.

-- +goose Up
CREATE TABLE webhook_endpoints (
    id            text NOT NULL PRIMARY KEY,
    url           text NOT NULL,
    features      text NOT NULL,
    causes        text NOT NULL,
    created_at    text NOT NULL,
    secret        text NOT NULL,
    former_secret text NOT NULL,
    former_until  text,
    disabled      text NOT NULL,
    disabled_at   text,
    feed_cursor   integer NOT NULL,
    delivered     text NOT NULL,
    replays       integer NOT NULL,
    failures      integer NOT NULL,
    failing_since text,
    last_error    text NOT NULL,
    next_attempt  text NOT NULL,
    leased_until  text,
    turn          integer NOT NULL,
    CONSTRAINT webhook_endpoints_feed_cursor CHECK (feed_cursor >= 0)
);
CREATE TABLE webhook_deliveries (
    seq            integer NOT NULL PRIMARY KEY AUTOINCREMENT,
    endpoint_id    text NOT NULL,
    message_id     text NOT NULL,
    first_position integer NOT NULL,
    last_position  integer NOT NULL,
    attempt        integer NOT NULL,
    at             text NOT NULL,
    duration_us    integer NOT NULL,
    status         integer NOT NULL,
    answer         text NOT NULL,
    error          text NOT NULL
);
CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (endpoint_id, seq);

-- +goose Down
DROP TABLE IF EXISTS webhook_deliveries;
DROP TABLE IF EXISTS webhook_endpoints;
