package domain_test

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/domain/domaintest"
)

const (
	ana    domain.UserID     = "user_ana"
	cusAna domain.CustomerID = "cus_user_ana"
	cusBob domain.CustomerID = "cus_user_bob"

	day   = domaintest.Day
	month = domaintest.Month
)

// noon is when every test's story begins.
var noon = domaintest.Noon

// shop is the catalog of all tests here.
var shop = domaintest.Shop

func accountWith(user domain.UserID, orders ...domain.Order) domain.Account {
	return domaintest.AccountWith(user, orders...)
}

func pendingOrder(id domain.OrderID, plan domain.PlanKey) domain.Order {
	return domaintest.PendingOrder(id, plan)
}

// after records facts in the order given.
func after(a domain.Account, facts ...domain.Fact) domain.Account {
	for _, f := range facts {
		a, _ = domain.Record(a, f, shop)
	}
	return a
}

// sameAccount ignores the difference between no items and an empty list of them.
var sameAccount = cmpopts.EquateEmpty()

// reporter is what a test and a property have in common.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

func wantSame(t reporter, what string, got, want any) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return // as nearly always: cmp takes long to find what differs, even where nothing does
	}
	if diff := cmp.Diff(want, got, sameAccount); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// sessionSays is a fact about a session of Ana's order o1.
func sessionSays(kind domain.EventType, at time.Time, status, payment string) domain.SessionFact {
	return domain.SessionFact{
		Type: kind, At: at, ID: "cs_1", Status: status, PaymentStatus: payment,
		Order: "o1", Customer: cusAna, Amount: 1900, Currency: "usd",
	}
}

// subscriptionSays is a fact about Ana's subscription sub_1 to plan pro, as it is
// at noon at the start of its first month, changed by edit.
func subscriptionSays(kind domain.EventType, at time.Time, status domain.SubscriptionStatus, edit ...func(*domain.Subscription)) domain.SubscriptionFact {
	s := domain.Subscription{
		ID: "sub_1", Customer: cusAna, Status: status, StartedAt: noon,
		Items: []domain.Item{item("si_1", "price_pro", 1)},
	}
	for _, e := range edit {
		e(&s)
	}
	return domain.SubscriptionFact{Type: kind, At: at, Snapshot: s}
}

// item is one of a subscription, in its first month.
func item(id string, price domain.PriceID, quantity int64) domain.Item {
	return domain.Item{ID: id, Price: price, Quantity: quantity, PeriodStart: noon, PeriodEnd: noon.Add(month)}
}

// withItems replaces the items of a subscription.
func withItems(items ...domain.Item) func(*domain.Subscription) {
	return func(s *domain.Subscription) { s.Items = items }
}

// inMonth moves a subscription on to its nth month, from 0.
func inMonth(n int) func(*domain.Subscription) {
	return during(noon.Add(time.Duration(n)*month), noon.Add(time.Duration(n+1)*month))
}

// during sets the period of all items of a subscription.
func during(start, end time.Time) func(*domain.Subscription) {
	return func(s *domain.Subscription) {
		s.Items = slices.Clone(s.Items)
		for n := range s.Items {
			s.Items[n].PeriodStart, s.Items[n].PeriodEnd = start, end
		}
	}
}

// invoiceSays is a fact about the invoice of the nth month of sub_1, from 0: 29.00,
// due when the month begins.
func invoiceSays(kind domain.EventType, n int, edit ...func(*domain.InvoiceFact)) domain.InvoiceFact {
	start := noon.Add(time.Duration(n) * month)
	i := domain.Invoice{
		ID: domain.InvoiceID(fmt.Sprint("in_", n)), Subscription: "sub_1", Currency: "usd",
		Total: 2900, AmountDue: 2900, CreatedAt: start, FinalizedAt: start, Complete: true,
		Lines: []domain.Line{{
			ID: fmt.Sprint("il_", n), Kind: domain.LineCycle, Item: "si_1", Price: "price_pro", Quantity: 1,
			Amount: 2900, From: start, Until: start.Add(month),
		}},
	}
	if kind == paid {
		i.AmountPaid, i.PaidAt = i.Total, start
	}
	f := domain.InvoiceFact{Type: kind, At: start, Customer: cusAna, Invoice: i}
	for _, e := range edit {
		e(&f)
	}
	return f
}

// paidBy names the payment intent of an invoice, as messages did until acacia.
func paidBy(intent domain.PaymentIntentID) func(*domain.InvoiceFact) {
	return func(f *domain.InvoiceFact) { f.PaidWith = []domain.PaidWith{{PaymentIntent: intent}} }
}

// holds tells whether the account is entitled to a feature at t.
func holds(a domain.Account, feature domain.FeatureKey, t time.Time) bool {
	return slices.ContainsFunc(domain.Rights(domain.Entitlements(a, shop), shop, t), func(r domain.Right) bool {
		return r.Feature == feature
	})
}

// none stands for no right at all.
const none int64 = -2

// limitAt is how much of a feature the account is entitled to at t; a flag is 0.
func limitAt(a domain.Account, c domain.Catalog, feature domain.FeatureKey, t time.Time) int64 {
	for _, r := range domain.Rights(domain.Entitlements(a, c), c, t) {
		if r.Feature == feature {
			return r.Value.Limit
		}
	}
	return none
}

// wantLimits checks a second before a moment, and in it.
func wantLimits(t reporter, a domain.Account, feature domain.FeatureKey, at time.Time, before, then int64) {
	t.Helper()
	gotBefore, gotThen := limitAt(a, shop, feature, at.Add(-time.Second)), limitAt(a, shop, feature, at)
	if gotBefore != before || gotThen != then {
		t.Errorf("%s a second before %s: %d, then: %d; want %d, %d", feature, at, gotBefore, gotThen, before, then)
	}
}
