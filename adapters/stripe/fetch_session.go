package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// FetchSession implements [ports.Gateway].
func (g *Gateway) FetchSession(ctx context.Context, id domain.SessionID) ([]domain.Fact, error) {
	c := sessionCall(id)
	c.params = &stripe.CheckoutSessionParams{Expand: stripe.StringSlice([]string{"subscription"})}
	if !isID(string(id), "cs_") {
		return nil, noSession(c)
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.send(ctx, c)
	if err != nil {
		return nil, err
	}
	session, err := fetchedSession(c, got)
	if err != nil {
		return nil, err
	}
	facts := []domain.Fact{session}
	var made struct {
		Subscription json.RawMessage `json:"subscription"`
	}
	_ = json.Unmarshal(got.body, &made) // it was read before
	if subscription := readObject(made.Subscription); subscription.Kind == kindSubscription && subscription.ID != "" {
		fact, err := g.fetchedSubscription(ctx, subscription, got)
		if err != nil {
			return nil, err
		}
		facts = append(facts, fact)
	}
	return facts, nil
}

// ExpireSession implements [ports.Gateway].
func (g *Gateway) ExpireSession(ctx context.Context, id domain.SessionID) (domain.SessionFact, error) {
	c := call{
		does: "expire checkout session", method: http.MethodPost,
		path:   stripe.FormatURLPath("/v1/checkout/sessions/%s/expire", string(id)),
		params: &stripe.CheckoutSessionExpireParams{},
	}
	if !isID(string(id), "cs_") {
		return domain.SessionFact{}, noSession(c)
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.send(ctx, c)
	if !errors.Is(err, ports.ErrGatewayRefused) {
		if err != nil {
			return domain.SessionFact{}, err
		}
		return fetchedSession(c, got)
	}
	// Stripe refuses to expire a session that is not open, without a code of its
	// own for that.
	session, fetchErr := g.askSession(ctx, id)
	if fetchErr != nil || session.Status == "open" {
		return domain.SessionFact{}, err
	}
	return session, nil
}

func (g *Gateway) askSession(ctx context.Context, id domain.SessionID) (domain.SessionFact, error) {
	c := sessionCall(id)
	got, err := g.send(ctx, c)
	if err != nil {
		return domain.SessionFact{}, err
	}
	return fetchedSession(c, got)
}

func sessionCall(id domain.SessionID) call {
	return call{
		does: "fetch checkout session", method: http.MethodGet,
		path:   stripe.FormatURLPath("/v1/checkout/sessions/%s", string(id)),
		params: &stripe.CheckoutSessionParams{},
	}
}

func noSession(c call) error {
	return fmt.Errorf("%w: %s: that is not the id of a session", ports.ErrNotFound, c.does)
}

func fetchedSession(c call, got answer) (domain.SessionFact, error) {
	session := readObject(got.body)
	if session.Kind != kindSession || !isID(string(session.ID), "cs_") {
		return domain.SessionFact{}, unusable(c, got, "the answer is not a checkout session")
	}
	return readSession(session, domain.TypeFetched, got.askedAt), nil
}
