package stripe

import (
	"context"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ListObjects implements [ports.Gateway].
func (g *Gateway) ListObjects(ctx context.Context, of ports.ListedKind, from time.Time, after string) (ports.ObjectPage, error) {
	since := &stripe.RangeQueryParams{GreaterThanOrEqual: unix(from)}
	c := call{does: "list objects of the kind " + string(of), method: http.MethodGet, belonging: true}
	var position *stripe.ListParams
	switch of {
	case ports.ListedSubscriptions:
		params := &stripe.SubscriptionListParams{CreatedRange: since, Status: stripe.String("all")}
		c.path, c.params, position = "/v1/subscriptions", params, &params.ListParams
	case ports.ListedRefunds:
		params := &stripe.RefundListParams{CreatedRange: since}
		c.path, c.params, position = "/v1/refunds", params, &params.ListParams
	case ports.ListedDisputes:
		params := &stripe.DisputeListParams{CreatedRange: since}
		c.path, c.params, position = "/v1/disputes", params, &params.ListParams
	case ports.ListedCreditNotes:
		params := &stripe.CreditNoteListParams{CreatedRange: since}
		c.path, c.params, position = "/v1/credit_notes", params, &params.ListParams
	default:
		return ports.ObjectPage{}, refused(c, "there is no such kind")
	}
	objects, got, err := onePage[object](ctx, g, c, position, after)
	if err != nil {
		return ports.ObjectPage{}, err
	}
	var listed ports.ObjectPage
	var last word
	for i := range objects.Data {
		o := &objects.Data[i]
		if o.Kind != word(of) || o.ID == "" {
			return ports.ObjectPage{}, unusable(c, got, "there is another kind of object in the list")
		}
		fact, err := g.listedObject(ctx, o, got)
		if err != nil {
			return ports.ObjectPage{}, err
		}
		listed.Facts = append(listed.Facts, fact)
		last = o.ID
	}
	if objects.More {
		listed.Next = string(last)
	}
	return listed, nil
}

// listedObject makes a fact of an object, and asks for what a list leaves out of it.
func (g *Gateway) listedObject(ctx context.Context, o *object, got answer) (domain.Fact, error) {
	var err error
	switch {
	case o.Kind == kindSubscription:
		return g.fetchedSubscription(ctx, o, got)
	case o.Kind == kindCreditNote && !o.Lines.complete():
		o.Lines, err = g.linesOfNote(ctx, string(o.ID))
	}
	return kinds[o.Kind](o, domain.TypeFetched, got.askedAt), err
}

// onePage asks for one page of a list, when its turn has come.
func onePage[T any](ctx context.Context, g *Gateway, c call, position *stripe.ListParams, after string) (page[T], answer, error) {
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	position.Limit = stripe.Int64(perPage)
	if after != "" {
		position.StartingAfter = stripe.String(after)
	}
	var p page[T]
	got, err := g.inTurn(ctx, g.listings, c)
	if err != nil {
		return p, got, err
	}
	if !decode(got.body, &p) || p.Kind != "list" || p.More && len(p.Data) == 0 {
		return p, got, unusable(c, got, "the answer is not a list")
	}
	return p, got, nil
}
