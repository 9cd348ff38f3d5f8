package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Reconcile finds what webhooks did not bring, whatever kept them: events that Stripe lists
// and that never came go through the webhook's door, and objects that stand otherwise than is
// known are joined like answers. What should have been told and was not is asked for without
// it, see expected.go.
//
// One run is under way at a time, of all programs on the database. How far it has come is
// kept after each page, so that whoever goes on goes on there.
type Reconcile struct {
	store    ports.Store
	gateway  ports.Gateway
	catalog  domain.Catalog
	settings Settings
	fulfill  *Fulfill
	sync     *SyncUser
	clock    ports.Clock
	timer    ports.Timer
	meter    ports.Meter
	asked    chan struct{}
}

// NewReconcile returns the use case.
func NewReconcile(store ports.Store, gateway ports.Gateway, c domain.Catalog, settings Settings, fulfill *Fulfill, sync *SyncUser,
	clock ports.Clock, timer ports.Timer, meter ports.Meter,
) *Reconcile {
	return &Reconcile{store, gateway, c, settings, fulfill, sync, clock, timer, meter, make(chan struct{}, 1)}
}

const (
	// EventsKept is for how long Stripe lists an event.
	EventsKept = 30 * 24 * time.Hour
	// eventsSettle is for how long an event may be under way: younger ones are nobody's loss.
	eventsSettle = 10 * time.Minute
	// eventsOverlap is how far a run goes back behind the end of the one before: an event may
	// appear in the list later than it says that it was created.
	eventsOverlap = time.Hour
	// objectsEvery is how often objects are listed.
	objectsEvery = 24 * time.Hour
	// reconcileLook is how often it is looked whether there is something to do.
	reconcileLook = 10 * time.Second
)

// Show returns the run that is under way, or else the last one; [ports.ErrNotFound] if there
// was none.
func (r *Reconcile) Show(ctx context.Context) (ReconcileRun, error) {
	s, err := r.load(ctx)
	if err == nil && s.Run.StartedAt.IsZero() {
		err = fmt.Errorf("%w: nothing was reconciled yet", ports.ErrNotFound)
	}
	return s.Run, err
}

// Ask begins a run and leaves it to [Reconcile.Run], of this program or another.
// [ErrReconciling]: one is under way. [ErrBadRequest] as of [Reconcile.Do].
func (r *Reconcile) Ask(ctx context.Context, q ReconcileQuery) (ReconcileRun, error) {
	s, err := r.begin(ctx, q)
	if err != nil {
		return s.Run, err
	}
	if err := r.keep(ctx, &s); err != nil {
		return s.Run, err
	}
	select {
	case r.asked <- struct{}{}:
	default:
	}
	return s.Run, nil
}

// Do runs it to its end, and then asks Stripe what it left open. If it fails the run stays
// under way: who does the same again goes on with it, and so does [Reconcile.Run].
// [ErrReconciling]: somebody else is at one. [ErrBadRequest]: Since is in the future.
// [ports.ErrNotFound]: nothing is known of the user, here or at Stripe.
func (r *Reconcile) Do(ctx context.Context, q ReconcileQuery) (ReconcileRun, error) {
	s, err := r.begin(ctx, q)
	if err != nil {
		return s.Run, err
	}
	if err := r.hold(ctx, &s); err != nil {
		return s.Run, err
	}
	if err := r.goOn(ctx, &s); err != nil || q.DryRun {
		return s.Run, err
	}
	for more := true; more; {
		if more, err = r.fulfill.askDue(ctx); err != nil {
			return s.Run, fmt.Errorf("take up open questions: %w", err)
		}
	}
	return s.Run, nil
}

// begin makes the run that somebody asked for; the one that is under way, if it is left, and
// the same was asked.
func (r *Reconcile) begin(ctx context.Context, q ReconcileQuery) (reconciliation, error) {
	now := r.clock()
	if q.Since.After(now) {
		return reconciliation{}, fmt.Errorf("%w: since is in the future: leave it out, or name a moment of the last 30 days", ErrBadRequest)
	}
	s, err := r.load(ctx)
	switch {
	case err != nil:
		return s, err
	case s.leased(now):
		return s, fmt.Errorf("%w since %s: wait until it is over", ErrReconciling, s.Run.StartedAt.Format(time.RFC3339))
	case !s.idle() && !s.Run.Scheduled && s.Run.Query.is(q):
		s.Retry = time.Time{}
		return s, nil
	case s.awaited(now):
		return s, fmt.Errorf("%w since %s, or about to: wait until it is over", ErrReconciling, s.Run.StartedAt.Format(time.RFC3339))
	}
	s.Run = r.newRun(s, q, now)
	s.Retry, s.Lease = time.Time{}, time.Time{}
	return s, nil
}

// newRun is a run from where events were last taken in, or from when is asked for.
func (r *Reconcile) newRun(s reconciliation, q ReconcileQuery, now time.Time) ReconcileRun {
	from, oldest := q.Since, now.Add(-EventsKept)
	if from.IsZero() && !s.Events.IsZero() {
		from = s.Events.Add(-eventsOverlap)
	}
	if from.Before(oldest) {
		from = oldest
	}
	run := ReconcileRun{
		Query: q, Objects: q.User == "" && !q.DryRun,
		From: from.UTC().Truncate(time.Second), Until: now.UTC().Truncate(time.Second), StartedAt: now.UTC(),
	}
	return run.clone()
}

// Run reconciles when it is time, and when somebody asks for it, until ctx ends. Nothing that
// is due is begun before a while has passed, so that not all begin who start together. tell is
// told of every run that has ended or cannot go on.
func (r *Reconcile) Run(ctx context.Context, while time.Duration, tell func(ReconcileRun, error)) {
	notBefore := r.clock().Add(while)
	for {
		s, err := r.load(ctx)
		if err == nil {
			err = r.turn(ctx, &s, notBefore)
		}
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, ErrReconciling), errors.Is(err, errNotDue): // another is at it, or nobody has to be
		default:
			tell(s.Run, err)
		}
		select {
		case <-r.timer(reconcileLook):
		case <-r.asked:
		case <-ctx.Done():
			return
		}
	}
}

// errNotDue: there is nothing to do.
var errNotDue = errors.New("nothing is due")

// turn goes on with the run that there is, or begins one that is due.
func (r *Reconcile) turn(ctx context.Context, s *reconciliation, notBefore time.Time) error {
	now := r.clock()
	switch {
	case s.leased(now) || now.Before(s.Retry):
		return errNotDue
	case !s.idle():
	case r.settings.ReconcileEvery == 0 || now.Before(notBefore) || now.Sub(s.Events.Add(eventsSettle)) < r.settings.ReconcileEvery:
		return errNotDue
	default:
		s.Run = r.newRun(*s, ReconcileQuery{}, now)
		s.Run.Scheduled = true
		s.Run.Until = s.Run.Until.Add(-eventsSettle)
		s.Run.Objects = now.Sub(s.Objects) >= objectsEvery
	}
	if err := r.hold(ctx, s); err != nil {
		return err
	}
	return r.goOn(ctx, s)
}

// goOn goes through the steps of a run, page by page.
func (r *Reconcile) goOn(ctx context.Context, s *reconciliation) error {
	steps := r.steps(s.Run)
	for !s.Run.Over() {
		run := s.Run.clone()
		next, err := "", error(nil)
		if run.Step < len(steps) {
			next, err = steps[run.Step](ctx, s, &run)
		}
		switch {
		case errors.Is(err, ErrNobody):
			run.Failure, run.Step = err.Error(), len(steps)
		case errors.Is(err, ports.ErrNotFound) && run.After != "":
			next = "" // the list no longer has that place: it is gone through again
			run.Step--
		case err != nil:
			r.leave(ctx, s, err)
			return err
		default:
			run.Failure = ""
		}
		if run.After = next; next == "" {
			run.Step++
		}
		if run.Step >= len(steps) {
			r.end(s, &run)
		}
		s.Run = run
		if kept := r.hold(ctx, s); kept != nil {
			r.leave(ctx, s, kept)
			return kept
		}
		if errors.Is(err, ErrNobody) {
			return err
		}
	}
	return nil
}

// end takes over how far events and objects have come.
func (r *Reconcile) end(s *reconciliation, run *ReconcileRun) {
	run.EndedAt = r.clock().UTC()
	if run.Query.DryRun || run.Query.User != "" {
		return
	}
	if run.Query.Since.IsZero() || !s.Events.Before(run.From) {
		s.Events = later(s.Events, run.Until)
	}
	if run.Objects {
		s.Objects = run.StartedAt
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// step does a page of something and returns where it goes on; empty: it is over.
type step func(ctx context.Context, s *reconciliation, run *ReconcileRun) (next string, err error)

// steps are what a run goes through.
func (r *Reconcile) steps(run ReconcileRun) []step {
	var all []step
	for _, types := range MissedTypes {
		all = append(all, r.missedEvents(types))
	}
	all = append(all, r.failedEvents)
	switch {
	case run.Query.DryRun:
	case run.Query.User != "":
		all = append(all, r.wholeUser)
	case run.Objects:
		for _, of := range []ports.ListedKind{ports.ListedSubscriptions, ports.ListedRefunds, ports.ListedDisputes, ports.ListedCreditNotes} {
			all = append(all, r.driftedObjects(of))
		}
	}
	return all
}

// wholeUser asks for everything of the user.
func (r *Reconcile) wholeUser(ctx context.Context, _ *reconciliation, run *ReconcileRun) (string, error) {
	done, err := r.sync.Do(ctx, run.Query.User)
	if errors.Is(err, ports.ErrNotFound) {
		return "", fmt.Errorf("%w: nothing is known of user %s, and no event of that time is about them", ErrNobody, run.Query.User)
	}
	run.Changed = len(done.Changed)
	return "", err
}
