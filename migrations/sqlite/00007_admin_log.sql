-- What was asked for with the rights of an operator. Rows are only ever added.

-- +goose Up
CREATE TABLE admin_log (
    seq        integer PRIMARY KEY AUTOINCREMENT,
    at         text NOT NULL,
    key_name   text NOT NULL,
    decided_by text NOT NULL,
    action     text NOT NULL,
    user_id    text NOT NULL,
    about      text NOT NULL,
    CONSTRAINT admin_log_action CHECK (action <> '')
);
CREATE INDEX admin_log_user ON admin_log (user_id, seq) WHERE user_id <> '';

-- +goose Down
DROP TABLE admin_log;
