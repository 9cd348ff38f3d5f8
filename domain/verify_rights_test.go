package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// What was kept before versions were counted has none: each of its lines is told of a step all
// the same, and is verified as of that one.
func TestVerifyFeed_OfChangesFromBeforeVersionsWereCounted(t *testing.T) {
	t.Parallel()
	c := tellCatalog
	c.Plans = nil
	w := &teller{}
	var h domain.History
	for day, held := range []([]domain.Entitlement){
		{limit("a", 5, onDay(0), onDay(30))},
		{limit("a", 7, onDay(0), onDay(30))},
		{limit("a", 7, onDay(0), onDay(60))},
	} {
		changes := w.has(onDay(float64(day)), held...)
		for i := range changes {
			changes[i].Seq, changes[i].Version, changes[i].Event = int64(len(h.Changes)+1), 0, domain.EventID("evt_"+string(rune('a'+day)))
			h.Changes = append(h.Changes, changes[i])
		}
	}
	h.Lines, h.Told = domain.Told{}.Tell("ann", h.Changes, onDay(3), c)
	for i := range h.Lines {
		h.Lines[i].Position = int64(i + 1)
	}
	differences, unproven := domain.VerifyFeed(h, c)
	if len(h.Lines) != 3 || len(differences)+len(unproven) != 0 {
		t.Errorf("of %d lines there are differences %v, and %v unproven, want 3 lines as they were told", len(h.Lines), differences, unproven)
	}
	h.Lines[1].After = h.Lines[0].After
	if differences, _ = domain.VerifyFeed(h, c); len(differences) == 0 {
		t.Error("a line that says another right than was told is no difference")
	}
}

// The first programs kept no causes: what they changed without an event has neither.
func TestVerifyHistory_OfChangesFromBeforeCausesWereKept(t *testing.T) {
	t.Parallel()
	e := limit("a", 5, onDay(0), onDay(30))
	change := domain.Change{Seq: 1, Kind: domain.ChangeGranted, User: "ann", Entitlement: e, At: onDay(0)}
	if found := domain.VerifyHistory(domain.History{Changes: []domain.Change{change}}, []domain.Entitlement{e}); len(found) != 0 {
		t.Errorf("got %v, want no difference", found)
	}
	change.Version = 1
	if found := domain.VerifyHistory(domain.History{Changes: []domain.Change{change}, Version: 1}, []domain.Entitlement{e}); len(found) != 1 {
		t.Errorf("got %v, want that a change since then has a cause", found)
	}
}
