package domain

import "time"

// Grant is a right that a person gave: a favor, a partner, a contract outside
// Stripe. No event of Stripe's touches it.
type Grant struct {
	ID      GrantID
	Feature FeatureKey
	Value   Value
	Since   time.Time // UTC
	Until   time.Time // UTC, exclusive; zero: no end
	Reason  string    // why, for whoever asks later
	By      string    // who gave it

	CreatedAt     time.Time // UTC
	RevokedAt     time.Time // UTC; zero: it was not
	RevokedBy     string
	RevokedReason string
}

// WithGrant returns the account with a grant added or replaced.
func (a Account) WithGrant(g Grant) Account {
	a = a.Clone()
	a.Grants[g.ID] = g
	return a
}
