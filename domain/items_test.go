package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// Each item of a subscription gives what was paid for it, in its own time.
func TestItems_EachGivesWhatWasPaidForIt(t *testing.T) {
	t.Parallel()
	pro := has("si_1", "price_m_year", 5, 0, 365)
	ofYear := bill(0, "in_1", "paid", cycle("si_1", "price_m_year", 5, 14500, 0, 365))
	declined := []domain.Fact{
		sub(0, "active", pro), ofYear, sub(80, "past_due", has("si_1", "price_team_year", 500, 0, 365)),
		bill(80, "in_2", "open",
			line(domain.LineChange, "si_1", "price_team_year", 500, 3900000, 80, 365), line(domain.LineCredit, "si_1", "price_m_year", 5, -11300, 80, 365)),
	}
	base, addOn := has("si_1", "price_m", 5, 0, 30), has("si_2", "price_addon", 1, 0, 30)
	none := has("si_2", "price_addon", 0, 0, 30)
	added := []domain.Fact{
		sub(0, "active", base), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)),
		sub(5, "active", base, addOn), bill(5, "in_2", "paid", line(domain.LineChange, "si_2", "price_addon", 1, 417, 5, 30)),
	}

	tellAll(t, map[string]story{
		// An upgrade that could not be paid changes the items all the same. On credit for a
		// while; of the team nothing was ever paid, and the paid year of pro runs on.
		"an upgrade that was declined": {declined, []holding{
			{81, "projects 1000, seats 500, team"}, {95.9, "projects 1000, seats 500, team"}, {96, "pro, projects 100, seats 5"}, {364.9, "pro, projects 100, seats 5"}, {365, "nothing"},
		}},
		"an upgrade that was declined, and then was paid": {
			append(declined[:len(declined):len(declined)],
				bill(82, "in_2", "paid",
					line(domain.LineChange, "si_1", "price_team_year", 500, 3900000, 80, 365), line(domain.LineCredit, "si_1", "price_m_year", 5, -11300, 80, 365)),
				sub(82, "active", has("si_1", "price_team_year", 500, 0, 365))),
			[]holding{{100, "projects 1000, seats 500, team"}, {365.9, "projects 1000, seats 500, team"}, {366, "nothing"}},
		},
		"an upgrade that was declined, and given up": {
			append(declined[:len(declined):len(declined)], sub(97, "unpaid", has("si_1", "price_team_year", 500, 0, 365))),
			[]holding{{98, "pro, projects 100, seats 5"}, {365, "nothing"}},
		},
		"an upgrade that was declined, taken back by voiding its invoice": {
			append(declined[:len(declined):len(declined)],
				bill(90, "in_2", "void",
					line(domain.LineChange, "si_1", "price_team_year", 500, 3900000, 80, 365), line(domain.LineCredit, "si_1", "price_m_year", 5, -11300, 80, 365)),
				sub(90, "active", pro)),
			[]holding{{100, "pro, projects 100, seats 5"}, {365.9, "pro, projects 100, seats 5"}, {366, "nothing"}},
		},
		"more seats that were declined": {
			[]domain.Fact{
				sub(0, "active", base), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)), sub(2, "past_due", has("si_1", "price_m", 50, 0, 30)),
				bill(2, "in_2", "open", line(domain.LineChange, "si_1", "price_m", 50, 46700, 2, 30), line(domain.LineCredit, "si_1", "price_m", 5, -4670, 2, 30)),
			},
			[]holding{{17.9, "pro, projects 100, seats 50"}, {18, "pro, projects 100, seats 5"}, {30, "nothing"}},
		},
		"a year is paid, the month of an add-on is not": {
			[]domain.Fact{
				sub(0, "active", pro), ofYear, sub(150, "active", pro, has("si_2", "price_vault", 1, 150, 180)),
				bill(150, "in_2", "paid", cycle("si_2", "price_vault", 1, 500, 150, 180)), sub(180, "active", pro, has("si_2", "price_vault", 1, 180, 210)),
				bill(180.04, "in_3", "open", cycle("si_2", "price_vault", 1, 500, 180, 210)), sub(180.04, "past_due", pro, has("si_2", "price_vault", 1, 180, 210)),
			},
			[]holding{{196, "pro, projects 100, seats 5, vault"}, {196.05, "pro, projects 100, seats 5"}, {365.9, "pro, projects 100, seats 5"}, {366, "nothing"}},
		},
		"an add-on":                   {added, []holding{{6, "pro, projects 100, seats 5, sso"}, {30.9, "pro, projects 100, seats 5, sso"}, {31, "nothing"}}},
		"an add-on of which it has 0": {append(added[:len(added):len(added)], sub(9, "active", base, none)), []holding{{10, "pro, projects 100, seats 5"}}},
		"of everything it has 0": {
			append(added[:len(added):len(added)], sub(9, "active", has("si_1", "price_m", 0, 0, 30), none)), []holding{{10, "nothing"}},
		},
		"an add-on that was removed, and old news of it": {
			append(added[:len(added):len(added)], sub(9, "active", base), sub(5.5, "active", base, addOn)), []holding{{10, "pro, projects 100, seats 5"}},
		},
		"an add-on that was exchanged, and the new one is not paid": {
			append(added[:len(added):len(added)], sub(9, "past_due", base, has("si_3", "price_vault", 1, 0, 30)), bill(9, "in_3", "open",
				line(domain.LineChange, "si_3", "price_vault", 1, 5000, 9, 30), line(domain.LineCredit, "si_2", "price_addon", 1, -350, 9, 30))),
			[]holding{{10, "pro, projects 100, seats 5, vault"}, {25, "pro, projects 100, seats 5, sso"}, {30.9, "pro, projects 100, seats 5"}, {31, "nothing"}},
		},
		"seats given back: fewer, though all were paid": {
			append(added[:2:2], sub(9, "active", has("si_1", "price_m", 2, 0, 30))), []holding{{10, "pro, projects 100, seats 2"}, {31, "nothing"}},
		},
		"two items of one plan add up": {
			[]domain.Fact{
				sub(0, "active", has("si_1", "price_m_old", 3, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m_old", 3, 3000, 0, 30)),
				sub(3, "active", has("si_1", "price_m_old", 3, 0, 30), has("si_2", "price_m", 2, 0, 30)),
			},
			[]holding{{4, "pro, projects 100, seats 5"}, {31, "nothing"}},
		},
		"an item without a period: as long as the others": {
			[]domain.Fact{sub(0, "active", base, domain.Item{ID: "si_2", Price: "price_addon", Quantity: 1})},
			[]holding{{1, "pro, projects 100, seats 5, sso"}, {30.9, "pro, projects 100, seats 5, sso"}, {31, "nothing"}},
		},
	})
}

// What cannot be read says nothing: what is known stays, and a person has to look.
func TestItems_ASnapshotThatCannotBeReadIsQuarantined(t *testing.T) {
	t.Parallel()
	before := tell(accountWith(ana), market, sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)))
	for name, items := range map[string][]domain.Item{
		"no items":           nil,
		"no price":           {has("si_1", "", 5, 0, 30)},
		"no period":          {{ID: "si_1", Price: "price_m", Quantity: 5}},
		"no end of a period": {{ID: "si_1", Price: "price_m", Quantity: 5, PeriodStart: noon}},
	} {
		a, verdict := domain.Record(before, sub(9, "active", items...), market)
		if verdict.Outcome != domain.OutcomeQuarantined || !equal(a, before) {
			t.Errorf("%s: %+v, want quarantined and nothing changed", name, verdict)
		}
	}
	if _, verdict := domain.Record(before, sub(9, "canceled"), market); verdict.Outcome != domain.OutcomeApplied {
		t.Errorf("an end without items: %+v, want applied", verdict)
	}
}
