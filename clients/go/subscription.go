package entitled

import (
	"context"
	"net/url"
	"strconv"
)

// Subscription is how the subscription of a user stands, with others that are beside it.
func (c *Client) Subscription(ctx context.Context, user string, options ...ReadOption) (Subscribed, error) {
	var subscribed Subscribed
	err := c.do(ctx, get(ofUser(user), "api", "subscription").as(options), &subscribed)
	return subscribed, err
}

// Preview says what a change would cost and give. Send its ProrationDate with the change, within
// an hour, and it costs just that. The proration date of the wish itself says nothing here.
func (c *Client) Preview(ctx context.Context, user string, wish ChangeRequest) (ChangePreview, error) {
	query := ofUser(user)
	query.Set("plan", wish.Plan)
	setUnlessEmpty(query, "price", wish.Price)
	setUnlessEmpty(query, "when", string(wish.When))
	if wish.Quantity != 0 {
		query.Set("quantity", strconv.FormatInt(wish.Quantity, 10))
	}
	r := get(query, "api", "subscription", "preview")
	r.longer = atStripe
	var preview ChangePreview
	err := c.do(ctx, r, &preview)
	return preview, err
}

// Change changes a subscription, for pages of your own that have confirmed it. What costs more is
// charged at once. If that is not paid nothing has changed, and the answer leads to where it is.
func (c *Client) Change(ctx context.Context, user string, wish ChangeRequest, options ...CallOption) (ChangedSubscription, error) {
	body := struct {
		ChangeRequest
		UserID string `json:"user_id"`
	}{wish, user}
	var changed ChangedSubscription
	err := c.do(ctx, post(body, "api", "subscription", "change").with(options), &changed)
	return changed, err
}

// Cancel ends a subscription with its period, or now.
func (c *Client) Cancel(ctx context.Context, user string, which EndRequest, options ...CallOption) (EndingSubscription, error) {
	body := struct {
		EndRequest
		UserID string `json:"user_id"`
	}{which, user}
	var ending EndingSubscription
	err := c.do(ctx, post(body, "api", "subscription", "cancel").with(options), &ending)
	return ending, err
}

// Pause has nothing be billed, and nothing given, from the end of the present period on, where
// the plan is pausable.
func (c *Client) Pause(ctx context.Context, user string, which PauseRequest, options ...CallOption) (PausedSubscription, error) {
	body := struct {
		PauseRequest
		UserID string `json:"user_id"`
	}{which, user}
	var paused PausedSubscription
	err := c.do(ctx, post(body, "api", "subscription", "pause").with(options), &paused)
	return paused, err
}

// Resume takes back what is planned for a subscription, its end or a change, and a pause. What
// begins anew after a pause is charged at once.
func (c *Client) Resume(ctx context.Context, user string, which ResumeRequest, options ...CallOption) (EndingSubscription, error) {
	body := struct {
		ResumeRequest
		UserID string `json:"user_id"`
	}{which, user}
	var ending EndingSubscription
	err := c.do(ctx, post(body, "api", "subscription", "resume").with(options), &ending)
	return ending, err
}

// Portal opens Stripe's billing portal for a user. Its address lets in whoever has it, for some
// minutes: ask for a new one with each click.
func (c *Client) Portal(ctx context.Context, user string, what PortalRequest) (Portal, error) {
	body := struct {
		PortalRequest
		UserID string `json:"user_id"`
	}{what, user}
	r := post(body, "api", "portal")
	r.key, r.once = "", true
	var portal Portal
	err := c.do(ctx, r, &portal)
	return portal, err
}

func setUnlessEmpty(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}
