package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const changed = domain.EventType("customer.subscription.updated")

// subscriber is a world in which u has a subscription to team with 3 seats, and how
// that subscription stands.
func subscriber(t *testing.T) (*world, domain.Subscription) {
	t.Helper()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "team", Quantity: 3})
	facts := w.stripe.Pay(order.Session)
	w.deliver(t, facts...)
	w.clock.advance(time.Hour)
	for _, f := range facts {
		if s, is := f.(domain.SubscriptionFact); is {
			return w, s.Snapshot
		}
	}
	t.Fatal("no subscription was made")
	return nil, domain.Subscription{}
}

// with is the subscription with another number of seats, told at the clock's second.
func (w *world) with(s domain.Subscription, seats int64) domain.SubscriptionFact {
	s.Items = slices.Clone(s.Items)
	s.Items[0].Quantity = seats
	return domain.SubscriptionFact{Type: changed, At: w.clock.now().Truncate(time.Second), Snapshot: s}
}

// open are the doubts that are kept, whenever they are due.
func (w *world) open(t *testing.T) []ports.Question { return w.openUpTo(t, 200) }

func (w *world) openUpTo(t *testing.T, most int) []ports.Question {
	t.Helper()
	questions, err := w.store.TakeQuestions(t.Context(), w.clock.now().Add(24*time.Hour), 0, most)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(questions, func(q ports.Question) bool { return slices.Contains(expected, q.Subject.Kind) })
}

// expected are the kinds of news that are due some day.
var expected = []domain.RefKind{domain.RefRenewal, domain.RefCompletion, domain.RefCollection}

func (w *world) asked(about domain.RefKind, answer ports.Answer) int {
	return w.meter.Questions()[memory.AskedCount{About: about, Answer: answer}]
}

func TestAsk_OfTwoChangesOfOneSecondStripeSaysWhichIsTheNewer(t *testing.T) {
	t.Parallel()
	for _, truth := range []int64{4, 5} {
		w, sub := subscriber(t)
		four, five := w.with(sub, 4), w.with(sub, 5)
		w.stripe.SetSubscription(w.with(sub, truth).Snapshot)
		w.deliver(t, four, five)
		if seats := w.features(t, "u")["seats"]; seats != map[int64]string{4: "20", 5: "25"}[truth] {
			t.Errorf("truth is %d units of 5 seats, got %s seats", truth, seats)
		}
		if got := w.asked(domain.RefSubscription, ports.AnswerSettled); got != 1 {
			t.Errorf("asked %d times, want once", got)
		}
		if left := w.open(t); len(left) > 0 {
			t.Errorf("questions left: %+v", left)
		}
	}
}

func TestAsk_OrdinaryNewsAsksNothing(t *testing.T) {
	t.Parallel()
	w, sub := subscriber(t)
	calls := w.stripe.Calls()
	for seats := int64(1); seats < 20; seats++ {
		w.clock.advance(3 * time.Second)
		w.deliver(t, w.with(sub, seats))
	}
	if got := w.stripe.Calls() - calls; got != 0 {
		t.Errorf("%d calls of Stripe, want none", got)
	}
}

// Without an answer a rule decides, the event is kept, and the question too.
func TestAsk_WhatCannotBeAskedNowIsAskedLater(t *testing.T) {
	t.Parallel()
	w, sub := subscriber(t)
	four, five := w.with(sub, 4), w.with(sub, 5)
	w.stripe.SetSubscription(four.Snapshot)
	w.stripe.FailNext(ports.ErrGatewayBusy)
	w.deliver(t, four, five)
	if seats := w.features(t, "u")["seats"]; seats != "25" {
		t.Errorf("got %s seats, want the 25 that the rule says", seats)
	}
	if got := w.asked(domain.RefSubscription, ports.AnswerFailed); got != 1 {
		t.Errorf("%d failures counted, want 1", got)
	}
	w.askOnUntil(t, func() bool { return w.features(t, "u")["seats"] == "20" })
	if left := w.open(t); len(left) > 0 {
		t.Errorf("questions left: %+v", left)
	}
}

// askOnUntil runs AskOn until something holds.
func (w *world) askOnUntil(t *testing.T, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() { w.fulfill.AskOn(ctx, func(error) {}) })
	for !holds() && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if ctx.Err() != nil {
		t.Error("asking on does not lead there")
	}
	cancel()
	running.Wait()
	for w.fulfill.Asking() > 0 { // what it has taken goes on to its end
		time.Sleep(time.Millisecond)
	}
}

// later is a Stripe that answers once it may.
type later struct {
	*memory.Gateway
	may chan struct{}
}

func (g later) FetchSubscription(ctx context.Context, id domain.SubscriptionID) (domain.SubscriptionFact, error) {
	select {
	case <-g.may:
		return g.Gateway.FetchSubscription(ctx, id)
	case <-ctx.Done():
		return domain.SubscriptionFact{}, ctx.Err()
	}
}

func TestAsk_ManyInDoubtAboutOneSubscriptionAskTogether(t *testing.T) {
	t.Parallel()
	w, sub := subscriber(t)
	w.stripe.SetSubscription(w.with(sub, 7).Snapshot)
	calls := w.stripe.Calls()
	stripe := later{w.stripe, make(chan struct{})}
	fulfill := app.NewFulfill(w.store, stripe, catalog, app.Settings{}, w.clock.now, w.clock.after, w.meter)
	t.Cleanup(fulfill.Close)
	const all = 40
	var wait sync.WaitGroup
	for seats := range int64(all) {
		event := w.event(w.with(sub, seats+1))
		wait.Go(func() {
			if _, err := fulfill.Event(t.Context(), event); err != nil {
				t.Error(err)
			}
		})
	}
	for fulfill.AwaitingAnswer() < all-1 { // the first is newer than all before
		time.Sleep(time.Millisecond)
	}
	close(stripe.may)
	wait.Wait()
	if got := w.stripe.Calls() - calls; got > 3 { // an answer from the second of the doubt is no answer
		t.Errorf("%d calls for %d events in doubt about one subscription", got, all)
	}
	w.askOnUntil(t, func() bool { return w.features(t, "u")["seats"] == "35" })
}

func refunded(intent domain.PaymentIntentID, kind domain.EventType) domain.RefundFact {
	return domain.RefundFact{Type: kind, ID: domain.RefundID("re_" + intent), PaymentIntent: intent, Status: "succeeded", Amount: 1900, Currency: "usd"}
}

// intentOf is the payment intent of a paid session.
func intentOf(facts []domain.Fact) domain.PaymentIntentID {
	return facts[0].(domain.SessionFact).PaymentIntent
}

func TestAsk_RefundThatComesBeforeThePurchase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	purchase := w.stripe.Pay(order.Session)
	event := w.event(refunded(intentOf(purchase), "refund.created"))
	if verdict := w.send(t, event); verdict.Outcome != domain.OutcomeApplied {
		t.Fatalf("got %+v, want applied: Stripe says whose it is", verdict)
	}
	w.deliver(t, purchase...)
	if held := w.features(t, "u"); len(held) > 0 {
		t.Errorf("holds %v of what was refunded", held)
	}
	shown, _, err := w.show.Do(t.Context(), order.ID, "u", 0)
	if err != nil || shown.Status != domain.OrderRefunded {
		t.Errorf("the order is %s, %v, want refunded", shown.Status, err)
	}
}

func TestAsk_RefundOfAStrangerIsAskedAboutOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stripe.SetCharge(domain.ChargeFact{ID: "ch_x", PaymentIntent: "pi_x", Customer: "cus_of_another_shop"})
	calls := w.stripe.Calls()
	for _, kind := range []domain.EventType{"refund.created", "charge.refund.updated", "refund.updated"} {
		if verdict := w.send(t, w.event(refunded("pi_x", kind))); verdict.Outcome != domain.OutcomeIgnored {
			t.Errorf("%s: %+v, want ignored", kind, verdict)
		}
	}
	if got := w.stripe.Calls() - calls; got != 1 {
		t.Errorf("%d calls, want 1", got)
	}
	if left := w.open(t); len(left) > 0 {
		t.Errorf("questions left: %+v", left)
	}
}

// That Stripe does not know a payment says nothing about it: the key may be another
// account's, and be mended later.
func TestAsk_APaymentThatStripeDoesNotKnowIsAskedAboutAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	purchase := w.stripe.Pay(order.Session)
	w.stripe.FailNext(ports.ErrNotFound)
	if verdict := w.send(t, w.event(refunded(intentOf(purchase), "refund.created"))); verdict.Outcome != domain.OutcomeWaiting {
		t.Errorf("got %+v, want waiting", verdict)
	}
	if got := w.asked(domain.RefPaymentIntent, ports.AnswerNothing); got != 1 {
		t.Errorf("%d times without an answer, want 1", got)
	}
	if left := w.open(t); len(left) != 1 {
		t.Errorf("questions left: %+v, want one", left)
	}
	w.askOnUntil(t, func() bool { return w.asked(domain.RefPaymentIntent, ports.AnswerSettled) == 1 })
	w.deliver(t, purchase...)
	if held := w.features(t, "u"); len(held) > 0 {
		t.Errorf("holds %v of what was refunded", held)
	}
}

func TestAsk_EventsWaitUntilStripeCanBeAskedWhoseTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	purchase := w.stripe.Pay(order.Session)
	w.stripe.FailNext(ports.ErrGatewayBusy, ports.ErrGatewayBusy)
	created, updated := w.event(refunded(intentOf(purchase), "refund.created")), w.event(refunded(intentOf(purchase), "refund.updated"))
	for _, e := range []domain.Event{created, updated} {
		if verdict := w.send(t, e); verdict.Outcome != domain.OutcomeWaiting {
			t.Errorf("got %+v, want waiting", verdict)
		}
	}
	w.deliver(t, purchase...)
	if held := w.features(t, "u"); held["projects"] == "" {
		t.Errorf("holds %v: nobody has said yet whose the refund is", held)
	}
	w.askOnUntil(t, func() bool { return len(w.features(t, "u")) == 0 })
	for _, e := range []domain.Event{created, updated} {
		receipt, err := w.store.Receipt(t.Context(), e.ID)
		if err != nil || !receipt.Outcome.Final() || receipt.User != "u" || receipt.WaitsFor != (domain.Ref{}) {
			t.Errorf("receipt %+v, %v, want that it was processed for u", receipt, err)
		}
	}
	if left := w.open(t); len(left) > 0 {
		t.Errorf("questions left: %+v", left)
	}
}

// A subscription's charge of today names no invoice: what it paid for is asked.
func TestAsk_WhatARefundedChargeHadPaidFor(t *testing.T) {
	t.Parallel()
	w, sub := subscriber(t)
	w.deliver(t, invoiceOf(sub, "in_1", "invoice.paid", w.clock.now()))
	charge := domain.ChargeFact{ID: "ch_1", PaymentIntent: "pi_1", Customer: sub.Customer, Amount: 9900, Currency: "usd"}
	known := charge
	known.Invoice = "in_1"
	w.stripe.SetCharge(known)
	w.deliver(t, domain.DisputeFact{Type: "charge.dispute.created", ID: "dp_1", PaymentIntent: "pi_1", Charge: "ch_1", Status: "needs_response"})
	if held := w.features(t, "u"); len(held) > 0 {
		t.Errorf("holds %v of a subscription in dispute", held)
	}
	w.deliver(t, domain.DisputeFact{Type: "charge.dispute.closed", ID: "dp_1", PaymentIntent: "pi_1", Charge: "ch_1", Status: "won"})
	if held := w.features(t, "u"); held["seats"] != "15" {
		t.Errorf("holds %v after the dispute is won, want 15 seats", held)
	}
	if got := w.asked(domain.RefPaymentIntent, ports.AnswerSettled); got != 1 {
		t.Errorf("asked %d times, want once", got)
	}
}

func TestAsk_ClosingDoesNotWaitForStripe(t *testing.T) {
	t.Parallel()
	w, sub := subscriber(t)
	w.deliver(t, w.with(sub, 4))
	done := make(chan struct{})
	go func() {
		_, _ = w.fulfill.Event(t.Context(), w.event(w.with(sub, 5)))
		w.fulfill.Close()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Error("it hangs")
	}
}

// failingUpdates is a store of which some updates fail.
type failingUpdates struct {
	ports.Store
	fail func(ports.Touch) bool
}

func (s failingUpdates) Update(ctx context.Context, touch ports.Touch, fn func(ports.Found) (ports.Kept, error)) error {
	if s.fail(touch) {
		return errors.New("a statement failed")
	}
	return s.Store.Update(ctx, touch, fn)
}

// What waits and cannot be processed once its owner is known goes on waiting: its
// delivery was acknowledged, and nobody sends it again.
func TestAsk_WhatFailsAfterTheAnswerGoesOnWaiting(t *testing.T) {
	t.Parallel()
	var failing atomic.Bool
	refund := domain.EventID("evt_refund")
	w := newWorldOn(t, failingUpdates{memory.NewStore(), func(touch ports.Touch) bool {
		return failing.Load() && slices.Contains(touch.Events, refund)
	}})
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	purchase := w.stripe.Pay(order.Session)
	w.stripe.FailNext(ports.ErrGatewayBusy)
	event := w.event(refunded(intentOf(purchase), "refund.created"))
	event.ID = refund
	if verdict := w.send(t, event); verdict.Outcome != domain.OutcomeWaiting {
		t.Fatalf("got %+v, want waiting", verdict)
	}
	failing.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	reported := make(chan error, 100)
	running.Go(func() { w.fulfill.AskOn(ctx, func(err error) { reported <- err }) })
	for w.asked(domain.RefPaymentIntent, ports.AnswerFailed) < 3 {
		time.Sleep(time.Millisecond)
	}
	if receipt, err := w.store.Receipt(t.Context(), refund); err != nil || receipt.Outcome != domain.OutcomeWaiting {
		t.Errorf("the receipt is %+v, %v, want it to wait", receipt, err)
	}
	if said := (<-reported).Error(); !strings.Contains(said, "payment provider is not available") && !strings.Contains(said, "a statement failed") {
		t.Errorf("reported %q", said)
	}
	failing.Store(false)
	for {
		if receipt, err := w.store.Receipt(t.Context(), refund); err != nil || receipt.Outcome == domain.OutcomeApplied {
			break
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	running.Wait()
}

// lagging is a Stripe whose clock is behind: its first answers are from before what
// they are asked about.
type lagging struct {
	*memory.Gateway
	behind atomic.Int64 // seconds; one less with each question
}

func (g *lagging) FetchSubscription(ctx context.Context, id domain.SubscriptionID) (domain.SubscriptionFact, error) {
	fact, err := g.Gateway.FetchSubscription(ctx, id)
	fact.At = fact.At.Add(-time.Duration(g.behind.Load()) * time.Second)
	g.behind.Add(-1)
	return fact, err
}

// The clock of these tests stands where waiting has left it: two seconds after the
// doubt.
func TestAsk_AnAnswerFromBeforeTheDoubtDoesNotSettleIt(t *testing.T) {
	t.Parallel()
	for behind, want := range map[int64]string{2: "20", 3: "20", 9: "25"} {
		w, sub := subscriber(t)
		four, five := w.with(sub, 4), w.with(sub, 5)
		w.stripe.SetSubscription(four.Snapshot)
		stripe := &lagging{Gateway: w.stripe}
		stripe.behind.Store(behind)
		fulfill := app.NewFulfill(w.store, stripe, catalog, app.Settings{}, w.clock.now, w.clock.after, w.meter)
		t.Cleanup(fulfill.Close)
		for _, fact := range []domain.Fact{four, five} {
			if _, err := fulfill.Event(t.Context(), w.event(fact)); err != nil {
				t.Fatal(err)
			}
		}
		if seats := w.features(t, "u")["seats"]; seats != want {
			t.Errorf("Stripe's clock is %d s behind: %s seats, want %s", behind, seats, want)
		}
		if settled, left := want == "20", len(w.open(t)); settled != (left == 0) {
			t.Errorf("Stripe's clock is %d s behind: %d questions left", behind, left)
		}
	}
}

// busy is a Stripe of which something is told in the very second of its first answer.
type busy struct {
	*memory.Gateway
	once sync.Once
	tell func(context.Context)
}

func (g *busy) FetchSubscription(ctx context.Context, id domain.SubscriptionID) (domain.SubscriptionFact, error) {
	g.once.Do(func() { g.tell(ctx) })
	return g.Gateway.FetchSubscription(ctx, id)
}

// Who cancels and at once resumes is not to be told for half a minute that it ends.
func TestAsk_ADoubtThatArisesWhileAnotherIsAskedAboutIsSettledWithIt(t *testing.T) {
	t.Parallel()
	w, sub := subscriber(t)
	stripe := &busy{Gateway: w.stripe}
	fulfill := app.NewFulfill(w.store, stripe, catalog, app.Settings{}, w.clock.now, w.clock.after, w.meter)
	t.Cleanup(fulfill.Close)
	stripe.tell = func(ctx context.Context) {
		w.stripe.SetSubscription(w.with(sub, 6).Snapshot)
		for _, seats := range []int64{7, 6} {
			if err := fulfill.Facts(ctx, w.with(sub, seats)); err != nil {
				t.Error(err)
			}
		}
	}
	for _, fact := range []domain.Fact{w.with(sub, 4), w.with(sub, 5)} {
		if _, err := fulfill.Event(t.Context(), w.event(fact)); err != nil {
			t.Fatal(err)
		}
	}
	if seats := w.features(t, "u")["seats"]; seats != "30" {
		t.Errorf("Stripe has 6 units of 5 seats, got %s seats", seats)
	}
	if left := w.open(t); len(left) > 0 {
		t.Errorf("questions left: %+v", left)
	}
}

// An event that cannot be processed keeps no other from being so.
func TestAsk_OneThatFailsKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	poison := domain.EventID("evt_poison")
	w := newWorld(t)
	order := w.start(t, app.CheckoutRequest{User: "u", Plan: "basic"})
	purchase := w.stripe.Pay(order.Session)
	intent := intentOf(purchase)
	w.deliver(t, purchase...)
	for n, id := range []domain.EventID{"evt_first", poison, "evt_last"} {
		event := domain.Event{ID: id, Type: "refund.created", Created: w.clock.now(), Fact: refunded(intent, "refund.created")}
		payload, _ := w.stripe.Message(event)
		if id == poison {
			payload = []byte("nobody can read this")
		}
		w.keepWaiting(t, domain.ProcessedEvent{
			ID: id, Type: event.Type, ReceivedAt: w.clock.now().Add(time.Duration(n) * time.Second), Outcome: domain.OutcomeWaiting,
			WaitsFor: domain.Ref{Kind: domain.RefPaymentIntent, ID: string(intent)}, Attempts: 1, Payload: payload,
		})
	}
	w.clock.advance(10 * time.Minute) // nobody has asked: that is noticed too
	w.askOnUntil(t, func() bool {
		receipt, err := w.store.Receipt(t.Context(), "evt_last")
		return err == nil && receipt.Outcome.Final()
	})
	if held := w.features(t, "u"); len(held) > 0 {
		t.Errorf("holds %v of what was refunded", held)
	}
	if receipt, err := w.store.Receipt(t.Context(), poison); err != nil || receipt.Outcome != domain.OutcomeWaiting || receipt.Attempts < 2 || !strings.Contains(receipt.Reason, "cannot be processed") {
		t.Errorf("the poison is %+v, %v, want it to wait, with the reason and a count of the attempts", receipt, err)
	}
}

// keepWaiting keeps the receipt of an event that waits, and no question.
func (w *world) keepWaiting(t *testing.T, receipt domain.ProcessedEvent) {
	t.Helper()
	err := w.store.Update(t.Context(), ports.Touch{}, func(ports.Found) (ports.Kept, error) {
		return ports.Kept{Receipts: []domain.ProcessedEvent{receipt}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// invoiceOf is an invoice of a subscription's items for their periods.
func invoiceOf(sub domain.Subscription, id domain.InvoiceID, kind domain.EventType, at time.Time) domain.InvoiceFact {
	invoice := domain.Invoice{
		ID: id, Subscription: sub.ID, Currency: "usd", CreatedAt: at, FinalizedAt: at, Method: domain.ChargeAutomatically, Complete: true,
	}
	for n, item := range sub.Items {
		line := domain.Line{
			ID: fmt.Sprintf("il_%s_%d", id, n), Kind: domain.LineCycle, Item: item.ID, Price: item.Price,
			Quantity: item.Quantity, Amount: 9900 * item.Quantity, From: item.PeriodStart, Until: item.PeriodEnd,
		}
		invoice.Total += line.Amount
		invoice.Lines = append(invoice.Lines, line)
	}
	invoice.AmountDue = invoice.Total
	if kind == "invoice.paid" || kind == "invoice.payment_succeeded" {
		invoice.Status, invoice.AmountPaid, invoice.PaidAt = domain.InvoicePaid, invoice.Total, at
	}
	return domain.InvoiceFact{Type: kind, At: at, Customer: sub.Customer, Invoice: invoice}
}
