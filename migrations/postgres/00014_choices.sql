-- Which of a choice's values a right gives. Its value_type is flag: a program that knows of no
-- choices, and may still be running, reads one as had or not.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE entitlements
    ADD COLUMN IF NOT EXISTS value_choice text NOT NULL DEFAULT '',
    DROP CONSTRAINT IF EXISTS entitlements_value_choice,
    ADD CONSTRAINT entitlements_value_choice CHECK (value_choice = '' OR value_type = 'flag') NOT VALID;
ALTER TABLE entitlement_changes
    ADD COLUMN IF NOT EXISTS value_choice text NOT NULL DEFAULT '',
    DROP CONSTRAINT IF EXISTS entitlement_changes_value_choice,
    ADD CONSTRAINT entitlement_changes_value_choice CHECK (value_choice = '' OR value_type = 'flag') NOT VALID;
ALTER TABLE grants
    ADD COLUMN IF NOT EXISTS value_choice text NOT NULL DEFAULT '',
    DROP CONSTRAINT IF EXISTS grants_value_choice,
    ADD CONSTRAINT grants_value_choice CHECK (value_choice = '' OR value_type = 'flag') NOT VALID;

-- +goose Down
ALTER TABLE grants DROP COLUMN IF EXISTS value_choice;
ALTER TABLE entitlement_changes DROP COLUMN IF EXISTS value_choice;
ALTER TABLE entitlements DROP COLUMN IF EXISTS value_choice;
