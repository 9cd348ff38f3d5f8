package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// SetInvoice makes Stripe have an invoice as it is given. Its Type and At do not
// matter, and all of its lines are those given.
func (g *Gateway) SetInvoice(i domain.InvoiceFact) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.invoices[i.Invoice.ID] = cloneInvoice(i)
}

func cloneInvoice(i domain.InvoiceFact) domain.InvoiceFact {
	i.PaidWith, i.Invoice.Lines = slices.Clone(i.PaidWith), slices.Clone(i.Invoice.Lines)
	return i
}

// FetchInvoice implements [ports.Gateway].
func (g *Gateway) FetchInvoice(ctx context.Context, id domain.InvoiceID) (domain.InvoiceFact, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return domain.InvoiceFact{}, err
	}
	i, known := g.invoices[id]
	if !known {
		return domain.InvoiceFact{}, ports.ErrNotFound
	}
	return g.fetchedInvoice(i), nil
}

// FetchInvoices implements [ports.Gateway].
func (g *Gateway) FetchInvoices(ctx context.Context, subscription domain.SubscriptionID) ([]domain.InvoiceFact, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return nil, err
	}
	var facts []domain.InvoiceFact
	for _, i := range g.invoices {
		if subscription != "" && i.Invoice.Subscription == subscription {
			facts = append(facts, g.fetchedInvoice(i))
		}
	}
	slices.SortFunc(facts, func(a, b domain.InvoiceFact) int {
		return cmp.Or(b.Invoice.CreatedAt.Compare(a.Invoice.CreatedAt), cmp.Compare(b.Invoice.ID, a.Invoice.ID))
	})
	return facts[:min(len(facts), ports.InvoicesFetched)], nil
}

func (g *Gateway) fetchedInvoice(i domain.InvoiceFact) domain.InvoiceFact {
	i = cloneInvoice(i)
	i.Type, i.At, i.Invoice.Complete = domain.TypeFetched, g.now(), true
	return i
}
