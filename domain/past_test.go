package domain_test

import (
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
