package httpapi

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// twoPlans sells a dearer plan of the group too.
func twoPlans() *domain.Catalog {
	sold := catalog
	sold.Plans = map[domain.PlanKey]domain.Plan{"team": {
		Key: "team", Name: "Team", Mode: domain.ModeSubscription, Group: "main",
		Prices: []domain.Price{{Key: "monthly", ID: "price_team"}},
		Grants: map[domain.FeatureKey]domain.Value{"projects": domain.Limit(1000), "storage": domain.Limit(5)},
		Leeway: domain.DefaultLeeway, Checkout: domain.CheckoutOptions{MaxQuantity: 5},
	}}
	for key, plan := range catalog.Plans {
		sold.Plans[key] = plan
	}
	return &sold
}

// startSubscribed is a service of two plans, whose user ada is subscribed to one.
func startSubscribed(t *testing.T, plan string) *service {
	t.Helper()
	s := start(t, setup{sold: twoPlans()})
	s.gateway.SetPrice(ports.StripePrice{ID: "price_team", Product: "prod_team", Active: true, Amount: 4900, Currency: "eur", Interval: "month", IntervalCount: 1})
	_, session := s.buy("ada", plan)
	s.pay(session)
	return s
}

func TestCheckout_OfWhoIsSubscribed(t *testing.T) {
	t.Parallel()
	s := startSubscribed(t, "pro")
	ada := as("user:ada")
	change := s.call("POST", "/api/checkout/team", `{"quantity":2}`, ada)
	s.want(change, 200, "")
	if change.json["action"] != "redirect" || change.json["purpose"] != "change" || change.json["url"] == "" || change.json["order_id"] != nil ||
		!strings.HasPrefix(change.json["subscription_id"].(string), "sub_") {
		t.Errorf("another plan: got %s", change.text)
	}
	none := s.call("POST", "/api/checkout/pro", "", ada)
	s.want(none, 200, "")
	if none.json["action"] != "none" || none.json["purpose"] != "manage" || none.json["url"] == "" {
		t.Errorf("the same plan: got %s", none.text)
	}
	s.gateway.FailNext(ports.ErrGatewayBusy)
	s.want(s.call("POST", "/api/checkout/team", "", ada), 503, "payment_provider_busy")
	if logged := s.log.String(); strings.Contains(logged, "portal.example") {
		t.Error("the log has an address that lets anybody in")
	}
}

func TestPortal(t *testing.T) {
	t.Parallel()
	s := startSubscribed(t, "pro")
	ada := as("user:ada")
	for _, body := range []string{"", `{}`, `{"flow":"payment_method_update"}`, `{"flow":"subscription_update"}`,
		`{"flow":"subscription_update","plan":"team","quantity":2,"return_url":"https://shop.example/billing"}`, `{"flow":"subscription_cancel"}`} {
		got := s.call("POST", "/api/portal", body, ada)
		if s.want(got, 200, ""); got.json["url"] == "" {
			t.Errorf("%s: got %s", body, got.text)
		}
	}
	s.want(s.call("POST", "/api/portal", `{"user_id":"ada"}`, as("app:backend")), 200, "")
	s.want(s.call("POST", "/api/portal", `{"user_id":"ada"}`, as("user:eve")), 403, "other_user")
	s.want(s.call("POST", "/api/portal", "", as("user:eve")), 409, "no_customer")
	s.want(s.call("POST", "/api/portal", `{"flow":"subscription_update_confirm"}`, ada), 400, "bad_request")
	s.want(s.call("POST", "/api/portal", `{"flow":"subscription_update","plan":"pro","price":"monthly"}`, ada), 409, "nothing_to_change")
	s.want(s.call("POST", "/api/portal", `{"return_url":"https://evil.example"}`, ada), 422, "return_url_not_allowed")
	s.want(s.call("POST", "/api/portal", `{"flow":"subscription_update","plan":"gold"}`, ada), 404, "unknown_plan")
}

func TestSubscription_PreviewAndChange(t *testing.T) {
	t.Parallel()
	s := startSubscribed(t, "pro")
	ada := as("user:ada")
	s.clock.pass(10 * 24 * time.Hour)
	p := s.call("GET", "/api/subscription/preview?plan=team&quantity=2", "", ada)
	s.want(p, 200, "")
	if p.json["due_now"].(float64) <= 0 || p.json["credit"] != 0.0 || p.json["currency"] != "eur" || p.json["when"] != "now" ||
		p.json["due_later"].(map[string]any)["amount"] != 9800.0 || len(p.json["lines"].([]any)) != 3 {
		t.Errorf("got %s", p.text)
	}
	want := map[string]any{
		"gained": []any{}, "lost": []any{map[string]any{"feature": "sso", "before": true, "after": nil}},
		"more":  []any{map[string]any{"feature": "projects", "before": 100.0, "after": 1000.0}},
		"fewer": []any{map[string]any{"feature": "storage", "before": "unlimited", "after": 5.0}},
	}
	if diff := cmp.Diff(want, p.json["rights"]); diff != "" {
		t.Errorf("the rights differ (-want +got):\n%s", diff)
	}
	body := `{"plan":"team","quantity":2,"proration_date":"` + p.json["proration_date"].(string) + `"}`
	key := map[string]string{"Idempotency-Key": "k"}
	for range 2 {
		changed := s.call("POST", "/api/subscription/change", body, ada, key)
		s.want(changed, 200, "")
		if changed.json["action"] != "none" || changed.json["plan"] != "team" || changed.json["price"] != "monthly" || changed.json["quantity"] != 2.0 || changed.json["status"] != "active" {
			t.Errorf("got %s", changed.text)
		}
	}
	held := s.call("GET", "/api/entitlements/projects", "", ada)
	if held.json["value"] != 1000.0 {
		t.Errorf("holds %s", held.text)
	}
	later := s.call("POST", "/api/subscription/change", `{"plan":"pro"}`, ada)
	if s.want(later, 200, ""); later.json["when"] != "period_end" || later.json["effective_at"] == nil {
		t.Errorf("less: got %s", later.text)
	}
	s.want(s.call("POST", "/api/subscription/change", `{"plan":"team","quantity":3}`, ada, key), 422, "idempotency_key_reused")
	s.want(s.call("POST", "/api/subscription/change", `{"plan":"team","quantity":9}`, ada), 422, "invalid_request")
	s.want(s.call("POST", "/api/subscription/change", `{"plan":"team","when":"soon"}`, ada), 400, "bad_request")
	s.want(s.call("GET", "/api/subscription/preview?plan=team&when=soon", "", ada), 400, "bad_request")
	s.want(s.call("GET", "/api/subscription/preview?plan=gold", "", ada), 404, "unknown_plan")
	if got := s.call("GET", "/api/subscription/preview", "", ada).detail(); got != "malformed request: plan is missing from the query" {
		t.Errorf("without a plan: %q", got)
	}
	s.want(s.call("GET", "/api/subscription/preview?plan=team", "", as("user:eve")), 409, "not_subscribed")
}

func TestSubscription_ChangeThatIsNotPaid(t *testing.T) {
	t.Parallel()
	s := startSubscribed(t, "pro")
	state, err := s.store.Store.State(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	s.gateway.DeclineCards(state.Account.Customer, true)
	got := s.call("POST", "/api/subscription/change", `{"plan":"team"}`, as("user:ada"))
	s.want(got, 200, "")
	if got.json["action"] != "redirect" || got.json["url"] == "" || got.json["effective_at"] != nil {
		t.Errorf("got %s", got.text)
	}
	if held := s.call("GET", "/api/entitlements/projects", "", as("user:ada")); held.json["value"] != 100.0 {
		t.Errorf("holds %s", held.text)
	}
}

func TestSubscription_CancelAndResume(t *testing.T) {
	t.Parallel()
	s := startSubscribed(t, "pro")
	ada := as("user:ada")
	canceled := s.call("POST", "/api/subscription/cancel", "", ada)
	if s.want(canceled, 200, ""); canceled.json["ends_at"] == nil || canceled.json["status"] != "active" || canceled.json["plan"] != "pro" {
		t.Errorf("canceled: got %s", canceled.text)
	}
	if got := s.call("POST", "/api/checkout/pro", "", ada); got.json["purpose"] != "resume" {
		t.Errorf("wanted again: got %s", got.text)
	}
	resumed := s.call("POST", "/api/subscription/resume", `{"plan":"pro"}`, ada)
	if s.want(resumed, 200, ""); resumed.json["ends_at"] != nil {
		t.Errorf("resumed: got %s", resumed.text)
	}
	over := s.call("POST", "/api/subscription/cancel", `{"when":"now","user_id":"ada"}`, as("app:backend"))
	if s.want(over, 200, ""); over.json["status"] != "canceled" || over.json["ended_at"] == nil {
		t.Errorf("ended: got %s", over.text)
	}
	s.want(s.call("POST", "/api/subscription/resume", "", ada), 409, "not_subscribed")
	s.want(s.call("POST", "/api/checkout/team", "", ada), 201, "")
}

// Each of these asks Stripe, so that each is limited.
func TestSubscription_IsLimited(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{CheckoutBurst: 1, CheckoutRate: 0.001}})
	for i, call := range []string{"POST /api/portal", "GET /api/subscription/preview?plan=pro", "POST /api/subscription/change", "POST /api/subscription/cancel", "POST /api/subscription/resume"} {
		method, path, _ := strings.Cut(call, " ")
		body := ""
		if strings.HasSuffix(path, "change") {
			body = `{"plan":"pro"}`
		}
		user := as("user:" + string(rune('a'+i)))
		if first := s.call(method, path, body, user); first.StatusCode != 409 {
			t.Errorf("%s: got %d %s", call, first.StatusCode, first.text)
		}
		s.want(s.call(method, path, body, user), 429, "rate_limited")
	}
}
