package render

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/state"

// Renderer makes Stripe's objects of what the account has. Its methods are called with Mu
// held, and change nothing.
type Renderer struct {
	*state.Account
	NowUnix func() int64 // the account's time
}

// New returns a renderer of an account.
func New(account *state.Account, nowUnix func() int64) *Renderer {
	return &Renderer{Account: account, NowUnix: nowUnix}
}
