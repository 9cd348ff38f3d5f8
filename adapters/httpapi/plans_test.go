package httpapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestPlans_AnswerToTheByte(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.store.fail(ports.ErrUnavailable) // nobody asks it
	want := `{"plans":[` +
		`{"addon_to":[],"adjustable_quantity":false,"default":false,"description":"","features":[{"description":"","included":null,"key":"projects","name":"","per_unit":false,"value":10}],` +
		`"grants":{"projects":10},"group":null,"highlight":false,"key":"basic","max_quantity":1,"mode":"payment","name":"Basic","once":false,"pausable":false,` +
		`"prices":[{"amount":900,"billing_scheme":"per_unit","currencies":[{"amount":900,"currency":"eur","tiers":[]}],"currency":"eur","interval":null,"interval_count":null,"key":"once","tiers":[],"tiers_mode":null,"usage_type":null}],` +
		`"trial_days":null,"unit":null,"valid_for":null},` +
		`{"addon_to":[],"adjustable_quantity":false,"default":false,"description":"For teams","features":[` +
		`{"description":"","included":null,"key":"projects","name":"","per_unit":false,"value":100},` +
		`{"description":"","included":null,"key":"sso","name":"","per_unit":false,"value":true},` +
		`{"description":"","included":null,"key":"storage","name":"","per_unit":false,"value":"unlimited"}],` +
		`"grants":{"projects":100,"sso":true,"storage":"unlimited"},"group":"main","highlight":false,"key":"pro","max_quantity":5,"mode":"subscription","name":"Pro","once":false,"pausable":false,` +
		`"prices":[{"amount":1900,"billing_scheme":"per_unit","currencies":[{"amount":1900,"currency":"eur","tiers":[]}],"currency":"eur","interval":"month","interval_count":1,"key":"monthly","tiers":[],"tiers_mode":null,"usage_type":"licensed"},` +
		`{"amount":19000,"billing_scheme":"per_unit","currencies":[{"amount":19000,"currency":"eur","tiers":[]}],"currency":"eur","interval":"year","interval_count":1,"key":"yearly","tiers":[],"tiers_mode":null,"usage_type":"licensed"}],` +
		`"trial_days":null,"unit":null,"valid_for":null}]}` + "\n"
	got := s.call("GET", "/api/plans", "")
	if diff := cmp.Diff(want, got.text); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if cache := got.Header.Get("Cache-Control"); cache != "public, max-age=60" {
		t.Errorf("it may be kept as %q", cache)
	}
	// A token that goes with every request changes nothing.
	if own := s.call("GET", "/api/plans", "", as("user:ada")); own.text != got.text {
		t.Errorf("with a token: got %s", own.text)
	}
}

func TestPlans_SayWhatAPricingPageShows(t *testing.T) {
	t.Parallel()
	team := catalog.Plans["pro"]
	team.Key, team.Name, team.Highlight, team.TrialDays, team.Place = "team", "Team", true, 14, -1
	team.Prices = []domain.Price{{Key: "monthly", LookupKey: "pro_monthly"}}
	team.Grants = map[domain.FeatureKey]domain.Value{"seats": domain.Limit(1), "sso": domain.Flag()}
	pass := catalog.Plans["basic"]
	pass.ValidFor, pass.Once = 24*time.Hour, true
	sold := shelf(free, team, pass)
	sold.Features = map[domain.FeatureKey]domain.Feature{
		"sso":      {Key: "sso", Type: domain.FeatureFlag, Place: 1},
		"seats":    {Key: "seats", Name: "Seats", Description: "For people.", Type: domain.FeatureLimit, PerUnit: true, Included: 5},
		"projects": catalog.Features["projects"],
		"storage":  catalog.Features["storage"],
	}
	s := start(t, setup{sold: sold})
	plans := plansOf(s.call("GET", "/api/plans", ""))
	var order []any
	for _, plan := range plans {
		order = append(order, plan["key"])
	}
	if got := fmt.Sprint(order); got != "[team basic free pro]" {
		t.Errorf("got %s, want the file's order", got)
	}
	first := plans[0]
	if first["highlight"] != true || first["trial_days"] != 14.0 || first["unit"] != "seats" || first["max_quantity"] != 5.0 {
		t.Errorf("got %v", first)
	}
	seats := first["features"].([]any)[0].(map[string]any)
	if seats["name"] != "Seats" || seats["description"] != "For people." || seats["included"] != 5.0 || seats["per_unit"] != true {
		t.Errorf("got %v", seats)
	}
	if basic := plans[1]; basic["valid_for"] != 86400.0 || basic["once"] != true {
		t.Errorf("got %v", basic)
	}
	if everybody := plans[2]; everybody["default"] != true || everybody["mode"] != nil || len(everybody["prices"].([]any)) != 0 {
		t.Errorf("got %v", everybody)
	}
}

func plansOf(r reply) []map[string]any {
	var plans []map[string]any
	all, _ := r.json["plans"].([]any)
	for _, plan := range all {
		plans = append(plans, plan.(map[string]any))
	}
	return plans
}

// shelves are plans of one group, a pass that is sold once, and what everybody holds.
func shelves() *domain.Catalog {
	life, starter, team := catalog.Plans["basic"], catalog.Plans["pro"], catalog.Plans["pro"]
	life.Once = true
	starter.Key, starter.Prices, starter.Place = "starter", []domain.Price{{Key: "monthly", LookupKey: "starter_monthly"}}, 1
	team.Key, team.Prices, team.TrialDays, team.Place = "team", []domain.Price{{Key: "monthly", LookupKey: "team_monthly"}}, 14, 3
	pro := catalog.Plans["pro"]
	pro.Place = 2
	return shelf(free, life, starter, pro, team)
}

func TestPlans_SayWhatTheyAreToAUser(t *testing.T) {
	t.Parallel()
	s := start(t, setup{sold: shelves()})
	for _, key := range []string{"starter", "team"} {
		s.gateway.SetPrice(ports.StripePrice{
			ID: domain.PriceID("price_" + key), LookupKey: key + "_monthly", Active: true, Currency: "eur", Interval: "month", IntervalCount: 1,
			Amount: map[string]int64{"starter": 900, "team": 9900}[key],
		})
	}
	// says is what each price's button does, of what is held with an asterisk, and for how
	// many days it may be tried.
	says := func(user string) string {
		got := s.call("GET", "/api/plans?user_id="+user, "", as("app:backend"))
		s.want(got, 200, "")
		if cache := got.Header.Get("Cache-Control"); cache != "no-store" || got.json["user_id"] != user || got.json["as_of"] == nil {
			t.Errorf("for a user: %q, %s", cache, got.text)
		}
		var said []any
		for _, plan := range plansOf(got) {
			line := fmt.Sprint(plan["key"])
			if plan["held"] == true {
				line += "*"
			}
			for _, price := range plan["prices"].([]any) {
				line += fmt.Sprint(" ", price.(map[string]any)["action"])
			}
			if len(plan["prices"].([]any)) == 0 {
				line += fmt.Sprint(" ", plan["action"])
			}
			if days := plan["trial_days"]; days != nil {
				line += fmt.Sprint(" ", days)
			}
			said = append(said, line)
		}
		return fmt.Sprintf("%q", said)
	}
	want := func(user, want string) {
		t.Helper()
		if got := says(user); got != want {
			t.Errorf("%s: got  %s\nwant %s", user, got, want)
		}
	}
	want("nobody", `["basic buy" "free* none" "starter buy" "pro buy buy" "team start_trial 14"]`)

	_, session := s.buy("ada", "pro")
	s.pay(session)
	want("ada", `["basic buy" "free* none" "starter downgrade" "pro* manage upgrade" "team upgrade"]`)

	_, session = s.buy("bea", "basic")
	s.pay(session)
	want("bea", `["basic* none" "free* none" "starter buy" "pro buy buy" "team start_trial 14"]`)

	_, session = s.buy("cid", "team")
	s.pay(session)
	want("cid", `["basic buy" "free* none" "starter downgrade" "pro downgrade downgrade" "team* manage"]`)

	own := s.call("GET", "/api/plans?mine=true", "", as("user:ada"))
	if own.json["user_id"] != "ada" {
		t.Errorf("for oneself: got %s", own.text)
	}
	s.want(s.call("GET", "/api/plans?mine=true", ""), 401, "unauthenticated")
	s.want(s.call("GET", "/api/plans?user_id=ada", ""), 401, "unauthenticated")
	s.want(s.call("GET", "/api/plans?user_id=ada", "", as("user:eve")), 403, "other_user")
	s.want(s.call("GET", "/api/plans?mine=true", "", as("app:backend")), 400, "user_id_required")
}
