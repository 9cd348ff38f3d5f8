-- Which of a choice's values a right gives. Its value_type is flag: a program that knows of no
-- choices, and may still be running, reads one as had or not.

-- +goose Up
ALTER TABLE entitlements ADD COLUMN value_choice text NOT NULL DEFAULT '' CHECK (value_choice = '' OR value_type = 'flag');
ALTER TABLE entitlement_changes ADD COLUMN value_choice text NOT NULL DEFAULT '' CHECK (value_choice = '' OR value_type = 'flag');
ALTER TABLE grants ADD COLUMN value_choice text NOT NULL DEFAULT '' CHECK (value_choice = '' OR value_type = 'flag');

-- +goose Down
ALTER TABLE grants DROP COLUMN value_choice;
ALTER TABLE entitlement_changes DROP COLUMN value_choice;
ALTER TABLE entitlements DROP COLUMN value_choice;
