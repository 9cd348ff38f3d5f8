package portstest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func (s subscriber) pause(t *testing.T, key string, resumes time.Time) domain.Subscription {
	t.Helper()
	fact, err := s.Gateway.PauseCollection(t.Context(), ports.PauseRequest{
		Subscription: s.sub.ID, ResumesAt: resumes, IdempotencyKey: string(s.sub.ID) + " " + key,
	})
	if err != nil || fact.Type != domain.TypeFetched || fact.Snapshot.Status != domain.StatusActive {
		t.Fatalf("paused: got %+v, %v", fact, err)
	}
	return fact.Snapshot
}

func (s subscriber) collect(key string, anew bool) ports.ResumeRequest {
	return ports.ResumeRequest{EndRequest: s.end(key), Collect: true, Anew: anew}
}

// paidFor counts the invoices of a subscription that were paid.
func (s subscriber) paidFor(t *testing.T) int {
	t.Helper()
	n := 0
	for _, i := range s.invoices(t) {
		if i.Invoice.Status == domain.InvoicePaid {
			n++
		}
	}
	return n
}

func gatewayPause(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	resumes := s.sub.PeriodEnd().AddDate(0, 0, 20)
	for range 2 {
		if got := s.pause(t, "pause-1", resumes); got.Pause != domain.PauseVoid {
			t.Fatalf("paused: got %+v", got)
		}
	}
	if details, err := s.Gateway.FetchBilling(t.Context(), s.sub.ID); err != nil || !details.ResumesAt.Equal(resumes) {
		t.Errorf("it is resumed at %s, %v, want %s", details.ResumesAt, err, resumes)
	}
	fact, err := s.Gateway.ResumeSubscription(t.Context(), s.collect("resume-1", false))
	if err != nil || fact.Snapshot.Pause != domain.PauseNone || s.paidFor(t) != 1 {
		t.Errorf("resumed: got %+v, %v, with %d invoices paid", fact, err, s.paidFor(t))
	}
	if s.pause(t, "pause-1", resumes).Pause != domain.PauseNone {
		t.Error("a late repetition paused again")
	}
	if got := s.pause(t, "pause-2", time.Time{}); got.Pause != domain.PauseVoid {
		t.Errorf("paused again: got %+v", got)
	}
	if details, err := s.Gateway.FetchBilling(t.Context(), s.sub.ID); err != nil || !details.ResumesAt.IsZero() {
		t.Errorf("it is resumed at %s, %v, want never", details.ResumesAt, err)
	}
	if _, err := s.Gateway.ResumeSubscription(t.Context(), ports.ResumeRequest{EndRequest: s.end("resume-2")}); err != nil {
		t.Fatal(err)
	}
	if s.now(t, s.sub.ID).Pause != domain.PauseVoid {
		t.Error("it collects again, which nobody asked for")
	}
	s.Renew(t, s.sub.ID)
	if newest := s.invoices(t)[0].Invoice; newest.Status != domain.InvoiceVoid {
		t.Errorf("the next period: got %+v, want its invoice void", newest)
	}
	for _, id := range []domain.SubscriptionID{"sub_unknown", ""} {
		if _, err := s.Gateway.PauseCollection(t.Context(), ports.PauseRequest{Subscription: id, IdempotencyKey: "k"}); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("pause %q: got %v, want %v", id, err, ports.ErrNotFound)
		}
	}
}

// Two who ask at once pay one period, and a late repetition pays none.
func gatewayResumeAnew(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	s.pause(t, "pause-1", time.Time{})
	s.Renew(t, s.sub.ID)
	if _, err := s.Gateway.CancelSubscription(t.Context(), s.end("cancel-1"), false); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for _, key := range []string{"resume-1", "resume-2"} {
		both.Go(func() {
			fact, err := s.Gateway.ResumeSubscription(t.Context(), s.collect(key, true))
			if err != nil || fact.Snapshot.Pause != domain.PauseNone || !fact.Snapshot.ScheduledEnd().IsZero() {
				t.Errorf("resumed: got %+v, %v, want it to go on", fact.Snapshot, err)
			}
		})
	}
	both.Wait()
	if n := s.paidFor(t); n != 2 {
		t.Errorf("%d invoices were paid, want the first and that of the period that has begun", n)
	}
	newest := s.invoices(t)[0].Invoice
	if now := s.now(t, s.sub.ID); newest.Status != domain.InvoicePaid || !newest.Lines[0].Until.Equal(now.PeriodEnd()) || len(newest.Lines) != 1 {
		t.Errorf("got %+v, want the whole period until %s paid", newest, now.PeriodEnd())
	}
	s.pause(t, "pause-2", time.Time{})
	s.Renew(t, s.sub.ID)
	// Also of the one that came second, and found nothing to do.
	for _, key := range []string{"resume-1", "resume-2"} {
		if _, err := s.Gateway.ResumeSubscription(t.Context(), s.collect(key, true)); err != nil {
			t.Fatal(err)
		}
		if s.now(t, s.sub.ID).Pause != domain.PauseVoid || s.paidFor(t) != 2 {
			t.Errorf("a late repetition of %s resumed again", key)
		}
	}
}

func gatewayResumeUnpaid(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	s.pause(t, "pause-1", time.Time{})
	s.Renew(t, s.sub.ID)
	was := s.now(t, s.sub.ID)
	s.DeclineCards(t, s.customer, s.sub.ID)
	for _, key := range []string{"resume-1", "resume-1", "resume-2"} {
		if fact, err := s.Gateway.ResumeSubscription(t.Context(), s.collect(key, true)); !errors.Is(err, ports.ErrPaymentFailed) {
			t.Fatalf("%s: got %+v, %v, want %v", key, fact, err, ports.ErrPaymentFailed)
		}
	}
	if now := s.now(t, s.sub.ID); now.Pause != domain.PauseVoid || !now.PeriodEnd().Equal(was.PeriodEnd()) || s.paidFor(t) != 1 {
		t.Errorf("unpaid: got %+v, want it paused as it was", now)
	}
}
