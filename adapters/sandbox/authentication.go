package sandbox

import (
	"errors"
	"fmt"
	"net/http"
)

// This file has cards whose owner has to authenticate (3D Secure): an intent waits in
// requires_action until the owner has been at the bank's page, or a test says how it ends.

// ErrAuthenticationRequired is returned for a card whose owner has to authenticate first:
// see Authenticate and FailAuthentication.
var ErrAuthenticationRequired = errors.New("sandbox: the card's owner has to authenticate")

// asks tells whether the bank wants the owner of the method to authenticate. offSession
// is a payment that the owner is not there for.
func (pm *paymentMethod) asks(offSession bool) bool {
	if pm.kind != "card" {
		return false
	}
	switch pm.card().asks {
	case asksAlways:
		return true
	case asksUntilKept:
		return !offSession || !pm.setUp
	case asksPresent:
		return !offSession
	default:
		return false
	}
}

// askOwner has a payment wait for the owner of the card.
func (s *Sandbox) askOwner(pi *paymentIntent, pm *paymentMethod, returnURL string) {
	pi.status, pi.paymentMethod, pi.returnURL, pi.lastError = "requires_action", pm.id, returnURL, nil
	pi.hosted, pi.portal = false, ""
	s.emit("payment_intent.requires_action", s.paymentIntentObject(pi), nil)
	if in := s.invoices.get(pi.invoice); in != nil {
		s.emit("invoice.payment_action_required", s.invoiceObject(in), nil)
	}
}

// asksOwner is the answer to a buyer whose card asks. id is what waits.
func asksOwner(id string) *apiError {
	return &apiError{status: http.StatusPaymentRequired, kind: "card_error", code: "authentication_required", asked: id,
		message: "Your bank wants you to authenticate."}
}

// authenticationFailed is the error of an intent whose owner was not recognized.
func authenticationFailed(intent string) *apiError {
	return &apiError{status: http.StatusPaymentRequired, kind: "invalid_request_error", code: intent + "_authentication_failure",
		message: "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again."}
}

// asked is something that waits for a card's owner: one of the three.
type asked struct {
	session *session
	payment *paymentIntent
	setup   *setupIntent
}

// askedFor finds what waits under an id that leads to it: of a session, an intent, an
// invoice, a subscription or a customer. mu is held.
func (s *Sandbox) askedFor(id string) (asked, bool) {
	if id == "" {
		return asked{}, false // else it would be that of all that has no customer
	}
	for _, cs := range s.sessions.newestFirst() {
		if cs.asking != "" && cs.openUntil(s.now()) && (id == cs.id || id == cs.paymentIntent || id == cs.setupIntent || id == cs.customer || id == cs.subscription) {
			return asked{session: cs}, true
		}
	}
	for _, pi := range s.paymentIntents.newestFirst() {
		in := s.invoices.get(pi.invoice)
		if pi.status == "requires_action" && (id == pi.id || id == pi.customer || in != nil && (id == in.id || id == in.subscription)) {
			return asked{payment: pi}, true
		}
	}
	for _, si := range s.setupIntents.newestFirst() {
		of := si.subscription
		if si.status == "requires_action" && (id == si.id || id == si.customer || of != nil && id == of.id) {
			return asked{setup: si}, true
		}
	}
	return asked{}, false
}

// answered goes on where the owner's answer was waited for, and says why that does not
// end well.
func (s *Sandbox) answered(a asked, recognized bool) *apiError {
	switch {
	case a.session != nil:
		return s.answeredSession(a.session, recognized)
	case a.payment != nil:
		return s.answeredPayment(a.payment, recognized)
	case !recognized:
		return s.failSetup(a.setup, s.paymentMethods.get(a.setup.paymentMethod), authenticationFailed("setup_intent"))
	}
	return s.keepSetup(a.setup, s.paymentMethods.get(a.setup.paymentMethod))
}

// answeredSession pays an open Checkout Session with the card that has asked.
func (s *Sandbox) answeredSession(cs *session, recognized bool) *apiError {
	pm := s.paymentMethods.get(cs.asking)
	if recognized {
		pm.setUp = pm.setUp || s.paymentIntents.get(cs.paymentIntent) == nil // it is kept for what is to pay later
		return s.payBy(cs, pm, "", true)
	}
	cs.asking = ""
	if si := s.setupIntents.get(cs.setupIntent); si != nil {
		return s.failSetup(si, pm, authenticationFailed("setup_intent"))
	}
	if pi := s.paymentIntents.get(cs.paymentIntent); pi != nil {
		return s.failAuthentication(pi)
	}
	return authenticationFailed("setup_intent")
}

// authenticated takes the amount of an intent whose card's owner has authenticated.
func (s *Sandbox) authenticated(pi *paymentIntent) *apiError {
	pm := s.paymentMethods.get(pi.paymentMethod)
	in := s.invoices.get(pi.invoice)
	if in == nil {
		return s.confirmed(pi, pm, attempt{authenticated: true})
	}
	attempts := max(in.attempts, 1)
	e := s.payWith(in, pm, attempt{authenticated: true})
	in.attempts = attempts // it is the end of the attempt that has asked
	return e
}

// answeredPayment goes on with a payment. A change in the portal that is not paid is not
// made.
func (s *Sandbox) answeredPayment(pi *paymentIntent, recognized bool) *apiError {
	answer := s.failAuthentication
	if recognized {
		answer = s.authenticated
	}
	e := answer(pi)
	if in := s.invoices.get(pi.invoice); e != nil && pi.portal != "" && in != nil {
		if sub := s.subscriptions.get(in.subscription); sub != nil && sub.update != nil && sub.update.invoice == in.id {
			s.expireUpdate(sub)
		}
	}
	return e
}

// failAuthentication ends the attempt to pay; nothing was charged.
func (s *Sandbox) failAuthentication(pi *paymentIntent) *apiError {
	why := authenticationFailed("payment_intent")
	s.refuseIntent(pi, why)
	if in := s.invoices.get(pi.invoice); in != nil {
		s.emit("invoice.payment_failed", s.invoiceObject(in), nil)
	}
	return why
}

// Authenticate has the owner of a card, whose bank asks for it, authenticate: what waited
// goes on. It is named by the id of the checkout session, the payment or setup intent, the
// invoice, the subscription or the customer. It returns ErrDeclined for a card that is
// declined all the same.
func (s *Sandbox) Authenticate(id string) error { return s.answerBank(id, true) }

// FailAuthentication has the owner of a card fail to authenticate; see Authenticate for
// how it is named. Nothing is paid, and another card may be tried.
func (s *Sandbox) FailAuthentication(id string) error { return s.answerBank(id, false) }

func (s *Sandbox) answerBank(id string, recognized bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, found := s.askedFor(id)
	if !found {
		return fmt.Errorf("sandbox: nothing waits for the owner of a card under %s: "+
			"use a card that asks, such as 4000 0027 6000 3184, and name its session, intent, invoice, subscription or customer", id)
	}
	e := s.answered(a, recognized)
	s.leavePortal(a, e == nil)
	if !recognized {
		return nil
	}
	return buyerError(e, id)
}

// buyerError is the error as those who drive the sandbox know it; id is what it is about.
func buyerError(e *apiError, id string) error {
	switch {
	case e == nil:
		return nil
	case e.asked != "":
		return fmt.Errorf("%w: %s", ErrAuthenticationRequired, e.asked)
	case e.declined():
		return fmt.Errorf("%w: %s: %s", ErrDeclined, id, e.message)
	}
	return fmt.Errorf("sandbox: %s", e.message)
}
