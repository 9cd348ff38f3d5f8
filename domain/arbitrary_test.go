package domain_test

import (
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"pgregory.net/rapid"
)

// arbitraryAccount has an order of each mode and one whose plan is gone, and knows
// another name of its customer: who is learned from an earlier fact alone may come too
// late for the fact before it, which is then asked about.
var arbitraryAccount = func() domain.Account {
	gone := pendingOrder("o3", "pass")
	gone.Plan = "no_longer_sold"
	a := accountWith(ana, pendingOrder("o1", "pass"), pendingOrder("o2", "pro"), gone)
	a.CustomerAccounts = []domain.CustomerAccountID{"acct_ana"}
	return a
}()

// arbitraryFacts says anything about anything, true or not. The alphabets are
// small so that facts are often about the same thing and often nearly agree.
var arbitraryFacts = rapid.Custom(func(t *rapid.T) domain.Fact {
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0, 1:
		return arbitrarySession(t)
	case 2, 3:
		return arbitrarySubscription(t)
	case 4, 5:
		return arbitraryInvoice(t)
	case 6:
		return arbitraryCharge(t)
	case 7:
		return arbitraryRefund(t)
	case 8:
		return arbitraryDispute(t)
	case 9:
		return arbitraryCreditNote(t)
	case 10:
		return domain.InvoicePaymentFact{
			Type: among(t, "type", append(slices.Clone(domain.InvoicePaymentEvents), "invoice_payment.unheard_of")...), At: instant(t, "at"), ID: "inpay_1",
			Invoice: arbitraryInvoiceID(t), PaymentIntent: arbitraryIntent(t), Charge: arbitraryChargeID(t),
		}
	default:
		return domain.CustomerFact{
			Type: among(t, "type", append(slices.Clone(domain.CustomerEvents), "customer.unheard_of")...), At: instant(t, "at"),
			ID: among(t, "customer", cusAna, cusBob), Deleted: rapid.Bool().Draw(t, "deleted"),
		}
	}
})

func among[T any](t *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, label)
}

// instant is one of few moments, or not told.
func instant(t *rapid.T, label string) time.Time {
	if n := rapid.IntRange(-1, 3).Draw(t, label); n >= 0 {
		return noon.Add(time.Duration(n) * time.Second)
	}
	return time.Time{}
}

func arbitrarySession(t *rapid.T) domain.SessionFact {
	kinds := []domain.EventType{"checkout.session.unheard_of"}
	for _, rule := range domain.OrderRules {
		kinds = append(kinds, rule.On)
	}
	return domain.SessionFact{
		Type: among(t, "type", kinds...), At: instant(t, "at"),
		ID:            among[domain.SessionID](t, "session", "cs_1", "cs_2", ""),
		Mode:          among(t, "mode", domain.ModePayment, domain.ModeSubscription, domain.ModeSetup, ""),
		Status:        among(t, "status", "open", "complete", "complete", "expired", "other"),
		PaymentStatus: among(t, "payment", "paid", "unpaid", "no_payment_required", "other"),
		Order:         among[domain.OrderID](t, "order", "o1", "o1", "o2", "o3", "o4", ""),
		Customer:      among(t, "customer", cusAna, cusAna, cusAna, cusBob, ""),
		Subscription:  among[domain.SubscriptionID](t, "subscription", "sub_1", "sub_2", ""),
		PaymentIntent: among[domain.PaymentIntentID](t, "intent", "pi_1", "pi_2", ""),

		CustomerAccount: arbitraryName(t),

		RecoveredFrom: among[domain.SessionID](t, "recovered", "", "", "cs_1", "cs_2"),
		URL:           among(t, "url", "", "https://a", "https://b"),
		Amount:        among[int64](t, "amount", 0, 1, 2),
		Subtotal:      among[int64](t, "subtotal", 0, 1, 2),
		Currency:      among(t, "currency", "eur", "usd"),
	}
}

// arbitraryName is another name of Ana's customer, or none.
func arbitraryName(t *rapid.T) domain.CustomerAccountID {
	return among[domain.CustomerAccountID](t, "customer account", "", "", "acct_ana")
}

func arbitrarySubscription(t *rapid.T) domain.SubscriptionFact {
	kinds := []domain.EventType{"customer.subscription.trial_will_end"}
	for _, rule := range domain.SubscriptionEvents {
		kinds = append(kinds, rule.On)
	}
	statuses := []domain.SubscriptionStatus{"unheard_of"}
	for _, rule := range domain.SubscriptionStatuses {
		statuses = append(statuses, rule.Status)
	}
	items := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) domain.Item {
		return domain.Item{
			ID:          arbitraryItem(t),
			Price:       arbitraryPrice(t),
			LookupKey:   among(t, "lookup", "", "pro_yearly"),
			Product:     among(t, "product", "", "prod_1"),
			Quantity:    among[int64](t, "quantity", 0, 1, 2),
			PeriodStart: instant(t, "period start"), PeriodEnd: instant(t, "period end"),
		}
	}), 0, 2).Draw(t, "items")
	return domain.SubscriptionFact{
		Type: among(t, "type", kinds...), At: instant(t, "at"),
		Snapshot: domain.Subscription{
			ID:       among[domain.SubscriptionID](t, "subscription", "sub_1", "sub_1", "sub_2"),
			Order:    among[domain.OrderID](t, "order", "o1", "o2", ""),
			Customer: among(t, "customer", cusAna, cusAna, cusAna, cusBob, ""),
			Status:   among(t, "status", statuses...),
			Items:    items,
			Pause:    among(t, "pause", domain.PauseBehaviors...),

			CustomerAccount: arbitraryName(t),
			LatestInvoice:   arbitraryInvoiceID(t),

			StartedAt: instant(t, "started"),
			TrialEnd:  instant(t, "trial end"), CancelAt: instant(t, "cancel at"),
			CancelAtPeriodEnd: rapid.Bool().Draw(t, "cancel at period end"), EndedAt: instant(t, "ended"),
			// What a fact claims here has no say: Record sets both.
			SeenAt: instant(t, "seen"), Precedence: among(t, "precedence", 0, 9),
		},
	}
}

func arbitraryInvoice(t *rapid.T) domain.InvoiceFact {
	kinds := []domain.EventType{"invoice.unheard_of"}
	for _, rule := range domain.InvoiceEvents {
		kinds = append(kinds, rule.On)
	}
	return domain.InvoiceFact{
		Type: among(t, "type", kinds...), At: instant(t, "at"),
		Customer: among(t, "customer", cusAna, cusAna, cusAna, cusBob, ""), CustomerAccount: arbitraryName(t),
		PaidWith: []domain.PaidWith{{PaymentIntent: arbitraryIntent(t), Charge: arbitraryChargeID(t)}},
		Invoice: domain.Invoice{
			ID:           among[domain.InvoiceID](t, "invoice", "in_1", "in_1", "in_2"),
			Subscription: among[domain.SubscriptionID](t, "subscription", "sub_1", "sub_2", ""),
			Status:       among(t, "status", append(slices.Clone(domain.InvoiceStatuses), "", "unheard_of")...),
			Method:       among(t, "method", "", domain.ChargeAutomatically, domain.SendInvoice),
			Currency:     among(t, "currency", "eur", "usd"),
			Total:        arbitraryAmount(t, "total"), AmountDue: arbitraryAmount(t, "due"), AmountPaid: arbitraryAmount(t, "paid"),
			StartingBalance: arbitraryAmount(t, "before"), EndingBalance: arbitraryAmount(t, "after"),
			CreatedAt: instant(t, "created"), FinalizedAt: instant(t, "finalized"), DueAt: instant(t, "due at"), PaidAt: instant(t, "paid at"),
			Lines: arbitraryLines(t), Complete: rapid.Bool().Draw(t, "complete"),
		},
	}
}

// arbitraryLines are in any order, and may be about anything for any time.
func arbitraryLines(t *rapid.T) []domain.Line {
	var lines []domain.Line
	for _, id := range rapid.Permutation([]string{"il_1", "il_2", "il_3"}).Draw(t, "lines")[:rapid.IntRange(0, 3).Draw(t, "how many lines")] {
		lines = append(lines, domain.Line{
			ID: id, Kind: among(t, "kind", domain.LineKinds...), Item: among(t, "item", "", "si_1", "si_2"), Price: arbitraryPrice(t),
			Quantity: arbitraryAmount(t, "quantity"), Amount: arbitraryAmount(t, "amount"),
			From: instant(t, "from"), Until: instant(t, "until"),
		})
	}
	return lines
}

func arbitraryAmount(t *rapid.T, label string) int64 {
	return among[int64](t, label, -2, -1, 0, 0, 1, 2, 1<<63-1)
}

func arbitraryItem(t *rapid.T) string { return among(t, "item", "si_1", "si_2") }

func arbitraryPrice(t *rapid.T) domain.PriceID {
	return among[domain.PriceID](t, "price", "", "price_pro", "price_team", "price_unmapped")
}

func arbitraryCreditNote(t *rapid.T) domain.CreditNoteFact {
	note := domain.CreditNote{
		ID: among[domain.CreditNoteID](t, "id", "cn_1", "cn_2"), Invoice: arbitraryInvoiceID(t),
		Status: among(t, "status", append(slices.Clone(domain.CreditNoteStatuses), "unheard_of")...),
		Kind:   among(t, "kind", "", domain.PrePayment, domain.PostPayment, domain.MixedCredit, "unheard_of"),
		Amount: arbitraryAmount(t, "amount"), Currency: among(t, "currency", "eur", "usd"), CreatedAt: instant(t, "created"),
	}
	for _, line := range []string{"", "il_1", "il_2"} {
		if rapid.Bool().Draw(t, "names line "+line) {
			note.Lines = append(note.Lines, domain.CreditedLine{Line: line, Amount: arbitraryAmount(t, "of the line")})
		}
	}
	for _, refund := range []domain.RefundID{"re_1", "re_2"} {
		if rapid.Bool().Draw(t, "names refund "+string(refund)) {
			note.Refunds = append(note.Refunds, refund)
		}
	}
	return domain.CreditNoteFact{
		Type: among(t, "type", append(slices.Clone(domain.CreditNoteEvents), "credit_note.unheard_of")...), At: instant(t, "at"),
		Customer: among(t, "customer", cusAna, cusAna, cusAna, cusBob, ""), CustomerAccount: arbitraryName(t), CreditNote: note,
	}
}

func arbitraryIntent(t *rapid.T) domain.PaymentIntentID {
	return among[domain.PaymentIntentID](t, "intent", "pi_1", "pi_2", "")
}

func arbitraryChargeID(t *rapid.T) domain.ChargeID {
	return among[domain.ChargeID](t, "charge", "ch_1", "ch_2", "")
}

func arbitraryInvoiceID(t *rapid.T) domain.InvoiceID {
	return among[domain.InvoiceID](t, "invoice", "in_1", "in_2", "")
}

func arbitraryCharge(t *rapid.T) domain.ChargeFact {
	return domain.ChargeFact{
		Type: among(t, "type", append(slices.Clone(domain.ChargeEvents), "charge.unheard_of")...), At: instant(t, "at"),
		ID: among[domain.ChargeID](t, "id", "ch_1", "ch_2"), PaymentIntent: arbitraryIntent(t), Invoice: arbitraryInvoiceID(t),
		Customer: among(t, "customer", cusAna, cusAna, cusAna, cusBob, ""),
		Amount:   among[int64](t, "amount", 0, 1, 2), Refunded: among[int64](t, "refunded", 0, 1, 2), Currency: among(t, "currency", "eur", "usd"),
	}
}

func arbitraryRefund(t *rapid.T) domain.RefundFact {
	statuses := []domain.RefundStatus{"unheard_of", ""}
	for _, rule := range domain.RefundRules {
		statuses = append(statuses, rule.Status)
	}
	return domain.RefundFact{
		Type: among(t, "type", append(slices.Clone(domain.RefundEvents), "refund.unheard_of")...), At: instant(t, "at"),
		ID: among[domain.RefundID](t, "id", "re_1", "re_2"), PaymentIntent: arbitraryIntent(t), Charge: arbitraryChargeID(t),
		Status: among(t, "status", statuses...), Amount: among[int64](t, "amount", 0, 1, 2), Currency: among(t, "currency", "eur", "usd"),
		CreatedAt: instant(t, "created"),
	}
}

func arbitraryDispute(t *rapid.T) domain.DisputeFact {
	statuses := []domain.DisputeStatus{"unheard_of", ""}
	for _, rule := range domain.DisputeRules {
		statuses = append(statuses, rule.Status)
	}
	return domain.DisputeFact{
		Type: among(t, "type", append(slices.Clone(domain.DisputeEvents), "charge.dispute.unheard_of")...), At: instant(t, "at"),
		ID: among[domain.DisputeID](t, "id", "dp_1", "dp_2"), PaymentIntent: arbitraryIntent(t), Charge: arbitraryChargeID(t),
		Status: among(t, "status", statuses...), Amount: among[int64](t, "amount", 0, 1, 2), Currency: among(t, "currency", "eur", "usd"),
		CreatedAt: instant(t, "created"),
	}
}
