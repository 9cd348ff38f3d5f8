package app

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ChangeSubscription changes a live subscription for a client that has its user confirm
// the change itself, and says beforehand what it costs.
type ChangeSubscription struct {
	gateway ports.Gateway
	catalog domain.Catalog
	prices  *Prices
	fulfill *Fulfill
	live    liveSubscriptions
	name    *Deployment
	clock   ports.Clock
	newID   ports.NewID
	busy    keyLock[domain.UserID]
}

// NewChangeSubscription returns the use case.
func NewChangeSubscription(portal *OpenPortal, fulfill *Fulfill, clock ports.Clock, newID ports.NewID) *ChangeSubscription {
	return &ChangeSubscription{
		gateway: portal.gateway, catalog: portal.catalog, prices: portal.prices, fulfill: fulfill,
		live: portal.live, name: portal.name, clock: clock, newID: newID,
	}
}

// When is when a change is made, or a subscription ends.
type When string

const (
	WhenNow       When = "now"
	WhenPeriodEnd When = "period_end"
)

// Whens lists every one.
var Whens = []When{WhenNow, WhenPeriodEnd}

// ChangeWish is what a subscription is to become.
type ChangeWish struct {
	User     domain.UserID
	Plan     domain.PlanKey
	Price    domain.PriceKey // empty: the present one, or else one of its interval
	Quantity int64           // 0: the present one, as far as the plan goes
	// When is empty for the usual: more is had at once, less from the end of the period on.
	When When
	// ProrationDate is that of a preview of the last hour, whose amounts then hold to the
	// cent; zero: now.
	ProrationDate time.Time
	ClientKey     string
}

// ChangeResult is a subscription after a change.
type ChangeResult struct {
	Subscription domain.Subscription
	Plan         domain.PlanKey // what was asked for
	Price        domain.PriceKey
	Quantity     int64
	When         When
	EffectiveAt  time.Time // zero: it waits for its payment
	// Pending: what the change costs was not paid, so that nothing has changed. PayURL is
	// where it is paid, if Stripe has a page for that.
	Pending bool
	PayURL  string
}

// wished is a wish and what it comes to.
type wished struct {
	held    liveItem
	to      target
	when    When
	planned plannedChanges
}

// Do makes the change, and takes in how the subscription stands then. Errors:
// [ErrNotSubscribed], [ErrPaused], [ErrNeedsBase], [ErrAddonInTheWay], [ErrIntervalsDiffer],
// [ErrChangePlanned], [ErrPaymentDue], [ErrNothingToChange], [ErrEndsAnyway], [ErrUnknownPlan], [ErrUnknownPrice], [ErrBadRequest], [ErrPriceNotSold],
// [ErrKeyReused], [ErrProviderMismatch], and those of the ports, [ports.ErrChangedMeanwhile]
// if another process has changed the subscription at the same time.
func (c *ChangeSubscription) Do(ctx context.Context, w ChangeWish) (ChangeResult, error) {
	if err := checkCaller(w.User, w.ClientKey); err != nil {
		return ChangeResult{}, err
	}
	unlock, err := c.busy.lock(ctx, w.User)
	if err != nil {
		return ChangeResult{}, err
	}
	defer unlock()
	is, err := c.read(ctx, w)
	if err != nil {
		return ChangeResult{}, err
	}
	result := ChangeResult{
		Subscription: is.held.sub, Plan: is.to.plan.Key, Price: is.to.price, Quantity: is.to.quantity, When: is.when, EffectiveAt: c.clock(),
	}
	if is.to.isPresent(is.held) && is.planned.own == nil {
		return result, c.nothingToDo(ctx, is.held.sub, "change", w.User, w.ClientKey)
	}
	if err := c.refuseOlder(ctx, is.held.sub, w.ProrationDate); err != nil {
		return ChangeResult{}, err
	}
	r := ports.ChangeRequest{Change: is.to.change(is.held), ProrationDate: w.ProrationDate, IdempotencyKey: c.key("change", w.User, w.ClientKey)}
	if r.Deployment, err = c.name.ID(ctx); err != nil {
		return ChangeResult{}, err
	}
	call := c.gateway.ChangeSubscription
	if is.when == WhenPeriodEnd {
		r.Also = is.planned.others
		result.EffectiveAt, call = is.held.sub.PeriodEnd(), c.gateway.ScheduleChange
	}
	changed, err := call(ctx, r)
	if err != nil {
		err = c.refused(ctx, is.held.sub, err)
		if errors.Is(err, ports.ErrChangedMeanwhile) {
			if again, readErr := c.read(ctx, w); readErr == nil && again.to.isPresent(again.held) && again.planned.own == nil {
				result.Subscription = again.held.sub
				return result, c.nothingToDo(ctx, again.held.sub, "change", w.User, w.ClientKey) // somebody else has done the same
			}
		}
		return ChangeResult{}, fmt.Errorf("change subscription %s: %w", is.held.sub.ID, err)
	}
	if err := c.fulfill.FactsSettled(ctx, changed.Fact); err != nil {
		return ChangeResult{}, err
	}
	result.Subscription, result.Pending, result.PayURL = changed.Fact.Snapshot, changed.Pending, changed.PayURL
	if changed.Pending {
		result.EffectiveAt = time.Time{}
	}
	return result, nil
}

// read finds what a wish is about and what it comes to, and refuses what cannot be.
func (c *ChangeSubscription) read(ctx context.Context, w ChangeWish) (wished, error) {
	plan, known := c.catalog.Plans[w.Plan]
	switch {
	case !known:
		return wished{}, unknownPlan(w.Plan, c.catalog)
	case plan.Default:
		return wished{}, nobodyBuys(plan, ErrBadRequest)
	case plan.Mode == domain.ModePayment:
		return wished{}, fmt.Errorf("%w: plan %s is bought once, and nothing changes to it: POST /api/checkout/%s sells it", ErrNotSubscribed, plan.Key, plan.Key)
	}
	held, err := c.held(ctx, w.User, plan)
	if err != nil {
		return wished{}, err
	}
	to, err := c.prices.targetOf(ctx, held, planWish{plan: w.Plan, price: w.Price, quantity: w.Quantity})
	if err != nil {
		return wished{}, err
	}
	is := wished{held: held, to: to, when: w.When}
	if is.planned, err = c.planned(ctx, held, to.isPresent(held)); err != nil {
		return wished{}, err
	}
	if is.when == "" {
		if is.when, err = c.usual(ctx, held, to); err != nil {
			return wished{}, err
		}
	}
	if !to.isPresent(held) {
		if err := is.refuseDate(held.beside(c.catalog), w.ProrationDate, c.clock()); err != nil {
			return wished{}, err
		}
	}
	if err := is.refuse(c.catalog); err != nil {
		return is, err
	}
	if to.isPresent(held) {
		if is.planned.own == nil {
			return is, nil
		}
		is.when = is.planned.takenBack() // who wants what there is takes back what is planned
	}
	return is, c.refuseBeside(ctx, is)
}

// held is the item that a plan would be the change of, or be added beside.
func (c *ChangeSubscription) held(ctx context.Context, user domain.UserID, plan domain.Plan) (liveItem, error) {
	if plan.Addon() {
		return c.live.addon(ctx, user, plan)
	}
	held, live, err := c.live.ruledOut(ctx, user, plan)
	if err == nil && !live {
		err = fmt.Errorf("%w to plan %s or another of its group: POST /api/checkout/%s sells it", ErrNotSubscribed, plan.Key, plan.Key)
	}
	return held, err
}

// previewHolds is for how long the amounts of a preview may be had.
const previewHolds = time.Hour

// refuseDate keeps a proration date to a preview just made. It decides what a change
// costs: with the end of the period an upgrade would be free, and with its beginning a
// downgrade would give back what was used.
func (w wished) refuseDate(beside domain.Item, at, now time.Time) error {
	item := w.held.item
	if w.held.adds() {
		item = beside
	}
	start, end := item.PeriodStart, item.PeriodEnd
	known := !start.IsZero() && !end.IsZero()
	switch {
	case at.IsZero():
		return nil
	case known && (at.Before(start.Truncate(time.Second)) || at.After(end)):
		return fmt.Errorf("%w: proration_date is within the present period: ask for the preview again", ErrBadRequest)
	case at.Before(now.Add(-previewHolds)) || at.After(now.Add(domain.ClockTolerance)):
		return fmt.Errorf("%w: proration_date is that of a preview of the last hour: ask for the preview again, or leave it out", ErrBadRequest)
	default:
		return nil
	}
}

// refuseOlder keeps a change from being dated before the one before: to go up as of now and
// down as of a while ago would earn a little, each time.
func (c *ChangeSubscription) refuseOlder(ctx context.Context, sub domain.Subscription, at time.Time) error {
	if at.IsZero() || sub.LatestInvoice == "" {
		return nil
	}
	latest, err := c.gateway.FetchInvoice(ctx, sub.LatestInvoice)
	if errors.Is(err, ports.ErrNotFound) {
		err = ErrProviderMismatch // Stripe keeps what was billed
	}
	if err != nil {
		return fmt.Errorf("ask for the latest invoice of subscription %s: %w", sub.ID, err)
	}
	for _, line := range latest.Invoice.Lines {
		ofChange := line.Kind == domain.LineChange || line.Kind == domain.LineCredit
		if ofChange && line.From.After(at) {
			return fmt.Errorf("%w: proration_date is before the last change of the subscription: ask for the preview again", ErrBadRequest)
		}
	}
	return nil
}

func (w wished) refuse(c domain.Catalog) error {
	switch {
	case w.held.paused(c):
		return pausedFirst(w.held)
	case w.held.sub.Status == domain.StatusUnpaid, w.held.sub.Status == domain.StatusPaused, w.held.adds() && w.held.owes():
		return fmt.Errorf("%w: the subscription is %s: POST /api/checkout/%s leads to where that is mended", ErrPaymentDue, w.held.sub.Status, w.held.plan.Key)
	case w.when != WhenNow && w.when != WhenPeriodEnd:
		return fmt.Errorf("%w: when is now or period_end", ErrBadRequest)
	case w.when == WhenPeriodEnd && w.held.adds():
		return fmt.Errorf("%w: an add-on is had at once: leave when out", ErrBadRequest)
	case w.when == WhenPeriodEnd && w.held.sub.Status == domain.StatusTrialing:
		return fmt.Errorf("%w: during a trial a change costs nothing: make it now", ErrBadRequest)
	case w.when == WhenPeriodEnd && w.held.ending():
		return fmt.Errorf("%w: resume it, or make the change now", ErrEndsAnyway)
	}
	return nil
}

// usual is when a change is made unless the client says: what costs more is had at once,
// what costs less when what was paid for is over. Another interval is had at once if it is
// longer.
func (c *ChangeSubscription) usual(ctx context.Context, held liveItem, to target) (When, error) {
	if held.adds() {
		return WhenNow, nil
	}
	present, err := c.prices.byID(ctx, held.item.Price)
	if err != nil {
		return "", fmt.Errorf("price of subscription %s: %w", held.sub.ID, err)
	}
	before, after := daysOf(present), daysOf(to.stripe)
	paid := cmp.Or(held.account.CurrencyOf(held.sub.ID), present.Currency)
	order, told := compareCosts(costs{to.stripe, to.quantity}, costs{present, held.item.Quantity}, paid)
	switch {
	case held.sub.Status == domain.StatusTrialing, held.ending():
		return WhenNow, nil
	case after < before:
		return WhenPeriodEnd, nil
	case after == before && told && order < 0:
		return WhenPeriodEnd, nil
	default:
		return WhenNow, nil
	}
}

func checkCaller(user domain.UserID, clientKey string) error {
	switch {
	case !storable(string(user)):
		return fmt.Errorf("%w: a user id has 1 to %d characters and no control characters", ErrBadRequest, maxID)
	case clientKey != "" && !storable(clientKey):
		return fmt.Errorf("%w: an Idempotency-Key has 1 to %d characters and no control characters", ErrBadRequest, maxID)
	}
	return nil
}

// key is Stripe's idempotency key for what a client asks for: the same for the same key of
// the same user.
func (c *ChangeSubscription) key(does string, user domain.UserID, clientKey string) string {
	if clientKey == "" {
		return "entitled-" + does + "-" + c.newID()
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", user, clientKey))
	return "entitled-" + does + "-" + hex.EncodeToString(sum[:16])
}

// nothingToDo answers a wish that finds what it is for, as a repetition does. Its key is used all
// the same: who repeats it late, after another wish, is not to undo that.
func (c *ChangeSubscription) nothingToDo(ctx context.Context, sub domain.Subscription, does string, user domain.UserID, clientKey string) error {
	if clientKey == "" || sub.Customer == "" { // who is an account at Stripe alone bought nothing of ours
		return nil
	}
	if err := c.gateway.UseKey(ctx, sub.Customer, c.key(does, user, clientKey)); err != nil {
		return fmt.Errorf("%s subscription %s, where nothing is to be done: use the key: %w", does, sub.ID, err)
	}
	return nil
}

// refused is the error of a call about a subscription: where somebody else has changed that
// since it was read, this is why it was refused.
func (c *ChangeSubscription) refused(ctx context.Context, was domain.Subscription, err error) error {
	for _, clear := range []error{ports.ErrKeyMismatch, ports.ErrScheduledElsewhere, ports.ErrPaymentFailed, ports.ErrChangedMeanwhile} {
		if errors.Is(err, clear) {
			return keyReused(err)
		}
	}
	if !errors.Is(err, ports.ErrGatewayRefused) {
		return err
	}
	is, lookErr := c.gateway.FetchSubscription(ctx, was.ID)
	if lookErr != nil || is.Snapshot.SaysAs(was) || c.fulfill.Facts(ctx, is) != nil {
		return err
	}
	return fmt.Errorf("%s: %w", err.Error(), ports.ErrChangedMeanwhile)
}

// keyReused says in the client's words that a key came with another request.
func keyReused(err error) error {
	if errors.Is(err, ports.ErrKeyMismatch) {
		return fmt.Errorf("%w: use a new key for another change", ErrKeyReused)
	}
	return err
}
