package domain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// Stories are told in days since noon: what Stripe says goes in, what Ana may do comes
// out.

// market is their catalog. Grace is 16 days, leeway is one.
var market = domain.Catalog{
	Features: map[domain.FeatureKey]domain.Feature{
		"pro": flagOf("pro"), "team": flagOf("team"), "sso": flagOf("sso"), "vault": flagOf("vault"), "api": flagOf("api"), "life": flagOf("life"),
		"seats":    {Key: "seats", Type: domain.FeatureLimit, PerUnit: true},
		"projects": {Key: "projects", Type: domain.FeatureLimit},
	},
	Plans: map[domain.PlanKey]domain.Plan{
		"pro":   sold("pro", "price_m", rightsTo{"pro": domain.Flag(), "seats": domain.Limit(1), "projects": domain.Limit(100)}),
		"team":  sold("team", "price_team", rightsTo{"team": domain.Flag(), "seats": domain.Limit(1), "projects": domain.Limit(1000)}),
		"addon": sold("addon", "price_addon", rightsTo{"sso": domain.Flag()}),
		"vault": sold("vault", "price_vault", rightsTo{"vault": domain.Flag()}),
		"usage": sold("usage", "price_u", rightsTo{"api": domain.Flag()}),
		"life": {
			Key: "life", Mode: domain.ModePayment, Prices: []domain.Price{{Key: "once", ID: "price_life"}}, Grants: rightsTo{"life": domain.Flag()},
		},
	},
}

type rightsTo = map[domain.FeatureKey]domain.Value

func flagOf(key domain.FeatureKey) domain.Feature {
	return domain.Feature{Key: key, Type: domain.FeatureFlag}
}

// sold is a plan with a price, and a second one of a year.
func sold(key domain.PlanKey, price domain.PriceID, grants rightsTo) domain.Plan {
	return domain.Plan{
		Key: key, Mode: domain.ModeSubscription, Group: domain.GroupKey(key), Grace: 16 * day, Leeway: day,
		Prices: []domain.Price{{Key: "monthly", ID: price}, {Key: "yearly", ID: price + "_year"}, {Key: "old", ID: price + "_old"}},
		Grants: grants, Policy: domain.Policy{Refund: "revoke"},
	}
}

// story is what was told, and what holds at days after it.
type story struct {
	facts []domain.Fact
	holds []holding
}

type holding struct {
	day    float64
	rights string // "pro, projects 100, seats 5", or "nothing"
}

// check tells the story as it went, and backwards.
func (s story) check(t *testing.T, a domain.Account, c domain.Catalog) {
	t.Helper()
	for way, facts := range map[string][]domain.Fact{"as it went": s.facts, "backwards": backwards(s.facts)} {
		got := tell(a, c, facts...)
		for _, want := range s.holds {
			if rights := rightsAt(got, c, on(want.day)); rights != want.rights {
				t.Errorf("%s, on day %g: %s, want %s\n%s", way, want.day, rights, want.rights, standingsOf(got, c))
			}
		}
	}
}

func backwards(facts []domain.Fact) []domain.Fact {
	facts = slices.Clone(facts)
	slices.Reverse(facts)
	return facts
}

// tellAll checks stories of Ana, who has nothing at first.
func tellAll(t *testing.T, stories map[string]story) {
	t.Helper()
	for name, s := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.check(t, accountWith(ana), market)
		})
	}
}

func tell(a domain.Account, c domain.Catalog, facts ...domain.Fact) domain.Account {
	for _, f := range facts {
		a, _ = domain.Record(a, f, c)
	}
	return a
}

func rightsAt(a domain.Account, c domain.Catalog, at time.Time) string {
	var all []string
	for _, r := range domain.Rights(domain.Entitlements(a, c), c, at) {
		if r.Value.Type == domain.FeatureLimit {
			all = append(all, fmt.Sprintf("%s %d", r.Feature, r.Value.Limit))
		} else {
			all = append(all, string(r.Feature))
		}
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, ", ")
}

func standingsOf(a domain.Account, c domain.Catalog) string {
	var b strings.Builder
	for _, s := range domain.Standings(a, c) {
		fmt.Fprintf(&b, "  %s: gives %t, %d of %s from %s until %s by %s\n", s.Item, s.Gives, s.Quantity, s.Price, s.Since, s.Until, s.Rule.Says())
	}
	return b.String()
}

// on is a time so many days after noon.
func on(days float64) time.Time {
	return noon.Add(time.Duration(days * float64(day))).Truncate(time.Second)
}

// has is an item of a subscription, in a period.
func has(id string, price domain.PriceID, quantity int64, from, until float64) domain.Item {
	return domain.Item{ID: id, Price: price, Quantity: quantity, PeriodStart: on(from), PeriodEnd: on(until)}
}

// sub is news of sub_1, which began on day 0.
func sub(days float64, status domain.SubscriptionStatus, items ...domain.Item) domain.SubscriptionFact {
	kind := updated
	if days == 0 {
		kind = created
	}
	return domain.SubscriptionFact{Type: kind, At: on(days), Snapshot: domain.Subscription{
		ID: "sub_1", Customer: cusAna, Status: status, StartedAt: noon, Items: items,
	}}
}

// line is one of an invoice.
func line(kind domain.LineKind, item string, price domain.PriceID, quantity, amount int64, from, until float64) domain.Line {
	return domain.Line{Kind: kind, Item: item, Price: price, Quantity: quantity, Amount: amount, From: on(from), Until: on(until)}
}

// cycle is the line of a period.
func cycle(item string, price domain.PriceID, quantity, amount int64, from, until float64) domain.Line {
	return line(domain.LineCycle, item, price, quantity, amount, from, until)
}

// bill is news of an invoice over lines, which was finalized when that was told first,
// and is paid by a payment intent with its number: in_2 by pi_2.
func bill(days float64, id domain.InvoiceID, status domain.InvoiceStatus, lines ...domain.Line) domain.InvoiceFact {
	i := domain.Invoice{
		ID: id, Subscription: "sub_1", Status: status, Currency: "usd", FinalizedAt: on(days), CreatedAt: on(days), Complete: true,
	}
	for n, l := range lines {
		l.ID = fmt.Sprintf("il_%s_%d", id, n)
		i.Total += l.Amount
		i.Lines = append(i.Lines, l)
	}
	i.AmountDue = max(i.Total, 0)
	if status == domain.InvoicePaid {
		i.AmountPaid, i.PaidAt = i.AmountDue, on(days)
	}
	return domain.InvoiceFact{
		Type: "invoice.updated", At: on(days), Customer: cusAna, Invoice: i,
		PaidWith: []domain.PaidWith{{PaymentIntent: "pi_" + domain.PaymentIntentID(id[len("in_"):])}},
	}
}

// with edits the invoice of a fact.
func with(f domain.InvoiceFact, edit func(*domain.Invoice)) domain.InvoiceFact {
	edit(&f.Invoice)
	return f
}

// settledWith says of an invoice how the customer's balance was before and after it, and
// how much money came.
func settledWith(f domain.InvoiceFact, before, afterwards, money int64) domain.InvoiceFact {
	return with(f, func(i *domain.Invoice) {
		i.StartingBalance, i.EndingBalance, i.AmountPaid, i.AmountDue = before, afterwards, money, money
	})
}

// refundOf is money of an invoice's payment that went back.
func refundOf(days float64, intent domain.PaymentIntentID, status domain.RefundStatus, amount int64) domain.Fact {
	return domain.RefundFact{
		Type: "refund.updated", At: on(days), ID: domain.RefundID("re_" + intent), PaymentIntent: intent,
		Status: status, Amount: amount, Currency: "usd", CreatedAt: on(days),
	}
}

// disputeOf is a bank's word on an invoice's payment.
// disputeOf is over all that was paid, whatever that was.
func disputeOf(days float64, intent domain.PaymentIntentID, status domain.DisputeStatus) domain.Fact {
	return domain.DisputeFact{
		Type: "charge.dispute.updated", At: on(days), ID: domain.DisputeID("dp_" + intent), PaymentIntent: intent,
		Status: status, Amount: 1_000_000, Currency: "usd", CreatedAt: on(days),
	}
}
