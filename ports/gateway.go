package ports

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

var (
	// ErrBadSignature: the message was not signed with a secret of ours, or not
	// within five minutes of now.
	ErrBadSignature = errors.New("webhook signature does not verify")
	// ErrUnreadable: the message is signed and is not an event.
	ErrUnreadable = errors.New("webhook body is not a Stripe event")
	// ErrThinEvent: the message is one of Stripe's thin events, which carry no
	// object. The endpoint has to be set up for snapshot events.
	ErrThinEvent = errors.New("webhook body is a thin event")

	// ErrGatewayBusy: Stripe could not answer now: overloaded, rate-limited, in
	// trouble or too slow. The same call may be made again.
	ErrGatewayBusy = errors.New("payment provider is not available")
	// ErrGatewayDenied: our key is wrong or lacks a permission.
	ErrGatewayDenied = errors.New("payment provider refuses our key")
	// ErrGatewayRefused: Stripe understood the call and will not do it, now or
	// later: a price that does not exist, an impossible parameter.
	ErrGatewayRefused = errors.New("payment provider refuses the request")
	// ErrCustomerGone is an [ErrGatewayRefused]: Stripe has no such customer for our
	// key. It says the same of a customer that was deleted and of one that another
	// account has: [Gateway.FetchCustomer] tells them apart.
	ErrCustomerGone = fmt.Errorf("%w: no such customer", ErrGatewayRefused)
	// ErrCurrencyLocked is an [ErrGatewayRefused]: the customer has bought in another
	// currency, and Stripe takes one currency from a customer at a time.
	ErrCurrencyLocked = fmt.Errorf("%w: the customer pays in another currency", ErrGatewayRefused)
	// ErrCurrencyRefused is an [ErrGatewayRefused]: the price is not sold in the currency
	// that was chosen.
	ErrCurrencyRefused = fmt.Errorf("%w: the price is not sold in that currency", ErrGatewayRefused)
	// ErrPriceRefused is an [ErrGatewayRefused] about what was set up: the price is
	// missing or archived, its product is, or it does not fit the mode.
	ErrPriceRefused = fmt.Errorf("%w: the price cannot be sold", ErrGatewayRefused)

	// Each of these is an [ErrGatewayRefused] about what somebody asked for.
	ErrLocaleRefused    = fmt.Errorf("%w: the locale is not supported", ErrGatewayRefused)
	ErrQuantityRefused  = fmt.Errorf("%w: the quantity cannot be sold", ErrGatewayRefused)
	ErrReturnURLRefused = fmt.Errorf("%w: the return URL is not accepted", ErrGatewayRefused)
	// ErrPaymentFailed is an [ErrGatewayRefused]: it had to be paid at once, and there is
	// nothing to pay with, or that was declined. Nothing has changed.
	ErrPaymentFailed = fmt.Errorf("%w: it was not paid", ErrGatewayRefused)
	// ErrChangedMeanwhile is an [ErrGatewayRefused]: somebody else has changed the subscription
	// since it was read.
	ErrChangedMeanwhile = fmt.Errorf("%w: the subscription has changed meanwhile", ErrGatewayRefused)
	// ErrKeyMismatch is an [ErrGatewayRefused]: the idempotency key was used for another call.
	ErrKeyMismatch = fmt.Errorf("%w: the idempotency key was used for something else", ErrGatewayRefused)
	// ErrScheduledElsewhere is an [ErrGatewayRefused]: a schedule governs the subscription
	// that this deployment did not make, and that it does not throw away.
	ErrScheduledElsewhere = fmt.Errorf("%w: a schedule made elsewhere governs the subscription", ErrGatewayRefused)
)

// CustomerRequest asks for a customer for one of our users.
type CustomerRequest struct {
	User           domain.UserID
	Deployment     domain.DeploymentID
	IdempotencyKey string
}

// SessionRequest asks for a Checkout Session. The same order and attempt always
// ask with the same parameters.
type SessionRequest struct {
	User           domain.UserID
	Deployment     domain.DeploymentID
	Customer       domain.CustomerID
	Order          domain.Order
	Options        domain.CheckoutOptions
	Metered        bool // the order's price is: no quantity is agreed on
	IdempotencyKey string
}

// Made is a customer as its maker left it at Stripe.
type Made struct {
	Claim     domain.Claim // of the customer's metadata; nothing of a deleted one
	Deleted   bool
	Checkouts []Checkout
}

// Checkout is a session with what its maker wrote into it.
type Checkout struct {
	Claim domain.Claim
	Fact  domain.SessionFact
	// Order is the order as it was kept when the session was made, pending, as far as the
	// session tells: its id, plan and price by the metadata, its price id and quantity by
	// what is sold.
	Order domain.Order
	// PriceClaimed is the price that the metadata names; empty: none.
	PriceClaimed domain.PriceID
}

// StripePrice is what Stripe says about a price.
type StripePrice struct {
	ID        domain.PriceID
	LookupKey string
	Product   string // prod_...
	Active    bool
	Archived  bool // its product is no longer for sale, whatever Active says

	Amount        int64  // minor currency units per unit
	AmountUnknown bool   // there is no one amount: in tiers, for packages, chosen by the buyer, or less than a minor unit
	Tiered        bool   // the amount of a unit depends on how many there are
	Volume        bool   // of tiers: all units cost what the last of them does
	Tiers         []Tier // empty: none, or not of whole minor units
	Metered       bool   // what was used is paid for, afterwards
	Currency      string // ISO 4217, lower case
	Interval      string // day, week, month, year; empty: one-time
	IntervalCount int64
	// Options are what it costs in further currencies, sorted by these.
	Options []CurrencyOption
}

// ForSale tells whether a price can be bought: Stripe lists prices as active whose
// product was archived.
func (p StripePrice) ForSale() bool { return p.Active && !p.Archived }

// Gateway is Stripe: calls out, and messages in.
//
// Every call may return [ErrGatewayBusy], [ErrGatewayDenied] and
// [ErrGatewayRefused], wrapped in words for our log. Those words never go to a
// client.
type Gateway interface {
	Portal
	Changes
	Lists
	Refunds
	Billing
	Buyers

	// CreateCustomer makes a customer, or returns the one that was made with the
	// same idempotency key.
	CreateCustomer(ctx context.Context, r CustomerRequest) (domain.CustomerID, error)

	// FetchCustomer asks whether a customer was deleted, in Stripe's own word.
	// [ErrNotFound] if Stripe does not know the customer, which says nothing of it:
	// the key may be another account's.
	FetchCustomer(ctx context.Context, id domain.CustomerID) (deleted bool, err error)

	// CreateSession makes a Checkout Session, or returns the one that was made
	// with the same idempotency key, as it stands now. The order's and the user's id
	// go into everything that the session will make. The order's locale is any IETF
	// tag: the page is in the nearest language that Stripe has. A refusal is
	// [ErrCustomerGone], [ErrCurrencyLocked], [ErrCurrencyRefused], [ErrPriceRefused], [ErrLocaleRefused],
	// [ErrQuantityRefused] or [ErrReturnURLRefused] where Stripe says so much.
	CreateSession(ctx context.Context, r SessionRequest) (domain.SessionFact, error)

	// ExpireSession ends an open session. A session that is no longer open is
	// returned as it is, without an error: the caller looks at its Status.
	// [ErrNotFound] if there is no such session.
	ExpireSession(ctx context.Context, id domain.SessionID) (domain.SessionFact, error)

	// FetchSession asks for a session and for the subscription it made: one fact
	// or two. [ErrNotFound] if there is no such session.
	FetchSession(ctx context.Context, id domain.SessionID) ([]domain.Fact, error)

	// FetchMade asks what there is of a customer whom this database may have lost: whose
	// it was made for, and its checkouts, those that are over too, the first made first.
	// [ErrNotFound] if there is no such customer, or our key cannot see it.
	FetchMade(ctx context.Context, customer domain.CustomerID) (Made, error)

	// FetchSubscription asks for a subscription as it is now, with all its items.
	// [ErrNotFound] if there is no such subscription, or our key cannot see it.
	FetchSubscription(ctx context.Context, id domain.SubscriptionID) (domain.SubscriptionFact, error)

	// FetchSubscriptions asks for all subscriptions of a customer, those that have ended
	// too. [ErrNotFound] if there is no such customer, or our key cannot see it.
	FetchSubscriptions(ctx context.Context, customer domain.CustomerID) ([]domain.SubscriptionFact, error)

	// FetchInvoice asks for an invoice with all of its lines and what pays it.
	// [ErrNotFound] if there is no such invoice, or our key cannot see it.
	FetchInvoice(ctx context.Context, id domain.InvoiceID) (domain.InvoiceFact, error)

	// FetchInvoices asks for the newest invoices of a subscription, as FetchInvoice does
	// for one: the newest first, at most [InvoicesFetched]. Drafts are among them.
	FetchInvoices(ctx context.Context, subscription domain.SubscriptionID) ([]domain.InvoiceFact, error)

	// IssuedInvoices asks for the newest invoices of a customer as the buyer is shown them,
	// the newest first, at most limit, which is at most [IssuedMost]. Drafts are not among
	// them, and count. [ErrNotFound] if our key cannot see the customer and Stripe says so.
	IssuedInvoices(ctx context.Context, customer domain.CustomerID, limit int) ([]IssuedInvoice, error)

	// FetchCharge asks for the charge that a [domain.RefCharge] or
	// [domain.RefPaymentIntent] names: whose it is, and which invoice it pays, if it does.
	// [ErrNotFound] if there is none, or our key cannot see it.
	FetchCharge(ctx context.Context, subject domain.Ref) (domain.ChargeFact, error)

	// FetchReturned asks what became of the money of a charge or payment intent, or of an
	// invoice ([domain.RefInvoice]): its refunds and disputes, and the invoice's credit
	// notes; or how a credit note ([domain.RefCreditNote]) is. All of their lines are told.
	// Nothing is an empty answer.
	FetchReturned(ctx context.Context, subject domain.Ref) ([]domain.Fact, error)

	// Prices asks for prices by id and by lookup key. A price that Stripe does
	// not have is not in the answer.
	Prices(ctx context.Context, wanted []domain.Price) ([]StripePrice, error)

	// ReadEvent verifies a message and reads it, whatever the API version it is
	// written in: [ErrBadSignature], [ErrUnreadable], [ErrThinEvent]. An object
	// of a kind that says nothing of purchases gives an event without a fact.
	// It makes no call.
	ReadEvent(payload []byte, signature string) (domain.Event, error)

	// RereadEvent reads a message that was verified when it came: [ErrUnreadable],
	// [ErrThinEvent]. It makes no call.
	RereadEvent(payload []byte) (domain.Event, error)
}

// InvoicesFetched is how many invoices [Gateway.FetchInvoices] asks for at most.
const InvoicesFetched = 20

// IssuedMost is how many invoices [Gateway.IssuedInvoices] asks for at most.
const IssuedMost = 100

// RetryAfter is how long a client should wait after [ErrGatewayBusy] or
// [ErrUnavailable].
const RetryAfter = 2 * time.Second
