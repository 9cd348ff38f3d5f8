package sandbox_test

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

func TestCreateSession_KeepsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	p := params("subscription", s.monthly)
	p.Customer = &s.customer().ID
	p.ClientReferenceID = stripe.String("user_1:order_1")
	p.Locale = stripe.String("de")
	p.ExpiresAt = stripe.Int64(now.Now().Add(time.Hour).Unix())
	p.AllowPromotionCodes = stripe.Bool(true)
	p.AutomaticTax = &stripe.CheckoutSessionAutomaticTaxParams{Enabled: stripe.Bool(true)}
	p.TaxIDCollection = &stripe.CheckoutSessionTaxIDCollectionParams{Enabled: stripe.Bool(true)}
	p.CustomerUpdate = &stripe.CheckoutSessionCustomerUpdateParams{Address: stripe.String("auto"), Name: stripe.String("auto")}
	p.BillingAddressCollection = stripe.String("required")
	p.PaymentMethodCollection = stripe.String("if_required")
	p.ConsentCollection = &stripe.CheckoutSessionConsentCollectionParams{TermsOfService: stripe.String("required")}
	p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{
		Description: stripe.String("Pro for a team"), TrialPeriodDays: stripe.Int64(14),
		Metadata: map[string]string{"order_id": "order_1"},
		TrialSettings: &stripe.CheckoutSessionSubscriptionDataTrialSettingsParams{
			EndBehavior: &stripe.CheckoutSessionSubscriptionDataTrialSettingsEndBehaviorParams{MissingPaymentMethod: stripe.String("cancel")},
		},
	}
	p.AddMetadata("order_id", "order_1")
	p.LineItems[0].Quantity = stripe.Int64(3)
	p.LineItems[0].AdjustableQuantity = &stripe.CheckoutSessionLineItemAdjustableQuantityParams{Enabled: stripe.Bool(true), Maximum: stripe.Int64(10)}
	cs := s.open(p)
	if !strings.HasPrefix(cs.ID, "cs_test_") || cs.URL != s.URL()+"/c/pay/"+cs.ID || cs.Status != "open" || cs.PaymentStatus != "unpaid" {
		t.Errorf("got %s %s %s at %s", cs.ID, cs.Status, cs.PaymentStatus, cs.URL)
	}
	if cs.ClientReferenceID != "user_1:order_1" || cs.Metadata["order_id"] != "order_1" || cs.Locale != "de" || !cs.AllowPromotionCodes ||
		!cs.AutomaticTax.Enabled || !cs.TaxIDCollection.Enabled || cs.BillingAddressCollection != "required" ||
		cs.PaymentMethodCollection != "if_required" || cs.ConsentCollection.TermsOfService != "required" ||
		cs.ExpiresAt != now.Now().Add(time.Hour).Unix() || cs.Subscription != nil || cs.CustomerDetails.Email != "ada@example.com" {
		t.Errorf("got %+v", cs)
	}
	sub := s.paid(p).Subscription
	if sub.Description != "Pro for a team" || sub.Metadata["order_id"] != "order_1" || sub.Status != "trialing" ||
		sub.TrialEnd != now.Now().AddDate(0, 0, 14).Unix() || sub.TrialSettings.EndBehavior.MissingPaymentMethod != "cancel" {
		t.Errorf("got %+v", sub)
	}
}

func TestCreateSession_RefusesWhatStripeRefuses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer()
	inactive, err := s.api.Prices.New(&stripe.PriceParams{
		ProductData: &stripe.PriceProductDataParams{Name: stripe.String("Old")}, Currency: stripe.String("usd"),
		UnitAmount: stripe.Int64(1), Active: stripe.Bool(false),
	})
	if err != nil {
		t.Fatal(err)
	}
	euro := s.mustPrice(sandbox.PriceSpec{Product: "Euro", UnitAmount: 100, Currency: "eur"})
	line := func(price string) *stripe.CheckoutSessionLineItemParams {
		return &stripe.CheckoutSessionLineItemParams{Price: &price, Quantity: stripe.Int64(1)}
	}
	tests := map[string]struct {
		mode, price string
		change      func(*stripe.CheckoutSessionParams)
		param, code string
	}{
		"a recurring price in payment mode":  {"payment", s.monthly, nil, "mode", ""},
		"no recurring price in subscription": {"subscription", s.once, nil, "mode", ""},
		"no mode":                            {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.Mode = nil }, "mode", "parameter_missing"},
		"line items in setup mode":           {"setup", s.once, nil, "line_items", ""},
		"no success_url":                     {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.SuccessURL = nil }, "success_url", "parameter_missing"},
		"an empty success_url":               {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.SuccessURL = stripe.String("") }, "success_url", "parameter_invalid_empty"},
		"a success_url without host":         {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.SuccessURL = stripe.String("/done") }, "success_url", "url_invalid"},
		"a script as cancel_url":             {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.CancelURL = stripe.String("javascript:alert(1)") }, "cancel_url", "url_invalid"},
		"no line items":                      {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.LineItems = nil }, "line_items", "parameter_missing"},
		"an unknown price":                   {"payment", "price_none", nil, "line_items[0][price]", "resource_missing"},
		"an unknown second price":            {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.LineItems = append(p.LineItems, line("price_none")) }, "line_items[1][price]", "resource_missing"},
		"an inactive price":                  {"payment", inactive.ID, nil, "line_items[0][price]", ""},
		"two currencies":                     {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.LineItems = append(p.LineItems, line(euro)) }, "line_items[1]", ""},
		"two intervals":                      {"subscription", s.monthly, func(p *stripe.CheckoutSessionParams) { p.LineItems = append(p.LineItems, line(s.yearly)) }, "line_items[1]", ""},
		"no quantity":                        {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.LineItems[0].Quantity = nil }, "line_items[0]", ""},
		"quantity zero":                      {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.LineItems[0].Quantity = stripe.Int64(0) }, "line_items[0][quantity]", "parameter_invalid_integer"},
		"an unknown customer":                {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.Customer = stripe.String("cus_none") }, "customer", "resource_missing"},
		"customer and customer_email": {"payment", s.once, func(p *stripe.CheckoutSessionParams) {
			p.Customer, p.CustomerEmail = &cu.ID, stripe.String("ada@example.com")
		}, "customer_email", "parameters_exclusive"},
		"automatic tax without an address": {"payment", s.once, func(p *stripe.CheckoutSessionParams) {
			p.Customer, p.AutomaticTax = &cu.ID, &stripe.CheckoutSessionAutomaticTaxParams{Enabled: stripe.Bool(true)}
		}, "", "customer_tax_location_invalid"},
		"tax ids without customer_update": {"payment", s.once, func(p *stripe.CheckoutSessionParams) {
			p.Customer, p.TaxIDCollection = &cu.ID, &stripe.CheckoutSessionTaxIDCollectionParams{Enabled: stripe.Bool(true)}
		}, "tax_id_collection", ""},
		"a long client_reference_id": {"payment", s.once, func(p *stripe.CheckoutSessionParams) {
			p.ClientReferenceID = stripe.String(strings.Repeat("ü", 201))
		}, "client_reference_id", ""},
		"a long metadata value": {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.AddMetadata("k", strings.Repeat("x", 501)) }, "metadata[k]", ""},
		"a long metadata key":   {"payment", s.once, func(p *stripe.CheckoutSessionParams) { p.AddMetadata(strings.Repeat("k", 41), "v") }, "metadata[" + strings.Repeat("k", 41) + "]", ""},
		"too much metadata": {"payment", s.once, func(p *stripe.CheckoutSessionParams) {
			for i := range 51 {
				p.AddMetadata(fmt.Sprint("k", i), "v")
			}
		}, "metadata", ""},
		"an early expiry": {"payment", s.once, func(p *stripe.CheckoutSessionParams) {
			p.ExpiresAt = stripe.Int64(time.Now().Add(29 * time.Minute).Unix())
		}, "expires_at", ""},
		"a late expiry": {"payment", s.once, func(p *stripe.CheckoutSessionParams) {
			p.ExpiresAt = stripe.Int64(time.Now().Add(25 * time.Hour).Unix())
		}, "expires_at", ""},
		"subscription_data in payment mode": {"payment", s.once, func(p *stripe.CheckoutSessionParams) {
			p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{Metadata: map[string]string{"a": "b"}}
		}, "subscription_data", ""},
		"payment_intent_data in subscription mode": {"subscription", s.monthly, func(p *stripe.CheckoutSessionParams) {
			p.PaymentIntentData = &stripe.CheckoutSessionPaymentIntentDataParams{Metadata: map[string]string{"a": "b"}}
		}, "payment_intent_data", ""},
		"no days of trial": {"subscription", s.monthly, func(p *stripe.CheckoutSessionParams) {
			p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialPeriodDays: stripe.Int64(0)}
		}, "subscription_data[trial_period_days]", "parameter_invalid_integer"},
		"price and price_data": {"payment", s.once, func(p *stripe.CheckoutSessionParams) {
			p.LineItems[0].PriceData = &stripe.CheckoutSessionLineItemPriceDataParams{Currency: stripe.String("usd")}
		}, "line_items[0]", "parameters_exclusive"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := params(tt.mode, tt.price)
			if tt.change != nil {
				tt.change(p)
			}
			_, err := s.api.CheckoutSessions.New(p)
			e := refusal(t, err)
			if e.HTTPStatusCode != 400 || e.Param != tt.param || string(e.Code) != tt.code {
				t.Errorf("got %d %q about %q (%s), want 400 %q about %q", e.HTTPStatusCode, e.Code, e.Param, e.Msg, tt.code, tt.param)
			}
		})
	}
}

func TestSession_ListsItselfAndItsLines(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("subscription", s.monthly)
	p.Customer = &s.customer().ID
	p.LineItems = append(p.LineItems, &stripe.CheckoutSessionLineItemParams{Price: &s.once, Quantity: stripe.Int64(2)})
	cs := s.open(p)
	if cs.AmountTotal != 2000+2*4900 {
		t.Errorf("got total %d", cs.AmountTotal)
	}
	var prices []string
	lines := s.api.CheckoutSessions.ListLineItems(&stripe.CheckoutSessionListLineItemsParams{Session: &cs.ID})
	for lines.Next() {
		prices = append(prices, lines.LineItem().Price.ID)
	}
	if got := strings.Join(prices, " "); got != s.monthly+" "+s.once || lines.Err() != nil {
		t.Errorf("line items: got %s, %v", got, lines.Err())
	}
	if got := s.session(cs.ID); len(got.LineItems.Data) != 2 || got.Customer.Email != "ada@example.com" {
		t.Errorf("expanded: got %+v", got)
	}
	s.open(params("payment", s.once))
	n := 0
	list := &stripe.CheckoutSessionListParams{Customer: p.Customer}
	for it := s.api.CheckoutSessions.List(list); it.Next(); n++ {
		if it.CheckoutSession().ID != cs.ID {
			t.Errorf("got a session of another customer")
		}
	}
	if n != 1 {
		t.Errorf("got %d sessions of the customer, want 1", n)
	}
}

func TestExpireSession_OnlyWhileOpen(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cs := s.open(params("payment", s.once))
	got, err := s.api.CheckoutSessions.Expire(cs.ID, nil)
	if err != nil || got.Status != "expired" || got.URL != "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	for name, id := range map[string]string{"expired": cs.ID, "complete": s.paid(params("payment", s.once)).ID} {
		if _, err := s.api.CheckoutSessions.Expire(id, nil); refusal(t, err).HTTPStatusCode != 400 {
			t.Errorf("%s: got %v, want a 400", name, err)
		}
	}
	if got := s.types(cs.ID); strings.Join(got, " ") != "checkout.session.expired" {
		t.Errorf("got events %v", got)
	}
}

func TestSession_ExpiresByItself(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	cs := s.open(params("payment", s.once))
	now.advance(24*time.Hour - time.Second)
	s.RunDue()
	if got := s.session(cs.ID); got.Status != "open" {
		t.Errorf("a second before its time: got %s", got.Status)
	}
	now.advance(time.Second)
	if err := s.Pay(cs.ID); err == nil {
		t.Errorf("it was paid at its end")
	}
	deadline := time.Now().Add(5 * time.Second)
	for s.session(cs.ID).Status != "expired" { // without RunDue
		if time.Now().After(deadline) {
			t.Fatal("it does not expire")
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.idle()
	if got := s.endpoint.types(); strings.Join(got, " ") != "checkout.session.expired" {
		t.Errorf("got webhooks %v", got)
	}
}

// A session that the shop's own page shows has a secret in place of a URL. The sandbox has no
// Stripe.js, so that its page stands for that one, and leads to the same place.
func TestCreateSession_OnTheShopsOwnPage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	form := func(mode string, pairs ...string) url.Values {
		return values(append([]string{"mode", "payment", "ui_mode", mode, "line_items[0][price]", s.once, "line_items[0][quantity]", "1"}, pairs...)...)
	}
	back := []string{"return_url", "https://shop.test/back?session={CHECKOUT_SESSION_ID}"}
	card := url.Values{"testCard": {string(sandbox.GoodCard)}, "email": {"ada@example.com"}, "name": {"Ada"}}
	for _, tt := range []struct {
		version, mode string
		pairs         []string
		redirects, to string
	}{
		{"", "embedded", back, "always", "https://shop.test/back?session=%s"},
		{"2025-09-30.clover", "custom", back, "<none>", "https://shop.test/back?session=%s"},
		{dahlia, "embedded_page", append([]string{"redirect_on_completion", "if_required"}, back...), "if_required", "https://shop.test/back?session=%s"},
		{dahlia, "embedded_page", []string{"redirect_on_completion", "never"}, "never", "/c/pay/%s"},
		{"2026-10-28.endive", "elements", back, "<none>", "https://shop.test/back?session=%s"},
	} {
		what := tt.version + " " + tt.mode
		cs := s.postIn(tt.version, "/v1/checkout/sessions", form(tt.mode, tt.pairs...))
		cs.wants(t, what, map[string]string{"ui_mode": tt.mode, "url": "null", "success_url": "null", "redirect_on_completion": tt.redirects})
		if !strings.HasPrefix(cs.at("client_secret"), cs.at("id")+"_secret_") {
			t.Errorf("%s: the secret is %s", what, cs.at("client_secret"))
		}
		s.ok(s.Buyer().Pays(cs.at("id"), sandbox.GoodCard))
		if _, to, _ := s.submit(s.URL()+"/c/pay/"+cs.at("id"), card); to != fmt.Sprintf(tt.to, cs.at("id")) {
			t.Errorf("%s: the page leads to %s", what, to)
		}
		_, answer := s.ask(tt.version, "GET", "/v1/checkout/sessions/"+cs.at("id"), nil)
		if described := stripespec.Versions[len(stripespec.Versions)-1].API; tt.version <= described {
			stripespec.ValidateIn(t, cmp.Or(tt.version, sandbox.APIVersion), "checkout.session", answer)
		}
	}
	for name, tt := range map[string]struct {
		version, mode string
		pairs         []string
		param         string
	}{
		"no return_url":                     {"", "embedded", nil, "return_url"},
		"a return_url that is never used":   {"", "embedded", append([]string{"redirect_on_completion", "never"}, back...), "return_url"},
		"a success_url":                     {"", "embedded", append([]string{"success_url", "https://shop.test"}, back...), "success_url"},
		"a cancel_url":                      {dahlia, "elements", append([]string{"cancel_url", "https://shop.test"}, back...), "cancel_url"},
		"a redirect of the shop's own form": {dahlia, "elements", append([]string{"redirect_on_completion", "never"}, back...), "redirect_on_completion"},
		"a return_url of Stripe's own page": {"", "hosted", back, "return_url"},
		"an own form where it is not yet":   {"", "custom", back, "ui_mode"},
		"a name that is not the version's":  {dahlia, "embedded", back, "ui_mode"},
	} {
		status, answer := s.ask(tt.version, "POST", "/v1/checkout/sessions", form(tt.mode, tt.pairs...))
		if status != 400 {
			t.Errorf("%s: %d", name, status)
		}
		parse(t, answer).wants(t, name, map[string]string{"error.param": tt.param})
	}
}

// Since endive types are not named but chosen from: what is allowed and there is here may pay.
func TestCreateSession_ChoosesFromWhatIsAllowed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const endive = "2026-10-28.endive"
	pay := checkout("payment", "line_items[0][price]", s.once, "line_items[0][quantity]", "1")
	for name, tt := range map[string]struct {
		version, path string
		form, choice  []string
		want          map[string]string
	}{
		"a session": {endive, "/v1/checkout/sessions", pay, []string{"allowed_payment_method_types[0]", "card", "allowed_payment_method_types[1]", "link"},
			map[string]string{"payment_method_types.0": "card", "payment_method_types.1": "<none>"}},
		"a session without": {endive, "/v1/checkout/sessions", pay, nil, map[string]string{"payment_method_types.1": "us_bank_account"}},
		"an excluded type": {dahlia, "/v1/checkout/sessions", pay, []string{"excluded_payment_method_types[0]", "card"},
			map[string]string{"payment_method_types.0": "us_bank_account", "payment_method_types.1": "<none>", "excluded_payment_method_types.0": "card"}},
		"an intent": {endive, "/v1/payment_intents", []string{"amount", "500", "currency", "usd"}, []string{"allowed_payment_method_types[0]", "card"},
			map[string]string{"payment_method_types.0": "card", "payment_method_types.1": "<none>", "excluded_payment_method_types": "null"}},
		"a set-up": {endive, "/v1/setup_intents", nil, []string{"excluded_payment_method_types[0]", "us_bank_account"},
			map[string]string{"payment_method_types.0": "card", "payment_method_types.1": "<none>"}},
	} {
		o := s.postIn(tt.version, tt.path, values(append(slices.Clone(tt.form), tt.choice...)...))
		o.wants(t, name, tt.want)
	}
	changed := s.postIn(endive, "/v1/payment_intents", values("amount", "500", "currency", "usd")).at("id")
	s.postIn(endive, "/v1/payment_intents/"+changed, values("allowed_payment_method_types[]", "us_bank_account")).wants(t, "changed", map[string]string{
		"payment_method_types.0": "us_bank_account", "payment_method_types.1": "<none>"})
	status, answer := s.ask(endive, "POST", "/v1/checkout/sessions", values(append(pay, "allowed_payment_method_types[0]", "paypal")...))
	if status != 400 {
		t.Errorf("nothing is left to pay with: %d %s", status, answer)
	}
	parse(t, answer).wants(t, "nothing left", map[string]string{"error.param": "allowed_payment_method_types"})
}

// What a session says of its page, its payment and its trial is kept, and can be read.
func TestCreateSession_KeepsWhatThePageSays(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	coupon := s.coupon("percent_off", "25", "duration", "once")
	cs := s.postIn(dahlia, "/v1/checkout/sessions", values(checkout("payment", "line_items[0][price]", s.once, "line_items[0][quantity]", "1", "discounts[0][coupon]", coupon,
		"submit_type", "donate", "phone_number_collection[enabled]", "true", "custom_text[submit][message]", "Thank you",
		"payment_intent_data[receipt_email]", "ada@example.com", "payment_intent_data[statement_descriptor]", "SHOP", "payment_intent_data[statement_descriptor_suffix]", "ONCE",
		"expand[0]", "total_details.breakdown", "expand[1]", "discounts.coupon")...))
	cs.wants(t, "a session", map[string]string{"submit_type": "donate", "phone_number_collection.enabled": "true", "custom_text.submit.message": "Thank you", "custom_text.after_submit": "null",
		"discounts.0.coupon.id": coupon, "discounts.0.promotion_code": "null", "total_details.breakdown.discounts.0.amount": "1225", "total_details.breakdown.discounts.0.discount.source.coupon": coupon})
	id := cs.at("id")
	s.postIn(dahlia, "/v1/checkout/sessions/"+id, values("metadata[order]", "o1")).wants(t, "changed", map[string]string{"metadata.order": "o1"})
	if status, _ := s.ask("", "POST", "/v1/checkout/sessions/"+id, values("metadata[a]", "b")); status != 404 {
		t.Errorf("a version that cannot change a session can: %d", status)
	}
	s.ok(s.Buyer().Pays(id, sandbox.GoodCard))
	status, answer := s.ask(dahlia, "GET", "/v1/checkout/sessions/"+id+"?expand[]=payment_intent&expand[]=total_details.breakdown", nil)
	stripespec.ValidateIn(t, dahlia, "checkout.session", answer)
	if status != 200 {
		t.Fatal(status)
	}
	parse(t, answer).wants(t, "paid", map[string]string{"payment_intent.receipt_email": "ada@example.com", "payment_intent.statement_descriptor": "SHOP", "payment_intent.statement_descriptor_suffix": "ONCE"})

	ends := s.Now().Add(10 * day).Unix()
	trial := func(end int64, pairs ...string) url.Values {
		return values(checkout("subscription", append([]string{"line_items[0][price]", s.monthly, "line_items[0][quantity]", "1", "subscription_data[trial_end]", fmtInt(end),
			"subscription_data[trial_settings][end_behavior][missing_payment_method]", "cancel"}, pairs...)...)...)
	}
	id = s.post("/v1/checkout/sessions", trial(ends)).at("id")
	_, page := s.visit(s.URL() + "/c/pay/" + id)
	wantText(t, page, "Free until "+time.Unix(ends, 0).UTC().Format("January 2, 2006"))
	s.ok(s.Buyer().Pays(id, sandbox.GoodCard))
	s.fetch("", "/v1/checkout/sessions/"+id+"?expand[]=subscription").wants(t, "a trial", map[string]string{"amount_total": "0", "payment_status": "no_payment_required",
		"subscription.status": "trialing", "subscription.trial_end": fmtInt(ends)})
	s.refused(400, "/v1/checkout/sessions", trial(s.Now().Add(day).Unix())).wants(t, "a short trial", map[string]string{"error.param": "subscription_data[trial_end]"})
	s.refused(400, "/v1/checkout/sessions", trial(ends, "subscription_data[trial_period_days]", "5")).wants(t, "two trials", map[string]string{"error.param": "subscription_data[trial_end]"})
}
