package httpapi

import (
	"context"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

const plansPath = "/api/plans"

// plansFresh is for how long a browser, or what stands between, may keep what is the same
// for everybody: a page that is looked at twice need not ask twice.
const plansFresh = "public, max-age=60"

// ListPlans implements GET /api/plans. For everybody it asks no database.
func (s *Server) ListPlans(ctx context.Context, r ListPlansRequestObject) (ListPlansResponseObject, error) {
	if exchangeOf(ctx).caller.Role != "" {
		return s.plansFor(ctx, r.Params.UserID)
	}
	offered, err := s.deps.ListPlans.Do(ctx)
	if err != nil {
		return nil, err
	}
	told := ListPlans200JSONResponse{Headers: ListPlans200ResponseHeaders{CacheControl: plansFresh, Vary: "Origin"}}
	told.Body.Plans = make([]Plan, len(offered))
	for i, o := range offered {
		told.Body.Plans[i] = planJSON(o)
	}
	return told, nil
}

// plansFor are the plans as one user finds them.
func (s *Server) plansFor(ctx context.Context, named *string) (ListPlansResponseObject, error) {
	user, err := forUser(ctx, named)
	if err != nil {
		return nil, err
	}
	offers, err := s.deps.OfferPlans.Do(ctx, user)
	if err != nil {
		return nil, err
	}
	told := ListPlans200JSONResponse{Headers: ListPlans200ResponseHeaders{CacheControl: "no-store", Vary: "Origin"}}
	id, asOf := string(user), offers.AsOf.UTC()
	told.Body = Plans{Plans: make([]Plan, len(offers.Plans)), UserID: &id, AsOf: &asOf}
	for i, o := range offers.Plans {
		told.Body.Plans[i] = offerJSON(o)
	}
	return told, nil
}

func offerJSON(o app.Offer) Plan {
	plan := planJSON(o.OfferedPlan)
	held, action := o.Held, Action(o.Action)
	plan.Held, plan.HeldPrice, plan.Action = &held, orNull(o.HeldPrice), &action
	for i := range plan.Prices {
		action := Action(o.Actions[i])
		plan.Prices[i].Action = &action
	}
	return plan
}

func planJSON(o app.OfferedPlan) Plan {
	of := o.Plan
	plan := Plan{
		Key: string(of.Key), Name: of.Name, Description: of.Description, Default: of.Default, Highlight: of.Highlight,
		Group: orNull(of.Group), AddonTo: wordsOf(of.AddonTo), Once: of.Once, Pausable: of.Pausable,
		TrialDays: numberOrNull(of.TrialDays), ValidFor: numberOrNull(int64(of.ValidFor / time.Second)),
		Unit: orNull(o.Unit), MaxQuantity: max(of.Checkout.MaxQuantity, 1), AdjustableQuantity: of.Checkout.AdjustableAmount,
		Prices:   make([]Price, len(o.Prices)),
		Grants:   make(map[string]Value, len(of.Grants)),
		Features: make([]PlanFeature, len(o.Features)),
	}
	for i, p := range o.Prices {
		plan.Prices[i] = priceJSON(p)
	}
	if of.Mode != "" {
		mode := NullableMode(of.Mode)
		plan.Mode = &mode
	}
	for i, feature := range o.Features {
		value := of.Grants[feature.Key]
		plan.Grants[string(feature.Key)] = featureValue(value)
		plan.Features[i] = featureJSON(feature, value)
	}
	return plan
}

func featureJSON(f domain.Feature, value domain.Value) PlanFeature {
	return PlanFeature{
		Key: string(f.Key), Name: f.Name, Description: f.Description, Value: featureValue(value), PerUnit: f.PerUnit,
		Included: numberOrNull(f.Included),
	}
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
