package workbench

import (
	"net/http"
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// userKey is where the metadata of what a service sells says to whom.
const userKey = "user_id"

// Subscribed tells whether a user has a subscription that has not ended.
func Subscribed(box *sandbox.Sandbox, user string) bool { return customerOf(box, user) != "" }

// customerOf is the customer of a user's newest subscription that has not ended; empty if
// there is none.
func customerOf(box *sandbox.Sandbox, user string) string {
	all := box.Subscriptions()
	i := slices.IndexFunc(all, func(s sandbox.SubscriptionState) bool { return !s.Ended && s.Metadata[userKey] == user })
	if i < 0 {
		return ""
	}
	return all[i].Customer
}

// PortalPath leads whoever has a subscription to the billing portal.
const PortalPath = Path + "/portal"

// manage opens the portal: of the customer who is named, or of the one who looks.
func (b *bench) manage(w http.ResponseWriter, r *http.Request) {
	customer, back := r.URL.Query().Get("customer"), Path
	if customer == "" {
		customer, back = customerOf(b.Box, b.looks(w, r)), b.Home
	}
	if customer == "" {
		b.render(w, r, http.StatusNotFound, "", "You have no subscription to manage.")
		return
	}
	to, err := b.Box.OpenPortal(customer, "http://"+r.Host+back)
	if err != nil {
		b.render(w, r, http.StatusNotFound, "", "There is no customer "+customer+" any more.")
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}
