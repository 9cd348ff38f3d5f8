-- What becomes of the money after a purchase, rights that a person gave, and what
-- Stripe has to be asked: see the folder postgres.
--
-- SQLite cannot change a CHECK or a default: such a table is made anew and filled.

-- +goose Up
CREATE TABLE invoice_payments (
    id         text NOT NULL PRIMARY KEY, -- the payment intent
    user_id    text NOT NULL,
    invoice_id text NOT NULL,
    CONSTRAINT invoice_payments_invoice CHECK (invoice_id <> '')
);
CREATE INDEX invoice_payments_user ON invoice_payments (user_id);

-- What payments knew of it. The payment intents are names of their accounts already.
INSERT INTO invoice_payments (id, user_id, invoice_id)
SELECT payment_intent_id, max(user_id), max(id) FROM payments
WHERE subscription_id <> '' AND payment_intent_id <> ''
GROUP BY payment_intent_id;
-- Nobody reads payment_intent_id now. The program before this one writes it: a later
-- migration drops it.
CREATE TABLE payments_new (
    id                text NOT NULL PRIMARY KEY,
    user_id           text NOT NULL,
    order_id          text NOT NULL,
    subscription_id   text NOT NULL,
    payment_intent_id text NOT NULL DEFAULT '',
    status            text NOT NULL,
    amount            integer NOT NULL,
    currency          text NOT NULL,
    period_start      text,
    period_end        text,
    total             integer NOT NULL DEFAULT 0,
    CONSTRAINT payments_status CHECK (status IN ('failed', 'paid'))
);
INSERT INTO payments_new (id, user_id, order_id, subscription_id, payment_intent_id, status, amount, currency, period_start, period_end)
SELECT id, user_id, order_id, subscription_id, payment_intent_id, status, amount, currency, period_start, period_end FROM payments;
DROP TABLE payments;
ALTER TABLE payments_new RENAME TO payments;
CREATE INDEX payments_user ON payments (user_id);

CREATE TABLE charges (
    id                text NOT NULL PRIMARY KEY,
    user_id           text NOT NULL,
    payment_intent_id text NOT NULL,
    invoice_id        text NOT NULL,
    amount            integer NOT NULL,
    refunded          integer NOT NULL,
    currency          text NOT NULL,
    seen_at           text
);
CREATE INDEX charges_user ON charges (user_id);

CREATE TABLE refunds (
    id                text NOT NULL PRIMARY KEY,
    user_id           text NOT NULL,
    charge_id         text NOT NULL,
    payment_intent_id text NOT NULL,
    status            text NOT NULL,
    amount            integer NOT NULL,
    currency          text NOT NULL,
    created_at        text,
    undone_at         text,
    CONSTRAINT refunds_status CHECK (status <> '')
);
CREATE INDEX refunds_user ON refunds (user_id);

CREATE TABLE disputes (
    id                text NOT NULL PRIMARY KEY,
    user_id           text NOT NULL,
    charge_id         text NOT NULL,
    payment_intent_id text NOT NULL,
    status            text NOT NULL,
    amount            integer NOT NULL,
    currency          text NOT NULL,
    created_at        text,
    CONSTRAINT disputes_status CHECK (status <> '')
);
CREATE INDEX disputes_user ON disputes (user_id);

CREATE TABLE grants (
    id             text NOT NULL PRIMARY KEY,
    user_id        text NOT NULL,
    feature        text NOT NULL,
    value_type     text NOT NULL,
    value_limit    integer NOT NULL,
    since          text,
    until          text,
    reason         text NOT NULL,
    given_by       text NOT NULL,
    created_at     text,
    revoked_at     text,
    revoked_by     text NOT NULL,
    revoked_reason text NOT NULL,
    CONSTRAINT grants_value_type CHECK (value_type IN ('flag', 'limit')),
    CONSTRAINT grants_value_limit CHECK (value_limit >= -1)
);
CREATE INDEX grants_user ON grants (user_id);

CREATE TABLE questions (
    kind     text NOT NULL,
    id       text NOT NULL,
    since    text,
    due      text NOT NULL,
    attempts integer NOT NULL,
    PRIMARY KEY (kind, id),
    CONSTRAINT questions_named CHECK (id <> ''),
    CONSTRAINT questions_attempts CHECK (attempts >= 0)
);
CREATE INDEX questions_due ON questions (due);

CREATE TABLE entitlements_new (
    user_id     text NOT NULL,
    feature     text NOT NULL,
    source_kind text NOT NULL,
    source_id   text NOT NULL,
    plan        text NOT NULL,
    value_type  text NOT NULL,
    value_limit integer NOT NULL,
    since       text,
    until       text,
    PRIMARY KEY (user_id, feature, source_kind, source_id),
    CONSTRAINT entitlements_source CHECK (source_kind IN ('order', 'subscription', 'grant')),
    CONSTRAINT entitlements_value_type CHECK (value_type IN ('flag', 'limit')),
    CONSTRAINT entitlements_value_limit CHECK (value_limit >= -1)
);
INSERT INTO entitlements_new (user_id, feature, source_kind, source_id, plan, value_type, value_limit, since, until)
SELECT user_id, feature, source_kind, source_id, plan, value_type, value_limit, since, until FROM entitlements;
DROP TABLE entitlements;
ALTER TABLE entitlements_new RENAME TO entitlements;

CREATE TABLE entitlement_changes_new (
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
    CONSTRAINT entitlement_changes_source CHECK (source_kind IN ('order', 'subscription', 'grant')),
    CONSTRAINT entitlement_changes_value_type CHECK (value_type IN ('flag', 'limit')),
    CONSTRAINT entitlement_changes_value_limit CHECK (value_limit >= -1)
);
INSERT INTO entitlement_changes_new (seq, user_id, kind, feature, source_kind, source_id, plan, value_type, value_limit, since, until, event_id, at)
SELECT seq, user_id, kind, feature, source_kind, source_id, plan, value_type, value_limit, since, until, event_id, at FROM entitlement_changes;
DROP TABLE entitlement_changes;
ALTER TABLE entitlement_changes_new RENAME TO entitlement_changes;
CREATE INDEX entitlement_changes_user ON entitlement_changes (user_id, seq);

CREATE TABLE processed_events_new (
    id             text NOT NULL PRIMARY KEY,
    type           text NOT NULL,
    object         text NOT NULL,
    user_id        text NOT NULL,
    created_at     text,
    received_at    text NOT NULL,
    processed_at   text,
    api_version    text NOT NULL,
    livemode       boolean NOT NULL,
    outcome        text NOT NULL,
    reason         text NOT NULL,
    attempts       integer NOT NULL,
    payload        blob NOT NULL,
    waits_for_kind text NOT NULL DEFAULT '',
    waits_for_id   text NOT NULL DEFAULT '',
    CONSTRAINT processed_events_outcome CHECK (outcome IN ('applied', 'unchanged', 'ignored', 'waiting', 'quarantined', 'failed')),
    CONSTRAINT processed_events_attempts CHECK (attempts >= 1)
);
INSERT INTO processed_events_new (id, type, object, user_id, created_at, received_at, processed_at, api_version, livemode, outcome, reason, attempts, payload)
SELECT id, type, object, user_id, created_at, received_at, processed_at, api_version, livemode, outcome, reason, attempts, payload FROM processed_events;
DROP TABLE processed_events;
ALTER TABLE processed_events_new RENAME TO processed_events;
CREATE INDEX processed_events_received ON processed_events (received_at);
CREATE INDEX processed_events_attention ON processed_events (outcome, received_at) WHERE outcome IN ('waiting', 'quarantined', 'failed');
CREATE INDEX processed_events_user ON processed_events (user_id, received_at) WHERE user_id <> '';
CREATE INDEX processed_events_waiting ON processed_events (waits_for_kind, waits_for_id, received_at) WHERE waits_for_id <> '';

-- +goose Down
-- What waits is put where a person looks and a replay finds it.
UPDATE processed_events SET outcome = 'quarantined' WHERE outcome = 'waiting';
CREATE TABLE processed_events_new (
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
INSERT INTO processed_events_new (id, type, object, user_id, created_at, received_at, processed_at, api_version, livemode, outcome, reason, attempts, payload)
SELECT id, type, object, user_id, created_at, received_at, processed_at, api_version, livemode, outcome, reason, attempts, payload FROM processed_events;
DROP TABLE processed_events;
ALTER TABLE processed_events_new RENAME TO processed_events;
CREATE INDEX processed_events_received ON processed_events (received_at);
CREATE INDEX processed_events_attention ON processed_events (outcome, received_at) WHERE outcome IN ('quarantined', 'failed');
CREATE INDEX processed_events_user ON processed_events (user_id, received_at) WHERE user_id <> '';

DELETE FROM entitlement_changes WHERE source_kind = 'grant';
CREATE TABLE entitlement_changes_new (
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
INSERT INTO entitlement_changes_new (seq, user_id, kind, feature, source_kind, source_id, plan, value_type, value_limit, since, until, event_id, at)
SELECT seq, user_id, kind, feature, source_kind, source_id, plan, value_type, value_limit, since, until, event_id, at FROM entitlement_changes;
DROP TABLE entitlement_changes;
ALTER TABLE entitlement_changes_new RENAME TO entitlement_changes;
CREATE INDEX entitlement_changes_user ON entitlement_changes (user_id, seq);

DELETE FROM entitlements WHERE source_kind = 'grant';
CREATE TABLE entitlements_new (
    user_id     text NOT NULL,
    feature     text NOT NULL,
    source_kind text NOT NULL,
    source_id   text NOT NULL,
    plan        text NOT NULL,
    value_type  text NOT NULL,
    value_limit integer NOT NULL,
    since       text,
    until       text,
    PRIMARY KEY (user_id, feature, source_kind, source_id),
    CONSTRAINT entitlements_source CHECK (source_kind IN ('order', 'subscription')),
    CONSTRAINT entitlements_value_type CHECK (value_type IN ('flag', 'limit')),
    CONSTRAINT entitlements_value_limit CHECK (value_limit >= -1)
);
INSERT INTO entitlements_new (user_id, feature, source_kind, source_id, plan, value_type, value_limit, since, until)
SELECT user_id, feature, source_kind, source_id, plan, value_type, value_limit, since, until FROM entitlements;
DROP TABLE entitlements;
ALTER TABLE entitlements_new RENAME TO entitlements;

DROP TABLE questions;
DELETE FROM refs WHERE kind IN ('charge', 'grant');
DROP TABLE grants;
DROP TABLE disputes;
DROP TABLE refunds;
DROP TABLE charges;

CREATE TABLE payments_new (
    id                text NOT NULL PRIMARY KEY,
    user_id           text NOT NULL,
    order_id          text NOT NULL,
    subscription_id   text NOT NULL,
    payment_intent_id text NOT NULL,
    status            text NOT NULL,
    amount            integer NOT NULL,
    currency          text NOT NULL,
    period_start      text,
    period_end        text,
    CONSTRAINT payments_status CHECK (status IN ('failed', 'paid'))
);
INSERT INTO payments_new (id, user_id, order_id, subscription_id, payment_intent_id, status, amount, currency, period_start, period_end)
SELECT id, user_id, order_id, subscription_id, payment_intent_id, status, amount, currency, period_start, period_end FROM payments;
DROP TABLE payments;
ALTER TABLE payments_new RENAME TO payments;
CREATE INDEX payments_user ON payments (user_id);
DROP TABLE invoice_payments;
