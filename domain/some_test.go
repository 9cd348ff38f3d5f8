package domain

import (
	"slices"
	"strconv"

	"pgregory.net/rapid"
)

// Values that mostly agree, so that every later criterion gets to decide.

func someOf[T any](t *rapid.T, label string, values ...T) T {
	return rapid.SampledFrom(values).Draw(t, label)
}

func someAmount(t *rapid.T, label string) int64 { return rapid.Int64Range(0, 2).Draw(t, label) }

func someCurrency(t *rapid.T) string { return someOf(t, "currency", "eur", "usd") }

func someIntent(t *rapid.T) PaymentIntentID {
	return someOf[PaymentIntentID](t, "intent", "", "pi_1", "pi_2")
}

func someChargeID(t *rapid.T) ChargeID { return someOf[ChargeID](t, "charge", "", "ch_1", "ch_2") }

func someInvoiceID(t *rapid.T) InvoiceID { return someOf[InvoiceID](t, "invoice", "", "in_1", "in_2") }

var somePayments = rapid.Custom(func(t *rapid.T) Payment {
	return Payment{
		ID: "pi_1", Order: someOf[OrderID](t, "order", "", "o1", "o2"),
		Amount: someAmount(t, "amount"), Currency: someCurrency(t),
	}
})

var someInvoices = rapid.Custom(func(t *rapid.T) Invoice {
	return Invoice{
		ID:            "in_1",
		Subscription:  someOf[SubscriptionID](t, "subscription", "", "sub_1", "sub_2"),
		Status:        someOf(t, "status", InvoiceStatuses...),
		BillingReason: someOf(t, "reason", "", "subscription_cycle", "subscription_update"),
		Method:        someOf(t, "method", "", ChargeAutomatically, SendInvoice),
		Currency:      someCurrency(t),
		Total:         someAmount(t, "total"), AmountDue: someAmount(t, "due"), AmountPaid: someAmount(t, "paid"),
		StartingBalance: -someAmount(t, "before"), EndingBalance: -someAmount(t, "after"),
		CreatedAt: someTimes.Draw(t, "created"), FinalizedAt: someTimes.Draw(t, "finalized"),
		DueAt: someTimes.Draw(t, "due at"), PaidAt: someTimes.Draw(t, "paid at"),
		Lines: someLines(t), Complete: rapid.Bool().Draw(t, "complete"),
		FirstSeenAt: someTimes.Draw(t, "first seen"), SeenAt: someTimes.Draw(t, "seen"),
	}
})

// someLines are sorted and each of another id, as an invoice keeps them; nil for none.
func someLines(t *rapid.T) []Line {
	var lines []Line
	for n := range 3 {
		if rapid.Bool().Draw(t, "line") {
			lines = append(lines, Line{
				ID: "il_" + strconv.Itoa(n), Kind: someOf(t, "kind", LineKinds...), Item: someOf(t, "item", "", "si_1"),
				Price: someOf[PriceID](t, "price", "", "price_1"), Quantity: someAmount(t, "quantity"), Amount: someAmount(t, "amount"),
				From: someTimes.Draw(t, "from"), Until: someTimes.Draw(t, "until"),
			})
		}
	}
	return lines
}

var someCreditNotes = rapid.Custom(func(t *rapid.T) CreditNote {
	n := CreditNote{
		ID: "cn_1", Invoice: someInvoiceID(t), Status: someOf(t, "status", CreditNoteStatuses...),
		Kind:   someOf(t, "kind", "", PrePayment, PostPayment, MixedCredit),
		Amount: someAmount(t, "amount"), Currency: someCurrency(t), CreatedAt: someTimes.Draw(t, "created"),
	}
	for _, line := range []string{"", "il_1", "il_2"} {
		if rapid.Bool().Draw(t, "line") {
			n.Lines = append(n.Lines, CreditedLine{line, someAmount(t, "of the line")})
		}
	}
	for _, refund := range []RefundID{"re_1", "re_2"} {
		if rapid.Bool().Draw(t, "refund") {
			n.Refunds = append(n.Refunds, refund)
		}
	}
	return n
})

var someCharges = rapid.Custom(func(t *rapid.T) Charge {
	return Charge{
		ID: "ch_1", PaymentIntent: someIntent(t), Invoice: someInvoiceID(t), Amount: someAmount(t, "amount"),
		Refunded: someAmount(t, "refunded"), Currency: someCurrency(t), SeenAt: someTimes.Draw(t, "seen"),
	}
})

var someRefunds = rapid.Custom(func(t *rapid.T) Refund {
	return Refund{
		ID: "re_1", Charge: someChargeID(t), PaymentIntent: someIntent(t), Status: someOf(t, "row", RefundRules...).Status,
		Amount: someAmount(t, "amount"), Currency: someCurrency(t),
		CreatedAt: someTimes.Draw(t, "created"), UndoneAt: someTimes.Draw(t, "undone"),
	}
})

var someDisputes = rapid.Custom(func(t *rapid.T) Dispute {
	return Dispute{
		ID: "dp_1", Charge: someChargeID(t), PaymentIntent: someIntent(t), Status: someOf(t, "row", DisputeRules...).Status,
		Amount: someAmount(t, "amount"), Currency: someCurrency(t), CreatedAt: someTimes.Draw(t, "created"),
	}
})

var someSnapshots = rapid.Custom(func(t *rapid.T) Subscription {
	s := Subscription{ID: "sub_1", Status: StatusActive}
	switch rapid.IntRange(0, 12).Draw(t, "differs in") {
	case 0:
		s.Status = someOf(t, "status", SubscriptionStatuses...).Status
	case 1:
		s.SeenAt = someTimes.Draw(t, "seen")
	case 2:
		s.Precedence = rapid.IntRange(0, 3).Draw(t, "precedence")
	case 3:
		s.Pause = someOf(t, "pause", PauseBehaviors...)
	case 4:
		s.LatestInvoice = someInvoiceID(t)
	case 5:
		s.CancelAt = someTimes.Draw(t, "cancel at")
	case 6:
		s.CancelAtPeriodEnd = true
	case 7:
		s.EndedAt = someTimes.Draw(t, "ended")
	case 8:
		s.TrialEnd = someTimes.Draw(t, "trial end")
	case 9:
		s.StartedAt = someTimes.Draw(t, "started")
	case 10:
		s.Order = someOf[OrderID](t, "order", "", "o1")
	case 11:
		s.Customer, s.CustomerAccount = someOf[CustomerID](t, "customer", "", "cus_1"), someOf[CustomerAccountID](t, "account", "", "acct_1")
	case 12:
		s.Items = slices.Repeat([]Item{{
			ID: "si_1", Price: someOf[PriceID](t, "price", "", "price_1"), Quantity: someAmount(t, "quantity"),
			PeriodStart: someTimes.Draw(t, "start"), PeriodEnd: someTimes.Draw(t, "end"),
		}}, rapid.IntRange(1, 2).Draw(t, "items"))
	}
	return s
})
