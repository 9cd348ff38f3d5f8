package app

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// joining is one run of the transaction: what was found, and what becomes of it.
type joining struct {
	found   ports.Found
	catalog domain.Catalog
	// deployment is what we are called, if something in the batch claims to be ours.
	deployment domain.DeploymentID
	now        time.Time
	closing    domain.Closing
	states     map[domain.UserID]ports.State
	settled    map[domain.UserID]settled
	changed    map[domain.UserID]bool
	receipts   map[domain.EventID]domain.ProcessedEvent
	changes    []domain.Change
	questions  []ports.Question
	answered   []domain.Doubt
	expected   map[domain.Ref]time.Time
	twice      []domain.Doubt // those of questions that are about what may be bought twice
	// whole are the users of whom all was found; of others it is what the facts are about.
	// needed are those of whom that is not enough.
	whole, needed map[domain.UserID]bool
}

// errNotEnough ends a run that needs more of some accounts than what its facts are about.
var errNotEnough = errors.New("more of some accounts has to be found")

func newJoining(found ports.Found, c domain.Catalog, now time.Time) *joining {
	return &joining{
		found: found, catalog: c, now: now, closing: domain.UsualClosing,
		states:   maps.Clone(found.States),
		settled:  map[domain.UserID]settled{},
		changed:  map[domain.UserID]bool{},
		receipts: map[domain.EventID]domain.ProcessedEvent{},
		expected: map[domain.Ref]time.Time{},
		needed:   map[domain.UserID]bool{},
	}
}

var processedBefore = domain.Verdict{Outcome: domain.OutcomeUnchanged, Reason: "processed before"}

// isDone tells of an event that need not be processed again. One that was a stranger's, so
// that its body was not kept, may be sent again by whoever has found out that it is ours.
func (j *joining) isDone(r received) bool {
	id := r.event.ID
	if id == "" {
		return false
	}
	_, inBatch := j.receipts[id]
	before := j.found.Receipts[id]
	stranger := before.Redacted && before.Outcome == domain.OutcomeIgnored && before.User == ""
	return inBatch || !r.again && before.Outcome.Final() && !stranger
}

// ignore keeps the receipt of an event that is not for us.
func (j *joining) ignore(r received, reason string) domain.Verdict {
	if j.isDone(r) {
		return processedBefore
	}
	verdict := domain.Verdict{Outcome: domain.OutcomeIgnored, Reason: reason}
	j.keepReceipt(r, verdict, "", domain.Ref{})
	return verdict
}

// event joins an event into the account that it is about.
func (j *joining) event(r received) (domain.Verdict, ports.Cause) {
	if j.isDone(r) {
		return processedBefore, ports.CauseNone
	}
	user, verdict, cause := j.verdict(r)
	if lost, is := j.lost(r); is && verdict.Doubt == (domain.Doubt{}) {
		verdict.Doubt = lost
	} else if is {
		j.questions = append(j.questions, ports.Question{Doubt: lost, Due: j.now})
	}
	j.keepReceipt(r, verdict, user, j.waitsFor(r.event.Fact, verdict))
	if verdict.Doubt != (domain.Doubt{}) {
		j.questions = append(j.questions, ports.Question{Doubt: verdict.Doubt, Due: j.now.Add(askAgain)})
	} else if fact, is := r.event.Fact.(domain.SubscriptionFact); is && fact.Type == domain.TypeFetched {
		j.answered = append(j.answered, domain.Doubt{
			Subject: domain.Ref{Kind: domain.RefSubscription, ID: string(fact.Snapshot.ID)}, Since: fact.At,
		})
	}
	return verdict, cause
}

// waitsFor is what has to be known for an event to be processed again. That it is
// nobody's of ours holds for as long as nobody has the account that it names its
// customer by, see learned.
func (j *joining) waitsFor(fact domain.Fact, v domain.Verdict) domain.Ref {
	if v.Outcome == domain.OutcomeWaiting {
		return v.Doubt.Subject
	}
	if claim, lost := j.lostOrder(fact); lost && v.Outcome == domain.OutcomeQuarantined {
		return customerRef(claim.Customer)
	}
	if v.Outcome == domain.OutcomeIgnored {
		account, _ := domain.ByAccount(fact)
		if _, known := j.found.Owners[account]; !known {
			return account
		}
	}
	return domain.Ref{}
}

func (j *joining) verdict(r received) (domain.UserID, domain.Verdict, ports.Cause) {
	fact := r.event.Fact
	if r.remake != nil {
		if refusal := j.remake(*r.remake); refusal != "" {
			return "", domain.Verdict{Outcome: domain.OutcomeQuarantined, Reason: refusal}, ports.CauseNone
		}
	}
	user, known := j.owner(fact)
	if !known {
		if verdict, cause, is := j.ofLostOrder(r); is {
			return "", verdict, cause
		}
		verdict, cause := unowned(fact, r.asked)
		return "", verdict, cause
	}
	account := j.states[user].Account
	if ref, other := j.claimed(fact, user); other != "" {
		if _, verdict := domain.Record(account, fact, j.catalog); verdict.Outcome == domain.OutcomeIgnored {
			return user, verdict, ports.CauseNothingNew
		}
		return user, domain.Verdict{Outcome: domain.OutcomeQuarantined, Reason: fmt.Sprintf(
			"%s %s is of user %s, and this says that it is of user %s: find out whose it is, and mend it at Stripe", ref.Kind, ref.ID, other, user,
		)}, ports.CauseNone
	}
	j.begin(user)
	prices := len(account.Meanings)
	if j.whole[user] {
		account = account.Learn(j.catalog)
	}
	verdict := account.Join(fact, j.catalog)
	if verdict.Outcome == domain.OutcomeIgnored && !verdict.Kept {
		return user, verdict, ports.CauseNothingNew
	}
	if verdict.Outcome == domain.OutcomeUnchanged && len(account.Meanings) > prices {
		verdict.Outcome = domain.OutcomeApplied // what it says of a price is news
	}
	// What a price means is the account's own: another purchase may give something now, or
	// an order that was not found may say what this one's price means.
	if len(account.Meanings) > prices || verdict.Outcome == domain.OutcomeQuarantined || account.Reopens(fact) {
		j.needed[user] = !j.whole[user]
	}
	cause := domain.Cause("")
	if r.event.ID == "" {
		cause = domain.CauseAsked
	}
	j.settle(user, account, r.event.ID, cause)
	return user, verdict, ports.CauseNone
}

// notEnough are the users of whom more has to be found, sorted.
func (j *joining) notEnough() []domain.UserID {
	maps.DeleteFunc(j.needed, func(_ domain.UserID, needed bool) bool { return !needed })
	return slices.Sorted(maps.Keys(j.needed))
}

// claimed finds a name in a fact that another user has already.
func (j *joining) claimed(fact domain.Fact, user domain.UserID) (domain.Ref, domain.UserID) {
	for _, ref := range domain.Names(fact) {
		if other, known := j.found.Owners[ref]; known && other != user {
			return ref, other
		}
	}
	return domain.Ref{}, ""
}

// unowned is the verdict on a fact none of whose names we know. One that may still
// be ours waits until Stripe has said whose it is.
func unowned(fact domain.Fact, asked bool) (domain.Verdict, ports.Cause) {
	subject, canAsk := domain.Whose(fact)
	if !canAsk || asked {
		reason := "not about an order or a customer of ours"
		if account, by := domain.ByAccount(fact); by {
			reason += ": if customer account " + account.ID + " turns out to be, this is processed again"
		}
		return domain.Verdict{Outcome: domain.OutcomeIgnored, Reason: reason}, ports.CauseStranger
	}
	return domain.Verdict{
		Outcome: domain.OutcomeWaiting,
		Reason:  "whose " + string(subject.Kind) + " " + subject.ID + " is, is not known yet: Stripe is asked",
		Doubt:   domain.Doubt{Subject: subject},
	}, ports.CauseNone
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

// settled is what is compared with what follows from an account once it has changed.
// (What it gives is in its state.)
type settled struct {
	expected []domain.Expectation
	names    []domain.CustomerAccountID
	twice    []domain.Ref // what may have been bought beside another
}

func settledOf(a domain.Account) settled {
	return settled{a.Expectations(), a.CustomerAccounts, a.MayBeTwice()}
}

// begin looks at an account before it changes for the first time.
func (j *joining) begin(user domain.UserID) {
	if _, begun := j.settled[user]; !begun {
		j.settled[user] = settledOf(j.states[user].Account)
	}
}

// settle takes over an account, and derives what it gives and what news are due.
func (j *joining) settle(user domain.UserID, account domain.Account, event domain.EventID, cause domain.Cause) {
	j.begin(user)
	before, after := j.settled[user], settledOf(account)
	entitlements := domain.Entitlements(account, j.catalog)
	for _, change := range domain.Diff(j.states[user].Entitlements, entitlements) {
		change.User, change.Event, change.Cause, change.At = user, event, cause, j.now
		j.changes = append(j.changes, change)
	}
	j.expect(before.expected, after.expected)
	j.learned(before.names, after.names)
	j.look(before.twice, after.twice)
	j.states[user] = ports.State{Account: account, Entitlements: entitlements}
	j.settled[user], j.changed[user] = after, true
}

// learned keeps a question of us about each new name of a customer: events that named
// nothing else were ignored, and nobody sends them again.
func (j *joining) learned(before, after []domain.CustomerAccountID) {
	for _, name := range after {
		if !slices.Contains(before, name) {
			doubt := domain.Doubt{Subject: domain.Ref{Kind: domain.RefAccount, ID: string(name)}, Since: j.now}
			j.questions = append(j.questions, ports.Question{Doubt: doubt, Due: j.now})
		}
	}
}

// look keeps a question of us about each purchase that may be the second of its kind: what
// else the user has need not have been found.
func (j *joining) look(before, after []domain.Ref) {
	for _, purchase := range after {
		if !slices.Contains(before, purchase) {
			doubt := domain.Doubt{Subject: purchase}
			j.twice = append(j.twice, doubt)
			j.questions = append(j.questions, ports.Question{Doubt: doubt, Due: j.now})
		}
	}
}

// expect keeps what differs between the news that were due and those that are.
func (j *joining) expect(before, after []domain.Expectation) {
	due := make(map[domain.Ref]time.Time, len(before))
	for _, e := range before {
		due[e.Subject] = e.Due
	}
	for _, e := range after {
		if !due[e.Subject].Equal(e.Due) {
			j.expected[e.Subject] = e.Due
		}
		delete(due, e.Subject)
	}
	for subject := range due {
		j.expected[subject] = time.Time{}
	}
}

func (j *joining) keepReceipt(r received, v domain.Verdict, user domain.UserID, waitsFor domain.Ref) {
	id := r.event.ID
	before := j.found.Receipts[id]
	settled := before.Outcome.Final() && before.WaitsFor == domain.Ref{}
	if id == "" || settled && v.Outcome == domain.OutcomeUnchanged {
		return // replayed without effect: what it once did stays on record
	}
	receipt := receiptOf(r, v, user, j.now)
	receipt.Attempts, receipt.WaitsFor = before.Attempts+1, waitsFor
	stranger := v.Outcome == domain.OutcomeIgnored && user == "" && waitsFor == domain.Ref{}
	if receipt.Redacted = stranger || user.Forgotten(); receipt.Redacted {
		receipt.Payload = nil
	}
	j.receipts[id] = receipt
}

func (j *joining) kept() ports.Kept {
	kept := ports.Kept{Changes: j.changes, Questions: j.questions, Answered: j.answered}
	kept.Ended = make(map[domain.UserID]ports.Ended, len(j.changed))
	for user := range j.changed {
		kept.States = append(kept.States, j.states[user])
		invoices, past := j.states[user].Account.LongEnded(j.catalog, j.closing, j.found.Apart[user])
		kept.Ended[user] = ports.Ended{Invoices: invoices, Past: past}
	}
	for _, receipt := range j.receipts {
		kept.Receipts = append(kept.Receipts, receipt)
	}
	for subject, due := range j.expected {
		kept.Expected = append(kept.Expected, domain.Expectation{Subject: subject, Due: due})
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
