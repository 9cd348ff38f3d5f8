package bunstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
)

type invoiceRow struct {
	bun.BaseModel `bun:"table:invoices,alias:t"`
	factRow

	SubscriptionID   string    `bun:"subscription_id"`
	Status           string    `bun:"status"`
	BillingReason    string    `bun:"billing_reason"`
	CollectionMethod string    `bun:"collection_method"`
	Currency         string    `bun:"currency"`
	Total            int64     `bun:"total"`
	AmountDue        int64     `bun:"amount_due"`
	AmountPaid       int64     `bun:"amount_paid"`
	StartingBalance  int64     `bun:"starting_balance"`
	EndingBalance    int64     `bun:"ending_balance"`
	CreatedAt        time.Time `bun:"created_at,nullzero"`
	FinalizedAt      time.Time `bun:"finalized_at,nullzero"`
	DueAt            time.Time `bun:"due_at,nullzero"`
	PaidAt           time.Time `bun:"paid_at,nullzero"`
	FirstSeenAt      time.Time `bun:"first_seen_at,nullzero"`
	SeenAt           time.Time `bun:"seen_at,nullzero"`
	Complete         bool      `bun:"complete"`
	Lines            string    `bun:"lines"` // JSON of []line
}

func invoiceRowOf(key factRow, i domain.Invoice) invoiceRow {
	lines := make([]line, len(i.Lines))
	for n, l := range i.Lines {
		lines[n] = lineOf(l)
	}
	return invoiceRow{
		factRow: key, SubscriptionID: clean(i.Subscription), Status: clean(i.Status),
		BillingReason: clean(i.BillingReason), CollectionMethod: clean(i.Method), Currency: clean(i.Currency),
		Total: i.Total, AmountDue: i.AmountDue, AmountPaid: i.AmountPaid,
		StartingBalance: i.StartingBalance, EndingBalance: i.EndingBalance,
		CreatedAt: stamp(i.CreatedAt), FinalizedAt: stamp(i.FinalizedAt), DueAt: stamp(i.DueAt), PaidAt: stamp(i.PaidAt),
		FirstSeenAt: stamp(i.FirstSeenAt), SeenAt: stamp(i.SeenAt), Complete: i.Complete, Lines: jsonText(lines),
	}
}

func (r invoiceRow) toDomain() (domain.Invoice, error) {
	var lines []line
	if err := json.Unmarshal([]byte(r.Lines), &lines); err != nil {
		return domain.Invoice{}, fmt.Errorf("lines of invoice %s: %w", r.ID, err)
	}
	return domain.Invoice{
		ID: domain.InvoiceID(r.ID), Subscription: domain.SubscriptionID(r.SubscriptionID), Status: domain.InvoiceStatus(r.Status),
		BillingReason: r.BillingReason, Method: domain.CollectionMethod(r.CollectionMethod), Currency: r.Currency,
		Total: r.Total, AmountDue: r.AmountDue, AmountPaid: r.AmountPaid,
		StartingBalance: r.StartingBalance, EndingBalance: r.EndingBalance,
		CreatedAt: stamp(r.CreatedAt), FinalizedAt: stamp(r.FinalizedAt), DueAt: stamp(r.DueAt), PaidAt: stamp(r.PaidAt),
		FirstSeenAt: stamp(r.FirstSeenAt), SeenAt: stamp(r.SeenAt), Complete: r.Complete, Lines: domainOf(lines, line.toDomain),
	}, nil
}

// line is a line of an invoice as it is kept. Migration 5 writes it, too.
type line struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Item     string `json:"item,omitempty"`
	Price    string `json:"price,omitempty"`
	Product  string `json:"product,omitempty"`
	Quantity int64  `json:"quantity"`
	Amount   int64  `json:"amount"`
	From     moment `json:"from,omitempty"`
	Until    moment `json:"until,omitempty"`
}

func lineOf(l domain.Line) line {
	return line{
		ID: clean(l.ID), Kind: clean(l.Kind), Item: clean(l.Item), Price: clean(l.Price), Product: clean(l.Product),
		Quantity: l.Quantity, Amount: l.Amount, From: momentOf(l.From), Until: momentOf(l.Until),
	}
}

func (l line) toDomain() domain.Line {
	return domain.Line{
		ID: l.ID, Kind: domain.LineKind(l.Kind), Item: l.Item, Price: domain.PriceID(l.Price), Product: l.Product,
		Quantity: l.Quantity, Amount: l.Amount, From: l.From.time(), Until: l.Until.time(),
	}
}

type creditNoteRow struct {
	bun.BaseModel `bun:"table:credit_notes,alias:t"`
	factRow

	InvoiceID string    `bun:"invoice_id"`
	Status    string    `bun:"status"`
	Kind      string    `bun:"kind"`
	Amount    int64     `bun:"amount"`
	Currency  string    `bun:"currency"`
	CreatedAt time.Time `bun:"created_at,nullzero"`
	Lines     string    `bun:"lines"` // JSON of []creditedLine
	Refunds   string    `bun:"refunds"`
}

func creditNoteRowOf(key factRow, n domain.CreditNote) creditNoteRow {
	lines := make([]creditedLine, len(n.Lines))
	for i, l := range n.Lines {
		lines[i] = creditedLine{Line: clean(l.Line), Amount: l.Amount}
	}
	return creditNoteRow{
		factRow: key, InvoiceID: clean(n.Invoice), Status: clean(n.Status), Kind: clean(n.Kind), Amount: n.Amount, Currency: clean(n.Currency),
		CreatedAt: stamp(n.CreatedAt), Lines: jsonText(lines), Refunds: joinIDs(n.Refunds),
	}
}

func (r creditNoteRow) toDomain() (domain.CreditNote, error) {
	var lines []creditedLine
	if err := json.Unmarshal([]byte(r.Lines), &lines); err != nil {
		return domain.CreditNote{}, fmt.Errorf("lines of credit note %s: %w", r.ID, err)
	}
	return domain.CreditNote{
		ID: domain.CreditNoteID(r.ID), Invoice: domain.InvoiceID(r.InvoiceID), Status: domain.CreditNoteStatus(r.Status),
		Kind: domain.CreditNoteKind(r.Kind), Amount: r.Amount, Currency: r.Currency, CreatedAt: stamp(r.CreatedAt),
		Lines: domainOf(lines, creditedLine.toDomain), Refunds: splitIDs[domain.RefundID](r.Refunds),
	}, nil
}

type creditedLine struct {
	Line   string `json:"line,omitempty"`
	Amount int64  `json:"amount"`
}

func (l creditedLine) toDomain() domain.CreditedLine {
	return domain.CreditedLine{Line: l.Line, Amount: l.Amount}
}
