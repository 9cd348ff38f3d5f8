package portstest

import (
	"errors"
	"testing"

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
}
