package stripe

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"unicode/utf8"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Names of our ids in the metadata of everything that we make.
const (
	metaOrder      = "order_id"
	metaUser       = "user_id"
	metaPlan       = "plan"
	metaPrice      = "price"
	metaPriceID    = "price_id"
	metaCurrency   = "currency" // that was chosen
	metaDeployment = "deployment"
)

// maxMetadata is Stripe's bound of a metadata value, in characters.
const maxMetadata = 500

// CreateCustomer implements [ports.Gateway]. What the buyer is called is said afterwards,
// as it may change: the same key has to come with the same parameters.
func (g *Gateway) CreateCustomer(ctx context.Context, r ports.CustomerRequest) (domain.CustomerID, error) {
	c := call{
		does: "create customer", method: http.MethodPost, path: "/v1/customers", key: r.IdempotencyKey,
		params: &stripe.CustomerParams{Metadata: ours(map[string]string{
			metaUser: string(r.User), metaDeployment: string(r.Deployment),
		})},
	}
	if err := checkCreate(c, string(r.User)); err != nil {
		return "", err
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.send(ctx, c)
	if err != nil {
		return "", err
	}
	customer := readObject(got.body)
	if customer.Kind != kindCustomer || !isID(string(customer.ID), "cus_") {
		return "", unusable(c, got, "the answer is not a customer")
	}
	return domain.CustomerID(customer.ID), nil
}

// ours is metadata without what is empty, which Stripe takes for unset.
func ours(all map[string]string) map[string]string {
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// checkCreate refuses what would make something that we could not find again, or
// make it twice.
func checkCreate(c call, ids ...string) error {
	if c.key == "" {
		return refused(c, "there is no idempotency key")
	}
	for _, id := range ids {
		if id == "" || utf8.RuneCountInString(id) > maxMetadata {
			return refused(c, "an id of ours is empty or does not fit into metadata")
		}
	}
	return nil
}

// FetchCustomer implements [ports.Gateway].
func (g *Gateway) FetchCustomer(ctx context.Context, id domain.CustomerID) (deleted bool, err error) {
	c := call{
		does: "fetch customer", method: http.MethodGet,
		path: stripe.FormatURLPath("/v1/customers/%s", string(id)), params: &stripe.CustomerParams{},
	}
	if !isID(string(id), "cus_") {
		return false, fmt.Errorf("%w: %s: that is not the id of a customer", ports.ErrNotFound, c.does)
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.send(ctx, c)
	if err != nil {
		return false, err
	}
	var customer struct {
		ID      word `json:"id"`
		Kind    word `json:"object"`
		Deleted bool `json:"deleted"`
	}
	if !decode(got.body, &customer) || customer.Kind != kindCustomer || customer.ID != word(id) {
		return false, unusable(c, got, "the answer is not the customer")
	}
	return customer.Deleted, nil
}
