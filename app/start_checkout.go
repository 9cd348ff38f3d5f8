package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
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
	name     *Deployment
	named    *namedBuyers
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
		settings: settings, clock: clock, newID: newID, name: NewDeployment(store, newID), named: newNamedBuyers(),
	}
}

// CheckoutRequest is what a client may decide. What it costs is not among it.
type CheckoutRequest struct {
	User       domain.UserID
	Plan       domain.PlanKey
	Price      domain.PriceKey // empty: the plan's first
	Quantity   int64           // 0: 1
	Currency   string          // ISO 4217, in any case; empty: as Stripe's page has it, or the first that the catalog names if the price's own is none
	SuccessURL string          // empty: the configured one
	CancelURL  string
	Locale     string // IETF tag, such as navigator.language says, or auto; empty: auto
	// Buyer is what the user's customer at Stripe is called from now on. It is no part of
	// what is bought.
	Buyer ports.Buyer
	// ClientKey is the client's Idempotency-Key: repeating a request with it
	// gives the same order. Empty: an open order for the same is found anyway.
	ClientKey string
}

// Do keeps an order, sees to the customer and the session at Stripe and returns
// the order, open. Errors: [ErrUnknownPlan], [ErrUnknownPrice], [ErrBadRequest],
// [ErrBadReturnURL], [ErrKeyReused], [ErrAlreadySubscribed], [ErrAlreadyHeld],
// [ErrCheckoutCompleted], [ErrTooManyCheckouts], [ErrPriceNotSold], [ErrCurrencyNotSold], [ErrNeedsBase] of every
// add-on, [ErrProviderMismatch], and those of the ports.
func (s *StartCheckout) Do(ctx context.Context, r CheckoutRequest) (domain.Order, error) {
	plan, price, err := s.check(&r)
	if err != nil {
		return domain.Order{}, err
	}
	stripePrice, err := s.prices.Of(ctx, plan, price)
	if err != nil {
		return domain.Order{}, err
	}
	r.Currency = cmp.Or(r.Currency, defaultOf(currenciesOf(price, stripePrice), stripePrice))
	if stripePrice, err = chosen(r.Currency, price, stripePrice); err != nil {
		return domain.Order{}, fmt.Errorf("plan %s: %w", plan.Key, err)
	}
	if stripePrice.Metered && r.Quantity != 1 {
		return domain.Order{}, fmt.Errorf("%w: price %s of plan %s is metered, what is used is paid for afterwards: leave quantity out", ErrBadRequest, price.Key, plan.Key)
	}
	// A double click waits here for the first click's session, and then finds it.
	unlock, err := s.busy.lock(ctx, r.User)
	if err != nil {
		return domain.Order{}, err
	}
	defer unlock()
	if err := s.nameBuyer(ctx, r.User, r.Buyer); err != nil {
		return domain.Order{}, err
	}
	draft, err := s.draft(r, plan, price, stripePrice)
	if err != nil {
		return domain.Order{}, err
	}
	order, rivals, err := s.keepOrder(ctx, r.User, draft, plan)
	if earlier, is := errors.AsType[completedEarlier](err); is {
		// The buyer sees no access and clicks again: bring what is missing.
		err = errors.Join(err, syncSession(ctx, s.gateway, s.fulfill, earlier.order.Session))
	}
	if err != nil {
		return domain.Order{}, err
	}
	for _, rival := range rivals {
		if err := s.expire(ctx, r.User, rival); err != nil {
			return domain.Order{}, err
		}
	}
	if order.Session != "" || !order.Open(s.clock()) {
		return order, nil
	}
	order, err = s.open(ctx, r.User, order, r.Buyer)
	return order, r.answerFor(err)
}

// answerFor makes a refusal of what the client left to us one that is not the
// client's to mend.
func (r CheckoutRequest) answerFor(err error) error {
	ours := errors.Is(err, ports.ErrReturnURLRefused) && r.SuccessURL == "" && r.CancelURL == "" ||
		errors.Is(err, ports.ErrQuantityRefused) && r.Quantity == 1
	if ours {
		return fmt.Errorf("%w: %s", ports.ErrGatewayRefused, err.Error())
	}
	return err
}

// maxID is the length of ids and keys that everything on the way can carry.
const maxID = 255

// localeForm is that of IETF tags, and auto has it too. Which languages there are is
// the gateway's to know.
var localeForm = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

var currencyForm = regexp.MustCompile(`^[a-z]{3}$`)

// CheckCurrency refuses with [ErrBadRequest] what is no currency in lower case.
func CheckCurrency(currency string) error {
	if !currencyForm.MatchString(currency) {
		return fmt.Errorf("%w: a currency has the three letters of ISO 4217, such as eur", ErrBadRequest)
	}
	return nil
}

// check refuses what cannot be sold, and fills in what was left out.
func (s *StartCheckout) check(r *CheckoutRequest) (domain.Plan, domain.Price, error) {
	plan, found := s.catalog.Plans[r.Plan]
	if !found {
		return plan, domain.Price{}, unknownPlan(r.Plan, s.catalog)
	}
	if plan.Addon() {
		return plan, domain.Price{}, needsBase(plan)
	}
	price, found := plan.PriceOf(r.Price)
	if !found {
		return plan, price, unknownPrice(r.Price, plan, s.catalog)
	}
	if r.Quantity == 0 {
		r.Quantity = 1
	}
	r.Currency = strings.ToLower(r.Currency)
	switch {
	case !storable(string(r.User)):
		return plan, price, fmt.Errorf("%w: a user id has 1 to %d characters and no control characters", ErrBadRequest, maxID)
	case r.ClientKey != "" && !storable(r.ClientKey):
		return plan, price, fmt.Errorf("%w: an Idempotency-Key has 1 to %d characters and no control characters", ErrBadRequest, maxID)
	case r.Locale != "" && !localeForm.MatchString(r.Locale):
		return plan, price, fmt.Errorf("%w: locale is an IETF tag such as de, pt-BR or zh-Hans-CN, its parts joined by hyphens, or auto", ErrBadRequest)
	}
	if err := CheckCurrency(r.Currency); r.Currency != "" && err != nil {
		return plan, price, err
	}
	if err := r.Buyer.Check(); err != nil {
		return plan, price, fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	return plan, price, checkQuantity(plan, r.Quantity)
}

// checkQuantity refuses more or fewer units than a plan is sold with.
func checkQuantity(plan domain.Plan, quantity int64) error {
	most := max(plan.Checkout.MaxQuantity, 1)
	switch {
	case most == 1 && quantity != 1:
		return fmt.Errorf("%w: plan %s is sold one at a time: leave the quantity out", ErrBadRequest, plan.Key)
	case quantity < 1 || quantity > most:
		return fmt.Errorf("%w: quantity of plan %s is between 1 and %d", ErrBadRequest, plan.Key, most)
	}
	return nil
}

func storable(id string) bool {
	return id != "" && len(id) <= maxID && strings.ToValidUTF8(id, "") == id && !strings.ContainsFunc(id, unicode.IsControl)
}

// draft is the order as it would be new.
func (s *StartCheckout) draft(r CheckoutRequest, plan domain.Plan, price domain.Price, stripePrice ports.StripePrice) (domain.Order, error) {
	now := s.clock()
	order := domain.Order{
		ID:   domain.OrderID(orderPrefix + s.newID()),
		Plan: plan.Key, Price: price.Key, PriceID: stripePrice.ID, Mode: plan.Mode, Quantity: r.Quantity,
		Status: domain.OrderPending, Locale: r.Locale,
		ExpiresAt: now.Add(s.settings.CheckoutLifetime).Truncate(time.Second),
		CreatedAt: now, ClientKey: r.ClientKey,
		Fingerprint: fingerprint(r),
	}
	if !stripePrice.AmountUnknown && !stripePrice.Metered && !plan.Checkout.AdjustableAmount {
		order.Subtotal, order.Currency = stripePrice.Amount*r.Quantity, stripePrice.Currency
	}
	if r.Currency != "" {
		order.Currency, order.CurrencyChosen = r.Currency, true
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
	wish := []string{string(r.Plan), string(r.Price), fmt.Sprint(r.Quantity), r.SuccessURL, r.CancelURL, r.Locale}
	if r.Currency != "" {
		wish = append(wish, r.Currency)
	}
	return fmt.Sprintf("%q", wish)
}
