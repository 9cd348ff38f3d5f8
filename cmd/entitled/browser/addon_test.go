//go:build !nodev

package browser

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/entitled-dev/entitled/adapters/catalog"
)

// demoWithTiers is the demo's catalog with a plan that is sold in tiers, in two currencies.
func demoWithTiers(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "catalog.yaml")
	text := string(catalog.Demo()) + `
  crew:
    name: Crew
    mode: subscription
    group: crew
    prices:
      monthly:
        lookup_key: crew_monthly
        sandbox:
          currency: usd
          interval: month
          tiers_mode: graduated
          tiers: [{up_to: 2, unit_amount: 1000, flat_amount: 500}, {unit_amount: 700}]
          currency_options: {eur: {tiers: [{up_to: 2, unit_amount: 900, flat_amount: 450}, {unit_amount: 650}]}}
    checkout: {max_quantity: 50}
    grants: {seats: 1}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// What tiers come to is said as the buyer types, in the currency that the address names, and
// is what Stripe's page asks for.
func tiersAbroad(t *testing.T, s *site) {
	b := s.newUser(t)
	b.visit("/")
	b.says(`[data-card="crew"] .total`, "$15/month for 1")
	b.click(`.currencies a[href="/?currency=eur"]`)
	b.until(`location.search === "?currency=eur"`)
	b.says(`[data-card="crew"] .total`, "€13.50/month for 1")
	b.fill("#quantity-crew", "3")
	b.says(`[data-card="crew"] .total`, "€29/month for 3")
	b.accessible("prices in another currency")
	b.click(`button[data-plan="crew"]`)
	b.see("#pay")
	b.says("#total", "€29")
}

// An add-on, with its price said beforehand, its end, and a change of mind.
func addOn(t *testing.T, s *site) {
	b := s.newUser(t)
	b.visit("/")
	b.says(`button[data-plan="priority"]`, "Added to Pro")
	b.subscribe("pro")
	b.visit("/")
	b.button("priority", "Add Priority")
	b.click(`button[data-plan="priority"]`)
	b.planIs("Pro", "Active")
	b.see(`#entitlements [data-feature="sso"]`) // what is bought may be had a moment later, and a preview says what changes
	b.says("#change", "Change or add")
	b.see("#change-form") // which that led to
	if read[bool](b, `document.querySelector('input[data-to="priority-yearly"]') !== null`) {
		t.Error("an add-on is offered by the year beside a plan by the month")
	}
	b.click(`input[data-to="priority-monthly"]`)
	b.says("#change-form [type=submit]", "Pay $9 and change")
	b.says("#preview .gets", "Priority support")
	b.click("#change-form [type=submit]")
	b.says("#said", "You now have Priority.")
	b.planIs("Pro", "Active")
	b.says("#addons li", "Priority")
	b.visit("/")
	b.button("team", "Switch to Team")
	b.click(`button[data-plan="team"]`)
	b.see(`input[data-to="team-monthly"]`)
	if read[bool](b, `document.querySelector('input[data-to="pro-yearly"]') !== null`) {
		t.Error("a plan is offered by the year beside an add-on by the month")
	}
	b.click("#change")
	b.click("#addons button")
	b.says("#said", "Priority ends on ")
	b.says("#addons button", "Keep Priority")
	b.planIs("Pro", "Active")
	b.click("#addons button")
	b.says("#said", "Priority goes on as before.")
	b.says("#addons button", "Remove Priority")
}
