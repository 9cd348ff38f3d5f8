package domain_test

import (
	"maps"
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// Money that went back takes the lines that it is about, and no others: a refunded seat
// takes only the seat.
func TestReturned_TakesTheLinesThatItIsAbout(t *testing.T) {
	t.Parallel()
	const five, six = "pro, projects 100, seats 5", "pro, projects 100, seats 6"
	year := bill(0, "in_1", "paid", cycle("si_1", "price_m_year", 5, 14500, 0, 365))
	seat := bill(358, "in_2", "paid",
		line(domain.LineChange, "si_1", "price_m_year", 6, 334, 358, 365), line(domain.LineCredit, "si_1", "price_m_year", 5, -278, 358, 365))
	ofYear := func(quantity int64) domain.Item { return has("si_1", "price_m_year", quantity, 0, 365) }
	month := func(n float64) domain.Item { return has("si_1", "price_m", 5, 30*n, 30*n+30) }
	ofMonth := func(n float64, id domain.InvoiceID) domain.InvoiceFact {
		return bill(30*n, id, "paid", cycle("si_1", "price_m", 5, 2900, 30*n, 30*n+30))
	}
	twoMonths := []domain.Fact{sub(0, "active", month(0)), ofMonth(0, "in_1"), sub(30, "active", month(1)), ofMonth(1, "in_2")}
	also := func(facts []domain.Fact, more ...domain.Fact) []domain.Fact {
		return append(facts[:len(facts):len(facts)], more...)
	}

	tellAll(t, map[string]story{
		"a year refunded, and then a seat paid: the seat": {
			[]domain.Fact{sub(0, "active", ofYear(5)), year, refundOf(15, "pi_1", "succeeded", 14500), sub(358, "active", ofYear(6)), seat},
			[]holding{{359, "pro, projects 100, seats 1"}, {365.9, "pro, projects 100, seats 1"}, {366, "nothing"}},
		},
		"a year charged back, and then a seat paid: the seat": {
			[]domain.Fact{sub(0, "active", ofYear(5)), year, disputeOf(15, "pi_1", "lost"), sub(358, "active", ofYear(6)), seat},
			[]holding{{359, "pro, projects 100, seats 1"}},
		},
		"a year refunded":       {[]domain.Fact{sub(0, "active", ofYear(5)), year, refundOf(15, "pi_1", "succeeded", 14500)}, []holding{{16, "nothing"}}},
		"a part of it refunded": {[]domain.Fact{sub(0, "active", ofYear(5)), year, refundOf(15, "pi_1", "succeeded", 14499)}, []holding{{16, five}}},
		"a seat refunded: the seat alone is gone": {
			[]domain.Fact{sub(0, "active", ofYear(5)), year, sub(358, "active", ofYear(6)), seat, refundOf(359, "pi_2", "succeeded", 56)},
			[]holding{{360, five}, {365.9, five}, {366, "nothing"}},
		},
		"a dispute over a seat": {
			[]domain.Fact{sub(0, "active", ofYear(5)), year, sub(358, "active", ofYear(6)), seat, disputeOf(359, "pi_2", "needs_response")},
			[]holding{{360, five}},
		},
		"a dispute over a seat, lost": {
			[]domain.Fact{sub(0, "active", ofYear(5)), year, sub(358, "active", ofYear(6)), seat, disputeOf(359, "pi_2", "lost")},
			[]holding{{360, five}, {365.9, five}, {366, "nothing"}},
		},
		"a dispute over a seat, won": {
			[]domain.Fact{sub(0, "active", ofYear(5)), year, sub(358, "active", ofYear(6)), seat, disputeOf(359, "pi_2", "won")},
			[]holding{{360, six}},
		},
		"an upgrade refunded: what it was before": {
			[]domain.Fact{
				sub(0, "active", month(0)), ofMonth(0, "in_1"), sub(10, "active", has("si_1", "price_team", 5, 0, 30)),
				bill(10, "in_2", "paid", line(domain.LineChange, "si_1", "price_team", 5, 10000, 10, 30), line(domain.LineCredit, "si_1", "price_m", 5, -1933, 10, 30)),
				refundOf(11, "pi_2", "succeeded", 8067),
			},
			[]holding{{12, five}, {30.9, five}, {31, "nothing"}},
		},
		"an upgrade to another item refunded: the item before": {
			[]domain.Fact{
				sub(0, "active", month(0)), ofMonth(0, "in_1"), sub(10, "active", has("si_7", "price_team", 5, 0, 30)),
				bill(10, "in_2", "paid", line(domain.LineChange, "si_7", "price_team", 5, 10000, 10, 30), line(domain.LineCredit, "si_1", "price_m", 5, -1933, 10, 30)),
				refundOf(11, "pi_2", "succeeded", 8067),
			},
			[]holding{{12, five}, {30.9, five}, {31, "nothing"}},
		},
		"an item removed, and then the rest refunded": {
			[]domain.Fact{
				sub(0, "active", month(0), has("si_2", "price_addon", 1, 0, 30)), ofMonth(0, "in_1"), bill(1, "in_2", "paid", cycle("si_2", "price_addon", 1, 500, 0, 30)),
				sub(10, "active", month(0)), refundOf(11, "pi_1", "succeeded", 2900),
			},
			[]holding{{12, "nothing"}},
		},
		"a seat that costs nothing any more": {
			[]domain.Fact{sub(0, "active", ofYear(5)), year, sub(364, "active", ofYear(6)), bill(364, "in_2", "paid",
				line(domain.LineChange, "si_1", "price_m_year", 6, 0, 364, 365), line(domain.LineCredit, "si_1", "price_m_year", 5, 0, 364, 365))},
			[]holding{{364.5, six}},
		},

		"a favor for the month before":       {also(twoMonths, refundOf(31, "pi_1", "succeeded", 2900)), []holding{{32, five}, {60.9, five}, {61, "nothing"}}},
		"a charge of the month before, lost": {also(twoMonths, disputeOf(31, "pi_1", "lost")), []holding{{32, five}}},
		"this month refunded":                {also(twoMonths, refundOf(31, "pi_2", "succeeded", 2900)), []holding{{32, "nothing"}}},
		"this month's refund failed": {
			also(twoMonths, refundOf(31, "pi_2", "succeeded", 2900), refundOf(36, "pi_2", "failed", 2900)), []holding{{37, five}, {61, "nothing"}},
		},
		"this month refunded, and the next is paid": {
			also(twoMonths, refundOf(31, "pi_2", "succeeded", 2900), sub(60, "active", month(2)), ofMonth(2, "in_3")), []holding{{61, five}, {91, "nothing"}},
		},
		"this month refunded, and the next is declined": {
			also(twoMonths, refundOf(31, "pi_2", "succeeded", 2900), sub(60, "past_due", month(2)), bill(60, "in_3", "open", cycle("si_1", "price_m", 5, 2900, 60, 90))),
			[]holding{{61, five}, {76, "nothing"}},
		},

		// 9.00 of 29.00 were paid with credit: what was charged is all that can go back.
		"all the money refunded beside a credit": {
			[]domain.Fact{
				sub(0, "active", month(0)), ofMonth(0, "in_1"), sub(30, "active", month(1)),
				settledWith(ofMonth(1, "in_2"), -900, 0, 2000), refundOf(31, "pi_2", "succeeded", 2000),
			},
			[]holding{{32, "nothing"}},
		},
		"a part of the money refunded beside a credit": {
			[]domain.Fact{
				sub(0, "active", month(0)), ofMonth(0, "in_1"), sub(30, "active", month(1)),
				settledWith(ofMonth(1, "in_2"), -900, 0, 2000), refundOf(31, "pi_2", "succeeded", 1999),
			},
			[]holding{{32, five}},
		},
	})
}

// What was bought with credit for what was charged back, nobody paid.
func TestReturned_CreditForWhatWasChargedBackBuysNothing(t *testing.T) {
	t.Parallel()
	const five = "pro, projects 100, seats 5"
	month := func(n float64) domain.Item { return has("si_1", "price_m", 5, 10+30*n, 40+30*n) }
	// After ten days of a year Ana changes to months: what is left of the year pays for them.
	months := []domain.Fact{
		sub(0, "active", has("si_1", "price_m_year", 5, 0, 365)), bill(0, "in_1", "paid", cycle("si_1", "price_m_year", 5, 12000, 0, 365)),
		sub(10, "active", month(0)),
		settledWith(bill(10, "in_2", "paid",
			line(domain.LineCredit, "si_1", "price_m_year", 5, -11671, 10, 365), cycle("si_1", "price_m", 5, 1000, 10, 40)), 0, -10671, 0),
		sub(40, "active", month(1)), settledWith(bill(40, "in_3", "paid", cycle("si_1", "price_m", 5, 1000, 40, 70)), -10671, -9671, 0),
	}
	also := func(more ...domain.Fact) []domain.Fact { return append(months[:len(months):len(months)], more...) }
	tellAll(t, map[string]story{
		"nobody wants anything back": {months, []holding{{41, five}, {70.9, five}, {71, "nothing"}}},
		"the year is charged back":   {also(disputeOf(45, "pi_1", "lost")), []holding{{46, "nothing"}}},
		"the year is refunded":       {also(refundOf(45, "pi_1", "succeeded", 12000)), []holding{{46, "nothing"}}},
		"won after all":              {also(disputeOf(45, "pi_1", "won")), []holding{{46, five}}},
		"and the next month is paid with money": {
			also(disputeOf(45, "pi_1", "lost"), sub(70, "active", month(2)), bill(70, "in_4", "paid", cycle("si_1", "price_m", 5, 1000, 70, 100))),
			[]holding{{71, five}, {101, "nothing"}},
		},
	})
}

// A credit note says which lines its money is for.
func TestReturned_ACreditNoteTakesTheLineThatItNames(t *testing.T) {
	t.Parallel()
	const both, pro = "pro, projects 100, seats 5, sso", "pro, projects 100, seats 5"
	items := []domain.Item{has("si_1", "price_m", 5, 0, 30), has("si_2", "price_addon", 1, 0, 30)}
	begun := []domain.Fact{
		sub(0, "active", items...), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30), cycle("si_2", "price_addon", 1, 500, 0, 30)),
	}
	note := func(status domain.CreditNoteStatus, amount int64, lines ...domain.CreditedLine) domain.Fact {
		return domain.CreditNoteFact{Type: "credit_note.updated", At: on(5), Customer: cusAna, CreditNote: domain.CreditNote{
			ID: "cn_1", Invoice: "in_1", Status: status, Amount: amount, Currency: "usd", CreatedAt: on(5), Lines: lines, Refunds: []domain.RefundID{"re_pi_1"},
		}}
	}
	addOn := domain.CreditedLine{Line: "il_in_1_1", Amount: 500}
	also := func(more ...domain.Fact) []domain.Fact { return append(begun[:len(begun):len(begun)], more...) }
	later := with(begun[1].(domain.InvoiceFact), func(i *domain.Invoice) { i.AmountPaid, i.PaidAt = 2500, on(9) })
	tellAll(t, map[string]story{
		// An invoice that is not paid yet becomes smaller. Nothing went back, and nothing is
		// owed: as with one that is voided, the status vouches.
		"most of it, before it was paid": {[]domain.Fact{begun[0], later, note("issued", 3000, domain.CreditedLine{Amount: 3000})}, []holding{{10, both}}},
		"a line, before it was paid":     {[]domain.Fact{begun[0], later, note("issued", 500, addOn)}, []holding{{10, both}}},
		"all of it, before it was paid": {
			[]domain.Fact{begun[0], with(later, func(i *domain.Invoice) { i.AmountPaid = 0 }), note("issued", 5500, domain.CreditedLine{Amount: 5500})},
			[]holding{{10, both}},
		},

		"nothing goes back":           {begun, []holding{{6, both}}},
		"the add-on":                  {also(note("issued", 500, addOn)), []holding{{6, pro}, {31, "nothing"}}},
		"the add-on, with its refund": {also(note("issued", 500, addOn), refundOf(5, "pi_1", "succeeded", 500)), []holding{{6, pro}}},
		"the add-on, with tax":        {also(note("issued", 595, addOn), refundOf(5, "pi_1", "succeeded", 595)), []holding{{6, pro}}},
		"a part of the add-on":        {also(note("issued", 499, domain.CreditedLine{Line: "il_in_1_1", Amount: 499})), []holding{{6, both}}},
		"of no line":                  {also(note("issued", 500, domain.CreditedLine{Amount: 500})), []holding{{6, both}}},
		"of no line, everything":      {also(note("issued", 5500, domain.CreditedLine{Amount: 5500})), []holding{{6, "nothing"}}},
		"of every line":               {also(note("issued", 5500, domain.CreditedLine{Line: "il_in_1_0", Amount: 5000}, addOn)), []holding{{6, "nothing"}}},
		"taken back":                  {also(note("issued", 500, addOn), note("void", 500, addOn)), []holding{{6, both}}},
	})
}

// A bill may be paid by several payments, each of which has a charge: what the bank took
// back of one is a part of what was paid.
func TestReturned_ADisputeOverOneOfTwoPayments(t *testing.T) {
	t.Parallel()
	charged := func(payment string, amount int64) domain.Fact {
		return domain.ChargeFact{
			Type: "charge.succeeded", At: on(0), ID: domain.ChargeID("ch_" + payment), PaymentIntent: domain.PaymentIntentID("pi_" + payment),
			Customer: cusAna, Amount: amount, Currency: "usd",
		}
	}
	dispute := func(payment string, amount int64, status domain.DisputeStatus) domain.Fact {
		d := disputeOf(20, domain.PaymentIntentID("pi_"+payment), status).(domain.DisputeFact)
		d.Charge, d.Amount = domain.ChargeID("ch_"+payment), amount
		return d
	}
	year := bill(0, "in_1", "paid", cycle("si_1", "price_m_year", 5, 14500, 0, 365))
	year.PaidWith = []domain.PaidWith{{PaymentIntent: "pi_small", Charge: "ch_small"}, {PaymentIntent: "pi_large", Charge: "ch_large"}}
	paid := []domain.Fact{sub(0, "active", has("si_1", "price_m_year", 5, 0, 365)), year, charged("small", 3000), charged("large", 11500)}
	also := func(more ...domain.Fact) []domain.Fact { return append(paid[:len(paid):len(paid)], more...) }
	const five = "pro, projects 100, seats 5"
	tellAll(t, map[string]story{
		"the smaller one, lost":                       {also(dispute("small", 3000, "lost")), []holding{{21, five}}},
		"the smaller one, open":                       {also(dispute("small", 3000, "needs_response")), []holding{{21, five}}},
		"the smaller one, and nobody told its charge": {append(paid[:2:2], dispute("small", 3000, "lost")), []holding{{21, five}}},
		"both, lost":                                  {also(dispute("small", 3000, "lost"), dispute("large", 11500, "lost")), []holding{{21, "nothing"}}},
		"the one is lost, the other open":             {also(dispute("small", 3000, "lost"), dispute("large", 11500, "under_review")), []holding{{21, "nothing"}}},
		"the one is refunded, and the other disputed": {also(refundOf(9, "pi_small", "succeeded", 3000), dispute("large", 11500, "needs_response")), []holding{{21, "nothing"}}},
		"the one is lost, and the other won":          {also(dispute("small", 3000, "lost"), dispute("large", 11500, "won")), []holding{{21, five}}},
	})
}

// What a credit note gives to the balance is not the money that came: a part of the bill is
// a part, however the bill was paid.
func TestReturned_ANoteToTheBalanceIsAPartOfTheBill(t *testing.T) {
	t.Parallel()
	const five = "pro, projects 100, seats 5"
	noted := func(id domain.CreditNoteID, amount int64, refunds ...domain.RefundID) domain.Fact {
		return domain.CreditNoteFact{Type: "credit_note.created", At: on(5), Customer: cusAna, CreditNote: domain.CreditNote{
			ID: id, Invoice: "in_1", Status: domain.CreditNoteIssued, Kind: domain.PostPayment, Amount: amount, Currency: "usd", CreatedAt: on(5), Refunds: refunds,
			Lines: []domain.CreditedLine{{Amount: amount}},
		}}
	}
	paidWith := func(money int64, more ...domain.Fact) []domain.Fact {
		month := settledWith(bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)), money-5000, 0, money)
		return append([]domain.Fact{sub(0, "active", has("si_1", "price_m", 5, 0, 30)), month}, more...)
	}
	tellAll(t, map[string]story{
		"a tenth, of what the balance paid":             {paidWith(0, noted("cn_1", 500)), []holding{{6, five}}},
		"all, of what the balance paid":                 {paidWith(0, noted("cn_1", 500), noted("cn_2", 4500)), []holding{{6, "nothing"}}},
		"as much as came in money":                      {paidWith(500, noted("cn_1", 500)), []holding{{6, five}}},
		"the money by a refund, and it is all of it":    {paidWith(500, noted("cn_1", 500, "re_pi_1"), refundOf(5, "pi_1", "succeeded", 500)), []holding{{6, "nothing"}}},
		"half of the money by a refund":                 {paidWith(5000, noted("cn_1", 2500, "re_pi_1"), refundOf(5, "pi_1", "succeeded", 2500)), []holding{{6, five}}},
		"half of the money by a refund, half as credit": {paidWith(5000, noted("cn_1", 5000, "re_pi_1"), refundOf(5, "pi_1", "succeeded", 2500)), []holding{{6, "nothing"}}},
	})
}

// Who is refunded by a credit note has not been given anything back if the refund fails.
func TestReturned_ANoteWhoseRefundFailedGivesNothingBack(t *testing.T) {
	t.Parallel()
	const both, pro = "pro, projects 100, seats 5, sso", "pro, projects 100, seats 5"
	begun := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 5, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
		bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30), cycle("si_2", "price_addon", 1, 500, 0, 30)),
	}
	told := func(amount int64, line string, status domain.RefundStatus) []domain.Fact {
		return append(begun[:2:2], domain.CreditNoteFact{Type: "credit_note.created", At: on(5), Customer: cusAna, CreditNote: domain.CreditNote{
			ID: "cn_1", Invoice: "in_1", Status: domain.CreditNoteIssued, Kind: domain.PostPayment, Amount: amount, Currency: "usd", CreatedAt: on(5),
			Lines: []domain.CreditedLine{{Line: line, Amount: amount}}, Refunds: []domain.RefundID{"re_pi_1"},
		}}, refundOf(5, "pi_1", status, amount))
	}
	tellAll(t, map[string]story{
		"of a line":           {told(500, "il_in_1_1", "succeeded"), []holding{{6, pro}}},
		"of a line, failed":   {told(500, "il_in_1_1", "failed"), []holding{{6, both}}},
		"of a line, canceled": {told(500, "il_in_1_1", "canceled"), []holding{{6, both}}},
		"of all":              {told(5500, "", "succeeded"), []holding{{6, "nothing"}}},
		"of all, failed":      {told(5500, "", "failed"), []holding{{6, both}}},
	})
}

// Of a change of an item the difference is what it cost: that is all that a note can give
// back of it, and what it was from is left, whatever else was billed beside it.
func TestReturned_TheDifferenceOfAChangeIsAllOfIt(t *testing.T) {
	t.Parallel()
	changed := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)),
		sub(10, "active", has("si_1", "price_m", 8, 0, 30), has("si_2", "price_addon", 1, 0, 30)), bill(10, "in_2", "paid",
			line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), line(domain.LineChange, "si_1", "price_m", 8, 5333, 10, 30),
			line(domain.LineChange, "si_2", "price_addon", 1, 333, 10, 30)),
	}
	noted := func(line string, amount int64) []domain.Fact {
		return append(changed[:4:4], domain.CreditNoteFact{Type: "credit_note.created", At: on(12), Customer: cusAna, CreditNote: domain.CreditNote{
			ID: "cn_1", Invoice: "in_2", Status: domain.CreditNoteIssued, Kind: domain.PostPayment, Amount: amount, Currency: "usd", CreatedAt: on(12),
			Lines: []domain.CreditedLine{{Line: line, Amount: amount}}, Refunds: []domain.RefundID{"re_pi_2"},
		}}, refundOf(12, "pi_2", "succeeded", amount))
	}
	tellAll(t, map[string]story{
		"of the seats":             {noted("il_in_2_1", 2000), []holding{{13, "pro, projects 100, seats 5, sso"}}},
		"of the seats, not all":    {noted("il_in_2_1", 1999), []holding{{13, "pro, projects 100, seats 8, sso"}}},
		"of what was added beside": {noted("il_in_2_2", 333), []holding{{13, "pro, projects 100, seats 8"}}},
	})
}

// An invoice of which credit notes leave nothing to pay is as one that is voided: the status
// may vouch for what it was for, and nobody paid for that.
func TestReturned_AllOfAnInvoiceBeforeItWasPaid(t *testing.T) {
	t.Parallel()
	told := func(of string, status domain.SubscriptionStatus) []domain.Fact {
		return []domain.Fact{
			sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)),
			settledWith(bill(10, "in_2", "paid",
				line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), line(domain.LineChange, "si_1", "price_m", 8, 5333, 10, 30)), 0, 0, 0),
			domain.CreditNoteFact{Type: "credit_note.created", At: on(11), Customer: cusAna, CreditNote: domain.CreditNote{
				ID: "cn_1", Invoice: "in_2", Status: domain.CreditNoteIssued, Kind: domain.PrePayment, Amount: 2000, Currency: "usd", CreatedAt: on(11),
				Lines: []domain.CreditedLine{{Line: of, Amount: 2000}},
			}},
			sub(12, status, has("si_1", "price_m", 8, 0, 30)),
		}
	}
	tellAll(t, map[string]story{
		"active":             {told("il_in_2_1", "active"), []holding{{13, "pro, projects 100, seats 8"}}},
		"unpaid":             {told("il_in_2_1", "unpaid"), []holding{{13, "pro, projects 100, seats 5"}}},
		"unpaid, of no line": {told("", "unpaid"), []holding{{13, "pro, projects 100, seats 5"}}},
	})
}

func noteOf(at float64, id domain.CreditNoteID, of domain.InvoiceID, kind domain.CreditNoteKind, amount int64, line string, refunds ...domain.RefundID) domain.Fact {
	return domain.CreditNoteFact{Type: "credit_note.created", At: on(at), Customer: cusAna, CreditNote: domain.CreditNote{
		ID: id, Invoice: of, Status: domain.CreditNoteIssued, Kind: kind, Amount: amount, Currency: "usd", CreatedAt: on(at),
		Lines: []domain.CreditedLine{{Line: line, Amount: amount}}, Refunds: refunds,
	}}
}

// A note over more than a change cost gives back what it was from, too: that had been spent
// on what else was billed.
func TestReturned_MoreThanAChangeCost(t *testing.T) {
	t.Parallel()
	from := func(price domain.PriceID, quantity, cost int64) []domain.Fact {
		return []domain.Fact{sub(0, "active", has("si_1", price, quantity, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", price, quantity, cost, 0, 30))}
	}
	to := func(before []domain.Fact, quantity, addon int64, credit domain.Line, cost, noted int64) []domain.Fact {
		return append(before,
			sub(10, "active", has("si_1", "price_m", quantity, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
			bill(10, "in_2", "paid", credit, line(domain.LineChange, "si_1", "price_m", quantity, cost, 10, 30), line(domain.LineChange, "si_2", "price_addon", 1, addon, 10, 30)),
			noteOf(12, "cn_1", "in_2", domain.PostPayment, noted, "il_in_2_1", "re_pi_2"), refundOf(12, "pi_2", "succeeded", noted))
	}
	tellAll(t, map[string]story{
		"fewer seats":              {to(from("price_m", 8, 8000), 5, 6000, line(domain.LineCredit, "si_1", "price_m", 8, -5333, 10, 30), 3333, 3333), []holding{{13, "sso"}}},
		"a cheaper plan":           {to(from("price_team", 5, 10000), 5, 8000, line(domain.LineCredit, "si_1", "price_team", 5, -6667, 10, 30), 3333, 3333), []holding{{13, "sso"}}},
		"all of the greater line":  {to(from("price_m", 5, 5000), 8, 4000, line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), 5333, 5333), []holding{{13, "sso"}}},
		"what more seats had cost": {to(from("price_m", 5, 5000), 8, 4000, line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), 5333, 2000), []holding{{13, "pro, projects 100, seats 5, sso"}}},
	})
}

// What notes had made smaller before it was paid is less to give back.
func TestReturned_TheRestToTheBalance(t *testing.T) {
	t.Parallel()
	paid := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 5, 0, 30)),
		with(bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)), func(i *domain.Invoice) { i.AmountPaid, i.PaidAt = 4000, on(2) }),
		noteOf(1, "cn_1", "in_1", domain.PrePayment, 1000, ""),
	}
	tellAll(t, map[string]story{
		"all of it":  {append(paid[:3:3], noteOf(5, "cn_2", "in_1", domain.PostPayment, 4000, "")), []holding{{6, "nothing"}}},
		"some of it": {append(paid[:3:3], noteOf(5, "cn_2", "in_1", domain.PostPayment, 3999, "")), []holding{{6, "pro, projects 100, seats 5"}}},
	})
}

// Of a note some of whose refunds failed the others, and what went to the balance, were given.
func TestReturned_ANoteOfWhichSomeFailed(t *testing.T) {
	t.Parallel()
	month := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 5, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
		bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30), cycle("si_2", "price_addon", 1, 500, 0, 30)),
	}
	refund := func(id domain.RefundID, status domain.RefundStatus, amount int64) domain.Fact {
		f := refundOf(5, "pi_1", status, amount).(domain.RefundFact)
		f.ID = id
		return f
	}
	told := func(facts ...domain.Fact) []domain.Fact { return append(month[:2:2], facts...) }
	const all = "pro, projects 100, seats 5, sso"
	tellAll(t, map[string]story{
		"half to the balance": {told(noteOf(5, "cn_1", "in_1", domain.PostPayment, 5500, "", "re_1"), refund("re_1", "failed", 2750)), []holding{{6, all}}},
		"the greater refund":  {told(noteOf(5, "cn_1", "in_1", domain.PostPayment, 5500, "", "re_1", "re_2"), refund("re_1", "succeeded", 500), refund("re_2", "canceled", 5000)), []holding{{6, all}}},
		"of an add-on":        {told(noteOf(5, "cn_1", "in_1", domain.PostPayment, 500, "il_in_1_1", "re_1"), refund("re_1", "failed", 400)), []holding{{6, all}}},
		"and by hand then":    {told(noteOf(5, "cn_1", "in_1", domain.PostPayment, 5500, "", "re_1"), refund("re_1", "failed", 5500), refund("re_2", "succeeded", 5500)), []holding{{7, "nothing"}}},
	})
}

// Nobody paid for what took an item away: what was paid for of it has its leeway, and nothing of
// the next period is taken for the item.
func TestReturned_WhatAnUnpaidSwapTookAwayHasItsLeeway(t *testing.T) {
	t.Parallel()
	swapped := []domain.Fact{
		sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)),
		bill(0, "in_2", "paid", line(domain.LineCredit, "si_1", "price_m", 5, -5000, 0, 30), line(domain.LineChange, "si_1", "price_team", 4, 8000, 0, 30)),
		refundOf(1, "pi_2", "succeeded", 3000), sub(12, "active", has("si_2", "price_addon", 3, 0, 30)), sub(30, "active", has("si_2", "price_addon", 3, 30, 60)),
		bill(30.05, "in_3", "open", line(domain.LineCredit, "si_1", "price_team", 4, -6000, 12, 30), line(domain.LineChange, "si_2", "price_addon", 3, 900, 12, 30),
			cycle("si_2", "price_addon", 3, 1500, 30, 60)),
	}
	tellAll(t, map[string]story{"the rest of a day": {swapped, []holding{{30.5, "pro, projects 100, seats 5, sso"}, {31.5, "sso"}}}})
}

// An item that was changed, and then replaced, on one invoice: what it was first does not come back
// beside what there is instead, if that is kept though the money went back.
func TestReturned_AChangeBeforeASwapThatIsKept(t *testing.T) {
	t.Parallel()
	c := market
	c.Plans = maps.Clone(c.Plans)
	addon := c.Plans["addon"]
	addon.Policy.Refund = "keep"
	c.Plans["addon"] = addon
	story{
		[]domain.Fact{
			sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)),
			sub(11, "active", has("si_2", "price_addon", 1, 0, 30)), bill(11, "in_2", "paid",
				line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), line(domain.LineChange, "si_1", "price_team", 5, 6667, 10, 30),
				line(domain.LineCredit, "si_1", "price_team", 5, -6333, 11, 30), line(domain.LineChange, "si_2", "price_addon", 1, 9000, 11, 30)),
			refundOf(12, "pi_2", "succeeded", 6001),
		},
		[]holding{{13, "sso"}},
	}.check(t, accountWith(ana), c)
}

// The latest invoice is the last one that asked for money and of which anything is left: there
// is no other that a refund within fourteen days can be of.
func TestReturned_TheLatestIsTheLastThatIsPaidFor(t *testing.T) {
	t.Parallel()
	c := market
	c.Plans = maps.Clone(c.Plans)
	for _, key := range []domain.PlanKey{"pro", "addon"} {
		plan := c.Plans[key]
		plan.Policy.Refund = "revoke_latest_14_days"
		c.Plans[key] = plan
	}
	month := []domain.Fact{sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30))}
	raised := bill(5, "in_2", "paid", line(domain.LineCredit, "si_1", "price_m", 5, -4167, 5, 30), line(domain.LineChange, "si_1", "price_m", 8, 6667, 5, 30))
	lowered := settledWith(bill(5, "in_2", "paid",
		line(domain.LineCredit, "si_1", "price_m", 5, -4167, 5, 30), line(domain.LineChange, "si_1", "price_m", 4, 3333, 5, 30)), 0, -834, 0)
	withFee := bill(5, "in_2", "paid", append([]domain.Line{line(domain.LineOneOff, "", "price_fee", 1, 500, 5, 5)}, raised.Invoice.Lines...)...)
	told := func(facts ...domain.Fact) []domain.Fact { return append(month[:2:2], facts...) }
	fee := bill(5, "in_2", "paid", line(domain.LineOneOff, "", "price_fee", 1, 700, 5, 5))
	untold := with(raised, func(i *domain.Invoice) { i.Lines, i.Complete = nil, false })
	eight, four := sub(5, "active", has("si_1", "price_m", 8, 0, 30)), sub(5, "active", has("si_1", "price_m", 4, 0, 30))
	all := refundOf(8, "pi_1", "succeeded", 5000)
	for name, s := range map[string]story{
		"credited away before it was paid": {told(eight, settledWith(raised, 0, 0, 0), noteOf(6, "cn_1", "in_2", domain.PrePayment, 2500, ""),
			sub(7, "active", has("si_1", "price_m", 5, 0, 30)), all), []holding{{9, "nothing"}}},
		"credited away after it was paid": {told(eight, raised, noteOf(6, "cn_1", "in_2", domain.PostPayment, 2500, "", "re_pi_2"),
			refundOf(6, "pi_2", "succeeded", 2500), all), []holding{{9, "nothing"}}},
		"refunded, but for a fee":  {told(eight, withFee, noteOf(6, "cn_1", "in_2", domain.PostPayment, 2500, "il_in_2_2"), all), []holding{{9, "nothing"}}},
		"charged back":             {told(eight, raised, disputeOf(6, "pi_2", "lost"), all), []holding{{9, "nothing"}}},
		"over less than nothing":   {told(four, lowered, all), []holding{{9, "nothing"}}},
		"a fee, refunded":          {told(fee, refundOf(6, "pi_2", "succeeded", 700), all), []holding{{9, "nothing"}}},
		"a fee, charged back":      {told(fee, disputeOf(6, "pi_2", "lost"), all), []holding{{9, "nothing"}}},
		"lines not told, refunded": {told(eight, untold, refundOf(6, "pi_2", "succeeded", 2500), all), []holding{{9, "nothing"}}},

		"a fee":                     {told(fee, all), []holding{{9, "pro, projects 100, seats 5"}}},
		"a fee, a cent refunded":    {told(fee, refundOf(6, "pi_2", "succeeded", 1), all), []holding{{9, "pro, projects 100, seats 5"}}},
		"a fee, a cent less":        {told(fee, noteOf(5, "cn_1", "in_2", domain.PrePayment, 1, ""), all), []holding{{9, "pro, projects 100, seats 5"}}},
		"lines not told, a cent":    {told(untold, refundOf(6, "pi_2", "succeeded", 1), all), []holding{{9, "pro, projects 100, seats 5"}}},
		"disputed, not decided":     {told(eight, raised, all, disputeOf(20, "pi_2", "needs_response")), []holding{{21, "pro, projects 100, seats 5"}}},
		"paid":                      {told(eight, raised, all), []holding{{9, "pro, projects 100, seats 8"}}},
		"refunded itself":           {told(eight, raised, refundOf(8, "pi_2", "succeeded", 2500)), []holding{{9, "pro, projects 100, seats 5"}}},
		"refunded later as a favor": {told(eight, raised, all, refundOf(20, "pi_2", "succeeded", 2500)), []holding{{21, "pro, projects 100, seats 8"}}},
		"an unpaid one":             {told(eight, with(raised, func(i *domain.Invoice) { i.Status = "void" }), all), []holding{{9, "nothing"}}},
	} {
		t.Run(name, func(t *testing.T) { s.check(t, accountWith(ana), c) })
	}
}

// What a note's refund gave back is one sum, though its charge alone tells of it: the refund may
// never be told, and the note may come before it or after it.
func TestReturned_ANoteWhoseRefundTheChargeAloneTells(t *testing.T) {
	t.Parallel()
	const five, both = "pro, projects 100, seats 5", "pro, projects 100, seats 5, sso"
	charge := func(at float64, gone int64) domain.Fact {
		return domain.ChargeFact{Type: "charge.refunded", At: on(at), ID: "ch_1", PaymentIntent: "pi_1", Customer: cusAna, Amount: 5500, Refunded: gone, Currency: "usd"}
	}
	told := func(facts ...domain.Fact) []domain.Fact {
		return append([]domain.Fact{
			sub(0, "active", has("si_1", "price_m", 5, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
			bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30), cycle("si_2", "price_addon", 1, 500, 0, 30)),
		}, facts...)
	}
	ofAddon := noteOf(5, "cn_1", "in_1", domain.PostPayment, 500, "il_in_1_1", "re_pi_1")
	ofHalf := noteOf(5, "cn_1", "in_1", domain.PostPayment, 2750, "", "re_pi_1")
	ofAll := noteOf(5, "cn_1", "in_1", domain.PostPayment, 5500, "", "re_pi_1")
	stories := map[string]story{
		"half":                               {told(ofHalf, charge(5, 2750)), []holding{{6, both}}},
		"half, and the refund":               {told(ofHalf, charge(5, 2750), refundOf(5, "pi_1", "succeeded", 2750)), []holding{{6, both}}},
		"half, of a refund that was earlier": {told(charge(4, 2750), ofHalf), []holding{{6, both}}},
		"half, after as much without a note": {told(ofHalf, charge(5, 5500)), []holding{{6, "nothing"}}},
		"half, the rest to the balance":      {told(ofHalf, charge(5, 2750), noteOf(6, "cn_2", "in_1", domain.PostPayment, 2750, "")), []holding{{7, "nothing"}}},
		"some to the balance, then the rest": {told(noteOf(5, "cn_1", "in_1", domain.PostPayment, 2000, "", "re_n"), charge(6, 4500)), []holding{{7, "nothing"}}},
		"some, and less than the rest":       {told(noteOf(5, "cn_1", "in_1", domain.PostPayment, 2000, "", "re_n"), charge(6, 3499)), []holding{{7, both}}},
		"two halves":                         {told(ofHalf, noteOf(6, "cn_2", "in_1", domain.PostPayment, 2750, "", "re_2"), charge(6, 5500)), []holding{{7, "nothing"}}},
		"all":                                {told(ofAll, charge(5, 5500)), []holding{{6, "nothing"}}},
		"of the add-on":                      {told(ofAddon, charge(5, 500)), []holding{{6, five}}},
		"of the add-on, and then the rest":   {told(ofAddon, charge(7, 5500)), []holding{{8, "nothing"}}},
		"of the add-on, and a part":          {told(ofAddon, charge(7, 5499)), []holding{{8, five}}},
	}
	tellAll(t, stories)

	c := market
	c.Plans = maps.Clone(c.Plans)
	for _, key := range []domain.PlanKey{"pro", "addon"} {
		plan := c.Plans[key]
		plan.Policy.Refund = "revoke_partial"
		c.Plans[key] = plan
	}
	story{told(ofAddon, charge(5, 500)), []holding{{6, five}}}.check(t, accountWith(ana), c)
	story{told(ofAddon, charge(5, 501)), []holding{{6, "nothing"}}}.check(t, accountWith(ana), c)
}

// What notes take of a change before it is paid, and after, is together what they take of it; of
// all that was taken before, nothing was ever paid.
func TestReturned_TheDifferenceBeforeItWasPaid(t *testing.T) {
	t.Parallel()
	told := func(status domain.SubscriptionStatus, before, paid int64, notes ...domain.Fact) []domain.Fact {
		addon := before + paid - 2000
		return append([]domain.Fact{
			sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)),
			sub(10, "past_due", has("si_1", "price_m", 8, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
			with(bill(10, "in_2", "paid",
				line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), line(domain.LineChange, "si_1", "price_m", 8, 5333, 10, 30),
				line(domain.LineChange, "si_2", "price_addon", 1, addon, 10, 30)), func(i *domain.Invoice) { i.AmountDue, i.AmountPaid, i.PaidAt = paid, paid, on(12) }),
			noteOf(11, "cn_1", "in_2", domain.PrePayment, before, "il_in_2_1"),
			sub(12, status, has("si_1", "price_m", 8, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
		}, notes...)
	}
	const five, eight = "pro, projects 100, seats 5, sso", "pro, projects 100, seats 8, sso"
	after := func(amount int64) []domain.Fact {
		return []domain.Fact{noteOf(13, "cn_2", "in_2", domain.PostPayment, amount, "il_in_2_1", "re_pi_2"), refundOf(13, "pi_2", "succeeded", amount)}
	}
	addon := []domain.Fact{noteOf(11, "cn_2", "in_2", domain.PrePayment, 133, "il_in_2_2"), noteOf(13, "cn_3", "in_2", domain.PostPayment, 200, "il_in_2_2")}
	tellAll(t, map[string]story{
		"all, and the status vouches":  {told("active", 2000, 333), []holding{{14, eight}}},
		"all, and the status does not": {told("unpaid", 2000, 333), []holding{{14, five}}},
		"nearly all":                   {told("unpaid", 1999, 334), []holding{{14, eight}}},
		"and what it was from":         {told("unpaid", 5333, 667), []holding{{14, "sso"}}},
		"half, and half after":         {told("active", 1000, 1333, after(1000)...), []holding{{14, five}}},
		"half, and nearly half after":  {told("active", 1000, 1333, after(999)...), []holding{{14, eight}}},
		"a little more":                {told("unpaid", 2100, 233), []holding{{14, five}}},
		"of an add-on, and the rest":   {told("active", 1000, 1333, addon...), []holding{{14, "pro, projects 100, seats 8"}}},
	})
}

// An item that is swapped for another is changed like one that becomes another: of plans of one
// group there is one, and the plans say which. What else was billed is none of the swap's.
func TestReturned_ASwapIsAChange(t *testing.T) {
	t.Parallel()
	c := market
	c.Plans = maps.Clone(c.Plans)
	for _, key := range []domain.PlanKey{"pro", "team", "addon"} {
		plan := c.Plans[key]
		if plan.Group = "main"; key == "addon" {
			plan.Group, plan.Policy.Refund = "", "keep"
		}
		c.Plans[key] = plan
	}
	told := func(addon int64, more ...domain.Fact) []domain.Fact {
		return append([]domain.Fact{
			sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)),
			sub(10, "active", has("si_7", "price_team", 5, 0, 30), has("si_2", "price_addon", 1, 0, 30)), bill(10, "in_2", "paid",
				line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), line(domain.LineChange, "si_7", "price_team", 5, 6667, 10, 30),
				line(domain.LineChange, "si_2", "price_addon", 1, addon, 10, 30)),
		}, more...)
	}
	noted := func(amount int64) domain.Fact {
		return noteOf(12, "cn_1", "in_2", domain.PostPayment, amount, "il_in_2_1")
	}
	for name, s := range map[string]story{
		"the difference":                  {told(333, noted(3334)), []holding{{13, "pro, projects 100, seats 5, sso"}, {30.9, "pro, projects 100, seats 5, sso"}}},
		"nearly":                          {told(333, noted(3333)), []holding{{13, "projects 1000, seats 5, sso, team"}}},
		"all, and what is beside is kept": {told(333, refundOf(12, "pi_2", "succeeded", 3667)), []holding{{13, "pro, projects 100, seats 5, sso"}}},
		"more than it cost":               {told(8000, noted(6667)), []holding{{13, "sso"}}},
	} {
		t.Run(name, func(t *testing.T) { s.check(t, accountWith(ana), c) })
	}
}

// Of swaps of items that one invoice bills together, what one of them took away comes back with its
// difference only if nothing has replaced what there was instead; it may have been added on it, too.
func TestReturned_AChainOfSwaps(t *testing.T) {
	t.Parallel()
	c := market
	c.Plans = maps.Clone(c.Plans)
	for _, key := range []domain.PlanKey{"pro", "team", "vault"} {
		plan := c.Plans[key]
		plan.Group = "main"
		c.Plans[key] = plan
	}
	// Of pro, team from day 10, and then a price from day 11.
	told := func(second, third string, price domain.PriceID, cost, addon int64, note domain.Fact) []domain.Fact {
		return []domain.Fact{
			sub(0, "active", has("si_1", "price_m", 5, 0, 30)), bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30)),
			sub(11, "active", has(third, price, 5, 0, 30), has("si_2", "price_addon", 1, 0, 30)), bill(11, "in_2", "paid",
				line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), line(domain.LineChange, second, "price_team", 5, 6667, 10, 30),
				line(domain.LineCredit, second, "price_team", 5, -6333, 11, 30), line(domain.LineChange, third, price, 5, cost, 11, 30),
				line(domain.LineChange, "si_2", "price_addon", 1, addon, 11, 30)),
			note,
		}
	}
	first := noteOf(12, "cn_1", "in_2", domain.PostPayment, 3334, "il_in_2_1")
	second := noteOf(12, "cn_1", "in_2", domain.PostPayment, 3167, "il_in_2_3")
	added := []domain.Fact{ // beside an add-on, and then swapped
		sub(0, "active", has("si_2", "price_addon", 1, 0, 30)), bill(0, "in_1", "paid", cycle("si_2", "price_addon", 1, 500, 0, 30)),
		sub(11, "active", has("si_2", "price_addon", 1, 0, 30), has("si_7", "price_team", 5, 0, 30)), bill(11, "in_2", "paid",
			line(domain.LineChange, "si_1", "price_m", 5, 3333, 10, 30), line(domain.LineCredit, "si_1", "price_m", 5, -3167, 11, 30),
			line(domain.LineChange, "si_7", "price_team", 5, 6333, 11, 30)),
	}
	for name, s := range map[string]story{
		"the first":              {told("si_7", "si_8", "price_vault", 9500, 500, first), []holding{{13, "sso, vault"}}},
		"the first, and back":    {told("si_7", "si_8", "price_m", 3167, 8000, first), []holding{{13, "pro, projects 100, seats 5, sso"}}},
		"the second":             {told("si_7", "si_8", "price_vault", 9500, 500, second), []holding{{13, "projects 1000, seats 5, sso, team"}}},
		"the second, and back":   {told("si_7", "si_8", "price_m", 9500, 500, second), []holding{{13, "projects 1000, seats 5, sso, team"}}},
		"both":                   {append(told("si_7", "si_8", "price_vault", 9500, 500, second), noteOf(12, "cn_2", "in_2", domain.PostPayment, 3334, "il_in_2_1")), []holding{{13, "pro, projects 100, seats 5, sso"}}},
		"of what was added":      {append(added[:4:4], noteOf(12, "cn_1", "in_2", domain.PostPayment, 3166, "il_in_2_2")), []holding{{13, "pro, projects 100, seats 5, sso"}}},
		"all":                    {append(added[:4:4], refundOf(12, "pi_2", "succeeded", 6499)), []holding{{13, "sso"}}},
		"the first, of one item": {told("si_1", "si_1", "price_vault", 9500, 500, first), []holding{{13, "sso, vault"}}},
	} {
		t.Run(name, func(t *testing.T) { s.check(t, accountWith(ana), c) })
	}
}

// Who gives an item up has it no longer, whatever became of the change beside it: what that cost
// was less by the item's credit, and a note over all that the change cost gives that back, too.
func TestReturned_WhatWasRemovedBesideAChange(t *testing.T) {
	t.Parallel()
	told := func(more ...domain.Fact) []domain.Fact {
		return append([]domain.Fact{
			sub(0, "active", has("si_1", "price_m", 5, 0, 30), has("si_2", "price_addon", 1, 0, 30)),
			bill(0, "in_1", "paid", cycle("si_1", "price_m", 5, 5000, 0, 30), cycle("si_2", "price_addon", 1, 500, 0, 30)),
			sub(10, "active", has("si_1", "price_m", 8, 0, 30)), bill(10, "in_2", "paid",
				line(domain.LineCredit, "si_1", "price_m", 5, -3333, 10, 30), line(domain.LineChange, "si_1", "price_m", 8, 5333, 10, 30),
				line(domain.LineCredit, "si_2", "price_addon", 1, -333, 10, 30), line(domain.LineOneOff, "", "price_fee", 1, 500, 10, 10)),
		}, more...)
	}
	// Of a fee, nothing is left to pay but a part.
	before := with(told()[3].(domain.InvoiceFact), func(i *domain.Invoice) { i.AmountDue, i.AmountPaid, i.PaidAt = 167, 167, on(12) })
	waived := append(told()[:3:3], before, noteOf(11, "cn_1", "in_2", domain.PrePayment, 2000, "il_in_2_1"))
	tellAll(t, map[string]story{
		"the change":          {told(noteOf(12, "cn_1", "in_2", domain.PostPayment, 2000, "il_in_2_1")), []holding{{13, "pro, projects 100, seats 5"}}},
		"a part of it":        {told(noteOf(12, "cn_1", "in_2", domain.PostPayment, 1667, "il_in_2_1")), []holding{{13, "pro, projects 100, seats 8"}}},
		"before it was paid":  {waived, []holding{{13, "pro, projects 100, seats 8"}}},
		"and then the rest":   {append(waived[:5:5], refundOf(13, "pi_2", "succeeded", 167)), []holding{{14, "pro, projects 100, seats 8, sso"}}},
		"and nearly the rest": {append(waived[:5:5], refundOf(13, "pi_2", "succeeded", 166)), []holding{{14, "pro, projects 100, seats 8"}}},
		"all that was billed": {told(refundOf(12, "pi_2", "succeeded", 2167)), []holding{{13, "pro, projects 100, seats 5, sso"}}},
	})
}
