package app_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

var acct = domain.Ref{Kind: domain.RefAccount, ID: "acct_1"}

// byAccount is a subscription that was made in the dashboard, its invoice, and a credit
// note: all that they name of their customer is an account.
func (w *world) byAccount() (sub domain.SubscriptionFact, invoice domain.InvoiceFact, note domain.CreditNoteFact) {
	now := w.clock.now().Truncate(time.Second)
	s := domain.Subscription{
		ID: "sub_2", CustomerAccount: "acct_1", Status: domain.StatusActive, StartedAt: now,
		Items: []domain.Item{{ID: "si_2", Price: "price_team_m", LookupKey: "team_monthly", Quantity: 3, PeriodStart: now, PeriodEnd: now.AddDate(0, 1, 0)}},
	}
	invoice = invoiceOf(s, "in_2", "invoice.paid", now)
	invoice.CustomerAccount = "acct_1"
	note = domain.CreditNoteFact{Type: "credit_note.created", At: now, CustomerAccount: "acct_1", CreditNote: domain.CreditNote{
		ID: "cn_2", Invoice: "in_2", Status: domain.CreditNoteIssued, Kind: domain.PostPayment, Amount: 29700, Currency: "usd", CreatedAt: now,
		Lines: []domain.CreditedLine{{Line: "il_in_2_0", Amount: 29700}},
	}}
	return domain.SubscriptionFact{Type: "customer.subscription.created", At: now, Snapshot: s}, invoice, note
}

// buysByAccount lets u buy pro, of which Stripe's objects name the account.
func (w *world) buysByAccount(t *testing.T) (told []domain.Fact) {
	t.Helper()
	for _, fact := range w.stripe.Pay(w.start(t, app.CheckoutRequest{User: "u", Plan: "pro"}).Session) {
		switch f := fact.(type) {
		case domain.SessionFact:
			f.Customer, f.CustomerAccount = "", "acct_1"
			fact = f
		case domain.SubscriptionFact:
			f.Snapshot.Customer, f.Snapshot.CustomerAccount = "", "acct_1"
			fact = f
		}
		told = append(told, fact)
	}
	return told
}

// receipt is that of an event, without what came in.
func (w *world) receipt(t *testing.T, id domain.EventID) domain.ProcessedEvent {
	t.Helper()
	receipt, err := w.store.Receipt(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	receipt.Payload = nil
	return receipt
}

// Whose customer account it is may be told an hour after what names nothing else.
func TestNamed_WhatWasAStrangersIsTakenIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub, invoice, _ := w.byAccount()
	w.stripe.SetSubscription(sub.Snapshot)
	w.stripe.SetInvoice(invoice)
	events := []domain.Event{w.event(sub), w.event(invoice)}
	for _, e := range events {
		if verdict := w.send(t, e); verdict.Outcome != domain.OutcomeIgnored {
			t.Errorf("%s: %s, want ignored", e.Type, verdict.Outcome)
		}
		if r := w.receipt(t, e.ID); r.WaitsFor != acct {
			t.Errorf("%s waits for %+v, want the account", e.Type, r.WaitsFor)
		}
	}
	if asked := w.asked(domain.RefSubscription, ports.AnswerSettled); asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
	w.clock.advance(time.Hour)
	w.deliver(t, w.buysByAccount(t)...)
	calls, counted := w.stripe.Calls(), len(w.meter.Questions())
	w.askOnUntil(t, func() bool { return w.features(t, "u")["seats"] == "15" })
	if got := w.stripe.Calls() - calls; got > 0 || len(w.meter.Questions()) > counted {
		t.Errorf("%d calls, counted %v: Stripe has nothing to say to this", got, w.meter.Questions())
	}
	for _, e := range events {
		if r := w.receipt(t, e.ID); r.Outcome != domain.OutcomeApplied || r.User != "u" || r.WaitsFor != (domain.Ref{}) {
			t.Errorf("receipt %+v, want that it was processed for u", r)
		}
	}
}

// The order in which all this is told does not matter, and nothing stays to be asked.
func TestNamed_CreditNoteAndAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub, invoice, note := w.byAccount()
	w.stripe.SetSubscription(sub.Snapshot)
	w.stripe.SetInvoice(invoice)
	w.deliver(t, note, invoice, sub)
	w.deliver(t, w.buysByAccount(t)...)
	w.askOnUntil(t, func() bool { return len(w.named(t)) == 0 })
	w.askFor(t, 5*time.Minute)
	if left := w.open(t); len(left) > 0 {
		t.Errorf("questions left: %+v", left)
	}
	state, err := w.store.State(t.Context(), "u")
	a := state.Account
	if _, there := a.CreditNotes["cn_2"]; err != nil || !there || len(a.Subscriptions) != 2 || !a.Invoices["in_2"].Complete {
		t.Errorf("kept %+v, %v, want the credit note, its invoice and both subscriptions", a, err)
	}
}

// askFor runs AskOn for a while of the clock.
func (w *world) askFor(t *testing.T, d time.Duration) {
	t.Helper()
	until := w.clock.now().Add(d)
	w.askOnUntil(t, func() bool { return w.clock.now().After(until) })
}

// named are the receipts that wait for the account.
func (w *world) named(t *testing.T) []domain.ProcessedEvent {
	t.Helper()
	receipts, err := w.store.Receipts(t.Context(), ports.ReceiptQuery{WaitsFor: acct})
	if err != nil {
		t.Fatal(err)
	}
	return receipts
}

// There may be more of them than are looked at together, and one that cannot be read
// keeps no other.
func TestNamed_ManyAndOneUnreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver(t, w.buysByAccount(t)...)
	questions, err := w.store.TakeQuestions(t.Context(), w.clock.now(), 0, 100)
	if err != nil || !slices.ContainsFunc(questions, func(q ports.Question) bool { return q.Subject == acct }) {
		t.Fatalf("questions %+v, %v, want one about the account", questions, err)
	}
	stored := func(n int, payload []byte) domain.ProcessedEvent {
		e := w.event(domain.SubscriptionFact{})
		sub, _, _ := w.byAccount()
		sub.Snapshot.ID = domain.SubscriptionID(fmt.Sprintf("sub_many_%d", n))
		e.Fact = sub
		if payload == nil {
			payload, _ = w.stripe.Message(e)
		}
		return domain.ProcessedEvent{ID: e.ID, Type: sub.Type, ReceivedAt: w.clock.now(), Outcome: domain.OutcomeIgnored, WaitsFor: acct, Attempts: 1, Payload: payload}
	}
	const many = 230
	for n := range many {
		w.keepWaiting(t, stored(n, nil))
	}
	poison := stored(many, []byte("nobody can read this"))
	w.keepWaiting(t, poison)
	w.askOnUntil(t, func() bool { return len(w.named(t)) == 1 })
	if state, err := w.store.State(t.Context(), "u"); err != nil || len(state.Account.Subscriptions) != many+1 {
		t.Errorf("%d subscriptions, %v, want %d", len(state.Account.Subscriptions), err, many+1)
	}
	if left := w.open(t); len(left) != 1 || left[0].Subject != acct {
		t.Errorf("questions left %+v, want that the unreadable is tried again", left)
	}
	if r := w.receipt(t, poison.ID); r.Outcome != domain.OutcomeIgnored || r.WaitsFor != acct {
		t.Errorf("the unreadable: %+v, want it as it was", r)
	}
}

// lookedFor is a store that notes when receipts that wait for the account are read.
type lookedFor struct {
	ports.Store
	mu    sync.Mutex
	clock func() time.Time
	at    []time.Time
}

func (s *lookedFor) Receipts(ctx context.Context, q ports.ReceiptQuery) ([]domain.ProcessedEvent, error) {
	if q.WaitsFor == acct {
		s.mu.Lock()
		s.at = append(s.at, s.clock())
		s.mu.Unlock()
	}
	return s.Store.Receipts(ctx, q)
}

// An event that began to be processed before the name was known may be kept after it was
// looked for: that is done again when no such event can be left.
func TestNamed_IsLookedForASecondTime(t *testing.T) {
	t.Parallel()
	store := &lookedFor{Store: memory.NewStore()}
	w := newWorldOn(t, store)
	store.clock = w.clock.now
	learned := w.clock.now()
	w.deliver(t, w.buysByAccount(t)...)
	w.askFor(t, 5*time.Minute)
	store.mu.Lock()
	looked := store.at
	store.mu.Unlock()
	if len(looked) != 2 || looked[1].Sub(learned) < 10*time.Second {
		t.Errorf("learned at %v and looked at %v, want at once and some time after", learned, looked)
	}
	if left := w.open(t); len(left) > 0 {
		t.Errorf("questions left: %+v", left)
	}
	sub, _, _ := w.byAccount()
	w.deliver(t, sub) // the name is known: nobody waits for anything
	w.askOnUntil(t, func() bool { return len(w.open(t)) == 0 })
	if left := w.open(t); len(left) > 0 || len(w.named(t)) > 0 {
		t.Errorf("left %+v and %+v", left, w.named(t))
	}
}

// What an account has learned in another way is no news, and the receipt says whose.
func TestNamed_WhatIsKnownByNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sub, _, _ := w.byAccount()
	w.stripe.SetSubscription(sub.Snapshot)
	e := w.event(sub)
	w.send(t, e)
	w.deliver(t, w.buysByAccount(t)...)
	w.deliver(t, sub)
	w.askOnUntil(t, func() bool { return len(w.named(t)) == 0 })
	if r := w.receipt(t, e.ID); r.Outcome != domain.OutcomeUnchanged || r.User != "u" {
		t.Errorf("receipt %+v, want that it is u's and said nothing new", r)
	}
}

// Whose customer account it is that two users' checkouts name, a person has to say; Stripe
// is not to repeat it for three days.
func TestNamed_OneAccountOfTwoUsersIsAPersonsToDecide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deliver(t, w.buysByAccount(t)...)
	before := w.features(t, "u")
	session := w.stripe.Pay(w.start(t, app.CheckoutRequest{User: "v", Plan: "pro"}).Session)[0].(domain.SessionFact)
	session.Customer, session.CustomerAccount = "", "acct_1"
	verdict := w.send(t, w.event(session))
	if verdict.Outcome != domain.OutcomeQuarantined || !strings.Contains(verdict.Reason, "of user u") || !strings.Contains(verdict.Reason, "of user v") {
		t.Errorf("got %+v, want that it is quarantined, and both users named", verdict)
	}
	if got := w.features(t, "u"); !maps.Equal(got, before) || len(got) == 0 {
		t.Errorf("u has %v, want what was there: %v", got, before)
	}
	if got := w.features(t, "v"); len(got) > 0 {
		t.Errorf("v has %v, want nothing", got)
	}
}
