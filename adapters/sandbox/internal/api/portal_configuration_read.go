package api

import (
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var portalConfigurationParams = []string{
	"business_profile[headline]", "business_profile[privacy_policy_url]", "business_profile[terms_of_service_url]",
	"default_return_url", "metadata[*]", "name", "login_page[enabled]",
	"features[customer_update][enabled]", "features[customer_update][allowed_updates]", "features[customer_update][allowed_updates][]",
	"features[invoice_history][enabled]",
	"features[payment_method_update][enabled]", "features[payment_method_update][payment_method_configuration]",
	"features[subscription_cancel][enabled]", "features[subscription_cancel][mode]", "features[subscription_cancel][proration_behavior]",
	"features[subscription_cancel][cancellation_reason][enabled]", "features[subscription_cancel][cancellation_reason][options]",
	"features[subscription_cancel][cancellation_reason][options][]",
	"features[subscription_cancel][cancellation_reason][feedback_options]", "features[subscription_cancel][cancellation_reason][feedback_options][]",
	"features[subscription_pause][enabled]",
	"features[subscription_update][enabled]", "features[subscription_update][default_allowed_updates]",
	"features[subscription_update][default_allowed_updates][]", "features[subscription_update][proration_behavior]",
	"features[subscription_update][products]", "features[subscription_update][products][][product]",
	"features[subscription_update][products][][prices][]", "features[subscription_update][products][][adjustable_quantity][enabled]",
	"features[subscription_update][products][][adjustable_quantity][minimum]",
	"features[subscription_update][products][][adjustable_quantity][maximum]",
	"features[subscription_update][trial_update_behavior]", "features[subscription_update][billing_cycle_anchor]",
	"features[subscription_update][schedule_at_period_end][conditions]", "features[subscription_update][schedule_at_period_end][conditions][][type]",
}

const maxPortalProducts = 10

// readPortalConfiguration reads what the request gives into cfg. What it does not
// give stays.
func (s *Server) readPortalConfiguration(c *Call, cfg *state.PortalConfiguration, creating bool) {
	c.refuseUnserved("features[payment_method_update][payment_method_configuration]", "features[subscription_cancel][cancellation_reason][feedback_options]",
		"features[subscription_update][schedule_at_period_end]")
	for _, only := range [][2]string{
		{"features[subscription_pause][enabled]", "false"}, {"login_page[enabled]", "false"}, {"features[subscription_update][billing_cycle_anchor]", "unchanged"},
	} {
		name, served := only[0], only[1]
		if c.Has(name) && c.Form.Get(name) != served {
			c.Fail(unserved(name + "=" + c.Form.Get(name)))
		}
	}
	c.unsettable(&cfg.Headline, "business_profile[headline]", 60)
	c.unsettableURL(&cfg.PrivacyURL, "business_profile[privacy_policy_url]")
	c.unsettableURL(&cfg.TermsURL, "business_profile[terms_of_service_url]")
	c.unsettableURL(&cfg.ReturnURL, "default_return_url")
	c.unsettable(&cfg.Name, "name", 5000)
	cfg.Metadata = c.Metadata("metadata", cfg.Metadata)

	c.feature(&cfg.CustomerUpdate, "features[customer_update]", creating)
	c.words(&cfg.CustomerUpdates, "features[customer_update][allowed_updates]", "address", "email", "name", "phone", "shipping", "tax_id")
	c.feature(&cfg.InvoiceHistory, "features[invoice_history]", true)
	c.feature(&cfg.PaymentMethodUpdate, "features[payment_method_update]", true)
	c.readPortalCancel(cfg, creating)
	s.readPortalUpdate(c, cfg, creating)
}

func (c *Call) readPortalCancel(cfg *state.PortalConfiguration, creating bool) {
	const feature = "features[subscription_cancel]"
	c.feature(&cfg.Cancel, feature, creating)
	c.word(&cfg.CancelMode, feature+"[mode]", "at_period_end", "immediately")
	c.feature(&cfg.AsksReason, feature+"[cancellation_reason]", true)
	if c.HasAny(feature+"[cancellation_reason]") && creating && !c.HasAny(feature+"[cancellation_reason][options]") {
		c.Fail(wire.MissingParam(feature + "[cancellation_reason][options]"))
	}
	c.words(&cfg.Reasons, feature+"[cancellation_reason][options]",
		"customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex", "too_expensive", "unused")
	proration := feature + "[proration_behavior]"
	switch c.OneOf(proration, "always_invoice", "create_prorations", "none") {
	case "always_invoice":
		c.Fail(wire.Invalid(proration, "", "`always_invoice` is not supported when subscriptions are canceled: use `none` or `create_prorations`."))
	case "create_prorations":
		if cfg.CancelMode == "at_period_end" {
			c.Fail(wire.Invalid(proration, "", "You can only set `proration_behavior` to `create_prorations` when `mode` is `immediately`."))
		}
		c.Fail(unserved(proration + "=create_prorations"))
	}
}

func (s *Server) readPortalUpdate(c *Call, cfg *state.PortalConfiguration, creating bool) {
	const feature = "features[subscription_update]"
	c.feature(&cfg.Update, feature, creating)
	c.words(&cfg.Updates, feature+"[default_allowed_updates]", "price", "promotion_code", "quantity")
	c.word(&cfg.Proration, feature+"[proration_behavior]", "always_invoice", "create_prorations", "none")
	c.word(&cfg.Trial, feature+"[trial_update_behavior]", "continue_trial", "end_trial")
	c.word(&cfg.Anchor, feature+"[billing_cycle_anchor]", "now", "unchanged")
	if c.HasAny(feature + "[products]") {
		cfg.Products = nil
	}
	for _, i := range c.Indexes(feature + "[products]") {
		cfg.Products = append(cfg.Products, s.readPortalProduct(c, fmt.Sprintf("%s[products][%d]", feature, i)))
	}
	if len(cfg.Products) > maxPortalProducts {
		c.Fail(wire.Invalid(feature+"[products]", "", "You may specify up to %d products.", maxPortalProducts))
	}
	if creating && c.HasAny(feature) && c.Version < "2024-09-30" || cfg.Update && !cfg.IsDefault {
		for _, name := range []string{feature + "[default_allowed_updates]", feature + "[products]"} {
			if creating && !c.HasAny(name) {
				c.Fail(wire.MissingParam(name))
			}
		}
		if cfg.Update && len(cfg.Products) == 0 {
			c.Fail(wire.MissingParam(feature + "[products]"))
		}
	}
	if cfg.Update && !cfg.PaymentMethodUpdate {
		c.Fail(wire.Invalid(feature+"[enabled]", "", "Cannot enable subscription updates while payment method update is disabled."))
	}
}

func (s *Server) readPortalProduct(c *Call, name string) state.PortalProduct {
	p := state.PortalProduct{ID: c.Required(name + "[product]"), Prices: c.List(name + "[prices]"), Adjustable: true, Least: 1}
	switch product := s.Products.Get(p.ID); {
	case p.ID == "":
	case product == nil:
		c.Fail(wire.MissingReference("product", p.ID, name+"[product]"))
	case !product.Active:
		c.Fail(wire.Invalid(name+"[product]", "", "The product %s is inactive. This field only accepts active products.", p.ID))
	}
	if len(p.Prices) == 0 {
		c.Fail(wire.MissingParam(name + "[prices]"))
	}
	for i, id := range p.Prices {
		at := fmt.Sprintf("%s[prices][%d]", name, i)
		switch price := s.Prices.Get(id); {
		case price == nil:
			c.Fail(wire.MissingReference("price", id, at))
		case price.Product != p.ID:
			c.Fail(wire.Invalid(at, "", "The price %s does not belong to the product %s.", id, p.ID))
		case !price.Recurring():
			c.Fail(wire.Invalid(at, "", "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."))
		case !price.Active:
			c.Fail(wire.Invalid(at, "", "The price specified is inactive. This field only accepts active prices."))
		case slices.Contains(p.Prices[:i], id):
			c.Fail(wire.Invalid(at, "", "The price %s was specified more than once.", id))
		}
	}
	if limits := name + "[adjustable_quantity]"; c.HasAny(limits) {
		c.Required(limits + "[enabled]")
		p.Adjustable = c.Flag(limits + "[enabled]")
		if c.Has(limits + "[minimum]") {
			p.Least = c.Integer(limits+"[minimum]", 0, state.MaxQuantity)
		}
		if c.Has(limits + "[maximum]") {
			p.Most = c.Integer(limits+"[maximum]", max(1, p.Least), state.MaxQuantity)
		}
	}
	return p
}

// feature reads whether a feature is switched on, which has to be said where it is
// named and that is required.
func (c *Call) feature(on *bool, name string, required bool) {
	if required && c.HasAny(name) {
		c.Required(name + "[enabled]")
	}
	if c.Has(name + "[enabled]") {
		*on = c.Flag(name + "[enabled]")
	}
}

// word reads one of some words, if it is given.
func (c *Call) word(to *string, name string, allowed ...string) {
	if v := c.OneOf(name, allowed...); v != "" {
		*to = v
	}
}

// words reads a list of some words, if it is given; an empty value empties it.
func (c *Call) words(to *[]string, name string, allowed ...string) {
	if !c.HasAny(name) {
		return
	}
	*to = nil
	for i, v := range c.List(name) {
		if !slices.Contains(allowed, v) {
			at := fmt.Sprintf("%s[%d]", name, i)
			c.Fail(wire.Invalid(at, "", "Invalid %s: must be one of %s", at, wire.Alternatives(allowed)))
		}
		if !slices.Contains(*to, v) {
			*to = append(*to, v)
		}
	}
}

// unsettable reads a text, if it is given; an empty value unsets it.
func (c *Call) unsettable(to *string, name string, length int) {
	switch {
	case !c.Has(name):
	case c.Form.Get(name) == "":
		*to = ""
	default:
		*to = c.Limited(name, length)
	}
}

func (c *Call) unsettableURL(to *string, name string) {
	c.unsettable(to, name, 5000)
	if c.Form.Get(name) != "" {
		c.WebURL(name)
	}
}

// unserved refuses what Stripe has and the sandbox has not.
func unserved(name string) *wire.Error {
	return wire.Invalid(name, "parameter_unknown", "Stripe has this, the sandbox does not serve it yet: %s", name)
}

// refuseUnserved refuses parameters that Stripe has and the sandbox has not.
func (c *Call) refuseUnserved(names ...string) {
	for _, name := range names {
		if c.HasAny(name) {
			c.Fail(unserved(name))
		}
	}
}
