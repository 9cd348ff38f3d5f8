// Package shop is a toy: it sells one plan, and believes what Stripe's webhooks say.
package shop

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"
)

// Shop sells a price, and knows who has bought it.
type Shop struct {
	Stripe *stripe.Client
	Price  string
	Secret string // of the webhook endpoint

	mu    sync.Mutex
	plans map[string]string // the status of the subscription, by customer
}

// Status is that of a customer's subscription; empty if there is none.
func (s *Shop) Status(customer string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plans[customer]
}

// Buy opens a checkout and returns its id; the buyer is sent to its URL.
func (s *Shop) Buy(ctx context.Context) (string, error) {
	session, err := s.Stripe.V1CheckoutSessions.Create(ctx, &stripe.CheckoutSessionCreateParams{
		Mode: stripe.String("subscription"), SuccessURL: stripe.String("https://shop.example/thanks"),
		LineItems: []*stripe.CheckoutSessionCreateLineItemParams{{Price: &s.Price, Quantity: stripe.Int64(1)}},
	})
	if err != nil {
		return "", err
	}
	return session.ID, nil
}

// ServeHTTP takes Stripe's webhooks.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	event, err := webhook.ConstructEvent(body, r.Header.Get("Stripe-Signature"), s.Secret)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	switch event.Type {
	case "customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted":
		var named stripe.Subscription
		if err := json.Unmarshal(event.Data.Raw, &named); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		// Events come in any order: what counts is what Stripe says now.
		now, err := s.Stripe.V1Subscriptions.Retrieve(r.Context(), named.ID, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.plans == nil {
			s.plans = map[string]string{}
		}
		s.plans[now.Customer.ID] = string(now.Status)
	}
}
