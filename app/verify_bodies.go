package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// toldFacts are what the bodies that are kept of a user's events say.
type toldFacts struct {
	certain []domain.Fact // of events that were taken in
	maybe   []domain.Fact // of events that were quarantined, of which a part may be
	bodies  int
	dropped int // events without a body
	refused int // events whose body cannot be read
}

// told reads the bodies of the user's events.
func (v *Verify) told(ctx context.Context, user domain.UserID) (toldFacts, error) {
	var told toldFacts
	list := NewListReceipts(v.store)
	err := list.Do(ctx, ports.ReceiptQuery{User: user}, func(receipt domain.ProcessedEvent) error {
		return v.tell(ctx, receipt, &told)
	})
	if err != nil {
		return told, fmt.Errorf("read the events of user %s: %w", user, err)
	}
	return told, nil
}

func (v *Verify) tell(ctx context.Context, receipt domain.ProcessedEvent, told *toldFacts) error {
	whole, err := v.store.Receipt(ctx, receipt.ID)
	switch {
	case errors.Is(err, ports.ErrNotFound):
		return nil // the user was forgotten this moment
	case err != nil:
		return err
	case whole.Redacted || len(whole.Payload) == 0:
		told.dropped++
		return nil
	}
	told.bodies++
	event, err := v.gateway.RereadEvent(whole.Payload)
	switch {
	case err != nil:
		told.refused++
	case event.Fact == nil:
	case receipt.Outcome == domain.OutcomeApplied || receipt.Outcome == domain.OutcomeUnchanged:
		told.certain = append(told.certain, event.Fact)
	case receipt.Outcome == domain.OutcomeQuarantined:
		told.maybe = append(told.maybe, event.Fact)
	}
	return nil
}

// all are the facts that the account may be made of: of those that were quarantined, those
// that name nothing that is not the account's.
func (t toldFacts) all(account domain.Account) []domain.Fact {
	all := slices.Clone(t.certain)
	known := map[domain.Ref]bool{}
	for _, ref := range account.Refs() {
		known[ref] = true
	}
	for _, fact := range t.maybe {
		if !slices.ContainsFunc(domain.Names(fact), func(ref domain.Ref) bool { return !known[ref] }) {
			all = append(all, fact)
		}
	}
	return all
}

// why says what may have told what no body tells.
func (t toldFacts) why() []string {
	why := []string{"Stripe said so when it was asked, and answers are not kept; or the row was changed by hand"}
	if t.dropped > 0 {
		why = append(why, fmt.Sprintf("of %d events the body is no longer kept (RETENTION is over, or the user was forgotten)", t.dropped))
	}
	if t.refused > 0 {
		why = append(why, fmt.Sprintf("the bodies of %d events cannot be read", t.refused))
	}
	return why
}

func instantText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
