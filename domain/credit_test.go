package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// Credit is as good as what it is for.
func TestCredit_IsWorthWhatWasPaidForIt(t *testing.T) {
	t.Parallel()
	const team, five = "projects 1000, seats 6, team", "pro, projects 100, seats 2"
	// Five seats of a year and one more later are changed to the team plan.
	changed := []domain.Fact{
		sub(0, "active", has("si_1", "price_m_year", 5, 0, 365)), bill(0, "in_1", "paid", cycle("si_1", "price_m_year", 5, 10000, 0, 365)),
		sub(5, "active", has("si_1", "price_m_year", 6, 0, 365)), bill(5, "in_2", "paid",
			line(domain.LineCredit, "si_1", "price_m_year", 5, -10000, 5, 365), line(domain.LineChange, "si_1", "price_m_year", 6, 12000, 5, 365)),
		sub(10, "active", has("si_1", "price_team_year", 6, 0, 365)), bill(10, "in_3", "paid",
			line(domain.LineCredit, "si_1", "price_m_year", 6, -12000, 10, 365), line(domain.LineChange, "si_1", "price_team_year", 6, 15000, 10, 365)),
	}
	// Five seats become two, and what is left of the other three pays for the next month.
	fewer := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)),
		sub(10, "active", has("si_1", "price_m", 2, 0, 30)), settledWith(bill(10, "in_2", "paid",
			line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), line(domain.LineChange, "si_1", "price_m", 2, 1333, 10, 30)), 0, -2000, 0),
		sub(30, "active", has("si_1", "price_m", 2, 30, 60)), settledWith(bill(30, "in_3", "paid", cycle("si_1", "price_m", 2, 2000, 30, 60)), -2000, 0, 0),
	}
	// Likewise, and beside what is left there is a present of a little more.
	withPresent := []domain.Fact{
		fewer[0], fewer[1], fewer[2], settledWith(bill(10, "in_2", "paid",
			line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), line(domain.LineChange, "si_1", "price_m", 2, 1333, 10, 30)), -2100, -4100, 0),
		fewer[4], settledWith(bill(30, "in_3", "paid", cycle("si_1", "price_m", 2, 2000, 30, 60)), -4100, -2100, 0),
	}
	// A month is changed to the team plan, with a discount of 60 % on what the two come to.
	discounted := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 1, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30)),
		sub(0.1, "active", has("si_1", "price_team", 1, 0, 30)), with(settledWith(bill(0.1, "in_2", "paid",
			line(domain.LineCredit, "si_1", "price_m", 1, -1000, 0.1, 30), line(domain.LineChange, "si_1", "price_team", 1, 3000, 0.1, 30)), 0, 0, 800),
			func(i *domain.Invoice) { i.Total = 800 }),
	}
	// A month is changed for an item of the team plan, and a fee is billed beside it.
	withFee := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 1, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 300, 0, 30)),
		sub(10, "active", has("si_7", "price_team", 1, 0, 30)), bill(10, "in_2", "paid", line(domain.LineCredit, "si_1", "price_m", 1, -200, 10, 30),
			line(domain.LineChange, "si_7", "price_team", 1, 867, 10, 30), line(domain.LineOneOff, "", "price_fee", 1, 500, 10, 10)),
	}
	noted := domain.CreditNoteFact{Type: "credit_note.created", At: on(11), Customer: cusAna, CreditNote: domain.CreditNote{
		ID: "cn_1", Invoice: "in_2", Status: domain.CreditNoteIssued, Kind: domain.PostPayment, Amount: 867, Currency: "usd", CreatedAt: on(11),
		Lines: []domain.CreditedLine{{Line: "il_in_2_1", Amount: 867}},
	}}
	// Nine seats are refunded, and then all of the item is removed: who gives it up has it
	// no longer, whatever the credit for it is worth.
	removed := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 1, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
		bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 2900, 0, 30), cycle("si_2", "price_addon", 1, 700, 0, 30)),
		sub(5, "active", has("si_1", "price_m", 9, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
		bill(5, "in_2", "paid", line(domain.LineCredit, "si_1", "price_m", 1, -2416, 5, 30), line(domain.LineChange, "si_1", "price_m", 9, 21749, 5, 30)),
		refundOf(6, "pi_2", "succeeded", 19333),
		sub(18, "active", has("si_2", "price_addon", 1, 0, 30)),
		settledWith(bill(18, "in_3", "paid", line(domain.LineCredit, "si_1", "price_m", 9, -11309, 18, 30)), 0, -11309, 0),
	}
	// One seat of seven is refunded, and then the seats are changed several times, billed at
	// once: of fewer those go first that nobody paid.
	oftenChanged := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 1, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30)),
		refundOf(5, "pi_1", "succeeded", 1000),
		sub(6, "active", has("si_1", "price_m", 7, 0, 30)), bill(6, "in_2", "paid",
			line(domain.LineCredit, "si_1", "price_m", 1, -800, 6, 30), line(domain.LineChange, "si_1", "price_m", 7, 5600, 6, 30)),
		sub(7, "active", has("si_1", "price_m", 4, 0, 30)), settledWith(bill(7, "in_3", "paid",
			line(domain.LineCredit, "si_1", "price_m", 7, -5367, 7, 30), line(domain.LineChange, "si_1", "price_m", 8, 6133, 7, 30),
			line(domain.LineCredit, "si_1", "price_m", 8, -6133, 7, 30), line(domain.LineChange, "si_1", "price_m", 9, 6900, 7, 30),
			line(domain.LineCredit, "si_1", "price_m", 9, -6900, 7, 30), line(domain.LineChange, "si_1", "price_m", 4, 3067, 7, 30)), 0, -2300, 0),
	}
	// Seven seats are asked for and not paid, then paid with the next month; then three are
	// given up. The bill that is still owed took nothing of that month.
	givenUp := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 1, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30)),
		sub(20, "past_due", has("si_1", "price_m", 7, 0, 30)), bill(20, "in_2", "open",
			line(domain.LineCredit, "si_1", "price_m", 1, -333, 20, 30), line(domain.LineChange, "si_1", "price_m", 7, 2333, 20, 30)),
		sub(30, "active", has("si_1", "price_m", 7, 30, 60)), bill(30, "in_3", "paid", cycle("si_1", "price_m", 7, 7000, 30, 60)),
		sub(30.1, "active", has("si_1", "price_m", 4, 30, 60)),
	}
	// Eight seats are asked for and the bill is voided; then they are changed to the team plan,
	// most of which that credit pays for, and that is removed: no money went back, so what the
	// change took away is not had again.
	neverPaid := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 1, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
		bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 2900, 0, 30), cycle("si_2", "price_addon", 1, 700, 0, 30)),
		sub(1, "past_due", has("si_1", "price_m", 8, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
		bill(1, "in_2", "void", line(domain.LineCredit, "si_1", "price_m", 1, -2803, 1, 30), line(domain.LineChange, "si_1", "price_m", 8, 22426, 1, 30)),
		sub(21, "active", has("si_2", "price_addon", 1, 0, 30), has("si_3", "price_team_year", 5, 0, 30)),
		sub(26, "active", has("si_2", "price_addon", 1, 0, 30)),
		settledWith(bill(26, "in_3", "paid", line(domain.LineCredit, "si_1", "price_m", 8, -6959, 21, 30),
			line(domain.LineChange, "si_3", "price_team_year", 5, 14999, 21, 30), line(domain.LineCredit, "si_3", "price_team_year", 5, -6666, 26, 30)), -40000, -38626, 0),
	}
	also := func(facts []domain.Fact, more ...domain.Fact) []domain.Fact {
		return append(facts[:len(facts):len(facts)], more...)
	}
	tellAll(t, map[string]story{
		"changed at a discount, and the month was charged back":      {also(discounted, disputeOf(5, "pi_1", "lost")), []holding{{6, "projects 1000, seats 1, team"}}},
		"charged back, and as much of what it paid for is a present": {also(withPresent, disputeOf(40, "pi_1", "lost")), []holding{{41, five}, {60.9, five}}},
		"changed beside a fee, and all was refunded":                 {also(withFee, refundOf(11, "pi_2", "succeeded", 1167)), []holding{{12, "pro, projects 100, seats 1"}}},
		"changed beside a fee, and all of the new line was credited": {also(withFee, noted), []holding{{12, "nothing"}}}, // 600 were paid: the fee, and ten days
		"changed on credit for what was voided":                      {neverPaid, []holding{{27, "sso"}}},
		"given up beside a bill that is owed":                        {givenUp, []holding{{31, "pro, projects 100, seats 4"}, {50, "pro, projects 100, seats 4"}}},
		"refunded, and then changed often":                           {oftenChanged, []holding{{8, "pro, projects 100, seats 4"}}},
		"changed":                                                    {changed, []holding{{11, team}}},
		"changed, and one seat was charged back":                     {also(changed, disputeOf(20, "pi_2", "lost")), []holding{{21, team}}},
		"changed, and the year was charged back":                     {also(changed, disputeOf(20, "pi_1", "lost")), []holding{{21, "pro, projects 100, seats 1"}}},
		"refunded, and then removed":                                 {removed, []holding{{19, "sso"}}},
		"fewer":                                                      {fewer, []holding{{31, five}}},
		"fewer, and all were charged back":                           {also(fewer, disputeOf(35, "pi_1", "lost")), []holding{{36, "nothing"}}},
	})
}

// What is tried is not paid for, if the trial ends early and the month is refunded.
func TestTrial_IsNotPaidFor(t *testing.T) {
	t.Parallel()
	tried := func(f domain.SubscriptionFact, end float64) domain.Fact {
		f.Snapshot.TrialEnd = on(end)
		return f
	}
	facts := []domain.Fact{
		tried(sub(0, "trialing", has("si_1", "price_m", 1, 0, 14)), 14), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 0, 0, 14)),
		tried(sub(3, "active", has("si_1", "price_m", 1, 3, 33)), 3), bill(3, "in_2", "paid", cycle("si_1", "price_m", 1, 1000, 3, 33)),
	}
	tellAll(t, map[string]story{
		"paid":     {facts, []holding{{4, "pro, projects 100, seats 1"}}},
		"refunded": {append(facts[:4:4], refundOf(4, "pi_2", "succeeded", 1000)), []holding{{5, "nothing"}, {34, "nothing"}}},
	})
}

// Time that was paid for and refunded is no leeway; what is left of a month has leeway.
func TestLeeway_IsOfWhatIsLeft(t *testing.T) {
	t.Parallel()
	months := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 1, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30)),
		sub(30, "active", has("si_1", "price_m", 1, 30, 60)), bill(30, "in_2", "paid", cycle("si_1", "price_m", 1, 1000, 30, 60)),
		refundOf(30.2, "pi_2", "succeeded", 1000),
	}
	seats := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)),
		sub(10, "active", has("si_1", "price_m", 6, 0, 30)), bill(10, "in_2", "paid",
			line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), line(domain.LineChange, "si_1", "price_m", 6, 4000, 10, 30)),
		refundOf(20, "pi_2", "succeeded", 667),
	}
	const five = "pro, projects 100, seats 5"
	tellAll(t, map[string]story{
		"a refunded month after a paid one": {months, []holding{{30.5, "nothing"}, {60.5, "nothing"}}},
		"a refunded seat":                   {seats, []holding{{21, five}, {30.5, five}, {31, "nothing"}}},
		"news after the period":             {append(seats[:5:5], sub(30.2, "active", has("si_1", "price_m", 6, 0, 30))), []holding{{30.5, five}, {31, "nothing"}}},
	})
}

// Items of one plan add up, whether what they cost is paid or overdue; and what was paid
// for before a change that was written off stays.
func TestItems_AddUpHoweverTheyStand(t *testing.T) {
	t.Parallel()
	old, raised := has("si_1", "price_m", 3, 0, 365), has("si_2", "price_m_old", 2, 10, 40)
	year := bill(0, "in_1", "paid", cycle("si_1", "price_m", 3, 3000, 0, 365))
	tellAll(t, map[string]story{
		"one is overdue": {
			[]domain.Fact{sub(0, "active", old), year, sub(10, "past_due", old, raised), bill(10, "in_2", "open", cycle("si_2", "price_m_old", 2, 2000, 10, 40))},
			[]holding{{11, "pro, projects 100, seats 5"}, {27, "pro, projects 100, seats 3"}},
		},
		"a swap was written off, and something else is open": {
			[]domain.Fact{
				sub(0, "active", old), year, sub(10, "past_due", has("si_2", "price_team", 3, 0, 365)),
				bill(10, "in_2", "uncollectible", line(domain.LineCredit, "si_1", "price_m", 3, -2900, 10, 365), line(domain.LineChange, "si_2", "price_team", 3, 9000, 10, 365)),
				bill(12, "in_3", "open", line(domain.LineOneOff, "", "price_support", 1, 5000, 12, 365)),
			},
			[]holding{{40, "pro, projects 100, seats 3"}},
		},
	})
}

// A credit note and the refund that belongs to it are the same money, whether the note
// says which lines it is for or not.
func TestReturned_ANoteAndItsRefundAreOne(t *testing.T) {
	t.Parallel()
	const five = "pro, projects 100, seats 5"
	month := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 12000, 0, 30)),
	}
	note := func(amount int64, lines ...domain.CreditedLine) domain.Fact {
		return domain.CreditNoteFact{Type: "credit_note.created", At: on(5), Customer: cusAna, CreditNote: domain.CreditNote{
			ID: "cn_1", Invoice: "in_1", Status: "issued", Kind: domain.PostPayment, Amount: amount, Currency: "usd", CreatedAt: on(5),
			Lines: lines, Refunds: []domain.RefundID{"re_pi_1"},
		}}
	}
	also := func(more ...domain.Fact) []domain.Fact { return append(month[:2:2], more...) }
	ofLine := domain.CreditedLine{Line: "il_in_1_0", Amount: 2000}
	tellAll(t, map[string]story{
		"two thirds by a note of no line":     {also(refundOf(5, "pi_1", "succeeded", 8000), note(8000)), []holding{{7, five}}},
		"half by refund, half to the balance": {also(refundOf(5, "pi_1", "succeeded", 4000), note(8000)), []holding{{7, five}}},
		"all by a note of no line":            {also(refundOf(5, "pi_1", "succeeded", 12000), note(12000)), []holding{{7, "nothing"}}},
		"all the money, beside credit, by a note of the line": {
			[]domain.Fact{month[0], settledWith(month[1].(domain.InvoiceFact), -10000, 0, 2000), refundOf(5, "pi_1", "succeeded", 2000), note(2000, ofLine)},
			[]holding{{7, "nothing"}},
		},
	})
}

// What was refunded is not there to be disputed: a dispute over the rest is one over all,
// and so are several together.
func TestReturned_ADisputeOverTheRestIsOverAll(t *testing.T) {
	t.Parallel()
	whole := domain.ChargeFact{Type: "charge.succeeded", At: on(0), ID: "ch_1", PaymentIntent: "pi_1", Customer: cusAna, Amount: 1000, Currency: "usd"}
	part := func(id domain.DisputeID, amount int64, status domain.DisputeStatus) domain.Fact {
		d := disputeOf(9, "pi_1", status).(domain.DisputeFact)
		d.ID, d.Amount, d.Currency = id, amount, "usd"
		return d
	}
	stored := []domain.Fact{
		sub(0, "active", has("si_1", "price_vault", 1, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_vault", 1, 1000, 0, 30)), whole,
	}
	also := func(more ...domain.Fact) []domain.Fact { return append(stored[:3:3], more...) }
	refund := refundOf(5, "pi_1", "succeeded", 400)
	tellAll(t, map[string]story{
		"a part was refunded":                      {also(refund), []holding{{10, "vault"}}},
		"and the rest is disputed":                 {also(refund, part("du_1", 600, "needs_response")), []holding{{10, "nothing"}}},
		"and the rest is charged back":             {also(part("du_1", 600, "lost"), refund), []holding{{10, "nothing"}}},
		"a part is charged back":                   {also(part("du_1", 500, "lost")), []holding{{10, "vault"}}},
		"and another, so that all is charged back": {also(part("du_1", 500, "lost"), part("du_2", 500, "lost")), []holding{{10, "nothing"}}},
	})
}

// What a credit note says of one line does not hide that the rest went back too, be it that
// what the note is over went to the balance.
func TestReturned_ANoteAndTheRestAreAll(t *testing.T) {
	t.Parallel()
	rest := refundOf(6, "pi_1", "succeeded", 5000).(domain.RefundFact)
	rest.ID = "re_rest"
	bought := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 5, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
		bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30), cycle("si_2", "price_addon", 1, 500, 0, 30)),
	}
	note := func(line string, amount int64, refunds ...domain.RefundID) domain.Fact {
		return domain.CreditNoteFact{Type: "credit_note.created", At: on(5), Customer: cusAna, CreditNote: domain.CreditNote{
			ID: "cn_1", Invoice: "in_1", Status: "issued", Kind: domain.PostPayment, Amount: amount, Currency: "usd", CreatedAt: on(5),
			Lines: []domain.CreditedLine{{Line: line, Amount: amount}}, Refunds: refunds,
		}}
	}
	refunded := func(amount int64) domain.Fact {
		refund := rest
		refund.Amount = amount
		return refund
	}
	told := func(more ...domain.Fact) []domain.Fact { return append(bought[:2:2], more...) }
	tellAll(t, map[string]story{
		"the add-on to the balance, and the rest":                  {told(note("il_in_1_1", 500), rest), []holding{{7, "nothing"}}},
		"half of the plan to the balance, and the other by refund": {told(note("il_in_1_0", 2500), refunded(3000)), []holding{{7, "nothing"}}},
		"half of the plan to the balance, and a part by refund":    {told(note("il_in_1_0", 2500), refunded(2900)), []holding{{7, "pro, projects 100, seats 5, sso"}}},
		"half of the plan partly by its refund, and the rest": {
			told(note("il_in_1_0", 2500, "re_pi_1"), refundOf(5, "pi_1", "succeeded", 1000), refunded(3000)), []holding{{7, "nothing"}},
		},
		"half of the plan by a refund that nobody told of": {
			told(note("il_in_1_0", 2500, "re_untold"), refunded(3000)), []holding{{7, "pro, projects 100, seats 5, sso"}},
		},
	})
	tellAll(t, map[string]story{"the add-on by a note, and the rest": {
		[]domain.Fact{
			sub(0, "active", has("si_1", "price_m", 5, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
			bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30), cycle("si_2", "price_addon", 1, 500, 0, 30)),
			refundOf(5, "pi_1", "succeeded", 500), rest,
			domain.CreditNoteFact{Type: "credit_note.created", At: on(5), Customer: cusAna, CreditNote: domain.CreditNote{
				ID: "cn_1", Invoice: "in_1", Status: "issued", Amount: 500, Currency: "usd", CreatedAt: on(5),
				Lines: []domain.CreditedLine{{Line: "il_in_1_1", Amount: 500}}, Refunds: []domain.RefundID{"re_pi_1"},
			}},
		},
		[]holding{{7, "nothing"}},
	}})
}

// A policy that keeps what is disputed does not bring back what was refunded.
func TestMoneyBack_ARefundStaysOneThoughItIsDisputedToo(t *testing.T) {
	t.Parallel()
	storage := withItems(item("si_1", "price_storage", 1))
	of := func(f *domain.InvoiceFact) { f.Invoice.Lines[0].Price = "price_storage" }
	a := after(accountWith(ana), subscriptionSays(created, noon, "active", storage), invoiceSays(paid, 0, paidBy("pi_1"), of),
		refundSays("refund.created", noon.Add(day), "re_1", "succeeded", 2900), disputeSays("charge.dispute.created", noon.Add(2*day), "lost"))
	if holds(a, "vault", noon.Add(3*day)) {
		t.Error("what was refunded is given again, because the money was disputed too")
	}
}

// A renewal is billed an hour before its invoice is finalized. What is changed in that hour
// is finalized sooner, and its credit is for that renewal all the same.
func TestCredit_IsForWhatWasBilledBeforeIt(t *testing.T) {
	t.Parallel()
	const team = "projects 1000, seats 1, team"
	late := func(f domain.InvoiceFact, edit ...func(*domain.Invoice)) domain.InvoiceFact {
		f = with(f, func(i *domain.Invoice) { i.FinalizedAt = on(30.05) })
		for _, e := range edit {
			f = with(f, e)
		}
		return f
	}
	item := func(price domain.PriceID, quantity int64) domain.Item { return has("si_1", price, quantity, 30, 60) }
	addOn := has("si_2", "price_addon", 1, 30, 60)
	swap := func(amount int64) domain.Fact {
		return bill(30.01, "in_3", "paid", line(domain.LineCredit, "si_1", "price_m", 1, -amount, 30.01, 60), line(domain.LineChange, "si_1", "price_team", 1, 2*amount, 30.01, 60))
	}
	renewal := late(bill(30, "in_2", "paid", cycle("si_1", "price_m", 1, 1000, 30, 60)))
	// An add-on is declined beside it in the end, so that only what is paid for is left.
	unpaid := func(more ...domain.Item) []domain.Fact {
		return []domain.Fact{sub(40, "unpaid", append(more, addOn)...), bill(40, "in_4", "open", line(domain.LineChange, "si_2", "price_addon", 1, 300, 40, 60))}
	}
	begun := []domain.Fact{sub(0, "active", has("si_1", "price_m", 1, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 1, 1000, 0, 30))}
	also := func(facts ...domain.Fact) []domain.Fact { return append(begun[:2:2], facts...) }
	more := bill(30.01, "in_3", "paid", line(domain.LineCredit, "si_1", "price_m", 5, -5000, 30.01, 60), line(domain.LineChange, "si_1", "price_m", 8, 8000, 30.01, 60))
	five := late(bill(30, "in_2", "paid", cycle("si_1", "price_m", 5, 5000, 30, 60)))
	tellAll(t, map[string]story{
		"swapped for the team plan": {also(append(unpaid(item("price_team", 1)), swap(1000), renewal)...), []holding{{58, team}}},
		"swapped, and the renewal was charged back": {
			also(append(unpaid(item("price_team", 1)), swap(1000), renewal, disputeOf(35, "pi_2", "lost"))...), []holding{{58, team}},
		},
		"swapped, and the difference was charged back": {
			also(append(unpaid(item("price_team", 1)), swap(1000), renewal, disputeOf(35, "pi_3", "lost"))...), []holding{{58, "pro, projects 100, seats 1"}},
		},
		"more seats": {also(sub(31, "active", item("price_m", 8)), more, five), []holding{{32, "pro, projects 100, seats 8"}}},
		"more seats, and the renewal was charged back": {
			also(sub(31, "active", item("price_m", 8)), more, five, disputeOf(35, "pi_2", "lost")), []holding{{36, "pro, projects 100, seats 3"}},
		},
	})
}
