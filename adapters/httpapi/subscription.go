package httpapi

import (
	"context"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// ShowSubscription implements GET /api/subscription.
func (s *Server) ShowSubscription(ctx context.Context, r ShowSubscriptionRequestObject) (ShowSubscriptionResponseObject, error) {
	user, err := forUser(ctx, r.Params.UserID)
	if err != nil {
		return nil, err
	}
	if err := s.reach(ctx, user, r.Params.AtLeast); err != nil {
		return nil, err
	}
	shown, err := s.deps.ShowSubscription.Do(ctx, user)
	if err != nil {
		return nil, err
	}
	told := ShowSubscription200JSONResponse{
		UserID: string(user), CustomerID: unlessUser(ctx, shown.Customer), Version: shown.Version, AsOf: shown.AsOf.UTC(), Others: []Subscription{},
		BoughtTwice: boughtTwiceJSON(ctx, shown.BoughtTwice),
	}
	for n, one := range shown.All {
		if n > 0 {
			told.Others = append(told.Others, subscriptionJSON(one))
			continue
		}
		first := subscriptionJSON(one)
		first.PaymentMethod, first.PlannedChange = billingJSON(shown.Billing)
		planAddons(first.Addons, shown.Billing.Addons)
		if first.Pause != nil {
			first.Pause.ResumesAt = moment(shown.Billing.ResumesAt)
		}
		told.Subscription = &first
	}
	return told, nil
}

// planAddons says of add-ons what is planned.
func planAddons(addons []Addon, planned []app.PlannedAddon) {
	for n := range addons {
		for _, p := range planned {
			switch {
			case p.Item != addons[n].ID:
			case p.Quantity == 0:
				addons[n].EndsAt = moment(p.At)
			default:
				addons[n].PlannedQuantity = &p.Quantity
			}
		}
	}
}

// billingJSON is what Stripe was asked for, for the page alone.
func billingJSON(b app.SubscriptionBilling) (method *NullablePaymentMethod, planned *NullablePlannedChange) {
	if m := b.Method; m != nil {
		method = &NullablePaymentMethod{Type: m.Type, Brand: orNull(m.Brand), Last4: orNull(m.Last4)}
	}
	if p := b.Planned; p != nil {
		planned = &NullablePlannedChange{Plan: orNull(p.Plan), Price: orNull(p.Price), Quantity: p.Quantity, At: p.At.UTC()}
	}
	return method, planned
}

// unlessUser is what whoever runs the product is told, and users are not: Stripe's customer,
// and what is to be done about a purchase.
func unlessUser[T ~string](ctx context.Context, text T) *string {
	if exchangeOf(ctx).caller.Role == ports.RoleUser {
		return nil
	}
	return orNull(text)
}

func subscriptionJSON(s domain.Subscribed) Subscription {
	shown := Subscription{
		ID: string(s.Subscription.ID), Status: SubscribedStatus(s.Status),
		Access: s.Access, AccessUntil: moment(s.AccessUntil), StartedAt: moment(s.Subscription.StartedAt),
		PeriodStart: moment(s.PeriodStart), PeriodEnd: moment(s.PeriodEnd),
		RenewsAt: moment(s.RenewsAt), CancelsAt: moment(s.CancelsAt), EndedAt: moment(s.Subscription.EndedAt),
		PastDueSince: moment(s.PastDueSince), Pausable: s.Pausable, Items: make([]SubscribedItem, len(s.Items)), Addons: []Addon{},
	}
	if pause := s.Subscription.Pause; pause != domain.PauseNone && s.Live() {
		shown.Pause = &NullablePause{Behavior: PauseBehavior(pause), Resumable: s.Resumable}
	}
	if s.Status == domain.SubscribedTrialing {
		shown.TrialEndsAt = moment(s.Subscription.TrialEnd)
	}
	for n, item := range s.Items {
		shown.Items[n] = SubscribedItem{
			ID: item.ID, Plan: orNull(item.Plan), Price: orNull(item.PriceKey), StripePrice: string(item.Price), Quantity: item.Quantity,
		}
		if item.Addon {
			shown.Addons = append(shown.Addons, Addon{
				ID: item.ID, Plan: string(item.Plan), Price: orNull(item.PriceKey), Quantity: item.Quantity,
				Status: SubscribedStatus(s.Status), EndsAt: moment(s.CancelsAt),
			})
		}
	}
	if len(shown.Items) > 0 {
		shown.Plan, shown.Price, shown.Quantity = shown.Items[0].Plan, shown.Items[0].Price, shown.Items[0].Quantity
	}
	return shown
}
