package memory

import (
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Pay completes an open session: its facts are those of Stripe's events about the
// session and the subscription.
func (g *Gateway) Pay(id domain.SessionID) []domain.Fact {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.sessions[id]
	if s.fact.Status != "open" {
		return nil
	}
	s.fact.Status, s.fact.PaymentStatus, s.fact.URL = "complete", "paid", ""
	price, _ := g.price(s.price)
	if s.order.CurrencyChosen {
		price, _ = price.In(s.order.Currency)
	}
	s.fact.Amount, s.fact.Subtotal, s.fact.Currency = price.Amount*s.quantity, price.Amount*s.quantity, price.Currency
	if s.fact.Mode == domain.ModePayment {
		s.fact.PaymentIntent = g.charge(s.fact, "")
	} else {
		s.fact.Subscription = g.subscribe(s, price)
	}
	g.sessions[id] = s

	completed := s.fact
	completed.Type, completed.At = "checkout.session.completed", g.now()
	facts := []domain.Fact{completed}
	if sub, made := g.subscriptions[s.fact.Subscription]; made {
		facts = append(facts, domain.SubscriptionFact{
			Type: "customer.subscription.created", At: g.now(), Snapshot: sub, Claim: s.fact.Claim,
		})
	}
	return facts
}

// charge keeps the charge that pays a session, or the invoice of its subscription.
func (g *Gateway) charge(s domain.SessionFact, pays domain.InvoiceID) domain.PaymentIntentID {
	intent := domain.PaymentIntentID("pi_" + string(s.ID))
	g.keepCharge(domain.ChargeFact{
		ID: domain.ChargeID("ch_" + string(s.ID)), PaymentIntent: intent, Invoice: pays, Customer: s.Customer,
		Amount: s.Amount, Currency: s.Currency, Claim: chargeClaim(s),
	})
	return intent
}

// chargeClaim: a one-time payment has the metadata of its session, a subscription's none.
func chargeClaim(s domain.SessionFact) domain.Claim {
	if s.Mode == domain.ModePayment {
		return s.Claim
	}
	return domain.Claim{}
}

func (g *Gateway) subscribe(s session, price ports.StripePrice) domain.SubscriptionID {
	now := g.now()
	item := domain.Item{
		ID: "si_" + string(s.fact.ID), Price: price.ID, LookupKey: price.LookupKey, Quantity: s.quantity,
		PeriodStart: now, PeriodEnd: now.AddDate(0, 1, 0),
	}
	sub := domain.Subscription{
		ID: domain.SubscriptionID("sub_" + string(s.fact.ID)), Order: s.fact.Order, Customer: s.fact.Customer,
		Status: domain.StatusActive, StartedAt: now,
	}
	if s.trialDays > 0 {
		sub.Status = domain.StatusTrialing
		item.PeriodEnd = now.AddDate(0, 0, s.trialDays)
		sub.TrialEnd = item.PeriodEnd
	}
	sub.Items = []domain.Item{item}
	sub.LatestInvoice = g.invoice(s, sub)
	g.subscriptions[sub.ID] = sub
	return sub.ID
}

// invoice keeps the first invoice of a subscription, which is paid: that of a trial is
// over nothing.
func (g *Gateway) invoice(s session, sub domain.Subscription) domain.InvoiceID {
	item, amount := sub.Items[0], s.fact.Amount
	if sub.Status == domain.StatusTrialing {
		amount = 0
	}
	i := domain.InvoiceFact{Customer: sub.Customer, Claim: s.fact.Claim, Invoice: domain.Invoice{
		ID: domain.InvoiceID("in_" + string(s.fact.ID)), Subscription: sub.ID, Status: domain.InvoicePaid,
		BillingReason: "subscription_create", Method: domain.ChargeAutomatically,
		Currency: s.fact.Currency, Total: amount, AmountDue: amount, AmountPaid: amount,
		CreatedAt: sub.StartedAt, FinalizedAt: sub.StartedAt, PaidAt: sub.StartedAt,
		Lines: []domain.Line{{
			ID: "il_" + string(s.fact.ID), Kind: domain.LineCycle, Item: item.ID, Price: item.Price, Product: item.Product,
			Quantity: item.Quantity, Amount: amount, From: item.PeriodStart, Until: item.PeriodEnd,
		}},
	}}
	if amount > 0 {
		i.PaidWith = []domain.PaidWith{{PaymentIntent: g.charge(s.fact, i.Invoice.ID)}}
	}
	g.invoices[i.Invoice.ID] = i
	return i.Invoice.ID
}
