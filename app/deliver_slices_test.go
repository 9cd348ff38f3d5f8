package app_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// manyLines is a world with an endpoint that has more to hear than a slice holds.
func manyLines(t *testing.T) (*deliverWorld, ports.Endpoint) {
	w := newDeliverWorld()
	e := w.add(t, app.EndpointChange{})
	var users []domain.UserID
	for u := range 60 {
		users = append(users, domain.UserID(fmt.Sprintf("user_%02d", u)))
	}
	for n := range int64(5) { // 300 lines, a slice has 200
		w.gives(t, 11+n, users...)
	}
	return w, e
}

func TestDeliver_AnEndpointThatIsChangedWhileMuchIsSent(t *testing.T) {
	t.Parallel()
	w, e := manyLines(t)
	other, all := w.process(w.store), []domain.FeatureKey{}
	var sent atomic.Int64
	w.receivers.answers(func(ctx context.Context, _ ports.Letter) (ports.LetterAnswer, error) {
		switch sent.Add(1) {
		case 1:
			if _, err := w.endpoints.Change(ctx, e.ID, app.EndpointChange{Features: &all}); err != nil {
				t.Error(err)
			}
		case 210:
			if err := other.Once(ctx, func(err error) { t.Error(err) }); err != nil {
				t.Error(err)
			}
		}
		return ports.LetterAnswer{Status: http.StatusOK}, nil
	})
	for range 3 {
		w.delivers(t)
	}
	for user, told := range w.receivers.versions(t, e.URL) { // which looks for what was taken twice
		if fmt.Sprint(told) != "[1 2 3 4 5]" {
			t.Errorf("%s was told of versions %v", user, told)
		}
	}
	if n := sent.Load(); n != 300 {
		t.Errorf("%d messages were sent, want 300", n)
	}
}

func TestDeliver_WhoIsForgottenIsNotNamedAfterwards(t *testing.T) {
	t.Parallel()
	w, _ := manyLines(t)
	var sent atomic.Int64
	w.receivers.answers(func(ctx context.Context, l ports.Letter) (ports.LetterAnswer, error) {
		switch n := sent.Add(1); {
		case n == 100:
			if err := w.store.Forget(ctx, "user_59", "forgotten:1"); err != nil {
				t.Error(err)
			}
		case n > 200 && toldBy(t, l).User == "user_59":
			t.Error("named in the slice that was read after that")
		}
		return ports.LetterAnswer{Status: http.StatusOK}, nil
	})
	w.delivers(t)
	if sent.Load() < 300 {
		t.Errorf("%d messages were sent", sent.Load())
	}
}

// oddVersion stands for an account whose row was changed by hand.
type oddVersion struct{ ports.Store }

func (s oddVersion) States(ctx context.Context, users []domain.UserID) (map[domain.UserID]ports.State, error) {
	all, err := s.Store.States(ctx, users)
	if state, have := all["ann"]; have {
		state.Version = 0
		all["ann"] = state
	}
	return all, err
}

func TestDeliver_OneOddAccountHoldsUpNobody(t *testing.T) {
	t.Parallel()
	w := newDeliverWorld()
	e := w.add(t, app.EndpointChange{})
	w.gives(t, 11, "ann", "bob", "cid")
	w.deliver = w.process(oddVersion{w.store})
	w.delivers(t)
	if told := w.receivers.versions(t, e.URL); len(told) != 3 {
		t.Errorf("told %v, want all three", told)
	}
}
