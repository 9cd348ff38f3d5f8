package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// OpenPortal leads a user into Stripe's billing portal: to cards and invoices, and to what
// may be done with a subscription.
type OpenPortal struct {
	store   ports.Store
	gateway ports.Gateway
	catalog domain.Catalog
	prices  *Prices
	urls    ReturnURLs
	live    liveSubscriptions
	name    *Deployment

	mu    sync.Mutex
	known map[string]ports.PortalConfigurationID // by the offer's fingerprint
}

// NewOpenPortal returns the use case.
func NewOpenPortal(store ports.Store, gateway ports.Gateway, catalog domain.Catalog, prices *Prices,
	fulfill *Fulfill, settings Settings, newID ports.NewID,
) *OpenPortal {
	return &OpenPortal{
		store: store, gateway: gateway, catalog: catalog, prices: prices, urls: settings.URLs,
		live:  liveSubscriptions{store, gateway, catalog, fulfill},
		name:  NewDeployment(store, newID),
		known: map[string]ports.PortalConfigurationID{},
	}
}

// PortalWish is what a user wants of the portal.
type PortalWish struct {
	User domain.UserID
	// Flow is the one thing that the portal is opened for; the words are Stripe's, and
	// [ports.PortalConfirm] is not one of them: an update that names a plan is one to be
	// confirmed.
	Flow ports.PortalFlow
	// Plan is the one to change to, or of the subscription that is meant; empty: the only
	// one. Price and Quantity are of a change.
	Plan      domain.PlanKey
	Price     domain.PriceKey
	Quantity  int64
	ReturnURL string // empty: where buyers go who turn back
}

// Do makes a way into the portal, which lets in whoever has it for some minutes. Errors:
// [ErrNoCustomer], [ErrNotSubscribed], [ErrSeveralSubscriptions], [ErrNotInPortal],
// [ErrNothingToChange], [ErrUnknownPlan], [ErrUnknownPrice], [ErrBadRequest],
// [ErrBadReturnURL], [ErrPaused], [ErrProviderMismatch], and those of the ports.
func (p *OpenPortal) Do(ctx context.Context, w PortalWish) (url string, err error) {
	if !storable(string(w.User)) {
		return "", fmt.Errorf("%w: a user id has 1 to %d characters and no control characters", ErrBadRequest, maxID)
	}
	back, err := p.urls.withoutOrder("return_url", w.ReturnURL, p.urls.Cancel)
	if err != nil {
		return "", err
	}
	switch {
	case !slices.Contains(ports.PortalFlows, w.Flow) || w.Flow == ports.PortalConfirm:
		return "", fmt.Errorf("%w: flow is payment_method_update, subscription_cancel or subscription_update, or left out", ErrBadRequest)
	case w.Flow != ports.PortalUpdate && (w.Price != "" || w.Quantity != 0):
		return "", fmt.Errorf("%w: price and quantity are of the flow subscription_update", ErrBadRequest)
	case w.Flow == ports.PortalUpdate && w.Plan == "" && (w.Price != "" || w.Quantity != 0):
		return "", fmt.Errorf("%w: name the plan that price and quantity are of", ErrBadRequest)
	case !w.Flow.OfSubscription():
		return p.withoutSubscription(ctx, w, back)
	}
	if plan, known := p.catalog.PlanOf(w.Plan); known && plan.Addon() {
		return "", notInPortal(plan)
	}
	held, err := p.live.only(ctx, w.User, w.Plan)
	if err != nil {
		return "", err
	}
	switch {
	case w.Flow == ports.PortalCancel && held.ending():
		return "", fmt.Errorf("%w: the subscription to plan %s is to end already", ErrNothingToChange, held.plan.Key)
	case w.Flow == ports.PortalCancel:
		return p.open(ctx, held, ports.PortalRequest{Flow: w.Flow, ReturnURL: back})
	case held.paused(p.catalog):
		return "", pausedFirst(held)
	case w.Plan == "":
		return p.update(ctx, held, back)
	}
	to, err := p.prices.targetOf(ctx, held, planWish{plan: w.Plan, price: w.Price, quantity: w.Quantity})
	switch {
	case err != nil:
		return "", err
	case to.isPresent(held) && w.Price == "" && w.Quantity == 0:
		return p.update(ctx, held, back) // the plan says which subscription is meant
	}
	return p.confirm(ctx, held, to, back)
}

// withoutSubscription opens the portal itself, or for another card.
func (p *OpenPortal) withoutSubscription(ctx context.Context, w PortalWish, back string) (string, error) {
	state, err := p.store.State(ctx, w.User)
	if err != nil {
		return "", fmt.Errorf("find the customer of a user: %w", err)
	}
	if held, is := subscribedTo(state.Account, p.catalog, w.Plan); is {
		return p.open(ctx, held, ports.PortalRequest{Flow: w.Flow, ReturnURL: back})
	}
	if state.Account.Customer == "" {
		return "", fmt.Errorf("%w: POST /api/checkout/{plan} begins the first purchase", ErrNoCustomer)
	}
	return p.openWith(ctx, ports.PortalOffer{}, ports.PortalRequest{Customer: state.Account.Customer, Flow: w.Flow, ReturnURL: back})
}

// subscribedTo finds a live subscription that has a plan, or any: by what it is mainly to.
func subscribedTo(a domain.Account, c domain.Catalog, plan domain.PlanKey) (liveItem, bool) {
	items := liveItems(a, c, func(domain.Plan) bool { return true })
	for _, item := range items {
		if plan == "" || item.plan.Key == plan {
			first := slices.IndexFunc(items, func(i liveItem) bool { return i.sub.ID == item.sub.ID })
			return items[first], true
		}
	}
	return liveItem{}, false
}

// notInPortal says how an add-on is changed, which Stripe's portal does not do.
func notInPortal(addon domain.Plan) error {
	return fmt.Errorf("%w: add-on %s is added and changed by POST /api/subscription/change, which GET /api/subscription/preview prices, and ended by POST /api/subscription/cancel",
		ErrNotInPortal, addon.Key)
}

// update lets the customer choose.
func (p *OpenPortal) update(ctx context.Context, held liveItem, back string) (string, error) {
	if err := p.changeable(ctx, held); err != nil {
		return "", err
	}
	return p.open(ctx, held, ports.PortalRequest{Flow: ports.PortalUpdate, ReturnURL: back})
}

// confirm lets the customer confirm a change that was chosen.
func (p *OpenPortal) confirm(ctx context.Context, held liveItem, to target, back string) (string, error) {
	if to.isPresent(held) {
		return "", fmt.Errorf("%w: the subscription is to plan %s, at this price and quantity, already", ErrNothingToChange, held.plan.Key)
	}
	if to.plan.Addon() {
		return "", notInPortal(to.plan)
	}
	if to.stripe.Metered {
		return "", fmt.Errorf("%w: a metered price is not changed to there", ErrNotInPortal)
	}
	if err := p.changeable(ctx, held); err != nil {
		return "", err
	}
	offer, err := p.offer(ctx, held, &to)
	if err != nil {
		return "", err
	}
	return p.openWith(ctx, offer, ports.PortalRequest{
		Customer: held.sub.Customer, Flow: ports.PortalConfirm, Subscription: held.sub.ID, Change: to.change(held), ReturnURL: back,
	})
}

// changeable refuses what Stripe's portal cannot change, so that nobody ends there.
func (p *OpenPortal) changeable(ctx context.Context, held liveItem) error {
	present, err := p.prices.byID(ctx, held.item.Price)
	if err != nil {
		return fmt.Errorf("price of subscription %s: %w", held.sub.ID, err)
	}
	const direct = "POST /api/subscription/change may"
	switch held.sub.Status {
	case domain.StatusActive, domain.StatusTrialing, domain.StatusPastDue:
	default:
		return fmt.Errorf("%w: it is %s, and what is owed comes first", ErrNotInPortal, held.sub.Status)
	}
	switch {
	case len(held.sub.Items) > 1:
		return fmt.Errorf("%w: it is to several things; %s", ErrNotInPortal, direct)
	case present.Metered:
		return fmt.Errorf("%w: its price is metered; %s", ErrNotInPortal, direct)
	}
	return nil
}

// open opens the portal for a subscription's customer. While anything of theirs is paused
// nothing is changed there.
func (p *OpenPortal) open(ctx context.Context, held liveItem, r ports.PortalRequest) (string, error) {
	var offer ports.PortalOffer
	all := liveItems(held.account, p.catalog, func(domain.Plan) bool { return true })
	if !slices.ContainsFunc(all, func(l liveItem) bool { return l.paused(p.catalog) }) {
		var err error
		if offer, err = p.offer(ctx, held, nil); err != nil {
			return "", err
		}
	}
	r.Customer = held.sub.Customer
	if r.Flow.OfSubscription() {
		r.Subscription = held.sub.ID
	}
	return p.openWith(ctx, offer, r)
}

// offer is what the portal may change the subscription to: the plans that are sold instead
// of the one held. What is to be confirmed is among it. How many units there are is only
// confirmed there, and not chosen: in our version of the API the portal knows no max_quantity.
func (p *OpenPortal) offer(ctx context.Context, held liveItem, wanted *target) (ports.PortalOffer, error) {
	var sold []ports.StripePrice
	if wanted != nil {
		sold = append(sold, wanted.stripe)
	}
	for _, plan := range p.catalog.ForSale() {
		if plan.Mode != domain.ModeSubscription || !plan.Excludes(held.plan) {
			continue
		}
		for _, price := range plan.Prices {
			found, err := p.prices.Of(ctx, plan, price)
			if err != nil && !errors.Is(err, ErrPriceNotSold) {
				return ports.PortalOffer{}, err
			}
			if err == nil {
				sold = append(sold, found)
			}
		}
	}
	products := portalProducts(sold)
	return ports.PortalOffer{
		Products:   products,
		Quantities: len(products) > 0 && wanted != nil && wanted.quantity != held.item.Quantity,
	}, nil
}

// portalProducts are the products of some prices, as many as Stripe takes: the first ones.
func portalProducts(sold []ports.StripePrice) []ports.PortalProduct {
	var products []ports.PortalProduct
	for _, price := range sold {
		if price.Metered || price.Product == "" {
			continue // the portal does not change those
		}
		at := slices.IndexFunc(products, func(of ports.PortalProduct) bool { return of.ID == price.Product })
		switch {
		case at < 0 && len(products) == ports.PortalProductsMost:
		case at < 0:
			products = append(products, ports.PortalProduct{ID: price.Product, Prices: []domain.PriceID{price.ID}})
		case !slices.Contains(products[at].Prices, price.ID):
			products[at].Prices = append(products[at].Prices, price.ID)
		}
	}
	for _, of := range products {
		slices.Sort(of.Prices)
	}
	slices.SortFunc(products, func(a, b ports.PortalProduct) int { return strings.Compare(a.ID, b.ID) })
	return products
}

// openWith opens the portal with what is on offer in it. What we know of the
// configuration is older than a refusal: it may have been switched off.
func (p *OpenPortal) openWith(ctx context.Context, offer ports.PortalOffer, r ports.PortalRequest) (string, error) {
	var err error
	if offer.Deployment, err = p.name.ID(ctx); err != nil {
		return "", err
	}
	var wasKnown bool
	if r.Configuration, wasKnown, err = p.configuration(ctx, offer); err != nil {
		return "", err
	}
	url, err := p.gateway.OpenPortal(ctx, r)
	if errors.Is(err, ports.ErrGatewayRefused) && wasKnown {
		p.forget(offer)
		if r.Configuration, _, err = p.configuration(ctx, offer); err == nil {
			url, err = p.gateway.OpenPortal(ctx, r)
		}
	}
	if err != nil {
		return "", fmt.Errorf("open the portal: %w", err)
	}
	return url, nil
}

func (p *OpenPortal) configuration(ctx context.Context, offer ports.PortalOffer) (id ports.PortalConfigurationID, wasKnown bool, err error) {
	p.mu.Lock()
	id, wasKnown = p.known[offer.Fingerprint()]
	p.mu.Unlock()
	if wasKnown {
		return id, true, nil
	}
	if id, err = p.gateway.PortalConfiguration(ctx, offer); err != nil {
		return "", false, fmt.Errorf("find or make the portal's configuration: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) == mostConfigurations {
		clear(p.known)
	}
	p.known[offer.Fingerprint()] = id
	return id, false, nil
}

// mostConfigurations bounds what is remembered: a catalog needs some for each group.
const mostConfigurations = 1000

func (p *OpenPortal) forget(offer ports.PortalOffer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, offer.Fingerprint())
}
