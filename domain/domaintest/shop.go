package domaintest

import (
	"time"

	"github.com/entitled-dev/entitled/domain"
)

const (
	Day   = 24 * time.Hour
	Month = 30 * Day
	Year  = 365 * Day
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
		"vault":    {Key: "vault", Type: domain.FeatureFlag},
		"tokens":   {Key: "tokens", Type: domain.FeatureLimit, Merge: domain.MergeSum, PerUnit: true},
	},
	Plans: map[domain.PlanKey]domain.Plan{
		"pass": {
			Key: "pass", Mode: domain.ModePayment, ValidFor: Year,
			Prices: []domain.Price{{Key: "once", ID: "price_pass"}},
			Grants: map[domain.FeatureKey]domain.Value{"projects": domain.Limit(10), "credits": domain.Limit(100)},
		},
		"forever": {
			Key: "forever", Mode: domain.ModePayment,
			Prices: []domain.Price{{Key: "once", ID: "price_forever"}},
			Grants: map[domain.FeatureKey]domain.Value{"sso": domain.Flag(), "seats": domain.Limit(1)},
			Policy: domain.Policy{Refund: "revoke_partial", Dispute: "suspend_inquiry"},
		},
		"donation": {
			Key: "donation", Mode: domain.ModePayment, ValidFor: 90 * Day,
			Prices: []domain.Price{{Key: "once", ID: "price_donation"}},
			Grants: map[domain.FeatureKey]domain.Value{"vault": domain.Flag(), "tokens": domain.Limit(10)},
			Policy: domain.Policy{Refund: "keep", Dispute: "revoke_lost"},
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
			Prices: []domain.Price{{Key: "monthly", ID: "price_team"}, {Key: "raised", ID: "price_team_raised"}},
			Grants: map[domain.FeatureKey]domain.Value{
				"sso": domain.Flag(), "projects": domain.Limit(domain.Unlimited), "seats": domain.Limit(1),
			},
			Policy: domain.Policy{Dispute: "revoke_lost"},
		},
		"studio": {
			Key: "studio", Mode: domain.ModeSubscription, Group: "main", Grace: 21 * Day, Leeway: Day, TrialDays: 14,
			Prices: []domain.Price{{Key: "monthly", ID: "price_studio"}},
			Grants: map[domain.FeatureKey]domain.Value{
				"vault": domain.Flag(), "projects": domain.Limit(40), "seats": domain.Limit(2), "tokens": domain.Limit(1000),
			},
			TrialGrants:   map[domain.FeatureKey]domain.Value{"vault": domain.Flag(), "tokens": domain.Limit(20)},
			PastDueGrants: map[domain.FeatureKey]domain.Value{"projects": domain.Limit(3), "seats": domain.Limit(1)},
			Policy: domain.Policy{
				Refund: "revoke_partial", Dispute: "suspend_inquiry", Access: []domain.AccessOption{"suspend_while_void"},
			},
		},
		"storage": { // an add-on
			Key: "storage", Mode: domain.ModeSubscription, Group: "storage", Grace: 7 * Day, Leeway: Day,
			Prices: []domain.Price{{Key: "monthly", ID: "price_storage"}},
			Grants: map[domain.FeatureKey]domain.Value{"vault": domain.Flag(), "credits": domain.Limit(25)},
			Policy: domain.Policy{Refund: "revoke", Dispute: "keep"},
		},
		"basic": { // an add-on that costs nothing
			Key: "basic", Mode: domain.ModeSubscription, Group: "basic", Grace: 5 * Day, Leeway: Day,
			Prices: []domain.Price{{Key: "monthly", ID: "price_basic"}},
			Grants: map[domain.FeatureKey]domain.Value{"credits": domain.Limit(7)},
			Policy: domain.Policy{Refund: "revoke_partial", Dispute: "suspend_inquiry"},
		},
		"usage": { // metered: billed in arrears
			Key: "usage", Mode: domain.ModeSubscription, Group: "usage", Grace: 10 * Day, Leeway: Day,
			Prices: []domain.Price{{Key: "metered", ID: "price_usage"}},
			Grants: map[domain.FeatureKey]domain.Value{"tokens": domain.Limit(500)},
			Policy: domain.Policy{Refund: "revoke"},
		},
	},
	Ignored: domain.Ignored{Prices: []domain.PriceID{"price_support"}},
}

// tariff is what a price costs, for how long, and which plan it is of.
type tariff struct {
	plan    domain.PlanKey
	cents   int64
	every   time.Duration
	lookup  string // the lookup key that it has at first
	metered bool
}

// tariffs are Stripe's prices. One of them nobody knows by its id.
var tariffs = map[domain.PriceID]tariff{
	"price_pass":           {plan: "pass", cents: 1900},
	"price_forever":        {plan: "forever", cents: 9900},
	"price_donation":       {plan: "donation", cents: 500},
	"price_pro":            {plan: "pro", cents: 2900, every: Month},
	"price_made_by_stripe": {plan: "pro", cents: 29000, every: Year, lookup: "pro_yearly"},
	"price_team":           {plan: "team", cents: 10000, every: Month},
	"price_team_raised":    {plan: "team", cents: 12000, every: Month},
	"price_studio":         {plan: "studio", cents: 5000, every: Month},
	"price_storage":        {plan: "storage", cents: 700, every: Month},
	"price_basic":          {plan: "basic", every: Month},
	"price_usage":          {plan: "usage", cents: 300, every: Month, metered: true},
	"price_support":        {cents: 20000, every: Month}, // no business of ours
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
