package httpapi

import (
	"context"

	"github.com/entitled-dev/entitled/app"
)

// ListPlans implements GET /api/plans.
func (s *Server) ListPlans(ctx context.Context, _ ListPlansRequestObject) (ListPlansResponseObject, error) {
	offered, err := s.deps.ListPlans.Do(ctx)
	if err != nil {
		return nil, err
	}
	plans := make([]Plan, len(offered))
	for i, o := range offered {
		plans[i] = planJSON(o)
	}
	return ListPlans200JSONResponse{Plans: plans}, nil
}

func planJSON(o app.OfferedPlan) Plan {
	plan := Plan{
		Key: string(o.Plan.Key), Name: o.Plan.Name, Description: o.Plan.Description,
		Mode: Mode(o.Plan.Mode), Group: orNull(o.Plan.Group),
		Prices: make([]Price, len(o.Prices)),
		Grants: make(map[string]Value, len(o.Plan.Grants)),
	}
	for i, p := range o.Prices {
		plan.Prices[i] = Price{
			Key: string(p.Key), Amount: p.Stripe.Amount, Currency: p.Stripe.Currency,
			Interval: orNull(p.Stripe.Interval),
		}
		if p.Stripe.Interval != "" {
			plan.Prices[i].IntervalCount = &p.Stripe.IntervalCount
		}
	}
	for feature, value := range o.Plan.Grants {
		plan.Grants[string(feature)] = featureValue(value)
	}
	return plan
}
