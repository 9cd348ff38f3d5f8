package domaintest

import (
	"cmp"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

// This file says a second time, and as dumbly as possible, who is entitled to
// what. It looks at what truly happened, as the model that told the story knows
// it, and at nothing of the code: no table, no status of an order, no join.

// truth is what the purchase gives as it ended up.
func (s *story) truth() []domain.Entitlement {
	if s.sub != nil {
		return s.sub.truth()
	}
	if !s.bought || s.moneyTakesOrder() {
		return nil
	}
	source := domain.Source{Kind: domain.SourceOrder, ID: string(s.order.ID)}
	switch s.order.Plan {
	case "pass":
		year := s.boughtAt.Add(365 * Day)
		return []domain.Entitlement{
			{Feature: "projects", Source: source, Plan: "pass", Value: domain.Limit(10), Since: s.boughtAt, Until: year},
			{Feature: "credits", Source: source, Plan: "pass", Value: domain.Limit(100), Since: s.boughtAt, Until: year},
		}
	default:
		return []domain.Entitlement{
			{Feature: "sso", Source: source, Plan: "forever", Value: domain.Flag(), Since: s.boughtAt},
			{Feature: "seats", Source: source, Plan: "forever", Value: domain.Limit(s.order.Quantity), Since: s.boughtAt},
		}
	}
}

// moneyTakesOrder tells whether so much went back that the order gives nothing:
// a pass ends with all of its money or with a dispute; what is bought for good,
// with any of it, and as soon as a bank asks.
func (s *story) moneyTakesOrder() bool {
	for _, c := range s.paid {
		for _, d := range c.disputes {
			switch d.status {
			case "needs_response", "under_review", "lost":
				return true
			case "warning_needs_response", "warning_under_review":
				if s.order.Plan == "forever" {
					return true
				}
			}
		}
		if c.returned() == c.amount || c.returned() > 0 && s.order.Plan == "forever" {
			return true
		}
	}
	return false
}

// truth is what the subscription gives as it ended up.
func (s *subscriber) truth() []domain.Entitlement {
	if s.orphaned {
		return nil
	}
	byFeature := map[domain.FeatureKey]domain.Entitlement{}
	for _, item := range s.is.Items {
		for _, e := range s.truthOf(item) {
			was, twice := byFeature[e.Feature]
			if !twice {
				byFeature[e.Feature] = e
				continue
			}
			if was.Value.Limit != -1 && (e.Value.Limit == -1 || e.Value.Limit > was.Value.Limit) {
				was.Value = e.Value
			}
			if e.Until.After(was.Until) {
				was.Until = e.Until
			}
			was.Plan = "pro" // of pro and team
			byFeature[e.Feature] = was
		}
	}
	var all []domain.Entitlement
	for _, e := range byFeature {
		all = append(all, e)
	}
	return all
}

func (s *subscriber) truthOf(item domain.Item) []domain.Entitlement {
	team := item.Price == "price_team"
	grace, leeway := 14*Day, Day
	if team {
		grace, leeway = 3*Day, 2*time.Hour
	}

	var until time.Time
	switch {
	case s.debit:
		return nil // the bank has not sent the money
	case s.is.Status == "trialing", s.is.Status == "active":
		until = s.is.PeriodEnd.Add(leeway)
	case s.is.Status == "past_due":
		until = s.owed[0].invoice.PeriodStart.Add(grace)
	default:
		return nil
	}
	if s.is.CancelAtPeriodEnd && s.is.PeriodEnd.Before(until) {
		until = s.is.PeriodEnd
	}
	if !s.is.CancelAt.IsZero() && s.is.CancelAt.Before(until) {
		until = s.is.CancelAt
	}
	if s.disputeTakes(team) || !team && s.lastPeriodReturned() {
		return nil
	}

	given := map[domain.FeatureKey]domain.Value{
		"sso": domain.Flag(), "projects": domain.Limit(100), "seats": domain.Limit(5 * item.Quantity), "credits": domain.Limit(50),
	}
	plan := domain.PlanKey("pro")
	if team {
		plan = "team"
		given = map[domain.FeatureKey]domain.Value{
			"sso": domain.Flag(), "projects": domain.Limit(domain.Unlimited), "seats": domain.Limit(item.Quantity),
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

// lastPeriodReturned tells whether all the money of the last period that was paid
// is back with the buyer.
func (s *subscriber) lastPeriodReturned() bool {
	last := -1
	for _, c := range s.paid {
		last = max(last, c.period)
	}
	var paid, returned int64
	for _, c := range s.paid {
		if c.period == last {
			paid += c.amount
			returned += c.returned()
		}
	}
	return paid > 0 && returned == paid
}

// disputeTakes tells whether a dispute leaves nothing: an open one (not with team),
// or a lost one after which no other period was paid.
func (s *subscriber) disputeTakes(team bool) bool {
	for _, c := range s.paid {
		for _, d := range c.disputes {
			switch d.status {
			case "needs_response", "under_review":
				if !team {
					return true
				}
			case "lost":
				again := false
				for _, later := range s.paid {
					again = again || !later.start.Before(d.created)
				}
				if !again {
					return true
				}
			}
		}
	}
	return false
}

func sortEntitlements(all []domain.Entitlement) {
	slices.SortFunc(all, func(a, b domain.Entitlement) int {
		return cmp.Or(cmp.Compare(a.Feature, b.Feature), cmp.Compare(a.Source.Kind, b.Source.Kind), cmp.Compare(a.Source.ID, b.Source.ID))
	})
}

// EntitledTo tells by the truth alone whether a feature may be used at t, and how
// much of it.
func EntitledTo(truth []domain.Entitlement, feature domain.FeatureKey, t time.Time) (bool, int64) {
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
