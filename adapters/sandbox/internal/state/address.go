package state

import "cmp"

// Reached is where pages are that no request says the address of.
func (a *Account) Reached() string { return cmp.Or(a.Base, a.ReachedAt) }
