package domain

import (
	"cmp"
	"fmt"
	"strings"
)

// moneyEvidence is what refunds, charges, credit notes and disputes say of a bill.
func (b *Bill) moneyEvidence() []Evidence {
	var found []Evidence
	for _, r := range b.Refunds {
		found = append(found, Evidence{"refund", string(r.ID), fmt.Sprintf("refund of %s: %s", money(r.Amount, r.Currency), r.Status), details(
			"status", string(r.Status), "amount", number(r.Amount), "currency", r.Currency,
			"created_at", stamp(r.CreatedAt), "of", b.ID(),
		)})
	}
	for _, c := range b.Charges {
		untold := c.Refunded - b.toldOf(c)
		if untold <= 0 {
			continue
		}
		currency := cmp.Or(c.Currency, b.Invoice.Currency, b.Payment.Currency)
		says := fmt.Sprintf("%s refunded, of which no refund has told %s", money(c.Refunded, currency), money(untold, currency))
		found = append(found, Evidence{"charge", string(c.ID), says, details(
			"amount", number(c.Amount), "refunded", number(c.Refunded), "currency", currency,
			"seen_at", stamp(c.SeenAt), "of", b.ID(),
		)})
	}
	for _, n := range b.CreditNotes {
		says := fmt.Sprintf("credit note of %s: %s", money(n.Amount, n.Currency), n.Status)
		for _, line := range n.Lines {
			if line.Line != "" {
				says += fmt.Sprintf(", %s of line %s", money(line.Amount, n.Currency), line.Line)
			}
		}
		found = append(found, Evidence{"credit_note", string(n.ID), says, details(
			"status", string(n.Status), "amount", number(n.Amount), "currency", n.Currency,
			"created_at", stamp(n.CreatedAt), "of", b.ID(),
		)})
	}
	for _, d := range b.Disputes {
		says := fmt.Sprintf("dispute over %s: %s", money(d.Amount, d.Currency), d.Status)
		if !d.CreatedAt.IsZero() {
			says += ", since " + stamp(d.CreatedAt)
		}
		found = append(found, Evidence{"dispute", string(d.ID), says, details(
			"status", string(d.Status), "state", string(d.state()), "amount", number(d.Amount), "currency", d.Currency,
			"created_at", stamp(d.CreatedAt), "of", b.ID(),
		)})
	}
	return found
}

// decimals of the currencies that do not have two at Stripe. It counts ISK and UGX
// in hundredths, although neither has any.
var decimals = map[string]int{
	"bif": 0, "clp": 0, "djf": 0, "gnf": 0, "jpy": 0, "kmf": 0, "krw": 0, "mga": 0,
	"pyg": 0, "rwf": 0, "vnd": 0, "vuv": 0, "xaf": 0, "xof": 0, "xpf": 0,
	"bhd": 3, "jod": 3, "kwd": 3, "omr": 3, "tnd": 3,
}

// money is an amount for people, which Stripe counts in minor units: "29.00 usd",
// "1500 jpy".
func money(amount int64, currency string) string {
	currency = strings.ToLower(currency)
	digits, special := decimals[currency]
	switch {
	case currency == "":
		return number(amount) + " (minor units)" // of what, nobody told us
	case !special:
		digits = 2
	case digits == 0:
		return number(amount) + " " + currency
	}
	minus, rest := "", uint64(amount)
	if amount < 0 {
		minus, rest = "-", -rest // right for the least int64, too
	}
	unit := uint64(100)
	if digits == 3 {
		unit = 1000
	}
	return fmt.Sprintf("%s%d.%0*d %s", minus, rest/unit, digits, rest%unit, currency)
}
