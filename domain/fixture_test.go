package domain_test

import (
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
		PeriodStart: noon, PeriodEnd: noon.Add(month),
		Items: []domain.Item{{ID: "si_1", Price: "price_pro", Quantity: 1}},
	}
	for _, e := range edit {
		e(&s)
	}
	return domain.SubscriptionFact{Type: kind, At: at, Snapshot: s}
}

// invoiceSays is a fact about the invoice of the nth month of sub_1, from 0.
func invoiceSays(kind domain.EventType, n int) domain.InvoiceFact {
	start := noon.Add(time.Duration(n) * month)
	return domain.InvoiceFact{
		Type: kind, At: start, ID: domain.InvoiceID("in_" + string(rune('0'+n))), Customer: cusAna,
		Subscription: "sub_1", Amount: 2900, Currency: "usd", PeriodStart: start, PeriodEnd: start.Add(month),
	}
}

// inMonth moves a subscription on to its nth month, from 0.
func inMonth(n int) func(*domain.Subscription) {
	return func(s *domain.Subscription) {
		s.PeriodStart = noon.Add(time.Duration(n) * month)
		s.PeriodEnd = s.PeriodStart.Add(month)
	}
}

// holds tells whether the account is entitled to a feature at t.
func holds(a domain.Account, feature domain.FeatureKey, t time.Time) bool {
	return slices.ContainsFunc(domain.Rights(domain.Entitlements(a, shop), shop, t), func(r domain.Right) bool {
		return r.Feature == feature
	})
}
