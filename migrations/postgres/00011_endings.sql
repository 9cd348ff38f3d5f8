-- How what is given ends: whether it renews, when it ends all the same, and whether it is
-- given in grace. What was kept before says nothing of that, and is derived again at the
-- next start.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE entitlements
    ADD COLUMN IF NOT EXISTS renews boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS ends_at timestamptz,
    ADD COLUMN IF NOT EXISTS in_grace boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT IF EXISTS entitlements_ends_at,
    ADD CONSTRAINT entitlements_ends_at CHECK (renews OR ends_at IS NULL) NOT VALID;
ALTER TABLE entitlement_changes
    ADD COLUMN IF NOT EXISTS renews boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS ends_at timestamptz,
    ADD COLUMN IF NOT EXISTS in_grace boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT IF EXISTS entitlement_changes_ends_at,
    ADD CONSTRAINT entitlement_changes_ends_at CHECK (renews OR ends_at IS NULL) NOT VALID;

-- +goose Down
ALTER TABLE entitlement_changes DROP COLUMN IF EXISTS in_grace, DROP COLUMN IF EXISTS ends_at, DROP COLUMN IF EXISTS renews;
ALTER TABLE entitlements DROP COLUMN IF EXISTS in_grace, DROP COLUMN IF EXISTS ends_at, DROP COLUMN IF EXISTS renews;
