package stripe

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const kindPaymentIntent = "payment_intent"

// FetchCharge implements [ports.Gateway].
func (g *Gateway) FetchCharge(ctx context.Context, subject domain.Ref) (domain.ChargeFact, error) {
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	switch {
	case subject.Kind == domain.RefCharge && (isID(subject.ID, "ch_") || isID(subject.ID, "py_")):
		return g.chargeByID(ctx, subject.ID)
	case subject.Kind == domain.RefPaymentIntent && isID(subject.ID, "pi_"):
		return g.chargeByIntent(ctx, subject.ID)
	default:
		return domain.ChargeFact{}, fmt.Errorf("%w: fetch charge: that is not the id of a charge or of a payment intent", ports.ErrNotFound)
	}
}

func (g *Gateway) chargeByID(ctx context.Context, id string) (domain.ChargeFact, error) {
	c := call{
		does: "fetch charge", method: http.MethodGet,
		path: stripe.FormatURLPath("/v1/charges/%s", id), params: &stripe.ChargeParams{},
	}
	got, err := g.ask(ctx, c)
	if err != nil {
		return domain.ChargeFact{}, err
	}
	charge := readObject(got.body)
	if charge.Kind != kindCharge || charge.ID != word(id) {
		return domain.ChargeFact{}, unusable(c, got, "the answer is not the charge")
	}
	return readCharge(charge, domain.TypeFetched, got.askedAt), nil
}

// chargeByIntent asks for the charge that an intent made last: an intent that was
// paid makes no other.
func (g *Gateway) chargeByIntent(ctx context.Context, id string) (domain.ChargeFact, error) {
	c := call{
		does: "fetch payment intent", method: http.MethodGet,
		path:   stripe.FormatURLPath("/v1/payment_intents/%s", id),
		params: &stripe.PaymentIntentParams{Expand: stripe.StringSlice([]string{"latest_charge"})},
	}
	got, err := g.ask(ctx, c)
	if err != nil {
		return domain.ChargeFact{}, err
	}
	intent := readObject(got.body)
	if intent.Kind != kindPaymentIntent || intent.ID != word(id) {
		return domain.ChargeFact{}, unusable(c, got, "the answer is not the payment intent")
	}
	var made struct {
		Charge json.RawMessage `json:"latest_charge"`
	}
	_ = json.Unmarshal(got.body, &made) // it was read before
	if len(made.Charge) == 0 || string(made.Charge) == "null" {
		return domain.ChargeFact{}, fmt.Errorf("%w: %s: it has made no charge", ports.ErrNotFound, c.does)
	}
	charge := readObject(made.Charge)
	if charge.Kind != kindCharge || charge.ID == "" {
		return domain.ChargeFact{}, unusable(c, got, "the answer does not have the charge in it")
	}
	charge.PaymentIntent = ref(intent.ID)
	charge.Invoice = cmp.Or(intent.Invoice, charge.Invoice)
	charge.Customer = cmp.Or(intent.Customer, charge.Customer)
	return readCharge(charge, domain.TypeFetched, got.askedAt), nil
}
