package stripe

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const kindPaymentIntent = "payment_intent"

func isCharge(subject domain.Ref) bool {
	return subject.Kind == domain.RefCharge && (isID(subject.ID, "ch_") || isID(subject.ID, "py_"))
}

func isIntent(subject domain.Ref) bool {
	return subject.Kind == domain.RefPaymentIntent && isID(subject.ID, "pi_")
}

// FetchCharge implements [ports.Gateway].
func (g *Gateway) FetchCharge(ctx context.Context, subject domain.Ref) (domain.ChargeFact, error) {
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	var (
		charge *object
		got    answer
		err    error
	)
	switch {
	case isCharge(subject):
		charge, got, err = g.chargeByID(ctx, subject.ID, readVersion)
	case isIntent(subject):
		charge, got, err = g.chargeByIntent(ctx, subject.ID)
	default:
		err = fmt.Errorf("%w: fetch charge: that is not the id of a charge or of a payment intent", ports.ErrNotFound)
	}
	if err != nil {
		return domain.ChargeFact{}, err
	}
	if charge.Invoice == "" {
		if charge.Invoice, err = g.invoiceOf(ctx, charge); err != nil {
			return domain.ChargeFact{}, err
		}
	}
	return readCharge(charge, domain.TypeFetched, got.askedAt), nil
}

func (g *Gateway) chargeByID(ctx context.Context, id, version string) (*object, answer, error) {
	c := call{
		does: "fetch charge", method: http.MethodGet, version: version,
		path: stripe.FormatURLPath("/v1/charges/%s", id), params: &stripe.ChargeParams{},
	}
	got, err := g.ask(ctx, c)
	if err != nil {
		return nil, got, err
	}
	charge := readObject(got.body)
	if charge.Kind != kindCharge || charge.ID != word(id) {
		return nil, got, unusable(c, got, "the answer is not the charge")
	}
	return charge, got, nil
}

// chargeByIntent asks for the charge that an intent made last: an intent that was
// paid makes no other.
func (g *Gateway) chargeByIntent(ctx context.Context, id string) (*object, answer, error) {
	c := call{
		does: "fetch payment intent", method: http.MethodGet,
		path:   stripe.FormatURLPath("/v1/payment_intents/%s", id),
		params: &stripe.PaymentIntentParams{Expand: stripe.StringSlice([]string{"latest_charge"})},
	}
	got, err := g.ask(ctx, c)
	if err != nil {
		return nil, got, err
	}
	intent := readObject(got.body)
	if intent.Kind != kindPaymentIntent || intent.ID != word(id) {
		return nil, got, unusable(c, got, "the answer is not the payment intent")
	}
	var made struct {
		Charge json.RawMessage `json:"latest_charge"`
	}
	_ = json.Unmarshal(got.body, &made) // it was read before
	if len(made.Charge) == 0 || string(made.Charge) == "null" {
		return nil, got, fmt.Errorf("%w: %s: it has made no charge", ports.ErrNotFound, c.does)
	}
	charge := readObject(made.Charge)
	if charge.Kind != kindCharge || charge.ID == "" {
		return nil, got, unusable(c, got, "the answer does not have the charge in it")
	}
	charge.PaymentIntent = ref(intent.ID)
	charge.Invoice = cmp.Or(intent.Invoice, charge.Invoice)
	charge.Customer = cmp.Or(intent.Customer, charge.Customer)
	return charge, got, nil
}

// invoiceOf asks which invoice a charge pays; empty: none. Since API version basil no
// charge and no intent names one: the payments of invoices name the intent. They can
// not be asked for by a charge, so of one without an intent, as old integrations make
// them, an older version has to tell.
func (g *Gateway) invoiceOf(ctx context.Context, charge *object) (ref, error) {
	if charge.PaymentIntent == "" {
		older, _, err := g.chargeByID(ctx, string(charge.ID), chargeVersion)
		if err != nil {
			return "", err
		}
		return older.Invoice, nil
	}
	var paid, open ref
	err := g.invoicesPaidWith(ctx, string(charge.PaymentIntent), func(o *object) {
		switch o.Status {
		case "paid":
			paid = cmp.Or(paid, o.Invoice)
		case "canceled":
		default:
			open = cmp.Or(open, o.Invoice)
		}
	})
	if errors.Is(err, ports.ErrNotFound) {
		err = nil
	}
	return cmp.Or(paid, open), err
}
