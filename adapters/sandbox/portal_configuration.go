package sandbox

import "slices"

// portalConfiguration says what customers may do in the billing portal.
type portalConfiguration struct {
	id, name                            string
	active, isDefault                   bool
	headline, privacyURL, termsURL      string // of the business_profile
	returnURL                           string // where "back" leads, unless the session says it
	metadata                            map[string]string
	created, updated                    int64
	customerUpdate                      bool
	customerUpdates                     []string // allowed_updates
	invoiceHistory, paymentMethodUpdate bool
	cancel, asksReason                  bool
	cancelMode                          string
	reasons                             []string
	update                              bool
	updates                             []string // default_allowed_updates
	products                            []portalProduct
	proration                           string // of updates
	trial                               string // what an update does to a trial
	anchor                              string // billing_cycle_anchor; unchanged where it is empty
}

// portalProduct is a product whose prices a subscription may change to.
type portalProduct struct {
	id          string
	prices      []string
	adjustable  bool  // whether customers set its quantity
	least, most int64 // the bounds of that; most is 0 for none
}

var portalConfigurationRoutes = []route{
	{pattern: "POST /v1/billing_portal/configurations", params: portalConfigurationParams, do: (*Sandbox).createPortalConfiguration},
	{pattern: "GET /v1/billing_portal/configurations/{id}", do: (*Sandbox).retrievePortalConfiguration},
	{
		pattern: "POST /v1/billing_portal/configurations/{id}", params: append([]string{"active"}, portalConfigurationParams...),
		do: (*Sandbox).updatePortalConfiguration,
	},
	{
		pattern: "GET /v1/billing_portal/configurations", params: append([]string{"active", "is_default"}, listParams...),
		do: (*Sandbox).listPortalConfigurations,
	},
}

// createPortalConfiguration makes one more; it never becomes the default.
func (s *Sandbox) createPortalConfiguration(c *call) (object, *apiError) {
	now := s.nowUnix()
	cfg := &portalConfiguration{
		id: newID("bpc_1", 23), active: true, created: now, updated: now, cancelMode: "at_period_end", proration: "none", trial: "end_trial",
		reasons: []string{"too_expensive", "missing_features", "switched_service", "unused", "other"},
	}
	if !c.hasAny("business_profile") && c.version < basil {
		c.fail(missingParam("business_profile"))
	}
	if !c.hasAny("features") {
		c.fail(missingParam("features"))
	}
	s.readPortalConfiguration(c, cfg, true)
	if c.err != nil {
		return nil, c.err
	}
	s.portalConfigurations.add(cfg.id, cfg)
	s.emit("billing_portal.configuration.created", cfg.object(), nil)
	return cfg.object(), nil
}

func (s *Sandbox) retrievePortalConfiguration(c *call) (object, *apiError) {
	cfg := s.portalConfigurations.get(c.id)
	if cfg == nil {
		return nil, notFound("configuration", c.id, "configuration")
	}
	return cfg.object(), nil
}

func (s *Sandbox) updatePortalConfiguration(c *call) (object, *apiError) {
	cfg := s.portalConfigurations.get(c.id)
	if cfg == nil {
		return nil, notFound("configuration", c.id, "configuration")
	}
	change := *cfg
	if c.has("active") {
		change.active = c.flag("active")
	}
	if cfg.isDefault && !change.active {
		c.fail(invalid("active", "", "You cannot deactivate the default configuration."))
	}
	s.readPortalConfiguration(c, &change, false)
	if c.err != nil {
		return nil, c.err
	}
	before := cfg.object()
	*cfg = change
	if len(changedAttributes(before, cfg.object())) > 0 {
		cfg.updated = s.nowUnix()
	}
	s.emitUpdated("billing_portal.configuration.updated", before, cfg.object())
	return cfg.object(), nil
}

func (s *Sandbox) listPortalConfigurations(c *call) (object, *apiError) {
	s.defaultPortalConfiguration()
	active, isDefault := c.equals("active"), c.equals("is_default")
	c.flag("active")
	c.flag("is_default")
	return page[*portalConfiguration]{
		noun: "configuration", items: s.portalConfigurations.newestFirst(),
		id: func(cfg *portalConfiguration) string { return cfg.id },
		keep: func(cfg *portalConfiguration) bool {
			return active(boolText(cfg.active)) && isDefault(boolText(cfg.isDefault))
		},
		object: (*portalConfiguration).object,
	}.serve(c)
}

// defaultPortalConfiguration is that of an account whose owner has switched on
// everything in the dashboard: it names no products, and offers all.
func (s *Sandbox) defaultPortalConfiguration() *portalConfiguration {
	for _, cfg := range s.portalConfigurations.order {
		if cfg.isDefault {
			return cfg
		}
	}
	now := s.nowUnix()
	cfg := &portalConfiguration{
		id: newID("bpc_1", 23), active: true, isDefault: true, created: now, updated: now,
		customerUpdate: true, customerUpdates: []string{"email", "address", "shipping", "phone", "tax_id"},
		invoiceHistory: true, paymentMethodUpdate: true,
		cancel: true, cancelMode: "at_period_end", asksReason: true,
		reasons: []string{"too_expensive", "missing_features", "switched_service", "unused", "customer_service", "too_complex", "low_quality", "other"},
		update:  true, updates: []string{"price", "quantity"}, proration: "create_prorations", trial: "end_trial",
	}
	s.portalConfigurations.add(cfg.id, cfg)
	return cfg
}

// allows tells whether a kind of update is among those of the configuration.
func (cfg *portalConfiguration) allows(update string) bool {
	return cfg.update && slices.Contains(cfg.updates, update)
}

// offers are the prices that a subscription in the currency may change to.
func (s *Sandbox) offers(cfg *portalConfiguration, currency string) []*price {
	var out []*price
	if len(cfg.products) == 0 && cfg.isDefault {
		out = append(out, s.prices.order...)
	}
	for _, product := range cfg.products {
		for _, id := range product.prices {
			out = append(out, s.prices.get(id))
		}
	}
	return slices.DeleteFunc(out, func(p *price) bool {
		return !p.active || !s.products.get(p.product).active || !p.recurring() || p.metered() || p.currency != currency
	})
}

// quantities are the bounds within which customers set a quantity of the product,
// and whether they may.
func (cfg *portalConfiguration) quantities(product string) (least, most int64, adjustable bool) {
	for _, p := range cfg.products {
		if p.id == product && p.most != 0 {
			return p.least, p.most, p.adjustable && cfg.allows("quantity")
		}
		if p.id == product {
			return p.least, maxQuantity, p.adjustable && cfg.allows("quantity")
		}
	}
	return 1, maxQuantity, cfg.allows("quantity")
}

func (cfg *portalConfiguration) object() object {
	texts := func(list []string) []string { return append([]string{}, list...) }
	return object{
		"id": cfg.id, "object": "billing_portal.configuration", "active": cfg.active, "application": nil,
		"business_profile": object{"headline": orNull(cfg.headline), "privacy_policy_url": orNull(cfg.privacyURL), "terms_of_service_url": orNull(cfg.termsURL)},
		"created":          cfg.created, "default_return_url": orNull(cfg.returnURL),
		"features": object{
			"customer_update":       object{"allowed_updates": texts(cfg.customerUpdates), "enabled": cfg.customerUpdate},
			"invoice_history":       object{"enabled": cfg.invoiceHistory},
			"payment_method_update": object{"enabled": cfg.paymentMethodUpdate},
			"subscription_cancel": object{
				"cancellation_reason": object{"enabled": cfg.asksReason, "options": texts(cfg.reasons)},
				"enabled":             cfg.cancel, "mode": cfg.cancelMode, "proration_behavior": "none",
			},
			"subscription_pause": object{"enabled": false},
			"subscription_update": object{
				"default_allowed_updates": texts(cfg.updates), "enabled": cfg.update, "proration_behavior": cfg.proration,
				"schedule_at_period_end": object{"conditions": []object{}}, "trial_update_behavior": cfg.trial, "billing_cycle_anchor": orNull(cfg.anchor),
			},
		},
		"is_default": cfg.isDefault, "livemode": false, "login_page": object{"enabled": false, "url": nil},
		"metadata": metadataObject(cfg.metadata), "name": orNull(cfg.name), "updated": cfg.updated,
	}
}

// expandPortalProducts shows the products of a configuration, which Stripe does only
// when it is asked to. o is in the version already.
func (s *Sandbox) expandPortalProducts(o object, version string) {
	update := o["features"].(object)["subscription_update"].(object)
	products := s.portalProductObjects(s.portalConfigurations.get(o["id"].(string)))
	kind := "billing_portal.configuration.features.subscription_update"
	update["products"] = shaped(object{"products": products}, kind, version)["products"]
}

func (s *Sandbox) portalProductObjects(cfg *portalConfiguration) []object {
	products := cfg.products
	if len(products) == 0 && cfg.isDefault {
		products = s.soldProducts()
	}
	out := []object{}
	for _, p := range products {
		out = append(out, object{
			"product": p.id, "prices": append([]string{}, p.prices...),
			"adjustable_quantity": object{"enabled": p.adjustable, "minimum": p.least, "maximum": orNull(p.most)},
		})
	}
	return out
}

// soldProducts are all that has a price to subscribe to.
func (s *Sandbox) soldProducts() []portalProduct {
	var out []portalProduct
	for _, product := range s.products.order {
		sold := portalProduct{id: product.id, adjustable: true, least: 1}
		for _, p := range s.prices.order {
			if p.product == product.id && product.active && p.active && p.recurring() && !p.metered() {
				sold.prices = append(sold.prices, p.id)
			}
		}
		if len(sold.prices) > 0 {
			out = append(out, sold)
		}
	}
	return out
}
