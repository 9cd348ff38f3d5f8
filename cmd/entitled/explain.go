package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

type explainCommand struct {
	User, Feature, At string
	JSON              bool
}

func newExplain(c console) *cobra.Command {
	var e explainCommand
	cmd := leaf("explain", "Say why a user has, or lacks, a feature: now or at another moment.", c, &e)
	takes(cmd,
		argument{&e.User, "USER", "The user, by the product's own id."},
		argument{&e.Feature, "[FEATURE]", "The feature's key in the catalog; by default all that the user's purchases and grants are about."})
	cmd.Flags().StringVar(&e.At, "at", "", "Another `moment` than now: a date (its beginning, UTC) or a time. The past is answered from the history, the future as if nothing else happened.")
	cmd.Flags().BoolVar(&e.JSON, "json", false, "One JSON object.")
	return cmd
}

// Run explains.
func (e explainCommand) Run(ctx context.Context, c console) error {
	if err := needUser(e.User); err != nil {
		return err
	}
	at, err := readMoment("--at", e.At, nil)
	if err != nil {
		return err
	}
	store, sold, err := openForReading(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	if err := keepAct(ctx, store, ports.AdminAction{Action: app.ActExplain, User: domain.UserID(e.User), About: e.Feature}); err != nil {
		return err
	}
	explanation, err := app.NewExplain(store, sold, now).Do(ctx, domain.UserID(e.User), domain.FeatureKey(e.Feature), at)
	if err != nil {
		return err
	}
	// Of a stranger too, as it says how to get a feature.
	if e.JSON {
		err = json.NewEncoder(c.out).Encode(explanationJSONOf(explanation))
	} else {
		err = printExplanation(c.out, explanation)
	}
	return cmp.Or(err, needKnown(ctx, store, e.User))
}

// printExplanation prints what holds, then why, then what that rests on.
func printExplanation(w io.Writer, e domain.Explanation) error {
	fmt.Fprintf(w, "User %s at %s\n", e.User, instant(e.At))
	if e.FromHistory {
		fmt.Fprintln(w, "From the history of changes: facts are kept as they are now, not as they were then.")
	}
	if e.OutOfLine {
		fmt.Fprintln(w, "Careful: what the service last derived is something else. Its catalog is another than this one, or is being taken over just now.")
	}
	fmt.Fprintln(w)
	if len(e.Features)+len(e.Unmapped) == 0 && e.FromHistory {
		fmt.Fprintln(w, "Nothing had been given by then.")
		return nil
	}
	if len(e.Features)+len(e.Unmapped) == 0 {
		fmt.Fprintln(w, "Nothing was bought by this user or given to it.")
		return nil
	}
	if err := printRights(w, e.Features); err != nil {
		return err
	}
	for _, f := range e.Features {
		fmt.Fprintf(w, "\n%s: %s\n", f.Feature, f.Says())
		for _, s := range f.Sources {
			printSource(w, s)
		}
		if len(f.Sources) == 0 {
			fmt.Fprintf(w, "  plans that grant it: %s\n", planNames(f.Plans))
		}
	}
	if len(e.Unmapped) > 0 {
		fmt.Fprintln(w, "\nThe catalog does not say what these give:")
		for _, s := range e.Unmapped {
			printSource(w, s)
		}
	}
	if len(e.BoughtTwice) > 0 {
		fmt.Fprintln(w, "\nBought twice:")
		for _, twice := range e.BoughtTwice {
			fmt.Fprintf(w, "  %s\n", twice.Says())
		}
	}
	return printEvidence(w, e)
}

func planNames(plans []domain.PlanKey) string {
	if len(plans) == 0 {
		return "none"
	}
	names := make([]string, len(plans))
	for n, plan := range plans {
		names[n] = string(plan)
	}
	return strings.Join(names, ", ")
}

func printRights(w io.Writer, features []domain.FeatureExplanation) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "FEATURE\tHELD\tVALUE\tSINCE\tUNTIL\tTHEN")
	for _, f := range features {
		if !f.Held {
			fmt.Fprintf(table, "%s\tno\t-\t-\t-\t-\n", f.Feature)
			continue
		}
		fmt.Fprintf(table, "%s\tyes\t%s\t%s\t%s\t%s\n", f.Feature, valueJSON(f.Right.Value), instant(f.Right.Since), instant(f.Right.Until), then(f.Right))
	}
	return table.Flush()
}

// then is what becomes of a right at its until.
func then(r domain.Right) string {
	switch {
	case r.Until.IsZero():
		return "-"
	case r.InGrace:
		return "ends, unless it is paid for"
	case r.Renews && r.EndsAt.IsZero():
		return "renews"
	case r.Renews:
		return "renews, and ends on " + instant(r.EndsAt)
	default:
		return "ends"
	}
}

func printSource(w io.Writer, s domain.SourceExplanation) {
	fmt.Fprintf(w, "  %s %s%s\n    %s\n", s.Source.Kind, s.Source.ID, ofPlan(s), s.Says())
	if saysRule := s.State == domain.StateRevoked || s.State == domain.StateWithheld; !saysRule && s.Rule != (domain.Rule{}) {
		fmt.Fprintf(w, "    rule         %s\n", s.Rule.Says())
	}
	if s.Last.Kind != "" {
		fmt.Fprintf(w, "    last change  %s\n", s.LastSays())
	}
}

func ofPlan(s domain.SourceExplanation) string {
	switch {
	case s.Source.Kind == domain.SourceGrant:
		return ""
	case s.Plan == "":
		return ", price " + string(s.Price)
	default:
		return ", plan " + string(s.Plan)
	}
}

// printEvidence prints every fact once, whatever the number of features that rest
// on it.
func printEvidence(w io.Writer, e domain.Explanation) error {
	var all []domain.Evidence
	add := func(sources []domain.SourceExplanation) {
		for _, s := range sources {
			for _, fact := range s.Evidence {
				if !slices.ContainsFunc(all, func(have domain.Evidence) bool { return have.About == fact.About && have.ID == fact.ID }) {
					all = append(all, fact)
				}
			}
		}
	}
	for _, f := range e.Features {
		add(f.Sources)
	}
	add(e.Unmapped)
	if len(all) == 0 {
		return nil
	}
	fmt.Fprintln(w, "\nWhat it rests on:")
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, fact := range all {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", fact.About, fact.ID, fact.Says)
	}
	return table.Flush()
}
