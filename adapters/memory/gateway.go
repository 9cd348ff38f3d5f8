package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Gateway is a Stripe small enough to hold in the head: customers, sessions and
// the subscriptions they make. A test pays and lets time pass through its methods,
// and takes the facts that Stripe would send.
type Gateway struct {
	clock ports.Clock

	mu        sync.Mutex
	made      int
	byKey     map[string]string // idempotency key -> id
	refused   map[string]error  // idempotency key -> what Stripe repeats to it
	prices    []ports.StripePrice
	customers map[domain.CustomerID]bool // false: deleted
	madeFor   map[domain.CustomerID]domain.Claim
	buyers    map[domain.CustomerID]ports.Buyer
	sessions  map[domain.SessionID]session
	events    map[string]domain.Event // by payload
	failures  []error
	calls     int
	perPage   int // of lists

	subscriptions map[domain.SubscriptionID]domain.Subscription
	charges       map[domain.ChargeID]domain.ChargeFact
	latestCharges map[domain.PaymentIntentID]domain.ChargeID
	invoices      map[domain.InvoiceID]domain.InvoiceFact
	returned      []domain.Fact // refunds, disputes and credit notes

	offers    map[ports.PortalConfigurationID]ports.PortalOffer
	portals   map[string]ports.PortalRequest // by URL
	scheduled map[domain.SubscriptionID][]ports.Change
	resumes   map[domain.SubscriptionID]time.Time    // when a pause ends by itself
	pending   map[domain.SubscriptionID]ports.Change // waits for its payment
	declined  map[domain.CustomerID]bool             // whose cards are
	done      map[string]string                      // idempotency key -> what of
}

type session struct {
	fact      domain.SessionFact
	order     domain.Order
	price     domain.PriceID
	quantity  int64
	trialDays int
}

var _ ports.Gateway = (*Gateway)(nil)

// NewGateway returns a Stripe that sells the given prices.
func NewGateway(clock ports.Clock, prices ...ports.StripePrice) *Gateway {
	return &Gateway{
		clock: clock, prices: prices, perPage: perPage,
		byKey:     map[string]string{},
		refused:   map[string]error{},
		customers: map[domain.CustomerID]bool{},
		madeFor:   map[domain.CustomerID]domain.Claim{},
		buyers:    map[domain.CustomerID]ports.Buyer{},
		sessions:  map[domain.SessionID]session{},
		events:    map[string]domain.Event{},

		subscriptions: map[domain.SubscriptionID]domain.Subscription{},
		charges:       map[domain.ChargeID]domain.ChargeFact{},
		latestCharges: map[domain.PaymentIntentID]domain.ChargeID{},
		invoices:      map[domain.InvoiceID]domain.InvoiceFact{},

		offers:    map[ports.PortalConfigurationID]ports.PortalOffer{},
		portals:   map[string]ports.PortalRequest{},
		scheduled: map[domain.SubscriptionID][]ports.Change{},
		resumes:   map[domain.SubscriptionID]time.Time{},
		pending:   map[domain.SubscriptionID]ports.Change{},
		declined:  map[domain.CustomerID]bool{},
		done:      map[string]string{},
	}
}

// FailNext makes the next calls fail, one error each; nil lets one pass. A refusal
// is repeated to the same idempotency key, as Stripe does.
func (g *Gateway) FailNext(errs ...error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failures = append(g.failures, errs...)
}

// Calls counts the calls made, failed ones included.
func (g *Gateway) Calls() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls
}

// begin counts a call and takes its planned failure, under the lock.
func (g *Gateway) begin(ctx context.Context) error {
	g.calls++
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(g.failures) == 0 {
		return nil
	}
	err := g.failures[0]
	g.failures = g.failures[1:]
	return err
}

// beginWith is begin for a call with an idempotency key.
func (g *Gateway) beginWith(ctx context.Context, key string) error {
	err := g.begin(ctx)
	if errors.Is(err, ports.ErrGatewayRefused) {
		g.refused[key] = err
	}
	return cmp.Or(g.refused[key], err)
}

// once makes an id for a key, or returns the one it was made for before.
func (g *Gateway) once(key, prefix string) (id string, isNew bool) {
	if id, made := g.byKey[key]; made {
		return id, false
	}
	g.made++
	id = fmt.Sprintf("%s_%06d", prefix, g.made)
	g.byKey[key] = id
	return id, true
}

// CreateCustomer implements [ports.Gateway].
func (g *Gateway) CreateCustomer(ctx context.Context, r ports.CustomerRequest) (domain.CustomerID, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.beginWith(ctx, r.IdempotencyKey); err != nil {
		return "", err
	}
	key, isNew := g.once(r.IdempotencyKey, "cus")
	id := domain.CustomerID(key)
	if isNew {
		g.customers[id] = true
		g.madeFor[id] = domain.Claim{Deployment: r.Deployment, User: r.User, Customer: id}
	}
	return id, nil
}

// DeleteCustomer deletes a customer, as a shop does in Stripe's dashboard. What
// it has bought is left as it is.
func (g *Gateway) DeleteCustomer(id domain.CustomerID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.customers[id] {
		g.customers[id] = false
	}
}

// HideCustomer makes Stripe not know a customer, as the key of another account
// does, until it is shown again.
func (g *Gateway) HideCustomer(id domain.CustomerID) (show func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	there, known := g.customers[id]
	delete(g.customers, id)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if known {
			g.customers[id] = there
		}
	}
}

// FetchCustomer implements [ports.Gateway].
func (g *Gateway) FetchCustomer(ctx context.Context, id domain.CustomerID) (deleted bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return false, err
	}
	there, known := g.customers[id]
	if !known {
		return false, ports.ErrNotFound
	}
	return !there, nil
}

// SetPrice makes Stripe have a price as it is given.
func (g *Gateway) SetPrice(p ports.StripePrice) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.prices = append(slices.DeleteFunc(slices.Clone(g.prices), func(old ports.StripePrice) bool { return old.ID == p.ID }), p)
}

// CreateSession implements [ports.Gateway].
func (g *Gateway) CreateSession(ctx context.Context, r ports.SessionRequest) (domain.SessionFact, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.beginWith(ctx, r.IdempotencyKey); err != nil {
		return domain.SessionFact{}, err
	}
	if _, made := g.byKey[r.IdempotencyKey]; !made {
		if err := g.refusal(r); err != nil {
			g.refused[r.IdempotencyKey] = err
			return domain.SessionFact{}, err
		}
	}
	key, isNew := g.once(r.IdempotencyKey, "cs_test")
	id := domain.SessionID(key)
	if isNew {
		g.sessions[id] = session{
			price: r.Order.PriceID, quantity: r.Order.Quantity, trialDays: r.Order.TrialDays, order: r.Order,
			fact: domain.SessionFact{
				ID: id, Mode: r.Order.Mode, Status: "open", PaymentStatus: "unpaid",
				Order: r.Order.ID, Customer: r.Customer, URL: "https://checkout.example/" + string(id),
				Claim: domain.Claim{Deployment: r.Deployment, Order: r.Order.ID, User: r.User},
			},
		}
	}
	return g.fetched(id), nil
}

// refusal is why a session cannot be made, under the lock.
func (g *Gateway) refusal(r ports.SessionRequest) error {
	price, known := g.price(r.Order.PriceID)
	switch {
	case !known || !price.ForSale():
		return fmt.Errorf("price %s: %w", r.Order.PriceID, ports.ErrPriceRefused)
	case r.Order.CurrencyChosen && !price.SoldIn(r.Order.Currency):
		return fmt.Errorf("price %s in %s: %w", r.Order.PriceID, r.Order.Currency, ports.ErrCurrencyRefused)
	case price.Metered != r.Metered:
		return fmt.Errorf("a quantity goes with a price that is not metered: %w", ports.ErrQuantityRefused)
	case !g.customers[r.Customer]:
		return fmt.Errorf("customer %s: %w", r.Customer, ports.ErrCustomerGone)
	}
	return nil
}

// ExpireSession implements [ports.Gateway].
func (g *Gateway) ExpireSession(ctx context.Context, id domain.SessionID) (domain.SessionFact, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return domain.SessionFact{}, err
	}
	s, known := g.sessions[id]
	if !known {
		return domain.SessionFact{}, ports.ErrNotFound
	}
	if s.fact.Status == "open" {
		s.fact.Status, s.fact.URL = "expired", ""
		g.sessions[id] = s
	}
	return g.fetched(id), nil
}

// FetchSession implements [ports.Gateway].
func (g *Gateway) FetchSession(ctx context.Context, id domain.SessionID) ([]domain.Fact, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return nil, err
	}
	s, known := g.sessions[id]
	if !known {
		return nil, ports.ErrNotFound
	}
	facts := []domain.Fact{g.fetched(id)}
	if sub, made := g.subscriptions[s.fact.Subscription]; made {
		facts = append(facts, g.fetchedSubscription(sub))
	}
	return facts, nil
}

// Prices implements [ports.Gateway].
func (g *Gateway) Prices(ctx context.Context, wanted []domain.Price) ([]ports.StripePrice, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.begin(ctx); err != nil {
		return nil, err
	}
	var found []ports.StripePrice
	for _, p := range g.prices {
		for _, w := range wanted {
			if w.ID == p.ID || w.ID == "" && w.LookupKey != "" && w.LookupKey == p.LookupKey {
				found = append(found, p)
				break
			}
		}
	}
	return found, nil
}

func (g *Gateway) price(id domain.PriceID) (ports.StripePrice, bool) {
	for _, p := range g.prices {
		if p.ID == id {
			return p, true
		}
	}
	return ports.StripePrice{}, false
}

func (g *Gateway) fetched(id domain.SessionID) domain.SessionFact {
	fact := g.sessions[id].fact
	fact.Type, fact.At = domain.TypeFetched, g.now()
	return fact
}

// now is the clock's time in Stripe's resolution.
func (g *Gateway) now() time.Time { return g.clock().Truncate(time.Second) }
