package entitled

import (
	"context"
	"net/url"
	"strconv"
)

// Plans are what is for sale, the same for everybody.
func (c *Client) Plans(ctx context.Context) (Plans, error) {
	return c.plans(ctx, request{method: "GET", path: []string{"api", "plans"}})
}

// PlansIn are what is for sale with amounts in a currency, where a price has it, and with the
// total of so many units, in minor units before discounts and tax. An empty currency leaves
// prices in their own, and a quantity of 0 has no totals.
func (c *Client) PlansIn(ctx context.Context, currency string, quantity int64) (Plans, error) {
	query := url.Values{}
	if currency != "" {
		query.Set("currency", currency)
	}
	if quantity != 0 {
		query.Set("quantity", strconv.FormatInt(quantity, 10))
	}
	return c.plans(ctx, get(query, "api", "plans"))
}

// PlansFor are what is for sale, with what each plan is to a user: whether it is held, and what a
// button would do.
func (c *Client) PlansFor(ctx context.Context, user string) (Plans, error) {
	return c.plans(ctx, get(ofUser(user), "api", "plans"))
}

func (c *Client) plans(ctx context.Context, r request) (Plans, error) {
	r.longer = atStripe // which knows the amounts
	var plans Plans
	err := c.do(ctx, r, &plans)
	return plans, err
}

// Orders are what a user ordered, the last begun first: at most limit, from 1 to 100, of those
// after a page's Next, or the first ones if that is empty.
func (c *Client) Orders(ctx context.Context, user string, limit int, after string, options ...ReadOption) (Orders, error) {
	query := ofUser(user)
	query.Set("limit", strconv.Itoa(limit))
	setUnlessEmpty(query, "after", after)
	var orders Orders
	err := c.do(ctx, get(query, "api", "orders").as(options), &orders)
	return orders, err
}

// Invoices are what a user was billed, with Stripe's pages and documents: the newest, at most limit,
// from 1 to 100.
func (c *Client) Invoices(ctx context.Context, user string, limit int) (Invoices, error) {
	query := ofUser(user)
	query.Set("limit", strconv.Itoa(limit))
	r := get(query, "api", "invoices")
	r.longer = atStripe
	var invoices Invoices
	err := c.do(ctx, r, &invoices)
	return invoices, err
}
