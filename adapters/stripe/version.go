package stripe

import (
	"cmp"
	"net/http"

	"github.com/stripe/stripe-go/v76"
)

// readVersion is the API version that everything we ask for is written in: the newest
// one of which there is a published description that the readers are tested against.
// What a request makes is written in v76's own, which its parameters are of. An older
// one would not do for reading: until acacia a subscription has one period for items of
// different intervals, and an invoice names one of the payments that it was paid with.
const readVersion = "2026-08-26.dahlia"

// adaptiveVersion is that of a session with adaptive_pricing, which v76's own has not. Newer
// ones make subscriptions of another billing mode.
const adaptiveVersion = "2025-05-28.basil"

// portalVersion is that of a configuration which says what becomes of a trial, which v76's own
// cannot.
const portalVersion = readVersion

// chargeVersion still has the invoice in a charge; see [Gateway.invoiceOf].
const chargeVersion = stripe.APIVersion

// answersIn is the API version that a call is answered in, empty for stripe-go's own.
func (c call) answersIn() string {
	if c.method == http.MethodGet {
		return cmp.Or(c.version, readVersion)
	}
	return c.version
}
