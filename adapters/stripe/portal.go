package stripe

import (
	"context"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// metaOffer names an offer in the metadata of the configuration that was made for it.
const metaOffer = "offer"

const (
	kindPortalConfiguration = "billing_portal.configuration"
	kindPortalSession       = "billing_portal.session"
)

// portalConfiguration is what we look for in one.
type portalConfiguration struct {
	ID       word `json:"id"`
	Kind     word `json:"object"`
	Active   bool `json:"active"`
	Metadata struct {
		Deployment word `json:"deployment"`
		Offer      word `json:"offer"`
	} `json:"metadata"`
}

func (c portalConfiguration) isFor(o ports.PortalOffer) bool {
	return c.Metadata.Deployment == word(o.Deployment) && c.Metadata.Offer == word(o.Fingerprint())
}

// PortalConfiguration implements [ports.Gateway]. Stripe forgets the key of what was made
// after a day, so that what was made is looked for first.
func (g *Gateway) PortalConfiguration(ctx context.Context, offer ports.PortalOffer) (ports.PortalConfigurationID, error) {
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	id, retired, err := g.findPortalConfiguration(ctx, offer)
	if err != nil || id != "" {
		return id, err
	}
	c := call{
		does: "create portal configuration", method: http.MethodPost, path: "/v1/billing_portal/configurations",
		key:    fmt.Sprintf("entitled-portal-%s-%s-%d", offer.Deployment, offer.Fingerprint(), retired),
		params: portalConfigurationParams(offer), version: portalVersion,
	}
	if err := checkCreate(c, string(offer.Deployment)); err != nil {
		return "", err
	}
	got, err := g.send(ctx, c)
	if err != nil {
		return "", err
	}
	var made portalConfiguration
	if !decode(got.body, &made) || made.Kind != kindPortalConfiguration || !isID(string(made.ID), "bpc_") {
		return "", unusable(c, got, "the answer is not a portal configuration")
	}
	return ports.PortalConfigurationID(made.ID), nil
}

// findPortalConfiguration finds what was made for an offer, and counts those that were
// switched off.
func (g *Gateway) findPortalConfiguration(ctx context.Context, offer ports.PortalOffer) (found ports.PortalConfigurationID, retired int, err error) {
	params := &stripe.BillingPortalConfigurationListParams{}
	c := call{does: "list portal configurations", method: http.MethodGet, path: "/v1/billing_portal/configurations", params: params}
	err = list(ctx, g, c, &params.ListParams, func(c portalConfiguration) word { return c.ID },
		func(page []portalConfiguration, _ answer) error {
			for _, one := range page {
				switch {
				case !one.isFor(offer) || !isID(string(one.ID), "bpc_"):
				case one.Active:
					found = ports.PortalConfigurationID(one.ID)
				default:
					retired++
				}
			}
			return nil
		})
	return found, retired, err
}

// portalConfigurationParams lets customers do for themselves what costs nobody anything,
// and change to what is on offer. A change is paid at once, and a trial goes on, as with ours.
func portalConfigurationParams(offer ports.PortalOffer) *stripe.BillingPortalConfigurationParams {
	yes := stripe.Bool(true)
	p := &stripe.BillingPortalConfigurationParams{
		BusinessProfile: &stripe.BillingPortalConfigurationBusinessProfileParams{Headline: stripe.String("")},
		Features: &stripe.BillingPortalConfigurationFeaturesParams{
			CustomerUpdate: &stripe.BillingPortalConfigurationFeaturesCustomerUpdateParams{
				Enabled: yes, AllowedUpdates: stripe.StringSlice([]string{"address", "email", "name", "tax_id"}),
			},
			InvoiceHistory:      &stripe.BillingPortalConfigurationFeaturesInvoiceHistoryParams{Enabled: yes},
			PaymentMethodUpdate: &stripe.BillingPortalConfigurationFeaturesPaymentMethodUpdateParams{Enabled: yes},
			SubscriptionCancel: &stripe.BillingPortalConfigurationFeaturesSubscriptionCancelParams{
				Enabled: yes, Mode: stripe.String("at_period_end"),
			},
		},
		Metadata: map[string]string{metaDeployment: string(offer.Deployment), metaOffer: offer.Fingerprint()},
	}
	if len(offer.Products) == 0 {
		return p
	}
	update := &stripe.BillingPortalConfigurationFeaturesSubscriptionUpdateParams{
		Enabled: yes, DefaultAllowedUpdates: stripe.StringSlice([]string{"price"}), ProrationBehavior: stripe.String(alwaysInvoice),
	}
	if offer.Quantities {
		update.DefaultAllowedUpdates = stripe.StringSlice([]string{"price", "quantity"})
	}
	for _, product := range offer.Products {
		prices := make([]*string, len(product.Prices))
		for i, price := range product.Prices {
			prices[i] = stripe.String(string(price))
		}
		update.Products = append(update.Products, &stripe.BillingPortalConfigurationFeaturesSubscriptionUpdateProductParams{
			Product: stripe.String(product.ID), Prices: prices,
		})
	}
	p.Features.SubscriptionUpdate = update
	// Else the portal ends a trial and charges for it at once. v76 has no name for it.
	p.AddExtra("features[subscription_update][trial_update_behavior]", "continue_trial")
	return p
}

// OpenPortal implements [ports.Gateway]. It has no idempotency key: each click may have a
// way in of its own.
func (g *Gateway) OpenPortal(ctx context.Context, r ports.PortalRequest) (string, error) {
	c := call{
		does: "open portal", method: http.MethodPost, path: "/v1/billing_portal/sessions", params: portalParams(r),
	}
	if !isID(string(r.Customer), "cus_") {
		return "", fmt.Errorf("%w: %s: that is not the id of a customer", ports.ErrCustomerGone, c.does)
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	got, err := g.send(ctx, c)
	if err != nil {
		return "", err
	}
	var opened struct {
		Kind word    `json:"object"`
		URL  address `json:"url"`
	}
	if !decode(got.body, &opened) || opened.Kind != kindPortalSession || opened.URL == "" {
		return "", unusable(c, got, "the answer is not a portal session")
	}
	return string(opened.URL), nil
}

func portalParams(r ports.PortalRequest) *stripe.BillingPortalSessionParams {
	p := &stripe.BillingPortalSessionParams{
		Customer: stripe.String(string(r.Customer)), Configuration: optional(string(r.Configuration)), ReturnURL: optional(r.ReturnURL),
	}
	if r.Flow == ports.PortalHome {
		return p
	}
	p.FlowData = &stripe.BillingPortalSessionFlowDataParams{Type: stripe.String(string(r.Flow))}
	if r.ReturnURL != "" {
		p.FlowData.AfterCompletion = &stripe.BillingPortalSessionFlowDataAfterCompletionParams{
			Type:     stripe.String("redirect"),
			Redirect: &stripe.BillingPortalSessionFlowDataAfterCompletionRedirectParams{ReturnURL: stripe.String(r.ReturnURL)},
		}
	}
	subscription := stripe.String(string(r.Subscription))
	switch r.Flow {
	case ports.PortalCancel:
		p.FlowData.SubscriptionCancel = &stripe.BillingPortalSessionFlowDataSubscriptionCancelParams{Subscription: subscription}
	case ports.PortalUpdate:
		p.FlowData.SubscriptionUpdate = &stripe.BillingPortalSessionFlowDataSubscriptionUpdateParams{Subscription: subscription}
	case ports.PortalConfirm:
		item := &stripe.BillingPortalSessionFlowDataSubscriptionUpdateConfirmItemParams{
			ID: stripe.String(r.Change.Item), Price: stripe.String(string(r.Change.Price)),
		}
		if r.Change.Quantity > 0 {
			item.Quantity = stripe.Int64(r.Change.Quantity)
		}
		p.FlowData.SubscriptionUpdateConfirm = &stripe.BillingPortalSessionFlowDataSubscriptionUpdateConfirmParams{
			Subscription: subscription, Items: []*stripe.BillingPortalSessionFlowDataSubscriptionUpdateConfirmItemParams{item},
		}
	case ports.PortalHome, ports.PortalPaymentMethod: // about no subscription
	}
	return p
}

// optional leaves out what is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return stripe.String(s)
}

// noSubscription is what there is to say of an id that cannot be one.
func noSubscription(c call, id domain.SubscriptionID) error {
	if isID(string(id), "sub_") {
		return nil
	}
	return fmt.Errorf("%w: %s: that is not the id of a subscription", ports.ErrNotFound, c.does)
}
