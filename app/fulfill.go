package app

import (
	"context"
	"fmt"
	"maps"
	"runtime/debug"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Fulfill joins events into the accounts that they are about and derives the
// entitlements, all in one transaction with the events' receipts. It is the one
// door: webhooks, syncs and replays come through it.
//
// Events that arrive together are joined together. One that fails does not fail
// the others: the batch is then taken apart, and the failure is recorded outside
// the transaction that it undid.
type Fulfill struct {
	store    ports.Store
	catalog  domain.Catalog
	livemode bool
	clock    ports.Clock
	batches  *batcher[received, domain.Verdict]
}

// Two lanes: while one waits for its commit to reach the disk, the other works.
const (
	fulfillLanes = 2
	fulfillMost  = 64

	// Together they stay below the 10 s for which Stripe's Checkout holds the buyer.
	// A batch that takes longer than its time waits for a lock that one of its
	// events needs, and the others need not wait with it.
	togetherTime = 2 * time.Second
	aloneTime    = 5 * time.Second
	failTime     = 2 * time.Second
)

// NewFulfill starts the lanes; Close ends them.
func NewFulfill(store ports.Store, catalog domain.Catalog, settings Settings, clock ports.Clock) *Fulfill {
	f := &Fulfill{store: store, catalog: catalog, livemode: settings.Livemode, clock: clock}
	f.batches = newBatcher(fulfillLanes, fulfillMost, f.together, f.alone)
	return f
}

// Close refuses further events and waits for those accepted.
func (f *Fulfill) Close() { f.batches.close() }

// received is an event and when it came in. An event without an id is a fact that
// we asked for: it has no receipt.
type received struct {
	event domain.Event
	at    time.Time
}

// Event processes one event, whatever the number of times it comes. The verdict
// of an event that was processed before is unchanged. On an error the event is
// not processed: it has to come again.
func (f *Fulfill) Event(ctx context.Context, e domain.Event) (domain.Verdict, error) {
	return f.batches.do(ctx, received{e, f.clock()})
}

// Facts joins what was asked of Stripe rather than sent by it.
func (f *Fulfill) Facts(ctx context.Context, facts ...domain.Fact) error {
	for _, fact := range facts {
		e := domain.Event{Type: domain.TypeFetched, Livemode: f.livemode, Fact: fact}
		if _, err := f.batches.do(ctx, received{e, f.clock()}); err != nil {
			return err
		}
	}
	return nil
}

// together runs a batch in one transaction. Callers come and go: the batch belongs
// to all of them and to none.
func (f *Fulfill) together(batch []received) ([]domain.Verdict, error) {
	ctx, cancel := context.WithTimeout(context.Background(), togetherTime)
	defer cancel()
	return f.join(ctx, batch)
}

// alone runs one event and keeps a receipt of its failure. If even that cannot be
// kept the caller still gets an error, and Stripe sends the event again.
func (f *Fulfill) alone(r received) (domain.Verdict, error) {
	ctx, cancel := context.WithTimeout(context.Background(), aloneTime)
	defer cancel()
	verdicts, err := f.join(ctx, []received{r})
	if err == nil {
		return verdicts[0], nil
	}
	err = fmt.Errorf("event %s (%s): %w", r.event.ID, r.event.Type, err)
	if r.event.ID == "" {
		return domain.Verdict{}, err
	}
	ctx, cancel = context.WithTimeout(context.Background(), failTime) // the other one may be over
	defer cancel()
	receipt := receiptOf(r, domain.Verdict{Outcome: domain.OutcomeFailed, Reason: err.Error()}, "", f.clock())
	if failed := f.store.Fail(ctx, receipt); failed != nil {
		return domain.Verdict{}, fmt.Errorf("%w (and the failure could not be recorded: %w)", err, failed)
	}
	return domain.Verdict{}, err
}

// join is the transaction.
func (f *Fulfill) join(ctx context.Context, batch []received) (verdicts []domain.Verdict, err error) {
	var touch ports.Touch
	for _, r := range batch {
		if r.event.ID != "" {
			touch.Events = append(touch.Events, r.event.ID)
		}
		if r.event.Fact != nil && f.foreign(r.event) == "" {
			touch.Refs = append(touch.Refs, r.event.Fact.Refs()...)
		}
	}
	defer func() {
		// A rule that panics on one event must not end the program for all.
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	err = f.store.Update(ctx, touch, func(found ports.Found) (ports.Kept, error) {
		verdicts = make([]domain.Verdict, len(batch))
		work := newJoining(found, f.catalog, f.clock())
		for i, r := range batch {
			verdicts[i] = work.event(r, f.foreign(r.event))
		}
		return work.kept(), nil
	})
	return verdicts, err
}

// foreign says why an event is not for this deployment; empty: it is.
func (f *Fulfill) foreign(e domain.Event) string {
	switch {
	case e.Account != "":
		return "a Connect event of account " + e.Account + ": this deployment is not a platform"
	case e.Livemode != f.livemode:
		return fmt.Sprintf("livemode is %t, and this deployment's is %t: send each mode to a deployment of its own", e.Livemode, f.livemode)
	default:
		return ""
	}
}

// joining is one run of the transaction: what was found, and what becomes of it.
type joining struct {
	found    ports.Found
	catalog  domain.Catalog
	now      time.Time
	states   map[domain.UserID]ports.State
	changed  map[domain.UserID]bool
	receipts map[domain.EventID]domain.ProcessedEvent
	changes  []domain.Change
}

func newJoining(found ports.Found, c domain.Catalog, now time.Time) *joining {
	return &joining{
		found: found, catalog: c, now: now,
		states:   maps.Clone(found.States),
		changed:  map[domain.UserID]bool{},
		receipts: map[domain.EventID]domain.ProcessedEvent{},
	}
}

func (j *joining) event(r received, foreign string) domain.Verdict {
	id := r.event.ID
	if id != "" {
		_, inBatch := j.receipts[id]
		if inBatch || j.found.Receipts[id].Outcome.Final() {
			return domain.Verdict{Outcome: domain.OutcomeUnchanged, Reason: "processed before"}
		}
	}
	user, verdict := j.verdict(r.event, foreign)
	if id != "" {
		receipt := receiptOf(r, verdict, user, j.now)
		receipt.Attempts = j.found.Receipts[id].Attempts + 1
		j.receipts[id] = receipt
	}
	return verdict
}

func (j *joining) verdict(e domain.Event, foreign string) (domain.UserID, domain.Verdict) {
	switch {
	case foreign != "":
		return "", domain.Verdict{Outcome: domain.OutcomeIgnored, Reason: foreign}
	case e.Fact == nil:
		return "", domain.Verdict{Outcome: domain.OutcomeIgnored, Reason: "says nothing about a purchase"}
	}
	user, known := j.owner(e.Fact)
	if !known {
		return "", domain.Verdict{Outcome: domain.OutcomeIgnored, Reason: "not about an order or a customer of ours"}
	}
	state := j.states[user]
	account, verdict := domain.Record(state.Account, e.Fact, j.catalog)
	if verdict.Outcome != domain.OutcomeIgnored {
		j.settle(user, account, e.ID)
	}
	return user, verdict
}

// owner is whose account a fact is about: the first of its names that we know. A
// name that only metadata claims is the last, and the domain checks it.
func (j *joining) owner(f domain.Fact) (domain.UserID, bool) {
	for _, ref := range f.Refs() {
		if user, known := j.found.Owners[ref]; known {
			return user, true
		}
	}
	return "", false
}

// settle takes over an account and derives what it gives.
func (j *joining) settle(user domain.UserID, account domain.Account, cause domain.EventID) {
	state := j.states[user]
	after := domain.Entitlements(account, j.catalog)
	for _, change := range domain.Diff(state.Entitlements, after) {
		change.User, change.Event, change.At = user, cause, j.now
		j.changes = append(j.changes, change)
	}
	j.states[user] = ports.State{Account: account, Entitlements: after}
	j.changed[user] = true
}

func (j *joining) kept() ports.Kept {
	kept := ports.Kept{Changes: j.changes}
	for user := range j.changed {
		kept.States = append(kept.States, j.states[user])
	}
	for _, receipt := range j.receipts {
		kept.Receipts = append(kept.Receipts, receipt)
	}
	return kept
}

func receiptOf(r received, v domain.Verdict, user domain.UserID, now time.Time) domain.ProcessedEvent {
	return domain.ProcessedEvent{
		ID: r.event.ID, Type: r.event.Type, Object: r.event.Object, User: user,
		Created: r.event.Created, ReceivedAt: r.at, ProcessedAt: now,
		APIVersion: r.event.APIVersion, Livemode: r.event.Livemode,
		Outcome: v.Outcome, Reason: v.Reason, Attempts: 1, Payload: r.event.Payload,
	}
}
