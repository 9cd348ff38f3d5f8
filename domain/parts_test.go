package domain_test

import (
	stdcmp "cmp"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/domain/domaintest"
)

// Whoever is told of a purchase and knows nothing of the others comes to the same end.
func TestParts_AreAllThatAFactIsAbout(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := domaintest.Histories(ana).Draw(t, "history")
		toldByParts(t, h.Account.Learn(shop), domaintest.Deliver(t, h.Facts...))
	})
	rapid.Check(t, func(t *rapid.T) {
		toldByParts(t, arbitraryAccount.Learn(shop), rapid.SliceOfN(arbitraryFacts, 0, 12).Draw(t, "facts"))
	})
}

// toldByParts tells an account and parts of it the same, and compares after each fact.
func toldByParts(t *rapid.T, whole domain.Account, facts []domain.Fact) {
	for _, fact := range facts {
		part := whole
		if names := append(fact.Refs(), domain.Names(fact)...); !domain.AboutAll(fact) {
			part = whole.Part(names)
		}
		had := deepCopy(part)
		after, verdict := domain.Record(whole, fact, shop)
		got := part.Join(fact, shop)
		if !maps.Equal(part.Meanings, had.Meanings) {
			// What a price means is of all purchases: such a fact is told to the whole account.
			part, had = deepCopy(whole), whole
			got = part.Join(fact, shop)
		}
		wantSame(t, "verdict", got, verdict)
		if got.Outcome == domain.OutcomeIgnored && !got.Kept {
			continue
		}
		wantSame(t, "the account", merged(whole, part), after)
		wantSame(t, "what is given", replaced(domain.Entitlements(whole, shop), had, part), domain.Entitlements(after, shop))
		wantSame(t, "expected of the part", newsOf(part), newsAbout(part, after))
		whole = after
	}
	wantApart(t, whole)
}

// merged is an account with what a part of it has become.
func merged(whole, part domain.Account) domain.Account {
	all := deepCopy(whole)
	for _, facts := range []func(*domain.Account, domain.Account){
		func(a *domain.Account, b domain.Account) { maps.Copy(a.Orders, b.Orders) },
		func(a *domain.Account, b domain.Account) { maps.Copy(a.Subscriptions, b.Subscriptions) },
		func(a *domain.Account, b domain.Account) { maps.Copy(a.Payments, b.Payments) },
		func(a *domain.Account, b domain.Account) { maps.Copy(a.Invoices, b.Invoices) },
		func(a *domain.Account, b domain.Account) { maps.Copy(a.InvoicePayments, b.InvoicePayments) },
		func(a *domain.Account, b domain.Account) { maps.Copy(a.Charges, b.Charges) },
		func(a *domain.Account, b domain.Account) { maps.Copy(a.Refunds, b.Refunds) },
		func(a *domain.Account, b domain.Account) { maps.Copy(a.Disputes, b.Disputes) },
		func(a *domain.Account, b domain.Account) { maps.Copy(a.CreditNotes, b.CreditNotes) },
		func(a *domain.Account, b domain.Account) { maps.Copy(a.Grants, b.Grants) },
	} {
		facts(&all, part)
	}
	all.Customer, all.CustomerKey, all.Meanings = part.Customer, part.CustomerKey, part.Meanings
	all.FormerCustomers, all.DeletedCustomers, all.CustomerAccounts = part.FormerCustomers, part.DeletedCustomers, part.CustomerAccounts
	return all
}

// replaced are entitlements with those of a part replaced by what that has become.
func replaced(entitlements []domain.Entitlement, was, is domain.Account) []domain.Entitlement {
	all := slices.DeleteFunc(slices.Clone(entitlements), func(e domain.Entitlement) bool { return was.Gives(e.Source) })
	all = append(all, domain.Entitlements(is, shop)...)
	slices.SortFunc(all, domain.CompareEntitlements)
	return all
}

func newsOf(a domain.Account) []domain.Expectation { return inOrder(a.Expectations()) }

// newsAbout are the news that an account expects of what is in a part of it.
func newsAbout(part, whole domain.Account) []domain.Expectation {
	return inOrder(slices.DeleteFunc(whole.Expectations(), func(e domain.Expectation) bool {
		_, order := part.Orders[domain.OrderID(e.Subject.ID)]
		_, subscription := part.Subscriptions[domain.SubscriptionID(e.Subject.ID)]
		_, invoice := part.Invoices[domain.InvoiceID(e.Subject.ID)]
		for _, i := range part.Invoices { // of which nothing but invoices may be told
			subscription = subscription || e.Subject == (domain.Ref{Kind: domain.RefRenewal, ID: string(i.Subscription)})
		}
		return !order && !subscription && !invoice
	}))
}

func inOrder(news []domain.Expectation) []domain.Expectation {
	slices.SortFunc(news, func(a, b domain.Expectation) int {
		return stdcmp.Or(stdcmp.Compare(a.Subject.Kind, b.Subject.Kind), stdcmp.Compare(a.Subject.ID, b.Subject.ID))
	})
	return news
}

// wantApart wants the parts of an account to be all of it together, and each name to be
// of one.
func wantApart(t *rapid.T, whole domain.Account) {
	var all []domain.Entitlement
	sum := whole.Part(nil)
	parts, seen := whole.Parts(), map[int]bool{}
	for _, name := range whole.Refs() {
		n, known := parts.Of(name)
		if !known || seen[n] {
			continue
		}
		seen[n] = true
		part := whole.Part([]domain.Ref{name})
		for _, other := range part.Refs() {
			if m, known := parts.Of(other); known && m != n {
				t.Errorf("%v is of the part of %v, and of another", other, name)
			}
		}
		sum = merged(sum, part)
		all = append(all, domain.Entitlements(part, shop)...)
	}
	slices.SortFunc(all, domain.CompareEntitlements)
	wantSame(t, "all parts", sum, whole)
	wantSame(t, "what all parts give", all, domain.Entitlements(whole, shop))
}
