package stripe

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ListEvents implements [ports.Gateway]. Whatever version it is asked in, Stripe answers
// with an event in the version in which it was made.
func (g *Gateway) ListEvents(ctx context.Context, q ports.EventQuery) (ports.EventPage, error) {
	params := &stripe.EventListParams{CreatedRange: &stripe.RangeQueryParams{
		GreaterThanOrEqual: unix(q.From), LesserThanOrEqual: unix(q.Until),
	}}
	for _, t := range q.Types {
		params.Types = append(params.Types, stripe.String(string(t)))
	}
	c := call{does: "list events", method: http.MethodGet, path: "/v1/events", params: params, belonging: true}
	bodies, _, err := onePage[json.RawMessage](ctx, g, c, &params.ListParams, string(q.After))
	if err != nil {
		return ports.EventPage{}, err
	}
	var listed ports.EventPage
	var last domain.EventID
	for _, body := range bodies.Data {
		var named struct {
			ID word `json:"id"`
		}
		decode(body, &named)
		last = domain.EventID(named.ID)
		event, err := g.listedEvent(body)
		if err != nil {
			listed.Unread = append(listed.Unread, last)
			continue
		}
		listed.Events = append(listed.Events, event)
	}
	if bodies.More {
		listed.Next = last
	}
	return listed, nil
}

// listedEvent reads an event out of a list. The list is that of our account; a message of a
// connected account says so itself, and a listed event need not.
func (g *Gateway) listedEvent(body json.RawMessage) (domain.Event, error) {
	event, err := readEvent(body)
	if err != nil || g.account == "" || event.Account != "" {
		return event, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return event, unreadable("it is not an object")
	}
	fields["account"], _ = json.Marshal(g.account) // of a text: never an error
	if body, err = json.Marshal(fields); err != nil {
		return event, unreadable("it is not JSON")
	}
	return readEvent(body)
}

// unix is a time as Stripe's parameters take it; zero for none.
func unix(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.Unix()
}
