package domain_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// Years that were had for nothing are none that were paid for, whatever was paid beside them.
func TestFree_IsNotPaidFor(t *testing.T) {
	t.Parallel()
	c := market
	c.Plans = maps.Clone(c.Plans)
	for _, key := range []domain.PlanKey{"pro", "addon"} {
		plan := c.Plans[key]
		plan.Policy.Access = []domain.AccessOption{"perpetual_after_3_years"}
		c.Plans[key] = plan
	}
	for name, free := range map[string]func(from, until float64) []domain.Line{
		"periods": func(from, until float64) []domain.Line {
			return []domain.Line{cycle("si_1", "price_m", 1, 0, from, until)}
		},
		"changes": func(from, until float64) []domain.Line {
			return []domain.Line{line(domain.LineChange, "si_1", "price_m", 2, 0, from, until), line(domain.LineChange, "si_1", "price_m", 1, 0, from, until)}
		},
	} {
		a := accountWith(ana)
		for n := range 4 {
			from, until := float64(365*n), float64(365*n+365)
			a = tell(a, c, sub(from, "active", has("si_1", "price_m", 1, from, until), has("si_2", "price_addon", 1, from, until)),
				bill(from, domain.InvoiceID(fmt.Sprint("in_", n)), "paid", append(free(from, until), cycle("si_2", "price_addon", 1, 500, from, until))...))
		}
		a = tell(a, c, sub(1459, "canceled", has("si_1", "price_m", 1, 1095, 1460), has("si_2", "price_addon", 1, 1095, 1460)))
		if got := rightsAt(a, c, on(1462)); got != "sso" {
			t.Errorf("after four years of %s: %s", name, got)
		}
	}
}

// What costs nothing is owed nothing for, and no money that went back had paid for it:
// whatever becomes of what is billed beside it.
func TestFree_WhatCostsNothingStays(t *testing.T) {
	t.Parallel()
	const plan, both = "pro, projects 100, seats 1", "pro, projects 100, seats 1, sso"
	items := func(n float64) []domain.Item {
		return []domain.Item{has("si_1", "price_m", 1, 30*n, 30*n+30), has("si_2", "price_addon", 1, 30*n, 30*n+30)}
	}
	ofMonth := func(n float64, id domain.InvoiceID, status domain.InvoiceStatus) domain.InvoiceFact {
		return bill(30*n, id, status, cycle("si_1", "price_m", 1, 0, 30*n, 30*n+30), cycle("si_2", "price_addon", 1, 500, 30*n, 30*n+30))
	}
	begun := []domain.Fact{sub(0, "active", items(0)...), ofMonth(0, "in_1", "paid")}
	also := func(more ...domain.Fact) []domain.Fact { return append(begun[:len(begun):len(begun)], more...) }
	tiers := []domain.Fact{sub(0, "active", has("si_1", "price_m", 15, 0, 30)), bill(0, "in_1", "paid",
		cycle("si_1", "price_m", 15, 0, 0, 30), cycle("si_1", "price_m", 0, 5000, 0, 30))}
	swapped := func(status domain.SubscriptionStatus, paid domain.InvoiceStatus) []domain.Fact {
		return []domain.Fact{
			sub(0, "active", has("si_1", "price_m", 1, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 0, 0, 30)),
			sub(10, status, has("si_7", "price_team", 1, 0, 30)), bill(10, "in_2", paid,
				line(domain.LineChange, "si_1", "price_m", 1, 0, 10, 30), line(domain.LineChange, "si_7", "price_team", 1, 667, 10, 30)),
		}
	}

	tellAll(t, map[string]story{
		"beside an add-on that was refunded": {also(refundOf(5, "pi_1", "succeeded", 500)), []holding{{6, plan}, {30.9, plan}, {31, "nothing"}}},
		"beside what was changed for another, and refunded": {
			[]domain.Fact{
				sub(0, "active", has("si_1", "price_m", 1, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
				bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 2900, 0, 30), cycle("si_2", "price_addon", 1, 0, 0, 30)),
				sub(1, "active", has("si_1", "price_team", 1, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
				bill(1, "in_2", "paid", line(domain.LineCredit, "si_1", "price_m", 1, -2900, 1, 30), line(domain.LineChange, "si_1", "price_team", 1, 10000, 1, 30)),
				refundOf(2, "pi_1", "succeeded", 2900),
			},
			[]holding{{3, "projects 1000, seats 1, sso, team"}},
		},
		"beside an add-on that is disputed": {also(disputeOf(5, "pi_1", "needs_response")), []holding{{6, plan}}},
		"beside an add-on that is declined": {
			also(sub(30, "past_due", items(1)...), ofMonth(1, "in_2", "open")),
			[]holding{{31, both}, {45.9, both}, {46.1, plan}, {60.9, plan}, {61, "nothing"}},
		},
		"added together with more of a price, declined": {
			[]domain.Fact{
				sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)),
				sub(10, "past_due", has("si_1", "price_m", 8, 0, 30), has("si_2", "price_addon", 1, 0, 30)), bill(10, "in_2", "open",
					line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), line(domain.LineChange, "si_1", "price_m", 8, 5333, 10, 30),
					line(domain.LineChange, "si_2", "price_addon", 1, 0, 10, 30)),
			},
			[]holding{{11, "pro, projects 100, seats 8, sso"}, {27, "pro, projects 100, seats 5, sso"}, {30.5, "sso"}},
		},
		"another item instead of it, declined: it comes back": {swapped("past_due", "open"), []holding{{27, plan}, {31, "nothing"}}},
		"another item instead of it, refunded: it comes back": {
			append(swapped("active", "paid"), refundOf(11, "pi_2", "succeeded", 667)),
			[]holding{{12, plan}, {31, "nothing"}},
		},
		"another item instead of it, and a fee, refunded: it comes back": {
			append(swapped("active", "paid")[:3:3], bill(10, "in_2", "paid", line(domain.LineChange, "si_1", "price_m", 1, 0, 10, 30),
				line(domain.LineChange, "si_7", "price_team", 1, 667, 10, 30), line(domain.LineOneOff, "", "price_fee", 1, 500, 10, 10)),
				refundOf(11, "pi_2", "succeeded", 1167)),
			[]holding{{12, plan}, {31, "nothing"}},
		},
		"another item instead of it, paid: it is gone": {swapped("active", "paid"), []holding{{12, "projects 1000, seats 1, team"}}},
		// What the user gives up itself does not come back, whatever became of what was billed before.
		"more units of it beside what is declined, then given up": {
			[]domain.Fact{
				sub(0, "active", has("si_1", "price_m", 5, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
				bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 0, 0, 30), cycle("si_2", "price_addon", 1, 500, 0, 30)),
				sub(10, "past_due", has("si_1", "price_m", 8, 0, 30), has("si_2", "price_addon", 2, 0, 30)), bill(10, "in_2", "open",
					line(domain.LineChange, "si_1", "price_m", 5, 0, 10, 30), line(domain.LineChange, "si_1", "price_m", 8, 0, 10, 30),
					line(domain.LineCredit, "si_2", "price_addon", 1, -333, 10, 30), line(domain.LineChange, "si_2", "price_addon", 2, 667, 10, 30)),
				sub(12, "past_due", has("si_2", "price_addon", 2, 0, 30)),
			},
			[]holding{{13, "sso"}, {28, "sso"}},
		},
		"more units in tiers, declined, then given up": {
			[]domain.Fact{
				sub(0, "active", has("si_1", "price_m", 6, 0, 30), has("si_2", "price_addon", 1, 0, 30)), bill(0, "in_1", "paid",
					cycle("si_1", "price_m", 5, 0, 0, 30), cycle("si_1", "price_m", 1, 1000, 0, 30), cycle("si_2", "price_addon", 1, 500, 0, 30)),
				sub(10, "past_due", has("si_1", "price_m", 8, 0, 30), has("si_2", "price_addon", 1, 0, 30)), bill(10, "in_2", "open",
					line(domain.LineChange, "si_1", "price_m", 5, 0, 10, 30), line(domain.LineCredit, "si_1", "price_m", 1, -667, 10, 30),
					line(domain.LineChange, "si_1", "price_m", 5, 0, 10, 30), line(domain.LineChange, "si_1", "price_m", 3, 2000, 10, 30)),
				sub(12, "past_due", has("si_2", "price_addon", 1, 0, 30)),
			},
			[]holding{{13, "sso"}, {28, "sso"}},
		},
		"added beside an upgrade, renewed, given up, and the upgrade refunded": {
			[]domain.Fact{
				sub(0, "active", has("si_1", "price_m", 1, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 2900, 0, 30)),
				sub(10, "active", has("si_1", "price_m", 2, 0, 30), has("si_2", "price_addon", 1, 0, 30)), bill(10, "in_2", "paid",
					line(domain.LineCredit, "si_1", "price_m", 1, -1900, 10, 30), line(domain.LineChange, "si_1", "price_m", 2, 3800, 10, 30),
					line(domain.LineChange, "si_2", "price_addon", 1, 0, 10, 30)),
				sub(30, "active", has("si_1", "price_m", 2, 30, 60), has("si_2", "price_addon", 1, 30, 60)), bill(30, "in_3", "paid",
					cycle("si_1", "price_m", 2, 5800, 30, 60), cycle("si_2", "price_addon", 1, 0, 30, 60)),
				sub(30.5, "active", has("si_1", "price_m", 2, 30, 60)),
				refundOf(30.6, "pi_2", "succeeded", 1900),
			},
			[]holding{{32, "pro, projects 100, seats 2"}},
		},
		// The units of a price in tiers may be over nothing, and a fee beside them is not.
		"not the units of a tier with a fee":             {append(tiers, refundOf(5, "pi_1", "succeeded", 5000)), []holding{{6, "nothing"}}},
		"not the units of a tier with a fee, unrefunded": {tiers, []holding{{4, "pro, projects 100, seats 15"}}},
	})
}

// Who has yet to pay once has no grace, and what costs nothing needs none.
func TestFree_NeedsNoFirstPayment(t *testing.T) {
	t.Parallel()
	c := market
	c.Plans = maps.Clone(c.Plans)
	for _, key := range []domain.PlanKey{"pro", "addon"} {
		plan := c.Plans[key]
		plan.Policy.Access = []domain.AccessOption{"grace_after_first_payment"}
		c.Plans[key] = plan
	}
	story{
		[]domain.Fact{
			sub(0, "active", has("si_1", "price_m", 1, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 0, 0, 30)),
			sub(30, "past_due", has("si_1", "price_m", 1, 30, 60), has("si_2", "price_addon", 1, 30, 60)),
			bill(30, "in_2", "open", cycle("si_1", "price_m", 1, 0, 30, 60), cycle("si_2", "price_addon", 1, 500, 30, 60)),
		},
		[]holding{{31, "pro, projects 100, seats 1"}, {60, "pro, projects 100, seats 1"}},
	}.check(t, accountWith(ana), c)
}
