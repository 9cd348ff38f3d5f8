package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// This file sees to what a user has paid for twice. A purchase that may be the second of
// its kind leaves a question in the transaction that it is kept in. After it, all that the
// user has is looked at, and the catalog says what is done. Where money is to go back it goes
// first, and then the subscription ends: what was refunded and still lives is found again,
// however often and wherever this is interrupted.

// TwiceReport is a purchase that was made twice, and what came of it.
type TwiceReport struct {
	User domain.UserID
	domain.BoughtTwice
	Outcome ports.TwiceOutcome
}

// OnBoughtTwice has somebody told of each purchase that was made twice. It is for before
// the first event, and must not block.
func (f *Fulfill) OnBoughtTwice(tell func(TwiceReport)) { f.onTwice = tell }

// lookForTwice looks whether a purchase was made twice, and does about it what the catalog
// says.
func (f *Fulfill) lookForTwice(ctx context.Context, subject domain.Ref) error {
	account, err := f.accountWith(ctx, subject.ID)
	if err != nil {
		return err
	}
	for _, twice := range domain.BoughtTwiceAt(account, f.catalog, f.clock()) {
		if err := f.settleTwice(ctx, account.User, twice); err != nil {
			return err
		}
	}
	return f.forget(ctx, domain.Doubt{Subject: subject})
}

// accountWith finds the whole account that an order or a subscription is of. What may be paid
// beside it later is going to be looked at, too.
func (f *Fulfill) accountWith(ctx context.Context, id string) (domain.Account, error) {
	var state ports.State
	names := []domain.Ref{{Kind: domain.RefOrder, ID: id}, {Kind: domain.RefSubscription, ID: id}}
	err := f.store.Update(ctx, ports.Touch{Refs: names, Whole: names}, func(found ports.Found) (ports.Kept, error) {
		state = ports.State{}
		for _, name := range names {
			if user, known := found.Owners[name]; known {
				state = found.States[user]
			}
		}
		account, marked := state.Account.WithRivalsOf(domain.SubscriptionID(id), f.catalog)
		if state.Account = account; marked {
			return ports.Kept{States: []ports.State{state}}, nil
		}
		return ports.Kept{}, nil
	})
	if err != nil {
		return domain.Account{}, fmt.Errorf("find what else the user has: %w", err)
	}
	return state.Account, nil
}

func (f *Fulfill) settleTwice(ctx context.Context, user domain.UserID, twice domain.BoughtTwice) error {
	if twice.Policy == domain.TwiceRefundOlder {
		now, still, err := f.askAboutTwice(ctx, user, twice)
		if err != nil || !still {
			return err
		}
		twice = now
	}
	report := TwiceReport{user, twice, ports.TwiceAlarmed}
	switch {
	case twice.Policy == domain.TwiceKeep:
		report.Outcome = ports.TwiceKept
	case twice.Policy == domain.TwiceRefundOlder && twice.Used == "":
		var err error
		if report.Outcome, err = f.takeBack(ctx, twice); err != nil {
			return err
		}
	}
	f.meter.BoughtTwice(report.Outcome)
	f.onTwice(report)
	return nil
}

// askAboutTwice asks Stripe how both purchases stand, and what became of their money. It may
// have settled itself, or be told beside another purchase then, which is asked about in turn.
func (f *Fulfill) askAboutTwice(ctx context.Context, user domain.UserID, twice domain.BoughtTwice) (domain.BoughtTwice, bool, error) {
	for range askTries {
		if err := f.askHowBothStand(ctx, twice); err != nil {
			return twice, false, err
		}
		now, still, err := f.stillTwice(ctx, user, twice)
		if err != nil || !still {
			return twice, false, err
		}
		if err := f.askWhatWentBack(ctx, now); err != nil {
			return twice, false, err
		}
		now, still, err = f.stillTwice(ctx, user, now)
		if err != nil || !still || now.Newer == twice.Newer {
			return now, still, err
		}
		twice = now
	}
	return twice, false, errors.New("what was bought twice changes while Stripe is asked about it")
}

func (f *Fulfill) askHowBothStand(ctx context.Context, twice domain.BoughtTwice) error {
	for _, source := range []domain.Source{twice.Older, twice.Newer} {
		if source.Kind != domain.SourceSubscription {
			continue
		}
		id := domain.SubscriptionID(source.ID)
		subscription, err := asked(f, func() (domain.SubscriptionFact, error) { return f.gateway.FetchSubscription(ctx, id) })
		if err != nil {
			return err
		}
		invoices, err := asked(f, func() ([]domain.InvoiceFact, error) { return f.gateway.FetchInvoices(ctx, id) })
		if err != nil {
			return err
		}
		facts := []domain.Fact{subscription}
		for _, invoice := range invoices {
			facts = append(facts, invoice)
		}
		if err := f.Facts(ctx, facts...); err != nil {
			return err
		}
	}
	return nil
}

// askWhatWentBack asks for refunds, disputes and credit notes, unless something else has
// settled already that a person sees to it.
func (f *Fulfill) askWhatWentBack(ctx context.Context, twice domain.BoughtTwice) error {
	if twice.Policy != domain.TwiceRefundOlder || twice.Used != "" {
		return nil
	}
	for _, money := range twice.Money {
		returned, err := asked(f, func() ([]domain.Fact, error) { return f.gateway.FetchReturned(ctx, money) })
		if err != nil {
			return err
		}
		if err := f.Facts(ctx, returned...); err != nil {
			return err
		}
	}
	return nil
}

// stillTwice finds a purchase that was made twice as it is known by now.
func (f *Fulfill) stillTwice(ctx context.Context, user domain.UserID, twice domain.BoughtTwice) (domain.BoughtTwice, bool, error) {
	state, err := f.store.State(ctx, user)
	if err != nil {
		return twice, false, fmt.Errorf("read what a user has bought: %w", err)
	}
	all := domain.BoughtTwiceAt(state.Account, f.catalog, f.clock())
	n := slices.IndexFunc(all, func(b domain.BoughtTwice) bool { return b.Older == twice.Older })
	if n < 0 {
		return twice, false, nil
	}
	return all[n], true, nil
}

// takeBack refunds the older purchase, and ends it. What Stripe refuses is a person's to
// see to.
func (f *Fulfill) takeBack(ctx context.Context, twice domain.BoughtTwice) (ports.TwiceOutcome, error) {
	deployment, err := f.deployment.id(ctx)
	if err != nil {
		return ports.TwiceAlarmed, err
	}
	for _, payment := range twice.Paid {
		if twice.Refunded {
			break
		}
		refund, err := asked(f, func() (domain.RefundFact, error) {
			return f.gateway.RefundDuplicate(ctx, ports.RefundRequest{
				PaymentIntent: payment, Deployment: deployment, IdempotencyKey: "entitled-twice-" + string(payment),
			})
		})
		if errors.Is(err, ports.ErrGatewayRefused) {
			return ports.TwiceAlarmed, nil
		}
		if err == nil {
			err = f.Facts(ctx, refund)
		}
		switch {
		case err != nil:
			return ports.TwiceAlarmed, fmt.Errorf("refund %s: %w", payment, err)
		case refund.Status.Undone():
			return ports.TwiceAlarmed, nil
		}
	}
	if twice.Older.Kind != domain.SourceSubscription {
		return ports.TwiceRefunded, nil
	}
	ended, err := asked(f, func() (domain.SubscriptionFact, error) {
		return f.gateway.CancelSubscription(ctx, ports.EndRequest{
			Subscription: domain.SubscriptionID(twice.Older.ID), Deployment: deployment, IdempotencyKey: "entitled-twice-" + twice.Older.ID,
		}, true)
	})
	if errors.Is(err, ports.ErrGatewayRefused) {
		return ports.TwiceAlarmed, nil // the money is back, and what it was for goes on
	}
	if err != nil {
		return ports.TwiceAlarmed, fmt.Errorf("end subscription %s: %w", twice.Older.ID, err)
	}
	return ports.TwiceRefunded, f.Facts(ctx, ended)
}
