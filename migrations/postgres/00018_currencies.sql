-- Whether the currency of an order was chosen: then a checkout in another does not pay it.
-- Otherwise Stripe's page may be in the currency of where its buyer is.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE orders ADD COLUMN IF NOT EXISTS currency_chosen boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE orders DROP COLUMN IF EXISTS currency_chosen;
