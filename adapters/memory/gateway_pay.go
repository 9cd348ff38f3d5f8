package memory

import (
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Pay completes an open session: its facts are those of Stripe's events.
func (g *Gateway) Pay(id domain.SessionID) []domain.Fact {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.sessions[id]
	if s.fact.Status != "open" {
		return nil
	}
	s.fact.Status, s.fact.PaymentStatus, s.fact.URL = "complete", "paid", ""
	price, _ := g.price(s.price)
	s.fact.Amount, s.fact.Currency = price.Amount*s.quantity, price.Currency
	if s.fact.Mode == domain.ModePayment {
		s.fact.PaymentIntent = domain.PaymentIntentID("pi_" + string(id))
		g.charge(s.fact)
	} else {
		s.fact.Subscription = g.subscribe(s, price)
	}
	g.sessions[id] = s

	completed := s.fact
	completed.Type, completed.At = "checkout.session.completed", g.now()
	facts := []domain.Fact{completed}
	if sub, made := g.subscriptions[s.fact.Subscription]; made {
		facts = append(facts, domain.SubscriptionFact{
			Type: "customer.subscription.created", At: g.now(), Snapshot: sub,
		})
	}
	return facts
}

// charge keeps the charge that pays a session.
func (g *Gateway) charge(s domain.SessionFact) {
	g.keepCharge(domain.ChargeFact{
		ID: domain.ChargeID("ch_" + string(s.ID)), PaymentIntent: s.PaymentIntent, Customer: s.Customer,
		Amount: s.Amount, Currency: s.Currency,
	})
}

func (g *Gateway) subscribe(s session, price ports.StripePrice) domain.SubscriptionID {
	now := g.now()
	sub := domain.Subscription{
		ID: domain.SubscriptionID("sub_" + string(s.fact.ID)), Order: s.fact.Order, Customer: s.fact.Customer,
		Status:    domain.StatusActive,
		Items:     []domain.Item{{ID: "si_" + string(s.fact.ID), Price: price.ID, LookupKey: price.LookupKey, Quantity: s.quantity}},
		StartedAt: now, PeriodStart: now, PeriodEnd: now.AddDate(0, 1, 0),
	}
	if s.trialDays > 0 {
		sub.Status = domain.StatusTrialing
		sub.PeriodEnd = now.AddDate(0, 0, s.trialDays)
		sub.TrialEnd = sub.PeriodEnd
	}
	g.subscriptions[sub.ID] = sub
	return sub.ID
}
