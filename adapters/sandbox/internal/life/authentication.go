package life

import (
	"net/http"
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// AskOwner has a payment wait for the owner of the card.
func (s *Stripe) AskOwner(pi *state.PaymentIntent, pm *state.PaymentMethod, returnURL string) {
	pi.Status, pi.PaymentMethod, pi.ReturnURL, pi.LastError = "requires_action", pm.ID, returnURL, nil
	pi.Hosted, pi.Portal = false, ""
	s.Emit("payment_intent.requires_action", s.Render.PaymentIntent(pi), nil)
	if in := s.Invoices.Get(pi.Invoice); in != nil {
		s.Emit("invoice.payment_action_required", s.Render.Invoice(in), nil)
	}
}

// AsksOwner is the answer to a buyer whose card asks. id is what waits.
func AsksOwner(id string) *wire.Error {
	return &wire.Error{Status: http.StatusPaymentRequired, Kind: "card_error", Code: "authentication_required", Asked: id,
		Message: "Your bank wants you to authenticate."}
}

// authenticationFailed is the error of an intent whose owner was not recognized.
func authenticationFailed(intent string) *wire.Error {
	return &wire.Error{Status: http.StatusPaymentRequired, Kind: "invalid_request_error", Code: intent + "_authentication_failure",
		Message: "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again."}
}

// Asked is something that waits for a card's owner: one of the three.
type Asked struct {
	Session *state.Session
	Payment *state.PaymentIntent
	Setup   *state.SetupIntent
}

// Waiting is all that waits for a card's owner: sessions, then payments, then setups, of
// each the newest first. What a session asks for is there twice. Mu is held.
func (s *Stripe) Waiting() (all []Asked) {
	for _, cs := range s.Sessions.NewestFirst() {
		if cs.Asking != "" && cs.OpenUntil(s.Now()) {
			all = append(all, Asked{Session: cs})
		}
	}
	for _, pi := range s.PaymentIntents.NewestFirst() {
		if pi.Status == "requires_action" {
			all = append(all, Asked{Payment: pi})
		}
	}
	for _, si := range s.SetupIntents.NewestFirst() {
		if si.Status == "requires_action" {
			all = append(all, Asked{Setup: si})
		}
	}
	return all
}

// AskedFor finds what waits under an id that leads to it: of a session, an intent, an
// invoice, a subscription or a customer. Mu is held.
func (s *Stripe) AskedFor(id string) (Asked, bool) {
	if id == "" {
		return Asked{}, false // else it would be that of all that has no customer
	}
	for _, a := range s.Waiting() {
		if slices.Contains(s.leadsTo(a), id) {
			return a, true
		}
	}
	return Asked{}, false
}

// leadsTo are the ids that lead to what waits.
func (s *Stripe) leadsTo(a Asked) []string {
	switch {
	case a.Session != nil:
		cs := a.Session
		return []string{cs.ID, cs.PaymentIntent, cs.SetupIntent, cs.Customer, cs.Subscription}
	case a.Payment != nil:
		ids := []string{a.Payment.ID, a.Payment.Customer}
		if in := s.Invoices.Get(a.Payment.Invoice); in != nil {
			ids = append(ids, in.ID, in.Subscription)
		}
		return ids
	}
	ids := []string{a.Setup.ID, a.Setup.Customer}
	if a.Setup.Subscription != "" {
		ids = append(ids, a.Setup.Subscription)
	}
	return ids
}

// AskedAbout is the payment that waits, nil if a card is only saved, and the card.
func (s *Stripe) AskedAbout(a Asked) (*state.PaymentIntent, *state.PaymentMethod) {
	switch {
	case a.Session != nil:
		return s.PaymentIntents.Get(a.Session.PaymentIntent), s.PaymentMethods.Get(a.Session.Asking)
	case a.Setup != nil:
		return nil, s.PaymentMethods.Get(a.Setup.PaymentMethod)
	}
	return a.Payment, s.PaymentMethods.Get(a.Payment.PaymentMethod)
}

// Answered goes on where the owner's answer was waited for, and says why that does not
// end well.
func (s *Stripe) Answered(a Asked, recognized bool) *wire.Error {
	switch {
	case a.Session != nil:
		return s.answeredSession(a.Session, recognized)
	case a.Payment != nil:
		return s.answeredPayment(a.Payment, recognized)
	case !recognized:
		return s.failSetup(a.Setup, s.PaymentMethods.Get(a.Setup.PaymentMethod), authenticationFailed("setup_intent"))
	}
	return s.keepSetup(a.Setup, s.PaymentMethods.Get(a.Setup.PaymentMethod))
}

// answeredSession pays an open Checkout Session with the card that has asked.
func (s *Stripe) answeredSession(cs *state.Session, recognized bool) *wire.Error {
	pm := s.PaymentMethods.Get(cs.Asking)
	if recognized {
		pm.SetUp = pm.SetUp || s.PaymentIntents.Get(cs.PaymentIntent) == nil // it is kept for what is to pay later
		return s.payBy(cs, pm, "", true)
	}
	cs.Asking = ""
	if si := s.SetupIntents.Get(cs.SetupIntent); si != nil {
		return s.failSetup(si, pm, authenticationFailed("setup_intent"))
	}
	if pi := s.PaymentIntents.Get(cs.PaymentIntent); pi != nil {
		return s.failAuthentication(pi)
	}
	return authenticationFailed("setup_intent")
}

// authenticated takes the amount of an intent whose card's owner has authenticated.
func (s *Stripe) authenticated(pi *state.PaymentIntent) *wire.Error {
	pm := s.PaymentMethods.Get(pi.PaymentMethod)
	in := s.Invoices.Get(pi.Invoice)
	if in == nil {
		return s.confirmed(pi, pm, Attempt{Authenticated: true})
	}
	s.BeginInvoiceUpdate(in)
	in.Attempts = max(in.Attempts, 1) - 1 // it is the end of the attempt that has asked
	return s.PayWith(in, pm, Attempt{Authenticated: true})
}

// answeredPayment goes on with a payment. A change in the portal that is not paid is not
// made.
func (s *Stripe) answeredPayment(pi *state.PaymentIntent, recognized bool) *wire.Error {
	answer := s.failAuthentication
	if recognized {
		answer = s.authenticated
	}
	e := answer(pi)
	if in := s.Invoices.Get(pi.Invoice); e != nil && pi.Portal != "" && in != nil {
		if sub := s.Subscriptions.Get(in.Subscription); sub != nil && sub.Update != nil && sub.Update.Invoice == in.ID {
			s.ExpireUpdate(sub)
		}
	}
	return e
}

// failAuthentication ends the attempt to pay; nothing was charged.
func (s *Stripe) failAuthentication(pi *state.PaymentIntent) *wire.Error {
	why := authenticationFailed("payment_intent")
	s.refuseIntent(pi, why)
	if in := s.Invoices.Get(pi.Invoice); in != nil {
		s.Emit("invoice.payment_failed", s.Render.Invoice(in), nil)
	}
	return why
}
