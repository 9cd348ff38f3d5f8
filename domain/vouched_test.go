package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// Who changes or is favored keeps what the status vouches for and what was paid for:
// neither may take more than doing nothing would.
func TestEntitlements_NobodyLosesByAChangeOrAFavor(t *testing.T) {
	t.Parallel()
	due := func(f domain.InvoiceFact, d float64) domain.InvoiceFact {
		return with(f, func(i *domain.Invoice) { i.DueAt = on(d) })
	}
	left := func(f domain.InvoiceFact, balance int64) domain.InvoiceFact {
		return with(f, func(i *domain.Invoice) { i.EndingBalance = balance })
	}
	change := func(price domain.PriceID, amount int64, from, until float64) domain.Line {
		return line(domain.LineChange, "si_1", price, 5, amount, from, until)
	}
	credit := func(price domain.PriceID, amount int64, from, until float64) domain.Line {
		return line(domain.LineCredit, "si_1", price, 5, amount, from, until)
	}
	const pro, team = "pro, projects 100, seats 5", "projects 1000, seats 5, team"
	freeTime := sub(10, "trialing", has("si_1", "price_m", 5, 10, 60))
	freeTime.Snapshot.TrialEnd = on(60)
	tried := deepCopyCatalog(market)
	for key, p := range tried.Plans {
		p.TrialGrants = map[domain.FeatureKey]domain.Value{"projects": domain.Limit(1)}
		tried.Plans[key] = p
	}
	for name, x := range map[string]struct {
		catalog domain.Catalog
		facts   []domain.Fact
		rights  map[float64]string
	}{
		"a paid upgrade of what is not due yet": {market, []domain.Fact{
			sub(0, "active", has("si_1", "price_m_year", 5, 0, 365)),
			due(bill(0, "in_1", "open", cycle("si_1", "price_m_year", 5, 14500, 0, 365)), 30),
			sub(5, "active", has("si_1", "price_team_year", 5, 0, 365)),
			bill(5, "in_2", "paid", change("price_team_year", 25000, 5, 365), credit("price_m_year", -14300, 5, 365)),
		}, map[float64]string{6: team, 45: team, 47: "nothing"}},
		"a downgrade of what is not due yet": {market, []domain.Fact{
			sub(0, "active", has("si_1", "price_team_year", 5, 0, 365)),
			due(bill(0, "in_1", "open", cycle("si_1", "price_team_year", 5, 50000, 0, 365)), 30),
			sub(5, "active", has("si_1", "price_m_year", 5, 0, 365)),
			left(bill(5, "in_2", "paid", change("price_m_year", 14300, 5, 365), credit("price_team_year", -49300, 5, 365)), -35000),
		}, map[float64]string{6: pro, 45: pro, 47: "nothing"}},
		"a downgrade in grace": {market, []domain.Fact{
			sub(0, "active", has("si_1", "price_team", 5, 0, 30)),
			bill(0, "in_0", "paid", cycle("si_1", "price_team", 5, 10000, 0, 30)),
			sub(30, "past_due", has("si_1", "price_team", 5, 30, 60)),
			bill(30, "in_1", "open", cycle("si_1", "price_team", 5, 10000, 30, 60)),
			sub(32, "active", has("si_1", "price_m", 5, 30, 60)),
			left(bill(32, "in_2", "paid", change("price_m", 2700, 32, 60), credit("price_team", -9300, 32, 60)), -6600),
		}, map[float64]string{33: pro, 45: pro, 47: "nothing"}},
		"an upgrade of a month that was waived": {market, []domain.Fact{
			sub(0, "active", has("si_1", "price_m", 5, 0, 30)),
			bill(0, "in_1", "void", cycle("si_1", "price_m", 5, 2900, 0, 30)),
			sub(10, "active", has("si_1", "price_team", 5, 0, 30)),
			bill(10, "in_2", "paid", change("price_team", 3000, 10, 30), credit("price_m", -1933, 10, 30)),
		}, map[float64]string{11: team, 29: team}},
		"an upgrade of a month that was given up": {market, []domain.Fact{
			sub(0, "active", has("si_1", "price_m", 5, 0, 30)),
			bill(0, "in_1", "uncollectible", cycle("si_1", "price_m", 5, 2900, 0, 30)),
			sub(10, "active", has("si_1", "price_team", 5, 0, 30)),
			bill(10, "in_2", "paid", change("price_team", 3000, 10, 30), credit("price_m", -1933, 10, 30)),
		}, map[float64]string{11: team, 29: team}},
		"a fee of something else is declined, and the month is renewed": {market, []domain.Fact{
			sub(0, "active", has("si_1", "price_m", 5, 0, 30)),
			bill(0, "in_0", "paid", cycle("si_1", "price_m", 5, 2900, 0, 30)),
			bill(10, "in_1", "open", line(domain.LineOneOff, "", "price_fee", 1, 50000, 10, 10)),
			sub(10, "past_due", has("si_1", "price_m", 5, 0, 30)),
			sub(30, "past_due", has("si_1", "price_m", 5, 30, 60)),
		}, map[float64]string{29: pro, 30.5: pro, 60.9: pro, 61: "nothing"}},
		"free time within what is paid for": {tried, []domain.Fact{
			sub(0, "active", has("si_1", "price_m", 5, 0, 30)),
			bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 2900, 0, 30)),
			freeTime,
		}, map[float64]string{11: pro, 29: pro, 40: "projects 1"}},
	} {
		a := tell(accountWith(ana), x.catalog, x.facts...)
		for at, want := range x.rights {
			if rights := rightsAt(a, x.catalog, on(at)); rights != want {
				t.Errorf("%s, day %g: %s, want %s\n%s", name, at, rights, want, standingsOf(a, x.catalog))
			}
		}
	}
}

// Of a year that was told without its lines, Stripe is asked once a change of it is owed:
// nothing else says what was paid for before.
func TestExpectations_LinesAreAskedForOnceAChangeIsOwed(t *testing.T) {
	t.Parallel()
	a := tell(accountWith(ana), market, sub(0, "active", has("si_1", "price_m_year", 5, 0, 365)))
	a.Invoices = map[domain.InvoiceID]domain.Invoice{"in_1": { // as the version before kept a payment
		ID: "in_1", Subscription: "sub_1", Status: "paid", Currency: "usd", Total: 14500, AmountDue: 14500, AmountPaid: 14500,
		Lines: []domain.Line{{ID: "line 0", Kind: "cycle", Quantity: 1, Amount: 14500, From: on(0), Until: on(365)}},
	}}
	a = tell(a, market,
		sub(100, "past_due", has("si_1", "price_team_year", 5, 0, 365)),
		bill(100, "in_2", "open",
			line(domain.LineChange, "si_1", "price_team_year", 5, 30000, 100, 365),
			line(domain.LineCredit, "si_1", "price_m_year", 5, -10000, 100, 365)),
	)
	for _, e := range a.Expectations() {
		if e.Subject.Kind == domain.RefRenewal && !e.Due.After(on(101)) {
			return
		}
	}
	t.Errorf("nothing is asked about the subscription: %v", a.Expectations())
}

// Stripe calls a subscription active whose newest invoice was given up, or which paid for
// something else since. A change that nobody paid is not given for that; a month is a favor.
func TestVouched_AChangeThatWasGivenUpIsNotGiven(t *testing.T) {
	t.Parallel()
	const five, all = "pro, projects 100, seats 5", "pro, projects 100, seats 500"
	of := func(quantity int64) domain.Item { return has("si_1", "price_m_year", quantity, 0, 365) }
	addOn := has("si_2", "price_addon", 1, 60, 90)
	paidYear := []domain.Fact{sub(0, "active", of(5)), bill(0, "in_1", "paid", cycle("si_1", "price_m_year", 5, 14500, 0, 365))}
	change := func(status domain.InvoiceStatus) domain.Fact {
		return bill(40, "in_2", status,
			line(domain.LineCredit, "si_1", "price_m_year", 5, -12900, 40, 365), line(domain.LineChange, "si_1", "price_m_year", 500, 1290000, 40, 365))
	}
	newest := func(f domain.SubscriptionFact) domain.Fact { f.Snapshot.LatestInvoice = "in_2"; return f }
	paused := func(f domain.SubscriptionFact) domain.Fact { f.Snapshot.Pause = domain.PauseUncollectible; return f }
	also := func(more ...domain.Fact) []domain.Fact {
		return append(paidYear[:len(paidYear):len(paidYear)], more...)
	}
	tellAll(t, map[string]story{
		"the newest invoice was given up": {
			also(sub(40, "past_due", of(500)), change("uncollectible"), newest(sub(60, "active", of(500)))),
			[]holding{{61, five}, {365.9, five}, {366, "nothing"}},
		},
		"something else was paid since": {
			also(sub(40, "past_due", of(500)), change("uncollectible"), sub(60, "active", of(500), addOn), bill(60, "in_3", "paid", cycle("si_2", "price_addon", 1, 500, 60, 90))),
			[]holding{{61, "pro, projects 100, seats 5, sso"}, {200, five}},
		},
		"within grace": {
			also(sub(40, "past_due", of(500)), change("uncollectible"), newest(sub(41, "active", of(500)))),
			[]holding{{42, all}, {57, five}},
		},
		"it is paid all the same": {
			also(sub(40, "past_due", of(500)), change("uncollectible"), newest(sub(60, "active", of(500))), change("paid")),
			[]holding{{61, all}, {365.9, all}},
		},
		"given up because collection is paused": {
			also(paused(sub(40, "active", of(500))), change("uncollectible")),
			[]holding{{61, all}, {365.9, all}},
		},
		"the next year is paid for all": {
			also(sub(40, "past_due", of(500)), change("uncollectible"), sub(365, "active", has("si_1", "price_m_year", 500, 365, 730)),
				bill(365, "in_3", "paid", cycle("si_1", "price_m_year", 500, 1450000, 365, 730))),
			[]holding{{366, all}, {730.9, all}},
		},
		"the next year has begun, and its invoice is not told yet": {
			also(sub(40, "past_due", of(500)), change("uncollectible"), sub(365, "active", has("si_1", "price_m_year", 500, 365, 730))),
			[]holding{{365.04, all}, {400, all}},
		},
	})
}
