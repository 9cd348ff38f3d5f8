-- Facts are read and written by the purchase that they are about. Which that is, is
-- written with them from now on; what has none yet ('') is read with all of its account.

-- +goose Up
ALTER TABLE refs ADD COLUMN purchase text NOT NULL DEFAULT '';
ALTER TABLE entitlements ADD COLUMN purchase text NOT NULL DEFAULT '';
CREATE INDEX entitlements_purchase ON entitlements (user_id, purchase);
ALTER TABLE orders ADD COLUMN purchase text NOT NULL DEFAULT '';
DROP INDEX orders_user;
CREATE INDEX orders_purchase ON orders (user_id, purchase);
ALTER TABLE subscriptions ADD COLUMN purchase text NOT NULL DEFAULT '';
DROP INDEX subscriptions_user;
CREATE INDEX subscriptions_purchase ON subscriptions (user_id, purchase);
ALTER TABLE payments ADD COLUMN purchase text NOT NULL DEFAULT '';
DROP INDEX payments_user;
CREATE INDEX payments_purchase ON payments (user_id, purchase);
ALTER TABLE invoices ADD COLUMN purchase text NOT NULL DEFAULT '';
DROP INDEX invoices_user;
CREATE INDEX invoices_purchase ON invoices (user_id, purchase);
ALTER TABLE invoice_payments ADD COLUMN purchase text NOT NULL DEFAULT '';
DROP INDEX invoice_payments_user;
CREATE INDEX invoice_payments_purchase ON invoice_payments (user_id, purchase);
ALTER TABLE charges ADD COLUMN purchase text NOT NULL DEFAULT '';
DROP INDEX charges_user;
CREATE INDEX charges_purchase ON charges (user_id, purchase);
ALTER TABLE refunds ADD COLUMN purchase text NOT NULL DEFAULT '';
DROP INDEX refunds_user;
CREATE INDEX refunds_purchase ON refunds (user_id, purchase);
ALTER TABLE disputes ADD COLUMN purchase text NOT NULL DEFAULT '';
DROP INDEX disputes_user;
CREATE INDEX disputes_purchase ON disputes (user_id, purchase);
ALTER TABLE credit_notes ADD COLUMN purchase text NOT NULL DEFAULT '';
DROP INDEX credit_notes_user;
CREATE INDEX credit_notes_purchase ON credit_notes (user_id, purchase);
ALTER TABLE grants ADD COLUMN purchase text NOT NULL DEFAULT '';
DROP INDEX grants_user;
CREATE INDEX grants_purchase ON grants (user_id, purchase);

-- What the program before updates, put back for a while, may link purchases that were
-- apart: a fact whose links change, and not its purchase, is read with all of its account
-- once more.
-- +goose StatementBegin
CREATE TRIGGER forget_purchase_orders AFTER UPDATE ON orders WHEN NEW.purchase = OLD.purchase AND NEW.purchase <> '' AND (NEW.session_id <> OLD.session_id OR NEW.subscription_id <> OLD.subscription_id OR NEW.payment_intent_id <> OLD.payment_intent_id)
BEGIN UPDATE orders SET purchase = '' WHERE id = NEW.id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER forget_purchase_subscriptions AFTER UPDATE ON subscriptions WHEN NEW.purchase = OLD.purchase AND NEW.purchase <> '' AND (NEW.order_id <> OLD.order_id)
BEGIN UPDATE subscriptions SET purchase = '' WHERE id = NEW.id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER forget_purchase_payments AFTER UPDATE ON payments WHEN NEW.purchase = OLD.purchase AND NEW.purchase <> '' AND (NEW.order_id <> OLD.order_id)
BEGIN UPDATE payments SET purchase = '' WHERE id = NEW.id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER forget_purchase_invoices AFTER UPDATE ON invoices WHEN NEW.purchase = OLD.purchase AND NEW.purchase <> '' AND (NEW.subscription_id <> OLD.subscription_id)
BEGIN UPDATE invoices SET purchase = '' WHERE id = NEW.id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER forget_purchase_invoice_payments AFTER UPDATE ON invoice_payments WHEN NEW.purchase = OLD.purchase AND NEW.purchase <> '' AND (NEW.invoice_id <> OLD.invoice_id)
BEGIN UPDATE invoice_payments SET purchase = '' WHERE id = NEW.id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER forget_purchase_charges AFTER UPDATE ON charges WHEN NEW.purchase = OLD.purchase AND NEW.purchase <> '' AND (NEW.payment_intent_id <> OLD.payment_intent_id OR NEW.invoice_id <> OLD.invoice_id)
BEGIN UPDATE charges SET purchase = '' WHERE id = NEW.id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER forget_purchase_refunds AFTER UPDATE ON refunds WHEN NEW.purchase = OLD.purchase AND NEW.purchase <> '' AND (NEW.charge_id <> OLD.charge_id OR NEW.payment_intent_id <> OLD.payment_intent_id)
BEGIN UPDATE refunds SET purchase = '' WHERE id = NEW.id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER forget_purchase_disputes AFTER UPDATE ON disputes WHEN NEW.purchase = OLD.purchase AND NEW.purchase <> '' AND (NEW.charge_id <> OLD.charge_id OR NEW.payment_intent_id <> OLD.payment_intent_id)
BEGIN UPDATE disputes SET purchase = '' WHERE id = NEW.id; END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER forget_purchase_credit_notes AFTER UPDATE ON credit_notes WHEN NEW.purchase = OLD.purchase AND NEW.purchase <> '' AND (NEW.invoice_id <> OLD.invoice_id OR NEW.refunds <> OLD.refunds)
BEGIN UPDATE credit_notes SET purchase = '' WHERE id = NEW.id; END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER forget_purchase_orders;
DROP TRIGGER forget_purchase_subscriptions;
DROP TRIGGER forget_purchase_payments;
DROP TRIGGER forget_purchase_invoices;
DROP TRIGGER forget_purchase_invoice_payments;
DROP TRIGGER forget_purchase_charges;
DROP TRIGGER forget_purchase_refunds;
DROP TRIGGER forget_purchase_disputes;
DROP TRIGGER forget_purchase_credit_notes;
DROP INDEX orders_purchase;
CREATE INDEX orders_user ON orders (user_id);
ALTER TABLE orders DROP COLUMN purchase;
DROP INDEX subscriptions_purchase;
CREATE INDEX subscriptions_user ON subscriptions (user_id);
ALTER TABLE subscriptions DROP COLUMN purchase;
DROP INDEX payments_purchase;
CREATE INDEX payments_user ON payments (user_id);
ALTER TABLE payments DROP COLUMN purchase;
DROP INDEX invoices_purchase;
CREATE INDEX invoices_user ON invoices (user_id);
ALTER TABLE invoices DROP COLUMN purchase;
DROP INDEX invoice_payments_purchase;
CREATE INDEX invoice_payments_user ON invoice_payments (user_id);
ALTER TABLE invoice_payments DROP COLUMN purchase;
DROP INDEX charges_purchase;
CREATE INDEX charges_user ON charges (user_id);
ALTER TABLE charges DROP COLUMN purchase;
DROP INDEX refunds_purchase;
CREATE INDEX refunds_user ON refunds (user_id);
ALTER TABLE refunds DROP COLUMN purchase;
DROP INDEX disputes_purchase;
CREATE INDEX disputes_user ON disputes (user_id);
ALTER TABLE disputes DROP COLUMN purchase;
DROP INDEX credit_notes_purchase;
CREATE INDEX credit_notes_user ON credit_notes (user_id);
ALTER TABLE credit_notes DROP COLUMN purchase;
DROP INDEX grants_purchase;
CREATE INDEX grants_user ON grants (user_id);
ALTER TABLE grants DROP COLUMN purchase;
DROP INDEX entitlements_purchase;
ALTER TABLE entitlements DROP COLUMN purchase;
ALTER TABLE refs DROP COLUMN purchase;
-- The program before does not know these names.
DELETE FROM refs WHERE kind IN ('refund', 'dispute', 'credit_note');
