-- What a deployment keeps about itself: its mode, the catalog last derived from.

-- +goose Up
CREATE TABLE settings (
    name  text NOT NULL PRIMARY KEY,
    value text NOT NULL
);

-- +goose Down
DROP TABLE settings;
