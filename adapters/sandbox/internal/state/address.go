package state

import "cmp"

// Reached is where pages are that no request says the address of.
func (a *Account) Reached() string { return cmp.Or(a.Base, a.ReachedAt) }

// MovePages has the pages that are linked already be where base says.
func (c *Contents) MovePages(base string) {
	for _, cs := range c.Sessions.Order {
		if cs.URL != "" {
			cs.URL = base + cs.PagePath()
		}
	}
	for _, ps := range c.PortalSessions.Order {
		ps.Base = base
	}
}

// PagePath is where the session's page is.
func (cs *Session) PagePath() string { return "/c/pay/" + cs.ID }
