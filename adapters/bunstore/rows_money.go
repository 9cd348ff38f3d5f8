package bunstore

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
)

// paymentRow is the money for a one-time purchase. The table has other columns, for the
// program before, which keeps the payments of invoices in it, too: see [ofOneTime].
type paymentRow struct {
	bun.BaseModel `bun:"table:payments,alias:t"`
	factRow

	OrderID  string `bun:"order_id"`
	Amount   int64  `bun:"amount"`
	Currency string `bun:"currency"`
}

// ofOneTime narrows payments to those of one-time purchases.
const ofOneTime = "subscription_id = ''"

func paymentRowOf(key factRow, p domain.Payment) paymentRow {
	return paymentRow{factRow: key, OrderID: clean(p.Order), Amount: p.Amount, Currency: clean(p.Currency)}
}

func (r paymentRow) toDomain() domain.Payment {
	return domain.Payment{ID: domain.PaymentIntentID(r.ID), Order: domain.OrderID(r.OrderID), Amount: r.Amount, Currency: r.Currency}
}

type invoicePaymentRow struct {
	bun.BaseModel `bun:"table:invoice_payments,alias:t"`
	factRow       // of the payment intent

	InvoiceID string `bun:"invoice_id"`
}

func invoicePaymentRowOf(key factRow, invoice domain.InvoiceID) invoicePaymentRow {
	return invoicePaymentRow{factRow: key, InvoiceID: clean(invoice)}
}

func (r invoicePaymentRow) toDomain() domain.InvoiceID { return domain.InvoiceID(r.InvoiceID) }

type chargeRow struct {
	bun.BaseModel `bun:"table:charges,alias:t"`
	factRow

	PaymentIntentID string    `bun:"payment_intent_id"`
	InvoiceID       string    `bun:"invoice_id"`
	Amount          int64     `bun:"amount"`
	Refunded        int64     `bun:"refunded"`
	Currency        string    `bun:"currency"`
	SeenAt          time.Time `bun:"seen_at,nullzero"`
}

func chargeRowOf(key factRow, c domain.Charge) chargeRow {
	return chargeRow{
		factRow: key, PaymentIntentID: clean(c.PaymentIntent), InvoiceID: clean(c.Invoice),
		Amount: c.Amount, Refunded: c.Refunded, Currency: clean(c.Currency), SeenAt: stamp(c.SeenAt),
	}
}

func (r chargeRow) toDomain() domain.Charge {
	return domain.Charge{
		ID: domain.ChargeID(r.ID), PaymentIntent: domain.PaymentIntentID(r.PaymentIntentID), Invoice: domain.InvoiceID(r.InvoiceID),
		Amount: r.Amount, Refunded: r.Refunded, Currency: r.Currency, SeenAt: stamp(r.SeenAt),
	}
}

type refundRow struct {
	bun.BaseModel `bun:"table:refunds,alias:t"`
	factRow

	ChargeID        string    `bun:"charge_id"`
	PaymentIntentID string    `bun:"payment_intent_id"`
	Status          string    `bun:"status"`
	Amount          int64     `bun:"amount"`
	Currency        string    `bun:"currency"`
	CreatedAt       time.Time `bun:"created_at,nullzero"`
	UndoneAt        time.Time `bun:"undone_at,nullzero"`
}

func refundRowOf(key factRow, r domain.Refund) refundRow {
	return refundRow{
		factRow: key, ChargeID: clean(r.Charge), PaymentIntentID: clean(r.PaymentIntent), Status: clean(r.Status),
		Amount: r.Amount, Currency: clean(r.Currency), CreatedAt: stamp(r.CreatedAt), UndoneAt: stamp(r.UndoneAt),
	}
}

func (r refundRow) toDomain() domain.Refund {
	return domain.Refund{
		ID: domain.RefundID(r.ID), Charge: domain.ChargeID(r.ChargeID), PaymentIntent: domain.PaymentIntentID(r.PaymentIntentID),
		Status: domain.RefundStatus(r.Status), Amount: r.Amount, Currency: r.Currency,
		CreatedAt: stamp(r.CreatedAt), UndoneAt: stamp(r.UndoneAt),
	}
}

type disputeRow struct {
	bun.BaseModel `bun:"table:disputes,alias:t"`
	factRow

	ChargeID        string    `bun:"charge_id"`
	PaymentIntentID string    `bun:"payment_intent_id"`
	Status          string    `bun:"status"`
	Amount          int64     `bun:"amount"`
	Currency        string    `bun:"currency"`
	CreatedAt       time.Time `bun:"created_at,nullzero"`
}

func disputeRowOf(key factRow, d domain.Dispute) disputeRow {
	return disputeRow{
		factRow: key, ChargeID: clean(d.Charge), PaymentIntentID: clean(d.PaymentIntent), Status: clean(d.Status),
		Amount: d.Amount, Currency: clean(d.Currency), CreatedAt: stamp(d.CreatedAt),
	}
}

func (r disputeRow) toDomain() domain.Dispute {
	return domain.Dispute{
		ID: domain.DisputeID(r.ID), Charge: domain.ChargeID(r.ChargeID), PaymentIntent: domain.PaymentIntentID(r.PaymentIntentID),
		Status: domain.DisputeStatus(r.Status), Amount: r.Amount, Currency: r.Currency, CreatedAt: stamp(r.CreatedAt),
	}
}

type grantRow struct {
	bun.BaseModel `bun:"table:grants,alias:t"`
	factRow

	Feature string `bun:"feature"`
	valueRow
	Since         time.Time `bun:"since,nullzero"`
	Until         time.Time `bun:"until,nullzero"`
	Reason        string    `bun:"reason"`
	GivenBy       string    `bun:"given_by"`
	CreatedAt     time.Time `bun:"created_at,nullzero"`
	RevokedAt     time.Time `bun:"revoked_at,nullzero"`
	RevokedBy     string    `bun:"revoked_by"`
	RevokedReason string    `bun:"revoked_reason"`
}

func grantRowOf(key factRow, g domain.Grant) grantRow {
	return grantRow{
		factRow: key, Feature: clean(g.Feature), valueRow: valueRowOf(g.Value),
		Since: stamp(g.Since), Until: stamp(g.Until), Reason: clean(g.Reason), GivenBy: clean(g.By),
		CreatedAt: stamp(g.CreatedAt), RevokedAt: stamp(g.RevokedAt),
		RevokedBy: clean(g.RevokedBy), RevokedReason: clean(g.RevokedReason),
	}
}

func (r grantRow) toDomain() domain.Grant {
	return domain.Grant{
		ID: domain.GrantID(r.ID), Feature: domain.FeatureKey(r.Feature),
		Value: r.valueRow.toDomain(),
		Since: stamp(r.Since), Until: stamp(r.Until), Reason: r.Reason, By: r.GivenBy,
		CreatedAt: stamp(r.CreatedAt), RevokedAt: stamp(r.RevokedAt),
		RevokedBy: r.RevokedBy, RevokedReason: r.RevokedReason,
	}
}
