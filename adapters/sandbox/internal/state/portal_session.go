package state

import "time"

// PortalSession lets one customer into the billing portal.
type PortalSession struct {
	ID, Customer, Configuration string
	ReturnURL, Locale, Base     string
	Created, Visited            int64
	Flow                        *PortalFlow // the one thing that it was made for, if so
}

// Stripe ends a session that nobody visits, and one that nobody uses any more.
const (
	portalUnvisited = 5 * time.Minute
	portalIdle      = time.Hour
)

// URL is where the portal is.
func (ps *PortalSession) URL() string { return ps.Base + ps.Path() }

// Path is that of its first page.
func (ps *PortalSession) Path() string { return "/p/session/" + ps.ID }

// OpenAt tells whether the portal still lets the customer in.
func (ps *PortalSession) OpenAt(now time.Time) bool {
	if ps.Visited == 0 {
		return now.Before(time.Unix(ps.Created, 0).Add(portalUnvisited))
	}
	return now.Before(time.Unix(ps.Visited, 0).Add(portalIdle))
}

// PortalFlow is the one thing that a session of the portal was made for.
type PortalFlow struct {
	Kind, Subscription string
	Item, Price        string // of a change to be confirmed
	Quantity           int64  // of a change to be confirmed, 0 if it was not given
	After              string // after_completion
	Redirect, Message  string // of after_completion
	Done               bool
}

// Change is what the flow makes of the subscription's one item.
func (f *PortalFlow) Change(sub *Subscription) (price string, quantity int64) {
	price, quantity = sub.Items[0].Price, sub.Items[0].Quantity
	if f.Price != "" {
		price = f.Price
	}
	if f.Quantity != 0 {
		quantity = f.Quantity
	}
	return price, quantity
}

// LeadsTo is where the session's flow keeps the customer, if that is not at path.
func (ps *PortalSession) LeadsTo(path string) string {
	f := ps.Flow
	if f == nil || f.Done && f.After == "portal_homepage" {
		return ""
	}
	to := ps.Path() + f.path()
	if f.Done {
		to = ps.Path() + "/done"
	}
	if path == to {
		return ""
	}
	return to
}

// path is that of the flow's step, within the session's.
func (f *PortalFlow) path() string {
	switch f.Kind {
	case "payment_method_update":
		return "/payment-method"
	case "subscription_cancel":
		return "/subscriptions/" + f.Subscription + "/cancel"
	}
	return "/subscriptions/" + f.Subscription + "/update"
}

// Finish ends the flow, if there is one, and is where the customer goes on.
func (ps *PortalSession) Finish(notice string) string {
	if f := ps.Flow; f != nil && !f.Done {
		f.Done = true
		switch f.After {
		case "redirect":
			return f.Redirect
		case "hosted_confirmation":
			return ps.Path() + "/done"
		}
	}
	return ps.Path() + "?notice=" + notice
}
