package stripe

import (
	"context"
	"net/http"
	"strconv"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// CreateSession implements [ports.Gateway].
func (g *Gateway) CreateSession(ctx context.Context, r ports.SessionRequest) (domain.SessionFact, error) {
	c := call{
		does: "create checkout session", method: http.MethodPost, path: "/v1/checkout/sessions",
		key: r.IdempotencyKey, params: sessionParams(r),
	}
	if r.Options.AdaptivePricing != "" {
		c.version = adaptiveVersion
	}
	if err := checkCreate(c, string(r.Order.ID), string(r.User), string(r.Order.Plan)); err != nil {
		return domain.SessionFact{}, err
	}
	if !isID(string(r.Customer), "cus_") {
		return domain.SessionFact{}, refused(c, "the order's customer is not one of Stripe's")
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.send(ctx, c)
	if err != nil {
		return domain.SessionFact{}, err
	}
	session, err := fetchedSession(c, got)
	if err != nil || !got.replayed {
		return session, err
	}
	// A replayed answer is the session as it was when it was made, up to a day
	// ago. It may have been paid or have expired since.
	return g.askSession(ctx, session.ID)
}

// sessionParams depends on nothing but the request: with an idempotency key that
// it has seen, Stripe refuses other parameters than it saw them with.
func sessionParams(r ports.SessionRequest) *stripe.CheckoutSessionParams {
	order, options := r.Order, r.Options
	// What an order is made again from, should the database lose it.
	metadata := ours(map[string]string{
		metaOrder: string(order.ID), metaUser: string(r.User), metaDeployment: string(r.Deployment),
		metaPlan: string(order.Plan), metaPrice: string(order.Price), metaPriceID: string(order.PriceID),
	})
	if order.CurrencyChosen {
		metadata[metaCurrency] = order.Currency
	}
	p := &stripe.CheckoutSessionParams{
		Mode:              stripe.String(string(order.Mode)),
		Customer:          stripe.String(string(r.Customer)),
		ClientReferenceID: stripe.String(string(order.ID)),
		LineItems:         []*stripe.CheckoutSessionLineItemParams{lineItem(r)},
		SuccessURL:        stripe.String(order.SuccessURL),
		Metadata:          metadata,
	}
	if order.CurrencyChosen {
		p.Currency = stripe.String(order.Currency)
	}
	if order.CancelURL != "" {
		p.CancelURL = stripe.String(order.CancelURL)
	}
	if order.Locale != "" {
		p.Locale = stripe.String(pageLocale(order.Locale))
	}
	if !order.ExpiresAt.IsZero() {
		p.ExpiresAt = stripe.Int64(order.ExpiresAt.Unix())
	}
	if options.PromotionCodes {
		p.AllowPromotionCodes = stripe.Bool(true)
	}
	addTax(p, options)
	if options.AdaptivePricing != "" {
		p.AddExtra("adaptive_pricing[enabled]", strconv.FormatBool(options.AdaptivePricing == domain.SwitchOn))
	}

	// Later events never see the session's metadata, only that of what it made.
	switch order.Mode {
	case domain.ModeSubscription:
		p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{Metadata: metadata}
		if order.TrialDays > 0 {
			p.SubscriptionData.TrialPeriodDays = stripe.Int64(int64(order.TrialDays))
		}
	case domain.ModePayment:
		p.PaymentIntentData = &stripe.CheckoutSessionPaymentIntentDataParams{Metadata: metadata}
	case domain.ModeSetup: // takes no money: nothing is sold that way
	}
	return p
}

// lineItem has no quantity for a metered price, not even an adjustable one: Stripe
// refuses that.
func lineItem(r ports.SessionRequest) *stripe.CheckoutSessionLineItemParams {
	item := &stripe.CheckoutSessionLineItemParams{Price: stripe.String(string(r.Order.PriceID))}
	if r.Metered {
		return item
	}
	item.Quantity = stripe.Int64(max(r.Order.Quantity, 1))
	if r.Options.AdjustableAmount && r.Options.MaxQuantity > 1 {
		item.AdjustableQuantity = &stripe.CheckoutSessionLineItemAdjustableQuantityParams{
			Enabled: stripe.Bool(true),
			Minimum: stripe.Int64(1),
			Maximum: stripe.Int64(r.Options.MaxQuantity),
		}
	}
	return item
}

// addTax is for what goes onto invoices and decides taxes. It also lets Stripe's page write what it asked the buyer for to the
// customer: with a customer of ours Stripe demands that.
func addTax(p *stripe.CheckoutSessionParams, options domain.CheckoutOptions) {
	asksAddress := options.AutomaticTax || options.BillingAddress == domain.BillingAddressRequired
	if options.BillingAddress != "" {
		p.BillingAddressCollection = stripe.String(string(options.BillingAddress))
	}
	if !asksAddress && !options.TaxIDCollection {
		return
	}
	p.CustomerUpdate = &stripe.CheckoutSessionCustomerUpdateParams{}
	if asksAddress {
		p.CustomerUpdate.Address = stripe.String("auto")
	}
	if options.AutomaticTax {
		p.AutomaticTax = &stripe.CheckoutSessionAutomaticTaxParams{Enabled: stripe.Bool(true)}
	}
	if options.TaxIDCollection {
		p.TaxIDCollection = &stripe.CheckoutSessionTaxIDCollectionParams{Enabled: stripe.Bool(true)}
		p.CustomerUpdate.Name = stripe.String("auto")
	}
}
