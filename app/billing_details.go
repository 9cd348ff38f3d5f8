package app

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// billingDetails asks Stripe for what a billing page shows beside what is known here: what
// pays for a subscription, and what is planned for it. A page does not wait long for that,
// and is shown without it where Stripe does not answer.
type billingDetails struct {
	gateway ports.Gateway
	breaker ports.Breaker
	catalog domain.Catalog
	prices  *Prices
	clock   ports.Clock
	places  chan struct{} // holds a token for each question under way

	mu    sync.Mutex
	known map[billingKey]knownBilling
}

// billingKey is a subscription as it was told of last: what changes it here is shown at once.
type billingKey struct {
	id     domain.SubscriptionID
	seenAt time.Time
}

type knownBilling struct {
	details SubscriptionBilling
	since   time.Time // when the subscription was first seen as it is
	asked   time.Time
}

// counts tells whether an answer says what there is to say. What Stripe tells is dated by
// the second, so another change within the first one has the key of the change before it.
func (k knownBilling) counts(now time.Time) bool {
	return now.Sub(k.asked) < billingFresh && k.asked.Sub(k.since) > time.Second
}

// SubscriptionBilling is how a subscription is paid for, and what is planned for it.
type SubscriptionBilling struct {
	Method *ports.PaymentMethod // nil: none, or not known
	// ResumesAt is when collection that is paused is resumed, in UTC; zero: nobody has said, or not known.
	ResumesAt time.Time
	Planned   *PlannedPlan   // nil: nothing, or not known
	Addons    []PlannedAddon // those of which something is planned
}

// PlannedAddon is what an add-on becomes at a time.
type PlannedAddon struct {
	Item     string // si_...
	Quantity int64  // 0: it ends
	At       time.Time
}

// PlannedPlan is what a subscription becomes at a time.
type PlannedPlan struct {
	Plan     domain.PlanKey // empty: the catalog does not say
	Price    domain.PriceKey
	Quantity int64
	At       time.Time // UTC
}

const (
	billingFresh    = time.Minute     // how long an answer counts
	billingPatience = 2 * time.Second // how long a page waits for one
	billingAtOnce   = 4               // questions under way at a time; beyond, a page does without
	mostBilling     = 10_000          // answers that are remembered
)

func newBillingDetails(gateway ports.Gateway, breaker ports.Breaker, c domain.Catalog, prices *Prices, clock ports.Clock) *billingDetails {
	return &billingDetails{
		gateway: gateway, breaker: breaker, catalog: c, prices: prices, clock: clock,
		places: make(chan struct{}, billingAtOnce), known: map[billingKey]knownBilling{},
	}
}

// of is what is known of a subscription, by Stripe's word of the last minute.
func (b *billingDetails) of(ctx context.Context, a domain.Account, s domain.Subscribed) SubscriptionBilling {
	key := billingKey{s.Subscription.ID, s.Subscription.SeenAt}
	b.mu.Lock()
	known, have := b.known[key]
	b.mu.Unlock()
	now := b.clock()
	if !have {
		known.since = now
	}
	if known.counts(now) {
		return known.details
	}
	select {
	case b.places <- struct{}{}:
		defer func() { <-b.places }()
	default:
		return SubscriptionBilling{}
	}
	ctx, cancel := context.WithTimeout(ctx, billingPatience)
	defer cancel()
	details, err := b.ask(ctx, a, s)
	if err != nil {
		return SubscriptionBilling{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.known) >= mostBilling {
		clear(b.known)
	}
	b.known[key] = knownBilling{details, known.since, now}
	return details
}

func (b *billingDetails) ask(ctx context.Context, a domain.Account, s domain.Subscribed) (details SubscriptionBilling, err error) {
	done, err := b.breaker.Allow()
	if err != nil {
		return details, err
	}
	told, err := b.gateway.FetchBilling(ctx, s.Subscription.ID)
	done(err)
	if err != nil {
		return details, err
	}
	details.Method, details.ResumesAt = told.Method, told.ResumesAt
	if told.Planned == nil {
		return details, nil
	}
	if details.Planned, err = b.planned(ctx, a, s, *told.Planned); err != nil {
		return details, err
	}
	changes, err := b.prices.changesTo(ctx, a, s.Subscription, told.Planned.Items)
	if errors.Is(err, ports.ErrScheduledElsewhere) {
		return details, nil // of whatever is to be added, the plan says enough
	}
	mainly := len(s.Items) > 0 && slices.ContainsFunc(changes, func(c ports.Change) bool { return c.Item == s.Items[0].ID })
	for _, change := range changes {
		if n := slices.IndexFunc(s.Items, func(i domain.SubscribedItem) bool { return i.ID == change.Item }); s.Items[n].Addon {
			details.Addons = append(details.Addons, PlannedAddon{change.Item, change.Quantity, told.Planned.At})
		}
	}
	if !mainly && len(details.Addons) > 0 {
		details.Planned = nil
	}
	return details, err
}

// planned is what becomes of the plan that a subscription is mainly to.
func (b *billingDetails) planned(ctx context.Context, a domain.Account, s domain.Subscribed, change ports.PlannedChange) (*PlannedPlan, error) {
	var all []PlannedPlan
	for _, item := range change.Items {
		price, err := b.prices.byID(ctx, item.Price)
		if err != nil {
			return nil, err
		}
		plan, _ := a.PlanOfItem(domain.Item{Price: item.Price, LookupKey: price.LookupKey}, b.catalog)
		all = append(all, PlannedPlan{plan.Key, b.prices.keyOf(ctx, plan, item.Price), item.Quantity, change.At})
	}
	if len(all) == 0 {
		return nil, nil //nolint:nilnil // nothing is planned, and nothing is wrong
	}
	main := 0
	if len(s.Items) > 0 {
		held, _ := b.catalog.PlanOf(s.Items[0].Plan)
		main = max(slices.IndexFunc(all, func(p PlannedPlan) bool {
			plan, known := b.catalog.PlanOf(p.Plan)
			return known && plan.Excludes(held)
		}), 0)
	}
	return &all[main], nil
}
