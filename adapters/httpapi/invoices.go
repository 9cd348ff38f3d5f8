package httpapi

import (
	"context"

	"github.com/entitled-dev/entitled/ports"
)

// ListInvoices implements GET /api/invoices.
func (s *Server) ListInvoices(ctx context.Context, r ListInvoicesRequestObject) (ListInvoicesResponseObject, error) {
	user, err := forUser(ctx, r.Params.UserID)
	if err != nil {
		return nil, err
	}
	limit, err := limitOf(r.Params.Limit)
	if err != nil {
		return nil, err
	}
	if err := s.limit.take(limitKey(ctx, string(user))); err != nil {
		return nil, err
	}
	list, err := s.deps.ListInvoices.Do(ctx, user, limit)
	if err != nil {
		return nil, err
	}
	told := ListInvoices200JSONResponse{
		UserID: string(user), CustomerID: unlessUser(ctx, list.Customer), Invoices: make([]Invoice, len(list.Invoices)),
	}
	for n, issued := range list.Invoices {
		told.Invoices[n] = invoiceJSON(issued)
	}
	return told, nil
}

func invoiceJSON(i ports.IssuedInvoice) Invoice {
	return Invoice{
		ID: string(i.ID), Number: orNull(i.Number), Status: InvoiceStatus(i.Status), Currency: i.Currency,
		Total: i.Total, AmountDue: i.AmountDue, AmountPaid: i.AmountPaid,
		CreatedAt: i.CreatedAt.UTC(), DueAt: moment(i.DueAt), PaidAt: moment(i.PaidAt),
		PeriodStart: moment(i.PeriodStart), PeriodEnd: moment(i.PeriodEnd),
		SubscriptionID: orNull(i.Subscription), HostedURL: orNull(i.HostedURL), Pdf: orNull(i.PDF),
	}
}
