-- Outgoing webhooks: where changes are delivered to, how far along the feed that has come, and
-- the last attempts. What is still to be delivered is in the feed alone.

-- +goose Up
CREATE TABLE webhook_endpoints (
    id            text COLLATE "C" NOT NULL PRIMARY KEY,
    url           text NOT NULL,
    features      text NOT NULL,
    causes        text NOT NULL,
    created_at    timestamptz NOT NULL,
    secret        text NOT NULL,
    former_secret text NOT NULL,
    former_until  timestamptz,
    disabled      text NOT NULL,
    disabled_at   timestamptz,
    feed_cursor   bigint NOT NULL,
    delivered     text NOT NULL,
    replays       bigint NOT NULL,
    failures      bigint NOT NULL,
    failing_since timestamptz,
    last_error    text NOT NULL,
    next_attempt  timestamptz NOT NULL,
    leased_until  timestamptz,
    turn          bigint NOT NULL,
    CONSTRAINT webhook_endpoints_feed_cursor CHECK (feed_cursor >= 0)
);
CREATE TABLE webhook_deliveries (
    seq            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint_id    text COLLATE "C" NOT NULL,
    message_id     text NOT NULL,
    first_position bigint NOT NULL,
    last_position  bigint NOT NULL,
    attempt        bigint NOT NULL,
    at             timestamptz NOT NULL,
    duration_us    bigint NOT NULL,
    status         bigint NOT NULL,
    answer         text NOT NULL,
    error          text NOT NULL
);
CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries (endpoint_id, seq);

-- +goose Down
DROP TABLE IF EXISTS webhook_deliveries;
DROP TABLE IF EXISTS webhook_endpoints;
