package app_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// desk is where rights are given by hand, and explained.
type desk struct {
	store   ports.Store
	grants  *app.ManualGrants
	explain *app.Explain
	clock   *clock
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{store: memory.NewStore(), clock: &clock{}}
	d.clock.at.Store(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC).UnixNano())
	ids := atomic.Int64{}
	newID := func() string { return fmt.Sprintf("%08d", ids.Add(1)) }
	d.grants = app.NewManualGrants(d.store, catalog, d.clock.now, newID)
	d.explain = app.NewExplain(d.store, catalog, d.clock.now)
	return d
}

func (d *desk) give(t *testing.T, r app.GrantRequest) domain.Grant {
	t.Helper()
	g, err := d.grants.Give(t.Context(), r)
	if err != nil {
		t.Fatalf("give %+v: %v", r, err)
	}
	return g
}

// held is what is kept as the user's, from grants.
func (d *desk) held(t *testing.T, user domain.UserID) []domain.Entitlement {
	t.Helper()
	state, err := d.store.State(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	return state.Entitlements
}

func (d *desk) changes(t *testing.T, user domain.UserID) []domain.Change {
	t.Helper()
	changes, err := d.store.Changes(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	return changes
}

func limit(n int64) *int64 { return &n }

func TestManualGrants_WhatIsGivenIsHeldAtOnceAndUntilItIsTakenBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	until := d.clock.now().Add(30 * 24 * time.Hour)
	g := d.give(t, app.GrantRequest{User: "ana", Feature: "projects", Limit: limit(7), Until: until, Reason: "a favor", By: "sam"})

	want := domain.Entitlement{
		Feature: "projects", Source: domain.Source{Kind: domain.SourceGrant, ID: string(g.ID)},
		Value: domain.Limit(7), Since: d.clock.now(), Until: until,
	}
	if diff := cmp.Diff([]domain.Entitlement{want}, d.held(t, "ana")); diff != "" {
		t.Errorf("what is held (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(string(g.ID), "grant_") || g.Reason != "a favor" || g.By != "sam" || !g.CreatedAt.Equal(d.clock.now()) {
		t.Errorf("got %+v, want it to say by whom, why and when", g)
	}

	d.clock.advance(time.Hour)
	revoked, user, err := d.grants.Revoke(t.Context(), g.ID, "a mistake", "kim")
	if err != nil || user != "ana" || !revoked.RevokedAt.Equal(d.clock.now()) || revoked.RevokedBy != "kim" || revoked.RevokedReason != "a mistake" {
		t.Errorf("got %+v of %s, %v, want it revoked by kim", revoked, user, err)
	}
	if held := d.held(t, "ana"); len(held) > 0 {
		t.Errorf("after it was taken back: %v", held)
	}
	changes := d.changes(t, "ana")
	if len(changes) != 2 || changes[0].Kind != domain.ChangeGranted || changes[1].Kind != domain.ChangeRevoked || changes[1].Event != "" {
		t.Errorf("got changes %+v, want granted and revoked, by no event", changes)
	}
	listed, err := d.grants.List(t.Context(), "ana")
	if err != nil || len(listed) != 1 || listed[0] != revoked {
		t.Errorf("list: got %+v, %v, want the revoked one", listed, err)
	}
}

func TestManualGrants_TakingBackTwiceIsTakingBackOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	g := d.give(t, app.GrantRequest{User: "ana", Feature: "sso", Reason: "a favor", By: "sam"})
	first, _, err := d.grants.Revoke(t.Context(), g.ID, "a mistake", "kim")
	if err != nil {
		t.Fatal(err)
	}
	d.clock.advance(time.Hour)
	again, user, err := d.grants.Revoke(t.Context(), g.ID, "another reason", "lee")
	if err != nil || again != first || user != "ana" {
		t.Errorf("got %+v of %s, %v, want %+v", again, user, err, first)
	}
	if changes := d.changes(t, "ana"); len(changes) != 2 {
		t.Errorf("got %d changes, want 2", len(changes))
	}
	if _, _, err := d.grants.Revoke(t.Context(), "grant_nobody", "a mistake", "kim"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("a grant that is not there: got %v, want not found", err)
	}
}

func TestManualGrants_TheSameKeyIsTheSameGrant(t *testing.T) {
	t.Parallel()
	asked := app.GrantRequest{User: "ana", Feature: "projects", Limit: limit(7), Reason: "a favor", By: "sam", ClientKey: "k1"}
	edited := func(edit func(*app.GrantRequest)) app.GrantRequest {
		r := asked
		edit(&r)
		return r
	}
	for name, c := range map[string]struct {
		again app.GrantRequest
		want  error
		same  bool
	}{
		"the same":           {again: asked, same: true},
		"another key":        {again: edited(func(r *app.GrantRequest) { r.ClientKey = "k2" })},
		"no key":             {again: edited(func(r *app.GrantRequest) { r.ClientKey = "" })},
		"another user":       {again: edited(func(r *app.GrantRequest) { r.User = "bob" })},
		"another feature":    {again: edited(func(r *app.GrantRequest) { r.Feature = "seats" }), want: app.ErrKeyReused},
		"another limit":      {again: edited(func(r *app.GrantRequest) { r.Limit = limit(8) }), want: app.ErrKeyReused},
		"another reason":     {again: edited(func(r *app.GrantRequest) { r.Reason = "a bribe" }), want: app.ErrKeyReused},
		"by somebody else":   {again: edited(func(r *app.GrantRequest) { r.By = "kim" }), want: app.ErrKeyReused},
		"with an end":        {again: edited(func(r *app.GrantRequest) { r.Until = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }), want: app.ErrKeyReused},
		"from another time":  {again: edited(func(r *app.GrantRequest) { r.Since = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }), want: app.ErrKeyReused},
		"from the same time": {again: edited(func(r *app.GrantRequest) { r.Since = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }), same: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			first := d.give(t, asked)
			d.clock.advance(time.Hour)
			again, err := d.grants.Give(t.Context(), c.again)
			if !errors.Is(err, c.want) || c.want == nil && (again == first) != c.same {
				t.Errorf("got %+v, %v after %+v, want the same grant: %t, error %v", again, err, first, c.same, c.want)
			}
		})
	}
}

// A repetition that comes when the grant is over, or was taken back, changes
// nothing and is no error.
func TestManualGrants_ALateRepetitionReturnsTheGrantAsItIs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	asked := app.GrantRequest{User: "ana", Feature: "sso", Until: d.clock.now().Add(time.Hour), Reason: "a favor", By: "sam", ClientKey: "k1"}
	g := d.give(t, asked)
	d.clock.advance(2 * time.Hour)
	if again := d.give(t, asked); again != g {
		t.Errorf("when it is over: got %+v, want %+v", again, g)
	}
	revoked, _, err := d.grants.Revoke(t.Context(), g.ID, "a mistake", "kim")
	if err != nil {
		t.Fatal(err)
	}
	if again := d.give(t, asked); again != revoked {
		t.Errorf("when it was taken back: got %+v, want %+v", again, revoked)
	}
}

func TestManualGrants_RefuseWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(*app.GrantRequest)
		want error
		says string
	}{
		"a feature that is not":      {func(r *app.GrantRequest) { r.Feature = "ssso" }, app.ErrUnknownFeature, "projects, seats, sso"},
		"a flag with a limit":        {func(r *app.GrantRequest) { r.Feature = "sso" }, app.ErrBadRequest, "leave the number out"},
		"a limit without one":        {func(r *app.GrantRequest) { r.Limit = nil }, app.ErrBadRequest, "say how many"},
		"a negative limit":           {func(r *app.GrantRequest) { r.Limit = limit(-2) }, app.ErrBadRequest, "a number from 0"},
		"an end in the past":         {func(r *app.GrantRequest) { r.Until = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }, app.ErrBadRequest, "in the future"},
		"an end before it begins":    {func(r *app.GrantRequest) { r.Since, r.Until = day(20), day(10) }, app.ErrBadRequest, "not after"},
		"a time that nobody means":   {func(r *app.GrantRequest) { r.Until = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }, app.ErrBadRequest, "between the years"},
		"no user":                    {func(r *app.GrantRequest) { r.User = "" }, app.ErrBadRequest, "user id"},
		"a user id with a line end":  {func(r *app.GrantRequest) { r.User = "ana\n" }, app.ErrBadRequest, "user id"},
		"no reason":                  {func(r *app.GrantRequest) { r.Reason = " " }, app.ErrBadRequest, "reason is required"},
		"a reason of a whole page":   {func(r *app.GrantRequest) { r.Reason = strings.Repeat("x", 1001) }, app.ErrBadRequest, "reason"},
		"a reason that rings a bell": {func(r *app.GrantRequest) { r.Reason = "a\afavor" }, app.ErrBadRequest, "reason"},
		"nobody gives it":            {func(r *app.GrantRequest) { r.By = "" }, app.ErrBadRequest, "by is required"},
		"a key without an end":       {func(r *app.GrantRequest) { r.ClientKey = strings.Repeat("k", 256) }, app.ErrBadRequest, "Idempotency-Key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			r := app.GrantRequest{User: "ana", Feature: "projects", Limit: limit(7), Reason: "a favor", By: "sam"}
			c.edit(&r)
			_, err := d.grants.Give(t.Context(), r)
			if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("got %v, want %v that says %q", err, c.want, c.says)
			}
			if held := d.held(t, r.User); len(held) > 0 {
				t.Errorf("and it gave %v", held)
			}
		})
	}
	for name, words := range map[string][2]string{"no reason": {"", "kim"}, "nobody": {"a mistake", ""}} {
		d := newDesk(t)
		g := d.give(t, app.GrantRequest{User: "ana", Feature: "sso", Reason: "a favor", By: "sam"})
		if _, _, err := d.grants.Revoke(t.Context(), g.ID, words[0], words[1]); !errors.Is(err, app.ErrBadRequest) || len(d.held(t, "ana")) != 1 {
			t.Errorf("taken back with %s: got %v, want a bad request and nothing taken", name, err)
		}
	}
}

// day is the nth of December.
func day(n int) time.Time { return time.Date(2026, 12, n, 0, 0, 0, 0, time.UTC) }

func TestManualGrants_AreListedAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var want []domain.GrantID
	for _, feature := range []domain.FeatureKey{"sso", "sso", "sso"} {
		want = append(want, d.give(t, app.GrantRequest{User: "ana", Feature: feature, Reason: "a favor", By: "sam"}).ID)
		d.clock.advance(time.Second)
	}
	listed, err := d.grants.List(t.Context(), "ana")
	var got []domain.GrantID
	for _, g := range listed {
		got = append(got, g.ID)
	}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if none, err := d.grants.List(t.Context(), "bob"); err != nil || len(none) > 0 {
		t.Errorf("of somebody else: got %v, %v, want none", none, err)
	}
}
