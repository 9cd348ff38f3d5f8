package app

import "errors"

// Misfit is the error of a mode, an account or a catalog that does not fit what the
// database has seen. It says what to do.
type Misfit string

// Error implements error.
func (m Misfit) Error() string { return string(m) }

// What a caller may have asked wrongly, or at the wrong moment. Adapters find them
// with errors.Is; the text around them says what to do.
var (
	ErrUnknownPlan    = errors.New("no such plan")
	ErrUnknownPrice   = errors.New("no such price")
	ErrUnknownFeature = errors.New("no such feature")
	ErrBadRequest     = errors.New("bad request")
	ErrBadReturnURL   = errors.New("return URL not allowed")

	// ErrKeyReused: the Idempotency-Key came with another request before.
	ErrKeyReused = errors.New("idempotency key was used for another request")
	// ErrAlreadySubscribed: a live subscription already gives what a second one
	// would charge for again.
	ErrAlreadySubscribed = errors.New("already subscribed")
	// ErrNotSubscribed: there is no live subscription that could be changed.
	ErrNotSubscribed = errors.New("not subscribed")
	// ErrSeveralSubscriptions: the request does not say which of them it is about.
	ErrSeveralSubscriptions = errors.New("has several subscriptions")
	// ErrNoCustomer: nothing was begun to be bought, so that there is nothing to manage.
	ErrNoCustomer = errors.New("the user has bought nothing yet")
	// ErrNotInPortal: Stripe's portal cannot change such a subscription.
	ErrNotInPortal = errors.New("the subscription cannot be changed in Stripe's portal")
	// ErrNothingToChange: what is asked for is so already.
	ErrNothingToChange = errors.New("there is nothing to change")
	// ErrEndsAnyway: a change is planned for a time when there will be no subscription.
	ErrEndsAnyway = errors.New("the subscription ends with its period")
	// ErrPaymentDue: what is owed comes before a change.
	ErrPaymentDue = errors.New("a payment is due")
	// ErrNotPausable: the plan cannot be paused by its user, or not as the subscription stands.
	ErrNotPausable = errors.New("the subscription cannot be paused")
	// ErrPaused: while nothing is billed, nothing changes.
	ErrPaused = errors.New("the subscription is paused")
	// ErrNeedsBase: an add-on is wanted by somebody who has none of the plans that it is sold with.
	ErrNeedsBase = errors.New("an add-on needs the plan that it is sold with")
	// ErrAddonInTheWay: a plan is wanted with which an add-on of the user's is not sold.
	ErrAddonInTheWay = errors.New("an add-on is not sold with the plan")
	// ErrIntervalsDiffer: what one subscription is to is paid for in one interval.
	ErrIntervalsDiffer = errors.New("a subscription is paid for in one interval")
	// ErrChangePlanned: a change at once would drop what is planned for something else of the subscription.
	ErrChangePlanned = errors.New("another change is planned")
	// ErrAlreadyHeld: the user holds a plan that is sold once.
	ErrAlreadyHeld = errors.New("already held")
	// ErrCheckoutCompleted: an earlier checkout was paid a moment ago.
	ErrCheckoutCompleted = errors.New("an earlier checkout has just been completed")
	// ErrTooManyCheckouts: the user has begun more checkouts today, without paying
	// any, than somebody who wants to buy.
	ErrTooManyCheckouts = errors.New("too many checkouts begun and not paid")
	// ErrPriceNotSold: the catalog names a price that Stripe does not have or no
	// longer sells.
	ErrPriceNotSold = errors.New("price is not for sale at the payment provider")
	// ErrCurrencyNotSold: the price is not sold in the currency that was chosen.
	ErrCurrencyNotSold = errors.New("the price is not sold in this currency")
	// ErrProviderMismatch: the payment provider does not know the customer or the checkout of a user
	// who has bought something, and does not say that it was deleted either.
	ErrProviderMismatch = errors.New("the payment provider does not know what was made for this user before: " +
		"check that STRIPE_SECRET_KEY and STRIPE_ACCOUNT are of the same account as before")
	// ErrBodyNotKept: an event cannot be processed again from what is kept of it.
	ErrBodyNotKept = errors.New("its body is not kept (it was a stranger's, RETENTION is over, or its user was forgotten): " +
		"have Stripe send it again, which it does for 30 days")
	// ErrStillPays: a user cannot be forgotten whom Stripe goes on charging.
	ErrStillPays = errors.New("has a live subscription")
	// ErrReconciling: a run of it is under way.
	ErrReconciling = errors.New("reconciling is under way")
	// ErrNobody: nothing is known of a user, nor said of one.
	ErrNobody = errors.New("no such user")
	// ErrClosing: the program is shutting down.
	ErrClosing = errors.New("shutting down")
)
