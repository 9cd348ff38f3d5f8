-- The feed announces what is going to end, and its lines are kept for a time from when they
-- were told. A line whose kind is empty is a change; told_at is null of those from before.

-- +goose Up
ALTER TABLE right_changes ADD COLUMN kind text NOT NULL DEFAULT '' CHECK (kind IN ('', 'ending', 'ending_withdrawn'));
ALTER TABLE right_changes ADD COLUMN ends_at text;
ALTER TABLE right_changes ADD COLUMN lead integer NOT NULL DEFAULT 0;
ALTER TABLE right_changes ADD COLUMN told_at text;
ALTER TABLE rights_told ADD COLUMN announced text NOT NULL DEFAULT '[]';

-- +goose Down
ALTER TABLE rights_told DROP COLUMN announced;
ALTER TABLE right_changes DROP COLUMN told_at;
ALTER TABLE right_changes DROP COLUMN lead;
ALTER TABLE right_changes DROP COLUMN ends_at;
ALTER TABLE right_changes DROP COLUMN kind;
