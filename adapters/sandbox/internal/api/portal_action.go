package api

import (
	"net/url"
	"strconv"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// PortalChange changes the subscription's price and quantity as the portal does: what
// is due at once has to be paid at once, else nothing changes. An update ends a trial
// unless the configuration lets it go on.
func (s *Server) PortalChange(cfg *state.PortalConfiguration, ps *state.PortalSession, sub *state.Subscription, priceID string, quantity int64) *wire.Error {
	if e := s.RefusesPortalChange(cfg, sub, priceID, quantity); e != nil {
		return e
	}
	form := url.Values{
		"items[0][id]": {sub.Items[0].ID}, "proration_behavior": {cfg.Proration}, "payment_behavior": {"error_if_incomplete"},
		"items[0][quantity]": {strconv.FormatInt(quantity, 10)},
	}
	if priceID != sub.Items[0].Price {
		form.Set("items[0][price]", priceID)
	}
	if cfg.EndsTrial(sub) {
		if e := s.RefusesPayment(sub, life.Attempt{}); e != nil && s.PriceIn(priceID, sub.Currency).Amount(quantity) > 0 {
			return e
		}
		form.Set("trial_end", "now")
	}
	e := s.updateAs(sub, form)
	if pm := s.MethodOf(sub); e != nil && pm != nil && pm.Asks(false) && !cfg.EndsTrial(sub) {
		return s.askInPortal(ps, sub, form)
	}
	return e
}

// askInPortal has a change wait for the owner of the card that is to pay for it.
func (s *Server) askInPortal(ps *state.PortalSession, sub *state.Subscription, form url.Values) *wire.Error {
	form.Set("payment_behavior", "pending_if_incomplete")
	if e := s.updateAs(sub, form); e != nil {
		return e
	}
	pi := s.PaymentIntents.Get(s.Invoices.Get(sub.LatestInvoice).PaymentIntent)
	pi.Portal = ps.ID
	return life.AsksOwner(pi.ID)
}

// PortalCustomer goes the way of POST /v1/customers/{id}.
func (s *Server) PortalCustomer(cu *state.Customer, form url.Values) *wire.Error {
	_, e := s.updateCustomer(&Call{Params: wire.Params{Form: form}, id: cu.ID, Version: wire.AccountVersion})
	return e
}

// updateAs goes the way of POST /v1/subscriptions/{id}, for the same checks and events.
func (s *Server) updateAs(sub *state.Subscription, form url.Values) *wire.Error {
	_, e := s.updateSubscription(&Call{Params: wire.Params{Form: form}, id: sub.ID, Version: wire.AccountVersion})
	return e
}

// PortalCancel cancels as the configuration says. The reason is asked afterwards, so it
// comes with an event of its own.
func (s *Server) PortalCancel(cfg *state.PortalConfiguration, sub *state.Subscription, feedback, comment string) *wire.Error {
	e := life.Cancelable(cfg, sub)
	switch {
	case e != nil:
	case cfg.CancelMode == "immediately":
		s.CancelNow(sub)
	case sub.Flexible:
		e = s.updateAs(sub, url.Values{"cancel_at": {strconv.FormatInt(sub.NextEnd(), 10)}})
	default:
		e = s.updateAs(sub, url.Values{"cancel_at_period_end": {"true"}})
	}
	if e != nil || feedback == "" && comment == "" {
		return e
	}
	return s.updateAs(sub, url.Values{"cancellation_details[feedback]": {feedback}, "cancellation_details[comment]": {comment}})
}

// PortalResume takes a cancellation back that has not taken effect.
func (s *Server) PortalResume(cfg *state.PortalConfiguration, sub *state.Subscription) *wire.Error {
	switch {
	case !cfg.Cancel:
		return wire.Invalid("", "", "This subscription cannot be renewed because the subscription cancel feature in the portal configuration is disabled.")
	case sub.Terminal() || sub.CancelAt == 0:
		return wire.Invalid("", "", "The subscription %s is not set to be canceled.", sub.ID)
	}
	return s.updateAs(sub, url.Values{"cancel_at_period_end": {"false"}})
}
