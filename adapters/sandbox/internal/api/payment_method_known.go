package api

import (
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// knownDebit is Stripe's name of a bank account that pays.
const knownDebit = "pm_usBankAccount_success"

// method is the one with the id. Stripe's test methods make a new one each time; nil
// for none.
func (s *Server) method(id string) *state.PaymentMethod {
	if name, is := strings.CutPrefix(id, "pm_card_"); is && state.CardsByName[name] != nil {
		return s.AddCard(state.CardsByName[name].Number, s.Now().AddDate(1, 0, 0))
	}
	if id == knownDebit {
		return s.AddMethod(&state.PaymentMethod{Kind: "us_bank_account"})
	}
	return s.PaymentMethods.Get(id)
}

// known tells whether there is a method with the id, without making one.
func (s *Server) known(id string) bool {
	name, is := strings.CutPrefix(id, "pm_card_")
	return is && state.CardsByName[name] != nil || id == knownDebit || s.PaymentMethods.Get(id) != nil
}
