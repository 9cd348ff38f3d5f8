package sandbox

import (
	"errors"
	"fmt"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// This file has cards whose owner has to authenticate (3D Secure): an intent waits in
// requires_action until the owner has been at the bank's page, or a test says how it ends.

// ErrAuthenticationRequired is returned for a card whose owner has to authenticate first:
// see Authenticate and FailAuthentication.
var ErrAuthenticationRequired = errors.New("sandbox: the card's owner has to authenticate")

// Authenticate has the owner of a card, whose bank asks for it, authenticate: what waited
// goes on. It is named by the id of the checkout session, the payment or setup intent, the
// invoice, the subscription or the customer. It returns ErrDeclined for a card that is
// declined all the same.
func (s *Sandbox) Authenticate(id string) error { return s.answerBank(id, true) }

// FailAuthentication has the owner of a card fail to authenticate; see Authenticate for
// how it is named. Nothing is paid, and another card may be tried.
func (s *Sandbox) FailAuthentication(id string) error { return s.answerBank(id, false) }

// AuthenticationState is something that waits for the owner of a card to authenticate.
type AuthenticationState struct {
	ID       string // of the checkout session or the intent, which Authenticate takes
	Customer string // empty if there is none yet
	Card     string // as a buyer is shown it
	Currency string
	Amount   int64 // minor units; zero if the card is only saved
}

// Authentications returns all that waits for the owner of a card.
func (s *Sandbox) Authentications() []AuthenticationState {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	out := []AuthenticationState{}
	ofSessions := map[string]bool{}
	for _, a := range s.stripe.Waiting() {
		pi, card := s.stripe.AskedAbout(a)
		st := AuthenticationState{Card: card.Shown()}
		if pi != nil {
			st.Currency, st.Amount = pi.Currency, pi.Amount
		}
		switch {
		case a.Session != nil:
			st.ID, st.Customer = a.Session.ID, a.Session.Customer
			ofSessions[a.Session.PaymentIntent], ofSessions[a.Session.SetupIntent] = true, true
		case a.Payment != nil:
			st.ID, st.Customer = pi.ID, pi.Customer
		default:
			st.ID, st.Customer = a.Setup.ID, a.Setup.Customer
		}
		if !ofSessions[st.ID] {
			out = append(out, st)
		}
	}
	return out
}

func (s *Sandbox) answerBank(id string, recognized bool) error {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	a, found := s.stripe.AskedFor(id)
	if !found {
		return fmt.Errorf("sandbox: nothing waits for the owner of a card under %s: "+
			"use a card that asks, such as 4000 0027 6000 3184, and name its session, intent, invoice, subscription or customer", id)
	}
	e := s.stripe.Answered(a, recognized)
	s.pages.LeavePortal(a, e == nil)
	if !recognized {
		return nil
	}
	return buyerError(e, id)
}

// buyerError is the error as those who drive the sandbox know it; id is what it is about.
func buyerError(e *wire.Error, id string) error {
	switch {
	case e == nil:
		return nil
	case e.Asked != "":
		return fmt.Errorf("%w: %s", ErrAuthenticationRequired, e.Asked)
	case e.Declined():
		return fmt.Errorf("%w: %s: %s", ErrDeclined, id, e.Message)
	}
	return fmt.Errorf("sandbox: %s", e.Message)
}
