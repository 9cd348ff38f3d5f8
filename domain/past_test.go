package domain_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/domain/domaintest"
)

// Whoever finds the sum of what ended long ago comes to the same end as who finds all of it.
func TestPast_IsAsGoodAsWhatEndedLongAgo(t *testing.T) {
	t.Parallel()
	apart := 0
	rapid.Check(t, func(t *rapid.T) {
		h := domaintest.LongHistories(ana).Draw(t, "history")
		closing := domain.Closing{
			Latest: rapid.IntRange(1, 3).Draw(t, "latest"),
			For:    time.Duration(rapid.IntRange(0, 40).Draw(t, "days")) * domaintest.Day,
			Least:  rapid.IntRange(0, 3).Draw(t, "least"),
			Most:   rapid.IntRange(0, 2).Draw(t, "most"),
		}
		facts := h.Facts
		if rapid.Bool().Draw(t, "in any order") {
			facts = domaintest.Deliver(t, facts...)
		}
		apart += toldWithoutPast(t, h.Account.Learn(shop), facts, closing)
	})
	if apart == 0 {
		t.Error("no invoice of any history ended long ago")
	}
	t.Logf("%d facts were told where something was left out", apart)
}

// toldWithoutPast tells the same to an account that is found whole, and to one of which the
// sum is found of what ended long ago, and counts what the second was told.
func toldWithoutPast(t *rapid.T, whole domain.Account, facts []domain.Fact, closing domain.Closing) int {
	told := 0
	short, left := whole, map[domain.Ref]bool{}
	for _, fact := range facts {
		whole, _ = domain.Record(whole, fact, shop)
		whole = whole.Learn(shop)
		names := append(fact.Refs(), domain.Names(fact)...)
		if !domain.AboutAll(fact) && !slices.ContainsFunc(names, func(r domain.Ref) bool { return left[r] }) {
			short, _ = domain.Record(short, fact, shop)
			short = short.Learn(shop)
		} else {
			short, left = whole, map[domain.Ref]bool{}
		}
		if short.Reopens(fact) {
			short, left = whole, map[domain.Ref]bool{}
		}
		if len(left) > 0 {
			told++
		}
		wantAsGood(t, short, whole)
		short = without(short, left, closing)
		wantAsGood(t, short, whole)
	}
	return told
}

func wantAsGood(t *rapid.T, short, whole domain.Account) {
	t.Helper()
	wantSame(t, "what is given", domain.Entitlements(short, shop), domain.Entitlements(whole, shop))
	wantSame(t, "what is expected", newsOf(short), newsOf(whole))
	wantSame(t, "what was paid for", domain.PaidForItems(short, shop), domain.PaidForItems(whole, shop))
}

// without is an account with the sum of what ended long ago, which is left out.
func without(a domain.Account, left map[domain.Ref]bool, closing domain.Closing) domain.Account {
	ended, past := a.LongEnded(shop, closing, nil)
	names := a.NamesOfInvoices(ended)
	maps.Copy(left, names)
	a = deepCopy(a)
	a.Past = past
	maps.DeleteFunc(a.Invoices, func(id domain.InvoiceID, _ domain.Invoice) bool {
		return names[domain.Ref{Kind: domain.RefInvoice, ID: string(id)}]
	})
	maps.DeleteFunc(a.InvoicePayments, func(id domain.PaymentIntentID, _ domain.InvoiceID) bool {
		return names[domain.Ref{Kind: domain.RefPaymentIntent, ID: string(id)}]
	})
	maps.DeleteFunc(a.Charges, func(id domain.ChargeID, _ domain.Charge) bool {
		return names[domain.Ref{Kind: domain.RefCharge, ID: string(id)}]
	})
	return a
}

// A seat in advance and its usage in arrears: each invoice has a line of the month before.
func TestPast_UsageInArrearsBesideASeat(t *testing.T) {
	t.Parallel()
	a := accountWith(ana, pendingOrder("o1", "pro"))
	for n := range 60 {
		a = after(a, subscriptionSays(updated, noon.Add(time.Duration(n)*month), "active", withItems(item("si_1", "price_pro", 1), item("si_2", "price_usage", 1)), inMonth(n)),
			invoiceSays(paid, n, func(f *domain.InvoiceFact) {
				if n > 0 {
					usage := f.Invoice.Lines[0]
					usage.ID, usage.Item, usage.Price, usage.From, usage.Until = usage.ID+"_usage", "si_2", "price_usage", usage.From.Add(-month), usage.From
					f.Invoice.Lines = append(f.Invoice.Lines, usage)
				}
			}))
	}
	ended, past := a.LongEnded(shop, domain.UsualClosing, nil)
	if len(ended) != 48 || len(past) != 1 || past["sub_1"].Items[0].Times != 48 {
		t.Errorf("%d of 60 invoices have ended, and their sum is %v", len(ended), past)
	}
}

// Years of a plan over nothing do not get dearer either, and are not years paid.
func TestPast_OfAPlanOverNothing(t *testing.T) {
	t.Parallel()
	a := accountWith(ana, pendingOrder("o1", "pro"))
	for n := range 60 {
		a = after(a, subscriptionSays(updated, noon.Add(time.Duration(n)*month), "active", inMonth(n), func(s *domain.Subscription) { s.TrialEnd = noon.Add(month) }),
			invoiceSays(paid, n, func(f *domain.InvoiceFact) {
				f.Invoice.Total, f.Invoice.AmountPaid, f.Invoice.Lines[0].Amount = 0, 0, 0
			}))
	}
	ended, past := a.LongEnded(shop, domain.UsualClosing, nil)
	if len(ended) != 48 || len(past) != 1 || past["sub_1"].Items[0].Times != 0 || len(past["sub_1"].Items[0].Paid) != 0 {
		t.Errorf("%d of 60 invoices have ended, and their sum is %v", len(ended), past)
	}
}

// Which invoice is the latest decides what a refund of another does, however many over nothing
// have followed it.
func TestPast_TheLastThatAskedForMoney(t *testing.T) {
	t.Parallel()
	c := market
	c.Plans = maps.Clone(c.Plans)
	pro := c.Plans["pro"]
	pro.Policy.Refund, pro.Policy.Access = "revoke_latest_14_days", []domain.AccessOption{"perpetual_after_3_years"}
	c.Plans["pro"] = pro
	facts := []domain.Fact{refundOf(8, "pi_0", "succeeded", 5000)}
	for n := range 20 {
		amount, from, until := int64(5000), 365*float64(n), 365*float64(n+1)
		if n > 2 {
			amount = 0 // a coupon for good
		}
		facts = append(facts, sub(from+.1, "active", has("si_1", "price_m", 1, from, until)),
			bill(from, domain.InvoiceID(fmt.Sprint("in_", n)), "paid", cycle("si_1", "price_m", 1, amount, from, until)))
	}
	whole := tell(accountWith(ana), c, append(facts, sub(7299, "canceled", has("si_1", "price_m", 1, 365*19, 365*20)))...)
	ended, past := whole.LongEnded(c, domain.Closing{Latest: 2, Least: 1}, nil)
	names := whole.NamesOfInvoices(ended)
	short := deepCopy(whole)
	short.Past = past
	maps.DeleteFunc(short.Invoices, func(id domain.InvoiceID, _ domain.Invoice) bool {
		return names[domain.Ref{Kind: domain.RefInvoice, ID: string(id)}]
	})
	want := rightsAt(whole, c, on(7305))
	if got := rightsAt(short, c, on(7305)); got != want || len(ended) < 10 || want == "nothing" {
		t.Errorf("without %d invoices that ended: %s, want %s", len(ended), got, want)
	}
}

// What is changed while a renewal's invoice is a draft is finalized sooner and takes of the
// renewal: it is not the past while that is not, as here after a lost dispute.
func TestPast_AChangeWaitsForTheRenewalThatItTakesOf(t *testing.T) {
	t.Parallel()
	year := func(n float64, price domain.PriceID) domain.Item { return has("si_1", price, 1, 365*n, 365*n+365) }
	a := tell(accountWith(ana), market,
		sub(0, "active", year(0, "price_m_year")), bill(0, "in_0", "paid", cycle("si_1", "price_m_year", 1, 14500, 0, 365)),
		sub(365, "active", year(1, "price_m_year")), bill(365.02, "in_change", "paid",
			line(domain.LineCredit, "si_1", "price_m_year", 1, -14499, 365.02, 730), line(domain.LineChange, "si_1", "price_team_year", 1, 20000, 365.02, 730)),
		sub(365.03, "active", year(1, "price_team_year")),
		with(bill(365.04, "in_1", "paid", cycle("si_1", "price_m_year", 1, 14500, 365, 730)), func(i *domain.Invoice) { i.CreatedAt = on(365) }),
		sub(366, "active", year(1, "price_team_year")), disputeOf(400, "pi_1", "lost"),
		sub(730, "active", year(2, "price_team_year")), bill(730, "in_3", "paid", cycle("si_1", "price_team_year", 1, 20000, 730, 1095)),
		sub(1095, "active", year(3, "price_team_year")), bill(1095, "in_4", "paid", cycle("si_1", "price_team_year", 1, 20000, 1095, 1096)),
		sub(1096, "canceled", year(3, "price_team_year")))
	ended, _ := a.LongEnded(market, domain.Closing{Latest: 1, For: time.Hour, Least: 1}, nil)
	if !slices.Equal(ended, []domain.InvoiceID{"in_0"}) {
		t.Errorf("%v have ended, want in_0 alone", ended)
	}
}

// A payment that is said to be of two invoices, or of a purchase too, may be told of again
// for either.
func TestPast_InvoicesThatShareAPaymentStay(t *testing.T) {
	t.Parallel()
	life := accountWith(ana, pendingOrder("o1", "pro"))
	life = after(life, subscriptionSays(updated, noon.Add(40*month), "active", inMonth(40)))
	for n := range 40 {
		life = after(life, invoiceSays(paid, n))
	}
	all, _ := life.LongEnded(shop, domain.UsualClosing, nil)
	invoiceID := func(n int) domain.InvoiceID { return domain.InvoiceID(fmt.Sprint("in_", n)) }
	intent := func(n int) domain.PaymentIntentID { return domain.PaymentIntentID(fmt.Sprint("pi_", n)) }
	for n := range 40 {
		life.InvoicePayments[intent(n)] = invoiceID(n)
	}
	for name, x := range map[string]struct {
		edit func(*domain.Account)
		stay []int
	}{
		"with another invoice": {func(a *domain.Account) {
			a.Charges["ch_x"] = domain.Charge{ID: "ch_x", PaymentIntent: intent(39), Invoice: invoiceID(3)}
		}, []int{3}},
		"with another of long ago": {func(a *domain.Account) {
			a.Charges["ch_x"] = domain.Charge{ID: "ch_x", PaymentIntent: intent(4), Invoice: invoiceID(3)}
		}, []int{3, 4}},
		"with a purchase": {func(a *domain.Account) {
			a.Payments[intent(5)] = domain.Payment{ID: intent(5), Order: "o1"}
		}, []int{5}},
	} {
		a := deepCopy(life)
		x.edit(&a)
		ended, _ := a.LongEnded(shop, domain.UsualClosing, nil)
		if len(ended) != len(all)-len(x.stay) {
			t.Errorf("%s: %d invoices have ended, want %d", name, len(ended), len(all)-len(x.stay))
		}
		for _, n := range x.stay {
			if slices.Contains(ended, invoiceID(n)) {
				t.Errorf("%s: invoice %d has ended", name, n)
			}
		}
	}
}

// Of a payment that no snapshot followed Stripe is asked what came of it: it is not the past.
func TestPast_PaymentsThatNoSnapshotFollowedStay(t *testing.T) {
	t.Parallel()
	a := accountWith(ana, pendingOrder("o1", "pro"))
	for n := range 40 {
		a = after(a, invoiceSays(paid, n))
	}
	ended := func(snapshot int) int {
		a := after(a, subscriptionSays(updated, noon.Add(time.Duration(snapshot)*month), "paused"))
		ended, _ := a.LongEnded(shop, domain.UsualClosing, nil)
		return len(ended)
	}
	if early, late := ended(20), ended(40); early != 20 || late != 28 {
		t.Errorf("%d invoices have ended before a snapshot after 20 months, %d before one after 40, want 20 and 28", early, late)
	}
}

// Whichever charge of an intent names the invoice, all of them go with it.
func TestPast_AllChargesOfAnIntentGoWithItsInvoice(t *testing.T) {
	t.Parallel()
	a := domain.NewAccount(ana)
	a.Invoices["in_1"] = domain.Invoice{ID: "in_1"}
	a.Charges["ch_1"] = domain.Charge{ID: "ch_1", PaymentIntent: "pi_1", Invoice: "in_1"}
	a.Charges["ch_2"] = domain.Charge{ID: "ch_2", PaymentIntent: "pi_1"}
	want := map[domain.Ref]bool{
		{Kind: domain.RefInvoice, ID: "in_1"}: true, {Kind: domain.RefPaymentIntent, ID: "pi_1"}: true,
		{Kind: domain.RefCharge, ID: "ch_1"}: true, {Kind: domain.RefCharge, ID: "ch_2"}: true,
	}
	for range 20 { // in whatever order they are gone through
		if got := a.NamesOfInvoices([]domain.InvoiceID{"in_1"}); !maps.Equal(got, want) {
			t.Fatalf("names %v, want %v", got, want)
		}
	}
}

// An old invoice that was never told does not open the past again, unless credits are about.
func TestPast_IsOpenedAgainByCreditsAlone(t *testing.T) {
	t.Parallel()
	credit := func(f *domain.InvoiceFact) {
		f.Invoice.Lines[0].Kind, f.Invoice.Lines[0].Amount = domain.LineCredit, -100
	}
	late := invoiceSays(paid, 3)
	lateCredit := invoiceSays(paid, 3, credit)
	plain := domain.Past{Until: noon.Add(30 * month)}
	credited := domain.Past{Until: noon.Add(30 * month), Credited: noon.Add(10 * month)}
	for name, x := range map[string]struct {
		past domain.Past
		fact domain.Fact
		want bool
	}{
		"a period among periods":        {plain, late, false},
		"a credit among periods":        {plain, lateCredit, true},
		"a period where credits are":    {credited, late, true},
		"a period after all of them":    {credited, invoiceSays(paid, 20), false},
		"a credit after the past":       {plain, invoiceSays(paid, 31, credit), false},
		"where nothing is apart":        {domain.Past{}, lateCredit, false},
		"what is not about any invoice": {credited, subscriptionSays(updated, noon, "active"), false},
	} {
		a := after(accountWith(ana, pendingOrder("o1", "pro")), subscriptionSays(updated, noon, "active"), x.fact)
		a.Past = map[domain.SubscriptionID]domain.Past{"sub_1": x.past}
		if got := a.Reopens(x.fact); got != x.want {
			t.Errorf("%s: %t, want %t", name, got, x.want)
		}
	}
}
