package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// plansView is what a caller asks of the prices; the zero value asks nothing.
type plansView struct {
	currency string // lower case
	quantity int64
}

// mostPriced is the most units that a total is told of: Stripe sells no more at once.
const mostPriced = 999_999

func viewOf(p ListPlansParams) (plansView, error) {
	switch {
	case p.Currency != nil && len(*p.Currency) != 3:
		return plansView{}, fmt.Errorf("%w: currency has the three letters of ISO 4217, such as eur", errMalformed)
	case p.Quantity != nil && (*p.Quantity < 1 || *p.Quantity > mostPriced):
		return plansView{}, fmt.Errorf("%w: quantity is from 1 to %d", errMalformed, mostPriced)
	}
	view := plansView{strings.ToLower(orZero(p.Currency)), orZero(p.Quantity)}
	if p.Currency == nil {
		return view, nil
	}
	return view, app.CheckCurrency(view.currency)
}

const plansPath = "/api/plans"

// plansFresh is for how long a browser, or what stands between, may keep what is the same
// for everybody: a page that is looked at twice need not ask twice.
const plansFresh = "public, max-age=60"

// ListPlans implements GET /api/plans. For everybody it asks no database.
func (s *Server) ListPlans(ctx context.Context, r ListPlansRequestObject) (ListPlansResponseObject, error) {
	view, err := viewOf(r.Params)
	if err != nil {
		return nil, err
	}
	if exchangeOf(ctx).caller.Role != "" {
		return s.plansFor(ctx, r.Params.UserID, view)
	}
	offered, err := s.deps.ListPlans.Do(ctx)
	if err != nil {
		return nil, err
	}
	told := ListPlans200JSONResponse{Headers: ListPlans200ResponseHeaders{CacheControl: plansFresh, Vary: "Origin"}}
	told.Body.Plans = make([]Plan, len(offered))
	for i, o := range offered {
		told.Body.Plans[i] = planJSON(o, view)
	}
	return told, nil
}

// plansFor are the plans as one user finds them.
func (s *Server) plansFor(ctx context.Context, named *string, view plansView) (ListPlansResponseObject, error) {
	user, err := forUser(ctx, named)
	if err != nil {
		return nil, err
	}
	offers, err := s.deps.OfferPlans.Do(ctx, user)
	if err != nil {
		return nil, err
	}
	view.currency = cmp.Or(view.currency, offers.Currency)
	told := ListPlans200JSONResponse{Headers: ListPlans200ResponseHeaders{CacheControl: "no-store", Vary: "Origin"}}
	id, asOf := string(user), offers.AsOf.UTC()
	told.Body = Plans{Plans: make([]Plan, len(offers.Plans)), UserID: &id, AsOf: &asOf}
	for i, o := range offers.Plans {
		told.Body.Plans[i] = offerJSON(o, view)
	}
	return told, nil
}

func offerJSON(o app.Offer, view plansView) Plan {
	plan := planJSON(o.OfferedPlan, view)
	held, action := o.Held, Action(o.Action)
	plan.Held, plan.HeldPrice, plan.Action = &held, orNull(o.HeldPrice), &action
	for i := range plan.Prices {
		action := Action(o.Actions[i])
		plan.Prices[i].Action = &action
	}
	return plan
}

func planJSON(o app.OfferedPlan, view plansView) Plan {
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
		plan.Prices[i] = priceJSON(p, view)
		if total, told := o.Total(p.In(view.currency), view.quantity); told {
			plan.Prices[i].Total = &total
		}
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

func priceJSON(o app.OfferedPrice, view plansView) Price {
	stripe := o.In(view.currency)
	price := Price{
		Key: string(o.Key), Currency: stripe.Currency, BillingScheme: PerUnit,
		Interval: orNull(stripe.Interval), Tiers: tiersJSON(stripe.Tiers), Currencies: make([]PriceInCurrency, len(o.Currencies)),
	}
	for i, currency := range o.Currencies {
		paid := o.In(currency)
		price.Currencies[i] = PriceInCurrency{Currency: currency, Tiers: tiersJSON(paid.Tiers)}
		if !paid.AmountUnknown {
			price.Currencies[i].Amount = &paid.Amount
		}
	}
	if !stripe.AmountUnknown {
		price.Amount = &stripe.Amount
	}
	if stripe.Tiered {
		price.BillingScheme = Tiered
		mode := Graduated
		if stripe.Volume {
			mode = Volume
		}
		price.TiersMode = &mode
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

func tiersJSON(tiers []ports.Tier) []PriceTier {
	shown := make([]PriceTier, len(tiers))
	for i, t := range tiers {
		shown[i] = PriceTier{UpTo: numberOrNull(t.UpTo), UnitAmount: t.UnitAmount, FlatAmount: t.FlatAmount}
	}
	return shown
}
