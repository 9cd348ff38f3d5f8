package domain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// moneyBack is what refunds, charges and disputes say of one payment.
func (e evidence) moneyBack(p Payment) []Evidence {
	a := e.account
	var found []Evidence
	for _, id := range slices.Sorted(maps.Keys(a.Refunds)) {
		r := a.Refunds[id]
		if a.paymentOf(r.PaymentIntent, r.Charge) != p.ID {
			continue
		}
		found = append(found, Evidence{"refund", string(r.ID), fmt.Sprintf("refund of %s: %s", money(r.Amount, r.Currency), r.Status), details(
			"status", string(r.Status), "amount", number(r.Amount), "currency", r.Currency,
			"created_at", stamp(r.CreatedAt), "payment", p.ID,
		)})
	}
	for _, id := range slices.Sorted(maps.Keys(a.Charges)) {
		c := a.Charges[id]
		untold := c.Refunded - a.toldOf(c)
		if untold <= 0 || a.paymentOf(c.PaymentIntent, c.ID) != p.ID {
			continue
		}
		currency := cmp.Or(c.Currency, p.Currency)
		says := fmt.Sprintf("%s refunded, of which no refund has told %s", money(c.Refunded, currency), money(untold, currency))
		found = append(found, Evidence{"charge", string(c.ID), says, details(
			"amount", number(c.Amount), "refunded", number(c.Refunded), "currency", currency,
			"seen_at", stamp(c.SeenAt), "payment", p.ID,
		)})
	}
	disputes := slices.Clone(e.money.disputes[p.ID])
	slices.SortFunc(disputes, func(a, b Dispute) int { return cmp.Compare(a.ID, b.ID) })
	for _, d := range disputes {
		says := fmt.Sprintf("dispute over %s: %s", money(d.Amount, d.Currency), d.Status)
		if !d.CreatedAt.IsZero() {
			says += ", since " + stamp(d.CreatedAt)
		}
		found = append(found, Evidence{"dispute", string(d.ID), says, details(
			"status", string(d.Status), "state", string(d.state()), "amount", number(d.Amount), "currency", d.Currency,
			"created_at", stamp(d.CreatedAt), "payment", p.ID,
		)})
	}
	return found
}
