package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Action is what a button of a pricing page would do for a user. It is for showing: what a
// checkout then does is found out anew.
type Action string

const (
	ActionBuy        Action = "buy"
	ActionStartTrial Action = "start_trial"
	ActionUpgrade    Action = "upgrade"
	ActionDowngrade  Action = "downgrade"
	ActionChange     Action = "change" // a change that Stripe's portal does not make, and [ChangeSubscription] does
	ActionResume     Action = "resume" // the user has paused it, and [ChangeSubscription.Resume] takes that back
	ActionManage     Action = "manage" // the user is on it, or has to see to a payment first
	ActionNone       Action = "none"   // there is nothing to do: it is held, the money is on its way, or it is in another currency
)

// Actions lists every action.
var Actions = []Action{ActionBuy, ActionStartTrial, ActionUpgrade, ActionDowngrade, ActionChange, ActionResume, ActionManage, ActionNone}

// OfferPlans answers what is for sale to a user.
type OfferPlans struct {
	list    *ListPlans
	states  *sharedReads[domain.UserID, ports.State]
	catalog domain.Catalog
	clock   ports.Clock
}

// NewOfferPlans returns the use case.
func NewOfferPlans(list *ListPlans, store ports.Store, catalog domain.Catalog, clock ports.Clock) *OfferPlans {
	return &OfferPlans{list, newSharedReads(store.State), catalog, clock}
}

// Offers are the plans for one user.
type Offers struct {
	Plans []Offer
	// Currency is the one that the user pays a subscription in, and so all that is paid again
	// and again; empty: none that is known.
	Currency string
	AsOf     time.Time
}

// Offer is a plan for one user. Its days of trial are 0 where a click would give none.
type Offer struct {
	OfferedPlan
	Held    bool     // the user has it now
	Action  Action   // where no price is named
	Actions []Action // for each of its prices
	// HeldPrice is the price that the user pays for it again and again; empty: none.
	HeldPrice domain.PriceKey
}

// Do lists the plans in the order of the catalog file, as [ListPlans] does.
func (o *OfferPlans) Do(ctx context.Context, user domain.UserID) (Offers, error) {
	offered, err := o.list.Do(ctx)
	if err != nil {
		return Offers{}, err
	}
	state, err := o.states.do(ctx, user)
	if err != nil {
		return Offers{}, fmt.Errorf("read what is known of the user: %w", err)
	}
	now := o.clock()
	b := buyer{
		account: state.Account, catalog: o.catalog, now: now, offered: offered,
		subscribed: domain.SubscribedAt(state.Account, o.catalog, now),
	}
	offers := Offers{AsOf: now, Currency: b.currency()}
	for _, plan := range offered {
		offers.Plans = append(offers.Plans, b.offer(plan))
	}
	return offers, nil
}

// buyer is a user before a pricing page.
type buyer struct {
	account    domain.Account
	catalog    domain.Catalog
	now        time.Time
	offered    []OfferedPlan
	subscribed []domain.Subscribed
}

func (b *buyer) offer(plan OfferedPlan) Offer {
	offer := Offer{OfferedPlan: plan, Action: ActionNone}
	switch {
	case plan.Plan.Default:
		offer.Held = true
		return offer
	case plan.Plan.Mode == domain.ModePayment:
		_, offer.Held = b.account.OrderThatGives(plan.Plan.Key, b.catalog, b.now)
	default:
		if item, _, on := b.on(plan.Plan); on && item.Plan == plan.Plan.Key {
			offer.Held, offer.HeldPrice = true, item.PriceKey
		}
	}
	for _, price := range plan.Prices {
		offer.Actions = append(offer.Actions, b.action(plan, price, offer.Held))
	}
	if !slices.Contains(offer.Actions, ActionStartTrial) {
		offer.Plan.TrialDays = 0
	}
	offer.Action = offer.Actions[0]
	if does := slices.IndexFunc(offer.Actions, func(a Action) bool { return a != ActionNone }); plan.Plan.Addon() && does >= 0 {
		offer.Action = offer.Actions[does] // who names no price gets one of the interval that is paid
	}
	if offer.Held && plan.Plan.Mode == domain.ModeSubscription && offer.Action != ActionResume {
		offer.Action = ActionManage // who names no price keeps the present one
	}
	return offer
}

func (b *buyer) action(plan OfferedPlan, price OfferedPrice, held bool) Action {
	if b.paused(plan.Plan) {
		return ActionResume
	}
	if plan.Plan.Addon() {
		return b.addonAction(plan, price)
	}
	if item, sub, on := b.on(plan.Plan); on {
		return b.changeTo(plan, price, item, sub)
	}
	_, coming := underWay(b.account, b.catalog, plan.Plan)
	switch {
	case plan.Plan.Once && (held || coming):
		return ActionNone
	case plan.Plan.Mode == domain.ModePayment:
		return ActionBuy
	case coming:
		return ActionNone
	case plan.Plan.TrialDays > 0 && !b.hadTrial(plan.Plan):
		return ActionStartTrial
	default:
		return ActionBuy
	}
}

// paused tells whether what a plan would change is paused by its user.
func (b *buyer) paused(plan domain.Plan) bool {
	_, sub, on := b.find(func(held domain.Plan) bool { return plan.Excludes(held) || plan.AddsTo(held) })
	return on && b.account.PausedByUser(sub.Subscription, b.catalog)
}

// addonAction is what becomes of an add-on: there is nothing to do for who has none of the
// plans that it is sold with, or has one in another interval or currency.
func (b *buyer) addonAction(plan OfferedPlan, price OfferedPrice) Action {
	base, sub, on := b.find(plan.Plan.AddsTo)
	if !on {
		return ActionNone
	}
	paid, known := b.priceOf(base.Plan, func(p OfferedPrice) bool { return p.Stripe.ID == base.Price })
	item, _, has := b.on(plan.Plan)
	status := sub.Subscription.Status
	switch {
	case has && item.Price == price.Stripe.ID:
		return ActionManage
	case !has && status != domain.StatusActive && status != domain.StatusTrialing:
		return ActionManage
	case known && (!price.Stripe.SoldIn(b.paidIn(sub, paid)) || !sameInterval(paid.Stripe, price.Stripe)):
		return ActionNone
	case has:
		return b.changeTo(plan, price, item, sub)
	default:
		return ActionChange
	}
}

// changeTo is what becomes of a subscription that a plan would take the place of.
func (b *buyer) changeTo(plan OfferedPlan, price OfferedPrice, item domain.SubscribedItem, sub domain.Subscribed) Action {
	present := item.Price == price.Stripe.ID
	now, known := b.priceOf(item.Plan, func(p OfferedPrice) bool { return p.Stripe.ID == item.Price })
	switch {
	case present, owesFirst(sub.Subscription.Status, false, func() bool { return sub.Access }):
		return ActionManage
	case known && !price.Stripe.SoldIn(b.paidIn(sub, now)):
		return ActionNone
	case len(sub.Items) > 1, price.Stripe.Metered, known && now.Stripe.Metered:
		return ActionChange
	case b.isMore(item, plan, price, b.paidIn(sub, now)):
		return ActionUpgrade
	default:
		return ActionDowngrade
	}
}

// paidIn is the currency that a subscription is paid in, which one of its prices has.
func (b *buyer) paidIn(sub domain.Subscribed, price OfferedPrice) string {
	return cmp.Or(b.account.CurrencyOf(sub.Subscription.ID), price.Stripe.Currency)
}

// currency is the one that the buyer pays subscriptions in.
func (b *buyer) currency() string {
	for _, s := range b.subscribed {
		if paid := b.account.CurrencyOf(s.Subscription.ID); paid != "" && b.account.Live(s.Subscription) {
			return paid
		}
	}
	return ""
}

// hadTrial tells whether the trial was taken otherwise than by what a checkout of the plan
// would end.
func (b *buyer) hadTrial(plan domain.Plan) bool {
	return hadTrialWithout(b.account, b.catalog, rivalsOf(b.account, b.catalog, plan, "", b.now), b.now)
}

// on finds the item of a live subscription that a plan would take the place of.
func (b *buyer) on(plan domain.Plan) (domain.SubscribedItem, domain.Subscribed, bool) {
	return b.find(plan.Excludes)
}

// find finds an item of a live subscription by its plan.
func (b *buyer) find(wanted func(domain.Plan) bool) (domain.SubscribedItem, domain.Subscribed, bool) {
	for _, s := range b.subscribed {
		for _, item := range s.Items {
			held, known := b.catalog.PlanOf(item.Plan)
			if b.account.Live(s.Subscription) && known && wanted(held) {
				return item, s, true
			}
		}
	}
	return domain.SubscribedItem{}, domain.Subscribed{}, false
}

// isMore tells whether a price is more than what an item pays: of its own plan the longer
// interval is, and the price that took the place of the one that is paid; of another what
// costs more in the same time; where that cannot be told, what comes later in the catalog
// file.
func (b *buyer) isMore(item domain.SubscribedItem, plan OfferedPlan, price OfferedPrice, paid string) bool {
	held, _ := b.catalog.PlanOf(item.Plan)
	now, known := b.priceOf(held.Key, func(p OfferedPrice) bool { return p.Key == item.PriceKey })
	switch {
	case held.Key == plan.Plan.Key:
		return known && (daysOf(price.Stripe) > daysOf(now.Stripe) || price.Key == now.Key)
	case !known:
		return plan.Plan.Place > held.Place
	}
	alike := price
	if other, there := b.priceOf(plan.Plan.Key, func(p OfferedPrice) bool { return daysOf(p.Stripe) == daysOf(now.Stripe) }); there && daysOf(price.Stripe) != daysOf(now.Stripe) {
		alike = other
	}
	quantity := max(min(item.Quantity, plan.Plan.Checkout.MaxQuantity), 1) // as a change has it that names none
	order, told := compareCosts(costs{alike.Stripe, quantity}, costs{now.Stripe, max(item.Quantity, 1)}, paid)
	if !told {
		return plan.Plan.Place > held.Place
	}
	return order > 0
}

// priceOf finds a price of a plan that is offered.
func (b *buyer) priceOf(plan domain.PlanKey, is func(OfferedPrice) bool) (OfferedPrice, bool) {
	for _, offered := range b.offered {
		for _, price := range offered.Prices {
			if offered.Plan.Key == plan && is(price) {
				return price, true
			}
		}
	}
	return OfferedPrice{}, false
}
