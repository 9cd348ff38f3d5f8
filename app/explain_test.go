package app_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

// asked explains one feature that must be known.
func (d *desk) asked(t *testing.T, user domain.UserID, feature domain.FeatureKey, at time.Time) (domain.Explanation, domain.FeatureExplanation) {
	t.Helper()
	e, err := d.explain.Do(t.Context(), user, feature, at)
	if err != nil || len(e.Features) != 1 || e.Features[0].Feature != feature {
		t.Fatalf("explain %s: got %+v, %v, want that feature alone", feature, e, err)
	}
	return e, e.Features[0]
}

func TestExplain_TellsNowThePastAndTheFuture(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	begin := d.clock.now()
	g := d.give(t, app.GrantRequest{User: "ana", Feature: "sso", Until: begin.Add(48 * time.Hour), Reason: "a favor", By: "sam"})

	e, sso := d.asked(t, "ana", "sso", time.Time{})
	if !sso.Held || !e.At.Equal(begin) || e.FromHistory || e.OutOfLine || sso.Sources[0].State != domain.StateGives {
		t.Errorf("now: got %+v, want held by the facts", e)
	}
	if _, later := d.asked(t, "ana", "sso", begin.Add(72*time.Hour)); later.Held || later.Sources[0].State != domain.StateEnded {
		t.Errorf("in the future: got %+v, want ended", later)
	}

	d.clock.advance(time.Hour)
	if _, _, err := d.grants.Revoke(t.Context(), g.ID, "a mistake", "kim"); err != nil {
		t.Fatal(err)
	}
	if _, now := d.asked(t, "ana", "sso", time.Time{}); now.Held || now.Sources[0].State != domain.StateRevoked {
		t.Errorf("taken back: got %+v, want revoked", now)
	}
	if e, then := d.asked(t, "ana", "sso", begin.Add(time.Minute)); !then.Held || !e.FromHistory {
		t.Errorf("in the past: got %+v, want held, from the history", e)
	}
}

func TestExplain_TellsWhatANobodyLacksAndHowToGetIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if _, sso := d.asked(t, "nobody", "sso", time.Time{}); sso.Held || len(sso.Sources) > 0 || len(sso.Plans) != 1 || sso.Plans[0] != "pro" {
		t.Errorf("got %+v, want not held, no source, and that plan pro grants it", sso)
	}
	if all, err := d.explain.Do(t.Context(), "nobody", "", time.Time{}); err != nil || len(all.Features) > 0 {
		t.Errorf("everything: got %+v, %v, want nothing", all, err)
	}
}

func TestExplain_NoMomentOutsideTheYearsThatCanBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, at := range []time.Time{time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -23*3600))} {
		if _, err := app.NewExplain(w.store, catalog, w.clock.now).Do(t.Context(), "u", "", at); !errors.Is(err, app.ErrBadRequest) {
			t.Errorf("at %s: %v, want that it is refused", at, err)
		}
	}
}

func TestExplain_AMisspelledFeatureIsNoFeature(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, err := d.explain.Do(t.Context(), "ana", "ssso", time.Time{})
	if !errors.Is(err, app.ErrUnknownFeature) || !strings.Contains(err.Error(), "projects, seats, sso") {
		t.Errorf("got %v, want an unknown feature and those that there are", err)
	}
}

// A feature that left the catalog and that somebody still holds can be asked for.
func TestExplain_AFeatureThatIsHeldIsKnown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.give(t, app.GrantRequest{User: "ana", Feature: "sso", Reason: "a favor", By: "sam"})
	smaller := domain.Catalog{Features: map[domain.FeatureKey]domain.Feature{"projects": catalog.Features["projects"]}}
	e, err := app.NewExplain(d.store, smaller, d.clock.now).Do(t.Context(), "ana", "sso", time.Time{})
	if err != nil || !e.Features[0].Held {
		t.Errorf("got %+v, %v, want held", e, err)
	}
}

// Right after a purchase that another process joined, whose clock is ahead.
func TestExplain_NowIsNeverBeforeTheLastChange(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.give(t, app.GrantRequest{User: "ana", Feature: "sso", Reason: "a favor", By: "sam"})
	d.clock.advance(-time.Minute)
	if e, sso := d.asked(t, "ana", "sso", time.Time{}); !sso.Held || e.FromHistory {
		t.Errorf("got %+v, want held by the facts", e)
	}
}
