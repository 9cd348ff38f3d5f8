package httpapi

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// startWithAddon is a service whose user ada is subscribed to a plan with an add-on for sale.
func startWithAddon(t *testing.T) *service {
	t.Helper()
	sold := twoPlans()
	sold.Plans["disk"] = domain.Plan{
		Key: "disk", Name: "Disk", Mode: domain.ModeSubscription, AddonTo: []domain.PlanKey{"team"}, Leeway: domain.DefaultLeeway,
		Prices:   []domain.Price{{Key: "monthly", ID: "price_disk"}},
		Grants:   map[domain.FeatureKey]domain.Value{"sso": domain.Flag()},
		Checkout: domain.CheckoutOptions{MaxQuantity: 9},
	}
	s := start(t, setup{sold: sold})
	for id, amount := range map[domain.PriceID]int64{"price_team": 4900, "price_disk": 500} {
		s.gateway.SetPrice(ports.StripePrice{ID: id, Product: "prod_" + string(id), Active: true, Amount: amount, Currency: "eur", Interval: "month", IntervalCount: 1})
	}
	_, session := s.buy("ada", "team")
	s.pay(session)
	return s
}

func TestAddon_FromThePreviewToItsEnd(t *testing.T) {
	t.Parallel()
	s := startWithAddon(t)
	ada := as("user:ada")
	s.clock.pass(10 * 24 * time.Hour)
	s.want(s.call("POST", "/api/checkout/disk", "", ada), 409, "not_in_portal")
	s.want(s.call("POST", "/api/checkout/disk", "", as("user:eve")), 409, "base_plan_needed")
	p := s.call("GET", "/api/subscription/preview?plan=disk&quantity=3", "", ada)
	s.want(p, 200, "")
	if p.json["due_now"].(float64) <= 0 || p.json["due_now"].(float64) >= 1500 || p.json["due_later"].(map[string]any)["amount"] != 4900.0+1500.0 {
		t.Errorf("previewed %s", p.text)
	}
	body := `{"plan":"disk","quantity":3,"proration_date":"` + p.json["proration_date"].(string) + `"}`
	for range 2 {
		added := s.call("POST", "/api/subscription/change", body, ada, map[string]string{"Idempotency-Key": "add"})
		if s.want(added, 200, ""); added.json["action"] != "none" || added.json["plan"] != "disk" || added.json["quantity"] != 3.0 {
			t.Errorf("added: %s", added.text)
		}
	}
	if held := s.call("GET", "/api/entitlements/sso", "", ada); held.json["entitled"] != true {
		t.Errorf("holds %s", held.text)
	}
	s.addons(ada, map[string]any{"ends_at": nil})
	s.clock.pass(time.Minute)
	fewer := s.call("POST", "/api/subscription/change", `{"plan":"disk","quantity":2}`, ada)
	if s.want(fewer, 200, ""); fewer.json["when"] != "period_end" {
		t.Errorf("fewer: %s", fewer.text)
	}
	s.addons(ada, map[string]any{"planned_quantity": 2.0})

	s.clock.pass(time.Minute)
	ended := s.call("POST", "/api/subscription/cancel", `{"plan":"disk"}`, ada)
	if s.want(ended, 200, ""); ended.json["ends_at"] == nil || ended.json["ended_at"] != nil || ended.json["plan"] != "disk" || ended.json["status"] != "active" {
		t.Errorf("ended with the period: %s", ended.text)
	}
	s.addons(ada, map[string]any{"ends_at": ended.json["ends_at"]})
	s.want(s.call("POST", "/api/subscription/change", `{"plan":"pro","when":"now"}`, ada), 409, "change_planned")
	s.clock.pass(time.Minute)
	resumed := s.call("POST", "/api/subscription/resume", `{"plan":"disk"}`, ada)
	if s.want(resumed, 200, ""); resumed.json["ends_at"] != nil {
		t.Errorf("resumed: %s", resumed.text)
	}
	s.want(s.call("POST", "/api/subscription/change", `{"plan":"pro"}`, ada), 409, "addon_in_the_way")
}

// addons checks the one add-on that is shown, and that the plan is shown as it is.
func (s *service) addons(caller map[string]string, is map[string]any) {
	s.Helper()
	s.clock.pass(2 * time.Minute) // what is planned is asked for once a minute
	shown := s.call("GET", "/api/subscription", "", caller)
	s.want(shown, 200, "")
	sub := shown.json["subscription"].(map[string]any)
	want := map[string]any{"plan": "disk", "price": "monthly", "quantity": 3.0, "status": "active", "ends_at": nil, "planned_quantity": nil}
	for name, value := range is {
		want[name] = value
	}
	addons := sub["addons"].([]any)
	if len(addons) != 1 || sub["plan"] != "team" || sub["planned_change"] != nil || sub["cancels_at"] != nil {
		s.Fatalf("shown is %s, want the plan as it is with one add-on", shown.text)
	}
	got := addons[0].(map[string]any)
	delete(got, "id")
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("the add-on (-want +got):\n%s", diff)
	}
}

func TestPlans_SayWhatAnAddonIsSoldWith(t *testing.T) {
	t.Parallel()
	s := startWithAddon(t)
	for user, want := range map[string]string{"ada": "change", "eve": "none"} {
		for _, one := range s.call("GET", "/api/plans?mine=true", "", as("user:"+user)).json["plans"].([]any) {
			plan := one.(map[string]any)
			if plan["key"] == "disk" && (plan["action"] != want || plan["held"] != false || cmp.Diff([]any{"team"}, plan["addon_to"]) != "") {
				t.Errorf("%s: got %v, want it to %s", user, plan, want)
			}
		}
	}
}
