package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func PortalConfiguration(cfg *state.PortalConfiguration) wire.Object {
	texts := func(list []string) []string { return append([]string{}, list...) }
	return wire.Object{
		"id": cfg.ID, "object": "billing_portal.configuration", "active": cfg.Active, "application": nil,
		"business_profile": wire.Object{"headline": wire.OrNull(cfg.Headline), "privacy_policy_url": wire.OrNull(cfg.PrivacyURL), "terms_of_service_url": wire.OrNull(cfg.TermsURL)},
		"created":          cfg.Created, "default_return_url": wire.OrNull(cfg.ReturnURL),
		"features": wire.Object{
			"customer_update":       wire.Object{"allowed_updates": texts(cfg.CustomerUpdates), "enabled": cfg.CustomerUpdate},
			"invoice_history":       wire.Object{"enabled": cfg.InvoiceHistory},
			"payment_method_update": wire.Object{"enabled": cfg.PaymentMethodUpdate},
			"subscription_cancel": wire.Object{
				"cancellation_reason": wire.Object{"enabled": cfg.AsksReason, "options": texts(cfg.Reasons)},
				"enabled":             cfg.Cancel, "mode": cfg.CancelMode, "proration_behavior": "none",
			},
			"subscription_pause": wire.Object{"enabled": false},
			"subscription_update": wire.Object{
				"default_allowed_updates": texts(cfg.Updates), "enabled": cfg.Update, "proration_behavior": cfg.Proration,
				"schedule_at_period_end": wire.Object{"conditions": []wire.Object{}}, "trial_update_behavior": cfg.Trial, "billing_cycle_anchor": wire.OrNull(cfg.Anchor),
			},
		},
		"is_default": cfg.IsDefault, "livemode": false, "login_page": wire.Object{"enabled": false, "url": nil},
		"metadata": wire.MetadataObject(cfg.Metadata), "name": wire.OrNull(cfg.Name), "updated": cfg.Updated,
	}
}

func (r *Renderer) PortalProducts(cfg *state.PortalConfiguration) []wire.Object {
	products := cfg.Products
	if len(products) == 0 && cfg.IsDefault {
		products = r.soldProducts()
	}
	out := []wire.Object{}
	for _, p := range products {
		out = append(out, wire.Object{
			"product": p.ID, "prices": append([]string{}, p.Prices...),
			"adjustable_quantity": wire.Object{"enabled": p.Adjustable, "minimum": p.Least, "maximum": wire.OrNull(p.Most)},
		})
	}
	return out
}

// soldProducts are all that has a price to subscribe to.
func (r *Renderer) soldProducts() []state.PortalProduct {
	var out []state.PortalProduct
	for _, product := range r.Products.Order {
		sold := state.PortalProduct{ID: product.ID, Adjustable: true, Least: 1}
		for _, p := range r.Prices.Order {
			if p.Product == product.ID && product.Active && p.Active && p.Recurring() && !p.Metered() {
				sold.Prices = append(sold.Prices, p.ID)
			}
		}
		if len(sold.Prices) > 0 {
			out = append(out, sold)
		}
	}
	return out
}
