package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ReconcileQuery says what is to be reconciled; its zero value: all that there is.
type ReconcileQuery struct {
	// Since is from when on events are listed, at most 30 days back; zero: from where it was
	// last done.
	Since time.Time
	// User narrows it to one user, of whom everything is asked for.
	User domain.UserID
	// DryRun only lists which events are missing.
	DryRun bool
}

// About says what a run is for.
func (q ReconcileQuery) About() string {
	var parts []string
	if !q.Since.IsZero() {
		parts = append(parts, "since="+q.Since.UTC().Format(time.RFC3339))
	}
	if q.DryRun {
		parts = append(parts, "dry_run")
	}
	return strings.Join(parts, " ")
}

func (q ReconcileQuery) is(other ReconcileQuery) bool {
	return q.Since.Equal(other.Since) && q.User == other.User && q.DryRun == other.DryRun
}

// ReconcileRun is one run: what it is about, how far it has come, and what it has found.
type ReconcileRun struct {
	Query     ReconcileQuery
	Scheduled bool // nobody asked for it
	Objects   bool // objects are listed too
	// From and Until are the first and the last moment of the events that are listed.
	From, Until time.Time
	StartedAt   time.Time
	EndedAt     time.Time // zero: it is under way

	Listed  int // events and objects
	Missing int // of the events, those that never came
	// Drift counts by what it is about what was missing and is ours, or stood otherwise.
	Drift map[ports.DriftKind]int
	// Outcomes counts what became of the missing events.
	Outcomes map[domain.Outcome]int
	// Missed are the first of them.
	Missed []MissedEvent
	// Changed counts the entitlements of Query.User that everything about the user changed.
	Changed int
	// Failure is why it could not go on; a run that is under way will try again.
	Failure string

	Step  int    // of its steps, the one that it is at
	After string // where the step's list goes on
}

// MissedEvent is an event that never came.
type MissedEvent struct {
	ID      domain.EventID
	Type    domain.EventType
	Created time.Time
	Outcome domain.Outcome // empty: it was only looked for
}

// mostMissed are named one by one.
const mostMissed = 100

// Over tells whether a run has ended.
func (r ReconcileRun) Over() bool { return !r.EndedAt.IsZero() }

// Drifted is how much was found.
func (r ReconcileRun) Drifted() int {
	all := 0
	for _, n := range r.Drift {
		all += n
	}
	return all
}

// clone returns a run that may be changed while the one before is kept.
func (r ReconcileRun) clone() ReconcileRun {
	drift, outcomes := map[ports.DriftKind]int{}, map[domain.Outcome]int{} // read back, there may be none
	maps.Copy(drift, r.Drift)
	maps.Copy(outcomes, r.Outcomes)
	r.Drift, r.Outcomes = drift, outcomes
	r.Missed = slices.Clone(r.Missed)
	return r
}

// note keeps what became of an event that never came.
func (r *ReconcileRun) note(e domain.Event, outcome domain.Outcome) {
	if outcome != "" {
		r.Outcomes[outcome]++
	}
	if len(r.Missed) < mostMissed && outcome != domain.OutcomeIgnored {
		r.Missed = append(r.Missed, MissedEvent{ID: e.ID, Type: e.Type, Created: e.Created, Outcome: outcome})
	}
}

// settingReconcile is how far reconciling has come. Who has written it last has the lease.
const settingReconcile = "reconcile"

const (
	// reconcileLease is how long a run of which nothing is heard is still somebody's: longer
	// than the questions of a few events take.
	reconcileLease = 2 * time.Minute
	// reconcileRetry is when a run that could not go on is tried again; reconcileDenied, when
	// one is whose key may not do it.
	reconcileRetry  = 5 * time.Minute
	reconcileDenied = time.Hour
)

// reconciliation is what is kept of it.
type reconciliation struct {
	Events  time.Time // those created until then were taken in
	Objects time.Time // when all objects were last listed
	Run     ReconcileRun
	Retry   time.Time // not before
	Lease   time.Time // when it is over

	text string // as it is kept
}

// idle tells whether no run is under way.
func (s reconciliation) idle() bool { return s.Run.StartedAt.IsZero() || s.Run.Over() }

// leased tells whether somebody is at a run.
func (s reconciliation) leased(now time.Time) bool { return !s.idle() && now.Before(s.Lease) }

// awaited tells whether somebody has just asked for a run that is to be begun in a moment.
func (s reconciliation) awaited(now time.Time) bool {
	return !s.idle() && !s.Run.Scheduled && s.Run.Failure == "" && now.Before(s.Run.StartedAt.Add(reconcileLease))
}

func (r *Reconcile) load(ctx context.Context) (reconciliation, error) {
	return loadReconciliation(ctx, r.store)
}

func loadReconciliation(ctx context.Context, store ports.Store) (reconciliation, error) {
	text, err := store.Setting(ctx, settingReconcile)
	if errors.Is(err, ports.ErrNotFound) {
		return reconciliation{}, nil
	}
	if err != nil {
		return reconciliation{}, fmt.Errorf("read how far reconciling has come: %w", err)
	}
	s, is := readBack[reconciliation](text)
	if !is {
		s = reconciliation{} // it is begun anew
	}
	s.text = text
	return s, nil
}

// keep keeps how far it has come, and the lease; [ErrReconciling] if somebody else has
// taken it over.
func (r *Reconcile) keep(ctx context.Context, s *reconciliation) error {
	if s.Run.Over() {
		s.Lease = time.Time{}
	}
	kept, err := s.swap(ctx, r.store)
	switch {
	case err != nil:
		return err
	case !kept:
		return fmt.Errorf("%w: it was taken over", ErrReconciling)
	}
	return nil
}

// swap keeps how far it has come, unless somebody else has written it since it was read.
func (s *reconciliation) swap(ctx context.Context, store ports.Store) (bool, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return false, fmt.Errorf("write down how far reconciling has come: %w", err)
	}
	kept, err := store.SwapSetting(ctx, settingReconcile, s.text, string(text))
	if err != nil {
		return false, fmt.Errorf("keep how far reconciling has come: %w", err)
	}
	if kept {
		s.text = string(text)
	}
	return kept, nil
}

// forgetReconciled puts another id in the place of the user whom the last run was about. Who
// is at that run loses it: it is gone on with under the other id.
func forgetReconciled(ctx context.Context, store ports.Store, user, as domain.UserID) error {
	for kept := false; !kept; {
		s, err := loadReconciliation(ctx, store)
		if err != nil || s.Run.Query.User != user {
			return err
		}
		s.Run.Query.User, s.Run.Failure, s.Lease = as, "", time.Time{}
		if kept, err = s.swap(ctx, store); err != nil {
			return err
		}
	}
	return nil
}

// hold keeps the lease for another while.
func (r *Reconcile) hold(ctx context.Context, s *reconciliation) error {
	s.Lease = r.clock().Add(reconcileLease)
	return r.keep(ctx, s)
}

// leave keeps why a run could not go on, and lets others go on with it.
func (r *Reconcile) leave(ctx context.Context, s *reconciliation, why error) {
	if errors.Is(why, ErrReconciling) {
		return // it is another's
	}
	s.Lease = time.Time{}
	if ctx.Err() == nil { // else the program ends
		s.Run.Failure, s.Retry = why.Error(), r.clock().Add(reconcileRetry)
		if errors.Is(why, ports.ErrGatewayDenied) {
			s.Retry = r.clock().Add(reconcileDenied)
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), failTime)
	defer cancel()
	_ = r.keep(ctx, s) // else the lease is over in a while
}
