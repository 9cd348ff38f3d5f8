package chaos

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/state"

// Chaos is what is to go wrong: what was planned, and what a seed decides. Mu guards it.
type Chaos struct {
	*state.Account

	Dice    *dice // nil: nothing goes wrong by itself
	Planned []PlannedFault
}

// New returns a Stripe as nobody has it: nothing goes wrong.
func New(account *state.Account) *Chaos { return &Chaos{Account: account} }
