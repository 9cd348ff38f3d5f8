package app_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestReplay_WhatWasQuarantinedOnceTheCatalogIsMended(t *testing.T) {
	t.Parallel()
	w, sub := subscriber(t)
	unmapped := w.with(sub, 3)
	unmapped.Snapshot.Items[0].Price, unmapped.Snapshot.Items[0].LookupKey = "price_new", ""
	e := w.event(unmapped)
	if verdict := w.send(t, e); verdict.Outcome != domain.OutcomeQuarantined {
		t.Fatalf("got %+v, want quarantined", verdict)
	}
	if again := w.replayed(t, w.replay, app.ReplayQuery{Outcome: domain.OutcomeQuarantined}); again[e.ID] != domain.OutcomeQuarantined {
		t.Errorf("replayed with the same catalog: %v, want quarantined again", again)
	}

	mended := catalog
	mended.Plans = map[domain.PlanKey]domain.Plan{"team": catalog.Plans["team"]}
	team := mended.Plans["team"]
	team.Prices = append(slices.Clone(team.Prices), domain.Price{Key: "new", ID: "price_new"})
	mended.Plans["team"] = team
	fulfill := app.NewFulfill(w.store, w.stripe, mended, app.Settings{}, w.clock.now, w.clock.after, w.meter)
	t.Cleanup(fulfill.Close)
	again := w.replayed(t, app.NewReplay(w.store, fulfill), app.ReplayQuery{Outcome: domain.OutcomeQuarantined})
	if len(again) != 1 || !again[e.ID].Final() {
		t.Errorf("replayed with the mended one: %v, want it processed", again)
	}
	if held := w.features(t, "u"); held["seats"] != "15" {
		t.Errorf("holds %v, want 15 seats", held)
	}
}

// What the program before did not read it has ignored, of nobody, and for good.
func TestReplay_WhatAnEarlierProgramIgnored(t *testing.T) {
	t.Parallel()
	w, sub := subscriber(t)
	e := w.event(invoiceOf(sub, "in_9", "invoice.finalized", w.clock.now()))
	payload, signature := w.stripe.Message(e)
	w.keepWaiting(t, domain.ProcessedEvent{
		ID: e.ID, Type: e.Type, ReceivedAt: w.clock.now(), Outcome: domain.OutcomeIgnored, Reason: "says nothing about a purchase",
		Attempts: 1, Payload: payload,
	})
	event, err := w.webhook.Read(payload, signature)
	if err != nil {
		t.Fatal(err)
	}
	if verdict, err := w.webhook.Do(t.Context(), event); err != nil || verdict.Outcome != domain.OutcomeUnchanged {
		t.Errorf("sent again it is %+v, %v, want it done", verdict, err)
	}
	again := w.replayed(t, w.replay, app.ReplayQuery{Outcome: domain.OutcomeIgnored, Since: w.clock.now().Add(-time.Hour)})
	state, err := w.store.State(t.Context(), "u")
	if _, known := state.Account.Invoices["in_9"]; err != nil || !known || again[e.ID] != domain.OutcomeApplied {
		t.Errorf("replayed it is %v, %v, and the invoice is known: %t", again, err, known)
	}
}

// replayed replays and returns what became of each event.
func (w *world) replayed(t *testing.T, replay *app.Replay, q app.ReplayQuery) map[domain.EventID]domain.Outcome {
	t.Helper()
	became := map[domain.EventID]domain.Outcome{}
	err := replay.Do(t.Context(), q, func(r domain.ProcessedEvent, v domain.Verdict, err error) {
		if err != nil {
			t.Errorf("%s: %v", r.ID, err)
		}
		became[r.ID] = v.Outcome
	})
	if err != nil {
		t.Fatal(err)
	}
	return became
}

func TestReplay_OfEverythingChangesNothing(t *testing.T) {
	t.Parallel()
	w, sub := subscriber(t)
	w.clock.advance(time.Hour)
	w.deliver(t, w.with(sub, 4))
	before, changes := w.features(t, "u"), w.changes(t)
	again := w.replayed(t, w.replay, app.ReplayQuery{User: "u"})
	if len(again) != 3 {
		t.Errorf("replayed %v, want three events", again)
	}
	for id, outcome := range again {
		if outcome != domain.OutcomeUnchanged {
			t.Errorf("%s: %s, want unchanged", id, outcome)
		}
	}
	kept, err := w.store.Receipts(t.Context(), ports.ReceiptQuery{User: "u", Outcome: domain.OutcomeApplied})
	if err != nil || len(kept) != 3 {
		t.Errorf("%d receipts say that their events were applied, %v, want the three that were", len(kept), err)
	}
	if after := w.features(t, "u"); after["seats"] != before["seats"] || w.changes(t) != changes {
		t.Errorf("held %v, holds %v", before, after)
	}
	if none := w.replayed(t, w.replay, app.ReplayQuery{Since: w.clock.now().Add(time.Hour)}); len(none) > 0 {
		t.Errorf("of the future: %v", none)
	}
	err = w.replay.Do(t.Context(), app.ReplayQuery{IDs: []domain.EventID{"evt_never"}}, nil)
	if !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("an event that never came: %v, want not found", err)
	}
}

func (w *world) changes(t *testing.T) int {
	t.Helper()
	changes, err := w.store.Changes(t.Context(), "u")
	if err != nil {
		t.Fatal(err)
	}
	return len(changes)
}
