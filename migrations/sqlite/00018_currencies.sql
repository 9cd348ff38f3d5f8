-- Whether the currency of an order was chosen: then a checkout in another does not pay it.
-- Otherwise Stripe's page may be in the currency of where its buyer is.

-- +goose Up
ALTER TABLE orders ADD COLUMN currency_chosen boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE orders DROP COLUMN currency_chosen;
