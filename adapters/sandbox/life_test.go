package sandbox_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

const day = 24 * time.Hour

// advance moves the clock and returns the kinds of the events on the way.
func (s *shop) advance(d time.Duration) string {
	s.t.Helper()
	return s.after(func() { s.ok(s.Advance(d)) })
}

// toEnd moves the clock to a subscription's period's end.
func (s *shop) toEnd(id string) {
	s.t.Helper()
	s.ok(s.AdvanceTo(time.Unix(s.sub(id).CurrentPeriodEnd, 0)))
}

func TestLife_AYearIsBilledTwelveTimes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	first := s.subscribed()
	begun := time.Unix(first.CurrentPeriodStart, 0)
	s.ok(s.AdvanceTo(begun.AddDate(1, 0, 1)))
	var ends []string
	for _, in := range s.invoicesOf(first.ID) {
		ends = append(ends, fmt.Sprint(in.Status, " ", in.AmountPaid, " ", time.Unix(in.Lines.Data[0].Period.End, 0).UTC().Format("2006-01")))
	}
	slices.Reverse(ends)
	var want []string
	for n := range 13 {
		year, month, _ := begun.UTC().Date()
		want = append(want, fmt.Sprint("paid 2000 ", time.Date(year, month+time.Month(n)+1, 1, 0, 0, 0, 0, time.UTC).Format("2006-01")))
	}
	if !slices.Equal(ends, want) {
		t.Errorf("got  %q\nwant %q", ends, want)
	}
	if sub := s.sub(first.ID); sub.Status != "active" || !s.Now().Before(time.Unix(sub.CurrentPeriodEnd, 0)) {
		t.Errorf("after a year it is %s until %d", sub.Status, sub.CurrentPeriodEnd)
	}
}

func (s *shop) invoicesOf(subscription string) []*stripe.Invoice {
	s.t.Helper()
	var all []*stripe.Invoice
	list := s.api.Invoices.List(&stripe.InvoiceListParams{Subscription: &subscription})
	for list.Next() {
		all = append(all, list.Invoice())
	}
	s.ok(list.Err())
	return all
}

// A period's invoice is a draft for an hour, in which the subscription goes on already.
func TestLife_AnInvoiceIsCollectedAnHourAfterThePeriodBegan(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	before := s.subscribed()
	if got := s.after(func() { s.toEnd(before.ID) }); got != "invoice.upcoming customer.subscription.updated invoice.created" {
		t.Errorf("at the end of the period: got events %s", got)
	}
	if sub := s.sub(before.ID); sub.Status != "active" || sub.CurrentPeriodStart != before.CurrentPeriodEnd || sub.LatestInvoice.Status != "draft" {
		t.Errorf("then it is %s from %d with an invoice that is %s", sub.Status, sub.CurrentPeriodStart, sub.LatestInvoice.Status)
	}
	hourAfter := time.Unix(before.CurrentPeriodEnd, 0).Add(time.Hour) // to the second
	if got := s.after(func() { s.ok(s.AdvanceTo(hourAfter)) }); got != "payment_intent.created invoice.finalized invoice.updated"+paid {
		t.Errorf("an hour later: got events %s", got)
	}
}

func TestLife_ADeclinedRenewalIsTriedAgainAndRecovers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.subscribed().ID
	s.ok(s.SetCard(id, "4000000000000341"))
	s.toEnd(id)
	if got := s.advance(time.Hour); got != "payment_intent.created invoice.finalized invoice.updated"+failed {
		t.Errorf("got events %s", got)
	}
	sub := s.sub(id)
	if next := time.Unix(sub.LatestInvoice.NextPaymentAttempt, 0); sub.Status != "past_due" || !next.Equal(s.Now().Truncate(time.Second).Add(3*day)) {
		t.Errorf("it is %s, and tried again %s, now is %s", sub.Status, next, s.Now())
	}
	if got := s.after(func() { s.ok(s.AdvanceTo(time.Unix(sub.LatestInvoice.NextPaymentAttempt, 0))) }); got != strings.TrimSuffix(failed[1:], " customer.subscription.updated") {
		t.Errorf("after three days: got events %s", got)
	}
	s.ok(s.SetCard(id, "4242424242424242"))
	if got := s.advance(5 * day); got != paid[1:]+" customer.subscription.updated" {
		t.Errorf("after five more: got events %s", got)
	}
	if sub := s.sub(id); sub.Status != "active" || sub.LatestInvoice.AttemptCount != 3 || sub.LatestInvoice.NextPaymentAttempt != 0 {
		t.Errorf("it is %s after %d attempts", sub.Status, sub.LatestInvoice.AttemptCount)
	}
}

func TestLife_ADeclinedRenewalEndsAsTheAccountSays(t *testing.T) {
	t.Parallel()
	for then, last := range map[string]string{"canceled": "customer.subscription.deleted", "unpaid": "customer.subscription.updated", "past_due": ""} {
		t.Run(then, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, sandbox.WithCollectionPolicy(sandbox.CollectionPolicy{RetryAfter: []time.Duration{2 * day}, Then: then}))
			id := s.subscribed().ID
			s.ok(s.SetCard(id, "4000000000000341"))
			s.toEnd(id)
			s.ok(s.Advance(time.Hour))
			want := strings.TrimSpace(strings.TrimSuffix(failed[1:], "customer.subscription.updated") + last)
			if got := s.advance(2 * day); got != want {
				t.Errorf("got events %s, want %s", got, want)
			}
			sub := s.sub(id)
			if string(sub.Status) != then || sub.LatestInvoice.Status != "open" || sub.LatestInvoice.AutoAdvance || sub.LatestInvoice.NextPaymentAttempt != 0 {
				t.Errorf("it is %s with an invoice %s", sub.Status, sub.LatestInvoice.Status)
			}
			s.ok(s.Advance(60 * day))
			if sub := s.sub(id); string(sub.Status) != then {
				t.Errorf("two months later it is %s", sub.Status)
			}
		})
	}
}

func TestLife_ATrialIsAnnouncedToEndAndEnds(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("subscription", s.monthly)
	p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialPeriodDays: stripe.Int64(14)}
	id := s.paid(p).Subscription.ID
	if got := s.advance(11*day - time.Minute); got != "invoice.upcoming" {
		t.Errorf("before: got events %s", got)
	}
	if got := s.advance(time.Hour); got != "customer.subscription.trial_will_end" {
		t.Errorf("three days before its end: got events %s", got)
	}
	if got := s.advance(3 * day); got != "customer.subscription.updated invoice.created" {
		t.Errorf("at its end: got events %s", got)
	}
	if got := s.advance(time.Hour); got != "payment_intent.created invoice.finalized invoice.updated"+paid {
		t.Errorf("an hour later: got events %s", got)
	}
	if sub := s.sub(id); sub.Status != "active" || sub.LatestInvoice.AmountPaid != 2000 {
		t.Errorf("it is %s, and %d was paid", sub.Status, sub.LatestInvoice.AmountPaid)
	}
}

func TestLife_WhatIsToEndWithItsPeriodEnds(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.subscribed().ID
	must[*stripe.Subscription](t)(s.api.Subscriptions.Update(id, &stripe.SubscriptionParams{CancelAtPeriodEnd: stripe.Bool(true)}))
	if got := s.advance(40 * day); got != "customer.subscription.deleted" {
		t.Errorf("got events %s", got)
	}
}

// What nobody calls stays as it was: an invoice that waits for its subscription, which ends
// meanwhile, is not collected.
func TestLife_ADraftOfWhatHasEndedIsNotCollected(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.subscribed().ID
	s.toEnd(id)
	s.ok(s.CancelSubscription(id))
	if got := s.advance(2 * time.Hour); got != "invoice.updated" { // it does not advance any more
		t.Errorf("got events %s", got)
	}
	if in := s.sub(id).LatestInvoice; in.Status != "draft" || in.AutoAdvance {
		t.Errorf("its invoice is %s, auto_advance %t", in.Status, in.AutoAdvance)
	}
}

func TestAdvance_SendsFailedWebhooksAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithRetryPolicy(sandbox.RetryPolicy{Base: time.Hour, Max: time.Hour, Attempts: 3}))
	s.endpoint.answerNext(500, 500)
	s.customer()
	s.ok(s.Advance(time.Minute))
	if d := s.Deliveries(); len(d) != 1 || d[0].State != sandbox.DeliveryPending || len(d[0].Attempts) != 1 {
		t.Fatalf("after a minute: %+v", d)
	}
	s.ok(s.Advance(3 * time.Hour))
	if d := s.Deliveries(); d[0].State != sandbox.DeliverySucceeded || len(d[0].Attempts) != 3 {
		t.Errorf("after three hours: %+v", d)
	}
}

func TestAdvance_IsRefusedWhereItWouldLie(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if err := s.Advance(-time.Second); err == nil || !strings.Contains(err.Error(), "cannot go back") {
		t.Errorf("back: %v", err)
	}
	now := newClock()
	if err := newShop(t, sandbox.WithClock(now.Now)).Advance(time.Hour); !errors.Is(err, sandbox.ErrOwnClock) {
		t.Errorf("with a clock of the test's: %v", err)
	}
	closed := newShop(t)
	s.ok(closed.Close())
	if err := closed.Advance(time.Hour); err == nil {
		t.Error("a closed sandbox goes on")
	}
}
