package app

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ChangePreview is what a change would cost, and give.
type ChangePreview struct {
	Subscription  domain.SubscriptionID
	Plan          domain.PlanKey
	Price         domain.PriceKey
	Quantity      int64
	When          When
	EffectiveAt   time.Time
	ProrationDate time.Time // whole seconds; with it the change costs what the preview says
	Cost          ports.ChangePreview
	Rights        []RightChange
}

// RightChange is a right that a change gives, takes or alters. A missing value is a right
// that there is not.
type RightChange struct {
	Feature       domain.FeatureKey
	Before, After *domain.Value
	More          bool // more is had afterwards than before
}

// Preview says what a change would come to if it were made now. Nothing changes. Errors
// are those of [ChangeSubscription.Do].
func (c *ChangeSubscription) Preview(ctx context.Context, w ChangeWish) (ChangePreview, error) {
	if err := checkCaller(w.User, ""); err != nil {
		return ChangePreview{}, err
	}
	now := c.clock().UTC().Truncate(time.Second)
	if w.ProrationDate.IsZero() {
		w.ProrationDate = now
	}
	is, err := c.read(ctx, ChangeWish{User: w.User, Plan: w.Plan, Price: w.Price, Quantity: w.Quantity, When: w.When})
	if err != nil {
		return ChangePreview{}, err
	}
	p := ChangePreview{
		Subscription: is.held.sub.ID, Plan: is.to.plan.Key, Price: is.to.price, Quantity: is.to.quantity,
		When: is.when, EffectiveAt: now, ProrationDate: w.ProrationDate,
	}
	if is.when == WhenPeriodEnd {
		p.EffectiveAt = is.held.sub.PeriodEnd()
	}
	if is.to.isPresent(is.held) {
		return p, nil
	}
	p.Cost, err = c.gateway.PreviewChange(ctx, ports.PreviewRequest{
		Change: is.to.change(is.held), At: p.ProrationDate, AtPeriodEnd: is.when == WhenPeriodEnd,
	})
	if err != nil {
		return ChangePreview{}, fmt.Errorf("preview a change of subscription %s: %w", is.held.sub.ID, err)
	}
	p.Rights = is.rights(c.catalog, now)
	return p, nil
}

// rights are what would differ if the change were made, and paid for.
func (w wished) rights(c domain.Catalog, now time.Time) []RightChange {
	before := valuesAt(w.held.account, c, now)
	after := valuesAt(w.changed(), c, now)
	features := maps.Clone(before)
	maps.Copy(features, after)
	var changes []RightChange
	for _, feature := range sortedKeys(features) {
		had, has := before[feature], after[feature]
		if had == nil || has == nil || *had != *has {
			of := c.Features[feature]
			more := had == nil || has != nil && of.Less(*had, *has)
			changes = append(changes, RightChange{feature, had, has, more})
		}
	}
	return changes
}

// changed is the account as it would be. What was paid for the subscription before is left
// out: it is given back, or over by then.
func (w wished) changed() domain.Account {
	a := w.held.account.Clone()
	for id, invoice := range a.Invoices {
		if invoice.Subscription == w.held.sub.ID {
			delete(a.Invoices, id)
		}
	}
	delete(a.Past, w.held.sub.ID)
	sub := w.held.sub
	sub.Items = append([]domain.Item(nil), sub.Items...)
	if w.held.adds() {
		sub.Items = append(sub.Items, domain.Item{PeriodStart: sub.PeriodStart(), PeriodEnd: sub.PeriodEnd()})
	}
	for i := range sub.Items {
		if item := &sub.Items[i]; item.ID == w.held.item.ID {
			item.Price, item.LookupKey, item.Product, item.Quantity = w.to.stripe.ID, w.to.stripe.LookupKey, w.to.stripe.Product, w.to.quantity
		}
	}
	a.Subscriptions[sub.ID] = sub
	return a
}

func valuesAt(a domain.Account, c domain.Catalog, now time.Time) map[domain.FeatureKey]*domain.Value {
	values := map[domain.FeatureKey]*domain.Value{}
	for _, right := range domain.Rights(domain.Entitlements(a, c), c, now) {
		values[right.Feature] = &right.Value
	}
	return values
}
