package stripe

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// madeSession is a session with what only an order that is made again needs of it.
type madeSession struct {
	object
	SuccessURL address `json:"success_url"`
	CancelURL  address `json:"cancel_url"`
	Locale     word    `json:"locale"`
	ExpiresAt  number  `json:"expires_at"`
	Items      struct {
		Data []struct {
			Price    itemPrice `json:"price"`
			Quantity number    `json:"quantity"`
		} `json:"data"`
	} `json:"line_items"`
}

// FetchMade implements [ports.Gateway].
func (g *Gateway) FetchMade(ctx context.Context, id domain.CustomerID) (ports.Made, error) {
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	made, err := g.fetchMaker(ctx, id)
	if err != nil {
		return ports.Made{}, err
	}
	params := &stripe.CheckoutSessionListParams{Customer: stripe.String(string(id))}
	params.AddExpand("data.line_items")
	c := call{does: "list checkout sessions", method: http.MethodGet, path: "/v1/checkout/sessions", params: params}
	err = list(ctx, g, c, &params.ListParams, func(s madeSession) word { return s.ID }, func(page []madeSession, got answer) error {
		for i := range page {
			if page[i].Kind != kindSession || !isID(string(page[i].ID), "cs_") {
				return unusable(c, got, "there is another kind of object in the list")
			}
			made.Checkouts = append(made.Checkouts, page[i].checkout(got))
		}
		return nil
	})
	slices.Reverse(made.Checkouts) // Stripe has the newest first, and knows no less than seconds
	slices.SortStableFunc(made.Checkouts, func(a, b ports.Checkout) int { return a.Order.CreatedAt.Compare(b.Order.CreatedAt) })
	return made, err
}

func (g *Gateway) fetchMaker(ctx context.Context, id domain.CustomerID) (ports.Made, error) {
	c := call{
		does: "fetch customer with what it was made for", method: http.MethodGet,
		path: stripe.FormatURLPath("/v1/customers/%s", string(id)), params: &stripe.CustomerParams{},
	}
	if !isID(string(id), "cus_") {
		return ports.Made{}, fmt.Errorf("%w: %s: that is not the id of a customer", ports.ErrNotFound, c.does)
	}
	got, err := g.ask(ctx, c)
	if err != nil {
		return ports.Made{}, err
	}
	customer := readObject(got.body)
	if customer.Kind != kindCustomer || customer.ID != word(id) {
		return ports.Made{}, unusable(c, got, "the answer is not the customer")
	}
	claim := customer.Metadata.claim()
	claim.Customer = id
	return ports.Made{Claim: claim, Deleted: customer.Deleted}, nil
}

func (s *madeSession) checkout(got answer) ports.Checkout {
	fact := readSession(&s.object, domain.TypeFetched, got.askedAt)
	order := domain.Order{
		ID: domain.OrderID(s.Metadata.OrderID), Plan: domain.PlanKey(s.Metadata.Plan), Price: domain.PriceKey(s.Metadata.Price),
		Mode: fact.Mode, Quantity: 1, Status: domain.OrderPending,
		Subtotal: fact.Subtotal, Currency: fact.Currency, CurrencyChosen: s.Metadata.Currency != "" && string(s.Metadata.Currency) == fact.Currency,
		SuccessURL: string(s.SuccessURL), CancelURL: string(s.CancelURL), Locale: string(s.Locale),
		ExpiresAt: s.ExpiresAt.time(), CreatedAt: s.Created.time(),
	}
	// What we make sells one thing. A session that sells several is none of ours, and
	// names no price here.
	if len(s.Items.Data) == 1 {
		item := s.Items.Data[0]
		order.PriceID = domain.PriceID(item.Price.id)
		order.Quantity = max(cmp.Or(item.Quantity.value, 1), 1)
	}
	return ports.Checkout{
		Claim: domain.ClaimOf(fact), Fact: fact, Order: order.WithSession(fact), PriceClaimed: domain.PriceID(s.Metadata.PriceID),
	}
}
