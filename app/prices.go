package app

import (
	"context"
	"fmt"
	"slices"
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
	told    []func(context.Context, []ports.StripePrice)

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

// OnAnswer has somebody told each answer of Stripe's, before anybody acts on it. It is
// for before the first question.
func (p *Prices) OnAnswer(tell func(context.Context, []ports.StripePrice)) {
	p.told = append(p.told, tell)
}

// Of finds what Stripe says about one of a plan's prices. [ErrPriceNotSold] says
// why nobody can buy it.
func (p *Prices) Of(ctx context.Context, plan domain.Plan, price domain.Price) (ports.StripePrice, error) {
	all, err := p.all(ctx)
	if err != nil {
		return ports.StripePrice{}, err
	}
	found, err := sold(all, plan, price)
	if err != nil {
		return ports.StripePrice{}, fmt.Errorf("%w: plan %s, price %s: %w", ErrPriceNotSold, plan.Key, price.Key, err)
	}
	return found, nil
}

// sold finds a price that can be bought, or says why there is none.
func sold(all []ports.StripePrice, plan domain.Plan, price domain.Price) (ports.StripePrice, error) {
	named := slices.DeleteFunc(slices.Clone(all), func(s ports.StripePrice) bool {
		byID := price.ID != "" && s.ID == price.ID
		byKey := price.ID == "" && s.LookupKey == price.LookupKey
		return !byID && !byKey
	})
	var found ports.StripePrice
	for _, s := range named {
		// While a lookup key moves, two prices may be seen with it.
		if found.ID == "" || s.ForSale() && !found.ForSale() {
			found = s
		}
	}
	recurring := found.Interval != ""
	switch {
	case len(named) == 0 && price.ID != "":
		return found, fmt.Errorf("there is no price with the id %s at Stripe", price.ID)
	case len(named) == 0:
		return found, fmt.Errorf("there is no price with the lookup key %s at Stripe", price.LookupKey)
	case !found.Active:
		return found, fmt.Errorf("%s is archived at Stripe", found.ID)
	case found.Archived:
		return found, fmt.Errorf("the product of %s is archived at Stripe", found.ID)
	case recurring && plan.Mode == domain.ModePayment:
		return found, fmt.Errorf("%s is a recurring price at Stripe, and the plan's mode is payment", found.ID)
	case !recurring && plan.Mode == domain.ModeSubscription:
		return found, fmt.Errorf("%s is a one-time price at Stripe, and the plan's mode is subscription", found.ID)
	}
	return found, nil
}

// Faults lists the catalog's prices that Stripe does not sell, or sells in another
// way than their plan, or not in all of their currencies. The error is that Stripe could not be asked.
func (p *Prices) Faults(ctx context.Context) ([]error, error) {
	if _, err := p.all(ctx); err != nil {
		return nil, err
	}
	var faults []error
	for _, plan := range p.catalog.PlanList() {
		for _, price := range plan.Prices {
			found, err := p.Of(ctx, plan, price)
			counted := plan.Checkout.MaxQuantity > 1 || plan.Checkout.AdjustableAmount
			switch {
			case err != nil:
				faults = append(faults, err)
			case found.Metered && counted:
				faults = append(faults, fmt.Errorf("plan %s, price %s: %s is metered at Stripe, and nobody can choose a quantity of it: "+
					"give the plan no max_quantity and no adjustable_quantity", plan.Key, price.Key, found.ID))
			}
			if err == nil {
				if missing := missingCurrencies(plan, price, found); missing != nil {
					faults = append(faults, missing)
				}
			}
		}
	}
	return faults, nil
}

// byID finds what Stripe says about a price that an order is for. The catalog may
// have gone on to another; one that Stripe does not have is empty.
func (p *Prices) byID(ctx context.Context, id domain.PriceID) (ports.StripePrice, error) {
	all, err := p.all(ctx)
	if err != nil {
		return ports.StripePrice{}, err
	}
	is := func(s ports.StripePrice) bool { return s.ID == id }
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], nil
	}
	found, err := p.gateway.Prices(ctx, []domain.Price{{ID: id}})
	if err != nil {
		return ports.StripePrice{}, fmt.Errorf("ask for price %s: %w", id, err)
	}
	if i := slices.IndexFunc(found, is); i >= 0 {
		return found[i], nil
	}
	return ports.StripePrice{}, nil
}

// forget makes the next question go to Stripe. While that fails, what is known
// still counts.
func (p *Prices) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil {
		p.asked = time.Time{}
	}
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
	if err == nil {
		for _, tell := range p.told {
			tell(ctx, found)
		}
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

// daysOf is about how long a price pays for, so that prices and intervals can be compared:
// twelve months are a year.
func daysOf(p ports.StripePrice) int64 {
	days := map[string]int64{"day": 1, "week": 7, "month": 30, "year": 360}
	return max(days[p.Interval]*max(p.IntervalCount, 1), 1)
}
