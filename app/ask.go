package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Stripe is asked only on doubt, and a doubt is kept in the transaction that
// raised it, so that none is lost. It is put to Stripe at once, outside any
// transaction: once per object however many events ask, few at a time, and by the
// gateway not too often. What cannot be answered now is taken up again by AskOn; so is
// what there is no room for, and all that is raised while Stripe is away.
const (
	askAtOnce  = 4                // questions under way at a time
	askQueue   = 100              // questions in line for that: for some ten seconds, as often as the gateway asks
	askWaits   = 64               // events that wait for an answer at a time: more than are answered while one waits
	askTime    = 10 * time.Second // for one question and what follows from it
	askAgain   = 30 * time.Second // when a question that was not answered is due again; the store doubles it
	askLook    = 5 * time.Second  // how often AskOn looks for questions that are due
	askMost    = 12               // how many it takes at a time: what can be asked before they are due again
	askMissing = time.Minute      // how often AskOn looks for events that wait without a question

	// askPatience is how long an event waits for the answer to its doubt. Stripe's
	// Checkout holds the buyer for 10 s at most.
	askPatience = 3 * time.Second
	// resolution is that of Stripe's times. An answer is newer than an event only if
	// it is from a later second, and the time of an answer is rounded down too.
	resolution = time.Second
	askTries   = 3 // if answers are from before what is in doubt: clocks differ
)

// asks are the questions under way and in line.
type asks struct {
	ctx    context.Context
	cancel context.CancelFunc
	queue  chan domain.Doubt
	waits  chan struct{} // holds a token for each event that waits for an answer

	mu        sync.Mutex
	failed    error                        // the last that went wrong and was not reported
	underWay  map[domain.Ref]chan struct{} // or in line; closed when the question is over
	strangers map[domain.Ref]time.Time     // of whom Stripe said that they are not ours, until when we believe it
	running   sync.WaitGroup
}

// newAsks starts those who put questions; close ends them.
func newAsks(put func(context.Context, domain.Doubt)) *asks {
	ctx, cancel := context.WithCancel(context.Background())
	a := &asks{
		ctx: ctx, cancel: cancel,
		queue:     make(chan domain.Doubt, askQueue),
		waits:     make(chan struct{}, askWaits),
		underWay:  map[domain.Ref]chan struct{}{},
		strangers: map[domain.Ref]time.Time{},
	}
	for range askAtOnce {
		a.running.Go(func() { a.work(put) })
	}
	return a
}

func (a *asks) work(put func(context.Context, domain.Doubt)) {
	for {
		select {
		case d := <-a.queue:
			limit := askTime
			if d.Subject.Kind == domain.RefCustomer {
				limit = restoreTime
			}
			ctx, cancel := context.WithTimeout(a.ctx, limit)
			put(ctx, d)
			cancel()
			a.over(d)
		case <-a.ctx.Done():
			return
		}
	}
}

func (a *asks) over(d domain.Doubt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.underWay[d.Subject])
	delete(a.underWay, d.Subject)
}

func (a *asks) close() {
	a.mu.Lock()
	a.cancel() // under the lock: from here on nothing comes into the line
	a.mu.Unlock()
	a.running.Wait()
	for len(a.queue) > 0 {
		a.over(<-a.queue)
	}
}

// notNow is over already.
var notNow = func() <-chan struct{} {
	over := make(chan struct{})
	close(over)
	return over
}()

// ask puts a doubt to Stripe, unless somebody is at it already. The channel is
// closed when that is over, whatever came of it: at once where Stripe is away, or there
// is no room in the line.
func (f *Fulfill) ask(d domain.Doubt) <-chan struct{} {
	if d.Subject.Kind != domain.RefAccount && f.breaker.State() == ports.BreakerOpen {
		return notNow
	}
	a := f.asks
	a.mu.Lock()
	defer a.mu.Unlock()
	if over, asking := a.underWay[d.Subject]; asking {
		return over
	}
	if a.ctx.Err() != nil {
		return notNow
	}
	select {
	case a.queue <- d:
	default:
		return notNow
	}
	over := make(chan struct{})
	a.underWay[d.Subject] = over
	return over
}

// awaitAnswer asks and waits for a moment, unless too many do.
func (f *Fulfill) awaitAnswer(ctx context.Context, d domain.Doubt) {
	over := f.ask(d)
	select {
	case f.asks.waits <- struct{}{}:
		defer func() { <-f.asks.waits }()
	default:
		return
	}
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	select {
	case <-over:
	case <-ctx.Done():
	}
}

// awaitAnswers waits for a moment for all of them.
func awaitAnswers(ctx context.Context, answers []<-chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	for _, over := range answers {
		select {
		case <-over:
		case <-ctx.Done():
			return
		}
	}
}

// AskOn takes up questions that were not answered, of this process or another,
// until ctx ends. report is told what goes wrong, of many things of one moment the
// last.
func (f *Fulfill) AskOn(ctx context.Context, report func(error)) {
	var looked time.Time
	look := f.timer(askLook) // at the start too: there is enough to do, and questions can wait
	for {
		select {
		case <-look:
		case <-ctx.Done():
			return
		}
		more, err := f.askDue(ctx)
		if now := f.clock(); err == nil && now.Sub(looked) >= askMissing {
			looked = now
			err = f.askMissed(ctx, now)
		}
		if err != nil {
			f.asks.fail(fmt.Errorf("take up open questions: %w", err))
		}
		failed := f.asks.takeFailure()
		if failed != nil && ctx.Err() == nil {
			report(failed)
		}
		if more && failed == nil {
			look = atOnce
		} else {
			look = f.timer(askLook)
		}
	}
}

// atOnce is a timer whose time has passed.
var atOnce = func() <-chan time.Time {
	passed := make(chan time.Time)
	close(passed)
	return passed
}()

func (a *asks) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = err
}

func (a *asks) takeFailure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	failed := a.failed
	a.failed = nil
	return failed
}

// askDue asks what is due and waits for the answers. There may be more of it: after a
// day without webhooks news of many users are due at once, and a doubt waits in line.
// While Stripe is away nothing is taken: each time makes a question due later.
func (f *Fulfill) askDue(ctx context.Context) (more bool, err error) {
	most := askMost
	switch f.breaker.State() {
	case ports.BreakerOpen:
		return false, nil
	case ports.BreakerHalfOpen:
		most = 1
	case ports.BreakerClosed:
	}
	questions, err := f.store.TakeQuestions(ctx, f.clock(), askAgain, most)
	if err != nil {
		return false, err
	}
	answers := make([]<-chan struct{}, len(questions))
	for i, q := range questions {
		answers[i] = f.ask(q.Doubt)
	}
	for _, over := range answers {
		select {
		case <-over:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return len(questions) == askMost, nil // after the one of a half-open breaker there is time to see what it says
}

// put asks Stripe and joins what it says. A failure leaves the question as it is
// kept: due again, ever more seldom. That Stripe does not know an object is no answer
// either: our key may be another account's.
func (f *Fulfill) put(ctx context.Context, d domain.Doubt) {
	if d.Subject.Kind == domain.RefAccount { // which is no question to Stripe
		if err := f.processNamed(ctx, d); err != nil && f.asks.ctx.Err() == nil {
			f.asks.fail(err)
		}
		return
	}
	err := f.answer(ctx, d)
	switch {
	case err == nil && d.Subject.Kind == domain.RefTwice: // which is counted by what came of it
	case err == nil:
		f.meter.Asked(d.Subject.Kind, ports.AnswerSettled)
	case f.asks.ctx.Err() != nil: // the program ends, and the question stays
	case errors.Is(err, ports.ErrGatewayAway): // it was not put, and stays
	case errors.Is(err, ports.ErrNotFound):
		f.meter.Asked(d.Subject.Kind, ports.AnswerNothing)
		f.asks.fail(fmt.Errorf("%w: Stripe does not know it, or the key cannot see it: check that STRIPE_SECRET_KEY and STRIPE_ACCOUNT are of the account whose webhooks come; it is asked again, ever more seldom", err))
	default:
		f.meter.Asked(d.Subject.Kind, ports.AnswerFailed)
		f.asks.fail(err)
	}
}

func (f *Fulfill) answer(ctx context.Context, d domain.Doubt) error {
	var err error
	switch d.Subject.Kind {
	case domain.RefSubscription:
		err = f.askSubscription(ctx, d)
	case domain.RefRenewal, domain.RefCompletion, domain.RefCollection:
		err = f.askExpected(ctx, d.Subject)
	case domain.RefCustomer:
		err = f.askCustomer(ctx, d)
	case domain.RefTwice:
		err = f.lookForTwice(ctx, d.Subject)
	default:
		err = f.askObject(ctx, d)
	}
	if err != nil {
		return fmt.Errorf("ask for %s %s: %w", d.Subject.Kind, d.Subject.ID, err)
	}
	return nil
}

// asked makes a call of Stripe on doubt, unless Stripe is away.
func asked[T any](f *Fulfill, call func() (T, error)) (answer T, err error) {
	done, err := f.breaker.Allow()
	if err != nil {
		return answer, err
	}
	defer func() { done(err) }()
	return call()
}

// askSubscription asks which snapshot is the newest: the one that Stripe has now. That
// answers whose it is, too. What was told meanwhile may be of the answer's own second: then
// it is asked again, since whoever waits for this question waits for that doubt too.
func (f *Fulfill) askSubscription(ctx context.Context, d domain.Doubt) error {
	if err := f.wait(ctx, d.Since.Add(2*resolution).Sub(f.clock())); err != nil {
		return err
	}
	for range askTries {
		fact, err := asked(f, func() (domain.SubscriptionFact, error) {
			return f.gateway.FetchSubscription(ctx, domain.SubscriptionID(d.Subject.ID))
		})
		if err != nil {
			return err
		}
		verdict, err := f.told(ctx, fact)
		if err != nil {
			return err
		}
		if verdict.Doubt.Subject == d.Subject && verdict.Doubt.Since.After(d.Since) {
			d.Since = verdict.Doubt.Since
		}
		if !fact.At.After(d.Since) {
			if err := f.wait(ctx, resolution); err != nil {
				return err
			}
			continue
		}
		return f.over(ctx, domain.Doubt{Subject: d.Subject, Since: fact.At}, verdict)
	}
	return errors.New("the answers are older than the question")
}

// wait lets some time pass. More than the resolution of Stripe's times calls for is
// of no use: then Stripe's clock is far ahead of ours.
func (f *Fulfill) wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	select {
	case <-f.timer(min(d, 2*resolution)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// askObject asks what an invoice is over, what a credit note takes back, or whose a payment
// is and what it pays.
func (f *Fulfill) askObject(ctx context.Context, d domain.Doubt) error {
	fact, err := asked(f, func() (domain.Fact, error) {
		switch d.Subject.Kind {
		case domain.RefInvoice:
			return f.gateway.FetchInvoice(ctx, domain.InvoiceID(d.Subject.ID))
		case domain.RefCreditNote:
			return f.creditNoteNow(ctx, d.Subject)
		default:
			return f.gateway.FetchCharge(ctx, d.Subject)
		}
	})
	if err != nil {
		return err
	}
	verdict, err := f.told(ctx, fact)
	if err != nil {
		return err
	}
	return f.over(ctx, domain.Doubt{Subject: d.Subject}, verdict)
}

func (f *Fulfill) creditNoteNow(ctx context.Context, note domain.Ref) (domain.Fact, error) {
	facts, err := f.gateway.FetchReturned(ctx, note)
	if err == nil && len(facts) == 0 {
		return nil, ports.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return facts[0], nil
}

// told joins an answer. If it is about an order that was lost, that is made again first:
// else whoever waits for the answer would be told that it is nobody's.
func (f *Fulfill) told(ctx context.Context, fact domain.Fact) (domain.Verdict, error) {
	verdict, err := f.fetched(ctx, fact)
	if err != nil || verdict.Outcome != domain.OutcomeWaiting || verdict.Doubt.Subject.Kind != domain.RefCustomer {
		return verdict, err
	}
	if err := f.askCustomer(ctx, verdict.Doubt); err != nil {
		return verdict, err
	}
	return f.fetched(ctx, fact)
}

// over takes in that a question was answered: events that wait for it are processed
// again, and only when none is left is the question forgotten. An answer may lead on to
// another question.
func (f *Fulfill) over(ctx context.Context, answered domain.Doubt, verdict domain.Verdict) error {
	if verdict.Outcome == domain.OutcomeIgnored {
		f.asks.remember(answered.Subject, f.clock())
	}
	if d := verdict.Doubt; d != (domain.Doubt{}) && d.Subject != answered.Subject {
		f.ask(d)
	}
	for {
		if err := f.processWaiting(ctx, answered.Subject); err != nil {
			return err
		}
		if err := f.forget(ctx, answered); err != nil {
			return err
		}
		late, err := f.store.Receipts(ctx, ports.ReceiptQuery{WaitsFor: answered.Subject, Outcome: domain.OutcomeWaiting, Limit: 1})
		if err != nil || len(late) == 0 {
			return err
		}
	}
}

func (f *Fulfill) forget(ctx context.Context, d domain.Doubt) error {
	return f.store.Update(ctx, ports.Touch{}, func(ports.Found) (ports.Kept, error) {
		return ports.Kept{Answered: []domain.Doubt{d}}, nil
	})
}

const (
	strangerFor   = time.Hour
	mostStrangers = 10_000
)

// remember that a payment is nobody's of ours: a refund is told in several events.
func (a *asks) remember(subject domain.Ref, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.strangers) >= mostStrangers {
		clear(a.strangers)
	}
	a.strangers[subject] = now.Add(strangerFor)
}

func (a *asks) isStranger(fact domain.Fact, now time.Time) bool {
	subject, canAsk := domain.Whose(fact)
	claim := domain.ClaimOf(fact)
	if !canAsk && claim.Order == "" {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return canAsk && now.Before(a.strangers[subject]) ||
		claim.Order != "" && now.Before(a.strangers[customerRef(claim.Customer)])
}
