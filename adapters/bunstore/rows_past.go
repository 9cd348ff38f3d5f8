package bunstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/entitled-dev/entitled/domain"
)

// pastRow is the sum of what of a subscription is kept apart.
type pastRow struct {
	bun.BaseModel `bun:"table:subscription_pasts,alias:t"`
	factRow

	SeenAt   time.Time `bun:"seen_at,nullzero"`
	Until    time.Time `bun:"ends_at,nullzero"` // none: nothing is kept apart any more
	Credited time.Time `bun:"credited_until,nullzero"`
	Items    string    `bun:"items"` // JSON of []pastItem
}

type pastItem struct {
	ID      string   `json:"id"`
	Times   int      `json:"times,omitempty"`
	Through moment   `json:"through,omitempty"`
	Paid    []moment `json:"paid,omitempty"` // from, until, from, until, ...
	Billed  []moment `json:"billed,omitempty"`
}

func pastRowOf(key factRow, p domain.Past) pastRow {
	items := make([]pastItem, len(p.Items))
	for i, it := range p.Items {
		items[i] = pastItem{ID: clean(it.ID), Times: it.Times, Through: momentOf(it.Through), Paid: momentsOf(it.Paid), Billed: momentsOf(it.Billed)}
	}
	return pastRow{factRow: key, SeenAt: stamp(p.SeenAt), Until: stamp(p.Until), Credited: stamp(p.Credited), Items: jsonText(items)}
}

func (r pastRow) toDomain() (domain.Past, error) {
	var items []pastItem
	if err := json.Unmarshal([]byte(r.Items), &items); err != nil {
		return domain.Past{}, fmt.Errorf("what was paid for items of subscription %s: %w", r.ID, err)
	}
	past := domain.Past{SeenAt: stamp(r.SeenAt), Until: stamp(r.Until), Credited: stamp(r.Credited)}
	for _, it := range items {
		past.Items = append(past.Items, domain.PastItem{
			ID: it.ID, Times: it.Times, Through: it.Through.time(), Paid: spansOf(it.Paid), Billed: spansOf(it.Billed),
		})
	}
	return past, nil
}

func momentsOf(spans []domain.Span) (all []moment) {
	for _, span := range spans {
		all = append(all, momentOf(span.From), momentOf(span.Until))
	}
	return all
}

func spansOf(moments []moment) (all []domain.Span) {
	for n := 0; n+1 < len(moments); n += 2 {
		all = append(all, domain.Span{From: moments[n].time(), Until: moments[n+1].time()})
	}
	return all
}

// ofInvoices are payments, and no marks.
const ofInvoices = "invoice_id <> id"

// markOf is a row without a key, by which the program before, which knows of no past, reads
// all of an account of which something is kept apart. (On Postgres migration 10 keeps it from
// giving the row one.) A later migration takes the marks.
func markOf(user domain.UserID, id domain.SubscriptionID) invoicePaymentRow {
	mark := "apart_" + string(id)
	return invoicePaymentRowOf(factRow{ID: mark, UserID: string(user)}, domain.InvoiceID(mark))
}
