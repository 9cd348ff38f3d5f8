package app_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ordinary tells a shop's ordinary days: people subscribe, renew every month, fail
// to pay now and then, change their plan, cancel, get money back. Stripe's events
// are those of the newest API version, in which a charge names no invoice.
type ordinary struct {
	random *rand.Rand
	store  ports.Store
	stripe *memory.Gateway
	events []timed
}

type timed struct {
	at   time.Time // when it is delivered
	fact domain.Fact
}

// says tells a fact of some second; it is delivered within some seconds, and one
// event in a hundred once more.
func (o *ordinary) says(at time.Time, f domain.Fact) {
	late := func() time.Time { return at.Add(time.Duration(o.random.IntN(4000)) * time.Millisecond) }
	o.events = append(o.events, timed{late(), f})
	if o.random.IntN(100) == 0 {
		o.events = append(o.events, timed{late(), f})
	}
}

// live tells some months of one subscriber.
func (o *ordinary) live(t *testing.T, n int, start time.Time) {
	user, customer := domain.UserID(fmt.Sprint("user", n)), domain.CustomerID(fmt.Sprint("cus", n))
	order := domain.Order{
		ID: domain.OrderID(fmt.Sprint("ord", n)), Plan: "team", Price: "monthly", PriceID: "price_team_m", Mode: domain.ModeSubscription,
		Quantity: 1, Status: domain.OrderPending, CreatedAt: start, ExpiresAt: start.Add(time.Hour),
	}
	err := o.store.Update(t.Context(), ports.Touch{Users: []domain.UserID{user}}, func(found ports.Found) (ports.Kept, error) {
		state := found.States[user]
		state.Account = state.Account.WithOrder(order)
		state.Account.Customer = customer
		return ports.Kept{States: []ports.State{state}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}

	sub := domain.Subscription{
		ID: domain.SubscriptionID(fmt.Sprint("sub", n)), Order: order.ID, Customer: customer, Status: "incomplete",
		Items: []domain.Item{{
			ID: fmt.Sprint("si", n), Price: "price_team_m", LookupKey: "team_monthly", Quantity: 1, PeriodStart: start, PeriodEnd: start.AddDate(0, 1, 0),
		}},
		StartedAt: start,
	}
	now := start
	tell := func(kind domain.EventType) { o.says(now, domain.SubscriptionFact{Type: kind, At: now, Snapshot: sub}) }
	months := 0
	pay := func() {
		invoice := domain.InvoiceID(fmt.Sprintf("in%d_%d", n, months))
		intent, charge := domain.PaymentIntentID("pi"+invoice), domain.ChargeID("ch"+invoice)
		o.says(now, domain.ChargeFact{Type: "charge.succeeded", At: now, ID: charge, PaymentIntent: intent, Customer: customer, Amount: 9900, Currency: "usd"})
		o.says(now, domain.InvoicePaymentFact{Type: "invoice_payment.paid", At: now, ID: "inpay" + string(invoice), Invoice: invoice, PaymentIntent: intent})
		for _, kind := range []domain.EventType{"invoice.paid", "invoice.payment_succeeded"} {
			o.says(now, invoiceOf(sub, invoice, kind, now))
		}
		if o.random.IntN(50) == 0 { // a favor, some days later
			back := now.Add(72 * time.Hour)
			o.says(back, domain.RefundFact{Type: "refund.created", At: back, ID: domain.RefundID("re" + invoice), PaymentIntent: intent, Charge: charge, Status: "succeeded", Amount: 1000, Currency: "usd", CreatedAt: back})
			o.says(back, domain.ChargeFact{Type: "charge.refunded", At: back, ID: charge, PaymentIntent: intent, Customer: customer, Amount: 9900, Refunded: 1000, Currency: "usd"})
		}
	}

	tell("customer.subscription.created")
	now = now.Add(time.Second)
	sub.Status = "active"
	tell("customer.subscription.updated")
	pay()
	o.says(now, domain.SessionFact{
		Type: "checkout.session.completed", At: now, ID: domain.SessionID(fmt.Sprint("cs", n)), Mode: order.Mode, Status: "complete",
		PaymentStatus: "paid", Order: order.ID, Customer: customer, Subscription: sub.ID, Amount: 9900, Currency: "usd",
	})
	tell("customer.subscription.updated") // the card that was used becomes the default one
	for months = 1; months < 12; months++ {
		now = sub.PeriodEnd()
		sub.Items = []domain.Item{sub.Items[0]}
		sub.Items[0].PeriodStart, sub.Items[0].PeriodEnd = now, now.AddDate(0, 1, 0)
		tell("customer.subscription.updated")
		now = now.Add(time.Hour)
		if o.random.IntN(20) == 0 {
			o.says(now, invoiceOf(sub, domain.InvoiceID(fmt.Sprintf("in%d_%d", n, months)), "invoice.payment_failed", now))
			sub.Status = "past_due"
			tell("customer.subscription.updated")
			now = now.Add(72 * time.Hour)
			sub.Status = "active"
			tell("customer.subscription.updated")
		}
		pay()
		now = now.Add(240 * time.Hour)
		switch o.random.IntN(20) {
		case 0: // seats are bought, and it is thought better of at once
			sub.Items = []domain.Item{sub.Items[0]}
			sub.Items[0].Quantity++
			tell("customer.subscription.updated")
			if o.random.IntN(10) == 0 {
				now = now.Add(time.Second)
				sub.Items = []domain.Item{sub.Items[0]}
				sub.Items[0].Quantity++
				tell("customer.subscription.updated")
			}
		case 1:
			sub.CancelAtPeriodEnd = true
			tell("customer.subscription.updated")
			now = sub.PeriodEnd()
			sub.Status, sub.EndedAt = "canceled", now
			tell("customer.subscription.deleted")
			o.stripe.SetSubscription(sub)
			return
		}
	}
	o.stripe.SetSubscription(sub)
}

// Stripe is asked in less than one event of a hundred on ordinary days. (A design
// that fetches with each event asks in every one.)
func TestAsk_OrdinaryDaysAskSeldom(t *testing.T) {
	t.Parallel()
	const most = 10_000
	tick := &clock{}
	o := &ordinary{random: rand.New(rand.NewPCG(1, 2)), store: memory.NewStore()}
	o.stripe = memory.NewGateway(tick.now, stripePrices()...)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for n := 0; len(o.events) < most; n++ {
		o.live(t, n, begin.Add(time.Duration(o.random.IntN(30*24*3600))*time.Second))
	}
	slices.SortStableFunc(o.events, func(a, b timed) int { return a.at.Compare(b.at) })

	meter := memory.NewMeter()
	fulfill := app.NewFulfill(o.store, o.stripe, catalog, app.Settings{}, tick.now, tick.after, meter)
	t.Cleanup(fulfill.Close)
	before := o.stripe.Calls()
	for i, e := range o.events[:most] {
		tick.at.Store(e.at.UnixNano())
		event := domain.Event{ID: domain.EventID(fmt.Sprint("evt", i)), Type: typeOf(e.fact), Created: e.at, Fact: e.fact, Payload: []byte("{}")}
		verdict, err := fulfill.Event(t.Context(), event)
		// What pays an invoice of which we have not heard says nothing yet; if it ever
		// matters, Stripe is asked.
		_, early := e.fact.(domain.InvoicePaymentFact)
		if err != nil || verdict.Outcome == domain.OutcomeIgnored && !early || verdict.Outcome == domain.OutcomeWaiting {
			t.Fatalf("%+v: %+v, %v", e.fact, verdict, err)
		}
	}
	calls := o.stripe.Calls() - before
	t.Logf("%d calls of Stripe for %d events", calls, most)
	if calls > most/100 {
		t.Errorf("%d calls of Stripe for %d events, want at most one in a hundred", calls, most)
	}
}
