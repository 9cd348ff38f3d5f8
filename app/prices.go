package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Prices knows what Stripe says about the catalog's prices. Stripe is the truth
// about amounts; the catalog only names prices.
type Prices struct {
	gateway ports.Gateway
	catalog domain.Catalog
	clock   ports.Clock

	asking keyLock[struct{}]
	mu     sync.Mutex
	known  []ports.StripePrice
	asked  time.Time
	failed error // of the last question, if it came after the last answer
}

const (
	// pricesFresh is how long an answer counts. Prices cannot change at Stripe,
	// but lookup keys move and prices are archived.
	pricesFresh = 5 * time.Minute
	// pricesPause is how long Stripe is left in peace after a question failed.
	pricesPause = 5 * time.Second
)

// NewPrices returns an empty book; it asks when it is first needed.
func NewPrices(gateway ports.Gateway, catalog domain.Catalog, clock ports.Clock) *Prices {
	return &Prices{gateway: gateway, catalog: catalog, clock: clock}
}

// Of finds what Stripe says about one of the catalog's prices, or
// [ErrPriceNotSold].
func (p *Prices) Of(ctx context.Context, price domain.Price) (ports.StripePrice, error) {
	all, err := p.all(ctx)
	if err != nil {
		return ports.StripePrice{}, err
	}
	for _, s := range all {
		byID := price.ID != "" && s.ID == price.ID
		byKey := price.ID == "" && s.LookupKey == price.LookupKey
		if (byID || byKey) && s.Active {
			return s, nil
		}
	}
	name := "id " + string(price.ID)
	if price.ID == "" {
		name = "lookup key " + price.LookupKey
	}
	return ports.StripePrice{}, fmt.Errorf("%w: no active price with %s", ErrPriceNotSold, name)
}

// Faults lists the catalog's prices that Stripe does not sell, or sells in another
// way than their plan. The error is that Stripe could not be asked.
func (p *Prices) Faults(ctx context.Context) ([]error, error) {
	if _, err := p.all(ctx); err != nil {
		return nil, err
	}
	var faults []error
	for _, plan := range p.catalog.PlanList() {
		for _, price := range plan.Prices {
			found, err := p.Of(ctx, price)
			recurring := found.Interval != ""
			switch {
			case err != nil:
				faults = append(faults, fmt.Errorf("plan %s, price %s: %w", plan.Key, price.Key, err))
			case recurring && plan.Mode == domain.ModePayment:
				faults = append(faults, fmt.Errorf("plan %s, price %s: %s is a recurring price at Stripe, and the plan's mode is payment", plan.Key, price.Key, found.ID))
			case !recurring && plan.Mode == domain.ModeSubscription:
				faults = append(faults, fmt.Errorf("plan %s, price %s: %s is a one-time price at Stripe, and the plan's mode is subscription", plan.Key, price.Key, found.ID))
			}
		}
	}
	return faults, nil
}

// all asks Stripe at most once at a time, and seldom. While Stripe cannot answer,
// its last answer counts.
func (p *Prices) all(ctx context.Context) ([]ports.StripePrice, error) {
	if known, err, fresh := p.fresh(); fresh {
		return known, err
	}
	unlock, err := p.asking.lock(ctx, struct{}{})
	if err != nil {
		return nil, err
	}
	defer unlock()
	if known, err, fresh := p.fresh(); fresh {
		return known, err
	}
	var wanted []domain.Price
	for _, plan := range p.catalog.PlanList() {
		wanted = append(wanted, plan.Prices...)
	}
	found, err := p.gateway.Prices(ctx, wanted)
	if err != nil && ctx.Err() != nil {
		return nil, err // that the caller left says nothing about Stripe
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked, p.failed = p.clock(), err
	if err == nil {
		p.known = found
	}
	return p.answer()
}

// fresh returns what is known if it need not be asked for.
func (p *Prices) fresh() ([]ports.StripePrice, error, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	counts := pricesFresh
	if p.failed != nil {
		counts = pricesPause
	}
	known, err := p.answer()
	return known, err, !p.asked.IsZero() && p.clock().Sub(p.asked) < counts
}

// answer is what is known, under the lock.
func (p *Prices) answer() ([]ports.StripePrice, error) {
	if p.known == nil && p.failed != nil {
		return nil, fmt.Errorf("ask for prices: %w", p.failed)
	}
	return p.known, nil
}
