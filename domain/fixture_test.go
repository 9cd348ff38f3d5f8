package domain_test

import (
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	ana    domain.UserID     = "user_ana"
	cusAna domain.CustomerID = "cus_ana"
	cusBob domain.CustomerID = "cus_bob"

	day   = 24 * time.Hour
	month = 30 * day
)

// noon is when every test's story begins.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shop is the catalog of all tests here.
var shop = domain.Catalog{
	Features: map[domain.FeatureKey]domain.Feature{
		"sso":      {Key: "sso", Type: domain.FeatureFlag},
		"projects": {Key: "projects", Type: domain.FeatureLimit, Merge: domain.MergeMax},
		"seats":    {Key: "seats", Type: domain.FeatureLimit, Merge: domain.MergeMax, PerUnit: true},
		"credits":  {Key: "credits", Type: domain.FeatureLimit, Merge: domain.MergeSum},
	},
	Plans: map[domain.PlanKey]domain.Plan{
		"pass": {
			Key: "pass", Mode: domain.ModePayment, ValidFor: 365 * day,
			Prices: []domain.Price{{Key: "once", ID: "price_pass"}},
			Grants: map[domain.FeatureKey]domain.Value{"projects": domain.Limit(10), "credits": domain.Limit(100)},
		},
		"forever": {
			Key: "forever", Mode: domain.ModePayment,
			Prices: []domain.Price{{Key: "once", ID: "price_forever"}},
			Grants: map[domain.FeatureKey]domain.Value{"sso": domain.Flag(), "seats": domain.Limit(1)},
		},
		"pro": {
			Key: "pro", Mode: domain.ModeSubscription, Group: "main", Grace: 14 * day, Leeway: day,
			Prices: []domain.Price{{Key: "monthly", ID: "price_pro"}, {Key: "yearly", LookupKey: "pro_yearly"}},
			Grants: map[domain.FeatureKey]domain.Value{
				"sso": domain.Flag(), "projects": domain.Limit(100), "seats": domain.Limit(5), "credits": domain.Limit(50),
			},
		},
		"team": {
			Key: "team", Mode: domain.ModeSubscription, Group: "main", Grace: 3 * day, Leeway: 2 * time.Hour,
			Prices: []domain.Price{{Key: "monthly", ID: "price_team"}},
			Grants: map[domain.FeatureKey]domain.Value{
				"sso": domain.Flag(), "projects": domain.Limit(domain.Unlimited), "seats": domain.Limit(1),
			},
		},
	},
}

// customerOf names the Stripe customer of a user.
func customerOf(u domain.UserID) domain.CustomerID {
	if u == ana {
		return cusAna
	}
	return cusBob
}

// accountWith is a user with a customer and these orders.
func accountWith(user domain.UserID, orders ...domain.Order) domain.Account {
	a := domain.NewAccount(user)
	a.Customer = customerOf(user)
	for _, o := range orders {
		a = a.WithOrder(o)
	}
	return a
}

// pendingOrder is an order that Stripe knows nothing of yet.
func pendingOrder(id domain.OrderID, plan domain.PlanKey) domain.Order {
	return domain.Order{
		ID: id, Plan: plan, Mode: shop.Plans[plan].Mode, Quantity: 1,
		Status: domain.OrderPending, CreatedAt: noon, ExpiresAt: noon.Add(day),
	}
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
