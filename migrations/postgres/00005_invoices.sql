-- What a subscription's invoices are for and what they take back, what prices meant, and
-- rights that change with time.

-- +goose Up
CREATE TABLE invoices (
    id                text COLLATE "C" NOT NULL PRIMARY KEY,
    user_id           text COLLATE "C" NOT NULL,
    subscription_id   text NOT NULL,
    status            text NOT NULL,
    billing_reason    text NOT NULL,
    collection_method text NOT NULL,
    currency          text NOT NULL,
    total             bigint NOT NULL,
    amount_due        bigint NOT NULL,
    amount_paid       bigint NOT NULL,
    starting_balance  bigint NOT NULL,
    ending_balance    bigint NOT NULL,
    created_at        timestamptz,
    finalized_at      timestamptz,
    due_at            timestamptz,
    paid_at           timestamptz,
    first_seen_at     timestamptz,
    seen_at           timestamptz,
    complete          boolean NOT NULL,
    lines             text NOT NULL, -- JSON of ours
    CONSTRAINT invoices_status CHECK (status IN ('draft', 'open', 'uncollectible', 'void', 'paid'))
) WITH (fillfactor = 70); -- it is told of some times in its life
CREATE INDEX invoices_user ON invoices (user_id);

CREATE TABLE credit_notes (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    user_id    text COLLATE "C" NOT NULL,
    invoice_id text NOT NULL,
    status     text NOT NULL,
    kind       text NOT NULL, -- Stripe's type: pre_payment, post_payment, mixed
    amount     bigint NOT NULL,
    currency   text NOT NULL,
    created_at timestamptz,
    lines      text NOT NULL, -- JSON of ours
    refunds    text NOT NULL, -- ids with a space between
    CONSTRAINT credit_notes_status CHECK (status IN ('issued', 'void'))
);
CREATE INDEX credit_notes_user ON credit_notes (user_id);

-- Payments are of one-time purchases now, all of them paid.
ALTER TABLE payments
    ALTER COLUMN subscription_id SET DEFAULT '',
    ALTER COLUMN status SET DEFAULT 'paid';

-- The program before keeps invoices among the payments, and goes on doing so while this
-- one is deployed. What it writes becomes an invoice, unless more is known of that: what
-- such a payment does not say, Stripe is asked. The rows stay where the program before
-- reads them. A later migration drops them, and this.
-- +goose StatementBegin
CREATE FUNCTION payment_as_invoice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO invoices AS i (
        id, user_id, subscription_id, status, billing_reason, collection_method, currency, total, amount_due, amount_paid,
        starting_balance, ending_balance, complete, lines
    ) VALUES (
        NEW.id, NEW.user_id, NEW.subscription_id, CASE NEW.status WHEN 'paid' THEN 'paid' ELSE 'open' END, '', '', NEW.currency,
        greatest(NEW.amount, NEW.total), NEW.amount, CASE NEW.status WHEN 'paid' THEN NEW.amount ELSE 0 END,
        0, 0, false,
        CASE WHEN NEW.period_start IS NULL OR NEW.period_end IS NULL THEN '[]' ELSE json_build_array(json_build_object(
            'id', 'line 0', 'kind', 'cycle', 'quantity', 1, 'amount', greatest(NEW.amount, NEW.total),
            'from', to_char(NEW.period_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00:00',
            'until', to_char(NEW.period_end AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00:00'
        ))::text END
    ) ON CONFLICT (id) DO UPDATE SET
        status = EXCLUDED.status, amount_paid = EXCLUDED.amount_paid, total = greatest(i.total, EXCLUDED.total),
        lines = CASE i.lines WHEN '[]' THEN EXCLUDED.lines ELSE i.lines END
    WHERE EXCLUDED.status = 'paid' AND i.status <> 'paid';
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER payments_as_invoices AFTER INSERT OR UPDATE ON payments
    FOR EACH ROW WHEN (NEW.subscription_id <> '') EXECUTE FUNCTION payment_as_invoice();
UPDATE payments SET subscription_id = subscription_id WHERE subscription_id <> '';

-- former_customers stays what it was: those that were deleted.
ALTER TABLE accounts
    ADD COLUMN replaced_customers text NOT NULL DEFAULT '',
    ADD COLUMN customer_accounts text NOT NULL DEFAULT '',
    ADD COLUMN meanings text NOT NULL DEFAULT '';
ALTER TABLE orders
    ADD COLUMN subtotal bigint NOT NULL DEFAULT 0,
    ADD COLUMN currency text NOT NULL DEFAULT '';
ALTER TABLE subscriptions
    ADD COLUMN customer_account text NOT NULL DEFAULT '',
    ADD COLUMN pause text NOT NULL DEFAULT '',
    ADD COLUMN latest_invoice text NOT NULL DEFAULT '';
-- A row is what one source gives of one feature, to the program before, too: all its
-- stretches are in one column, as JSON, if there are several.
ALTER TABLE entitlements
    ADD COLUMN later text NOT NULL DEFAULT '';
ALTER TABLE entitlement_changes
    ADD COLUMN part bigint NOT NULL DEFAULT 0,
    ADD COLUMN cause text NOT NULL DEFAULT '',
    ADD CONSTRAINT entitlement_changes_cause CHECK (cause IN ('', 'asked', 'catalog', 'by_hand', 'checkout'));

-- +goose Down
-- To the program before, a change is about all that a source gives of a feature.
DELETE FROM entitlement_changes WHERE part > 0;
ALTER TABLE entitlement_changes DROP COLUMN cause, DROP COLUMN part;
ALTER TABLE entitlements DROP COLUMN later;
ALTER TABLE subscriptions DROP COLUMN latest_invoice, DROP COLUMN pause, DROP COLUMN customer_account;
ALTER TABLE orders DROP COLUMN currency, DROP COLUMN subtotal;
ALTER TABLE accounts DROP COLUMN meanings, DROP COLUMN customer_accounts, DROP COLUMN replaced_customers;

DROP TRIGGER payments_as_invoices ON payments;
DROP FUNCTION payment_as_invoice();
-- What was paid since: for what the line that ends last says.
INSERT INTO payments AS p (id, user_id, order_id, subscription_id, status, amount, total, currency, period_start, period_end)
SELECT i.id, i.user_id, '', i.subscription_id, 'paid', i.amount_paid, i.total, i.currency, l.since, l.until
FROM invoices AS i LEFT JOIN LATERAL (
    SELECT (each ->> 'from')::timestamptz AS since, (each ->> 'until')::timestamptz AS until
    FROM json_array_elements(i.lines::json) AS each
    WHERE each ->> 'until' IS NOT NULL
    ORDER BY (each ->> 'amount')::numeric < 0, 2 DESC, 1 LIMIT 1
) AS l ON true
WHERE i.subscription_id <> '' AND i.status = 'paid'
ON CONFLICT (id) DO UPDATE SET
    status = 'paid', amount = EXCLUDED.amount, total = EXCLUDED.total,
    period_start = coalesce(EXCLUDED.period_start, p.period_start), period_end = coalesce(EXCLUDED.period_end, p.period_end)
WHERE p.status <> 'paid';
ALTER TABLE payments
    ALTER COLUMN subscription_id DROP DEFAULT,
    ALTER COLUMN status DROP DEFAULT;

DROP TABLE credit_notes;
DROP TABLE invoices;
DELETE FROM refs WHERE kind = 'customer_account';
DELETE FROM questions WHERE kind IN ('invoice', 'renewal', 'completion', 'collection');
