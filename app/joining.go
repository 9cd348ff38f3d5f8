package app

import (
	"maps"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// joining is one run of the transaction: what was found, and what becomes of it.
type joining struct {
	found     ports.Found
	catalog   domain.Catalog
	now       time.Time
	states    map[domain.UserID]ports.State
	changed   map[domain.UserID]bool
	receipts  map[domain.EventID]domain.ProcessedEvent
	changes   []domain.Change
	questions []ports.Question
	answered  []domain.Doubt
}

func newJoining(found ports.Found, c domain.Catalog, now time.Time) *joining {
	return &joining{
		found: found, catalog: c, now: now,
		states:   maps.Clone(found.States),
		changed:  map[domain.UserID]bool{},
		receipts: map[domain.EventID]domain.ProcessedEvent{},
	}
}

var processedBefore = domain.Verdict{Outcome: domain.OutcomeUnchanged, Reason: "processed before"}

// isDone tells of an event that need not be processed again.
func (j *joining) isDone(r received) bool {
	id := r.event.ID
	if id == "" {
		return false
	}
	_, inBatch := j.receipts[id]
	return inBatch || !r.again && j.found.Receipts[id].Outcome.Final()
}

// ignore keeps the receipt of an event that is not for us.
func (j *joining) ignore(r received, reason string) domain.Verdict {
	if j.isDone(r) {
		return processedBefore
	}
	verdict := domain.Verdict{Outcome: domain.OutcomeIgnored, Reason: reason}
	j.keepReceipt(r, verdict, "")
	return verdict
}

// event joins an event into the account that it is about.
func (j *joining) event(r received) (domain.Verdict, ports.Cause) {
	if j.isDone(r) {
		return processedBefore, ports.CauseNone
	}
	user, verdict, cause := j.verdict(r)
	j.keepReceipt(r, verdict, user)
	if verdict.Doubt != (domain.Doubt{}) {
		j.questions = append(j.questions, ports.Question{Doubt: verdict.Doubt, Due: j.now.Add(askAgain)})
	} else if fact, is := r.event.Fact.(domain.SubscriptionFact); is && fact.Type == domain.TypeFetched {
		j.answered = append(j.answered, domain.Doubt{
			Subject: domain.Ref{Kind: domain.RefSubscription, ID: string(fact.Snapshot.ID)}, Since: fact.At,
		})
	}
	return verdict, cause
}

func (j *joining) verdict(r received) (domain.UserID, domain.Verdict, ports.Cause) {
	fact := r.event.Fact
	user, known := j.owner(fact)
	if !known {
		verdict, cause := unowned(fact, r.asked)
		return "", verdict, cause
	}
	state := j.states[user]
	account, verdict := domain.Record(state.Account, fact, j.catalog)
	if verdict.Outcome == domain.OutcomeIgnored {
		return user, verdict, ports.CauseNothingNew
	}
	j.settle(user, account, r.event.ID)
	return user, verdict, ports.CauseNone
}

// unowned is the verdict on a fact none of whose names we know. One that may still
// be ours waits until Stripe has said whose it is.
func unowned(fact domain.Fact, asked bool) (domain.Verdict, ports.Cause) {
	subject, canAsk := domain.Whose(fact)
	if !canAsk || asked {
		return domain.Verdict{Outcome: domain.OutcomeIgnored, Reason: "not about an order or a customer of ours"}, ports.CauseStranger
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

func (j *joining) keepReceipt(r received, v domain.Verdict, user domain.UserID) {
	id := r.event.ID
	before := j.found.Receipts[id]
	if id == "" || before.Outcome.Final() && v.Outcome == domain.OutcomeUnchanged {
		return // replayed without effect: what it once did stays on record
	}
	receipt := receiptOf(r, v, user, j.now)
	receipt.Attempts = before.Attempts + 1
	j.receipts[id] = receipt
}

func (j *joining) kept() ports.Kept {
	kept := ports.Kept{Changes: j.changes, Questions: j.questions, Answered: j.answered}
	for user := range j.changed {
		kept.States = append(kept.States, j.states[user])
	}
	for _, receipt := range j.receipts {
		kept.Receipts = append(kept.Receipts, receipt)
	}
	return kept
}

func receiptOf(r received, v domain.Verdict, user domain.UserID, now time.Time) domain.ProcessedEvent {
	receipt := domain.ProcessedEvent{
		ID: r.event.ID, Type: r.event.Type, Object: r.event.Object, User: user,
		Created: r.event.Created, ReceivedAt: r.at, ProcessedAt: now,
		APIVersion: r.event.APIVersion, Livemode: r.event.Livemode,
		Outcome: v.Outcome, Reason: v.Reason, Attempts: 1, Payload: r.event.Payload,
	}
	if v.Outcome == domain.OutcomeWaiting {
		receipt.WaitsFor = v.Doubt.Subject
	}
	return receipt
}
