package life

import (
	"slices"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Cancelable says why the customer cannot cancel a subscription in the portal, or nil.
func Cancelable(cfg *state.PortalConfiguration, sub *state.Subscription) *wire.Error {
	switch {
	case !cfg.Cancel:
		return wire.Invalid("", "", "This subscription cannot be canceled because the subscription cancel feature in the portal configuration is disabled.")
	case sub.Terminal():
		return wire.Invalid("", "", "The subscription %s is already canceled.", sub.ID)
	case sub.CancelAt != 0:
		return wire.Invalid("", "", "The subscription %s is already set to be canceled at period end.", sub.ID)
	}
	return nil
}

// Updatable says why the customer cannot change a subscription in the portal, or nil.
// What the portal of Stripe cannot change it can still cancel.
func (s *Stripe) Updatable(cfg *state.PortalConfiguration, sub *state.Subscription) *wire.Error {
	refuse := func(why string) *wire.Error {
		return wire.Invalid("", "", "This subscription cannot be updated because %s.", why)
	}
	switch {
	case !cfg.Update:
		return refuse("the subscription update feature in the portal configuration is disabled")
	case !slices.Contains([]string{"active", "trialing", "past_due"}, sub.Status):
		return refuse("it is " + sub.Status)
	case len(sub.Items) > 1:
		return refuse("it has multiple items")
	case s.Prices.Get(sub.Items[0].Price).Metered():
		return refuse("its price is metered")
	case sub.DaysUntilDue > 0:
		return refuse("its collection method is `send_invoice`")
	}
	return nil
}

// RefusesPortalChange says why the customer cannot change the subscription so, or nil.
func (s *Stripe) RefusesPortalChange(cfg *state.PortalConfiguration, sub *state.Subscription, priceID string, quantity int64) *wire.Error {
	if e := s.Updatable(cfg, sub); e != nil {
		return e
	}
	now, p := sub.Items[0], s.Prices.Get(priceID)
	switch {
	case p == nil:
		return wire.MissingReference("price", priceID, "")
	case priceID == now.Price && quantity == now.Quantity:
		return wire.Invalid("", "", "Cannot update the subscription %s because there are no changes to confirm.", sub.ID)
	case !p.Active:
		return wire.Invalid("", "", "The price specified is inactive. This field only accepts active prices.")
	case !slices.Contains(s.Offers(cfg, sub.Currency), p):
		return wire.Invalid("", "", "This subscription cannot be updated because the configuration does not include the price in its features[subscription_update][products].")
	case priceID != now.Price && !cfg.Allows("price"):
		return wire.Invalid("", "", "This subscription cannot be updated because the portal configuration does not include `price` in features[subscription_update][default_allowed_updates].")
	}
	least, most, adjustable := cfg.Quantities(p.Product)
	switch {
	case quantity == now.Quantity:
	case !adjustable:
		return wire.Invalid("", "", "This subscription cannot be updated because the portal configuration does not include `quantity` in features[subscription_update][default_allowed_updates].")
	case quantity < least || quantity > most:
		return wire.Invalid("", "", "The quantity has to be from %d to %d.", least, most)
	}
	return nil
}

// PortalCard keeps another card for all that the customer pays from now on.
func (s *Stripe) PortalCard(cfg *state.PortalConfiguration, ps *state.PortalSession, cu *state.Customer, number string) *wire.Error {
	if !cfg.PaymentMethodUpdate {
		return wire.Invalid("", "", "The payment method cannot be updated because the payment method update feature in the portal configuration is disabled.")
	}
	if !state.IsTestCard(number) {
		return state.UnknownCard()
	}
	si := &state.SetupIntent{Customer: cu.ID, MethodTypes: []string{"card"}, Portal: ps.ID}
	s.AddSetupIntent(si)
	pm := s.AddCard(number, time.Time{})
	pm.CVC = true
	if e := s.ConfirmSetup(si, pm, ""); e != nil {
		return e
	}
	if si.Status == "requires_action" {
		return AsksOwner(si.ID)
	}
	return nil
}

// payWithFromNow makes a method the default of the customer and its subscriptions.
func (s *Stripe) payWithFromNow(cu *state.Customer, pm *state.PaymentMethod) {
	s.SetCustomerMethod(cu, pm.ID)
	for _, sub := range s.Subscriptions.Order {
		if sub.Customer == cu.ID && !sub.Terminal() {
			s.SetMethod(sub, pm.ID)
		}
	}
}

// DefaultPortalConfiguration is that of an account whose owner has switched on
// everything in the dashboard: it names no products, and offers all.
func (s *Stripe) DefaultPortalConfiguration() *state.PortalConfiguration {
	for _, cfg := range s.PortalConfigurations.Order {
		if cfg.IsDefault {
			return cfg
		}
	}
	now := s.NowUnix()
	cfg := &state.PortalConfiguration{
		ID: wire.NewID("bpc_1", 23), Active: true, IsDefault: true, Created: now, Updated: now,
		CustomerUpdate: true, CustomerUpdates: []string{"email", "address", "shipping", "phone", "tax_id"},
		InvoiceHistory: true, PaymentMethodUpdate: true,
		Cancel: true, CancelMode: "at_period_end", AsksReason: true,
		Reasons: []string{"too_expensive", "missing_features", "switched_service", "unused", "customer_service", "too_complex", "low_quality", "other"},
		Update:  true, Updates: []string{"price", "quantity"}, Proration: "create_prorations", Trial: "end_trial",
	}
	s.PortalConfigurations.Add(cfg.ID, cfg)
	return cfg
}

// Offers are the prices that a subscription in the currency may change to.
func (s *Stripe) Offers(cfg *state.PortalConfiguration, currency string) []*state.Price {
	var out []*state.Price
	if len(cfg.Products) == 0 && cfg.IsDefault {
		out = append(out, s.Prices.Order...)
	}
	for _, product := range cfg.Products {
		for _, id := range product.Prices {
			out = append(out, s.Prices.Get(id))
		}
	}
	return slices.DeleteFunc(out, func(p *state.Price) bool {
		return !p.Active || !s.Products.Get(p.Product).Active || !p.Recurring() || p.Metered() || p.In(currency) == nil
	})
}
