package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// A line that says neither item nor price is for the item as it is; unless a change of the
// item is still owed, as then nobody can tell.
func TestItems_LinesThatDoNotSayWhatTheyAreFor(t *testing.T) {
	t.Parallel()
	unnamed := func(kind domain.LineKind, amount int64, from, until float64) domain.Line {
		return line(kind, "", "", 1, amount, from, until)
	}
	usage := func(n float64) domain.Item { return has("si_u", "price_u", 1, 30*n, 30*n+30) }
	tellAll(t, map[string]story{
		"a paid month of five seats": {
			[]domain.Fact{sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", unnamed("cycle", 5000, 0, 30)), sub(9, "unpaid", has("si_1", "price_m", 5, 0, 30))},
			[]holding{{10, "pro, projects 100, seats 5"}, {30, "nothing"}},
		},
		"an upgrade that was declined": {
			[]domain.Fact{
				sub(0, "active", has("si_1", "price_m_year", 1, 0, 365)), bill(0, "in_1", "paid", unnamed("cycle", 1000, 0, 365)),
				sub(80, "past_due", has("si_1", "price_team_year", 1, 0, 365)), bill(80, "in_2", "open", unnamed("credit", -726, 80, 365), unnamed("change", 7260, 80, 365)),
			},
			[]holding{{81, "projects 1000, seats 1, team"}, {96, "nothing"}},
		},
		"usage, which is billed afterwards": {
			[]domain.Fact{
				sub(0, "active", usage(0)), sub(30, "active", usage(1)), bill(30.04, "in_1", "paid", unnamed("cycle", 4200, 0, 30)),
				sub(60, "active", usage(2)), bill(60.04, "in_2", "open", unnamed("cycle", 5100, 30, 60)), sub(60.04, "past_due", usage(2)),
			},
			[]holding{{61, "api"}, {76, "api"}, {76.05, "nothing"}},
		},
		"a month that was refunded": {
			[]domain.Fact{sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", unnamed("cycle", 5000, 0, 30)), refundOf(5, "pi_1", "succeeded", 5000)},
			[]holding{{6, "nothing"}},
		},
	})
}
