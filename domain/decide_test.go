package domain

import (
	"slices"
	"testing"
	"time"
)

// This file is inside the package: it tries the decision tables with everything that
// can be observed, true or not.

// observable is every combination of what the access rules may look at.
func observable() []itemObservations {
	years := 0
	for _, row := range AccessRules {
		years = max(years, row.PaidYears)
	}
	all := []itemObservations{{}}
	widen := func(by func(o itemObservations) []itemObservations) {
		var wider []itemObservations
		for _, o := range all {
			wider = append(wider, by(o)...)
		}
		all = wider
	}
	widen(func(o itemObservations) (more []itemObservations) {
		more = append(more, o)
		for _, option := range AccessOptions() {
			o.options = []AccessOption{option}
			more = append(more, o)
		}
		return more
	})
	widen(each([]CustomerState{"", CustomerDeleted}, func(o *itemObservations, v CustomerState) { o.customer = v }))
	widen(each(SubscriptionStatuses, func(o *itemObservations, v StatusRule) { o.status = v.Status }))
	widen(each([]CheckoutState{"", CheckoutUnpaid}, func(o *itemObservations, v CheckoutState) { o.checkout = v }))
	widen(each(PauseBehaviors, func(o *itemObservations, v PauseBehavior) { o.collected = Collection(v) }))
	widen(each([]Overdue{IsOverdue, NotOverdue}, func(o *itemObservations, v Overdue) { o.overdue = v }))
	widen(each([]ChangeState{"", ChangeUnpaid}, func(o *itemObservations, v ChangeState) { o.change = v }))
	widen(each([]Times{PaidNever, PaidOnce, PaidAgain}, func(o *itemObservations, v Times) { o.paid = v }))
	widen(each([]int{0, years}, func(o *itemObservations, v int) { o.paidYears = v }))
	return all
}

func each[O, V any](values []V, set func(*O, V)) func(O) []O {
	return func(o O) (more []O) {
		for _, v := range values {
			set(&o, v)
			more = append(more, o)
		}
		return more
	}
}

func TestAccessRules_EachRowIsTheFirstToFitForSomething(t *testing.T) {
	t.Parallel()
	decided := make([]bool, len(AccessRules))
	for _, o := range observable() {
		n := slices.IndexFunc(AccessRules, func(r AccessRule) bool { return r.fits(&o) })
		if n < 0 {
			t.Fatalf("no row fits %+v: say what is given then", o)
		}
		if firstToFit(o) != AccessRules[n] {
			t.Errorf("%+v is decided by %q, want %q", o, firstToFit(o).Says(), AccessRules[n].Says())
		}
		decided[n] = true
	}
	for n, row := range AccessRules {
		if !decided[n] {
			t.Errorf("row %d (%s) never decides: a row above it always fits first", n, row.Says())
		}
	}
}

func TestMoneyRules_EachRowIsTheFirstToFitForSomething(t *testing.T) {
	t.Parallel()
	after := []time.Duration{0, 1000 * 24 * time.Hour}
	for _, row := range MoneyRules {
		after = append(after, row.Within)
	}
	decided := make([]bool, len(MoneyRules))
	all := []backObservations{{}}
	for _, by := range []func(backObservations) []backObservations{
		each(RefundPolicies(), func(o *backObservations, v RefundPolicy) { o.policy.Refund = v }),
		each(DisputePolicies(), func(o *backObservations, v DisputePolicy) { o.policy.Dispute = v }),
		each([]Share{ShareNone, SharePartial, ShareFull}, func(o *backObservations, v Share) { o.share = v }),
		each(after, func(o *backObservations, v time.Duration) { o.after = v }),
		each([]Recency{LatestInvoice, EarlierInvoice}, func(o *backObservations, v Recency) { o.recency = v }),
		each(append(slices.Clone(DisputeStates), ""), func(o *backObservations, v DisputeState) { o.disputed = []DisputeState{v} }),
	} {
		var wider []backObservations
		for _, o := range all {
			wider = append(wider, by(o)...)
		}
		all = wider
	}
	for _, o := range all {
		effect, rule := decideMoney(o)
		n := slices.IndexFunc(MoneyRules, func(r MoneyRule) bool { return r.fits(o) })
		if n < 0 {
			if effect != EffectKeep || rule != (Rule{}) {
				t.Errorf("no row fits %+v: got %s, want it kept", o, effect)
			}
			continue
		}
		if effect != MoneyRules[n].Effect || rule.Row != MoneyRules[n].Says() {
			t.Errorf("%+v is decided by %q, want %q", o, rule.Row, MoneyRules[n].Says())
		}
		decided[n] = true
	}
	for n, row := range MoneyRules {
		if !decided[n] {
			t.Errorf("row %d (%s) never decides: a row above it always fits first", n, row.Says())
		}
	}
}

func firstToFit(o itemObservations) AccessRule {
	row, _ := decideAccess(&o)
	return *row
}
