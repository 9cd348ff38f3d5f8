package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// PauseWish asks for a pause of a subscription.
type PauseWish struct {
	User domain.UserID
	Plan domain.PlanKey // of the subscription that is meant; empty: the only one
	// ResumesAt is when it is to go on by itself; zero: when its user resumes it. A pause is
	// of whole periods, so that it goes on with the first one that begins then or later.
	ResumesAt time.Time
	ClientKey string
}

// PausedSubscription is a subscription that is paused.
type PausedSubscription struct {
	Subscription domain.Subscription
	Plan         domain.PlanKey
	ResumesAt    time.Time // zero: when its user resumes it
}

// Pause has nothing be billed from the end of the present period on, and nothing given that
// is not paid for. What is paused already stays so, until the time that is named. Errors:
// [ErrNotPausable], [ErrPaymentDue], [ErrEndsAnyway], and those of [ChangeSubscription.Cancel].
func (c *ChangeSubscription) Pause(ctx context.Context, w PauseWish) (PausedSubscription, error) {
	if err := checkCaller(w.User, w.ClientKey); err != nil {
		return PausedSubscription{}, err
	}
	if plan, is := c.addonOf(EndWish{Plan: w.Plan}); is {
		return PausedSubscription{}, fmt.Errorf("%w: add-on %s is paused with the plan that it is sold with: name that", ErrBadRequest, plan.Key)
	}
	unlock, err := c.busy.lock(ctx, w.User)
	if err != nil {
		return PausedSubscription{}, err
	}
	defer unlock()
	held, err := c.live.only(ctx, w.User, w.Plan)
	if err != nil {
		return PausedSubscription{}, err
	}
	if err := c.refusePause(ctx, held); err != nil {
		return PausedSubscription{}, err
	}
	paused := PausedSubscription{Subscription: held.sub, Plan: held.plan.Key}
	if paused.ResumesAt, err = c.resumesAt(ctx, held, w.ResumesAt); err != nil {
		return PausedSubscription{}, err
	}
	details, err := c.gateway.FetchBilling(ctx, held.sub.ID)
	switch {
	case err != nil:
		return PausedSubscription{}, fmt.Errorf("ask what is planned for subscription %s: %w", held.sub.ID, err)
	case held.paused(c.catalog) && (w.ResumesAt.IsZero() || paused.ResumesAt.Equal(details.ResumesAt)):
		paused.ResumesAt = details.ResumesAt
		return paused, c.nothingToDo(ctx, held.sub, "pause", w.User, w.ClientKey)
	case details.Planned != nil:
		return PausedSubscription{}, fmt.Errorf("%w, for %s: take that back first, by POST /api/subscription/resume",
			ErrChangePlanned, details.Planned.At.Format(time.RFC3339))
	}
	if err := c.refuseDraft(ctx, held); err != nil {
		return PausedSubscription{}, err
	}
	fact, err := c.gateway.PauseCollection(ctx, ports.PauseRequest{
		Subscription: held.sub.ID, ResumesAt: paused.ResumesAt, IdempotencyKey: c.key("pause", w.User, w.ClientKey),
	})
	if err != nil {
		return PausedSubscription{}, fmt.Errorf("pause subscription %s: %w", held.sub.ID, c.refused(ctx, held.sub, err))
	}
	paused.Subscription = fact.Snapshot
	// From now on what is paid for alone is given: what was billed has to be known.
	billed, err := c.gateway.FetchInvoices(ctx, held.sub.ID)
	if err != nil {
		return PausedSubscription{}, fmt.Errorf("ask what was billed for subscription %s: %w", held.sub.ID, err)
	}
	facts := []domain.Fact{fact}
	for _, invoice := range billed {
		facts = append(facts, invoice)
	}
	return paused, c.fulfill.FactsSettled(ctx, facts...)
}

func (l liveItem) paused(c domain.Catalog) bool { return l.account.PausedByUser(l.sub, c) }

func pausedFirst(held liveItem) error {
	return fmt.Errorf("%w: POST /api/subscription/resume has subscription %s go on", ErrPaused, held.sub.ID)
}

// refusePause refuses a pause of what is not to be paused, or owes something, or of which
// what was used would not be billed.
func (c *ChangeSubscription) refusePause(ctx context.Context, held liveItem) error {
	standing := domain.SubscribedActive
	for _, s := range domain.SubscribedAt(held.account, c.catalog, c.clock()) {
		if s.Subscription.ID == held.sub.ID {
			standing = s.Status
		}
	}
	switch {
	case !held.account.Pausable(held.sub, c.catalog):
		return fmt.Errorf("%w: plan %s, or what is sold beside it, is not pausable by the catalog", ErrNotPausable, held.plan.Key)
	case held.sub.Status == domain.StatusTrialing:
		return fmt.Errorf("%w: it is a trial, of which nothing is billed yet: POST /api/subscription/cancel ends that", ErrNotPausable)
	case held.sub.Status != domain.StatusActive, standing == domain.SubscribedPastDue, standing == domain.SubscribedAwaitingPayment:
		return fmt.Errorf("%w: what is billed already comes first: POST /api/checkout/%s leads to where it is paid", ErrPaymentDue, held.plan.Key)
	case held.sub.Pause != domain.PauseNone && held.sub.Pause != domain.PauseVoid:
		return fmt.Errorf("%w: collection is paused at Stripe already, with %s", ErrNotPausable, held.sub.Pause)
	case held.ending():
		return fmt.Errorf("%w: resume it before you pause it", ErrEndsAnyway)
	}
	for _, item := range held.sub.Items {
		price, err := c.prices.byID(ctx, item.Price)
		if err != nil {
			return fmt.Errorf("price of subscription %s: %w", held.sub.ID, err)
		}
		if price.Metered {
			return fmt.Errorf("%w: price %s is metered, and what was used would not be billed", ErrNotPausable, item.Price)
		}
	}
	return nil
}

// refuseDraft refuses a pause while the present period's invoice is drawn up: that would be
// voided too, though the period is given by now.
func (c *ChangeSubscription) refuseDraft(ctx context.Context, held liveItem) error {
	if held.sub.LatestInvoice == "" || held.sub.Pause != domain.PauseNone {
		return nil
	}
	latest, err := c.gateway.FetchInvoice(ctx, held.sub.LatestInvoice)
	switch {
	case errors.Is(err, ports.ErrNotFound): // a draft that was deleted
		return nil
	case err != nil:
		return fmt.Errorf("ask for the latest invoice of subscription %s: %w", held.sub.ID, err)
	case latest.Invoice.Status == domain.InvoiceDraft:
		return fmt.Errorf("%w: the invoice of the present period is a draft, which Stripe has final about an hour after the period begins: pause then", ErrPaymentDue)
	}
	return nil
}

const (
	// resumeLead is how long before a period collection is resumed that the period's invoice
	// is to be collected: with its beginning alone that would be a race at Stripe.
	resumeLead = time.Hour
	// longestBreak is beyond the end of the present period.
	longestBreak = 2 * 366 * 24 * time.Hour
)

// resumesAt is when collection is to be resumed for a subscription to go on with the first
// period that begins at a time or later. Within a period it would be given for nothing.
func (c *ChangeSubscription) resumesAt(ctx context.Context, held liveItem, at time.Time) (time.Time, error) {
	if at.IsZero() {
		return at, nil
	}
	end := held.sub.PeriodEnd()
	if !at.After(end) || at.After(end.Add(longestBreak)) {
		return at, fmt.Errorf("%w: resumes_at is after the end of the present period, %s, and within two years of it", ErrBadRequest, end.Format(time.RFC3339))
	}
	price, err := c.prices.byID(ctx, held.item.Price)
	if err != nil {
		return at, fmt.Errorf("price of subscription %s: %w", held.sub.ID, err)
	}
	next := end
	for n := 1; next.Before(at); n++ {
		next = laterEnd(held.item, price, n)
	}
	return next.Add(-resumeLead), nil
}

// laterEnd is when the nth period after the present one ends. A month ends on the day that
// it began on, or with its last day.
func laterEnd(present domain.Item, price ports.StripePrice, n int) time.Time {
	end, count := present.PeriodEnd, n*int(max(price.IntervalCount, 1))
	months := count
	switch price.Interval {
	case "day":
		return end.AddDate(0, 0, count)
	case "week":
		return end.AddDate(0, 0, 7*count)
	case "year":
		months = 12 * count
	}
	first := end.AddDate(0, 0, 1-end.Day()).AddDate(0, months, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(max(end.Day(), present.PeriodStart.Day()), last)-1)
}

// paidFor tells whether each item of a subscription is billed now, at the price and quantity
// that it has, by Stripe's word. What is drawn up and not final yet will be collected.
func (c *ChangeSubscription) paidFor(ctx context.Context, sub domain.Subscription) (bool, error) {
	billed, err := c.gateway.FetchInvoices(ctx, sub.ID)
	if err != nil {
		return false, fmt.Errorf("ask what was billed for subscription %s: %w", sub.ID, err)
	}
	now := c.clock()
	for _, item := range sub.Items {
		if !slices.ContainsFunc(billed, func(f domain.InvoiceFact) bool {
			collected := f.Invoice.Status != domain.InvoiceVoid && f.Invoice.Status != domain.InvoiceUncollectible
			return collected && slices.ContainsFunc(f.Invoice.Lines, func(l domain.Line) bool {
				return (l.Item == item.ID || l.Item == "") && l.Price == item.Price && l.Kind != domain.LineCredit &&
					l.Quantity >= item.Quantity && !l.From.After(now) && l.Until.After(now)
			})
		}) {
			return false, nil
		}
	}
	return true, nil
}
