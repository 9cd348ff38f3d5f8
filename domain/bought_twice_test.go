package domain_test

import (
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

var twiceCatalog = domain.Catalog{
	Features: map[domain.FeatureKey]domain.Feature{"sso": {Key: "sso", Type: domain.FeatureFlag}},
	Plans: map[domain.PlanKey]domain.Plan{
		"pro":   twicePlan("pro", domain.ModeSubscription, "main", false),
		"team":  twicePlan("team", domain.ModeSubscription, "main", false),
		"addon": twicePlan("addon", domain.ModeSubscription, "", false),
		"life":  twicePlan("life", domain.ModePayment, "", true),
		"pass":  twicePlan("pass", domain.ModePayment, "", false),
	},
}

func twicePlan(key domain.PlanKey, mode domain.Mode, group domain.GroupKey, once bool) domain.Plan {
	return domain.Plan{
		Key: key, Mode: mode, Group: group, Once: once, BoughtTwice: domain.TwiceRefundOlder, Grace: domain.DefaultGrace, Leeway: domain.DefaultLeeway,
		Prices: []domain.Price{{Key: "p", ID: domain.PriceID("price_" + key)}},
		Grants: map[domain.FeatureKey]domain.Value{"sso": domain.Flag()},
	}
}

var twiceStart = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

// subscribed adds a subscription that was paid, begun some hours after the start.
func subscribedTo(a domain.Account, id string, plan domain.PlanKey, hours int) domain.Account {
	began := twiceStart.Add(time.Duration(hours) * time.Hour)
	item := domain.Item{ID: "si_" + id, Price: domain.PriceID("price_" + plan), Quantity: 1, PeriodStart: began, PeriodEnd: began.AddDate(0, 1, 0)}
	sub, invoice := domain.SubscriptionID("sub_"+id), domain.InvoiceID("in_"+id)
	a.Subscriptions[sub] = domain.Subscription{
		ID: sub, Customer: "cus_1", Status: domain.StatusActive, StartedAt: began, SeenAt: began, LatestInvoice: invoice, Items: []domain.Item{item},
	}
	a.Invoices[invoice] = domain.Invoice{
		ID: invoice, Subscription: sub, Status: domain.InvoicePaid, Total: 2900, AmountDue: 2900, AmountPaid: 2900, Currency: "usd",
		CreatedAt: began, FinalizedAt: began, PaidAt: began, Complete: true,
		Lines: []domain.Line{{ID: "il_" + id, Kind: domain.LineCycle, Item: item.ID, Price: item.Price, Quantity: 1, Amount: 2900, From: began, Until: item.PeriodEnd}},
	}
	a.InvoicePayments[domain.PaymentIntentID("pi_"+id)] = invoice
	return a
}

// boughtOnce adds a one-time order that was paid.
func boughtOnce(a domain.Account, id string, plan domain.PlanKey, hours int) domain.Account {
	at := twiceStart.Add(time.Duration(hours) * time.Hour)
	order, intent := domain.OrderID("ord_"+id), domain.PaymentIntentID("pi_"+id)
	a.Orders[order] = domain.Order{ID: order, Plan: plan, Mode: domain.ModePayment, Quantity: 1, Status: domain.OrderPaid, PaymentIntent: intent, PaidAt: at}
	a.Payments[intent] = domain.Payment{ID: intent, Order: order, Amount: 1900, Currency: "usd"}
	return a
}

func giveBack(a domain.Account, id string, amount int64) {
	refund := domain.RefundID("re_" + id)
	a.Refunds[refund] = domain.Refund{
		ID: refund, PaymentIntent: domain.PaymentIntentID("pi_" + id), Status: "succeeded", Amount: amount, CreatedAt: twiceStart.Add(3 * time.Hour),
	}
}

// creditLine adds a credit note over the one line of an invoice, paid out by refunds, or else
// to the customer's balance.
func creditLine(a domain.Account, id string, amount int64, refunds ...domain.RefundID) {
	note := domain.CreditNoteID("cn_" + id)
	a.CreditNotes[note] = domain.CreditNote{
		ID: note, Invoice: domain.InvoiceID("in_" + id), Status: domain.CreditNoteIssued, Amount: amount, CreatedAt: twiceStart.Add(3 * time.Hour),
		Lines: []domain.CreditedLine{{Line: "il_" + id, Amount: amount}}, Refunds: refunds,
	}
}

func dispute(a domain.Account, id string, amount int64) {
	named := domain.DisputeID("dp_" + id)
	a.Disputes[named] = domain.Dispute{
		ID: named, PaymentIntent: domain.PaymentIntentID("pi_" + id), Status: "needs_response", Amount: amount, Currency: "usd",
		CreatedAt: twiceStart.Add(3 * time.Hour),
	}
}

// What stands beside another for long is used, whoever finds it late: an account that is read
// in for the first time, or events of long ago.
func TestBoughtTwice_WhatIsFoundLateIsUsed(t *testing.T) {
	t.Parallel()
	account := domain.NewAccount("u")
	account.Customer = "cus_1"
	account = subscribedTo(subscribedTo(account, "1", "pro", 0), "2", "team", 1)
	account = boughtOnce(boughtOnce(account, "3", "life", 0), "4", "life", 1)
	for after, used := range map[time.Duration]string{
		72 * time.Hour:      "",
		5 * 24 * time.Hour:  "both have been there for more than three days",
		20 * 24 * time.Hour: "both have been there for more than three days",
	} {
		all := domain.BoughtTwiceAt(account, twiceCatalog, twiceStart.Add(after))
		if len(all) != 2 || all[0].Used != used || all[1].Used != used {
			t.Errorf("after %s: got %+v, want both used %q", after, all, used)
		}
	}
}

func TestBoughtTwice_WhatIs(t *testing.T) {
	t.Parallel()
	edit := func(a domain.Account, id domain.SubscriptionID, change func(*domain.Subscription)) domain.Account {
		sub := a.Subscriptions[id]
		change(&sub)
		a.Subscriptions[id] = sub
		return a
	}
	for name, c := range map[string]struct {
		account func(domain.Account) domain.Account
		older   string // empty: nothing was bought twice
		used    string // empty: the older one may be taken back
	}{
		"two of one group": {func(a domain.Account) domain.Account {
			return subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
		}, "sub_1", ""},
		"the same plan twice": {func(a domain.Account) domain.Account {
			return subscribedTo(subscribedTo(a, "1", "addon", 0), "2", "addon", 1)
		}, "sub_1", ""},
		"two of which a user may have both": {func(a domain.Account) domain.Account {
			return subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "addon", 1)
		}, "", ""},
		"one that has ended": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			return edit(a, "sub_1", func(s *domain.Subscription) { s.Status = domain.StatusCanceled })
		}, "", ""},
		"used for two days": {func(a domain.Account) domain.Account {
			return subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 48)
		}, "sub_1", "it began more than a day before the other one"},
		"the newer one is to end": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			return edit(a, "sub_2", func(s *domain.Subscription) { s.CancelAtPeriodEnd = true })
		}, "sub_1", "the other one is overdue, or is to end"},
		"several things": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			return edit(a, "sub_1", func(s *domain.Subscription) {
				s.Items = append(s.Items, domain.Item{ID: "si_x", Price: "price_addon", Quantity: 1})
			})
		}, "sub_1", "it is to several things"},
		"all refunded, and alive": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			giveBack(a, "1", 2900)
			return a
		}, "sub_1", ""},
		"a part refunded": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			giveBack(a, "1", 100)
			return a
		}, "sub_1", "a part of its money went back"},
		"a line refunded by a credit note": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			giveBack(a, "1", 100)
			creditLine(a, "1", 100, "re_1")
			return a
		}, "sub_1", "a part of its money went back"},
		"a line credited to the balance": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			creditLine(a, "1", 2900)
			return a
		}, "sub_1", "a part of its money went back"},
		"a part disputed": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			dispute(a, "1", 500)
			return a
		}, "sub_1", "its payment is disputed"},
		"the newer one refunded": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			giveBack(a, "2", 2900)
			return a
		}, "sub_1", "money of the other one went back, or is disputed"},
		"a part of the newer one refunded": {func(a domain.Account) domain.Account {
			a = boughtOnce(boughtOnce(a, "1", "life", 0), "2", "life", 1)
			giveBack(a, "2", 100)
			return a
		}, "ord_1", "money of the other one went back, or is disputed"},
		"the newer one disputed": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			dispute(a, "2", 2900)
			return a
		}, "sub_1", "money of the other one went back, or is disputed"},
		"nothing told of its payment": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			delete(a.InvoicePayments, "pi_1")
			return a
		}, "sub_1", "it is not known what paid for it"},
		"nothing told of its invoice": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			delete(a.Invoices, "in_1")
			return a
		}, "sub_1", "it is not known that it was paid"},
		"paid with credit": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			i := a.Invoices["in_1"]
			i.AmountPaid = 1000
			a.Invoices["in_1"] = i
			return a
		}, "sub_1", "it was paid with the customer's credit"},
		"renewed": {func(a domain.Account) domain.Account {
			a = subscribedTo(subscribedTo(a, "1", "pro", 0), "2", "team", 1)
			again := a.Invoices["in_1"]
			again.ID = "in_again"
			a.Invoices[again.ID] = again
			return a
		}, "sub_1", "more than one of its invoices was paid"},
		"what is sold once": {func(a domain.Account) domain.Account {
			return boughtOnce(boughtOnce(a, "1", "life", 0), "2", "life", 1)
		}, "ord_1", ""},
		"what is sold once, and was refunded": {func(a domain.Account) domain.Account {
			a = boughtOnce(boughtOnce(a, "1", "life", 0), "2", "life", 1)
			giveBack(a, "1", 1900)
			return a
		}, "", ""},
		"passes": {func(a domain.Account) domain.Account {
			return boughtOnce(boughtOnce(a, "1", "pass", 0), "2", "pass", 1)
		}, "", ""},
	} {
		account := domain.NewAccount("u")
		account.Customer = "cus_1"
		account = c.account(account)
		all := domain.BoughtTwiceAt(account, twiceCatalog, twiceStart.Add(72*time.Hour))
		switch {
		case c.older == "":
			if len(all) > 0 {
				t.Errorf("%s: got %+v, want nothing", name, all)
			}
		case len(all) != 1 || all[0].Older.ID != c.older || all[0].Used != c.used:
			t.Errorf("%s: got %+v, want %s, %q", name, all, c.older, c.used)
		case c.used == "" && len(all[0].Paid) != 1:
			t.Errorf("%s: paid by %v, want its one payment", name, all[0].Paid)
		}
	}
}
