package app

import (
	"cmp"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// Settings are what a deployment decides about the use cases.
type Settings struct {
	// Livemode is the one mode of this deployment: events of the other are
	// ignored.
	Livemode bool
	// Account is the connected account that this deployment sells for; empty: the
	// Stripe account itself. Events of other accounts are ignored.
	Account string
	// URLs are where buyers return to.
	URLs ReturnURLs
	// CheckoutLifetime is how long a buyer may pay, 30 minutes to 24 hours; zero
	// means DefaultCheckoutLifetime.
	CheckoutLifetime time.Duration
	// Retention is for how long bodies of events are kept; zero: for ever.
	Retention time.Duration
	// FeedRetention is for how long the feed keeps what it told; zero: for ever.
	FeedRetention time.Duration
	// ReconcileEvery is how often events are looked for that no webhook brought; zero: only
	// when somebody asks for it.
	ReconcileEvery time.Duration
	// VerifyEvery is how often what is derived of everybody is verified; zero: never.
	VerifyEvery time.Duration
	// AcceptLosses lets a service start with a catalog that takes rights from users
	// who have them.
	AcceptLosses bool
	// Closing says when invoices have ended long ago; zero means [domain.UsualClosing].
	Closing domain.Closing
}

func (s Settings) closing() domain.Closing { return cmp.Or(s.Closing, domain.UsualClosing) }

// DefaultCheckoutLifetime stays below Stripe's limit of 24 hours by more than most
// differences between Stripe's clock and ours: a clock an hour ahead sells nothing.
const DefaultCheckoutLifetime = 23 * time.Hour
