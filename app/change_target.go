package app

import (
	"cmp"
	"context"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// target is what an item of a subscription is to become.
type target struct {
	plan     domain.Plan
	price    domain.PriceKey // empty: the item stays on a price that is no longer sold
	stripe   ports.StripePrice
	quantity int64
}

// planWish is a plan that a user wants, who has another or the same.
type planWish struct {
	plan     domain.PlanKey
	price    domain.PriceKey // empty: the present one, or else one of its interval, or else the plan's first
	quantity int64           // 0: the present one, as far as the plan goes
	currency string          // empty: the present one, and there is no other
}

func (w planWish) of(held liveItem, catalog domain.Catalog) (domain.Plan, error) {
	plan, known := catalog.Plans[w.plan]
	switch {
	case !known:
		return plan, unknownPlan(w.plan, catalog)
	case plan.Mode != domain.ModeSubscription:
		return plan, fmt.Errorf("%w: plan %s is sold once, and is no change of a subscription", ErrBadRequest, plan.Key)
	default:
		return plan, w.fits(held, plan)
	}
}

// fits refuses a quantity that the plan does not have.
func (w planWish) fits(held liveItem, plan domain.Plan) error {
	if w.quantity == 0 || w.quantity == held.item.Quantity && held.plan.Key == plan.Key {
		return nil
	}
	return checkQuantity(plan, w.quantity)
}

// targetOf finds what a wish makes of a held item. What is left out stays as it is, so
// that who wants the plan that there is gets just that.
func (p *Prices) targetOf(ctx context.Context, held liveItem, w planWish) (target, error) {
	plan, err := w.of(held, p.catalog)
	if err != nil {
		return target{}, err
	}
	beside := held.beside(p.catalog)
	likely := held.item
	if held.adds() {
		likely = beside
	}
	present, err := p.byID(ctx, likely.Price)
	if err != nil {
		return target{}, fmt.Errorf("price of subscription %s: %w", held.sub.ID, err)
	}
	present.ID = held.item.Price // though Stripe lists it no more
	t := target{plan: plan, quantity: w.quantity}
	paid := cmp.Or(held.account.CurrencyOf(held.sub.ID), present.Currency)
	if t.price, t.stripe, err = p.priceFor(ctx, plan, held, present, w.price); err != nil {
		return target{}, err
	}
	if t.quantity == 0 {
		t.quantity = held.item.Quantity
		if t.stripe.ID != held.item.Price {
			t.quantity = max(min(t.quantity, plan.Checkout.MaxQuantity), 1)
		}
	}
	switch {
	case t.stripe.Metered && w.quantity > 1:
		return target{}, fmt.Errorf("%w: price %s of plan %s is metered, what is used is paid for afterwards: leave quantity out", ErrBadRequest, t.price, plan.Key)
	case w.currency != "" && paid != "" && w.currency != paid:
		return target{}, fmt.Errorf("subscription %s is paid in %s: %w", held.sub.ID, paid, ports.ErrCurrencyLocked)
	case paid != "" && t.stripe.Currency != "" && !t.stripe.SoldIn(paid):
		return target{}, fmt.Errorf("from price %s to %s in %s: %w", present.ID, t.stripe.ID, paid, ports.ErrCurrencyLocked)
	case plan.Addon() && !t.isPresent(held):
		return t, p.refuseInterval(ctx, t, beside)
	}
	return t, nil
}

// refuseInterval keeps an add-on to the interval of what it is added to.
func (p *Prices) refuseInterval(ctx context.Context, addon target, beside domain.Item) error {
	base, err := p.byID(ctx, beside.Price)
	switch {
	case err != nil:
		return fmt.Errorf("price of what add-on %s is added to: %w", addon.plan.Key, err)
	case !sameInterval(base, addon.stripe):
		return fmt.Errorf("%w: price %s of add-on %s is paid %s, and what it is added to %s: name another price of it, if there is one",
			ErrIntervalsDiffer, addon.price, addon.plan.Key, every(addon.stripe), every(base))
	}
	return nil
}

// every is how often a price is paid.
func every(p ports.StripePrice) string {
	if p.IntervalCount > 1 {
		return fmt.Sprintf("every %d %ss", p.IntervalCount, p.Interval)
	}
	return "every " + p.Interval
}

// priceFor is the price that is named, or the nearest to the present one.
func (p *Prices) priceFor(ctx context.Context, plan domain.Plan, held liveItem, present ports.StripePrice, named domain.PriceKey) (domain.PriceKey, ports.StripePrice, error) {
	if named == "" && plan.Key == held.plan.Key && !held.adds() {
		return p.keyOf(ctx, plan, present.ID), present, nil
	}
	first, sold := plan.PriceOf(named)
	if !sold {
		return "", ports.StripePrice{}, unknownPrice(named, plan, p.catalog)
	}
	chosen, err := p.Of(ctx, plan, first)
	if named != "" || err == nil && sameInterval(chosen, present) {
		return first.Key, chosen, err
	}
	for _, price := range plan.Prices {
		if other, err := p.Of(ctx, plan, price); err == nil && !price.NotSold && sameInterval(other, present) {
			return price.Key, other, nil
		}
	}
	return first.Key, chosen, err
}

func sameInterval(a, b ports.StripePrice) bool {
	return a.Interval == b.Interval && a.IntervalCount == b.IntervalCount
}

// keyOf is what the catalog calls one of a plan's prices; empty: it is not sold any more.
func (p *Prices) keyOf(ctx context.Context, plan domain.Plan, id domain.PriceID) domain.PriceKey {
	for _, price := range plan.Prices {
		if found, err := p.Of(ctx, plan, price); err == nil && found.ID == id {
			return price.Key
		}
	}
	return ""
}

// isPresent tells whether there is nothing to change.
func (t target) isPresent(held liveItem) bool {
	return t.stripe.ID == held.item.Price && (t.quantity == held.item.Quantity || t.stripe.Metered)
}

// change is what Stripe is asked for.
func (t target) change(held liveItem) ports.Change {
	c := ports.Change{Subscription: held.sub.ID, Item: held.item.ID, Price: t.stripe.ID, Quantity: t.quantity}
	if held.adds() {
		c.Kind = ports.ItemAdded
	}
	if t.stripe.Metered {
		c.Quantity = 0
	}
	return c
}
