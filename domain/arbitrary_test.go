package domain_test

import (
	"maps"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// arbitraryAccount has an order of each mode and one whose plan is gone.
var arbitraryAccount = func() domain.Account {
	gone := pendingOrder("o3", "pass")
	gone.Plan = "no_longer_sold"
	return accountWith(ana, pendingOrder("o1", "pass"), pendingOrder("o2", "pro"), gone)
}()

// arbitraryFacts says anything about anything, true or not. The alphabets are
// small so that facts are often about the same thing and often nearly agree.
var arbitraryFacts = rapid.Custom(func(t *rapid.T) domain.Fact {
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0, 1:
		return arbitrarySession(t)
	case 2, 3:
		return arbitrarySubscription(t)
	case 4:
		return arbitraryInvoice(t)
	case 5:
		return arbitraryCharge(t)
	case 6:
		return arbitraryRefund(t)
	case 7:
		return arbitraryDispute(t)
	case 8:
		return domain.InvoicePaymentFact{
			Type: among(t, "type", append(slices.Clone(domain.InvoicePaymentEvents), "invoice_payment.unheard_of")...), At: instant(t, "at"), ID: "inpay_1",
			Invoice: arbitraryInvoiceID(t), PaymentIntent: arbitraryIntent(t), Charge: arbitraryChargeID(t),
		}
	default:
		return domain.CustomerFact{
			Type: among(t, "type", append(slices.Clone(domain.CustomerEvents), "customer.unheard_of")...), At: instant(t, "at"),
			ID: among(t, "customer", cusAna, cusBob),
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
		Mode:          among(t, "mode", domain.Modes...),
		Status:        among(t, "status", "open", "complete", "complete", "expired", "other"),
		PaymentStatus: among(t, "payment", "paid", "unpaid", "no_payment_required", "other"),
		Order:         among[domain.OrderID](t, "order", "o1", "o1", "o2", "o3", "o4", ""),
		Customer:      among(t, "customer", cusAna, cusAna, cusAna, cusBob, ""),
		Subscription:  among[domain.SubscriptionID](t, "subscription", "sub_1", "sub_2", ""),
		PaymentIntent: among[domain.PaymentIntentID](t, "intent", "pi_1", "in_1", ""),
		RecoveredFrom: among[domain.SessionID](t, "recovered", "", "", "cs_1", "cs_2"),
		URL:           among(t, "url", "", "https://a", "https://b"),
		Amount:        among[int64](t, "amount", 0, 1, 2),
		Currency:      among(t, "currency", "eur", "usd"),
	}
}

func arbitrarySubscription(t *rapid.T) domain.SubscriptionFact {
	kinds := []domain.EventType{"customer.subscription.trial_will_end"}
	for _, rule := range domain.SubscriptionEvents {
		kinds = append(kinds, rule.On)
	}
	statuses := []domain.SubscriptionStatus{"unheard_of"}
	for _, rule := range domain.AccessRules {
		statuses = append(statuses, rule.Status)
	}
	items := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) domain.Item {
		return domain.Item{
			ID:        among(t, "item", "si_1", "si_2"),
			Price:     among[domain.PriceID](t, "price", "price_pro", "price_team", "price_unmapped"),
			LookupKey: among(t, "lookup", "", "pro_yearly"),
			Quantity:  among[int64](t, "quantity", 0, 1, 2),
		}
	}), 0, 2).Draw(t, "items")
	return domain.SubscriptionFact{
		Type: among(t, "type", kinds...), At: instant(t, "at"),
		Snapshot: domain.Subscription{
			ID:          among[domain.SubscriptionID](t, "subscription", "sub_1", "sub_1", "sub_2"),
			Order:       among[domain.OrderID](t, "order", "o1", "o2", ""),
			Customer:    among(t, "customer", cusAna, cusAna, cusAna, cusBob, ""),
			Status:      among(t, "status", statuses...),
			Items:       items,
			StartedAt:   instant(t, "started"),
			PeriodStart: instant(t, "period start"), PeriodEnd: instant(t, "period end"),
			TrialEnd: instant(t, "trial end"), CancelAt: instant(t, "cancel at"),
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
		ID:            among[domain.InvoiceID](t, "invoice", "in_1", "in_1", "in_2"),
		Customer:      among(t, "customer", cusAna, cusAna, cusAna, cusBob, ""),
		Subscription:  among[domain.SubscriptionID](t, "subscription", "sub_1", "sub_2", ""),
		PaymentIntent: arbitraryIntent(t), Charge: arbitraryChargeID(t),
		Amount:      among[int64](t, "amount", 0, 1, 2),
		Currency:    among(t, "currency", "eur", "usd"),
		PeriodStart: instant(t, "period start"), PeriodEnd: instant(t, "period end"),
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

func equal(a, b domain.Account) bool { return cmp.Equal(a, b, sameAccount) }

func deepCopy(a domain.Account) domain.Account {
	c := a
	c.FormerCustomers = slices.Clone(a.FormerCustomers)
	c.Orders, c.Payments = maps.Clone(a.Orders), maps.Clone(a.Payments)
	c.InvoicePayments, c.Charges = maps.Clone(a.InvoicePayments), maps.Clone(a.Charges)
	c.Refunds, c.Disputes, c.Grants = maps.Clone(a.Refunds), maps.Clone(a.Disputes), maps.Clone(a.Grants)
	c.Subscriptions = map[domain.SubscriptionID]domain.Subscription{}
	for id, s := range a.Subscriptions {
		s.Items = slices.Clone(s.Items)
		c.Subscriptions[id] = s
	}
	return c
}

func deepCopyFact(f domain.Fact) domain.Fact {
	if s, is := f.(domain.SubscriptionFact); is {
		s.Snapshot.Items = slices.Clone(s.Snapshot.Items)
		return s
	}
	return f
}

func deepCopyCatalog(c domain.Catalog) domain.Catalog {
	c.Features, c.Plans = maps.Clone(c.Features), maps.Clone(c.Plans)
	for key, p := range c.Plans {
		p.Prices, p.Grants = slices.Clone(p.Prices), maps.Clone(p.Grants)
		c.Plans[key] = p
	}
	return c
}
