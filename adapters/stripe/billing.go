package stripe

import (
	"cmp"
	"context"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// methodObject is a payment method as far as pages show it.
type methodObject struct {
	Type word `json:"type"`
	Card struct {
		Brand word `json:"brand"`
		Last4 word `json:"last4"`
	} `json:"card"`
	SEPA struct {
		Last4 word `json:"last4"`
	} `json:"sepa_debit"`
	Bank struct {
		Last4 word `json:"last4"`
	} `json:"us_bank_account"`
}

func (m methodObject) read() *ports.PaymentMethod {
	if m.Type == "" {
		return nil
	}
	return &ports.PaymentMethod{
		Type: string(m.Type), Brand: string(m.Card.Brand), Last4: string(cmp.Or(m.Card.Last4, m.SEPA.Last4, m.Bank.Last4)),
	}
}

// billingObject is a subscription with what pays for it: its own method, or else its
// customer's.
type billingObject struct {
	ID       word `json:"id"`
	Kind     word `json:"object"`
	Schedule ref  `json:"schedule"`
	Pause    struct {
		ResumesAt number `json:"resumes_at"`
	} `json:"pause_collection"`
	Method   methodObject `json:"default_payment_method"`
	Customer struct {
		Settings struct {
			Method methodObject `json:"default_payment_method"`
		} `json:"invoice_settings"`
	} `json:"customer"`
}

// FetchBilling implements [ports.Gateway].
func (g *Gateway) FetchBilling(ctx context.Context, id domain.SubscriptionID) (ports.BillingDetails, error) {
	c := call{
		does: "fetch how a subscription is paid for", method: http.MethodGet, path: stripe.FormatURLPath("/v1/subscriptions/%s", string(id)),
		params: &stripe.SubscriptionParams{
			Expand: stripe.StringSlice([]string{"default_payment_method", "customer.invoice_settings.default_payment_method"}),
		},
	}
	if err := noSubscription(c, id); err != nil {
		return ports.BillingDetails{}, err
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.send(ctx, c)
	if err != nil {
		return ports.BillingDetails{}, err
	}
	var sub billingObject
	if !decode(got.body, &sub) || sub.Kind != kindSubscription || sub.ID != word(id) {
		return ports.BillingDetails{}, unusable(c, got, "the answer is not the subscription")
	}
	details := ports.BillingDetails{
		Method: cmp.Or(sub.Method.read(), sub.Customer.Settings.Method.read()), ResumesAt: sub.Pause.ResumesAt.time(),
	}
	details.Planned, err = g.plannedBy(ctx, sub.Schedule)
	return details, err
}

// plannedBy is what a schedule has follow the phase under way; nil: nothing.
func (g *Gateway) plannedBy(ctx context.Context, id ref) (*ports.PlannedChange, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // nothing is planned, and nothing is wrong
	}
	schedule, err := g.fetchSchedule(ctx, id)
	if err != nil {
		return nil, err
	}
	next, is := schedule.upcoming()
	if !is || !schedule.governs() {
		return nil, nil //nolint:nilnil // nothing is planned, and nothing is wrong
	}
	planned := &ports.PlannedChange{At: next.Start.time()}
	for _, item := range next.Items {
		planned.Items = append(planned.Items, ports.PlannedItem{Price: domain.PriceID(item.Price.id), Quantity: item.Quantity.value})
	}
	return planned, nil
}
