package app

import (
	"context"
	"errors"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// This file asks for news that should have come and did not: silence is not a no. What
// Stripe says goes the webhook's way, and what is due next follows from it.

func (f *Fulfill) askExpected(ctx context.Context, subject domain.Ref) error {
	var facts []domain.Fact
	var err error
	switch subject.Kind {
	case domain.RefRenewal:
		facts, err = f.subscriptionNow(ctx, domain.SubscriptionID(subject.ID))
	case domain.RefCompletion:
		facts, err = f.checkoutNow(ctx, domain.OrderID(subject.ID))
	default:
		facts, err = f.invoiceNow(ctx, domain.InvoiceID(subject.ID))
	}
	if err != nil {
		return err
	}
	return f.Facts(ctx, facts...)
}

// subscriptionNow asks how a subscription is. Where nothing is overdue its status says
// enough; else what was paid for counts, and its invoices say that.
func (f *Fulfill) subscriptionNow(ctx context.Context, id domain.SubscriptionID) ([]domain.Fact, error) {
	subscription, err := asked(f, func() (domain.SubscriptionFact, error) { return f.gateway.FetchSubscription(ctx, id) })
	if err != nil {
		return nil, err
	}
	facts := []domain.Fact{subscription}
	if status := subscription.Snapshot.Status; status == domain.StatusPastDue || status == domain.StatusUnpaid {
		invoices, err := asked(f, func() ([]domain.InvoiceFact, error) { return f.gateway.FetchInvoices(ctx, id) })
		if err != nil {
			return nil, err
		}
		for _, invoice := range invoices {
			facts = append(facts, invoice)
		}
	}
	return facts, nil
}

// invoiceNow asks how an invoice is; of one that is still open, what that means for its
// subscription.
func (f *Fulfill) invoiceNow(ctx context.Context, id domain.InvoiceID) ([]domain.Fact, error) {
	invoice, err := asked(f, func() (domain.InvoiceFact, error) { return f.gateway.FetchInvoice(ctx, id) })
	if err != nil {
		return nil, err
	}
	facts := []domain.Fact{invoice}
	if invoice.Invoice.Status == domain.InvoiceOpen && invoice.Invoice.Subscription != "" {
		subscription, err := asked(f, func() (domain.SubscriptionFact, error) {
			return f.gateway.FetchSubscription(ctx, invoice.Invoice.Subscription)
		})
		if err != nil {
			return nil, err
		}
		facts = append(facts, subscription)
	}
	return facts, nil
}

// checkoutNow asks how the checkout of an order is.
func (f *Fulfill) checkoutNow(ctx context.Context, id domain.OrderID) ([]domain.Fact, error) {
	order, _, err := f.store.Order(ctx, id)
	if errors.Is(err, ports.ErrNotFound) || err == nil && order.Session == "" {
		return nil, nil // there is nothing to ask about
	}
	if err != nil {
		return nil, err
	}
	return asked(f, func() ([]domain.Fact, error) { return f.gateway.FetchSession(ctx, order.Session) })
}
