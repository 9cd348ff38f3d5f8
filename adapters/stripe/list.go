package stripe

import (
	"context"

	"github.com/stripe/stripe-go/v76"
)

const (
	perPage  = 100 // Stripe's bound
	maxPages = 10  // this only ends a loop
)

// page is a part of one of Stripe's lists.
type page[T any] struct {
	Kind word `json:"object"`
	Data []T  `json:"data"`
	More bool `json:"has_more"`
}

// list asks for a list page by page, and hands over what is in each. Position is where
// the call's parameters say where to go on; id is the name to go on after.
func list[T any](
	ctx context.Context, g *Gateway, c call, position *stripe.ListParams, id func(T) word, take func([]T, answer) error,
) error {
	position.Limit = stripe.Int64(perPage)
	var got answer
	for range maxPages {
		var err error
		if got, err = g.ask(ctx, c); err != nil {
			return err
		}
		var p page[T]
		if !decode(got.body, &p) || p.Kind != "list" || p.More && len(p.Data) == 0 {
			return unusable(c, got, "the answer is not a list")
		}
		if err := take(p.Data, got); err != nil {
			return err
		}
		if !p.More {
			return nil
		}
		last := id(p.Data[len(p.Data)-1])
		if last == "" {
			break // there is no asking for what comes after it
		}
		position.StartingAfter = stripe.String(string(last))
	}
	return unusable(c, got, "the list has no end that can be reached")
}

// listObjects is list for objects of one kind, each with an id.
func listObjects(
	ctx context.Context, g *Gateway, c call, position *stripe.ListParams, kind word, take func(*object, answer) error,
) error {
	return list(ctx, g, c, position, func(o object) word { return o.ID }, func(page []object, got answer) error {
		for i := range page {
			if page[i].Kind != kind || page[i].ID == "" {
				return unusable(c, got, "there is another kind of object in the list")
			}
			if err := take(&page[i], got); err != nil {
				return err
			}
		}
		return nil
	})
}
