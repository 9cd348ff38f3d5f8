package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// StartCheckout opens Stripe's payment page for one plan.
//
// A crash between any two of its steps leaves something that a repetition or the
// webhook completes: the order is kept before Stripe is called, and Stripe is
// called with a key and parameters that follow from the order.
type StartCheckout struct {
	store    ports.Store
	gateway  ports.Gateway
	catalog  domain.Catalog
	prices   *Prices
	fulfill  *Fulfill
	settings Settings
	clock    ports.Clock
	newID    ports.NewID
	busy     keyLock[domain.UserID]
}

// NewStartCheckout returns the use case.
func NewStartCheckout(store ports.Store, gateway ports.Gateway, catalog domain.Catalog, prices *Prices,
	fulfill *Fulfill, settings Settings, clock ports.Clock, newID ports.NewID,
) *StartCheckout {
	if settings.CheckoutLifetime == 0 {
		settings.CheckoutLifetime = DefaultCheckoutLifetime
	}
	return &StartCheckout{
		store: store, gateway: gateway, catalog: catalog, prices: prices, fulfill: fulfill,
		settings: settings, clock: clock, newID: newID,
	}
}

// CheckoutRequest is what a client may decide. What it costs is not among it.
type CheckoutRequest struct {
	User       domain.UserID
	Plan       domain.PlanKey
	Price      domain.PriceKey // empty: the plan's first
	Quantity   int64           // 0: 1
	SuccessURL string          // empty: the configured one
	CancelURL  string
	Locale     string // IETF tag or auto; empty: auto
	// ClientKey is the client's Idempotency-Key: repeating a request with it
	// gives the same order. Empty: an open order for the same is found anyway.
	ClientKey string
}

// Do keeps an order, sees to the customer and the session at Stripe and returns
// the order, open. Errors: [ErrUnknownPlan], [ErrUnknownPrice], [ErrBadRequest],
// [ErrBadReturnURL], [ErrKeyReused], [ErrAlreadySubscribed],
// [ErrCheckoutCompleted], [ErrPriceNotSold], and those of the ports.
func (s *StartCheckout) Do(ctx context.Context, r CheckoutRequest) (domain.Order, error) {
	plan, price, err := s.check(&r)
	if err != nil {
		return domain.Order{}, err
	}
	stripePrice, err := s.prices.Of(ctx, price)
	if err != nil {
		return domain.Order{}, fmt.Errorf("price %s of plan %s: %w", price.Key, plan.Key, err)
	}
	// A double click waits here for the first click's session, and then finds it.
	unlock, err := s.busy.lock(ctx, r.User)
	if err != nil {
		return domain.Order{}, err
	}
	defer unlock()

	draft, err := s.draft(r, plan, price, stripePrice.ID)
	if err != nil {
		return domain.Order{}, err
	}
	order, rivals, err := s.keepOrder(ctx, r.User, draft, plan)
	if err != nil {
		return domain.Order{}, err
	}
	for _, rival := range rivals {
		if err := s.expire(ctx, r.User, rival); err != nil {
			return domain.Order{}, err
		}
	}
	if order.Session != "" {
		return order, nil
	}
	return s.open(ctx, r.User, order)
}

// maxID is the length of ids and keys that everything on the way can carry.
const maxID = 255

var localeForm = regexp.MustCompile(`^(auto|[a-z]{2,3}(-[A-Za-z0-9]{2,8})*)$`)

// check refuses what cannot be sold, and fills in what was left out.
func (s *StartCheckout) check(r *CheckoutRequest) (domain.Plan, domain.Price, error) {
	plan, found := s.catalog.Plans[r.Plan]
	if !found {
		return plan, domain.Price{}, fmt.Errorf("%w: %q is not in the catalog", ErrUnknownPlan, r.Plan)
	}
	price, found := plan.PriceOf(r.Price)
	if !found {
		return plan, price, fmt.Errorf("%w: plan %s has no price %q", ErrUnknownPrice, r.Plan, r.Price)
	}
	if r.Quantity == 0 {
		r.Quantity = 1
	}
	most := max(plan.Checkout.MaxQuantity, 1)
	switch {
	case !storable(string(r.User)):
		return plan, price, fmt.Errorf("%w: a user id has 1 to %d characters and no control characters", ErrBadRequest, maxID)
	case r.ClientKey != "" && !storable(r.ClientKey):
		return plan, price, fmt.Errorf("%w: an Idempotency-Key has 1 to %d characters and no control characters", ErrBadRequest, maxID)
	case r.Quantity < 1 || r.Quantity > most:
		return plan, price, fmt.Errorf("%w: quantity of plan %s is between 1 and %d", ErrBadRequest, plan.Key, most)
	case r.Locale != "" && !localeForm.MatchString(r.Locale):
		return plan, price, fmt.Errorf("%w: locale is an IETF tag such as de or pt-BR, or auto", ErrBadRequest)
	}
	return plan, price, nil
}

func storable(id string) bool {
	return id != "" && len(id) <= maxID && strings.ToValidUTF8(id, "") == id && !strings.ContainsFunc(id, unicode.IsControl)
}

// draft is the order as it would be new.
func (s *StartCheckout) draft(r CheckoutRequest, plan domain.Plan, price domain.Price, stripePrice domain.PriceID) (domain.Order, error) {
	now := s.clock()
	order := domain.Order{
		ID:   domain.OrderID("ord_" + s.newID()),
		Plan: plan.Key, Price: price.Key, PriceID: stripePrice, Mode: plan.Mode, Quantity: r.Quantity,
		Status: domain.OrderPending, Locale: r.Locale,
		ExpiresAt: now.Add(s.settings.CheckoutLifetime).Truncate(time.Second),
		CreatedAt: now, ClientKey: r.ClientKey,
		Fingerprint: fingerprint(r),
	}
	var err error
	if order.SuccessURL, err = s.settings.URLs.choose(r.SuccessURL, s.settings.URLs.Success, order.ID); err != nil {
		return order, fmt.Errorf("success_url: %w", err)
	}
	if order.CancelURL, err = s.settings.URLs.choose(r.CancelURL, s.settings.URLs.Cancel, order.ID); err != nil {
		return order, fmt.Errorf("cancel_url: %w", err)
	}
	return order, nil
}

// fingerprint is the request without its key: two with the same are one wish.
func fingerprint(r CheckoutRequest) string {
	return fmt.Sprintf("%q", []string{
		string(r.Plan), string(r.Price), fmt.Sprint(r.Quantity), r.SuccessURL, r.CancelURL, r.Locale,
	})
}

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
			rivals = s.rivals(state.Account, plan, order, draft.CreatedAt)
		}
		if known {
			return ports.Kept{}, nil
		}
		if !state.Account.HadTrial() {
			order.TrialDays = plan.TrialDays
		}
		state.Account = state.Account.WithOrder(order)
		if state.Account.CustomerKey == "" {
			state.Account.CustomerKey = s.newID()
		}
		return ports.Kept{States: []ports.State{state}}, nil
	})
	if err != nil {
		return domain.Order{}, nil, fmt.Errorf("keep order: %w", err)
	}
	return order, rivals, nil
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
		if !sub.Status.Live() {
			continue
		}
		for _, item := range sub.Items {
			if held, mapped := s.catalog.PlanByPrice(item.Price, item.LookupKey); mapped && exclude(held, plan) {
				return fmt.Errorf("%w: subscription %s is on plan %s", ErrAlreadySubscribed, sub.ID, held.Key)
			}
		}
	}
	return nil
}

// rivals are the checkouts still open that must not be paid beside the chosen one.
func (s *StartCheckout) rivals(a domain.Account, plan domain.Plan, chosen domain.Order, now time.Time) []domain.Order {
	var rivals []domain.Order
	for _, o := range a.Orders {
		held, known := s.catalog.Plans[o.Plan]
		if known && o.ID != chosen.ID && o.Open(now) && exclude(held, plan) {
			rivals = append(rivals, o)
		}
	}
	slices.SortFunc(rivals, func(a, b domain.Order) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return rivals
}

// exclude tells whether a user should have only one of two plans.
func exclude(a, b domain.Plan) bool {
	return a.Key == b.Key || a.Group != "" && a.Group == b.Group
}

// expire ends another open checkout, so that it cannot be paid as well. One that
// turns out to be completed stops everything: the user has just bought.
func (s *StartCheckout) expire(ctx context.Context, user domain.UserID, rival domain.Order) error {
	if rival.Session == "" {
		// Its session may exist although we were not told: ask for it again, with
		// the same key, so that there is something to end.
		made, err := s.open(ctx, user, rival)
		if errors.Is(err, ports.ErrGatewayRefused) {
			return nil
		}
		if err != nil {
			return err
		}
		rival = made
	}
	session, err := s.gateway.ExpireSession(ctx, rival.Session)
	if errors.Is(err, ports.ErrNotFound) {
		return nil // nobody can pay what is not there
	}
	if err != nil {
		return fmt.Errorf("end the earlier checkout of order %s: %w", rival.ID, err)
	}
	if session.Status == "complete" {
		if err := syncSession(ctx, s.gateway, s.fulfill, rival.Session); err != nil {
			return err
		}
		return fmt.Errorf("%w: order %s", ErrCheckoutCompleted, rival.ID)
	}
	return s.fulfill.Facts(ctx, session)
}

// open sees to the customer and the session of an order.
func (s *StartCheckout) open(ctx context.Context, user domain.UserID, order domain.Order) (domain.Order, error) {
	customer, err := s.customer(ctx, user)
	if err != nil {
		return domain.Order{}, err
	}
	session, err := s.gateway.CreateSession(ctx, ports.SessionRequest{
		User: user, Customer: customer, Order: order,
		Options:        s.catalog.Plans[order.Plan].Checkout,
		IdempotencyKey: fmt.Sprintf("entitled-session-%s-%d", order.ID, order.Attempt),
	})
	if errors.Is(err, ports.ErrGatewayRefused) {
		// Stripe repeats a refusal to the same key for a day.
		err = errors.Join(err, s.countAttempt(ctx, user, order))
	}
	if err != nil {
		return domain.Order{}, fmt.Errorf("open a session for order %s: %w", order.ID, err)
	}
	return s.keepSession(ctx, user, order.ID, session)
}

func (s *StartCheckout) countAttempt(ctx context.Context, user domain.UserID, order domain.Order) error {
	_, err := s.change(ctx, user, order.ID, func(a domain.Account, o domain.Order) domain.Account {
		o.Attempt = max(o.Attempt, order.Attempt+1)
		return a.WithOrder(o)
	})
	return err
}

func (s *StartCheckout) keepSession(ctx context.Context, user domain.UserID, id domain.OrderID, session domain.SessionFact) (domain.Order, error) {
	return s.change(ctx, user, id, func(a domain.Account, _ domain.Order) domain.Account {
		after, _ := domain.Record(a, session, s.catalog)
		return after
	})
}

// customer returns the user's Stripe customer and makes one for a user without:
// by a key that is kept first, never by looking for an e-mail address, which
// anybody may claim.
func (s *StartCheckout) customer(ctx context.Context, user domain.UserID) (domain.CustomerID, error) {
	state, err := s.store.State(ctx, user)
	if err != nil {
		return "", fmt.Errorf("find the customer of a user: %w", err)
	}
	if state.Account.Customer != "" {
		return state.Account.Customer, nil
	}
	made, err := s.gateway.CreateCustomer(ctx, ports.CustomerRequest{
		User: user, IdempotencyKey: "entitled-customer-" + state.Account.CustomerKey,
	})
	if errors.Is(err, ports.ErrGatewayRefused) {
		// Stripe repeats a refusal to the same key for a day.
		err = errors.Join(err, s.changeAccount(ctx, user, func(a domain.Account) domain.Account {
			if a.CustomerKey == state.Account.CustomerKey {
				a.CustomerKey = s.newID()
			}
			return a
		}))
	}
	if err != nil {
		return "", fmt.Errorf("make a customer: %w", err)
	}
	err = s.changeAccount(ctx, user, func(a domain.Account) domain.Account {
		a.Customer = cmp.Or(a.Customer, made) // another process may have been first
		made = a.Customer
		return a
	})
	if err != nil {
		return "", fmt.Errorf("keep the customer of a user: %w", err)
	}
	return made, nil
}

// change edits one kept order through its account and returns it.
func (s *StartCheckout) change(ctx context.Context, user domain.UserID, id domain.OrderID,
	edit func(domain.Account, domain.Order) domain.Account,
) (domain.Order, error) {
	var order domain.Order
	err := s.changeAccount(ctx, user, func(a domain.Account) domain.Account {
		a = edit(a, a.Orders[id])
		order = a.Orders[id]
		return a
	})
	if err != nil {
		return domain.Order{}, fmt.Errorf("keep order %s: %w", id, err)
	}
	return order, nil
}

// changeAccount edits one kept account.
func (s *StartCheckout) changeAccount(ctx context.Context, user domain.UserID, edit func(domain.Account) domain.Account) error {
	return s.store.Update(ctx, ports.Touch{Users: []domain.UserID{user}}, func(found ports.Found) (ports.Kept, error) {
		state := found.States[user]
		state.Account = edit(state.Account)
		return ports.Kept{States: []ports.State{state}}, nil
	})
}
