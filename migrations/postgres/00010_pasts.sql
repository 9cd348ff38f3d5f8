-- What of a subscription ended long ago is kept apart, under the key of its purchase with
-- "/apart" after it. Its sum is here, and is read instead.
--
-- No writer waits for this for longer than a moment.

-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS subscription_pasts (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL,
    purchase text COLLATE "C" NOT NULL DEFAULT '',
    seen_at timestamptz,
    ends_at timestamptz,
    credited_until timestamptz,
    items text NOT NULL
);
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS subscription_pasts_purchase;
CREATE INDEX CONCURRENTLY subscription_pasts_purchase ON subscription_pasts (user_id, purchase);
RESET lock_timeout;

-- What a program writes that knows of no such past is read with all of its account once more.
CREATE OR REPLACE TRIGGER forget_purchase BEFORE INSERT OR UPDATE ON orders FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'apart') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE INSERT OR UPDATE ON subscriptions FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'apart') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE INSERT OR UPDATE ON payments FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'apart') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE INSERT OR UPDATE ON invoices FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'apart') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE INSERT OR UPDATE ON invoice_payments FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'apart') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE INSERT OR UPDATE ON charges FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'apart') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE INSERT OR UPDATE ON refunds FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'apart') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE INSERT OR UPDATE ON disputes FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'apart') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE INSERT OR UPDATE ON credit_notes FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'apart') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE INSERT OR UPDATE ON grants FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'apart') EXECUTE FUNCTION forget_purchase();

-- +goose Down
UPDATE orders SET purchase = '' WHERE purchase LIKE '%/apart';
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON orders FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
UPDATE subscriptions SET purchase = '' WHERE purchase LIKE '%/apart';
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON subscriptions FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
UPDATE payments SET purchase = '' WHERE purchase LIKE '%/apart';
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON payments FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
UPDATE invoices SET purchase = '' WHERE purchase LIKE '%/apart';
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON invoices FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
UPDATE invoice_payments SET purchase = '' WHERE purchase LIKE '%/apart';
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON invoice_payments FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
UPDATE charges SET purchase = '' WHERE purchase LIKE '%/apart';
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON charges FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
UPDATE refunds SET purchase = '' WHERE purchase LIKE '%/apart';
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON refunds FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
UPDATE disputes SET purchase = '' WHERE purchase LIKE '%/apart';
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON disputes FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
UPDATE credit_notes SET purchase = '' WHERE purchase LIKE '%/apart';
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON credit_notes FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
UPDATE grants SET purchase = '' WHERE purchase LIKE '%/apart';
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON grants FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
UPDATE refs SET purchase = '' WHERE purchase LIKE '%/apart';
DROP TABLE IF EXISTS subscription_pasts;
