-- What of a subscription ended long ago is kept apart, under the key of its purchase with
-- "/apart" after it. Its sum is here, and is read instead.

-- +goose Up
CREATE TABLE subscription_pasts (
    id text NOT NULL PRIMARY KEY,
    user_id text NOT NULL,
    purchase text NOT NULL DEFAULT '',
    seen_at text,
    ends_at text,
    credited_until text,
    items text NOT NULL
);
CREATE INDEX subscription_pasts_purchase ON subscription_pasts (user_id, purchase);

-- +goose Down
UPDATE orders SET purchase = '' WHERE purchase LIKE '%/apart';
UPDATE subscriptions SET purchase = '' WHERE purchase LIKE '%/apart';
UPDATE payments SET purchase = '' WHERE purchase LIKE '%/apart';
UPDATE invoices SET purchase = '' WHERE purchase LIKE '%/apart';
UPDATE invoice_payments SET purchase = '' WHERE purchase LIKE '%/apart';
UPDATE charges SET purchase = '' WHERE purchase LIKE '%/apart';
UPDATE refunds SET purchase = '' WHERE purchase LIKE '%/apart';
UPDATE disputes SET purchase = '' WHERE purchase LIKE '%/apart';
UPDATE credit_notes SET purchase = '' WHERE purchase LIKE '%/apart';
UPDATE grants SET purchase = '' WHERE purchase LIKE '%/apart';
UPDATE refs SET purchase = '' WHERE purchase LIKE '%/apart';
DROP TABLE subscription_pasts;
