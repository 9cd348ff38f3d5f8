//go:build !nodev

package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/workbench"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

// held tells the workbench what a user holds, in the catalog's words.
func held(check *app.CheckEntitlement, sold domain.Catalog) func(context.Context, string) ([]workbench.Right, error) {
	return func(ctx context.Context, user string) ([]workbench.Right, error) {
		all, err := check.All(ctx, domain.UserID(user), 0)
		if err != nil {
			return nil, err
		}
		shown := make([]workbench.Right, 0, len(all.Rights))
		for _, r := range all.Rights {
			shown = append(shown, workbench.Right{
				Feature: string(r.Feature), Value: valueWords(r.Value), Until: r.Until.UTC(), Plans: plansOf(r, sold),
			})
		}
		return shown, nil
	}
}

func valueWords(v domain.Value) string {
	switch {
	case v.Type == domain.FeatureFlag:
		return "yes"
	case v.Type == domain.FeatureChoice:
		return v.Choice
	case v.Limit == domain.Unlimited:
		return "unlimited"
	}
	return strconv.FormatInt(v.Limit, 10)
}

// plansOf names what a right comes from: a grant by hand has no plan, and a plan that
// everybody holds is worth naming where nothing else gives it.
func plansOf(r domain.Right, sold domain.Catalog) string {
	sources := slices.DeleteFunc(slices.Clone(r.Sources), func(e domain.Entitlement) bool { return e.Source.Kind == domain.SourceDefault })
	if len(sources) == 0 {
		sources = r.Sources
	}
	var names []string
	for _, e := range sources {
		name := string(e.Plan)
		if plan, known := sold.Plans[e.Plan]; known && plan.Name != "" {
			name = plan.Name
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
