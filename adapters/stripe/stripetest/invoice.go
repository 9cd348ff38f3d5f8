package stripetest

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

func (p pen) invoice(f domain.InvoiceFact) object {
	status, paid := "open", int64(0)
	switch f.Type {
	case "invoice.paid", "invoice.payment_succeeded":
		status, paid = "paid", f.Amount
	case "invoice.voided":
		status = "void"
	case "invoice.marked_uncollectible":
		status = "uncollectible"
	default: // it is still to be paid
	}
	outOfBand := status == "paid" && !p.since(basil) && p.chance(4)
	if outOfBand { // such money is in the amount paid since basil only
		paid = 0
	}
	reason := "manual"
	if f.Subscription != "" {
		reason = "subscription_cycle"
	}
	o := object{
		{"id", string(f.ID)},
		{"object", "invoice"},
		{"amount_due", f.Amount},
		{"amount_paid", paid},
		{"amount_remaining", f.Amount - paid},
		{"attempt_count", 1},
		{"billing_reason", reason},
		{"created", p.about.at.Add(-time.Minute)},
		{"currency", orNull(f.Currency)},
		{"customer", p.reference("customer", string(f.Customer))},
		{"customer_email", "ada@example.com"},
		{"due_date", nil},
		{"lines", p.lines(f)},
		{"livemode", p.live},
		{"metadata", object{}},
		{"number", "0001"},
		// These are about what was metered, and end where the lines' period begins.
		{"period_start", earlier(f.PeriodStart, 0, 1)},
		{"period_end", f.PeriodStart},
		{"status", status},
		{"status_transitions", object{{"finalized_at", p.about.at}, {"paid_at", nil}}},
		{"subtotal", f.Amount},
		{"total", f.Total},
	}
	if p.since(dahlia) {
		o = append(o, member{"customer_account", nil})
	}
	if p.since(basil) {
		return append(o, member{"parent", p.invoiceParent(f)}, member{"amount_overpaid", 0},
			member{"confirmation_secret", nil}, member{"total_taxes", list{}})
	}
	o = append(o,
		member{"charge", p.reference("charge", string(f.Charge))},
		member{"discount", nil},
		member{"paid", status == "paid"},
		member{"paid_out_of_band", outOfBand},
		member{"payment_intent", p.reference("payment_intent", string(f.PaymentIntent))},
		member{"quote", nil},
		member{"subscription", p.reference("subscription", string(f.Subscription))},
		member{"tax", nil},
	)
	if p.since(version2023) {
		o = append(o, member{"subscription_details", object{{"metadata", object{{"user_id", "user_1"}}}}})
	}
	return o
}

func (p pen) invoiceParent(f domain.InvoiceFact) any {
	if f.Subscription == "" {
		return nil
	}
	return object{
		{"type", "subscription_details"},
		{"quote_details", nil},
		{"subscription_details", object{
			{"metadata", object{{"user_id", "user_1"}}},
			{"subscription", p.reference("subscription", string(f.Subscription))},
		}},
	}
}

// lines are one for the whole period or, with noise, another for what was used before
// it; none if there is no period.
func (p pen) lines(f domain.InvoiceFact) object {
	var data list
	start, end := f.PeriodStart, f.PeriodEnd
	seconds := end.Unix() - start.Unix()
	switch {
	case start.IsZero() && end.IsZero():
	case !start.IsZero() && seconds > 1 && p.chance(2):
		used := start.Add(-time.Duration(1+p.below(seconds-1)) * time.Second)
		data = list{p.line(f, "il_1", used, start), p.line(f, "il_2", start, end)}
	default:
		data = list{p.line(f, "il_1", start, end)}
	}
	return object{
		{"object", "list"}, {"data", p.shuffled(data)}, {"has_more", false},
		{"total_count", len(data)}, {"url", "/v1/invoices/" + string(f.ID) + "/lines"},
	}
}

func (p pen) line(f domain.InvoiceFact, id string, start, end time.Time) object {
	o := object{
		{"id", id},
		{"object", "line_item"},
		{"amount", f.Amount},
		{"currency", orNull(f.Currency)},
		{"description", "1 × Pro"},
		{"metadata", object{}},
		{"period", object{{"start", start}, {"end", end}}},
		{"quantity", 1},
		{"subscription", orNull(f.Subscription)},
	}
	if p.since(basil) {
		return append(o, p.lineParent(f), member{"pricing", object{
			{"type", "price_details"},
			{"price_details", object{{"price", "price_1"}, {"product", "prod_1"}}},
			{"unit_amount_decimal", "900"},
		}})
	}
	kind := "invoiceitem"
	if f.Subscription != "" {
		kind = "subscription"
		o = append(o, member{"subscription_item", "si_1"})
	}
	return append(o,
		member{"plan", nil},
		member{"price", object{{"id", "price_1"}, {"object", "price"}, {"product", "prod_1"}}},
		member{"proration", false},
		member{"type", kind},
	)
}

func (p pen) lineParent(f domain.InvoiceFact) member {
	if f.Subscription == "" {
		return member{"parent", object{
			{"type", "invoice_item_details"},
			{"invoice_item_details", object{{"invoice_item", "ii_1"}, {"subscription", nil}}},
			{"subscription_item_details", nil},
		}}
	}
	return member{"parent", object{
		{"type", "subscription_item_details"},
		{"invoice_item_details", nil},
		{"subscription_item_details", object{
			{"subscription", string(f.Subscription)}, {"subscription_item", "si_1"}, {"proration", false},
		}},
	}}
}
