-- The receipts of events and the history of entitlements: see the folder postgres.

-- +goose Up
CREATE TABLE processed_events (
    id           text NOT NULL PRIMARY KEY,
    type         text NOT NULL,
    object       text NOT NULL,
    user_id      text NOT NULL,
    created_at   text,
    received_at  text NOT NULL,
    processed_at text,
    api_version  text NOT NULL,
    livemode     boolean NOT NULL,
    outcome      text NOT NULL,
    reason       text NOT NULL,
    attempts     integer NOT NULL,
    payload      blob NOT NULL,
    CONSTRAINT processed_events_outcome CHECK (outcome IN ('applied', 'unchanged', 'ignored', 'quarantined', 'failed')),
    CONSTRAINT processed_events_attempts CHECK (attempts >= 1)
);
CREATE INDEX processed_events_received ON processed_events (received_at);
CREATE INDEX processed_events_attention ON processed_events (outcome, received_at) WHERE outcome IN ('quarantined', 'failed');
CREATE INDEX processed_events_user ON processed_events (user_id, received_at) WHERE user_id <> '';

CREATE TABLE entitlement_changes (
    seq         integer PRIMARY KEY AUTOINCREMENT,
    user_id     text NOT NULL,
    kind        text NOT NULL,
    feature     text NOT NULL,
    source_kind text NOT NULL,
    source_id   text NOT NULL,
    plan        text NOT NULL,
    value_type  text NOT NULL,
    value_limit integer NOT NULL,
    since       text,
    until       text,
    event_id    text NOT NULL,
    at          text NOT NULL,
    CONSTRAINT entitlement_changes_kind CHECK (kind IN ('granted', 'updated', 'revoked')),
    CONSTRAINT entitlement_changes_source CHECK (source_kind IN ('order', 'subscription')),
    CONSTRAINT entitlement_changes_value_type CHECK (value_type IN ('flag', 'limit')),
    CONSTRAINT entitlement_changes_value_limit CHECK (value_limit >= -1)
);
CREATE INDEX entitlement_changes_user ON entitlement_changes (user_id, seq);

-- +goose Down
DROP TABLE entitlement_changes;
DROP TABLE processed_events;
