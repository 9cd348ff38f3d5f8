package httpapi

import (
	"context"

	"github.com/entitled-dev/entitled/domain"
)

func boughtTwiceJSON(ctx context.Context, all []domain.BoughtTwice) []BoughtTwice {
	shown := make([]BoughtTwice, len(all))
	for n, b := range all {
		shown[n] = BoughtTwice{Older: boughtJSON(b.Older, b.OlderPlan), Newer: boughtJSON(b.Newer, b.NewerPlan), Says: unlessUser(ctx, b.Says())}
	}
	return shown
}

func boughtJSON(source domain.Source, plan domain.PlanKey) Bought {
	return Bought{Kind: SourceKind(source.Kind), ID: source.ID, Plan: string(plan)}
}
