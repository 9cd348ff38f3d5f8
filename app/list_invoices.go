package app

import (
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
// Of a user without a customer there are none, and nobody is asked. Errors:
// [ErrProviderMismatch], and those of the gateway.
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
			if err = l.nothingToShow(ctx, account, customer); err == nil {
				continue
			}
		}
		if err != nil {
			return InvoiceList{}, fmt.Errorf("list the invoices of customer %s: %w", customer, err)
		}
		list.Invoices = append(list.Invoices, issued...)
	}
	// Of those of one second Stripe knows which is newer.
	slices.SortStableFunc(list.Invoices, func(a, b ports.IssuedInvoice) int { return b.CreatedAt.Compare(a.CreatedAt) })
	list.Invoices = list.Invoices[:min(len(list.Invoices), limit)]
	return list, nil
}

// nothingToShow tells whether a customer that Stripe does not know has no invoices, by an
// error if that is not so: the customer that something was bought with is another account's
// then, unless Stripe itself calls it deleted. Who never paid is shown that there are none.
func (l *ListInvoices) nothingToShow(ctx context.Context, a domain.Account, customer domain.CustomerID) error {
	if customer != a.Customer || !hasBought(a) {
		return nil
	}
	deleted, err := l.gateway.FetchCustomer(ctx, customer)
	switch {
	case err != nil && !errors.Is(err, ports.ErrNotFound):
		return err
	case deleted:
		return nil
	default:
		return ErrProviderMismatch
	}
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
