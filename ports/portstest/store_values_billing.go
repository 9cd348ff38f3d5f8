package portstest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
)

// withBilling adds one of all that is billed, and what was taken back of it.
func withBilling(a domain.Account) {
	user := string(a.User)
	intent, invoice, note := domain.PaymentIntentID("pi_once_"+user), domain.InvoiceID("in_"+user), domain.CreditNoteID("cn_"+user)
	a.Payments[intent] = domain.Payment{ID: intent, Order: domain.OrderID("o_" + user), Amount: 900, Currency: "eur"}
	until := noon.AddDate(0, 1, 0)
	a.Invoices[invoice] = domain.Invoice{
		ID: invoice, Subscription: domain.SubscriptionID("sub_" + user), Status: domain.InvoicePaid,
		BillingReason: "subscription_cycle", Method: domain.SendInvoice, Currency: "eur",
		Total: 1500, AmountDue: 1200, AmountPaid: 1200, StartingBalance: -300, EndingBalance: 0,
		CreatedAt: noon, FinalizedAt: noon.Add(time.Hour), DueAt: noon.AddDate(0, 0, 14), PaidAt: noon.AddDate(0, 0, 7),
		Lines: []domain.Line{
			{ID: "il_1", Kind: domain.LineCycle, Item: "si_1", Price: "price_1", Product: "prod_1", Quantity: 2, Amount: 1600, From: noon, Until: until},
			{ID: "il_2", Kind: domain.LineCredit, Item: "si_1", Price: "price_0", Quantity: 1, Amount: -100, From: noon.Add(time.Hour), Until: until},
		},
		Complete: true, FirstSeenAt: noon.Add(time.Hour), SeenAt: noon.AddDate(0, 0, 7),
	}
	a.CreditNotes[note] = domain.CreditNote{
		ID: note, Invoice: invoice, Status: domain.CreditNoteIssued, Kind: domain.MixedCredit, Amount: 300, Currency: "eur",
		Lines: []domain.CreditedLine{{Amount: 100}, {Line: "il_1", Amount: 200}}, Refunds: []domain.RefundID{domain.RefundID("re_" + user), domain.RefundID("re_z_" + user)}, CreatedAt: noon,
	}
}

func drawBilling(t *rapid.T, a domain.Account) {
	name := func(i int) string { return fmt.Sprintf("%s_%d", a.User, i) }
	for i := range rapid.IntRange(0, 3).Draw(t, "payments") {
		p := domain.Payment{
			ID: domain.PaymentIntentID("pi_once_" + name(i)), Order: domain.OrderID(drawName(t, "o", a.User)),
			Amount: rapid.Int64().Draw(t, "amount"), Currency: drawText(t, "currency"),
		}
		a.Payments[p.ID] = p
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "invoices") {
		invoice := drawInvoice(t, a.User, name(i))
		a.Invoices[invoice.ID] = invoice
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "credit notes") {
		note := drawCreditNote(t, a.User, name(i))
		a.CreditNotes[note.ID] = note
	}
}

func drawSubscription(t *rapid.T, name string) domain.Subscription {
	s := domain.Subscription{
		ID: domain.SubscriptionID("sub_" + name), Order: domain.OrderID(drawText(t, "order")),
		Customer:        domain.CustomerID(drawText(t, "customer")),
		CustomerAccount: domain.CustomerAccountID(drawText(t, "customer account")),
		Status:          rapid.SampledFrom(domain.SubscriptionStatuses).Draw(t, "subscription status").Status,
		Pause:           rapid.SampledFrom(domain.PauseBehaviors).Draw(t, "pause"),
		LatestInvoice:   domain.InvoiceID(drawText(t, "latest invoice")),
		StartedAt:       drawTime(t, "started"),
		TrialEnd:        drawTime(t, "trial end"), CancelAt: drawTime(t, "cancel at"),
		CancelAtPeriodEnd: rapid.Bool().Draw(t, "cancel at period end"), EndedAt: drawTime(t, "ended"),
		SeenAt: drawTime(t, "seen"), Precedence: rapid.IntRange(0, 3).Draw(t, "precedence"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		s.Items = append(s.Items, domain.Item{
			ID: drawText(t, "item"), Price: domain.PriceID(drawText(t, "item price")), LookupKey: drawText(t, "lookup key"),
			Product: drawText(t, "product"), Quantity: drawQuantity(t, "item quantity"),
			PeriodStart: drawTime(t, "period start"), PeriodEnd: drawTime(t, "period end"),
		})
	}
	return s
}

// drawQuantity draws none and one more often than others.
func drawQuantity(t *rapid.T, what string) int64 {
	return rapid.OneOf(rapid.Int64Range(0, 1), rapid.Int64()).Draw(t, what)
}

func drawInvoice(t *rapid.T, user domain.UserID, name string) domain.Invoice {
	i := domain.Invoice{
		ID: domain.InvoiceID("in_" + name), Subscription: domain.SubscriptionID(drawName(t, "sub", user)),
		Status:        rapid.SampledFrom(domain.InvoiceStatuses).Draw(t, "invoice status"),
		BillingReason: drawText(t, "reason"), Method: domain.CollectionMethod(drawText(t, "method")), Currency: drawText(t, "currency"),
		Total: rapid.Int64().Draw(t, "total"), AmountDue: rapid.Int64().Draw(t, "due"), AmountPaid: rapid.Int64().Draw(t, "paid"),
		StartingBalance: rapid.Int64().Draw(t, "starting balance"), EndingBalance: rapid.Int64().Draw(t, "ending balance"),
		CreatedAt: drawTime(t, "created"), FinalizedAt: drawTime(t, "finalized"), DueAt: drawTime(t, "due at"), PaidAt: drawTime(t, "paid at"),
		Complete:    rapid.Bool().Draw(t, "complete"),
		FirstSeenAt: drawTime(t, "first seen"), SeenAt: drawTime(t, "seen"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "lines") {
		i.Lines = append(i.Lines, domain.Line{
			ID: drawText(t, "line"), Kind: rapid.SampledFrom(domain.LineKinds).Draw(t, "line kind"), Item: drawText(t, "item"),
			Price: domain.PriceID(drawText(t, "price")), Product: drawText(t, "product"),
			Quantity: drawQuantity(t, "line quantity"), Amount: rapid.Int64().Draw(t, "line amount"),
			From: drawTime(t, "from"), Until: drawTime(t, "until"),
		})
	}
	return i
}

func drawCreditNote(t *rapid.T, user domain.UserID, name string) domain.CreditNote {
	n := domain.CreditNote{
		ID: domain.CreditNoteID("cn_" + name), Invoice: domain.InvoiceID(drawName(t, "in", user)),
		Status: rapid.SampledFrom(domain.CreditNoteStatuses).Draw(t, "credit note status"),
		Kind:   rapid.SampledFrom([]domain.CreditNoteKind{"", domain.PrePayment, domain.PostPayment, domain.MixedCredit}).Draw(t, "credit note kind"),
		Amount: rapid.Int64().Draw(t, "amount"), Currency: drawText(t, "currency"), CreatedAt: drawTime(t, "created"),
	}
	for range rapid.IntRange(0, 2).Draw(t, "credited lines") {
		n.Lines = append(n.Lines, domain.CreditedLine{Line: drawText(t, "line"), Amount: rapid.Int64().Draw(t, "credited")})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "refunds") {
		n.Refunds = append(n.Refunds, domain.RefundID(fmt.Sprintf("re_%s_%d", name, i)))
	}
	return n
}

// spoilLists changes all lists within an account.
func spoilLists(a domain.Account) {
	for _, sub := range a.Subscriptions {
		for i := range sub.Items {
			sub.Items[i].Quantity = 99
		}
	}
	for _, invoice := range a.Invoices {
		for i := range invoice.Lines {
			invoice.Lines[i].Amount = 99
		}
	}
	for _, note := range a.CreditNotes {
		for i := range note.Lines {
			note.Lines[i].Amount = 99
		}
		for i := range note.Refunds {
			note.Refunds[i] = "spoilt"
		}
	}
	for _, customers := range [][]domain.CustomerID{a.FormerCustomers, a.DeletedCustomers} {
		for i := range customers {
			customers[i] = "spoilt"
		}
	}
	for i := range a.CustomerAccounts {
		a.CustomerAccounts[i] = "spoilt"
	}
}
