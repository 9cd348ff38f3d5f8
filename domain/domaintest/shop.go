package domaintest

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

const (
	Day   = 24 * time.Hour
	Month = 30 * Day
)

// Noon is when every story begins.
var Noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Shop is the catalog that the histories are about.
var Shop = domain.Catalog{
	Features: map[domain.FeatureKey]domain.Feature{
		"sso":      {Key: "sso", Type: domain.FeatureFlag},
		"projects": {Key: "projects", Type: domain.FeatureLimit, Merge: domain.MergeMax},
		"seats":    {Key: "seats", Type: domain.FeatureLimit, Merge: domain.MergeMax, PerUnit: true},
		"credits":  {Key: "credits", Type: domain.FeatureLimit, Merge: domain.MergeSum},
	},
	Plans: map[domain.PlanKey]domain.Plan{
		"pass": {
			Key: "pass", Mode: domain.ModePayment, ValidFor: 365 * Day,
			Prices: []domain.Price{{Key: "once", ID: "price_pass"}},
			Grants: map[domain.FeatureKey]domain.Value{"projects": domain.Limit(10), "credits": domain.Limit(100)},
		},
		"forever": {
			Key: "forever", Mode: domain.ModePayment,
			Prices: []domain.Price{{Key: "once", ID: "price_forever"}},
			Grants: map[domain.FeatureKey]domain.Value{"sso": domain.Flag(), "seats": domain.Limit(1)},
			Policy: domain.Policy{Refund: "revoke_partial", Dispute: "suspend_inquiry"},
		},
		"pro": {
			Key: "pro", Mode: domain.ModeSubscription, Group: "main", Grace: 14 * Day, Leeway: Day,
			Prices: []domain.Price{{Key: "monthly", ID: "price_pro"}, {Key: "yearly", LookupKey: "pro_yearly"}},
			Grants: map[domain.FeatureKey]domain.Value{
				"sso": domain.Flag(), "projects": domain.Limit(100), "seats": domain.Limit(5), "credits": domain.Limit(50),
			},
			Policy: domain.Policy{Refund: "revoke"},
		},
		"team": {
			Key: "team", Mode: domain.ModeSubscription, Group: "main", Grace: 3 * Day, Leeway: 2 * time.Hour,
			Prices: []domain.Price{{Key: "monthly", ID: "price_team"}},
			Grants: map[domain.FeatureKey]domain.Value{
				"sso": domain.Flag(), "projects": domain.Limit(domain.Unlimited), "seats": domain.Limit(1),
			},
			Policy: domain.Policy{Dispute: "revoke_lost"},
		},
	},
}

// CustomerOf names the Stripe customer of a user.
func CustomerOf(u domain.UserID) domain.CustomerID { return domain.CustomerID("cus_" + u) }

// AccountWith is a user with a customer and these orders.
func AccountWith(user domain.UserID, orders ...domain.Order) domain.Account {
	a := domain.NewAccount(user)
	a.Customer = CustomerOf(user)
	for _, o := range orders {
		a = a.WithOrder(o)
	}
	return a
}

// PendingOrder is an order that Stripe knows nothing of yet.
func PendingOrder(id domain.OrderID, plan domain.PlanKey) domain.Order {
	return domain.Order{
		ID: id, Plan: plan, Mode: Shop.Plans[plan].Mode, Quantity: 1,
		Status: domain.OrderPending, CreatedAt: Noon, ExpiresAt: Noon.Add(Day),
	}
}
