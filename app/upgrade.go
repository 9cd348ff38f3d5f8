package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Upgrade is one verb for who wants a plan: it finds out what that means now. Who has none
// of its group buys it; who has another changes; who owes something pays; and who has it
// has it.
type Upgrade struct {
	checkout *StartCheckout
	portal   *OpenPortal
	gateway  ports.Gateway
	live     liveSubscriptions
	clock    ports.Clock
}

// NewUpgrade returns the use case.
func NewUpgrade(checkout *StartCheckout, portal *OpenPortal) *Upgrade {
	return &Upgrade{checkout: checkout, portal: portal, gateway: portal.gateway, live: portal.live, clock: checkout.clock}
}

// Purpose is what a user is to do where a [NextStep] leads.
type Purpose string

const (
	PurposeCheckout Purpose = "checkout" // pay for a new purchase
	PurposeChange   Purpose = "change"   // confirm the change of a subscription
	PurposePay      Purpose = "pay"      // pay what is owed, or bring a card that pays
	PurposeResume   Purpose = "resume"   // take back that the subscription ends
	PurposeManage   Purpose = "manage"   // nothing: the plan is held as it was asked for
)

// Purposes lists every purpose.
var Purposes = []Purpose{PurposeCheckout, PurposeChange, PurposePay, PurposeResume, PurposeManage}

// NextStep is what a user is to do to have a plan.
type NextStep struct {
	Purpose      Purpose
	URL          string                // empty: there is nowhere to go
	Order        domain.Order          // of [PurposeCheckout]
	Subscription domain.SubscriptionID // of every other one
}

// Needed tells whether anything is to be done at all.
func (n NextStep) Needed() bool { return n.Purpose != PurposeManage }

// mostEnded bounds how often a checkout is tried again because what ruled it out had just
// ended.
const mostEnded = 3

// Do finds what is to be done, and opens the page for it. Before anybody is refused a
// checkout for what we believe is live, Stripe is asked. Errors: those of
// [StartCheckout.Do] and of [OpenPortal.Do]; for who has what an add-on is sold with and
// wants that, [ErrNotInPortal], since Stripe's portal adds nothing; [ErrPaused].
func (u *Upgrade) Do(ctx context.Context, r CheckoutRequest) (NextStep, error) {
	if plan := u.live.catalog.Plans[r.Plan]; plan.Addon() {
		return u.addon(ctx, plan, r)
	}
	var refusal error
	for range mostEnded {
		order, err := u.checkout.Do(ctx, r)
		if !errors.Is(err, ErrAlreadySubscribed) {
			return NextStep{Purpose: PurposeCheckout, URL: order.SessionURL, Order: order}, err
		}
		refusal = err
		plan := u.live.catalog.Plans[r.Plan]
		held, live, err := u.live.ruledOut(ctx, r.User, plan)
		if err != nil {
			return NextStep{}, err
		}
		if live {
			return u.instead(ctx, held, r)
		}
	}
	return NextStep{}, refusal
}

// addon is what a user does who wants an add-on.
func (u *Upgrade) addon(ctx context.Context, plan domain.Plan, r CheckoutRequest) (NextStep, error) {
	if err := checkCaller(r.User, r.ClientKey); err != nil {
		return NextStep{}, err
	}
	held, err := u.live.addon(ctx, r.User, plan)
	if err != nil {
		return NextStep{}, err
	}
	if held.adds() && held.owes() {
		done, err := u.portal.urls.withoutOrder("success_url", r.SuccessURL, u.portal.urls.Success)
		if err != nil {
			return NextStep{}, err
		}
		return u.portal.pay(ctx, held, done)
	}
	return u.instead(ctx, held, r)
}

// instead is what a user does who has a subscription that rules a checkout out.
func (u *Upgrade) instead(ctx context.Context, held liveItem, r CheckoutRequest) (NextStep, error) {
	if held.paused(u.live.catalog) {
		return NextStep{}, pausedFirst(held)
	}
	urls := u.portal.urls
	done, err := urls.withoutOrder("success_url", r.SuccessURL, urls.Success)
	if err != nil {
		return NextStep{}, err
	}
	back, err := urls.withoutOrder("cancel_url", r.CancelURL, urls.Cancel)
	if err != nil {
		return NextStep{}, err
	}
	to, err := u.portal.prices.targetOf(ctx, held, planWish{plan: r.Plan, price: r.Price, quantity: r.Quantity, currency: strings.ToLower(r.Currency)})
	if err != nil {
		return NextStep{}, err
	}
	if u.owes(held, to) {
		return u.portal.pay(ctx, held, done)
	}
	step := NextStep{Purpose: PurposeChange, Subscription: held.sub.ID}
	switch {
	case !to.isPresent(held):
		step.URL, err = u.portal.confirm(ctx, held, to, done)
	case held.ending():
		step.Purpose = PurposeResume
		step.URL, err = u.portal.open(ctx, held, ports.PortalRequest{ReturnURL: back})
	default:
		step.Purpose = PurposeManage
		if url, err := u.portal.open(ctx, held, ports.PortalRequest{ReturnURL: back}); err == nil {
			step.URL = url // without it the answer is as right
		}
	}
	return step, err
}

// owes tells whether a payment comes first.
func (u *Upgrade) owes(held liveItem, to target) bool {
	return owesFirst(held.sub.Status, to.isPresent(held), func() bool { return gives(held, u.live.catalog, u.clock()) })
}

// owesFirst tells whether a payment comes before a subscription becomes what is wanted:
// nothing is given any more for want of it, or what is present is what is not paid.
func owesFirst(status domain.SubscriptionStatus, present bool, gives func() bool) bool {
	switch status {
	case domain.StatusUnpaid, domain.StatusPaused:
		return true
	case domain.StatusPastDue:
		return present || !gives()
	default:
		return false
	}
}

// gives tells whether a subscription gives anything now.
func gives(held liveItem, c domain.Catalog, now time.Time) bool {
	for _, right := range domain.Rights(domain.Entitlements(held.account, c), c, now) {
		for _, e := range right.Sources {
			if e.Source == (domain.Source{Kind: domain.SourceSubscription, ID: string(held.sub.ID)}) {
				return true
			}
		}
	}
	return false
}

// owes tells whether something is to be paid for a subscription before anything is added
// to it.
func (l liveItem) owes() bool {
	return l.sub.Status != domain.StatusActive && l.sub.Status != domain.StatusTrialing
}

// pay leads to what a subscription owes: the open invoice's page, or, where Stripe waits
// for a card rather than for an invoice, to where one is given.
func (p *OpenPortal) pay(ctx context.Context, held liveItem, back string) (NextStep, error) {
	step := NextStep{Purpose: PurposePay, Subscription: held.sub.ID}
	url, err := p.gateway.PayPage(ctx, held.sub.ID)
	if errors.Is(err, ports.ErrNotFound) {
		url, err = p.open(ctx, held, ports.PortalRequest{Flow: ports.PortalPaymentMethod, ReturnURL: back})
	}
	if err != nil {
		return NextStep{}, fmt.Errorf("find where subscription %s is paid: %w", held.sub.ID, err)
	}
	step.URL = url
	return step, nil
}
