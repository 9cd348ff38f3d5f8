package portstest

import (
	"errors"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func gatewayCancelLate(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	if _, err := s.Gateway.CancelSubscription(t.Context(), s.end("cancel-1"), false); err != nil {
		t.Fatal(err)
	}
	resume := ports.ResumeRequest{EndRequest: s.end("resume-1")}
	if _, err := s.Gateway.ResumeSubscription(t.Context(), resume); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Gateway.ScheduleChange(t.Context(), s.to(s.Recurring, 1, "plan-1")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Gateway.CancelSubscription(t.Context(), s.end("cancel-1"), false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Gateway.ResumeSubscription(t.Context(), resume); err != nil {
		t.Fatal(err)
	}
	s.plans(t, s.Recurring, 1)
	if now := s.now(t, s.sub.ID); now.CancelAtPeriodEnd || !now.CancelAt.IsZero() {
		t.Errorf("got %+v, want it to go on", now)
	}
}

func gatewayUseKey(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	use := func(key string) {
		t.Helper()
		if err := s.Gateway.UseKey(t.Context(), s.sub.Customer, s.end(key).IdempotencyKey); err != nil {
			t.Fatal(err)
		}
	}
	for does, call := range map[string]func(key string) error{
		"cancel": func(key string) error {
			_, err := s.Gateway.CancelSubscription(t.Context(), s.end(key), false)
			return err
		},
		"end": func(key string) error {
			_, err := s.Gateway.CancelSubscription(t.Context(), s.end(key), true)
			return err
		},
		"change": func(key string) error {
			_, err := s.Gateway.ChangeSubscription(t.Context(), s.to(s.Recurring, 1, key))
			return err
		},
		"schedule": func(key string) error {
			_, err := s.Gateway.ScheduleChange(t.Context(), s.to(s.Recurring, 1, key))
			return err
		},
		"pause": func(key string) error {
			_, err := s.Gateway.PauseCollection(t.Context(), ports.PauseRequest{Subscription: s.sub.ID, IdempotencyKey: s.end(key).IdempotencyKey})
			return err
		},
	} {
		key := "nothing-" + does
		use(key)
		use(key)
		if err := call(key); !errors.Is(err, ports.ErrKeyMismatch) {
			t.Errorf("%s by a key that found nothing to do: got %v, want %v", does, err, ports.ErrKeyMismatch)
		}
	}
	if now := s.now(t, s.sub.ID); !now.SaysAs(s.sub) {
		t.Errorf("got %+v, want it as it was: %+v", now, s.sub)
	}
	details, err := s.Gateway.FetchBilling(t.Context(), s.sub.ID)
	if err != nil || details.Planned != nil {
		t.Errorf("got %+v, %v, want nothing planned", details.Planned, err)
	}
	if _, err := s.Gateway.CancelSubscription(t.Context(), s.end("cancel"), false); err != nil {
		t.Fatal(err)
	}
	use("cancel") // which stays what it was
	resume := ports.ResumeRequest{EndRequest: s.end("resume")}
	use("resume")
	if _, err := s.Gateway.ResumeSubscription(t.Context(), resume); !errors.Is(err, ports.ErrKeyMismatch) {
		t.Errorf("resume by a key that found nothing to do: got %v, want %v", err, ports.ErrKeyMismatch)
	}
	if fact, err := s.Gateway.CancelSubscription(t.Context(), s.end("cancel"), false); err != nil || !fact.Snapshot.CancelAtPeriodEnd {
		t.Errorf("the cancel again: got %+v, %v", fact, err)
	}
	if _, err := s.Gateway.CancelSubscription(t.Context(), s.end("cancel"), true); !errors.Is(err, ports.ErrKeyMismatch) {
		t.Errorf("an end at once by the key of a cancel: got %v, want %v", err, ports.ErrKeyMismatch)
	}
}

// Who repeats a resumption whose answer was lost may have been told meanwhile that nothing is
// paused any more.
func gatewayResumeRepeated(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	s.pause(t, "pause", time.Time{})
	if _, err := s.Gateway.CancelSubscription(t.Context(), s.end("cancel"), false); err != nil {
		t.Fatal(err)
	}
	for _, r := range []ports.ResumeRequest{s.collect("resume", false), {EndRequest: s.end("resume")}} {
		fact, err := s.Gateway.ResumeSubscription(t.Context(), r)
		if err != nil || fact.Snapshot.Pause != domain.PauseNone || !fact.Snapshot.ScheduledEnd().IsZero() {
			t.Errorf("collect %t: got %+v, %v, want it to go on", r.Collect, fact, err)
		}
	}
}

func gatewayResumeLate(t *testing.T, f GatewayFixture) {
	for name, first := range map[string]func(s subscriber) ports.ResumeRequest{
		"of one that found nothing to do": func(s subscriber) ports.ResumeRequest { return ports.ResumeRequest{EndRequest: s.end("resume")} },
		"of one within what was paid for": func(s subscriber) ports.ResumeRequest {
			s.pause(t, "pause", time.Time{})
			return s.collect("resume", false)
		},
	} {
		s := subscriberByOrder(t, f, domain.OrderID("order "+name))
		if _, err := s.Gateway.ResumeSubscription(t.Context(), first(s)); err != nil {
			t.Fatal(err)
		}
		s.pause(t, "pause again", time.Time{})
		s.Renew(t, s.sub.ID)
		_, err := s.Gateway.ResumeSubscription(t.Context(), s.collect("resume", true))
		if now := s.now(t, s.sub.ID); now.Pause != domain.PauseVoid || s.paidFor(t) != 1 {
			t.Errorf("%s: got pause %q and %d paid periods, %v, want it as it was", name, now.Pause, s.paidFor(t), err)
		}
	}
}
