package entitled

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Upgrade has a user have a plan, by buying it or by changing to it. Send the user to the URL of
// the answer, if its action is redirect.
func (c *Client) Upgrade(ctx context.Context, user, plan string, how CheckoutRequest, options ...CallOption) (Checkout, error) {
	body := struct {
		CheckoutRequest
		UserID string `json:"user_id"`
	}{how, user}
	var checkout Checkout
	err := c.do(ctx, post(body, "api", "checkout", plan).with(options), &checkout)
	return checkout, err
}

// Order is an order as it stands.
func (c *Client) Order(ctx context.Context, id string) (Order, error) {
	return c.order(ctx, id, 0)
}

// order holds the answer back until the order is settled, for some time.
func (c *Client) order(ctx context.Context, id string, wait time.Duration) (Order, error) {
	r := get(url.Values{"wait": {wait.String()}}, "api", "orders", id)
	r.longer = wait
	var order Order
	err := c.do(ctx, r, &order)
	return order, err
}

// SyncOrder asks Stripe how an order stands: for a buyer who is back, and of whom no webhook came.
func (c *Client) SyncOrder(ctx context.Context, id string) (Order, error) {
	r := post(nil, "api", "orders", id, "sync")
	r.key = "" // asking twice changes nothing
	var order Order
	err := c.do(ctx, r, &order)
	return order, err
}

const (
	orderWait  = 20 * time.Second // the service holds an answer back for 30 s at most
	orderPause = time.Second      // before an order is asked for again that came back unsettled
)

// Settled tells that the buyer has paid, has failed to, or has left it to a method of payment that
// takes days: that the page which the buyer returns to has something to say.
func (o Order) Settled() bool {
	return o.Status != OrderStatusPending && o.Status != OrderStatusOpen
}

// WaitOrder waits until an order is settled. If ctx ends before, it returns the order as it was,
// and the error of ctx.
func (c *Client) WaitOrder(ctx context.Context, id string) (Order, error) {
	var last Order
	for {
		order, err := c.order(ctx, id, orderWait)
		if err != nil {
			return last, errors.Join(ctx.Err(), err)
		}
		if order.Settled() {
			return order, nil
		}
		last = order
		// The service answers at once if too many wait for it.
		if err := c.pause(ctx, orderPause); err != nil {
			return last, err
		}
	}
}

// ErrNoOrder is that of a return page whose address names no order of the user.
var ErrNoOrder = errors.New("entitled: the page was not returned to with an order of this user")

// Returned is the order that a buyer comes back from, by the order_id in the page's address. It
// waits for the payment to be told, 20 s at most, and asks Stripe if nothing was. That a buyer came
// back proves nothing: look at the status. An order that is not the user's is [ErrNoOrder].
func (c *Client) Returned(r *http.Request, user string) (Order, error) {
	id := r.URL.Query().Get("order_id")
	if id == "" || user == "" {
		return Order{}, ErrNoOrder
	}
	order, err := c.Order(r.Context(), id)
	if p, is := problemOf(err); is && p.Status == http.StatusNotFound || err == nil && order.UserID != user {
		return Order{}, ErrNoOrder
	}
	if err == nil && (!order.Settled() || order.Status == OrderStatusPaid && order.Version == nil) {
		order, err = c.order(r.Context(), id, orderWait) // a subscription may come a moment after its payment
	}
	if err == nil && !order.Settled() {
		order, err = c.SyncOrder(r.Context(), id)
	}
	if err != nil {
		return Order{}, fmt.Errorf("order %s: %w", id, err)
	}
	return order, nil
}
