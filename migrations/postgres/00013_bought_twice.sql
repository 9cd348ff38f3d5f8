-- Whether another order or subscription for the same was there beside an order, so that both
-- may be paid: then somebody looks. Of an order that the program before makes nobody knows.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE orders ADD COLUMN IF NOT EXISTS may_be_twice boolean NOT NULL DEFAULT true;

-- +goose Down
ALTER TABLE orders DROP COLUMN IF EXISTS may_be_twice;
