package stripetest_test

import (
	"cmp"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/adapters/stripe/stripetest"
	"github.com/entitled-dev/entitled/domain"
)

// arbitraryEvents have any fact that Stripe could send, true or not, and of an
// event's own nothing but what a body takes from it.
var arbitraryEvents = rapid.Custom(func(t *rapid.T) domain.Event {
	return domain.Event{
		ID: id[domain.EventID]("evt_").Draw(t, "event"), Livemode: rapid.Bool().Draw(t, "live"),
		Account: among(t, "account", "", "", "acct_1"),
		Fact:    arbitraryFacts.Draw(t, "fact"),
	}
})

// arbitraryStyles are one of each version, each with a noise of its own.
var arbitraryStyles = rapid.Custom(func(t *rapid.T) []stripetest.Style {
	expanded, noise := rapid.Bool().Draw(t, "expanded"), rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, "noise")
	var styles []stripetest.Style
	for i, version := range stripetest.Versions {
		styles = append(styles, stripetest.Style{Version: version, Expanded: expanded, Noise: noise + int64(i)})
	}
	return styles
})

var arbitraryFacts = rapid.Custom(func(t *rapid.T) domain.Fact {
	at := moments.Draw(t, "at")
	amount := amounts.Draw(t, "amount")
	currency := among(t, "currency", "eur", "usd", "")
	intent, charge := optional[domain.PaymentIntentID]("pi_").Draw(t, "intent"), optional[domain.ChargeID]("ch_").Draw(t, "charge")
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0:
		return domain.SessionFact{
			Type: among[domain.EventType](t, "type", "checkout.session.completed", "checkout.session.expired", "checkout.session.async_payment_failed", "checkout.session.unheard_of"),
			At:   at, ID: id[domain.SessionID]("cs_test_").Draw(t, "id"), Mode: among(t, "mode", domain.ModePayment, domain.ModeSubscription, "setup"),
			Status: among(t, "status", "open", "complete", "expired", ""), PaymentStatus: among(t, "payment", "paid", "unpaid", "no_payment_required", ""),
			Order: domain.OrderID(words.Draw(t, "order")), Customer: optional[domain.CustomerID]("cus_").Draw(t, "customer"),
			Subscription: optional[domain.SubscriptionID]("sub_").Draw(t, "subscription"), PaymentIntent: intent,
			RecoveredFrom: optional[domain.SessionID]("cs_test_").Draw(t, "recovered"), URL: words.Draw(t, "url"), Amount: amount, Currency: currency,
			Subtotal: amounts.Draw(t, "subtotal"), CustomerAccount: optional[domain.CustomerAccountID]("acct_").Draw(t, "customer account"),
		}
	case 1, 8, 9: // the one with the most in it
		return domain.SubscriptionFact{
			Type: among[domain.EventType](t, "type", "customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted", "customer.subscription.unheard_of"),
			At:   at, Snapshot: arbitrarySnapshot(t), MoreItems: rapid.Bool().Draw(t, "more items"),
		}
	case 2, 10:
		return domain.InvoiceFact{
			Type: among[domain.EventType](t, "type", "invoice.paid", "invoice.payment_succeeded", "invoice.payment_failed", "invoice.voided", "invoice.updated", "invoice.marked_uncollectible"),
			At:   at, Customer: optional[domain.CustomerID]("cus_").Draw(t, "customer"),
			CustomerAccount: optional[domain.CustomerAccountID]("acct_").Draw(t, "customer account"),
			PaidWith:        arbitraryPayments(t), Invoice: arbitraryInvoice(t),
		}
	case 11:
		return domain.CreditNoteFact{
			Type: among[domain.EventType](t, "type", "credit_note.created", "credit_note.updated", "credit_note.voided"),
			At:   at, Customer: optional[domain.CustomerID]("cus_").Draw(t, "customer"),
			CustomerAccount: optional[domain.CustomerAccountID]("acct_").Draw(t, "customer account"),
			CreditNote:      arbitraryCreditNote(t), MoreLines: rapid.Bool().Draw(t, "more lines"),
		}
	case 3:
		return domain.InvoicePaymentFact{
			Type: among[domain.EventType](t, "type", "invoice_payment.paid", "invoice_payment.unheard_of"), At: at, ID: id[string]("inpay_").Draw(t, "id"),
			Invoice: optional[domain.InvoiceID]("in_").Draw(t, "invoice"), PaymentIntent: intent, Charge: charge,
		}
	case 4:
		return domain.ChargeFact{
			Type: among[domain.EventType](t, "type", "charge.succeeded", "charge.refunded", "charge.updated", "charge.failed", "charge.pending"),
			At:   at, ID: id[domain.ChargeID]("ch_").Draw(t, "id"), PaymentIntent: intent, Invoice: optional[domain.InvoiceID]("in_").Draw(t, "invoice"),
			Customer: optional[domain.CustomerID]("cus_").Draw(t, "customer"), Amount: amount, Refunded: amounts.Draw(t, "refunded"), Currency: currency,
		}
	case 5:
		return domain.RefundFact{
			Type: among[domain.EventType](t, "type", "refund.created", "refund.updated", "refund.failed", "charge.refund.updated"),
			At:   at, ID: id[domain.RefundID]("re_").Draw(t, "id"), Charge: charge, PaymentIntent: intent,
			Status: among[domain.RefundStatus](t, "status", "pending", "requires_action", "succeeded", "failed", "canceled", "unheard_of", ""),
			Amount: amount, Currency: currency, CreatedAt: perhaps.Draw(t, "created"),
		}
	case 6:
		return domain.DisputeFact{
			Type: among[domain.EventType](t, "type", "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed"),
			At:   at, ID: id[domain.DisputeID]("dp_").Draw(t, "id"), Charge: charge, PaymentIntent: intent,
			Status: among[domain.DisputeStatus](t, "status", "warning_needs_response", "needs_response", "lost", "won", "prevented", ""),
			Amount: amount, Currency: currency, CreatedAt: perhaps.Draw(t, "created"),
		}
	default:
		return domain.CustomerFact{
			Type: among[domain.EventType](t, "type", "customer.deleted", "customer.updated"), At: at, ID: id[domain.CustomerID]("cus_").Draw(t, "id"),
			Deleted: rapid.Bool().Draw(t, "deleted"),
		}
	}
})

func arbitrarySnapshot(t *rapid.T) domain.Subscription {
	items := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) domain.Item {
		return domain.Item{
			ID: id[string]("si_").Draw(t, "item"), Price: id[domain.PriceID]("price_").Draw(t, "price"),
			LookupKey: words.Draw(t, "lookup key"), Quantity: among[int64](t, "quantity", 0, 1, 1, 2, 1000),
			Product: optional[string]("prod_").Draw(t, "product"), PeriodStart: perhaps.Draw(t, "period start"), PeriodEnd: perhaps.Draw(t, "period end"),
		}
	}), 0, 4, func(i domain.Item) string { return i.ID }).Draw(t, "items")
	slices.SortFunc(items, func(a, b domain.Item) int { return cmp.Compare(a.ID, b.ID) })
	return domain.Subscription{
		ID: id[domain.SubscriptionID]("sub_").Draw(t, "id"), Order: domain.OrderID(words.Draw(t, "order")),
		Customer: optional[domain.CustomerID]("cus_").Draw(t, "customer"),
		Status:   among[domain.SubscriptionStatus](t, "status", "active", "past_due", "canceled", "paused", "unheard_of", ""), Items: items,
		CustomerAccount: optional[domain.CustomerAccountID]("acct_").Draw(t, "customer account"),
		Pause:           among(t, "pause", append(slices.Clone(domain.PauseBehaviors), "unheard_of")...),
		LatestInvoice:   optional[domain.InvoiceID]("in_").Draw(t, "latest invoice"), StartedAt: perhaps.Draw(t, "started"),
		TrialEnd: perhaps.Draw(t, "trial end"), CancelAt: perhaps.Draw(t, "cancel at"), CancelAtPeriodEnd: rapid.Bool().Draw(t, "cancel at period end"),
		EndedAt: perhaps.Draw(t, "ended"), SeenAt: perhaps.Draw(t, "seen"), Precedence: among(t, "precedence", 0, 3),
	}
}

var (
	moments = rapid.Custom(func(t *rapid.T) time.Time {
		first := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
		last := time.Date(2200, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
		return time.Unix(rapid.Int64Range(first, last).Draw(t, "seconds"), 0).UTC()
	})
	perhaps = rapid.OneOf(rapid.Just(time.Time{}), moments)
	amounts = rapid.OneOf(rapid.Int64Range(0, 1000), rapid.Int64Min(0))
	words   = rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[a-z0-9_]{1,20}`), rapid.StringOfN(rapid.RuneFrom([]rune(`ab"\/{}[]:,é😀 <&`)), 0, 12, -1))
)

func id[T ~string](prefix string) *rapid.Generator[T] {
	return rapid.Map(rapid.StringMatching(`[A-Za-z0-9]{1,24}`), func(rest string) T { return T(prefix + rest) })
}

func optional[T ~string](prefix string) *rapid.Generator[T] {
	return rapid.OneOf(rapid.Just(T("")), id[T](prefix))
}

func among[T any](t *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, label)
}
