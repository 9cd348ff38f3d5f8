package sandbox_test

import (
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

// Ensure that a product is deleted unless it has a price.
func TestProduct_IsDeletedUnlessItHasAPrice(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	made, err := s.api.Products.New(&stripe.ProductParams{Name: stripe.String("Mistake")})
	s.ok(err)
	var gone *stripe.Product
	if got := s.after(func() { gone, err = s.api.Products.Del(made.ID, nil) }); err != nil || got != "product.deleted" {
		t.Errorf("got %v, %v", got, err)
	}
	if !gone.Deleted || gone.ID != made.ID {
		t.Errorf("got %+v", gone)
	}
	stripespec.Validate(t, "deleted_product", gone.LastResponse.RawJSON)
	if last := s.event("product.deleted"); last.GetObjectValue("name") != "Mistake" {
		t.Errorf("the event has %v", last.Data.Object)
	}
	_, err = s.api.Products.Get(made.ID, nil)
	if e := refusal(t, err); e.Code != "resource_missing" || e.HTTPStatusCode != 404 {
		t.Errorf("got %+v", e)
	}
	_, err = s.api.Products.Del(made.ID, nil)
	if e := refusal(t, err); e.Code != "resource_missing" || e.HTTPStatusCode != 404 {
		t.Errorf("got %+v", e)
	}
	sold, err := s.api.Prices.Get(s.once, nil)
	s.ok(err)
	if got := s.after(func() { _, err = s.api.Products.Del(sold.Product.ID, nil) }); got != "" {
		t.Errorf("got %v", got)
	}
	if e := refusal(t, err); e.Type != "invalid_request_error" {
		t.Errorf("got %+v", e)
	}
}
