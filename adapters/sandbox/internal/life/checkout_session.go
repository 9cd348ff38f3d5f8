package life

import (
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// ExpireLater ends a session at its ExpiresAt, if it is still open then.
func (s *Stripe) ExpireLater(cs *state.Session) {
	s.At(time.Unix(cs.ExpiresAt, 0), state.Timer{Kind: sessionExpires, About: cs.ID})
}

func (s *Stripe) expireOpen(t state.Timer) {
	if cs := s.Sessions.Get(t.About); cs.Status == "open" {
		s.ExpireSession(cs)
	}
}

// ExpireSession ends an open session. What a declined attempt left behind ends too.
func (s *Stripe) ExpireSession(cs *state.Session) {
	cs.Status, cs.URL = "expired", ""
	if cs.Attempted {
		s.abandonAttempt(cs)
	}
	if si := s.SetupIntents.Get(cs.SetupIntent); si != nil {
		s.CancelSetup(si, "abandoned")
	}
	s.Emit("checkout.session.expired", s.Render.Session(cs), nil)
}

// DebitType is the bank debit that Stripe offers for the session's currency.
func DebitType(currency string) string {
	switch currency {
	case "usd":
		return "us_bank_account"
	case "gbp":
		return "bacs_debit"
	}
	return "sepa_debit"
}
