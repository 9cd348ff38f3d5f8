package stripe

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// previewVersion still has the call for previews that v76 has parameters of: basil took it
// away for another one.
const previewVersion = stripe.APIVersion

// previewed is an invoice that is not there yet.
type previewed struct {
	Kind      word   `json:"object"`
	Currency  word   `json:"currency"`
	Total     number `json:"total"`
	AmountDue number `json:"amount_due"`
	PeriodEnd number `json:"period_end"`
	Lines     struct {
		Data []previewedLine `json:"data"`
		More bool            `json:"has_more"`
	} `json:"lines"`
}

type previewedLine struct {
	line
	Description address `json:"description"` // as long as Stripe lets it be
}

// PreviewChange implements [ports.Gateway]. Stripe previews one invoice: that of the change
// if there is one, and else the next. So it is asked a second time for the next, as it is
// if the change itself costs nothing. By a schedule, the next is what is planned.
func (g *Gateway) PreviewChange(ctx context.Context, r ports.PreviewRequest) (ports.ChangePreview, error) {
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	sub, err := g.subscriptionNow(ctx, r.Subscription)
	if err != nil {
		return ports.ChangePreview{}, err
	}
	if fault := faultOf(r.Change); fault != "" {
		return ports.ChangePreview{}, refused(call{does: "preview change"}, fault)
	}
	var p ports.ChangePreview
	if !r.AtPeriodEnd && r.Kind != ports.ItemRemoved { // which costs nothing, and gives nothing back
		if p, err = g.previewNow(ctx, r, sub); err != nil || p.Now == nil {
			return p, err
		}
	}
	later, now, err := g.preview(ctx, r, sub, noProration)
	switch {
	case err != nil || later == nil || sub.schedule != "":
		return p, err
	case r.AtPeriodEnd && now: // another interval, which the next period begins with
		later.At = sub.nextEnd()
		for i := range later.Lines {
			later.Lines[i].From, later.Lines[i].Until = time.Time{}, time.Time{}
		}
	case p.Now != nil && (now || hasProration(later.Lines)):
		// It is of the change again; or what had waited for it is paid for now.
		return p, nil
	}
	p.Later = later
	return p, nil
}

// previewNow is what a change would cost at once; if that is nothing, the next invoice.
func (g *Gateway) previewNow(ctx context.Context, r ports.PreviewRequest, sub subscriptionNow) (ports.ChangePreview, error) {
	invoice, now, err := g.preview(ctx, r, sub, alwaysInvoice)
	switch {
	case err != nil:
		return ports.ChangePreview{}, err
	case now:
		return ports.ChangePreview{Now: invoice}, nil
	case sub.schedule != "":
		return ports.ChangePreview{}, nil
	default:
		return ports.ChangePreview{Later: invoice}, nil
	}
}

func hasProration(lines []ports.PreviewLine) bool {
	return slices.ContainsFunc(lines, func(l ports.PreviewLine) bool { return l.Proration })
}

// preview is one invoice, nil if there will be none, and whether it is made at once.
func (g *Gateway) preview(ctx context.Context, r ports.PreviewRequest, sub subscriptionNow, behavior string) (*ports.InvoicePreview, bool, error) {
	params := &stripe.InvoiceUpcomingParams{
		Subscription:                  stripe.String(string(r.Subscription)),
		SubscriptionItems:             []*stripe.SubscriptionItemsParams{itemParams(r.Change)},
		SubscriptionProrationBehavior: stripe.String(behavior),
		SubscriptionProrationDate:     stripe.Int64(r.At.Unix()),
	}
	c := call{does: "preview change", method: http.MethodGet, path: "/v1/invoices/upcoming", params: params, version: previewVersion}
	if behavior == noProration {
		params.SubscriptionProrationDate = nil
	}
	got, err := g.send(ctx, c)
	if errors.Is(err, errNoneUpcoming) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	var invoice previewed
	if !decode(got.body, &invoice) || invoice.Kind != kindInvoice || !invoice.Total.given || !invoice.AmountDue.given {
		return nil, false, unusable(c, got, "the answer is not an invoice")
	}
	if invoice.Lines.More {
		if invoice.Lines.Data, err = g.previewLines(ctx, params); err != nil {
			return nil, false, err
		}
	}
	read := invoice.read()
	return read, read.At.Before(sub.nextEnd()), nil
}

// previewLines asks for the lines of a preview that has too many to come with it.
func (g *Gateway) previewLines(ctx context.Context, of *stripe.InvoiceUpcomingParams) ([]previewedLine, error) {
	item := of.SubscriptionItems[0]
	params := &stripe.InvoiceUpcomingLinesParams{
		Subscription: of.Subscription, SubscriptionProrationBehavior: of.SubscriptionProrationBehavior, SubscriptionProrationDate: of.SubscriptionProrationDate,
		SubscriptionItems: []*stripe.InvoiceUpcomingLinesSubscriptionItemParams{{ID: item.ID, Price: item.Price, Quantity: item.Quantity, Deleted: item.Deleted}},
	}
	c := call{does: "list lines of a preview", method: http.MethodGet, path: "/v1/invoices/upcoming/lines", params: params, version: previewVersion}
	var all []previewedLine
	err := list(ctx, g, c, &params.ListParams, func(l previewedLine) word { return l.ID }, func(page []previewedLine, _ answer) error {
		all = append(all, page...)
		return nil
	})
	return all, err
}

func (p previewed) read() *ports.InvoicePreview {
	read := &ports.InvoicePreview{
		Currency: string(p.Currency), Total: p.Total.value, AmountDue: max(p.AmountDue.value, 0), At: p.PeriodEnd.time(),
	}
	for _, l := range p.Lines.Data {
		one := l.read(0)
		read.Lines = append(read.Lines, ports.PreviewLine{
			Description: string(l.Description), Price: one.Price, Quantity: one.Quantity, Amount: one.Amount,
			Proration: one.Kind == domain.LineChange || one.Kind == domain.LineCredit, From: one.From, Until: one.Until,
		})
	}
	return read
}
