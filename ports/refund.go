package ports

import (
	"context"

	"github.com/entitled-dev/entitled/domain"
)

// RefundRequest asks for all of a payment to be given back that was not yet.
type RefundRequest struct {
	PaymentIntent  domain.PaymentIntentID
	Deployment     domain.DeploymentID
	IdempotencyKey string
}

// Refunds is how money is given back.
type Refunds interface {
	// RefundDuplicate gives back what is left of a payment, as one that was made twice. It
	// takes the key of an earlier call for the same: nothing is given back twice.
	// [ErrNotFound] if there is no such payment; [ErrGatewayRefused] if nothing of it can be
	// given back, as all of it was, or it is disputed.
	RefundDuplicate(ctx context.Context, r RefundRequest) (domain.RefundFact, error)
}
