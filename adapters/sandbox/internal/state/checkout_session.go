package state

import (
	"cmp"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Session is a Checkout Session.
type Session struct {
	MethodChoice
	ID, Mode, Status, PaymentStatus          string
	URL, SuccessURL, CancelURL, Locale       string
	UIMode                                   string // hosted, embedded or custom
	ClientSecret, ReturnURL                  string // of those that are not hosted
	RedirectOnCompletion                     string // of an embedded one
	Customer, CustomerEmail, ClientReference string
	CustomerCreation                         string
	CustomerUpdate                           map[string]string
	Currency                                 string
	Lines                                    []SessionLine
	Metadata                                 map[string]string
	Created, ExpiresAt                       int64
	Version                                  string // of the API, that it was made in

	PromotionCodes, AutomaticTax, TaxIDCollection, InvoiceCreation bool
	Flexible                                                       bool // billing_mode of the subscription
	BillingAddress, PaymentMethodCollection                        string
	SubmitType                                                     string
	CollectsPhone                                                  bool
	CustomText                                                     map[string]string // by its place, see CustomTexts
	TermsOfService, Promotions                                     string            // consent_collection
	PaymentMethodTypes                                             []string

	// Of subscription_data and payment_intent_data: what is given to the objects
	// that paying makes.
	DataMetadata         map[string]string
	DataDescription      string
	TrialDays, TrialEnd  int64 // one of them, or neither
	ReceiptEmail         string
	StatementDescriptor  string
	StatementSuffix      string
	SetupFutureUsage     string
	Shipping             *Shipping
	MissingPaymentMethod string

	// What paying has made. The objects are made by the first attempt to pay;
	// the session shows them when it is complete.
	Attempted                            bool
	Asking                               string // the payment method whose owner has to authenticate
	PaymentIntent, Subscription, Invoice string
	SetupIntent                          string // is there from the beginning
	Discount                             *Discount
	BuyerEmail, BuyerName                string
	Settles                              string // succeeds or fails: the outcome of a delayed payment under way
	Completed                            string // the event that told of it
}

// CustomTexts are the places of the page that a shop may have a text in.
var CustomTexts = []string{"after_submit", "shipping_address", "submit", "terms_of_service_acceptance"}

// HasTrial tells whether the session's subscription begins with a trial.
func (cs *Session) HasTrial() bool { return cs.TrialDays > 0 || cs.TrialEnd > 0 }

// SessionLine is one price that a session sells.
type SessionLine struct {
	Inline      *InlinePrice // that is to be made with the session; nil once it is
	ID, Price   string
	Quantity    int64
	Adjustable  bool
	Least, Most int64 // bounds of an adjustable quantity
}

// SessionTotal is what the session charges now, in minor units. A trial puts the
// recurring prices off.
func (a *Account) SessionTotal(cs *Session) int64 {
	var sum int64
	for _, l := range cs.Lines {
		sum += a.LineTotal(cs, l)
	}
	return sum
}

// DueAfterTrial is what the session's subscription charges when its trial ends, in minor units,
// but for what will have been used by then.
func (a *Account) DueAfterTrial(cs *Session) int64 {
	later := *cs
	later.TrialDays, later.TrialEnd, later.Lines = 0, 0, nil
	for _, l := range cs.Lines {
		if a.PriceIn(l.Price, cs.Currency).Recurring() {
			later.Lines = append(later.Lines, l)
		}
	}
	if cs.Discount != nil && a.SessionTotal(cs) > 0 && a.Coupons.Get(cs.Discount.Coupon).Duration == "once" {
		later.Discount = nil // what is due now uses it up
	}
	return a.SessionTotal(&later)
}

// LineTotal is what a line charges now.
func (a *Account) LineTotal(cs *Session, l SessionLine) int64 {
	amount := a.LineSubtotal(cs, l)
	return amount - a.LineOff(cs, l)
}

// LineOff is what the session's discount takes off the line.
func (a *Account) LineOff(cs *Session, l SessionLine) int64 {
	amounts, at := make([]int64, len(cs.Lines)), 0
	for i, other := range cs.Lines {
		amounts[i] = a.LineSubtotal(cs, other)
		if other.ID == l.ID {
			at = i
		}
	}
	return a.AmountsOff(cs.Discount, amounts)[at]
}

// LineSubtotal is the line's amount without a discount.
func (a *Account) LineSubtotal(cs *Session, l SessionLine) int64 {
	p := a.PriceIn(l.Price, cs.Currency)
	if cs.HasTrial() && p.Recurring() || p.Metered() {
		return 0
	}
	return p.Amount(l.Quantity)
}

// OffersDebit tells whether the buyer may choose the delayed method.
func (cs *Session) OffersDebit() bool {
	for _, t := range cs.PaymentMethodTypes {
		if strings.HasSuffix(t, "_debit") || t == "us_bank_account" {
			return true
		}
	}
	return false
}

// Subtotal is what the session comes to without a discount.
func (a *Account) Subtotal(cs *Session) (sum int64) {
	for _, l := range cs.Lines {
		sum += a.LineSubtotal(cs, l)
	}
	return sum
}

// The subscription of a session. Up to acacia the first attempt to pay makes it, and its
// invoice, incomplete; since basil it is made once it is paid for, or on its way to be.

// SubscribesLater tells whether the session's subscription comes after its payment.
func (cs *Session) SubscribesLater() bool {
	return cs.Mode == "subscription" && cs.Version >= wire.Basil
}

// Fixed tells whether what is bought is settled: an attempt to pay has made the subscription
// and its invoice.
func (cs *Session) Fixed() bool {
	return cs.Attempted && cs.Mode == "subscription" && !cs.SubscribesLater()
}

// LeadsTo is where the buyer goes on after paying, empty if they stay.
func (cs *Session) LeadsTo() string {
	return strings.ReplaceAll(cmp.Or(cs.SuccessURL, cs.ReturnURL), "{CHECKOUT_SESSION_ID}", cs.ID)
}

// OpenUntil tells whether the session still takes a payment; the timer that
// expires it may be a moment late.
func (cs *Session) OpenUntil(now time.Time) bool {
	return cs.Status == "open" && now.Before(time.Unix(cs.ExpiresAt, 0))
}
