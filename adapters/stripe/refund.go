package stripe

import (
	"context"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// RefundDuplicate implements [ports.Gateway].
func (g *Gateway) RefundDuplicate(ctx context.Context, r ports.RefundRequest) (domain.RefundFact, error) {
	c := call{
		does: "refund a duplicate", method: http.MethodPost, path: "/v1/refunds", key: r.IdempotencyKey,
		params: &stripe.RefundParams{
			PaymentIntent: stripe.String(string(r.PaymentIntent)), Reason: stripe.String(string(stripe.RefundReasonDuplicate)),
			Metadata: ours(map[string]string{metaDeployment: string(r.Deployment)}),
		},
	}
	if !isID(string(r.PaymentIntent), "pi_") {
		return domain.RefundFact{}, fmt.Errorf("%w: %s: that is not the id of a payment", ports.ErrNotFound, c.does)
	}
	if err := checkCreate(c); err != nil {
		return domain.RefundFact{}, err
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.send(ctx, c)
	if err != nil {
		return domain.RefundFact{}, err
	}
	refund := readObject(got.body)
	if refund.Kind != kindRefund || refund.ID == "" {
		return domain.RefundFact{}, unusable(c, got, "the answer is not a refund")
	}
	return readRefund(refund, domain.TypeFetched, got.askedAt), nil
}
