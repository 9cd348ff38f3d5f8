package domain_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// What each row of domain.AccessRules means, said a second time: a new rule is a row in
// rules.go and a row here, in the same place.
//
// Told is about Ana's subscription to plan row. One seat is paid for the month of 30
// days that began at noon. It has two seats by now: the second is billed on the tenth
// day and not paid, or is not billed at all. Grace is 10 days, leeway is one. Seats are
// those on the 15th day, on the 25th, in the last hours of leeway, and after that.
var accessRows = []struct {
	row    string
	told   []domain.Fact
	seats  string
	grants domain.GrantSet
}{
	{"perpetual_after_3_years, 3 years paid", []domain.Fact{is("canceled"), threeYears}, "2 2 2 2", ""},
	{"customer deleted", told(is("active"), customerGone), "0 0 0 0", ""},
	{"incomplete", told(is("incomplete")), "0 0 0 0", ""},
	{"incomplete_expired", told(is("incomplete_expired")), "0 0 0 0", ""},
	{"canceled", told(is("canceled")), "0 0 0 0", ""},
	{"paused", told(is("paused")), "0 0 0 0", ""},
	{"trialing", told(is("trialing")), "2 2 2 0", "trial_grants"},
	{"checkout unpaid", []domain.Fact{is("active", ofOrder)}, "0 0 0 0", ""}, // no invoice was paid either
	{"suspend_while_void, collection paused: void", told(is("active", voiding)), "1 1 0 0", ""},
	{"active, overdue: yes", told(is("active"), owes("si_1")), "2 1 1 0", ""}, // another invoice is the newest
	{"active", told(is("active")), "2 2 2 0", ""},
	{"grace_after_first_payment, past_due, overdue: yes, paid never", []domain.Fact{is("past_due"), owes("si_1")}, "0 0 0 0", ""},
	{"past_due, overdue: yes", told(is("past_due"), owes("si_1")), "2 1 0 0", "past_due_grants"},
	{"past_due, change unpaid", told(is("past_due"), gaveUp, owes("si_2")), "1 1 0 0", ""},
	{"past_due", told(is("past_due"), owes("si_2")), "2 2 2 0", ""},
	{"unpaid", told(is("unpaid"), owes("si_1")), "1 1 0 0", ""},
}

// rowPlan has every optional row of the access rules.
var rowPlan = func() domain.Catalog {
	c := domain.Catalog{Features: map[domain.FeatureKey]domain.Feature{"seats": {Key: "seats", Type: domain.FeatureLimit, PerUnit: true}}}
	c.Plans = map[domain.PlanKey]domain.Plan{"row": {
		Key: "row", Mode: domain.ModeSubscription, Grace: 10 * day, Leeway: day,
		Prices: []domain.Price{{Key: "monthly", ID: "price_row"}},
		Grants: map[domain.FeatureKey]domain.Value{"seats": domain.Limit(1)},
		Policy: domain.Policy{Access: domain.AccessOptions()},
	}}
	return c
}()

var threeYears = invoiceSays(paid, 0, func(f *domain.InvoiceFact) {
	f.Invoice.Lines[0].Price, f.Invoice.Lines[0].Until = "price_row", noon.Add(3*365*day)
})

func told(facts ...domain.Fact) []domain.Fact {
	first := invoiceSays(paid, 0, func(f *domain.InvoiceFact) { f.Invoice.Lines[0].Price = "price_row" })
	return append(facts, first)
}

func is(status domain.SubscriptionStatus, edit ...func(*domain.Subscription)) domain.Fact {
	return subscriptionSays(updated, noon.Add(10*day), status, append(edit, withItems(item("si_1", "price_row", 2)))...)
}

var customerGone = domain.CustomerFact{Type: "customer.deleted", At: noon.Add(10 * day), ID: cusAna}

func ofOrder(s *domain.Subscription) { s.Order = "o1" }

func voiding(s *domain.Subscription) { s.Pause = domain.PauseVoid }

// owes is an invoice of the tenth day for one more unit of an item, which is not paid.
func owes(item string) domain.Fact {
	return invoiceSays(failed, 1, func(f *domain.InvoiceFact) {
		f.At = noon.Add(10 * day)
		f.Invoice.CreatedAt, f.Invoice.FinalizedAt = f.At, f.At
		f.Invoice.Lines = []domain.Line{{
			ID: "il_more", Kind: domain.LineChange, Item: item, Price: "price_row", Quantity: 1, Amount: 2000,
			From: f.At, Until: noon.Add(month),
		}}
	})
}

// gaveUp is the invoice of a change of the fifth day, which was written off.
var gaveUp = invoiceSays("invoice.marked_uncollectible", 2, func(f *domain.InvoiceFact) {
	f.At = noon.Add(9 * day)
	f.Invoice.CreatedAt, f.Invoice.FinalizedAt = noon.Add(5*day), noon.Add(5*day)
	f.Invoice.Lines = []domain.Line{
		{ID: "il_back", Kind: domain.LineCredit, Item: "si_1", Price: "price_row", Quantity: 1, Amount: -1000, From: noon.Add(5 * day), Until: noon.Add(month)},
		{ID: "il_anew", Kind: domain.LineChange, Item: "si_1", Price: "price_row", Quantity: 2, Amount: 2000, From: noon.Add(5 * day), Until: noon.Add(month)},
	}
})

func TestAccessRules_EachRowMeansWhatItsTestRowSays(t *testing.T) {
	t.Parallel()
	for n, row := range domain.AccessRules {
		if n >= len(accessRows) || accessRows[n].row != row.Says() {
			t.Fatalf("row %d of AccessRules (%s) has no row here: say what it means", n, row.Says())
		}
	}
	if len(accessRows) > len(domain.AccessRules) {
		t.Errorf("there is a test row of %q, which no rule is about", accessRows[len(domain.AccessRules)].row)
	}
	for n, c := range accessRows {
		t.Run(c.row, func(t *testing.T) {
			t.Parallel()
			order := pendingOrder("o1", "row")
			order.Mode = domain.ModeSubscription
			a := accountWith(ana, order)
			for _, f := range c.told {
				a, _ = domain.Record(a, f, rowPlan)
			}
			var seats []string
			for _, at := range []time.Duration{15 * day, 25 * day, month + 23*time.Hour, month + day} {
				seats = append(seats, fmt.Sprint(max(limitAt(a, rowPlan, "seats", noon.Add(at)), 0)))
			}
			if got := strings.Join(seats, " "); got != c.seats {
				t.Errorf("got %s seats, want %s: %+v", got, c.seats, domain.Standings(a, rowPlan))
			}
			for _, s := range domain.Standings(a, rowPlan) {
				if want := domain.AccessRules[n].Says(); s.Source.Kind == domain.SourceSubscription && s.Rule.Row != want {
					t.Errorf("%q decided, want %q", s.Rule.Row, want)
				}
			}
			if got := domain.AccessRules[n].Grants; got != c.grants {
				t.Errorf("the row gives %q, want %q", got, c.grants)
			}
		})
	}
}
