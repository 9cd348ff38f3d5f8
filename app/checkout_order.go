package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// keepOrder finds the order that the request repeats, or keeps the draft. Rivals
// are open checkouts of the user that would buy the same thing again.
func (s *StartCheckout) keepOrder(ctx context.Context, user domain.UserID, draft domain.Order, plan domain.Plan) (order domain.Order, rivals []domain.Order, err error) {
	touch := ports.Touch{Users: []domain.UserID{user}}
	err = s.store.Update(ctx, touch, func(found ports.Found) (ports.Kept, error) {
		order, rivals = draft, nil
		state := found.States[user]
		repeated, known, err := s.repeated(state.Account, draft)
		if err != nil {
			return ports.Kept{}, err
		}
		if known {
			order = repeated
		}
		if order.Open(draft.CreatedAt) {
			if err := s.refuseSecond(state.Account, plan); err != nil {
				return ports.Kept{}, err
			}
			if err := s.refuseHeld(state.Account, plan, draft.CreatedAt); err != nil {
				return ports.Kept{}, err
			}
			rivals = rivalsOf(state.Account, s.catalog, plan, order.ID, draft.CreatedAt)
		}
		trial := trialDays(state.Account, s.catalog, plan, order, rivals, draft.CreatedAt)
		switch {
		case !known:
			if err := refuseTooMany(state.Account, draft.CreatedAt); err != nil {
				return ports.Kept{}, err
			}
			order.TrialDays = trial
		case order.Session == "" && order.Open(draft.CreatedAt) && (order.TrialDays > trial || order.PriceID != draft.PriceID):
			// The trial was taken elsewhere meanwhile, or the price has a successor:
			// other parameters, other key.
			order.TrialDays = min(order.TrialDays, trial)
			order.PriceID, order.Subtotal, order.Currency = draft.PriceID, draft.Subtotal, draft.Currency
			order.Attempt++
		default:
			return ports.Kept{}, nil
		}
		account := withOrder(state.Account, order, plan, s.catalog).Learn(s.catalog)
		order = account.Orders[order.ID]
		if account.CustomerKey == "" {
			account.CustomerKey = s.newID()
		}
		// What is learned of the price may let a subscription give that did not.
		work := newJoining(found, s.catalog, s.clock())
		work.settle(user, account, "", domain.CauseCheckout)
		return work.kept(), nil
	})
	if err != nil {
		return domain.Order{}, nil, fmt.Errorf("keep order: %w", err)
	}
	return order, rivals, nil
}

// withOrder is the account with an order, which says whether another may be paid beside it;
// so do the others. One that has expired may be paid, too: Stripe was asked a moment later,
// or it recovers the checkout.
func withOrder(a domain.Account, order domain.Order, plan domain.Plan, c domain.Catalog) domain.Account {
	onlyOne := plan.Mode == domain.ModeSubscription || plan.Once
	a = a.WithOrder(order)
	for id, other := range a.Orders {
		held, known := c.PlanOf(other.Plan)
		if id == order.ID || !onlyOne || !known || other.Mode != order.Mode || other.Status == domain.OrderPaid || !held.Excludes(plan) {
			continue
		}
		order.MayBeTwice, other.MayBeTwice = true, true
		a.Orders[id] = other
	}
	a.Orders[order.ID] = order
	return a
}

// trialDays is how long the order's trial is: once a user, ever. What is about to
// be expired takes no trial from it.
func trialDays(a domain.Account, c domain.Catalog, plan domain.Plan, order domain.Order, rivals []domain.Order, now time.Time) int {
	without := append(rivals[:len(rivals):len(rivals)], order)
	if hadTrialWithout(a, c, without, now) {
		return 0
	}
	return plan.TrialDays
}

func hadTrialWithout(a domain.Account, c domain.Catalog, without []domain.Order, now time.Time) bool {
	others := a.Clone()
	for _, o := range without {
		delete(others.Orders, o.ID)
	}
	return others.HadTrial(now, c)
}

// stripeNeeds is how far away Stripe wants the end of a new session to be.
const stripeNeeds = 30 * time.Minute

// repeated finds the order of an earlier request: the one with the same client
// key, whatever became of it, or one for the same that can still be paid.
func (s *StartCheckout) repeated(a domain.Account, draft domain.Order) (domain.Order, bool, error) {
	for _, o := range a.Orders {
		switch {
		case draft.ClientKey != "" && o.ClientKey == draft.ClientKey:
			if o.Fingerprint != draft.Fingerprint {
				return o, false, fmt.Errorf("%w: use a new key for a new checkout", ErrKeyReused)
			}
			return o, true, nil
		case draft.ClientKey != "" || o.Fingerprint != draft.Fingerprint || !o.Open(draft.CreatedAt):
			continue
		case o.Session != "" || o.ExpiresAt.Sub(draft.CreatedAt) > 2*stripeNeeds:
			return o, true, nil
		}
	}
	return domain.Order{}, false, nil
}

// refuseSecond keeps a user from paying twice for the same: a change of plan is a
// change of the subscription that there is.
func (s *StartCheckout) refuseSecond(a domain.Account, plan domain.Plan) error {
	if plan.Mode != domain.ModeSubscription {
		return nil
	}
	for _, sub := range a.Subscriptions {
		for _, held := range a.PlansOf(sub, s.catalog) {
			if a.Live(sub) && held.Excludes(plan) {
				return fmt.Errorf("%w to plan %s: change that subscription instead of buying another", ErrAlreadySubscribed, held.Key)
			}
		}
	}
	if o, is := underWay(a, s.catalog, plan); is {
		return completedEarlier{o}
	}
	return nil
}

// underWay finds the order whose money for a plan, or for one that excludes it, is on its
// way. Between a checkout and the news of its subscription the order is all that tells.
func underWay(a domain.Account, c domain.Catalog, plan domain.Plan) (domain.Order, bool) {
	for _, o := range a.Orders {
		_, heardOf := a.Subscriptions[o.Subscription]
		coming := o.Status == domain.OrderAwaitingPayment ||
			o.Status == domain.OrderPaid && o.Mode == domain.ModeSubscription && !heardOf
		if of, known := c.PlanOf(o.Plan); known && coming && o.Mode == plan.Mode && of.Excludes(plan) {
			return o, true
		}
	}
	return domain.Order{}, false
}

// completedEarlier is [ErrCheckoutCompleted] with the order that it is about.
type completedEarlier struct{ order domain.Order }

func (c completedEarlier) Error() string {
	return fmt.Sprintf("%s: order %s is %s; look at it before you buy again", ErrCheckoutCompleted, c.order.ID, c.order.Status)
}

func (completedEarlier) Is(target error) bool { return target == ErrCheckoutCompleted }

// mostUnpaid is how many checkouts a user may begin in a day without paying. All
// of a user's orders are looked at with each event about that user.
const mostUnpaid = 50

func refuseTooMany(a domain.Account, now time.Time) error {
	unpaid := 0
	for _, o := range a.Orders {
		if o.Status.Rank() < domain.OrderAwaitingPayment.Rank() && now.Sub(o.CreatedAt) < 24*time.Hour {
			unpaid++
		}
	}
	if unpaid >= mostUnpaid {
		return fmt.Errorf("%w: %d within a day", ErrTooManyCheckouts, unpaid)
	}
	return nil
}

// rivalsOf are the checkouts still open that must not be paid beside the chosen one.
func rivalsOf(a domain.Account, c domain.Catalog, plan domain.Plan, chosen domain.OrderID, now time.Time) []domain.Order {
	var rivals []domain.Order
	for _, o := range a.Orders {
		held, known := c.PlanOf(o.Plan)
		if known && o.ID != chosen && o.Open(now) && held.Excludes(plan) {
			rivals = append(rivals, o)
		}
	}
	slices.SortFunc(rivals, func(a, b domain.Order) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return rivals
}
