-- Facts are read and written by the purchase that they are about. Which that is, is
-- written with them from now on; what has none yet ('') is read with all of its account.
--
-- No writer waits for this for longer than a moment: the indexes wait for them.

-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE refs ADD COLUMN IF NOT EXISTS purchase text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE orders ADD COLUMN IF NOT EXISTS purchase text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN IF NOT EXISTS purchase text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN IF NOT EXISTS purchase text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE invoices ADD COLUMN IF NOT EXISTS purchase text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE invoice_payments ADD COLUMN IF NOT EXISTS purchase text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE charges ADD COLUMN IF NOT EXISTS purchase text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE refunds ADD COLUMN IF NOT EXISTS purchase text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE disputes ADD COLUMN IF NOT EXISTS purchase text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE credit_notes ADD COLUMN IF NOT EXISTS purchase text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE grants ADD COLUMN IF NOT EXISTS purchase text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE entitlements ADD COLUMN IF NOT EXISTS purchase text COLLATE "C" NOT NULL DEFAULT '';

-- What the program before updates may link purchases that were apart: it is read with all
-- of its account once more. A later migration drops this. Whoever knows of purchases says
-- so, as bunstore does.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION forget_purchase() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.purchase := '';
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON orders FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON subscriptions FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON payments FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON invoices FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON invoice_payments FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON charges FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON refunds FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON disputes FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON credit_notes FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();
CREATE OR REPLACE TRIGGER forget_purchase BEFORE UPDATE ON grants FOR EACH ROW WHEN (current_setting('entitled.purchases', true) IS DISTINCT FROM 'kept') EXECUTE FUNCTION forget_purchase();

-- The index by user that was is the beginning of the one by user and purchase.
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS orders_purchase;
CREATE INDEX CONCURRENTLY orders_purchase ON orders (user_id, purchase);
DROP INDEX CONCURRENTLY IF EXISTS orders_user;
DROP INDEX CONCURRENTLY IF EXISTS subscriptions_purchase;
CREATE INDEX CONCURRENTLY subscriptions_purchase ON subscriptions (user_id, purchase);
DROP INDEX CONCURRENTLY IF EXISTS subscriptions_user;
DROP INDEX CONCURRENTLY IF EXISTS payments_purchase;
CREATE INDEX CONCURRENTLY payments_purchase ON payments (user_id, purchase);
DROP INDEX CONCURRENTLY IF EXISTS payments_user;
DROP INDEX CONCURRENTLY IF EXISTS invoices_purchase;
CREATE INDEX CONCURRENTLY invoices_purchase ON invoices (user_id, purchase);
DROP INDEX CONCURRENTLY IF EXISTS invoices_user;
DROP INDEX CONCURRENTLY IF EXISTS invoice_payments_purchase;
CREATE INDEX CONCURRENTLY invoice_payments_purchase ON invoice_payments (user_id, purchase);
DROP INDEX CONCURRENTLY IF EXISTS invoice_payments_user;
DROP INDEX CONCURRENTLY IF EXISTS charges_purchase;
CREATE INDEX CONCURRENTLY charges_purchase ON charges (user_id, purchase);
DROP INDEX CONCURRENTLY IF EXISTS charges_user;
DROP INDEX CONCURRENTLY IF EXISTS refunds_purchase;
CREATE INDEX CONCURRENTLY refunds_purchase ON refunds (user_id, purchase);
DROP INDEX CONCURRENTLY IF EXISTS refunds_user;
DROP INDEX CONCURRENTLY IF EXISTS disputes_purchase;
CREATE INDEX CONCURRENTLY disputes_purchase ON disputes (user_id, purchase);
DROP INDEX CONCURRENTLY IF EXISTS disputes_user;
DROP INDEX CONCURRENTLY IF EXISTS credit_notes_purchase;
CREATE INDEX CONCURRENTLY credit_notes_purchase ON credit_notes (user_id, purchase);
DROP INDEX CONCURRENTLY IF EXISTS credit_notes_user;
DROP INDEX CONCURRENTLY IF EXISTS grants_purchase;
CREATE INDEX CONCURRENTLY grants_purchase ON grants (user_id, purchase);
DROP INDEX CONCURRENTLY IF EXISTS grants_user;
DROP INDEX CONCURRENTLY IF EXISTS entitlements_purchase;
CREATE INDEX CONCURRENTLY entitlements_purchase ON entitlements (user_id, purchase);
RESET lock_timeout;

-- +goose Down
SET lock_timeout = 0;
DROP INDEX CONCURRENTLY IF EXISTS orders_user;
CREATE INDEX CONCURRENTLY orders_user ON orders (user_id);
DROP INDEX CONCURRENTLY IF EXISTS orders_purchase;
DROP TRIGGER IF EXISTS forget_purchase ON orders;
ALTER TABLE orders DROP COLUMN IF EXISTS purchase;
DROP INDEX CONCURRENTLY IF EXISTS subscriptions_user;
CREATE INDEX CONCURRENTLY subscriptions_user ON subscriptions (user_id);
DROP INDEX CONCURRENTLY IF EXISTS subscriptions_purchase;
DROP TRIGGER IF EXISTS forget_purchase ON subscriptions;
ALTER TABLE subscriptions DROP COLUMN IF EXISTS purchase;
DROP INDEX CONCURRENTLY IF EXISTS payments_user;
CREATE INDEX CONCURRENTLY payments_user ON payments (user_id);
DROP INDEX CONCURRENTLY IF EXISTS payments_purchase;
DROP TRIGGER IF EXISTS forget_purchase ON payments;
ALTER TABLE payments DROP COLUMN IF EXISTS purchase;
DROP INDEX CONCURRENTLY IF EXISTS invoices_user;
CREATE INDEX CONCURRENTLY invoices_user ON invoices (user_id);
DROP INDEX CONCURRENTLY IF EXISTS invoices_purchase;
DROP TRIGGER IF EXISTS forget_purchase ON invoices;
ALTER TABLE invoices DROP COLUMN IF EXISTS purchase;
DROP INDEX CONCURRENTLY IF EXISTS invoice_payments_user;
CREATE INDEX CONCURRENTLY invoice_payments_user ON invoice_payments (user_id);
DROP INDEX CONCURRENTLY IF EXISTS invoice_payments_purchase;
DROP TRIGGER IF EXISTS forget_purchase ON invoice_payments;
ALTER TABLE invoice_payments DROP COLUMN IF EXISTS purchase;
DROP INDEX CONCURRENTLY IF EXISTS charges_user;
CREATE INDEX CONCURRENTLY charges_user ON charges (user_id);
DROP INDEX CONCURRENTLY IF EXISTS charges_purchase;
DROP TRIGGER IF EXISTS forget_purchase ON charges;
ALTER TABLE charges DROP COLUMN IF EXISTS purchase;
DROP INDEX CONCURRENTLY IF EXISTS refunds_user;
CREATE INDEX CONCURRENTLY refunds_user ON refunds (user_id);
DROP INDEX CONCURRENTLY IF EXISTS refunds_purchase;
DROP TRIGGER IF EXISTS forget_purchase ON refunds;
ALTER TABLE refunds DROP COLUMN IF EXISTS purchase;
DROP INDEX CONCURRENTLY IF EXISTS disputes_user;
CREATE INDEX CONCURRENTLY disputes_user ON disputes (user_id);
DROP INDEX CONCURRENTLY IF EXISTS disputes_purchase;
DROP TRIGGER IF EXISTS forget_purchase ON disputes;
ALTER TABLE disputes DROP COLUMN IF EXISTS purchase;
DROP INDEX CONCURRENTLY IF EXISTS credit_notes_user;
CREATE INDEX CONCURRENTLY credit_notes_user ON credit_notes (user_id);
DROP INDEX CONCURRENTLY IF EXISTS credit_notes_purchase;
DROP TRIGGER IF EXISTS forget_purchase ON credit_notes;
ALTER TABLE credit_notes DROP COLUMN IF EXISTS purchase;
DROP INDEX CONCURRENTLY IF EXISTS grants_user;
CREATE INDEX CONCURRENTLY grants_user ON grants (user_id);
DROP INDEX CONCURRENTLY IF EXISTS grants_purchase;
DROP TRIGGER IF EXISTS forget_purchase ON grants;
ALTER TABLE grants DROP COLUMN IF EXISTS purchase;
DROP INDEX CONCURRENTLY IF EXISTS entitlements_purchase;
ALTER TABLE entitlements DROP COLUMN IF EXISTS purchase;
ALTER TABLE refs DROP COLUMN IF EXISTS purchase;
DROP FUNCTION IF EXISTS forget_purchase();
-- The program before does not know these names.
DELETE FROM refs WHERE kind IN ('refund', 'dispute', 'credit_note');
RESET lock_timeout;
