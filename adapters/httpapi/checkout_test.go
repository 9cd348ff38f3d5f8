package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestCheckout_FromClickToEntitlement(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	ada := as("user:ada")

	opened := s.call("POST", "/api/checkout/pro", `{"price":"yearly","quantity":2,"locale":"de"}`, ada)
	s.want(opened, 201, "")
	if opened.json["action"] != "redirect" || opened.Header.Get("Location") != opened.json["url"] {
		t.Errorf("got %s with Location %q", opened.text, opened.Header.Get("Location"))
	}
	order := opened.json["order_id"].(string)

	before := s.call("GET", "/api/orders/"+order, "", ada)
	if before.json["status"] != "open" || before.json["url"] != opened.json["url"] || before.json["paid_at"] != nil ||
		before.json["price"] != "yearly" || before.json["quantity"] != float64(2) || before.json["user_id"] != "ada" {
		t.Errorf("before paying: %s", before.text)
	}
	none := s.call("GET", "/api/entitlements/sso", "", ada)
	if none.json["entitled"] != false || none.json["value"] != nil {
		t.Errorf("before paying: %s", none.text)
	}

	s.pay(opened.json["session_id"].(string))

	after := s.call("GET", "/api/orders/"+order, "", ada)
	if _, still := after.json["url"]; after.json["status"] != "paid" || after.json["paid_at"] == nil || still {
		t.Errorf("after paying: %s", after.text)
	}
	for feature, value := range map[string]any{"sso": true, "projects": float64(100), "storage": "unlimited"} {
		got := s.call("GET", "/api/entitlements/"+feature, "", ada)
		if got.json["entitled"] != true || got.json["value"] != value || got.json["until"] == nil {
			t.Errorf("after paying: %s, want the value %v", got.text, value)
		}
	}
	got := s.call("GET", "/api/entitlements?user_id=ada", "", as("app:backend"))
	if listed, _ := got.json["entitlements"].([]any); len(listed) != 3 || got.json["user_id"] != "ada" {
		t.Errorf("after paying: %s", got.text)
	}
}

func TestCheckout_Refusals(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for name, c := range map[string]struct {
		plan, body string
		status     int
		code, says string
	}{
		"unknown plan":             {"gold", "", 404, "unknown_plan", `"gold" is not in the catalog, which sells basic, pro, unsold`},
		"unknown price":            {"pro", `{"price":"weekly"}`, 422, "unknown_price", `plan pro has no price "weekly", but monthly, yearly`},
		"price that is not sold":   {"unsold", "", 502, "price_not_sold", "operator"},
		"too many":                 {"pro", `{"quantity":6}`, 422, "invalid_request", "between 1 and 5"},
		"two of what is one":       {"basic", `{"quantity":2}`, 422, "invalid_request", "plan basic is sold one at a time: leave the quantity out"},
		"none":                     {"pro", `{"quantity":0}`, 400, "bad_request", "quantity"},
		"a fraction":               {"pro", `{"quantity":1.5}`, 400, "bad_request", "body.quantity is a whole number, such as 2"},
		"a small fraction":         {"pro", `{"quantity":1e-1}`, 400, "bad_request", "body.quantity is a whole number, such as 2"},
		"endlessly many":           {"pro", `{"quantity":1e400}`, 400, "bad_request", ""},
		"more than can be counted": {"pro", `{"quantity":99999999999999999999}`, 400, "bad_request", ""},
		"quantity in words":        {"pro", `{"quantity":"two"}`, 400, "bad_request", "body.quantity is a whole number, such as 2"},
		"odd locale":               {"pro", `{"locale":"de_DE"}`, 422, "invalid_request", "locale"},
		"foreign success page":     {"pro", `{"success_url":"https://evil.example/"}`, 422, "return_url_not_allowed", "success_url"},
		"script as cancel page":    {"pro", `{"cancel_url":"javascript:alert(1)"}`, 422, "return_url_not_allowed", "cancel_url"},
		"foreign user":             {"pro", `{"user_id":"eve"}`, 403, "other_user", "itself"},
		"an amount":                {"pro", `{"amount":1}`, 400, "bad_request", "amount"},
		"metadata":                 {"pro", `{"metadata":{"user_id":"eve"}}`, 400, "bad_request", "metadata"},
		"a customer":               {"pro", `{"customer":"cus_1"}`, 400, "bad_request", "customer"},
		"a field in other case":    {"pro", `{"USER_ID":"eve"}`, 400, "bad_request", "USER_ID"},
		"cut JSON":                 {"pro", `{"price":`, 400, "bad_request", "not JSON"},
		"two values":               {"pro", `{} {"quantity":2}`, 400, "bad_request", "not JSON"},
		"a list":                   {"pro", `[]`, 400, "bad_request", "body"},
		"null":                     {"pro", `null`, 400, "bad_request", "body"},
		"null as a price":          {"pro", `{"price":null}`, 400, "bad_request", "price"},
		"a word":                   {"pro", `pro`, 400, "bad_request", "not JSON"},
		"deep nesting":             {"pro", strings.Repeat("[", 30_000), 400, "bad_request", ""},
		"NUL in the price":         {"pro", `{"price":"\u0000"}`, 422, "unknown_price", ""},
		"NUL in the plan":          {"%00", "", 404, "unknown_plan", ""},
		"path out of the plans":    {"..%2f..%2fetc%2fpasswd", "", 404, "unknown_plan", ""},
		"escaped escape":           {"%252e%252e", "", 404, "unknown_plan", ""},
		"invalid UTF-8":            {"%ff%fe", "", 404, "unknown_plan", ""},
	} {
		got := s.call("POST", "/api/checkout/"+c.plan, c.body, as("user:ada"))
		if got.StatusCode != c.status || got.code() != c.code || !strings.Contains(got.detail(), c.says) {
			t.Errorf("%s: got %d %s, want %d %s saying %q", name, got.StatusCode, got.text, c.status, c.code, c.says)
		}
	}
	if calls := s.gateway.Calls(); calls != 1 {
		t.Errorf("the payment provider was called %d times, want once, for the prices", calls)
	}
}

// JSON has one kind of numbers, and some clients write a whole one with a point.
func TestCheckout_WholeNumbersHoweverWritten(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for i, quantity := range []string{"3", "3.0", "3e0", "30e-1", "0.3E+1"} {
		got := s.call("POST", "/api/checkout/pro", `{"price":"monthly","quantity":`+quantity+`}`, as(fmt.Sprint("user:", i)))
		s.want(got, 201, "")
		order, _ := got.json["order_id"].(string)
		if kept := s.call("GET", "/api/orders/"+order, "", as("admin:ops")); kept.json["quantity"] != 3.0 {
			t.Errorf("%s: kept %s", quantity, kept.text)
		}
	}
}

// No answer quotes what Go says of a text that it cannot read.
func TestManners_NoAnswerSpeaksGo(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for call, says := range map[string]string{
		`POST /api/checkout/pro {"quantity":1e400}`:                                          "",
		`POST /api/checkout/pro {"quantity":99999999999999999999}`:                           "",
		`POST /api/checkout/pro {"quantity":9223372036854775808.0}`:                          "",
		`POST /api/admin/users/ada/grants {"feature":"projects","value":1e400,"reason":"x"}`: "value",
		`POST /api/admin/users/ada/grants {"feature":"projects","value":1.5,"reason":"x"}`:   `a whole number from 0 or "unlimited" for a limit`,
		`POST /api/admin/users/ada/grants {"feature":"projects","value":-1e0,"reason":"x"}`:  "value",
		`POST /api/admin/users/ada/grants {"feature":1,"reason":"x"}`:                        "feature",
		`POST /api/admin/events/replay {"outcome":"failed","since":"soon"}`:                  "since",
		`GET /api/admin/events?limit=x`:                                                      "limit is a whole number, such as 2",
		`GET /api/admin/events?limit=1e2`:                                                    "limit is a whole number, such as 2",
		`GET /api/admin/events?limit=99999999999999999999`:                                   "limit is a whole number, such as 2, and not as large",
		`GET /api/plans?mine=yes`:                                                            "mine is true or false",
		`GET /api/admin/users/ada/explain?at=soon`:                                           "at is a time with its zone",
	} {
		parts := strings.SplitN(call+"  ", " ", 3)
		got := s.call(parts[0], parts[1], strings.TrimSpace(parts[2]), as("admin:ops"))
		if got.StatusCode != 400 || !strings.Contains(got.detail(), says) {
			t.Errorf("%s: got %d %s, want 400 saying %q", call, got.StatusCode, got.text, says)
		}
		for _, word := range []string{"strconv", "json:", "unmarshal", "Go ", "int64", "float64", "*", "2006"} {
			if strings.Contains(got.text, word) {
				t.Errorf("%s: the answer speaks Go: %s", call, got.text)
			}
		}
	}
	given := s.call("POST", "/api/admin/users/ada/grants", `{"feature":"projects","value":1e2,"reason":"x"}`, as("admin:ops"))
	if s.want(given, 201, ""); given.json["value"] != 100.0 {
		t.Errorf("got %s", given.text)
	}
}

func TestCheckout_TakesNoBodyOrJSON(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for name, c := range map[string]struct {
		media, body string
		status      int
	}{
		"no body":                 {"", "", 201},
		"no body of type form":    {"application/x-www-form-urlencoded", "", 201},
		"empty object":            {"application/json", "{}", 201},
		"JSON with a charset":     {"application/json; charset=utf-8", `{"quantity":1}`, 201},
		"JSON without saying so":  {"", "{}", 415},
		"JSON as text":            {"text/plain", "{}", 415},
		"form":                    {"application/x-www-form-urlencoded", "price=monthly", 415},
		"media type that is none": {";;;", "{}", 415},
	} {
		r, _ := http.NewRequest("POST", s.url+"/api/checkout/pro", strings.NewReader(c.body))
		r.Header.Set("Authorization", "Bearer user:ada")
		if c.media != "" {
			r.Header.Set("Content-Type", c.media)
		}
		if got := s.send(r); got.StatusCode != c.status {
			t.Errorf("%s: got %d, want %d: %s", name, got.StatusCode, c.status, got.text)
		}
	}
}

func TestCheckout_IdempotencyKey(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	ada := as("user:ada")
	key := map[string]string{"Idempotency-Key": "k-1"}

	first := s.call("POST", "/api/checkout/pro", "", ada, key)
	s.want(first, 201, "")
	if again := s.call("POST", "/api/checkout/pro", "{}", ada, key); again.text != first.text {
		t.Errorf("the repetition got %s, the first %s", again.text, first.text)
	}
	s.want(s.call("POST", "/api/checkout/basic", "", ada, key), 422, "idempotency_key_reused")
	s.want(s.call("POST", "/api/checkout/pro", `{"quantity":2}`, ada, key), 422, "idempotency_key_reused")
	// Another user's key is another key.
	if other := s.call("POST", "/api/checkout/pro", "", as("user:eve"), key); other.StatusCode != 201 || other.json["order_id"] == first.json["order_id"] {
		t.Errorf("another user with the same key got %s", other.text)
	}
	s.want(s.call("POST", "/api/checkout/pro", "", ada, map[string]string{"Idempotency-Key": strings.Repeat("k", 256)}), 400, "bad_request")
	s.want(s.call("POST", "/api/checkout/pro", "", ada, map[string]string{"Idempotency-Key": ""}), 400, "bad_request")
	s.want(s.call("POST", "/api/checkout/pro", "", ada, map[string]string{"Idempotency-Key": "\xff"}), 422, "invalid_request")

	twice, _ := http.NewRequest("POST", s.url+"/api/checkout/pro", nil)
	twice.Header = http.Header{"Authorization": {"Bearer user:ada"}, "Idempotency-Key": {"k-1", "k-2"}}
	s.want(s.send(twice), 400, "bad_request")
}

// With the default limits: whoever repeats a request is not to be told to go away.
func TestCheckout_ManyClicksAtOnceMakeOneSession(t *testing.T) {
	t.Parallel()
	s := start(t, setup{defaults: true})
	answers := make([]reply, 20)
	var clicks sync.WaitGroup
	for i := range answers {
		clicks.Go(func() {
			answers[i] = s.call("POST", "/api/checkout/pro", "", as("user:ada"), map[string]string{"Idempotency-Key": "k-1"})
		})
	}
	clicks.Wait()
	for _, got := range answers {
		if got.StatusCode != 201 || got.text != answers[0].text {
			t.Errorf("got %d %s, want %s", got.StatusCode, got.text, answers[0].text)
		}
	}
	if calls := s.gateway.Calls(); calls != 3 {
		t.Errorf("the payment provider was called %d times, want 3: prices, customer, session", calls)
	}
}

func TestCheckout_Conflicts(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	ada := as("user:ada")
	_, session := s.buy("ada", "pro")
	s.gateway.Pay("cs_unknown") // nobody's
	s.gateway.Pay(sessionID(session))
	s.want(s.call("POST", "/api/checkout/pro", `{"price":"yearly"}`, ada), 409, "checkout_completed")
	got := s.call("POST", "/api/checkout/pro", `{"price":"yearly"}`, ada)
	if s.want(got, 200, ""); got.json["purpose"] != "change" {
		t.Errorf("subscribed by now: got %s", got.text)
	}
}

func TestCheckout_RepeatedWithoutAPageToSendTheBuyerTo(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	key := map[string]string{"Idempotency-Key": "k-1"}
	order := s.call("POST", "/api/checkout/basic", "", as("user:ada"), key).json["order_id"].(string)
	// As after a crash, when only the webhook told us of the session.
	err := s.store.Update(t.Context(), ports.Touch{Users: []domain.UserID{"ada"}}, func(found ports.Found) (ports.Kept, error) {
		state := found.States["ada"]
		o := state.Account.Orders[domain.OrderID(order)]
		o.SessionURL = ""
		state.Account = state.Account.WithOrder(o)
		return ports.Kept{States: []ports.State{state}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got := s.call("POST", "/api/checkout/basic", "", as("user:ada"), key)
	s.want(got, 409, "checkout_over")
	if !strings.Contains(got.detail(), order) {
		t.Errorf("the detail %q does not name order %s", got.detail(), order)
	}
}

func TestCheckout_WhenThePaymentProviderFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
		retry  string
	}{
		"busy":    {ports.ErrGatewayBusy, 503, "payment_provider_busy", "2"},
		"denied":  {fmt.Errorf("key rk_live_abc lacks a permission: %w", ports.ErrGatewayDenied), 502, "payment_provider_denied", ""},
		"refused": {fmt.Errorf("tax is not set up: %w", ports.ErrGatewayRefused), 502, "payment_provider_refused", ""},
		"price":   {fmt.Errorf("no such price: %w", ports.ErrPriceRefused), 502, "price_not_sold", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{})
			s.buy("bob", "pro") // asks for the prices
			s.gateway.FailNext(c.err)
			got := s.call("POST", "/api/checkout/pro", "", as("user:ada"))
			s.want(got, c.status, c.code)
			if got.Header.Get("Retry-After") != c.retry || strings.Contains(got.text, "rk_live") || got.Header.Get("Location") != "" {
				t.Errorf("got %v %s", got.Header, got.text)
			}
			s.want(s.call("POST", "/api/checkout/pro", "", as("user:ada")), 201, "")
			if logged := s.log.String(); c.status == 502 && !strings.Contains(logged, `"level":"ERROR"`) {
				t.Errorf("an operator learns nothing: %s", logged)
			}
		})
	}
}

// What the client sent and Stripe refuses is the client's to mend.
func TestCheckout_WhenThePaymentProviderRefusesWhatWasSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err        error
		body       string
		status     int
		code, says string
	}{
		"currency":         {ports.ErrCurrencyLocked, "", 409, "currency_locked", "choose a price in that currency"},
		"locale":           {ports.ErrLocaleRefused, `{"locale":"de-DE"}`, 422, "locale_not_supported", "auto"},
		"quantity":         {ports.ErrQuantityRefused, `{"quantity":5}`, 422, "quantity_not_sold", "less"},
		"success page":     {ports.ErrReturnURLRefused, `{"success_url":"https://shop.example/x"}`, 422, "return_url_not_allowed", "success_url"},
		"configured page":  {ports.ErrReturnURLRefused, "", 502, "payment_provider_refused", "operator"},
		"default quantity": {ports.ErrQuantityRefused, "", 502, "payment_provider_refused", "operator"},
	} {
		s := start(t, setup{})
		s.buy("bob", "pro") // asks for the prices
		s.gateway.FailNext(nil, fmt.Errorf("%w: stripe answers 400: account acct_1", c.err))
		got := s.call("POST", "/api/checkout/pro", c.body, as("user:ada"))
		if got.StatusCode != c.status || got.code() != c.code || !strings.Contains(got.detail(), c.says) || strings.Contains(got.text, "acct_1") {
			t.Errorf("%s: got %d %s, want %d %s saying %q", name, got.StatusCode, got.text, c.status, c.code, c.says)
		}
		s.want(s.call("POST", "/api/checkout/pro", c.body, as("user:ada")), 201, "")
	}
}

// A buyer's customer that Stripe does not know is for an operator to look at, and
// costs the buyer nothing.
func TestCheckout_WhenTheKeyIsAnotherAccounts(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	_, session := s.buy("ada", "pro")
	s.pay(session)
	state, err := s.store.State(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	show := s.gateway.HideCustomer(state.Account.Customer)
	got := s.call("POST", "/api/checkout/basic", "", as("user:ada"))
	s.want(got, 502, "payment_provider_mismatch")
	if !strings.Contains(got.detail(), "STRIPE_ACCOUNT") || strings.Contains(got.text, "cus_") {
		t.Errorf("got %s", got.text)
	}
	if logged := s.log.String(); !strings.Contains(logged, `"level":"ERROR"`) || !strings.Contains(logged, string(state.Account.Customer)) {
		t.Errorf("an operator does not learn of whom: %s", logged)
	}
	if held := s.call("GET", "/api/entitlements/sso", "", as("user:ada")); held.json["entitled"] != true {
		t.Errorf("what was paid is gone: %s", held.text)
	}
	show()
	s.want(s.call("POST", "/api/checkout/basic", "", as("user:ada")), 201, "")
}

func TestCheckout_TakesTheBrowsersLanguage(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, locale := range []string{"de-DE", "en-US", "zh-Hans-CN", "pt-br", "auto"} {
		s.want(s.call("POST", "/api/checkout/pro", `{"locale":"`+locale+`"}`, as("user:ada")), 201, "")
	}
}

func TestPlans_SayWhatAPriceIsLike(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, p := range []ports.StripePrice{
		{ID: "price_basic", Active: true, Amount: 0, Currency: "eur"},
		{ID: "price_monthly", LookupKey: "pro_monthly", Active: true, AmountUnknown: true, Tiered: true, Volume: true, Currency: "eur", Interval: "month", IntervalCount: 1,
			Tiers:   []ports.Tier{{UpTo: 2, UnitAmount: 9, FlatAmount: 1}, {UnitAmount: 7}},
			Options: []ports.CurrencyOption{{Currency: "usd", AmountUnknown: true, Tiers: []ports.Tier{{UnitAmount: 8}}}}},
		{ID: "price_yearly", LookupKey: "pro_yearly", Active: true, Amount: 5, Metered: true, Currency: "eur", Interval: "year", IntervalCount: 1},
		{ID: "price_gone", Active: true, Archived: true, Amount: 900, Currency: "eur"},
	} {
		s.gateway.SetPrice(p)
	}
	got := s.call("GET", "/api/plans", "")
	s.want(got, 200, "")
	prices := map[string]any{}
	for _, plan := range got.json["plans"].([]any) {
		for _, price := range plan.(map[string]any)["prices"].([]any) {
			p := price.(map[string]any)
			prices[p["key"].(string)] = p
		}
	}
	tiers := []any{
		map[string]any{"up_to": float64(2), "unit_amount": float64(9), "flat_amount": float64(1)},
		map[string]any{"up_to": nil, "unit_amount": float64(7), "flat_amount": float64(0)},
	}
	want := map[string]any{
		"once": map[string]any{"key": "once", "amount": float64(0), "currency": "eur", "billing_scheme": "per_unit",
			"usage_type": nil, "interval": nil, "interval_count": nil, "tiers_mode": nil, "tiers": []any{},
			"currencies": []any{map[string]any{"currency": "eur", "amount": float64(0), "tiers": []any{}}}},
		"monthly": map[string]any{"key": "monthly", "currency": "eur", "billing_scheme": "tiered",
			"usage_type": "licensed", "interval": "month", "interval_count": float64(1), "tiers_mode": "volume", "tiers": tiers,
			"currencies": []any{
				map[string]any{"currency": "eur", "amount": nil, "tiers": tiers},
				map[string]any{"currency": "usd", "amount": nil, "tiers": []any{map[string]any{"up_to": nil, "unit_amount": float64(8), "flat_amount": float64(0)}}},
			}},
		"yearly": map[string]any{"key": "yearly", "amount": float64(5), "currency": "eur", "billing_scheme": "per_unit",
			"usage_type": "metered", "interval": "year", "interval_count": float64(1), "tiers_mode": nil, "tiers": []any{},
			"currencies": []any{map[string]any{"currency": "eur", "amount": float64(5), "tiers": []any{}}}},
	}
	if diff := cmp.Diff(want, prices); diff != "" {
		t.Errorf("the prices differ (-want +got):\n%s", diff)
	}
	totals := func(query string) string {
		var said []string
		for _, plan := range plansOf(s.call("GET", "/api/plans?"+query, "")) {
			for _, price := range plan["prices"].([]any) {
				p := price.(map[string]any)
				said = append(said, fmt.Sprint(p["currency"], " ", p["total"]))
			}
		}
		return strings.Join(said, ", ")
	}
	for query, want := range map[string]string{
		"quantity=1": "eur 0, eur 10, eur <nil>", "quantity=3": "eur <nil>, eur 21, eur <nil>", "currency=usd&quantity=3": "eur <nil>, usd 24, eur <nil>",
		"currency=USD": "eur <nil>, usd <nil>, eur <nil>", "currency=gbp&quantity=6": "eur <nil>, eur <nil>, eur <nil>",
	} {
		if got := totals(query); got != want {
			t.Errorf("%s: got %s, want %s", query, got, want)
		}
	}
	s.want(s.call("GET", "/api/plans?quantity=0", ""), 400, "bad_request")
	s.want(s.call("GET", "/api/plans?currency=12!", ""), 422, "invalid_request")
	refused := s.call("POST", "/api/checkout/pro", `{"currency":"gbp"}`, as("user:ada"))
	s.want(refused, 422, "currency_not_sold")
	if !strings.Contains(refused.detail(), "eur, usd") {
		t.Errorf("the detail is %q", refused.detail())
	}
	s.want(s.call("POST", "/api/checkout/pro", `{"currency":"12!"}`, as("user:ada")), 422, "invalid_request")
	s.want(s.call("POST", "/api/checkout/unsold", "", as("user:ada")), 502, "price_not_sold")
	metered := s.call("POST", "/api/checkout/pro", `{"price":"yearly","quantity":2}`, as("user:ada"))
	s.want(metered, 422, "invalid_request")
	if !strings.Contains(metered.detail(), "metered") {
		t.Errorf("the detail is %q", metered.detail())
	}
	s.want(s.call("POST", "/api/checkout/pro", `{"price":"yearly"}`, as("user:ada")), 201, "")
}

func TestCheckout_IsRateLimitedPerUser(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{CheckoutRate: 1, CheckoutBurst: 3}})
	buy := func(token, body string) reply {
		return s.call("POST", "/api/checkout/pro", body, as(token))
	}
	for range 3 {
		s.want(buy("user:ada", ""), 201, "")
		s.want(buy("app:backend", `{"user_id":"ada"}`), 201, "")
	}
	got := buy("user:ada", "")
	s.want(got, 429, "rate_limited")
	if got.Header.Get("Retry-After") != "1" {
		t.Errorf("got Retry-After %q", got.Header.Get("Retry-After"))
	}
	s.want(buy("app:backend", `{"user_id":"ada"}`), 429, "rate_limited")
	s.want(buy("app:backend", `{"user_id":"eve"}`), 201, "")
	s.want(buy("user:eve", ""), 201, "")
	s.want(s.call("POST", "/api/orders/ord_1/sync", "", as("user:ada")), 429, "rate_limited")
	s.want(s.call("GET", "/api/entitlements", "", as("user:ada")), 200, "")

	s.clock.pass(time.Second)
	s.want(buy("user:ada", ""), 201, "")
	s.want(buy("user:ada", ""), 429, "rate_limited")
}

func TestLimiter_ForgetsWhoWasNotSeenForLong(t *testing.T) {
	t.Parallel()
	l := newLimiter(1, 1, newClock().Now)
	if err := l.take("steady"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 * limiterMost {
		_ = l.take(fmt.Sprint("passer-by ", i))
		if i%(limiterMost/2) == 0 && l.take("steady") == nil {
			t.Fatalf("a caller seen all the time was forgotten after %d others", i)
		}
	}
	if kept := len(l.recent) + len(l.previous); kept > 2*limiterMost+1 {
		t.Errorf("%d callers are kept", kept)
	}
}
