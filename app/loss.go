package app

import (
	"fmt"
	"strings"

	"github.com/entitled-dev/entitled/domain"
)

// Loss is what a catalog takes of a feature from users who have it by a plan.
type Loss struct {
	Plan    domain.PlanKey
	Feature domain.FeatureKey
	Users   int    // who have the feature by the plan now; 0 if everybody has
	Was     string // what the plan gave of it; empty: not known
	Is      string // what it gives; empty: nothing
	Gone    bool   // the plan itself is
	// Everybody has it, known or not: by a plan that every user holds.
	Everybody bool
	// Whose says whom of the users it is taken from, such as "in a trial"; empty: all.
	Whose string
}

// String says it to people.
func (l Loss) String() string {
	what := fmt.Sprintf("plan %s no longer grants %s", l.Plan, l.Feature)
	switch {
	case l.Gone:
		what = fmt.Sprintf("plan %s is gone, and %s with it", l.Plan, l.Feature)
	case l.Is != "":
		what = fmt.Sprintf("plan %s changes %s from %s to %s", l.Plan, l.Feature, l.Was, l.Is)
	}
	users, have := fmt.Sprintf("%d users", l.Users), "have"
	switch {
	case l.Everybody:
		users, have = "every user", "has"
	case l.Users == 1:
		users, have = "1 user", "has"
	}
	if l.Whose != "" {
		return fmt.Sprintf("%s %s: up to %s", what, l.Whose, users)
	}
	return fmt.Sprintf("%s: %s %s it", what, users, have)
}

// RefuseLosses is the error of a catalog that takes something, or nil.
func RefuseLosses(losses []Loss) error {
	if len(losses) == 0 {
		return nil
	}
	lines := make([]string, len(losses))
	for n, l := range losses {
		lines[n] = "  " + l.String()
	}
	return Misfit(fmt.Sprintf("this catalog takes rights from users who have them:\n%s\n"+
		"grant them again, keep a plan that nobody is to buy with sold: false, name the old key of a plan in formerly: of the one that follows it, "+
		"or start the service once with --accept-losses (or ACCEPT_LOSSES=true)", strings.Join(lines, "\n")))
}
