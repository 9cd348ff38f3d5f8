-- The feed announces what is going to end, and its lines are kept for a time from when they
-- were told. A line whose kind is empty is a change; told_at is null of those from before.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE right_changes
    ADD COLUMN IF NOT EXISTS kind text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS ends_at timestamptz,
    ADD COLUMN IF NOT EXISTS lead bigint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS told_at timestamptz,
    DROP CONSTRAINT IF EXISTS right_changes_kind,
    ADD CONSTRAINT right_changes_kind CHECK (kind IN ('', 'ending', 'ending_withdrawn')) NOT VALID;
ALTER TABLE rights_told ADD COLUMN IF NOT EXISTS announced text NOT NULL DEFAULT '[]';

-- +goose Down
ALTER TABLE rights_told DROP COLUMN IF EXISTS announced;
ALTER TABLE right_changes
    DROP COLUMN IF EXISTS kind, DROP COLUMN IF EXISTS ends_at, DROP COLUMN IF EXISTS lead, DROP COLUMN IF EXISTS told_at;
