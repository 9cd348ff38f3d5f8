package domain

import "strings"

// forgotten begins the id that takes the place of that of a user who was forgotten. What
// the user paid stays, under a name that says nothing of a person, so that what Stripe
// tells of it later has a place to go to.
const forgotten = "forgotten:"

// ForgottenUser is the id that takes the place of another; random says nothing of it.
func ForgottenUser(random string) UserID { return UserID(forgotten + random) }

// Forgotten tells whether an id has taken the place of that of a user who was forgotten.
func (u UserID) Forgotten() bool { return strings.HasPrefix(string(u), forgotten) }

// WithoutPerson is the account without what may say something of the person: where the
// buyer was sent and came back to, what the product called the request, why somebody gave
// or took a right. Ids of Stripe's objects stay, and so does all about money.
func (a Account) WithoutPerson() Account {
	a = a.Clone()
	for id, o := range a.Orders {
		o.SuccessURL, o.CancelURL, o.SessionURL, o.Locale, o.ClientKey, o.Fingerprint = "", "", "", "", "", ""
		a.Orders[id] = o
	}
	for id, g := range a.Grants {
		g.Reason = withoutText(g.Reason)
		g.RevokedReason = withoutText(g.RevokedReason)
		a.Grants[id] = g
	}
	return a
}

func withoutText(text string) string {
	if text == "" {
		return ""
	}
	return "(forgotten)"
}
