package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const kindSchedule = "subscription_schedule"

// scheduleObject is a schedule as far as we have to know it.
type scheduleObject struct {
	ID       word     `json:"id"`
	Kind     word     `json:"object"`
	Status   word     `json:"status"`
	Metadata metadata `json:"metadata"`
	End      word     `json:"end_behavior"`
	Current  struct {
		Start number `json:"start_date"`
		End   number `json:"end_date"`
	} `json:"current_phase"`
	Phases []schedulePhase `json:"phases"`
}

// schedulePhase is what is copied of the phase under way: what a phase does not say is
// taken from the subscription when the phase begins.
type schedulePhase struct {
	Start    number      `json:"start_date"`
	End      number      `json:"end_date"`
	Items    []phaseItem `json:"items"`
	Coupon   ref         `json:"coupon"`
	TaxRates []ref       `json:"default_tax_rates"`
}

type phaseItem struct {
	Price    itemPrice `json:"price"`
	Quantity number    `json:"quantity"`
	TaxRates []ref     `json:"tax_rates"`
}

func (s scheduleObject) governs() bool { return s.Status == "active" || s.Status == "not_started" }

// isOurs: this deployment made it, or it plans nothing. The second is what remains of one
// whose making was interrupted.
func (s scheduleObject) isOurs(deployment domain.DeploymentID) bool {
	last := len(s.Phases) - 1
	plansNothing := s.End == "release" && (last < 0 || s.Phases[last].Start == s.Current.Start)
	return s.Metadata.Deployment == word(deployment) && deployment != "" || plansNothing
}

// current is the phase under way.
func (s scheduleObject) current() (schedulePhase, bool) {
	for _, p := range s.Phases {
		if p.Start == s.Current.Start && p.End == s.Current.End && p.Start.given && p.End.given {
			return p, true
		}
	}
	return schedulePhase{}, false
}

// ScheduleChange implements [ports.Gateway]. Stripe makes a schedule out of a
// subscription, and takes what comes after its current phase in a second call.
func (g *Gateway) ScheduleChange(ctx context.Context, r ports.ChangeRequest) (ports.Changed, error) {
	c := call{does: "schedule change", method: http.MethodPost, key: r.IdempotencyKey + "-phases"}
	if err := checkChange(c, r.Change); err != nil {
		return ports.Changed{}, err
	}
	if r.IdempotencyKey == "" {
		return ports.Changed{}, refused(c, "there is no idempotency key")
	}
	ctx, cancel := g.bounded(ctx)
	defer cancel()
	now, err := g.subscriptionNow(ctx, r.Subscription)
	if err != nil {
		return ports.Changed{}, err
	}
	if fault := unplannable(now, r); fault != "" {
		return ports.Changed{}, refused(c, fault)
	}
	if _, err := g.takeTurn(ctx, r.Subscription, r.IdempotencyKey, turnToPlan); err != nil {
		return ports.Changed{}, err
	}
	schedule, err := g.scheduleOf(ctx, now, r)
	if err != nil || !schedule.governs() { // it was made by this key, and is over
		return ports.Changed{Fact: now.SubscriptionFact}, err
	}
	phase, known := schedule.current()
	if !known || !isID(string(schedule.ID), "sub_sched_") {
		return ports.Changed{}, refused(c, "the schedule has no phase under way")
	}
	c.path = stripe.FormatURLPath("/v1/subscription_schedules/%s", string(schedule.ID))
	c.params = phasesParams(phase, now, r)
	if _, err := g.send(ctx, c); err != nil {
		return ports.Changed{}, err
	}
	return g.changed(ctx, r.Subscription)
}

// unplannable says why a change cannot be planned; empty: it can.
func unplannable(now subscriptionNow, r ports.ChangeRequest) string {
	for _, change := range append([]ports.Change{r.Change}, r.Also...) {
		switch {
		case change.Kind == ports.ItemAdded:
			return "an item is added at once"
		case faultOf(change) != "":
			return faultOf(change)
		case !slices.ContainsFunc(now.Snapshot.Items, func(i domain.Item) bool { return i.ID == change.Item }):
			return "the subscription has no such item"
		}
	}
	return ""
}

// scheduleOf is the subscription's schedule, made if there is none.
func (g *Gateway) scheduleOf(ctx context.Context, now subscriptionNow, r ports.ChangeRequest) (scheduleObject, error) {
	if now.schedule != "" {
		schedule, err := g.fetchSchedule(ctx, now.schedule)
		if err == nil && !schedule.isOurs(r.Deployment) {
			err = ports.ErrScheduledElsewhere
		}
		return schedule, err
	}
	c := call{
		does: "create subscription schedule", method: http.MethodPost, path: "/v1/subscription_schedules", key: r.IdempotencyKey + "-schedule",
		params: &stripe.SubscriptionScheduleParams{FromSubscription: stripe.String(string(r.Subscription))},
	}
	got, err := g.send(ctx, c)
	if errors.Is(err, ports.ErrGatewayRefused) {
		if again, lookErr := g.subscriptionNow(ctx, r.Subscription); lookErr == nil && again.schedule != "" {
			err = fmt.Errorf("%w: it has a schedule by now", ports.ErrChangedMeanwhile)
		}
	}
	if err != nil {
		return scheduleObject{}, err
	}
	made, err := readSchedule(c, got)
	if err != nil || !got.replayed {
		return made, err
	}
	return g.fetchSchedule(ctx, ref(made.ID)) // it may have been released since
}

func (g *Gateway) fetchSchedule(ctx context.Context, id ref) (scheduleObject, error) {
	c := call{
		does: "fetch subscription schedule", method: http.MethodGet,
		path: stripe.FormatURLPath("/v1/subscription_schedules/%s", string(id)), params: &stripe.SubscriptionScheduleParams{},
	}
	if !isID(string(id), "sub_sched_") {
		return scheduleObject{}, refused(c, "that is not the id of a schedule")
	}
	got, err := g.send(ctx, c)
	if err != nil {
		return scheduleObject{}, err
	}
	return readSchedule(c, got)
}

func readSchedule(c call, got answer) (scheduleObject, error) {
	var s scheduleObject
	if !decode(got.body, &s) || s.Kind != kindSchedule || s.ID == "" {
		return s, unusable(c, got, "the answer is not a schedule")
	}
	return s, nil
}

// phasesParams has the phase under way stay as it is, and another one follow, after which
// the subscription goes on by itself.
func phasesParams(current schedulePhase, now subscriptionNow, r ports.ChangeRequest) *stripe.SubscriptionScheduleParams {
	first := current.params()
	first.StartDate, first.EndDate = stripe.Int64(current.Start.value), stripe.Int64(current.End.value)
	next := current.params()
	next.Iterations = stripe.Int64(1)
	next.Items = nil
	for _, item := range now.Snapshot.Items {
		if params := plannedParams(current, item, append([]ports.Change{r.Change}, r.Also...)); params != nil {
			next.Items = append(next.Items, params)
		}
	}
	return &stripe.SubscriptionScheduleParams{
		EndBehavior: stripe.String("release"),
		Metadata:    ours(map[string]string{metaDeployment: string(r.Deployment)}),
		Phases:      []*stripe.SubscriptionSchedulePhaseParams{first, next},
	}
}

// plannedParams is what an item becomes in the next phase; nil: it goes. It is taxed as it was.
func plannedParams(current schedulePhase, item domain.Item, changes []ports.Change) *stripe.SubscriptionSchedulePhaseItemParams {
	is := current.item(item.Price)
	params := &stripe.SubscriptionSchedulePhaseItemParams{Price: stripe.String(string(item.Price)), TaxRates: texts(is.TaxRates)}
	for _, change := range changes {
		switch {
		case change.Item != item.ID:
		case change.Kind == ports.ItemRemoved:
			return nil
		default:
			params.Price = stripe.String(string(change.Price))
			if change.Quantity > 0 {
				params.Quantity = stripe.Int64(change.Quantity)
			}
			return params
		}
	}
	if is.Quantity.given {
		params.Quantity = stripe.Int64(is.Quantity.value)
	}
	return params
}

// item is what a phase says of a price: a metered one has no quantity.
func (p schedulePhase) item(price domain.PriceID) phaseItem {
	for _, item := range p.Items {
		if item.Price.id == word(price) {
			return item
		}
	}
	return phaseItem{}
}

func (p schedulePhase) params() *stripe.SubscriptionSchedulePhaseParams {
	params := &stripe.SubscriptionSchedulePhaseParams{
		ProrationBehavior: stripe.String(noProration), Coupon: optional(string(p.Coupon)), DefaultTaxRates: texts(p.TaxRates),
	}
	for _, item := range p.Items {
		i := &stripe.SubscriptionSchedulePhaseItemParams{Price: stripe.String(string(item.Price.id)), TaxRates: texts(item.TaxRates)}
		if item.Quantity.given {
			i.Quantity = stripe.Int64(item.Quantity.value)
		}
		params.Items = append(params.Items, i)
	}
	return params
}

func texts(refs []ref) []*string {
	var all []*string
	for _, r := range refs {
		all = append(all, stripe.String(string(r)))
	}
	return all
}

// dropSchedule lets go of a planned change, if there is one.
func (g *Gateway) dropSchedule(ctx context.Context, now subscriptionNow, deployment domain.DeploymentID, key string) error {
	planned, err := g.ownSchedule(ctx, now, deployment)
	if err != nil || planned.ID == "" {
		return err
	}
	return g.release(ctx, planned, key)
}

// ownSchedule is the schedule of ours that governs a subscription; without an id: none does.
func (g *Gateway) ownSchedule(ctx context.Context, now subscriptionNow, deployment domain.DeploymentID) (scheduleObject, error) {
	if now.schedule == "" {
		return scheduleObject{}, nil
	}
	schedule, err := g.fetchSchedule(ctx, now.schedule)
	switch {
	case err != nil:
		return scheduleObject{}, err
	case !schedule.governs():
		return scheduleObject{}, nil
	case !schedule.isOurs(deployment):
		return scheduleObject{}, ports.ErrScheduledElsewhere
	}
	return schedule, nil
}

// release has a subscription go on by itself, if nobody else has done that meanwhile.
func (g *Gateway) release(ctx context.Context, schedule scheduleObject, key string) error {
	_, err := g.send(ctx, call{
		does: "release subscription schedule", method: http.MethodPost, key: key + "-release",
		path:   stripe.FormatURLPath("/v1/subscription_schedules/%s/release", string(schedule.ID)),
		params: &stripe.SubscriptionScheduleReleaseParams{},
	})
	if errors.Is(err, ports.ErrGatewayRefused) {
		if again, lookErr := g.fetchSchedule(ctx, ref(schedule.ID)); lookErr == nil && !again.governs() {
			return nil
		}
	}
	return err
}

// upcoming is the phase that follows the one under way.
func (s scheduleObject) upcoming() (schedulePhase, bool) {
	for _, p := range s.Phases {
		if p.Start == s.Current.End && p.Start.given {
			return p, true
		}
	}
	return schedulePhase{}, false
}
