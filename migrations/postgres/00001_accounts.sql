-- The tables of one account's purchases, of what was derived from them, and of
-- the events that told us.
--
-- Ids compare byte by byte (COLLATE "C"), as Go and SQLite compare them: the
-- order in which accounts are locked is the same everywhere. There are no foreign
-- keys: every row is written under the lock of its account, in the transaction
-- that finds or makes it, and a check a row is what a busy webhook can do without.

-- +goose Up
CREATE TABLE accounts (
    user_id          text COLLATE "C" NOT NULL PRIMARY KEY,
    customer_id      text COLLATE "C" NOT NULL DEFAULT '',
    customer_key     text NOT NULL DEFAULT '',
    former_customers text NOT NULL DEFAULT '',
    CONSTRAINT accounts_user_named CHECK (user_id <> '')
);
CREATE UNIQUE INDEX accounts_customer ON accounts (customer_id) WHERE customer_id <> '';

CREATE TABLE orders (
    id                text COLLATE "C" NOT NULL PRIMARY KEY,
    user_id           text COLLATE "C" NOT NULL,
    plan              text NOT NULL,
    price             text NOT NULL,
    mode              text NOT NULL,
    quantity          bigint NOT NULL,
    status            text NOT NULL,
    price_id          text NOT NULL,
    trial_days        bigint NOT NULL,
    success_url       text NOT NULL,
    cancel_url        text NOT NULL,
    locale            text NOT NULL,
    expires_at        timestamptz,
    attempt           bigint NOT NULL,
    client_key        text COLLATE "C" NOT NULL,
    fingerprint       text NOT NULL,
    session_id        text COLLATE "C" NOT NULL,
    session_url       text NOT NULL,
    subscription_id   text NOT NULL,
    payment_intent_id text NOT NULL,
    created_at        timestamptz,
    paid_at           timestamptz,
    CONSTRAINT orders_mode CHECK (mode IN ('payment', 'subscription')),
    CONSTRAINT orders_status CHECK (status IN ('pending', 'open', 'expired', 'awaiting_payment', 'payment_failed', 'paid')),
    CONSTRAINT orders_paid_when CHECK (status <> 'paid' OR paid_at IS NOT NULL),
    CONSTRAINT orders_quantity CHECK (quantity >= 1),
    CONSTRAINT orders_trial_days CHECK (trial_days >= 0),
    CONSTRAINT orders_attempt CHECK (attempt >= 0)
) WITH (fillfactor = 70); -- an order is updated some times in its life: in place, if there is room
CREATE INDEX orders_user ON orders (user_id);
CREATE UNIQUE INDEX orders_client_key ON orders (user_id, client_key) WHERE client_key <> '';
CREATE UNIQUE INDEX orders_session ON orders (session_id) WHERE session_id <> '';

CREATE TABLE subscriptions (
    id                   text COLLATE "C" NOT NULL PRIMARY KEY,
    user_id              text COLLATE "C" NOT NULL,
    order_id             text NOT NULL,
    customer_id          text NOT NULL,
    status               text NOT NULL,
    items                text NOT NULL,
    started_at           timestamptz,
    period_start         timestamptz,
    period_end           timestamptz,
    trial_end            timestamptz,
    cancel_at            timestamptz,
    cancel_at_period_end boolean NOT NULL,
    ended_at             timestamptz,
    seen_at              timestamptz,
    precedence           bigint NOT NULL,
    CONSTRAINT subscriptions_status CHECK (status <> '')
);
CREATE INDEX subscriptions_user ON subscriptions (user_id);

CREATE TABLE payments (
    id                text COLLATE "C" NOT NULL PRIMARY KEY,
    user_id           text COLLATE "C" NOT NULL,
    order_id          text NOT NULL,
    subscription_id   text NOT NULL,
    payment_intent_id text NOT NULL,
    status            text NOT NULL,
    amount            bigint NOT NULL,
    currency          text NOT NULL,
    period_start      timestamptz,
    period_end        timestamptz,
    CONSTRAINT payments_status CHECK (status IN ('failed', 'paid'))
);
CREATE INDEX payments_user ON payments (user_id);

-- Every name under which an account can be found.
CREATE TABLE refs (
    kind    text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, id),
    CONSTRAINT refs_named CHECK (id <> '')
);

CREATE TABLE entitlements (
    user_id     text COLLATE "C" NOT NULL,
    feature     text COLLATE "C" NOT NULL,
    source_kind text COLLATE "C" NOT NULL,
    source_id   text COLLATE "C" NOT NULL,
    plan        text NOT NULL,
    value_type  text NOT NULL,
    value_limit bigint NOT NULL,
    since       timestamptz,
    until       timestamptz,
    PRIMARY KEY (user_id, feature, source_kind, source_id),
    CONSTRAINT entitlements_source CHECK (source_kind IN ('order', 'subscription')),
    CONSTRAINT entitlements_value_type CHECK (value_type IN ('flag', 'limit')),
    CONSTRAINT entitlements_value_limit CHECK (value_limit >= -1)
);

-- +goose Down
DROP TABLE entitlements;
DROP TABLE refs;
DROP TABLE payments;
DROP TABLE subscriptions;
DROP TABLE orders;
DROP TABLE accounts;
