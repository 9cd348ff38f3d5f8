-- What becomes of the money after a purchase, rights that a person gave, and what
-- Stripe has to be asked.
--
-- Statuses of refunds and disputes are Stripe's words: which of them mean what is
-- for the program to know.

-- +goose Up
CREATE TABLE invoice_payments (
    id         text COLLATE "C" NOT NULL PRIMARY KEY, -- the payment intent
    user_id    text COLLATE "C" NOT NULL,
    invoice_id text NOT NULL,
    CONSTRAINT invoice_payments_invoice CHECK (invoice_id <> '')
);
CREATE INDEX invoice_payments_user ON invoice_payments (user_id);

-- What payments knew of it. The payment intents are names of their accounts already.
INSERT INTO invoice_payments (id, user_id, invoice_id)
SELECT payment_intent_id, max(user_id), max(id) FROM payments
WHERE subscription_id <> '' AND payment_intent_id <> ''
GROUP BY payment_intent_id;
-- Nobody reads this column now. The program before this one writes it: a later
-- migration drops it.
ALTER TABLE payments
    ALTER COLUMN payment_intent_id SET DEFAULT '',
    ADD COLUMN total bigint NOT NULL DEFAULT 0;

CREATE TABLE charges (
    id                text COLLATE "C" NOT NULL PRIMARY KEY,
    user_id           text COLLATE "C" NOT NULL,
    payment_intent_id text NOT NULL,
    invoice_id        text NOT NULL,
    amount            bigint NOT NULL,
    refunded          bigint NOT NULL,
    currency          text NOT NULL,
    seen_at           timestamptz
);
CREATE INDEX charges_user ON charges (user_id);

CREATE TABLE refunds (
    id                text COLLATE "C" NOT NULL PRIMARY KEY,
    user_id           text COLLATE "C" NOT NULL,
    charge_id         text NOT NULL,
    payment_intent_id text NOT NULL,
    status            text NOT NULL,
    amount            bigint NOT NULL,
    currency          text NOT NULL,
    created_at        timestamptz,
    undone_at         timestamptz,
    CONSTRAINT refunds_status CHECK (status <> '')
);
CREATE INDEX refunds_user ON refunds (user_id);

CREATE TABLE disputes (
    id                text COLLATE "C" NOT NULL PRIMARY KEY,
    user_id           text COLLATE "C" NOT NULL,
    charge_id         text NOT NULL,
    payment_intent_id text NOT NULL,
    status            text NOT NULL,
    amount            bigint NOT NULL,
    currency          text NOT NULL,
    created_at        timestamptz,
    CONSTRAINT disputes_status CHECK (status <> '')
);
CREATE INDEX disputes_user ON disputes (user_id);

CREATE TABLE grants (
    id             text COLLATE "C" NOT NULL PRIMARY KEY,
    user_id        text COLLATE "C" NOT NULL,
    feature        text NOT NULL,
    value_type     text NOT NULL,
    value_limit    bigint NOT NULL,
    since          timestamptz,
    until          timestamptz,
    reason         text NOT NULL,
    given_by       text NOT NULL,
    created_at     timestamptz,
    revoked_at     timestamptz,
    revoked_by     text NOT NULL,
    revoked_reason text NOT NULL,
    CONSTRAINT grants_value_type CHECK (value_type IN ('flag', 'limit')),
    CONSTRAINT grants_value_limit CHECK (value_limit >= -1)
);
CREATE INDEX grants_user ON grants (user_id);

CREATE TABLE questions (
    kind     text COLLATE "C" NOT NULL,
    id       text COLLATE "C" NOT NULL,
    since    timestamptz,
    due      timestamptz NOT NULL,
    attempts bigint NOT NULL,
    PRIMARY KEY (kind, id),
    CONSTRAINT questions_named CHECK (id <> ''),
    CONSTRAINT questions_attempts CHECK (attempts >= 0)
);
CREATE INDEX questions_due ON questions (due);

ALTER TABLE entitlements
    DROP CONSTRAINT entitlements_source,
    ADD CONSTRAINT entitlements_source CHECK (source_kind IN ('order', 'subscription', 'grant'));
ALTER TABLE entitlement_changes
    DROP CONSTRAINT entitlement_changes_source,
    ADD CONSTRAINT entitlement_changes_source CHECK (source_kind IN ('order', 'subscription', 'grant'));

ALTER TABLE processed_events
    ADD COLUMN waits_for_kind text NOT NULL DEFAULT '',
    ADD COLUMN waits_for_id text COLLATE "C" NOT NULL DEFAULT '',
    DROP CONSTRAINT processed_events_outcome,
    ADD CONSTRAINT processed_events_outcome CHECK (outcome IN ('applied', 'unchanged', 'ignored', 'waiting', 'quarantined', 'failed'));
DROP INDEX processed_events_attention;
CREATE INDEX processed_events_attention ON processed_events (outcome, received_at) WHERE outcome IN ('waiting', 'quarantined', 'failed');
CREATE INDEX processed_events_waiting ON processed_events (waits_for_kind, waits_for_id, received_at) WHERE waits_for_id <> '';

-- +goose Down
DROP INDEX processed_events_waiting;
DROP INDEX processed_events_attention;
CREATE INDEX processed_events_attention ON processed_events (outcome, received_at) WHERE outcome IN ('quarantined', 'failed');
-- What waits is put where a person looks and a replay finds it.
UPDATE processed_events SET outcome = 'quarantined' WHERE outcome = 'waiting';
ALTER TABLE processed_events
    DROP COLUMN waits_for_kind,
    DROP COLUMN waits_for_id,
    DROP CONSTRAINT processed_events_outcome,
    ADD CONSTRAINT processed_events_outcome CHECK (outcome IN ('applied', 'unchanged', 'ignored', 'quarantined', 'failed'));

DELETE FROM entitlement_changes WHERE source_kind = 'grant';
ALTER TABLE entitlement_changes
    DROP CONSTRAINT entitlement_changes_source,
    ADD CONSTRAINT entitlement_changes_source CHECK (source_kind IN ('order', 'subscription'));
DELETE FROM entitlements WHERE source_kind = 'grant';
ALTER TABLE entitlements
    DROP CONSTRAINT entitlements_source,
    ADD CONSTRAINT entitlements_source CHECK (source_kind IN ('order', 'subscription'));

DROP TABLE questions;
DELETE FROM refs WHERE kind IN ('charge', 'grant');
DROP TABLE grants;
DROP TABLE disputes;
DROP TABLE refunds;
DROP TABLE charges;
ALTER TABLE payments
    DROP COLUMN total,
    ALTER COLUMN payment_intent_id DROP DEFAULT;
DROP TABLE invoice_payments;
