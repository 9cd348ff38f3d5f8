package programtest

import (
	"testing"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/bunstore/sqlitetest"
	"github.com/entitled-dev/entitled/adapters/catalog"
	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/domain"
)

// What the programs of the tests are started with.
const (
	StripeKey     = "sk_test_0123456789abcdef"
	WebhookSecret = "whsec_0123456789abcdef"
	APIKey        = "0123456789abcdef0123456789abcdef"
)

// Catalog is what the programs of the tests sell.
const Catalog = `
features:
  projects: {type: limit}
  sso: {type: flag}
plans:
  basic:
    name: Basic
    mode: payment
    prices: {once: {id: price_basic}}
    grants: {projects: 10}
  pro:
    name: Pro
    mode: subscription
    group: main
    prices: {monthly: {lookup_key: pro_monthly}}
    grants: {sso: true, projects: 100}
`

// TeamCatalog sells two plans of one group, one of them by the year too, and an add-on to the other.
const TeamCatalog = Catalog + `
  team:
    name: Team
    mode: subscription
    group: main
    pausable: true
    checkout: {max_quantity: 50}
    prices: {monthly: {lookup_key: team_monthly}, yearly: {lookup_key: team_yearly}}
    grants: {sso: true, projects: 1000}
  storage:
    mode: subscription
    addon_to: pro
    prices: {monthly: {lookup_key: storage_monthly}}
    grants: {projects: 150}
`

// Databases are those that the program runs on.
var Databases = map[string]func(testing.TB) string{
	"Postgres": func(tb testing.TB) string { return pgtest.URL(tb) },
	"SQLite":   func(tb testing.TB) string { return sqlitetest.URL(tb) },
}

// Stock has a box sell what [Catalog] says.
func Stock(tb testing.TB, box *sandbox.Sandbox) {
	tb.Helper()
	for _, price := range []sandbox.PriceSpec{
		{ID: "price_basic", Product: "Basic", UnitAmount: 1900, Currency: "usd"},
		{LookupKey: "pro_monthly", Product: "Pro", UnitAmount: 2900, Currency: "usd", Interval: "month"},
	} {
		if _, err := box.AddPrice(price); err != nil {
			tb.Fatal(err)
		}
	}
}

// StockTeams has a box sell what [TeamCatalog] adds.
func StockTeams(tb testing.TB, box *sandbox.Sandbox) {
	tb.Helper()
	for _, price := range []sandbox.PriceSpec{
		{LookupKey: "team_monthly", Product: "Team", UnitAmount: 9900, Currency: "usd", Interval: "month"},
		{LookupKey: "storage_monthly", Product: "Storage", UnitAmount: 500, Currency: "usd", Interval: "month"},
		{LookupKey: "team_yearly", Product: "Team", UnitAmount: 99000, Currency: "usd", Interval: "year"},
	} {
		if _, err := box.AddPrice(price); err != nil {
			tb.Fatal(err)
		}
	}
}

// ParseCatalog reads a catalog that has no fault.
func ParseCatalog(tb testing.TB, text string) domain.Catalog {
	tb.Helper()
	sold, err := catalog.Parse("catalog.yaml", []byte(text), func(string) string { return "" })
	if err != nil {
		tb.Fatal(err)
	}
	return sold.Catalog
}
