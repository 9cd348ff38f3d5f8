package sandbox

import (
	"fmt"
	"slices"
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
func (s *Sandbox) readPortalConfiguration(c *call, cfg *portalConfiguration, creating bool) {
	c.refuseUnserved("features[payment_method_update][payment_method_configuration]", "features[subscription_cancel][cancellation_reason][feedback_options]",
		"features[subscription_update][schedule_at_period_end]")
	for name, served := range map[string]string{
		"features[subscription_pause][enabled]": "false", "login_page[enabled]": "false", "features[subscription_update][billing_cycle_anchor]": "unchanged",
	} {
		if c.has(name) && c.form.Get(name) != served {
			c.fail(unserved(name + "=" + c.form.Get(name)))
		}
	}
	c.unsettable(&cfg.headline, "business_profile[headline]", 60)
	c.unsettableURL(&cfg.privacyURL, "business_profile[privacy_policy_url]")
	c.unsettableURL(&cfg.termsURL, "business_profile[terms_of_service_url]")
	c.unsettableURL(&cfg.returnURL, "default_return_url")
	c.unsettable(&cfg.name, "name", 5000)
	cfg.metadata = c.metadata("metadata", cfg.metadata)

	c.feature(&cfg.customerUpdate, "features[customer_update]", creating)
	c.words(&cfg.customerUpdates, "features[customer_update][allowed_updates]", "address", "email", "name", "phone", "shipping", "tax_id")
	c.feature(&cfg.invoiceHistory, "features[invoice_history]", true)
	c.feature(&cfg.paymentMethodUpdate, "features[payment_method_update]", true)
	c.readPortalCancel(cfg, creating)
	s.readPortalUpdate(c, cfg, creating)
}

func (c *call) readPortalCancel(cfg *portalConfiguration, creating bool) {
	const feature = "features[subscription_cancel]"
	c.feature(&cfg.cancel, feature, creating)
	c.word(&cfg.cancelMode, feature+"[mode]", "at_period_end", "immediately")
	c.feature(&cfg.asksReason, feature+"[cancellation_reason]", true)
	if c.hasAny(feature+"[cancellation_reason]") && creating && !c.hasAny(feature+"[cancellation_reason][options]") {
		c.fail(missingParam(feature + "[cancellation_reason][options]"))
	}
	c.words(&cfg.reasons, feature+"[cancellation_reason][options]",
		"customer_service", "low_quality", "missing_features", "other", "switched_service", "too_complex", "too_expensive", "unused")
	proration := feature + "[proration_behavior]"
	switch c.oneOf(proration, "always_invoice", "create_prorations", "none") {
	case "always_invoice":
		c.fail(invalid(proration, "", "`always_invoice` is not supported when subscriptions are canceled: use `none` or `create_prorations`."))
	case "create_prorations":
		if cfg.cancelMode == "at_period_end" {
			c.fail(invalid(proration, "", "You can only set `proration_behavior` to `create_prorations` when `mode` is `immediately`."))
		}
		c.fail(unserved(proration + "=create_prorations"))
	}
}

func (s *Sandbox) readPortalUpdate(c *call, cfg *portalConfiguration, creating bool) {
	const feature = "features[subscription_update]"
	c.feature(&cfg.update, feature, creating)
	c.words(&cfg.updates, feature+"[default_allowed_updates]", "price", "promotion_code", "quantity")
	c.word(&cfg.proration, feature+"[proration_behavior]", "always_invoice", "create_prorations", "none")
	c.word(&cfg.trial, feature+"[trial_update_behavior]", "continue_trial", "end_trial")
	c.word(&cfg.anchor, feature+"[billing_cycle_anchor]", "now", "unchanged")
	if c.hasAny(feature + "[products]") {
		cfg.products = nil
	}
	for _, i := range c.indexes(feature + "[products]") {
		cfg.products = append(cfg.products, s.readPortalProduct(c, fmt.Sprintf("%s[products][%d]", feature, i)))
	}
	if len(cfg.products) > maxPortalProducts {
		c.fail(invalid(feature+"[products]", "", "You may specify up to %d products.", maxPortalProducts))
	}
	if creating && c.hasAny(feature) && c.version < "2024-09-30" || cfg.update && !cfg.isDefault {
		for _, name := range []string{feature + "[default_allowed_updates]", feature + "[products]"} {
			if creating && !c.hasAny(name) {
				c.fail(missingParam(name))
			}
		}
		if cfg.update && len(cfg.products) == 0 {
			c.fail(missingParam(feature + "[products]"))
		}
	}
	if cfg.update && !cfg.paymentMethodUpdate {
		c.fail(invalid(feature+"[enabled]", "", "Cannot enable subscription updates while payment method update is disabled."))
	}
}

func (s *Sandbox) readPortalProduct(c *call, name string) portalProduct {
	p := portalProduct{id: c.required(name + "[product]"), prices: c.list(name + "[prices]"), adjustable: true, least: 1}
	switch product := s.products.get(p.id); {
	case p.id == "":
	case product == nil:
		c.fail(missingReference("product", p.id, name+"[product]"))
	case !product.active:
		c.fail(invalid(name+"[product]", "", "The product %s is inactive. This field only accepts active products.", p.id))
	}
	if len(p.prices) == 0 {
		c.fail(missingParam(name + "[prices]"))
	}
	for i, id := range p.prices {
		at := fmt.Sprintf("%s[prices][%d]", name, i)
		switch price := s.prices.get(id); {
		case price == nil:
			c.fail(missingReference("price", id, at))
		case price.product != p.id:
			c.fail(invalid(at, "", "The price %s does not belong to the product %s.", id, p.id))
		case !price.recurring():
			c.fail(invalid(at, "", "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`."))
		case !price.active:
			c.fail(invalid(at, "", "The price specified is inactive. This field only accepts active prices."))
		case slices.Contains(p.prices[:i], id):
			c.fail(invalid(at, "", "The price %s was specified more than once.", id))
		}
	}
	if limits := name + "[adjustable_quantity]"; c.hasAny(limits) {
		c.required(limits + "[enabled]")
		p.adjustable = c.flag(limits + "[enabled]")
		if c.has(limits + "[minimum]") {
			p.least = c.integer(limits+"[minimum]", 0, maxQuantity)
		}
		if c.has(limits + "[maximum]") {
			p.most = c.integer(limits+"[maximum]", max(1, p.least), maxQuantity)
		}
	}
	return p
}

// feature reads whether a feature is switched on, which has to be said where it is
// named and that is required.
func (c *call) feature(on *bool, name string, required bool) {
	if required && c.hasAny(name) {
		c.required(name + "[enabled]")
	}
	if c.has(name + "[enabled]") {
		*on = c.flag(name + "[enabled]")
	}
}

// word reads one of some words, if it is given.
func (c *call) word(to *string, name string, allowed ...string) {
	if v := c.oneOf(name, allowed...); v != "" {
		*to = v
	}
}

// words reads a list of some words, if it is given; an empty value empties it.
func (c *call) words(to *[]string, name string, allowed ...string) {
	if !c.hasAny(name) {
		return
	}
	*to = nil
	for i, v := range c.list(name) {
		if !slices.Contains(allowed, v) {
			at := fmt.Sprintf("%s[%d]", name, i)
			c.fail(invalid(at, "", "Invalid %s: must be one of %s", at, alternatives(allowed)))
		}
		if !slices.Contains(*to, v) {
			*to = append(*to, v)
		}
	}
}

// unsettable reads a text, if it is given; an empty value unsets it.
func (c *call) unsettable(to *string, name string, length int) {
	switch {
	case !c.has(name):
	case c.form.Get(name) == "":
		*to = ""
	default:
		*to = c.limited(name, length)
	}
}

func (c *call) unsettableURL(to *string, name string) {
	c.unsettable(to, name, 5000)
	if c.form.Get(name) != "" {
		c.webURL(name)
	}
}

// unserved refuses what Stripe has and the sandbox has not.
func unserved(name string) *apiError {
	return invalid(name, "parameter_unknown", "Stripe has this, the sandbox does not serve it yet: %s", name)
}

// refuseUnserved refuses parameters that Stripe has and the sandbox has not.
func (c *call) refuseUnserved(names ...string) {
	for _, name := range names {
		if c.hasAny(name) {
			c.fail(unserved(name))
		}
	}
}
