package domain_test

import (
	"maps"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
)

func equal(a, b domain.Account) bool { return cmp.Equal(a, b, sameAccount) }

func deepCopy(a domain.Account) domain.Account {
	c := a
	c.FormerCustomers, c.DeletedCustomers = slices.Clone(a.FormerCustomers), slices.Clone(a.DeletedCustomers)
	c.CustomerAccounts, c.Meanings = slices.Clone(a.CustomerAccounts), maps.Clone(a.Meanings)
	c.Orders, c.Payments = maps.Clone(a.Orders), maps.Clone(a.Payments)
	c.InvoicePayments, c.Charges = maps.Clone(a.InvoicePayments), maps.Clone(a.Charges)
	c.Refunds, c.Disputes, c.Grants = maps.Clone(a.Refunds), maps.Clone(a.Disputes), maps.Clone(a.Grants)
	c.Subscriptions = map[domain.SubscriptionID]domain.Subscription{}
	for id, s := range a.Subscriptions {
		s.Items = slices.Clone(s.Items)
		c.Subscriptions[id] = s
	}
	c.Invoices = map[domain.InvoiceID]domain.Invoice{}
	for id, i := range a.Invoices {
		i.Lines = slices.Clone(i.Lines)
		c.Invoices[id] = i
	}
	c.CreditNotes = map[domain.CreditNoteID]domain.CreditNote{}
	for id, n := range a.CreditNotes {
		n.Lines, n.Refunds = slices.Clone(n.Lines), slices.Clone(n.Refunds)
		c.CreditNotes[id] = n
	}
	c.Past = maps.Clone(a.Past)
	return c
}

func deepCopyFact(f domain.Fact) domain.Fact {
	switch f := f.(type) {
	case domain.SubscriptionFact:
		f.Snapshot.Items = slices.Clone(f.Snapshot.Items)
		return f
	case domain.InvoiceFact:
		f.Invoice.Lines, f.PaidWith = slices.Clone(f.Invoice.Lines), slices.Clone(f.PaidWith)
		return f
	case domain.CreditNoteFact:
		f.CreditNote.Lines, f.CreditNote.Refunds = slices.Clone(f.CreditNote.Lines), slices.Clone(f.CreditNote.Refunds)
		return f
	}
	return f
}

func deepCopyCatalog(c domain.Catalog) domain.Catalog {
	c.Features, c.Plans = maps.Clone(c.Features), maps.Clone(c.Plans)
	for key, p := range c.Plans {
		p.Prices, p.Grants = slices.Clone(p.Prices), maps.Clone(p.Grants)
		p.TrialGrants, p.PastDueGrants = maps.Clone(p.TrialGrants), maps.Clone(p.PastDueGrants)
		c.Plans[key] = p
	}
	return c
}
