package portstest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func testRedact(t *testing.T, s ports.Store) {
	for n, outcome := range domain.Outcomes {
		for day := range 2 {
			r := receipt(domain.EventID(fmt.Sprintf("evt_%s_%d", outcome, day)), outcome)
			r.ReceivedAt, r.Payload = noon.AddDate(0, 0, day).Add(time.Duration(n)*time.Second), []byte("body")
			r.WaitsFor = domain.Ref{Kind: domain.RefAccount, ID: "acct_1"}
			keepReceipts(t, s, r)
		}
	}
	before, final := noon.AddDate(0, 0, 1), 0
	for _, outcome := range domain.Outcomes {
		if outcome.Final() {
			final++
		}
	}
	for _, want := range []int{2, final - 2, 0} {
		if n, err := s.Redact(t.Context(), before, 2); err != nil || n != want {
			t.Fatalf("Redact: %d, %v, want %d", n, err, want)
		}
	}
	for _, outcome := range domain.Outcomes {
		for day := range 2 {
			r := receiptOf(t, s, domain.EventID(fmt.Sprintf("evt_%s_%d", outcome, day)))
			over := day == 0 && outcome.Final()
			if r.Redacted != over || (len(r.Payload) == 0) != over || (r.WaitsFor == domain.Ref{}) != over {
				t.Errorf("%s: redacted %t, payload %q, waits for %v; want %t", r.ID, r.Redacted, r.Payload, r.WaitsFor, over)
			}
		}
	}
}

func testRedactedStays(t *testing.T, s ports.Store) {
	r := receipt("evt_1", domain.OutcomeWaiting)
	r.Payload = []byte("body")
	keepReceipts(t, s, r)
	r.Outcome, r.Redacted = domain.OutcomeIgnored, true
	keepReceipts(t, s, r)
	r.Redacted, r.Payload = false, []byte("body again")
	keepReceipts(t, s, r)
	if got := receiptOf(t, s, "evt_1"); !got.Redacted || len(got.Payload) > 0 {
		t.Errorf("redacted %t, payload %q", got.Redacted, got.Payload)
	}
}

func testForget(t *testing.T, s ports.Store) {
	const as = "forgotten:1"
	keepEverything(t, s, "ann")
	keepEverything(t, s, "bob")
	claimed := receipt("evt_claimed", domain.OutcomeQuarantined)
	claimed.User, claimed.Payload = "bob", []byte("of bob")
	claimed.Reason = "invoice in_1 is of user ann, and this says that it is of user bob: find out"
	about := receipt("evt_ann", domain.OutcomeApplied)
	about.User, about.Payload, about.Reason = "ann", []byte("of ann"), "something of ann"
	keepReceipts(t, s, claimed, about)
	for _, a := range []ports.AdminAction{{Action: "sync", User: "ann", About: "ann again", By: "cyd"}, {Action: "sync", User: "ann", By: "ann"}} {
		a.At = noon
		if err := s.LogAdmin(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	before, changes := stateOf(t, s, "ann"), changesOf(t, s, "ann")

	if err := s.Forget(t.Context(), "ann", as); err != nil {
		t.Fatalf("Forget: %v", err)
	}
	if err := s.Forget(t.Context(), "ann", as); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("Forget again: %v, want %v", err, ports.ErrNotFound)
	}
	before.Account.User = as
	wantEqual(t, "state under the other id", stateOf(t, s, as), before)
	wantEqual(t, "state", stateOf(t, s, "ann"), ports.State{Account: domain.NewAccount("ann")})
	wantOwner(t, s, domain.Ref{Kind: domain.RefSubscription, ID: "sub_ann"}, as)
	for n := range changes {
		changes[n].User = as
	}
	wantEqual(t, "changes under the other id", changesOf(t, s, as), changes)
	if r := receiptOf(t, s, "evt_ann"); r.User != as || len(r.Payload) > 0 || !r.Redacted || strings.Contains(r.Reason, "ann") {
		t.Errorf("receipt %+v with payload %q", r, r.Payload)
	}
	if r := receiptOf(t, s, "evt_claimed"); r.User != "bob" || string(r.Payload) != "of bob" || strings.Contains(r.Reason, "ann,") || !strings.Contains(r.Reason, as) {
		t.Errorf("receipt of another user %+v with payload %q", r, r.Payload)
	}
	log, err := s.AdminLog(t.Context(), ports.AdminLogQuery{})
	if err != nil || len(log) != 2 {
		t.Fatalf("admin log %v, %v", log, err)
	}
	for _, a := range log {
		if a.User == "ann" || a.By == "ann" || strings.Contains(a.About, "ann") {
			t.Errorf("admin log says %+v", a)
		}
	}
	wantEqual(t, "another's state", stateOf(t, s, "bob").Account, fullAccount("bob"))
}

func changesOf(t tb, s ports.Store, user domain.UserID) []domain.Change {
	t.Helper()
	changes, err := s.Changes(t.Context(), user)
	if err != nil {
		t.Fatalf("Changes: %v", err)
	}
	return changes
}
