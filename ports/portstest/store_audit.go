package portstest

import (
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func testAudit(t *testing.T, s ports.Store) {
	give(t, s, "ann", noon, projects("ann", 10, noon.Add(time.Hour)))
	give(t, s, "bob", noon, projects("bob", 10, noon.Add(time.Hour)))
	tell(t, s, noon)
	give(t, s, "ann", noon.Add(time.Second), projects("ann", 20, noon.Add(time.Hour)))
	give(t, s, "ann", noon.Add(2*time.Second))
	var expected []domain.Expectation
	for n, e := range fullAccount("ann").Expectations() {
		if n > 0 { // of the first there is no question
			expected = append(expected, e)
		}
	}
	if len(expected) == 0 {
		t.Fatal("no news are expected of the account of this test")
	}
	expect(t, s, expected...)

	audit, err := s.Audit(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	changes, err := s.Changes(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	lines := feed(t, s, ports.FeedQuery{User: "ann"}).Changes
	wantEqual(t, "the state", audit.State, stateOf(t, s, "ann"))
	wantEqual(t, "the changes", audit.History.Changes, changes)
	wantEqual(t, "the lines of the feed", audit.History.Lines, lines)
	if h := audit.History; h.Untold != 2 || h.Version != 3 || h.Cut || len(lines) != 1 {
		t.Errorf("got %d untold of version %d, cut %t, %d lines: want 2, 3, false and 1", h.Untold, h.Version, h.Cut, len(lines))
	}
	wantEqual(t, "what the feed says", audit.History.Told, domain.Told{
		Entitlements: []domain.Entitlement{projects("ann", 10, noon.Add(time.Hour))}, AsOf: noon, Due: noon.Add(time.Hour),
	})
	for _, ref := range audit.State.Account.Refs() {
		if owner := audit.Owners[ref]; owner != "ann" {
			t.Errorf("%s %s leads to %q, want ann", ref.Kind, ref.ID, owner)
		}
	}
	for _, name := range audit.Names {
		if !slices.Contains(audit.State.Account.Refs(), name) {
			t.Errorf("%s %s leads to ann, and is no name of the account", name.Kind, name.ID)
		}
	}
	if len(audit.Names) != len(audit.Owners) {
		t.Errorf("%d names lead to ann, want %d", len(audit.Names), len(audit.Owners))
	}
	want := map[domain.Ref]ports.Question{}
	for _, e := range expected {
		want[e.Subject] = ports.Question{Doubt: domain.Doubt{Subject: e.Subject, Since: e.Due}, Due: e.Due}
	}
	wantEqual(t, "what is expected", audit.Due, want)
	if len(audit.Misfiled) > 0 {
		t.Errorf("misfiled: %v", audit.Misfiled)
	}
}

func testAuditOfNobody(t *testing.T, s ports.Store) {
	for _, user := range []domain.UserID{"nobody", "odd\x00"} {
		audit, err := s.Audit(t.Context(), user)
		if err != nil {
			t.Fatalf("%q: %v", user, err)
		}
		if len(audit.State.Account.Refs())+len(audit.State.Entitlements)+len(audit.History.Changes)+len(audit.Due)+len(audit.Owners) > 0 {
			t.Errorf("%q: got %+v, want nothing", user, audit)
		}
	}
	wantNoTrace(t, s)
}
