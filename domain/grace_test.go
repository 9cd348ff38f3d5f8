package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// Grace counts from when the oldest open invoice was due, whatever lies between what was
// paid and what is owed.
func TestGrace_CountsFromWhenTheOldestOpenInvoiceWasDue(t *testing.T) {
	t.Parallel()
	const all = "pro, projects 100, seats 1"
	month := func(n float64) domain.Item { return has("si_1", "price_m", 1, 30*n, 30*n+30) }
	ofMonth := func(n float64) domain.Line { return cycle("si_1", "price_m", 1, 1000, 30*n, 30*n+30) }
	void := func(f domain.SubscriptionFact) domain.Fact { f.Snapshot.Pause = domain.PauseVoid; return f }
	year := func(n float64) domain.Item { return has("si_1", "price_m_year", 1, 365*n, 365*n+365) }
	usage := func(n float64) domain.Item { return has("si_u", "price_u", 1, 30*n, 30*n+30) }
	used := func(n float64, amount int64) domain.Line { return cycle("si_u", "price_u", 1, amount, 30*n, 30*n+30) }
	week := func(n float64) domain.Item { return has("si_1", "price_m", 1, 7*n, 7*n+7) }
	ofWeek := func(n float64) domain.Line { return cycle("si_1", "price_m", 1, 1000, 7*n, 7*n+7) }
	sent := func(f domain.InvoiceFact, due float64) domain.Fact {
		return with(f, func(i *domain.Invoice) { i.Method, i.DueAt = domain.SendInvoice, on(due) })
	}
	pausedForMonths := []domain.Fact{
		sub(0, "active", month(0)), bill(0, "in_1", "paid", ofMonth(0)),
		void(sub(25, "active", month(0))), void(sub(30, "active", month(1))), void(sub(60, "active", month(2))),
		sub(85, "active", month(2)), sub(90, "active", month(3)),
		bill(90.04, "in_4", "open", ofMonth(3)), sub(90.04, "past_due", month(3)),
	}
	monthOfGrace := []holding{{91, all}, {106, all}, {106.05, "nothing"}}

	tellAll(t, map[string]story{
		"months that were voided, which nobody told": {pausedForMonths, monthOfGrace},
		"months that were voided": {
			append([]domain.Fact{bill(30.04, "in_2", "void", ofMonth(1)), bill(60.04, "in_3", "void", ofMonth(2))}, pausedForMonths...),
			monthOfGrace,
		},
		"a month whose payment was never told": {
			[]domain.Fact{
				sub(0, "active", month(0)), bill(0, "in_1", "paid", ofMonth(0)), sub(30, "active", month(1)), sub(60, "active", month(2)),
				bill(60.04, "in_3", "open", ofMonth(2)), sub(60.04, "past_due", month(2)),
			},
			[]holding{{61, all}, {76, all}, {76.05, "nothing"}},
		},
		"a year to be paid within 60 days: not due yet": {
			[]domain.Fact{
				sub(0, "active", year(0)), bill(0, "in_1", "paid", cycle("si_1", "price_m_year", 1, 12000, 0, 365)), sub(365, "active", year(1)),
				sent(bill(365.04, "in_2", "open", cycle("si_1", "price_m_year", 1, 12000, 365, 730)), 425.04),
			},
			[]holding{{366, all}, {424, all}},
		},
		"a year to be paid within 60 days: overdue": {
			[]domain.Fact{
				sub(0, "active", year(0)), bill(0, "in_1", "paid", cycle("si_1", "price_m_year", 1, 12000, 0, 365)), sub(365, "active", year(1)),
				sent(bill(365.04, "in_2", "open", cycle("si_1", "price_m_year", 1, 12000, 365, 730)), 425.04), sub(425.04, "past_due", year(1)),
			},
			[]holding{{425.1, all}, {441, all}, {441.05, "nothing"}},
		},
		"usage, which is billed afterwards": {
			[]domain.Fact{
				sub(0, "active", usage(0)), bill(0, "in_1", "paid", used(0, 0)), sub(30, "active", usage(1)), bill(30.04, "in_2", "paid", used(0, 1200)),
				sub(60, "active", usage(2)), bill(60.04, "in_3", "open", used(1, 900)), sub(60.04, "past_due", usage(2)),
			},
			[]holding{{61, "api"}, {76, "api"}, {76.05, "nothing"}},
		},
		"two open invoices: that of the first": {
			[]domain.Fact{
				sub(0, "active", week(0)), bill(0, "in_1", "paid", ofWeek(0)), sub(7, "active", week(1)), bill(7.04, "in_2", "open", ofWeek(1)),
				sub(7.04, "past_due", week(1)), sub(14, "past_due", week(2)), bill(14.04, "in_3", "open", ofWeek(2)),
			},
			[]holding{{15, all}, {23, all}, {23.05, "nothing"}},
		},
		"tried again and again: not due later": {
			[]domain.Fact{
				sub(0, "active", month(0)), bill(0, "in_1", "paid", ofMonth(0)), sub(30, "past_due", month(1)), bill(30.04, "in_2", "open", ofMonth(1)),
				with(bill(33, "in_2", "open", ofMonth(1)), func(i *domain.Invoice) { i.FinalizedAt, i.CreatedAt = on(30.04), on(30) }),
				with(bill(45, "in_2", "open", ofMonth(1)), func(i *domain.Invoice) { i.FinalizedAt, i.CreatedAt = on(30.04), on(30) }),
			},
			[]holding{{46, all}, {46.05, "nothing"}},
		},
		"support for a year is not the plan": {
			[]domain.Fact{
				sub(0, "active", month(0)), bill(0, "in_1", "paid", ofMonth(0), line(domain.LineOneOff, "", "price_support", 1, 50000, 0, 365)),
				sub(30, "past_due", month(1)), bill(30.04, "in_2", "open", ofMonth(1)),
			},
			[]holding{{46, all}, {46.05, "nothing"}},
		},
		"an invoice given up was due as long": {
			[]domain.Fact{sub(0, "active", month(0)), bill(30.04, "in_2", "uncollectible", ofMonth(1)), sub(30.04, "past_due", month(1))},
			[]holding{{46, all}, {46.05, "nothing"}},
		},
		"the invoice is voided, and the rest is paid: nothing is overdue": {
			[]domain.Fact{
				sub(0, "active", month(0)), bill(30.04, "in_2", "open", ofMonth(1)), sub(30.04, "past_due", month(1)),
				bill(35, "in_2", "void", ofMonth(1)), sub(35, "active", month(1)),
			},
			[]holding{{47, all}, {60.9, all}, {61, "nothing"}},
		},
		// Of an invoice with room for ten lines, the one of the period was not told: neither
		// what is paid nor what is owed is known to go further than the period before.
		"more lines than a message has room for": {
			[]domain.Fact{
				sub(0, "active", month(0)), bill(0, "in_1", "paid", ofMonth(0)), sub(30, "active", has("si_1", "price_m", 9, 30, 60)),
				with(bill(30.04, "in_2", "paid",
					line(domain.LineChange, "si_1", "price_m", 2, 200, 27, 30), line(domain.LineCredit, "si_1", "price_m", 1, -100, 27, 30),
				), func(i *domain.Invoice) { i.Total, i.AmountPaid, i.Complete = 9100, 9100, false }),
				sub(60.04, "past_due", has("si_1", "price_m", 9, 60, 90)),
			},
			[]holding{{61, "pro, projects 100, seats 9"}, {75.9, "pro, projects 100, seats 9"}, {76, "nothing"}},
		},
		"an open invoice of which not all lines are told: it may be about this item": {
			[]domain.Fact{
				sub(0, "active", month(0)), bill(0, "in_1", "paid", ofMonth(0)), sub(30, "past_due", month(1)),
				with(bill(30, "in_2", "open", line(domain.LineChange, "si_9", "price_x", 1, 100, 27, 30)), func(i *domain.Invoice) { i.Complete = false }),
			},
			[]holding{{31, all}, {45.9, all}, {46, "nothing"}},
		},
		"an open invoice about something else": {
			[]domain.Fact{
				sub(0, "active", month(0)), bill(0, "in_1", "paid", ofMonth(0)), sub(30, "past_due", month(1)), bill(30, "in_3", "paid", ofMonth(1)),
				bill(31, "in_2", "open", line(domain.LineChange, "si_9", "price_x", 1, 100, 27, 30)),
			},
			[]holding{{32, all}, {60.9, all}, {61, "nothing"}},
		},
		"nothing is told of any invoice: that of the period": {
			[]domain.Fact{sub(0, "active", month(0)), sub(60.04, "past_due", month(2))},
			[]holding{{61, all}, {75.9, all}, {76, "nothing"}},
		},
	})
}

// What is reduced while something is overdue is no reason to give less than was paid.
func TestGrace_GivesThePlansPastDueGrants(t *testing.T) {
	t.Parallel()
	c := deepCopyCatalog(market)
	pro := c.Plans["pro"]
	pro.PastDueGrants = rightsTo{"projects": domain.Limit(3)}
	c.Plans["pro"] = pro
	month := func(n float64) domain.Item { return has("si_1", "price_m", 1, 30*n, 30*n+30) }
	renewal := story{
		[]domain.Fact{
			sub(0, "active", month(0)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30)),
			sub(30, "past_due", month(1)), bill(30, "in_2", "open", cycle("si_1", "price_m", 1, 1000, 30, 60)),
		},
		[]holding{{31, "projects 3"}, {45.9, "projects 3"}, {46, "nothing"}},
	}
	renewal.check(t, accountWith(ana), c)

	seat := story{
		[]domain.Fact{
			sub(0, "active", month(0)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30)),
			sub(5, "past_due", has("si_1", "price_m", 2, 0, 30)), bill(5, "in_2", "open", line(domain.LineChange, "si_1", "price_m", 1, 800, 5, 30)),
		},
		[]holding{{6, "pro, projects 100, seats 1"}, {22, "pro, projects 100, seats 1"}, {30, "nothing"}},
	}
	seat.check(t, accountWith(ana), c)

	// Something else is overdue, and the plan's own invoice is sent and not due for 20 days.
	sent := with(bill(30, "in_2", "open", cycle("si_1", "price_m", 1, 1000, 30, 60)), func(i *domain.Invoice) { i.Method, i.DueAt = domain.SendInvoice, on(52) })
	elsewhere := story{
		[]domain.Fact{
			sub(0, "active", month(0)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30)),
			bill(5, "in_3", "open", line(domain.LineChange, "si_9", "price_x", 1, 800, 5, 30)), sent, sub(32, "past_due", month(1)),
		},
		[]holding{{33, "pro, projects 100, seats 1"}, {51.9, "pro, projects 100, seats 1"}, {52, "projects 3"}, {67.9, "projects 3"}, {68, "nothing"}},
	}
	elsewhere.check(t, accountWith(ana), c)
}

// A trial gives the plan's trial grants; nothing is overdue in it.
func TestTrial_GivesThePlansTrialGrants(t *testing.T) {
	t.Parallel()
	c := deepCopyCatalog(market)
	pro := c.Plans["pro"]
	pro.TrialGrants = rightsTo{"pro": domain.Flag()}
	c.Plans["pro"] = pro
	trial := story{
		[]domain.Fact{sub(0, "trialing", has("si_1", "price_m", 2, 0, 14)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 2, 0, 0, 14))},
		[]holding{{1, "pro"}, {14.9, "pro"}, {15, "nothing"}},
	}
	trial.check(t, accountWith(ana), c)
	trial.facts = append(trial.facts, sub(14, "active", has("si_1", "price_m", 2, 14, 44)), bill(14, "in_2", "paid", cycle("si_1", "price_m", 2, 2000, 14, 44)))
	trial.holds = []holding{{15, "pro, projects 100, seats 2"}}
	trial.check(t, accountWith(ana), c)
}
