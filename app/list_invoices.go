package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ListInvoices answers what a user was billed, by asking Stripe: its pages and documents
// are nowhere else.
type ListInvoices struct {
	states  *sharedReads[domain.UserID, ports.State]
	gateway ports.Gateway
}

// NewListInvoices returns the use case.
func NewListInvoices(store ports.Store, gateway ports.Gateway) *ListInvoices {
	return &ListInvoices{newSharedReads(store.State), gateway}
}

// mostCustomers bounds the calls for one user: one whose customer was replaced more often
// is shown the invoices of the last ones.
const mostCustomers = 4

// InvoiceList are the newest invoices of a user, the newest first.
type InvoiceList struct {
	Customer domain.CustomerID // the user's own now; empty: there is none
	Invoices []ports.IssuedInvoice
}

// Do lists the newest invoices of all customers that are or were the user's, at most limit.
// Of a user without a customer there are none, and nobody is asked. Errors: those of the
// gateway.
func (l *ListInvoices) Do(ctx context.Context, user domain.UserID, limit int) (InvoiceList, error) {
	state, err := l.states.do(ctx, user)
	if err != nil {
		return InvoiceList{}, fmt.Errorf("read what is known of the user: %w", err)
	}
	account := state.Account
	list := InvoiceList{Customer: account.Customer}
	for _, customer := range customersOf(account) {
		issued, err := l.gateway.IssuedInvoices(ctx, customer, limit)
		if errors.Is(err, ports.ErrNotFound) {
			continue // it was deleted, or is another account's: there is nothing to show
		}
		if err != nil {
			return InvoiceList{}, fmt.Errorf("list the invoices of customer %s: %w", customer, err)
		}
		list.Invoices = append(list.Invoices, issued...)
	}
	slices.SortFunc(list.Invoices, func(a, b ports.IssuedInvoice) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	list.Invoices = list.Invoices[:min(len(list.Invoices), limit)]
	return list, nil
}

// customersOf are the customers that are or were the user's, the present one first.
func customersOf(a domain.Account) []domain.CustomerID {
	var all []domain.CustomerID
	if a.Customer != "" {
		all = append(all, a.Customer)
	}
	for _, former := range a.FormerCustomers {
		if former != a.Customer && len(all) < mostCustomers {
			all = append(all, former)
		}
	}
	return all
}
