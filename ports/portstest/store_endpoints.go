package portstest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func endpoint(id ports.EndpointID) ports.Endpoint {
	return ports.Endpoint{ID: id, URL: "https://hooks.example.com/" + string(id), CreatedAt: noon, NextAttempt: noon, Secret: "whsec_MfKQ9r8G"}
}

func fullEndpoint(id ports.EndpointID) ports.Endpoint {
	return ports.Endpoint{
		ID: id, URL: "https://hooks.example.com/it's?a=?", Features: []domain.FeatureKey{"projects", "sso"}, Causes: []domain.Cause{"by_hand", ports.CauseEvent},
		CreatedAt: noon, Secret: "whsec_MfKQ9r8G", FormerSecret: "whsec_GKYqrTwj", FormerUntil: noon.Add(24 * time.Hour),
		Disabled: "because; --", DisabledAt: noon.Add(time.Microsecond),
		Cursor: 1 << 40, Delivered: []int64{1<<40 + 2, 1<<40 + 7}, Replays: 3,
		Failures: 7, FailingSince: noon.Add(-time.Hour), LastError: "500", NextAttempt: noon.Add(time.Hour),
		LeasedUntil: noon.Add(time.Minute), Turn: 12,
	}
}

func addEndpoints(t *testing.T, s ports.Store, all ...ports.Endpoint) {
	t.Helper()
	for _, e := range all {
		if err := s.AddEndpoint(t.Context(), e); err != nil {
			t.Fatalf("AddEndpoint %s: %v", e.ID, err)
		}
	}
}

func wantEndpoint(t *testing.T, s ports.Store, want ports.Endpoint) {
	t.Helper()
	got, err := s.Endpoint(t.Context(), want.ID)
	if err != nil {
		t.Fatalf("Endpoint %s: %v", want.ID, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("endpoint %s (-want +got):\n%s", want.ID, diff)
	}
}

func testEndpoints(t *testing.T, s ports.Store) {
	full, later := fullEndpoint("ep_b"), endpoint("ep_a")
	later.CreatedAt = noon.Add(time.Second)
	addEndpoints(t, s, later, full)
	wantEndpoint(t, s, full)
	wantEndpoint(t, s, later)
	if err := s.AddEndpoint(t.Context(), endpoint("ep_a")); !errors.Is(err, ports.ErrConflict) {
		t.Errorf("AddEndpoint of an id that there is: %v, want ErrConflict", err)
	}
	all, err := s.Endpoints(t.Context())
	if diff := cmp.Diff([]ports.Endpoint{full, later}, all); err != nil || diff != "" {
		t.Errorf("Endpoints: %v (-want +got):\n%s", err, diff)
	}
	if err := s.DeleteEndpoint(t.Context(), "ep_b"); err != nil {
		t.Fatalf("DeleteEndpoint: %v", err)
	}
	for what, call := range map[string]func() error{
		"Endpoint":       func() error { _, err := s.Endpoint(t.Context(), "ep_b"); return err },
		"DeleteEndpoint": func() error { return s.DeleteEndpoint(t.Context(), "ep_b") },
		"ChangeEndpoint": func() error {
			return s.ChangeEndpoint(t.Context(), "ep_b", func(*ports.Endpoint) ([]ports.Delivery, error) { return nil, nil })
		},
	} {
		if err := call(); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("%s of one that was deleted: %v, want ErrNotFound", what, err)
		}
	}
	wantEndpoint(t, s, later)
}

func testChangeEndpoint(t *testing.T, s ports.Store) {
	addEndpoints(t, s, endpoint("ep_a"), endpoint("ep_b"))
	want := fullEndpoint("ep_a")
	err := s.ChangeEndpoint(t.Context(), "ep_a", func(e *ports.Endpoint) ([]ports.Delivery, error) {
		*e = fullEndpoint("ep_other") // its id and when it was made stay
		e.CreatedAt = noon.Add(time.Hour)
		return []ports.Delivery{{Message: "msg_1", At: noon}}, nil
	})
	if err != nil {
		t.Fatalf("ChangeEndpoint: %v", err)
	}
	wantEndpoint(t, s, want)
	err = s.ChangeEndpoint(t.Context(), "ep_a", func(e *ports.Endpoint) ([]ports.Delivery, error) {
		e.Cursor, e.Delivered[0], e.Features[0] = 1, 1, "x"
		return []ports.Delivery{{Message: "msg_2", At: noon}}, errOurs
	})
	if !errors.Is(err, errOurs) {
		t.Errorf("ChangeEndpoint that fails: %v, want %v", err, errOurs)
	}
	wantEndpoint(t, s, want)
	wantEndpoint(t, s, endpoint("ep_b"))
	if got, err := s.Deliveries(t.Context(), "ep_a", 10); err != nil || len(got) != 1 || got[0].Message != "msg_1" {
		t.Errorf("Deliveries: %v, %v, want msg_1 alone", got, err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			err := s.ChangeEndpoint(t.Context(), "ep_b", func(e *ports.Endpoint) ([]ports.Delivery, error) { e.Failures++; return nil, nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, err := s.Endpoint(t.Context(), "ep_b"); err != nil || got.Failures != 20 {
		t.Errorf("of 20 changes at once %d are kept, %v", got.Failures, err)
	}
}

func testDeliveries(t *testing.T, s ports.Store) {
	addEndpoints(t, s, endpoint("ep_a"), endpoint("ep_b"))
	full := ports.Delivery{
		Message: "msg_1", First: 3, Last: 1 << 40, Attempt: 2, At: noon, Duration: 1500 * time.Microsecond, Status: 503, Answer: "it's \"busy\"", Error: "503; --",
	}
	keep := func(id ports.EndpointID, deliveries ...ports.Delivery) {
		t.Helper()
		if err := s.ChangeEndpoint(t.Context(), id, func(*ports.Endpoint) ([]ports.Delivery, error) { return deliveries, nil }); err != nil {
			t.Fatalf("ChangeEndpoint: %v", err)
		}
	}
	keep("ep_a", full)
	keep("ep_b", ports.Delivery{Message: "other", At: noon})
	got, err := s.Deliveries(t.Context(), "ep_a", 10)
	if err != nil || len(got) != 1 || got[0].Seq == 0 {
		t.Fatalf("Deliveries: %v, %v, want one with a number", got, err)
	}
	full.Seq = got[0].Seq
	if diff := cmp.Diff(full, got[0]); diff != "" {
		t.Errorf("delivery (-want +got):\n%s", diff)
	}
	for page := range 3 {
		many := make([]ports.Delivery, ports.DeliveriesKept/2)
		for i := range many {
			many[i] = ports.Delivery{Message: fmt.Sprint(page, i), At: noon}
		}
		keep("ep_a", many...)
	}
	got, err = s.Deliveries(t.Context(), "ep_a", 2*ports.DeliveriesKept)
	last := fmt.Sprint(2, ports.DeliveriesKept/2-1)
	if err != nil || len(got) != ports.DeliveriesKept || got[0].Message != last || got[len(got)-1].Message != fmt.Sprint(1, 0) {
		t.Errorf("%d deliveries are kept, %v; want the last %d, %s first", len(got), err, ports.DeliveriesKept, last)
	}
	if got, err := s.Deliveries(t.Context(), "ep_b", 10); err != nil || len(got) != 1 {
		t.Errorf("of the other endpoint %v is kept, %v", got, err)
	}
}

func testLeaseEndpoints(t *testing.T, s ports.Store) {
	give(t, s, "ann", noon, projects("ann", 5, time.Time{}))
	tell(t, s, noon)
	change := func(id ports.EndpointID, with func(*ports.Endpoint)) ports.Endpoint {
		e := endpoint(id)
		with(&e)
		return e
	}
	addEndpoints(t, s,
		change("ep_late", func(e *ports.Endpoint) { e.NextAttempt = noon.Add(-time.Second) }),
		endpoint("ep_due"),
		change("ep_later", func(e *ports.Endpoint) { e.NextAttempt = noon.Add(time.Second) }),
		change("ep_done", func(e *ports.Endpoint) { e.Cursor = 1 }),
		change("ep_ahead", func(e *ports.Endpoint) { e.Cursor = 9 }),
		change("ep_off", func(e *ports.Endpoint) { e.Disabled, e.DisabledAt = "by hand", noon }),
		change("ep_leased", func(e *ports.Endpoint) { e.LeasedUntil = noon.Add(time.Second) }),
		change("ep_left", func(e *ports.Endpoint) { e.LeasedUntil, e.NextAttempt = noon, noon.Add(-time.Minute) }),
		change("ep_failing", func(e *ports.Endpoint) { e.Failures, e.FailingSince = 1, noon }),
	)
	until := noon.Add(time.Minute)
	lease := func(l ports.EndpointLease) (ids []ports.EndpointID) {
		t.Helper()
		l.Until = until
		leased, err := s.LeaseEndpoints(t.Context(), l)
		if err != nil {
			t.Fatalf("LeaseEndpoints: %v", err)
		}
		for _, e := range leased {
			if !e.LeasedUntil.Equal(until) || e.Turn != 1 {
				t.Errorf("%s is leased until %s in turn %d, want %s and 1", e.ID, e.LeasedUntil, e.Turn, until)
			}
			wantEndpoint(t, s, e)
			ids = append(ids, e.ID)
		}
		return ids
	}
	for _, c := range []struct {
		lease ports.EndpointLease
		want  []ports.EndpointID
	}{
		{ports.EndpointLease{Now: noon}, nil},
		{ports.EndpointLease{Now: noon, Limit: 2}, []ports.EndpointID{"ep_left", "ep_late"}},
		{ports.EndpointLease{Now: noon, Limit: 9}, []ports.EndpointID{"ep_ahead", "ep_due"}},
		{ports.EndpointLease{Now: noon, Limit: 9}, nil},
		{ports.EndpointLease{Now: noon, Limit: 9, Failing: true}, []ports.EndpointID{"ep_failing"}},
		{ports.EndpointLease{Now: noon.Add(time.Second), Limit: 9}, []ports.EndpointID{"ep_leased", "ep_later"}},
	} {
		if diff := cmp.Diff(c.want, lease(c.lease)); diff != "" {
			t.Errorf("leased of %+v (-want +got):\n%s", c.lease, diff)
		}
	}
}

func testLeaseEndpointsAtOnce(t *testing.T, s ports.Store) {
	give(t, s, "ann", noon, projects("ann", 5, time.Time{}))
	tell(t, s, noon)
	var want []ports.EndpointID
	for n := range 20 {
		e := endpoint(ports.EndpointID(fmt.Sprintf("ep_%02d", n)))
		addEndpoints(t, s, e)
		want = append(want, e.ID)
	}
	var mu sync.Mutex
	var got []ports.EndpointID
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			for range 20 {
				leased, err := s.LeaseEndpoints(t.Context(), ports.EndpointLease{Now: noon, Until: noon.Add(time.Minute), Limit: 3})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, e := range leased {
					got = append(got, e.ID)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of five who lease at a time, each endpoint is one's (-want +got):\n%s", diff)
	}
}

func testStates(t *testing.T, s ports.Store) {
	give(t, s, "ann", noon, projects("ann", 5, time.Time{}))
	give(t, s, "bob", noon, projects("bob", 7, time.Time{}))
	users := []domain.UserID{"bob", "eve", "ann", "bob", "odd\x00"}
	states, err := s.States(t.Context(), users)
	if err != nil || len(states) != 4 {
		t.Fatalf("States: %d of 4, %v", len(states), err)
	}
	for _, user := range users {
		one, err := s.State(t.Context(), user)
		if diff := cmp.Diff(one, states[user]); err != nil || diff != "" {
			t.Errorf("%q differs from what is read alone, %v:\n%s", user, err, diff)
		}
	}
	if states["ann"].Version != 1 || len(states["bob"].Entitlements) != 1 {
		t.Errorf("ann has version %d, bob %d entitlements, want 1 and 1", states["ann"].Version, len(states["bob"].Entitlements))
	}
}
