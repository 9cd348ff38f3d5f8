package sandbox

import (
	"net/url"
	"slices"
	"strconv"
	"time"
)

// cancelable says why the customer cannot cancel a subscription in the portal, or nil.
func cancelable(cfg *portalConfiguration, sub *subscription) *apiError {
	switch {
	case !cfg.cancel:
		return invalid("", "", "This subscription cannot be canceled because the subscription cancel feature in the portal configuration is disabled.")
	case sub.terminal():
		return invalid("", "", "The subscription %s is already canceled.", sub.id)
	case sub.cancelAt != 0:
		return invalid("", "", "The subscription %s is already set to be canceled at period end.", sub.id)
	}
	return nil
}

// updatable says why the customer cannot change a subscription in the portal, or nil.
// What the portal of Stripe cannot change it can still cancel.
func (s *Sandbox) updatable(cfg *portalConfiguration, sub *subscription) *apiError {
	refuse := func(why string) *apiError {
		return invalid("", "", "This subscription cannot be updated because %s.", why)
	}
	switch {
	case !cfg.update:
		return refuse("the subscription update feature in the portal configuration is disabled")
	case !slices.Contains([]string{"active", "trialing", "past_due"}, sub.status):
		return refuse("it is " + sub.status)
	case len(sub.items) > 1:
		return refuse("it has multiple items")
	case s.prices.get(sub.items[0].price).metered():
		return refuse("its price is metered")
	case sub.daysUntilDue > 0:
		return refuse("its collection method is `send_invoice`")
	}
	return nil
}

// refusesPortalChange says why the customer cannot change the subscription so, or nil.
func (s *Sandbox) refusesPortalChange(cfg *portalConfiguration, sub *subscription, priceID string, quantity int64) *apiError {
	if e := s.updatable(cfg, sub); e != nil {
		return e
	}
	now, p := sub.items[0], s.prices.get(priceID)
	switch {
	case p == nil:
		return missingReference("price", priceID, "")
	case priceID == now.price && quantity == now.quantity:
		return invalid("", "", "Cannot update the subscription %s because there are no changes to confirm.", sub.id)
	case !p.active:
		return invalid("", "", "The price specified is inactive. This field only accepts active prices.")
	case !slices.Contains(s.offers(cfg, sub.currency), p):
		return invalid("", "", "This subscription cannot be updated because the configuration does not include the price in its features[subscription_update][products].")
	case priceID != now.price && !cfg.allows("price"):
		return invalid("", "", "This subscription cannot be updated because the portal configuration does not include `price` in features[subscription_update][default_allowed_updates].")
	}
	least, most, adjustable := cfg.quantities(p.product)
	switch {
	case quantity == now.quantity:
	case !adjustable:
		return invalid("", "", "This subscription cannot be updated because the portal configuration does not include `quantity` in features[subscription_update][default_allowed_updates].")
	case quantity < least || quantity > most:
		return invalid("", "", "The quantity has to be from %d to %d.", least, most)
	}
	return nil
}

// portalChange changes the subscription's price and quantity as the portal does: what
// is due at once has to be paid at once, else nothing changes. An update ends a trial
// unless the configuration lets it go on.
func (s *Sandbox) portalChange(cfg *portalConfiguration, ps *portalSession, sub *subscription, priceID string, quantity int64) *apiError {
	if e := s.refusesPortalChange(cfg, sub, priceID, quantity); e != nil {
		return e
	}
	form := url.Values{
		"items[0][id]": {sub.items[0].id}, "proration_behavior": {cfg.proration}, "payment_behavior": {"error_if_incomplete"},
		"items[0][quantity]": {strconv.FormatInt(quantity, 10)},
	}
	if priceID != sub.items[0].price {
		form.Set("items[0][price]", priceID)
	}
	if cfg.endsTrial(sub) {
		if e := s.refusesPayment(sub, attempt{}); e != nil && s.prices.get(priceID).amount(quantity) > 0 {
			return e
		}
		form.Set("trial_end", "now")
	}
	e := s.updateAs(sub, form)
	if pm := s.methodOf(sub); e != nil && pm != nil && pm.asks(false) && !cfg.endsTrial(sub) {
		return s.askInPortal(ps, sub, form)
	}
	return e
}

// askInPortal has a change wait for the owner of the card that is to pay for it.
func (s *Sandbox) askInPortal(ps *portalSession, sub *subscription, form url.Values) *apiError {
	form.Set("payment_behavior", "pending_if_incomplete")
	if e := s.updateAs(sub, form); e != nil {
		return e
	}
	pi := s.paymentIntents.get(s.invoices.get(sub.latestInvoice).paymentIntent)
	pi.portal = ps.id
	return asksOwner(pi.id)
}

func (cfg *portalConfiguration) endsTrial(sub *subscription) bool {
	return sub.status == "trialing" && cfg.trial == "end_trial"
}

// portalCustomer goes the way of POST /v1/customers/{id}.
func (s *Sandbox) portalCustomer(cu *customer, form url.Values) *apiError {
	_, e := s.updateCustomer(&call{params: params{form: form}, id: cu.id, version: accountVersion})
	return e
}

// updateAs goes the way of POST /v1/subscriptions/{id}, for the same checks and events.
func (s *Sandbox) updateAs(sub *subscription, form url.Values) *apiError {
	_, e := s.updateSubscription(&call{params: params{form: form}, id: sub.id, version: accountVersion})
	return e
}

// portalCancel cancels as the configuration says. The reason is asked afterwards, so it
// comes with an event of its own.
func (s *Sandbox) portalCancel(cfg *portalConfiguration, sub *subscription, feedback, comment string) *apiError {
	e := cancelable(cfg, sub)
	switch {
	case e != nil:
	case cfg.cancelMode == "immediately":
		s.cancelNow(sub)
	case sub.flexible:
		e = s.updateAs(sub, url.Values{"cancel_at": {strconv.FormatInt(sub.nextEnd(), 10)}})
	default:
		e = s.updateAs(sub, url.Values{"cancel_at_period_end": {"true"}})
	}
	if e != nil || feedback == "" && comment == "" {
		return e
	}
	return s.updateAs(sub, url.Values{"cancellation_details[feedback]": {feedback}, "cancellation_details[comment]": {comment}})
}

// portalResume takes a cancellation back that has not taken effect.
func (s *Sandbox) portalResume(cfg *portalConfiguration, sub *subscription) *apiError {
	switch {
	case !cfg.cancel:
		return invalid("", "", "This subscription cannot be renewed because the subscription cancel feature in the portal configuration is disabled.")
	case sub.terminal() || sub.cancelAt == 0:
		return invalid("", "", "The subscription %s is not set to be canceled.", sub.id)
	}
	return s.updateAs(sub, url.Values{"cancel_at_period_end": {"false"}})
}

// portalCard keeps another card for all that the customer pays from now on.
func (s *Sandbox) portalCard(cfg *portalConfiguration, ps *portalSession, cu *customer, number string) *apiError {
	if !cfg.paymentMethodUpdate {
		return invalid("", "", "The payment method cannot be updated because the payment method update feature in the portal configuration is disabled.")
	}
	if !isTestCard(number) {
		return unknownCard()
	}
	si := &setupIntent{customer: cu.id, methodTypes: []string{"card"}, portal: ps.id}
	s.addSetupIntent(si)
	pm := s.addCard(number, time.Time{})
	pm.cvc = true
	if e := s.confirmSetup(si, pm, ""); e != nil {
		return e
	}
	if si.status == "requires_action" {
		return asksOwner(si.id)
	}
	return nil
}

// payWithFromNow makes a method the default of the customer and its subscriptions.
func (s *Sandbox) payWithFromNow(cu *customer, pm *paymentMethod) {
	s.setCustomerMethod(cu, pm.id)
	for _, sub := range s.subscriptions.order {
		if sub.customer == cu.id && !sub.terminal() {
			s.setMethod(sub, pm.id)
		}
	}
}
