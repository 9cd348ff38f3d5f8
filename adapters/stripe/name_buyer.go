package stripe

import (
	"context"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// NameBuyer implements [ports.Buyers]. What the customer is called is asked first, so that
// nothing is written, and no event sent, where it is called so already.
func (g *Gateway) NameBuyer(ctx context.Context, r ports.BuyerRequest) error {
	c := call{
		does: "fetch customer with its name", method: http.MethodGet,
		path: stripe.FormatURLPath("/v1/customers/%s", string(r.Customer)), params: &stripe.CustomerParams{},
	}
	if !isID(string(r.Customer), "cus_") {
		return fmt.Errorf("%w: %s: that is not the id of a customer", ports.ErrNotFound, c.does)
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.send(ctx, c)
	if err != nil {
		return err
	}
	var customer struct {
		object
		Email word `json:"email"`
		Name  word `json:"name"`
	}
	switch {
	case !decode(got.body, &customer) || customer.Kind != kindCustomer || customer.ID != word(r.Customer):
		return unusable(c, got, "the answer is not the customer")
	case customer.Deleted:
		return fmt.Errorf("%w: %s: the customer was deleted", ports.ErrNotFound, c.does)
	case !madeFor(customer.Metadata.claim(), r):
		return nil
	}
	params := &stripe.CustomerParams{}
	if r.Buyer.Email != "" && r.Buyer.Email != string(customer.Email) {
		params.Email = stripe.String(r.Buyer.Email)
	}
	if r.Buyer.Name != "" && r.Buyer.Name != string(customer.Name) {
		params.Name = stripe.String(r.Buyer.Name)
	}
	if params.Email == nil && params.Name == nil {
		return nil
	}
	// It says how things are to be, so that it may be said twice: a key would have Stripe
	// repeat its answer of an hour ago to who is called as then again.
	_, err = g.send(ctx, call{does: "name customer", method: http.MethodPost, path: c.path, params: params})
	return err
}

// madeFor tells whether a customer was made for a user by us. Versions before deployments
// had names did not say which made it.
func madeFor(claim domain.Claim, r ports.BuyerRequest) bool {
	return claim.User == r.User && (claim.Deployment == "" || claim.Deployment == r.Deployment)
}
