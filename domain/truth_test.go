package domain_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// This file says a second time, and as dumbly as possible, who is entitled to
// what. It looks at what truly happened, as the model that told the story knows
// it, and at nothing of the code: no table, no status of an order, no join.

// onceTruth is what a one-time purchase gives that is paid now.
func (s *story) onceTruth(plan domain.PlanKey) []domain.Entitlement {
	source := domain.Source{Kind: domain.SourceOrder, ID: string(s.order.ID)}
	switch plan {
	case "pass":
		year := s.now.Add(365 * day)
		return []domain.Entitlement{
			{Feature: "projects", Source: source, Plan: plan, Value: domain.Limit(10), Since: s.now, Until: year},
			{Feature: "credits", Source: source, Plan: plan, Value: domain.Limit(100), Since: s.now, Until: year},
		}
	default:
		return []domain.Entitlement{
			{Feature: "sso", Source: source, Plan: plan, Value: domain.Flag(), Since: s.now},
			{Feature: "seats", Source: source, Plan: plan, Value: domain.Limit(s.order.Quantity), Since: s.now},
		}
	}
}

// truth is what the subscription gives as it ended up.
func (s *subscriber) truth() []domain.Entitlement {
	team := s.is.Items[0].Price == "price_team"
	grace, leeway := 14*day, day
	if team {
		grace, leeway = 3*day, 2*time.Hour
	}

	var until time.Time
	switch {
	case s.debit:
		return nil // the bank has not sent the money
	case s.is.Status == "trialing", s.is.Status == "active":
		until = s.is.PeriodEnd.Add(leeway)
	case s.is.Status == "past_due":
		until = s.owed[0].PeriodStart.Add(grace)
	default:
		return nil
	}
	if s.is.CancelAtPeriodEnd && s.is.PeriodEnd.Before(until) {
		until = s.is.PeriodEnd
	}
	if !s.is.CancelAt.IsZero() && s.is.CancelAt.Before(until) {
		until = s.is.CancelAt
	}

	quantity := s.is.Items[0].Quantity
	given := map[domain.FeatureKey]domain.Value{
		"sso": domain.Flag(), "projects": domain.Limit(100), "seats": domain.Limit(5 * quantity), "credits": domain.Limit(50),
	}
	plan := domain.PlanKey("pro")
	if team {
		plan = "team"
		given = map[domain.FeatureKey]domain.Value{
			"sso": domain.Flag(), "projects": domain.Limit(domain.Unlimited), "seats": domain.Limit(quantity),
		}
	}
	var all []domain.Entitlement
	for feature, value := range given {
		all = append(all, domain.Entitlement{
			Feature: feature, Source: domain.Source{Kind: domain.SourceSubscription, ID: string(s.is.ID)},
			Plan: plan, Value: value, Since: s.is.StartedAt, Until: until,
		})
	}
	return all
}

func sortEntitlements(all []domain.Entitlement) {
	slices.SortFunc(all, func(a, b domain.Entitlement) int {
		return cmp.Or(cmp.Compare(a.Feature, b.Feature), cmp.Compare(a.Source.Kind, b.Source.Kind), cmp.Compare(a.Source.ID, b.Source.ID))
	})
}

// entitledTo tells by the truth alone whether a feature may be used at t, and how
// much of it.
func entitledTo(truth []domain.Entitlement, feature domain.FeatureKey, t time.Time) (bool, int64) {
	entitled, limit := false, int64(0)
	for _, e := range truth {
		begun, ended := !t.Before(e.Since), !e.Until.IsZero() && !t.Before(e.Until)
		if e.Feature != feature || !begun || ended {
			continue
		}
		entitled = true
		switch {
		case limit == -1 || e.Value.Limit == -1:
			limit = -1
		case feature == "credits":
			limit += e.Value.Limit
		default:
			limit = max(limit, e.Value.Limit)
		}
	}
	return entitled, limit
}
