package ports

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/entitled-dev/entitled/domain"
)

// PortalFlow is the one thing that the billing portal is opened for; the words are
// Stripe's.
type PortalFlow string

const (
	PortalHome          PortalFlow = "" // the portal itself
	PortalPaymentMethod PortalFlow = "payment_method_update"
	PortalCancel        PortalFlow = "subscription_cancel"
	PortalUpdate        PortalFlow = "subscription_update"         // the customer chooses
	PortalConfirm       PortalFlow = "subscription_update_confirm" // the customer confirms what was chosen
)

// PortalFlows lists every flow.
var PortalFlows = []PortalFlow{PortalHome, PortalPaymentMethod, PortalCancel, PortalUpdate, PortalConfirm}

// OfSubscription tells whether the flow is about one subscription.
func (f PortalFlow) OfSubscription() bool {
	return f == PortalCancel || f == PortalUpdate || f == PortalConfirm
}

// PortalOffer is what a subscription may be changed to in the portal.
type PortalOffer struct {
	Deployment domain.DeploymentID
	// Products are what may be chosen; none: subscriptions are not changed there. Stripe
	// takes [PortalProductsMost] at most. A trial goes on in what is chosen.
	Products []PortalProduct
	// Quantities: the quantity may be changed too.
	Quantities bool
}

// PortalProductsMost is how many products Stripe lets a portal offer.
const PortalProductsMost = 10

// PortalProduct is one of Stripe's products with those of its prices that may be chosen.
type PortalProduct struct {
	ID     string // prod_...
	Prices []domain.PriceID
}

// PortalConfigurationID names what a portal offers: bpc_...
type PortalConfigurationID string

// PortalRequest asks for a way into the portal.
type PortalRequest struct {
	Customer      domain.CustomerID
	Configuration PortalConfigurationID
	ReturnURL     string
	Flow          PortalFlow

	Subscription domain.SubscriptionID // of a flow that is about one
	// Change is what the customer is to confirm, of [PortalConfirm].
	Change Change
}

// Portal is Stripe's billing portal.
type Portal interface {
	// PortalConfiguration finds what this deployment made for an offer, or makes it. The
	// same offer is the same configuration; one that was switched off at Stripe is left
	// so, and another one is made.
	PortalConfiguration(ctx context.Context, offer PortalOffer) (PortalConfigurationID, error)

	// OpenPortal makes a way in for one customer. Whoever has the address is let in, for
	// some minutes. After a flow the customer is led to ReturnURL. [ErrCustomerGone],
	// [ErrReturnURLRefused]; [ErrGatewayRefused] where the subscription is not one that
	// the flow can be about now.
	OpenPortal(ctx context.Context, r PortalRequest) (url string, err error)
}

// Fingerprint is short, and the same for the same offer. What a portal is made to do with any
// offer is in it: one that was made otherwise is not found again.
func (o PortalOffer) Fingerprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %t trials go on", o.Products, o.Quantities))
	return hex.EncodeToString(sum[:16])
}
