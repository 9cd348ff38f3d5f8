-- How what is given ends: whether it renews, when it ends all the same, and whether it is
-- given in grace. What was kept before says nothing of that, and is derived again at the
-- next start.

-- +goose Up
ALTER TABLE entitlements ADD COLUMN renews boolean NOT NULL DEFAULT false;
ALTER TABLE entitlements ADD COLUMN ends_at text CHECK (renews OR ends_at IS NULL);
ALTER TABLE entitlements ADD COLUMN in_grace boolean NOT NULL DEFAULT false;
ALTER TABLE entitlement_changes ADD COLUMN renews boolean NOT NULL DEFAULT false;
ALTER TABLE entitlement_changes ADD COLUMN ends_at text CHECK (renews OR ends_at IS NULL);
ALTER TABLE entitlement_changes ADD COLUMN in_grace boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE entitlement_changes DROP COLUMN in_grace;
ALTER TABLE entitlement_changes DROP COLUMN ends_at;
ALTER TABLE entitlement_changes DROP COLUMN renews;
ALTER TABLE entitlements DROP COLUMN in_grace;
ALTER TABLE entitlements DROP COLUMN ends_at;
ALTER TABLE entitlements DROP COLUMN renews;
