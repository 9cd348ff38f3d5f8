-- What a subscription's invoices are for and what they take back, what prices meant, and
-- rights that change with time: see the folder postgres.

-- +goose Up
CREATE TABLE invoices (
    id                text NOT NULL PRIMARY KEY,
    user_id           text NOT NULL,
    subscription_id   text NOT NULL,
    status            text NOT NULL,
    billing_reason    text NOT NULL,
    collection_method text NOT NULL,
    currency          text NOT NULL,
    total             integer NOT NULL,
    amount_due        integer NOT NULL,
    amount_paid       integer NOT NULL,
    starting_balance  integer NOT NULL,
    ending_balance    integer NOT NULL,
    created_at        text,
    finalized_at      text,
    due_at            text,
    paid_at           text,
    first_seen_at     text,
    seen_at           text,
    complete          boolean NOT NULL,
    lines             text NOT NULL, -- JSON of ours
    CONSTRAINT invoices_status CHECK (status IN ('draft', 'open', 'uncollectible', 'void', 'paid'))
);
CREATE INDEX invoices_user ON invoices (user_id);

CREATE TABLE credit_notes (
    id         text NOT NULL PRIMARY KEY,
    user_id    text NOT NULL,
    invoice_id text NOT NULL,
    status     text NOT NULL,
    kind       text NOT NULL, -- Stripe's type: pre_payment, post_payment, mixed
    amount     integer NOT NULL,
    currency   text NOT NULL,
    created_at text,
    lines      text NOT NULL, -- JSON of ours
    refunds    text NOT NULL, -- ids with a space between
    CONSTRAINT credit_notes_status CHECK (status IN ('issued', 'void'))
);
CREATE INDEX credit_notes_user ON credit_notes (user_id);

-- Payments are of one-time purchases now, all of them paid.
CREATE TABLE payments_new (
    id                text NOT NULL PRIMARY KEY,
    user_id           text NOT NULL,
    order_id          text NOT NULL,
    subscription_id   text NOT NULL DEFAULT '',
    payment_intent_id text NOT NULL DEFAULT '',
    status            text NOT NULL DEFAULT 'paid',
    amount            integer NOT NULL,
    currency          text NOT NULL,
    period_start      text,
    period_end        text,
    total             integer NOT NULL DEFAULT 0,
    CONSTRAINT payments_status CHECK (status IN ('failed', 'paid'))
);
INSERT INTO payments_new (id, user_id, order_id, subscription_id, payment_intent_id, status, amount, currency, period_start, period_end, total)
SELECT id, user_id, order_id, subscription_id, payment_intent_id, status, amount, currency, period_start, period_end, total FROM payments;
DROP TABLE payments;
ALTER TABLE payments_new RENAME TO payments;
CREATE INDEX payments_user ON payments (user_id);

-- The program before keeps invoices among the payments, and goes on doing so while this
-- one is deployed. What it writes becomes an invoice, unless more is known of that: what
-- such a payment does not say, Stripe is asked. The rows stay where the program before
-- reads them. A later migration drops them, and these.
-- +goose StatementBegin
CREATE TRIGGER payments_as_invoices AFTER UPDATE ON payments WHEN NEW.subscription_id <> '' BEGIN
    INSERT INTO invoices (
        id, user_id, subscription_id, status, billing_reason, collection_method, currency, total, amount_due, amount_paid,
        starting_balance, ending_balance, complete, lines
    ) VALUES (
        NEW.id, NEW.user_id, NEW.subscription_id, CASE NEW.status WHEN 'paid' THEN 'paid' ELSE 'open' END, '', '', NEW.currency,
        max(NEW.amount, NEW.total), NEW.amount, CASE NEW.status WHEN 'paid' THEN NEW.amount ELSE 0 END,
        0, 0, false,
        CASE WHEN NEW.period_start IS NULL OR NEW.period_end IS NULL THEN '[]' ELSE json_array(json_object(
            'id', 'line 0', 'kind', 'cycle', 'quantity', 1, 'amount', max(NEW.amount, NEW.total),
            'from', NEW.period_start, 'until', NEW.period_end
        )) END
    ) ON CONFLICT (id) DO UPDATE SET
        status = excluded.status, amount_paid = excluded.amount_paid, total = max(invoices.total, excluded.total),
        lines = CASE invoices.lines WHEN '[]' THEN excluded.lines ELSE invoices.lines END
    WHERE excluded.status = 'paid' AND invoices.status <> 'paid';
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payments_new_as_invoices AFTER INSERT ON payments WHEN NEW.subscription_id <> '' BEGIN
    UPDATE payments SET subscription_id = subscription_id WHERE id = NEW.id; -- and the other trigger does it
END;
-- +goose StatementEnd
UPDATE payments SET subscription_id = subscription_id WHERE subscription_id <> '';

-- former_customers stays what it was: those that were deleted.
ALTER TABLE accounts ADD COLUMN replaced_customers text NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN customer_accounts text NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN meanings text NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN subtotal integer NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN currency text NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN customer_account text NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN pause text NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN latest_invoice text NOT NULL DEFAULT '';
-- A row is what one source gives of one feature, to the program before, too: all its
-- stretches are in one column, as JSON, if there are several.
ALTER TABLE entitlements ADD COLUMN later text NOT NULL DEFAULT '';
ALTER TABLE entitlement_changes ADD COLUMN part integer NOT NULL DEFAULT 0;
ALTER TABLE entitlement_changes ADD COLUMN cause text NOT NULL DEFAULT ''
    CONSTRAINT entitlement_changes_cause CHECK (cause IN ('', 'asked', 'catalog', 'by_hand', 'checkout'));

-- +goose Down
-- To the program before, a change is about all that a source gives of a feature.
DELETE FROM entitlement_changes WHERE part > 0;
ALTER TABLE entitlement_changes DROP COLUMN cause;
ALTER TABLE entitlement_changes DROP COLUMN part;
ALTER TABLE entitlements DROP COLUMN later;
ALTER TABLE subscriptions DROP COLUMN latest_invoice;
ALTER TABLE subscriptions DROP COLUMN pause;
ALTER TABLE subscriptions DROP COLUMN customer_account;
ALTER TABLE orders DROP COLUMN currency;
ALTER TABLE orders DROP COLUMN subtotal;
ALTER TABLE accounts DROP COLUMN meanings;
ALTER TABLE accounts DROP COLUMN customer_accounts;
ALTER TABLE accounts DROP COLUMN replaced_customers;

DROP TRIGGER payments_new_as_invoices;
DROP TRIGGER payments_as_invoices;
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
INSERT INTO payments_new (id, user_id, order_id, subscription_id, payment_intent_id, status, amount, currency, period_start, period_end, total)
SELECT id, user_id, order_id, subscription_id, payment_intent_id, status, amount, currency, period_start, period_end, total FROM payments;
-- What was paid since: for what the line that ends last says.
INSERT INTO payments_new (id, user_id, order_id, subscription_id, status, amount, total, currency, period_start, period_end)
SELECT id, user_id, '', subscription_id, 'paid', amount_paid, total, currency, line ->> 'from', line ->> 'until' FROM (
    SELECT *, (
        SELECT value FROM json_each(invoices.lines) WHERE value ->> 'until' IS NOT NULL
        ORDER BY value ->> 'amount' < 0, value ->> 'until' DESC, value ->> 'from' LIMIT 1
    ) AS line FROM invoices
) WHERE subscription_id <> '' AND status = 'paid'
ON CONFLICT (id) DO UPDATE SET
    status = 'paid', amount = excluded.amount, total = excluded.total,
    period_start = coalesce(excluded.period_start, period_start), period_end = coalesce(excluded.period_end, period_end)
WHERE payments_new.status <> 'paid';
DROP TABLE payments;
ALTER TABLE payments_new RENAME TO payments;
CREATE INDEX payments_user ON payments (user_id);

DROP TABLE credit_notes;
DROP TABLE invoices;
DELETE FROM refs WHERE kind = 'customer_account';
DELETE FROM questions WHERE kind IN ('invoice', 'renewal', 'completion', 'collection');
