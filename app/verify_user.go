package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// UserVerified is what was found about one user.
type UserVerified struct {
	User domain.UserID
	// Differences are wrong for certain.
	Differences []domain.Difference
	// Unproven are facts that no body that is kept tells of: their Want is what the bodies
	// say. They need not be wrong, see Why.
	Unproven []domain.Difference
	Why      []string // what may be the reason that something is unproven
	Bodies   int      // so many were read
}

// unreadable is the table of a difference about rows that cannot be read.
const unreadable = "rows"

// differs adds differences, which are about the user where they name no row.
func (v *UserVerified) differs(all ...domain.Difference) {
	for _, d := range all {
		if d.ID == "" {
			d.ID = string(v.User)
		}
		v.Differences = append(v.Differences, d)
	}
}

// mends says what is to be done about a difference in a table.
var mends = map[string]string{
	"entitlements":                         "entitled sync USER derives it again",
	"entitlements, by entitlement_changes": "the history does not lead to what the user has, and what the user has is right if no other line says so: take the lines of the history from a backup",
	"entitlement_changes":                  "take the line from a backup: no right depends on it, and explanations of the past do",
	"right_changes":                        "take the line from a backup: it was told, and no right depends on it",
	"rights_told":                          "take the row from a backup, or tell readers of the feed to read the user's entitlements anew",
	"accounts":                             "take the row from a backup; entitled sync USER asks Stripe for the facts",
	"refs":                                 "set its user_id to this user: until then events about it go elsewhere, or nowhere",
	unreadable:                             "take the row that it names from a backup",
	"questions":                            "entitled sync USER asks for the news at once",
	"subscription_pasts":                   "entitled events replay --user USER adds it up again, if the body of an event about one of its invoices is kept; else take the row from a backup",
}

// Mend says what is to be done about a difference.
func Mend(d domain.Difference) string {
	if mend, own := mends[d.Table]; own && d.Field != "purchase" {
		return mend
	}
	if d.Field == "purchase" {
		return "empty the column purchase of the user's rows: the next update files them again"
	}
	return "entitled events replay --user USER takes in again what was told; entitled sync USER asks Stripe"
}

// verified holds all that is kept of a user against what it follows from.
func (v *Verify) verified(ctx context.Context, user domain.UserID, withBodies bool) (UserVerified, error) {
	found := UserVerified{User: user}
	var told toldFacts
	if withBodies { // before the rest is read: what has a receipt by now is in it
		var err error
		if told, err = v.told(ctx, user); err != nil {
			return found, err
		}
	}
	audit, err := v.store.Audit(ctx, user)
	switch {
	case errors.Is(err, ports.ErrUnavailable) || ctx.Err() != nil:
		return found, fmt.Errorf("read what is kept of user %s: %w", user, err)
	case err != nil: // a row is broken: others can be looked at all the same
		found.differs(domain.Difference{Table: unreadable, Got: err.Error(), Want: "rows that can be read"})
		return found, nil //nolint:nilerr // it is told as a difference
	}
	state := audit.State
	found.differs(domain.VerifyEntitlements(state.Account, v.catalog, state.Entitlements)...)
	found.differs(domain.VerifyPasts(state.Account, audit.Apart, audit.Pasts)...)
	found.differs(domain.VerifyHistory(audit.History, state.Entitlements)...)
	found.verifyFeed(audit.History, v.catalog)
	found.differs(verifyNames(audit)...)
	found.verifyOrders(audit)
	found.differs(verifyExpected(audit)...)
	found.differs(audit.Misfiled...)
	if withBodies {
		found.verifyFacts(state.Account, v.catalog, told)
	}
	if len(found.Differences) > 0 { // which is no wonder if the catalog has changed meanwhile
		return found, v.derived(ctx)
	}
	return found, nil
}

// verifyFeed holds the feed against the changes that it tells of.
func (v *UserVerified) verifyFeed(h domain.History, c domain.Catalog) {
	differences, unproven := domain.VerifyFeed(h, c)
	v.differs(differences...)
	if len(unproven) > 0 {
		v.Unproven = append(v.Unproven, unproven...)
		v.Why = append(v.Why, "what several sources, or a default plan, gave together depends on the catalog of the day, which is not kept")
	}
}

// verifyNames: every name of the account leads to it.
func verifyNames(audit ports.Audit) []domain.Difference {
	account := audit.State.Account
	var all []domain.Difference
	for _, ref := range account.Refs() {
		if owner := audit.Owners[ref]; owner != account.User {
			all = append(all, domain.Difference{
				Table: "refs", ID: string(ref.Kind) + " " + ref.ID, Field: "user_id", Got: string(owner), Want: string(account.User),
			})
		}
	}
	return all
}

// verifyOrders: an order is never deleted, so that one whose name leads here and that is not
// here is gone. (But for a name that a subscription's metadata claimed and claims no longer.)
func (v *UserVerified) verifyOrders(audit ports.Audit) {
	account := audit.State.Account
	known := account.Refs()
	gone := 0
	for _, name := range audit.Names {
		if _, kept := account.Orders[domain.OrderID(name.ID)]; name.Kind == domain.RefOrder && !kept && !slices.Contains(known, name) {
			v.Unproven = append(v.Unproven, domain.Difference{Table: "orders", ID: name.ID, Want: "an order of the user, to whom its name leads"})
			gone++
		}
	}
	if gone > 0 {
		v.Why = append(v.Why, "the metadata of a subscription named an order and names it no longer; or the order was deleted by hand")
	}
}

// verifyExpected: news that are due are asked for, and not before they are.
func verifyExpected(audit ports.Audit) []domain.Difference {
	var all []domain.Difference
	for _, e := range audit.State.Account.Expectations() {
		id := string(e.Subject.Kind) + " " + e.Subject.ID
		question, kept := audit.Due[e.Subject]
		switch {
		case !kept:
			all = append(all, domain.Difference{Table: "questions", ID: id, Want: "due at " + instantText(e.Due)})
		case question.Attempts == 0 && !question.Due.Equal(e.Due), question.Due.Before(e.Due):
			all = append(all, domain.Difference{Table: "questions", ID: id, Field: "due", Got: instantText(question.Due), Want: instantText(e.Due)})
		}
	}
	return all
}

// verifyFacts holds the facts against the bodies of events. What a body tells has to be
// there; what is there and no body tells may be Stripe's answer to a question, which is not
// kept.
func (v *UserVerified) verifyFacts(account domain.Account, c domain.Catalog, told toldFacts) {
	v.Bodies = told.bodies
	missing := domain.VerifyFacts(account, c, told.certain)
	v.differs(missing...)
	before := len(v.Unproven)
	for _, d := range domain.FactDifferences(account, domain.Retold(account, c, told.all(account))) {
		if slices.ContainsFunc(missing, func(m domain.Difference) bool { return m.Table == d.Table && m.ID == d.ID && m.Field == d.Field }) {
			continue
		}
		v.Unproven = append(v.Unproven, d)
	}
	if len(v.Unproven) > before {
		v.Why = append(v.Why, told.why()...)
	}
}
