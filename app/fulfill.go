package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
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
// the transaction that it undid. What facts cannot settle among themselves is put
// to Stripe after the transaction, see ask.go.
type Fulfill struct {
	store    ports.Store
	gateway  ports.Gateway
	catalog  domain.Catalog
	settings Settings
	clock    ports.Clock
	timer    ports.Timer
	meter    ports.Meter
	batches  *batcher[received, domain.Verdict]
	asks     *asks
	breaker  ports.Breaker
	onKept   func([]domain.UserID)
	onTwice  func(TwiceReport)

	deployment knownDeployment
}

// Two lanes: while one waits for its commit to reach the disk, the other works.
const (
	fulfillLanes = 2
	fulfillMost  = 64

	// Stripe's Checkout holds the buyer for 10 s. A batch has most of that, for its
	// commit may take long. A lock that one of its events needs is waited for so long,
	// and the others need not wait with it: what is left is for each alone.
	togetherTime = 8 * time.Second
	lockWait     = 3 * time.Second
	aloneTime    = 5 * time.Second
	aloneWait    = 4 * time.Second // for a lock: that it is held is then said, and not that time is over
	failTime     = 2 * time.Second
)

// NewFulfill starts the lanes; Close ends them.
func NewFulfill(store ports.Store, gateway ports.Gateway, catalog domain.Catalog, settings Settings,
	clock ports.Clock, timer ports.Timer, meter ports.Meter,
) *Fulfill {
	f := &Fulfill{
		store: store, gateway: gateway, catalog: catalog, settings: settings,
		clock: clock, timer: timer, meter: meter, breaker: alwaysClosed{},
		onKept:     func([]domain.UserID) {},
		onTwice:    func(TwiceReport) {},
		deployment: knownDeployment{store: store},
	}
	f.asks = newAsks(f.put)
	f.batches = newBatcher(fulfillLanes, fulfillMost, f.together, f.alone)
	return f
}

// OnKept has somebody told whose accounts changed, each time that it is kept. It is for
// before the first event, and must not block.
func (f *Fulfill) OnKept(tell func([]domain.UserID)) { f.onKept = tell }

// AskThrough has a breaker stand before the questions to Stripe, and no other call: who
// asks for something is to hear from Stripe itself. It is for before the first event;
// without it every question is put.
func (f *Fulfill) AskThrough(b ports.Breaker) { f.breaker = b }

// alwaysClosed is no breaker.
type alwaysClosed struct{}

func (alwaysClosed) State() ports.BreakerState            { return ports.BreakerClosed }
func (alwaysClosed) Allow() (done func(error), err error) { return func(error) {}, nil }

// Close refuses further events and waits for those accepted. Questions that are
// open stay kept.
func (f *Fulfill) Close() {
	f.asks.close()
	f.batches.close()
}

// received is an event and when it came in. An event without an id is a fact that
// we asked for: it has no receipt.
type received struct {
	event domain.Event
	at    time.Time
	// again: process it although it was processed before.
	again bool
	// asked: Stripe has said whose it is; if we still do not know, it is nobody's.
	asked bool
	// remake is what the database has lost of what the fact is about.
	remake *remake
}

// Event processes one event, whatever the number of times it comes. The verdict
// of an event that was processed before is unchanged. On an error the event is
// not processed: it has to come again.
//
// If the event leaves a doubt, Stripe is asked, and Event waits a moment for the
// answer; without one the event is kept all the same, and so is the question.
func (f *Fulfill) Event(ctx context.Context, e domain.Event) (domain.Verdict, error) {
	verdict, err := f.event(ctx, received{event: e, at: f.clock()})
	if err != nil && !errors.Is(err, context.Canceled) { // whoever left may find it kept
		f.meter.Refused()
	}
	return verdict, err
}

func (f *Fulfill) event(ctx context.Context, r received) (domain.Verdict, error) {
	verdict, err := f.batches.do(ctx, r)
	if err != nil || verdict.Doubt == (domain.Doubt{}) {
		return verdict, err
	}
	f.awaitAnswer(ctx, verdict.Doubt)
	if verdict.Outcome != domain.OutcomeWaiting {
		return verdict, nil
	}
	if settled, err := f.store.Receipt(ctx, r.event.ID); err == nil {
		verdict = domain.Verdict{Outcome: settled.Outcome, Reason: settled.Reason}
	}
	return verdict, nil // it is kept, whatever can be read now
}

// Facts joins what was asked of Stripe rather than sent by it. Doubts that it leaves are
// put to Stripe, and not waited for.
func (f *Fulfill) Facts(ctx context.Context, facts ...domain.Fact) error {
	_, err := f.factsAsking(ctx, facts...)
	return err
}

// FactsSettled is Facts, and waits a moment for the answers to doubts: who has just changed
// something is to see it.
func (f *Fulfill) FactsSettled(ctx context.Context, facts ...domain.Fact) error {
	answers, err := f.factsAsking(ctx, facts...)
	if err == nil {
		awaitAnswers(ctx, answers)
	}
	return err
}

// factsAsking is Facts, and returns what [Fulfill.ask] does of every doubt.
func (f *Fulfill) factsAsking(ctx context.Context, facts ...domain.Fact) (answers []<-chan struct{}, err error) {
	for _, fact := range facts {
		verdict, err := f.fetched(ctx, fact)
		if err != nil {
			return answers, err
		}
		if verdict.Doubt != (domain.Doubt{}) {
			answers = append(answers, f.ask(verdict.Doubt))
		}
	}
	return answers, nil
}

func (f *Fulfill) fetched(ctx context.Context, fact domain.Fact) (domain.Verdict, error) {
	return f.batches.do(ctx, f.asEvent(fact))
}

// asEvent is a fact that we asked for, for the door.
func (f *Fulfill) asEvent(fact domain.Fact) received {
	e := domain.Event{Type: domain.TypeFetched, Livemode: f.settings.Livemode, Account: f.settings.Account, Fact: fact}
	return received{event: e, at: f.clock()}
}

// together runs a batch in one transaction. Callers come and go: the batch belongs
// to all of them and to none.
func (f *Fulfill) together(batch []received) ([]domain.Verdict, error) {
	ctx, cancel := context.WithTimeout(context.Background(), togetherTime)
	defer cancel()
	verdicts, err := f.join(ctx, batch, lockWait)
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %d events together took more than %s: %w", ports.ErrUnavailable, len(batch), togetherTime, err)
	}
	return verdicts, err
}

// alone runs one event and keeps a receipt of its failure. If even that cannot be
// kept the caller still gets an error, and Stripe sends the event again.
func (f *Fulfill) alone(r received) (domain.Verdict, error) {
	ctx, cancel := context.WithTimeout(context.Background(), aloneTime)
	defer cancel()
	verdicts, err := f.join(ctx, []received{r}, aloneWait)
	if err == nil {
		return verdicts[0], nil
	}
	err = fmt.Errorf("event %s (%s): %w", r.event.ID, r.event.Type, err)
	if r.event.ID == "" || r.asked {
		return domain.Verdict{}, err // it has no receipt; or it goes on waiting, and the question with it
	}
	if !errors.Is(err, ports.ErrUnavailable) { // a store that is away, or another that holds the account, is no fault of the event's
		f.meter.Event(domain.OutcomeFailed, "")
	}
	ctx, cancel = context.WithTimeout(context.Background(), failTime) // the other one may be over
	defer cancel()
	receipt := receiptOf(r, domain.Verdict{Outcome: domain.OutcomeFailed, Reason: err.Error()}, "", f.clock())
	if failed := f.store.Fail(ctx, receipt); failed != nil {
		return domain.Verdict{}, fmt.Errorf("%w (and %w: %w)", err, errUnrecorded, failed)
	}
	return domain.Verdict{}, err
}

// errUnrecorded: of an event that failed there need not be a receipt.
var errUnrecorded = errors.New("the failure could not be recorded")

// join is the transaction.
func (f *Fulfill) join(ctx context.Context, batch []received, lockWait time.Duration) (verdicts []domain.Verdict, err error) {
	touch := ports.Touch{LockWait: lockWait}
	for _, r := range batch {
		if r.event.ID != "" {
			touch.Events = append(touch.Events, r.event.ID)
		}
		if foreign, _ := f.foreign(r.event); foreign == "" && r.event.Fact != nil {
			touch.Refs = append(touch.Refs, r.event.Fact.Refs()...)
			touch.Refs = append(touch.Refs, domain.Names(r.event.Fact)...)
			if domain.AboutAll(r.event.Fact) {
				touch.Whole = append(touch.Whole, r.event.Fact.Refs()...)
			}
			touch.Refs = append(touch.Refs, r.claims()...)
		}
		if r.remake != nil {
			touch.Users = append(touch.Users, r.remake.user)
		}
	}
	deployment, err := f.deploymentOf(ctx, batch)
	if err != nil {
		return nil, err
	}
	defer func() {
		// A rule that panics on one event must not end the program for all.
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	causes := make([]ports.Cause, len(batch))
	var granted map[domain.EventID]bool
	var changed []domain.UserID
	var twice []domain.Doubt
	whole := map[domain.UserID]bool{}
	run := func() error {
		return f.store.Update(ctx, touch, func(found ports.Found) (ports.Kept, error) {
			verdicts = make([]domain.Verdict, len(batch))
			work := newJoining(found, f.catalog, f.clock())
			work.deployment, work.whole, work.closing = deployment, whole, f.settings.closing()
			for i, r := range batch {
				verdicts[i], causes[i] = f.joinOne(work, r)
			}
			if needed := work.notEnough(); len(needed) > 0 {
				touch.Users = append(touch.Users, needed...)
				return ports.Kept{}, errNotEnough
			}
			changed = slices.Collect(maps.Keys(work.changed))
			granted, twice = granting(work.changes), work.twice
			return work.kept(), nil
		})
	}
	if err = run(); errors.Is(err, errNotEnough) {
		for _, user := range touch.Users {
			whole[user] = true
		}
		err = run()
	}
	if err != nil {
		return nil, err
	}
	f.onKept(changed)
	for _, doubt := range twice {
		f.ask(doubt)
	}
	for i, v := range verdicts {
		if batch[i].event.ID != "" {
			f.meter.Event(v.Outcome, causes[i])
		}
		if r := batch[i]; granted[r.event.ID] {
			f.countGrant(r)
		}
	}
	return verdicts, nil
}

// granting are the events that gave a right.
func granting(changes []domain.Change) map[domain.EventID]bool {
	var events map[domain.EventID]bool
	for _, c := range changes {
		if c.Kind != domain.ChangeGranted || c.Event == "" {
			continue
		}
		if events == nil {
			events = map[domain.EventID]bool{}
		}
		events[c.Event] = true
	}
	return events
}

// countGrant counts how long it took, but for what an operator has processed again. What
// waited to be told whose it is did take so long.
func (f *Fulfill) countGrant(r received) {
	if r.again && !r.asked {
		return
	}
	now, sent := f.clock(), r.event.Created
	if sent.IsZero() {
		sent = r.at
	}
	f.meter.Granted(now.Sub(sent), now.Sub(r.at))
}

// joinOne processes one event of a batch.
func (f *Fulfill) joinOne(work *joining, r received) (domain.Verdict, ports.Cause) {
	if foreign, reason := f.foreign(r.event); foreign != "" {
		return work.ignore(r, reason), foreign
	}
	switch {
	case r.event.Fact == nil:
		return work.ignore(r, "says nothing about a purchase"), ports.CauseNoPurchase
	case f.asks.isStranger(r.event.Fact, f.clock()):
		r.asked = true
	}
	return work.event(r)
}

// foreign says why an event is not for this deployment; empty: it is.
func (f *Fulfill) foreign(e domain.Event) (ports.Cause, string) {
	switch {
	case e.Account != f.settings.Account:
		return ports.CauseOtherAccount, otherAccount(e.Account, f.settings.Account)
	case e.Livemode != f.settings.Livemode:
		return ports.CauseWrongMode, fmt.Sprintf("livemode is %t, and this deployment's is %t: send each mode to a deployment of its own", e.Livemode, f.settings.Livemode)
	default:
		return ports.CauseNone, ""
	}
}

func otherAccount(got, ours string) string {
	switch {
	case ours == "":
		return "a Connect event of account " + got + ": this deployment sells for the Stripe account itself (STRIPE_ACCOUNT names another)"
	case got == "":
		return "an event of the platform: this deployment sells for its account " + ours
	default:
		return "a Connect event of account " + got + ": this deployment sells for " + ours
	}
}
