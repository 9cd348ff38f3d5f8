package app

import (
	"context"
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
	"questions":                            "entitled sync USER asks for the news at once",
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
	if err != nil {
		return found, fmt.Errorf("read what is kept of user %s: %w", user, err)
	}
	state := audit.State
	found.differs(domain.VerifyEntitlements(state.Account, v.catalog, state.Entitlements)...)
	found.differs(domain.VerifyHistory(audit.History, state.Entitlements)...)
	found.differs(domain.VerifyFeed(audit.History, v.catalog)...)
	found.differs(verifyNames(audit)...)
	found.differs(verifyExpected(audit)...)
	found.differs(audit.Misfiled...)
	if withBodies {
		found.verifyFacts(state.Account, v.catalog, told)
	}
	return found, nil
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
	for _, d := range domain.FactDifferences(account, domain.Retold(account, c, told.all(account))) {
		if slices.ContainsFunc(missing, func(m domain.Difference) bool { return m.Table == d.Table && m.ID == d.ID && m.Field == d.Field }) {
			continue
		}
		v.Unproven = append(v.Unproven, d)
	}
	if len(v.Unproven) > 0 {
		v.Why = told.why()
	}
}
