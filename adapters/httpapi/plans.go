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
		plan.Prices[i] = priceJSON(p)
	}
	for feature, value := range o.Plan.Grants {
		plan.Grants[string(feature)] = featureValue(value)
	}
	return plan
}

func priceJSON(o app.OfferedPrice) Price {
	stripe := o.Stripe
	price := Price{
		Key: string(o.Key), Currency: stripe.Currency, BillingScheme: PerUnit,
		Interval: orNull(stripe.Interval),
	}
	if !stripe.AmountUnknown {
		price.Amount = &stripe.Amount
	}
	if stripe.Tiered {
		price.BillingScheme = Tiered
	}
	if stripe.Interval != "" {
		usage := Licensed
		if stripe.Metered {
			usage = Metered
		}
		price.UsageType, price.IntervalCount = &usage, &stripe.IntervalCount
	}
	return price
}
