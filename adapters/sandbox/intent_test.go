package sandbox_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

// conform checks all lists and events, and that there were such events.
func (s *shop) conform(kinds ...string) {
	s.t.Helper()
	for _, v := range stripespec.Versions {
		for schema, path := range objectLists {
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			_, answer := s.ask(v.API, "GET", path+sep+"limit=100", nil)
			stripespec.ValidateIn(s.t, v.API, "list of "+schema, answer)
		}
	}
	seen := map[string]bool{}
	for _, e := range s.Events() {
		stripespec.Validate(s.t, "event", e.Body)
		var body struct {
			Data struct{ Object json.RawMessage }
		}
		s.ok(json.Unmarshal(e.Body, &body))
		stripespec.Validate(s.t, parse(s.t, body.Data.Object).at("object"), body.Data.Object)
		seen[e.Type] = true
	}
	for _, kind := range kinds {
		if !seen[kind] {
			s.t.Errorf("no %s was made", kind)
		}
	}
}

// payALot brings payment methods and intents into every state.
func (s *shop) payALot() {
	s.t.Helper()
	cu := s.customer().ID
	for _, method := range []string{"pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_createDispute", "pm_card_createDisputeInquiry", "pm_usBankAccount_success"} {
		s.attached(method, cu)
	}
	s.post("/v1/payment_methods/"+s.attached("pm_card_visa", cu), values("billing_details[address][city]", "London"))
	s.post("/v1/payment_methods/"+s.attached("pm_card_visa", cu)+"/detach", nil)
	for _, currency := range []string{"eur", "gbp"} {
		price := s.mustPrice(sandbox.PriceSpec{Product: "Abroad", UnitAmount: 900, Currency: currency, Interval: "month"})
		s.debited(params("subscription", price))
	}
	intent := func(pairs ...string) string {
		return s.post("/v1/payment_intents", values(append([]string{"amount", "1000", "currency", "usd", "customer", cu}, pairs...)...)).at("id")
	}
	intent()
	intent("payment_method", "pm_card_visa")
	intent("payment_method", "pm_card_visa", "confirm", "true", "return_url", "http://app.example")
	intent("payment_method", "pm_usBankAccount_success", "confirm", "true", "payment_method_types[]", "us_bank_account", "mandate_data[customer_acceptance][type]", "offline")
	held := func() string {
		return intent("payment_method", "pm_card_visa", "confirm", "true", "capture_method", "manual", "payment_method_types[]", "card")
	}
	held()
	s.post("/v1/payment_intents/"+held()+"/capture", nil)
	s.post("/v1/payment_intents/"+held()+"/cancel", values("cancellation_reason", "abandoned"))
	failed := intent("payment_method_types[]", "card")
	stripespec.Validate(s.t, "error", s.refusal(402, "/v1/payment_intents/"+failed+"/confirm", "payment_method", "pm_card_chargeDeclined"))

	setup := func(pairs ...string) string {
		return s.post("/v1/setup_intents", values(append([]string{"customer", cu}, pairs...)...)).at("id")
	}
	setup("payment_method", "pm_card_visa", "usage", "on_session", "automatic_payment_methods[enabled]", "true", "automatic_payment_methods[allow_redirects]", "never")
	setup("payment_method", "pm_card_visa", "confirm", "true", "payment_method_types[]", "card")
	s.post("/v1/setup_intents/"+setup()+"/cancel", values("cancellation_reason", "duplicate"))
	stripespec.Validate(s.t, "error", s.refusal(402, "/v1/setup_intents/"+setup("payment_method_types[]", "card")+"/confirm", "payment_method", "pm_card_chargeDeclined"))
}

// refusal is the body of an answer that refuses.
func (s *shop) refusal(status int, path string, pairs ...string) []byte {
	s.t.Helper()
	got, answer := s.ask("", "POST", path, values(pairs...))
	if got != status {
		s.t.Fatalf("POST %s: got %d %s, want %d", path, got, answer, status)
	}
	return answer
}

func TestPaymentIntent_IsCreatedConfirmedAndKeepsItsMethod(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	pi := must[*stripe.PaymentIntent](t)(s.api.PaymentIntents.New(&stripe.PaymentIntentParams{
		Amount: stripe.Int64(1999), Currency: stripe.String("usd"), Customer: &cu, SetupFutureUsage: stripe.String("off_session"),
		AutomaticPaymentMethods: &stripe.PaymentIntentAutomaticPaymentMethodsParams{Enabled: stripe.Bool(true)},
	}))
	if pi.Status != "requires_payment_method" || pi.ClientSecret == "" || !pi.AutomaticPaymentMethods.Enabled {
		t.Errorf("got %+v", pi)
	}
	var done *stripe.PaymentIntent
	if got := s.after(func() {
		done = must[*stripe.PaymentIntent](t)(s.api.PaymentIntents.Confirm(pi.ID, &stripe.PaymentIntentConfirmParams{
			PaymentMethod: stripe.String("pm_card_visa"), ReturnURL: stripe.String("http://app.example/done"),
		}))
	}); got != "charge.succeeded payment_method.attached payment_intent.succeeded" {
		t.Errorf("got events %s", got)
	}
	if done.Status != "succeeded" || done.AmountReceived != 1999 {
		t.Errorf("got %+v", done)
	}
	again := must[*stripe.PaymentIntent](t)(s.api.PaymentIntents.New(&stripe.PaymentIntentParams{
		Amount: stripe.Int64(500), Currency: stripe.String("usd"), Customer: &cu, PaymentMethod: &done.PaymentMethod.ID, OffSession: stripe.Bool(true),
		Confirm: stripe.Bool(true), PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
	}))
	if again.Status != "succeeded" || again.PaymentMethod.ID != done.PaymentMethod.ID {
		t.Errorf("off session: got %+v", again)
	}
	must[string](t)(s.Refund(again.ID, 0))
}

func TestPaymentIntent_IsDeclined(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	_, err := s.api.PaymentIntents.New(&stripe.PaymentIntentParams{
		Amount: stripe.Int64(1999), Currency: stripe.String("usd"), Customer: &cu, Confirm: stripe.Bool(true),
		PaymentMethod: stripe.String("pm_card_chargeCustomerFail"), PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
	})
	e := refusal(t, err)
	if e.HTTPStatusCode != 402 || e.Code != "card_declined" || e.PaymentIntent == nil || e.PaymentMethod == nil || e.ChargeID == "" {
		t.Fatalf("got %+v", e)
	}
	id := e.PaymentIntent.ID
	s.fetch("", "/v1/payment_intents/"+id).wants(t, "declined", map[string]string{"status": "requires_payment_method", "payment_method": "null",
		"last_payment_error.code": "card_declined", "last_payment_error.payment_method.card.last4": "0341", "latest_charge": e.ChargeID})
	s.post("/v1/payment_intents/"+id+"/confirm", values("payment_method", "pm_card_visa")).wants(t, "again", map[string]string{"status": "succeeded", "last_payment_error": "null"})
}

func TestPaymentIntent_IsCapturedByHand(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	hold := func() tree {
		return s.post("/v1/payment_intents", values("amount", "1000", "currency", "usd", "payment_method", "pm_card_visa", "confirm", "true", "capture_method", "manual",
			"payment_method_types[]", "card", "expand[]", "latest_charge"))
	}
	var pi tree
	if got := s.after(func() { pi = hold() }); got != "payment_intent.created charge.succeeded payment_intent.amount_capturable_updated" {
		t.Errorf("got events %s", got)
	}
	pi.wants(t, "held", map[string]string{"status": "requires_capture", "amount_capturable": "1000", "amount_received": "0", "latest_charge.captured": "false", "latest_charge.amount_captured": "0"})
	id := pi.at("id")
	s.refused(400, "/v1/refunds", values("payment_intent", id))
	s.refused(400, "/v1/payment_intents/"+id+"/capture", values("amount_to_capture", "1001"))
	s.refused(400, "/v1/payment_intents/"+id+"/capture", values("amount_to_capture", "999"))
	if got := s.after(func() {
		s.post("/v1/payment_intents/"+id+"/capture", nil).wants(t, "captured", map[string]string{"status": "succeeded", "amount_capturable": "0", "amount_received": "1000"})
	}); got != "charge.captured payment_intent.succeeded" {
		t.Errorf("got events %s", got)
	}
	s.refused(400, "/v1/payment_intents/"+id+"/capture", nil).wants(t, "again", map[string]string{"error.code": "payment_intent_unexpected_state", "error.payment_intent.id": id})
	other := hold().at("id")
	s.post("/v1/payment_intents/"+other+"/cancel", nil).wants(t, "canceled", map[string]string{"status": "canceled", "cancellation_reason": "null", "amount_capturable": "0"})
	s.fetch("", "/v1/payment_intents/"+other+"?expand[]=latest_charge").wants(t, "let go", map[string]string{"latest_charge.amount_refunded": "1000", "latest_charge.refunded": "true"})
}

// With default_incomplete the buyer pays the first invoice on the site, and what paid
// becomes the default where that is asked for.
func TestPaymentIntent_OfAnInvoicePaysIt(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	sub := s.post("/v1/subscriptions", values("customer", cu, "items[0][price]", s.monthly, "payment_behavior", "default_incomplete",
		"payment_settings[save_default_payment_method]", "on_subscription", "expand[]", "latest_invoice.payment_intent"))
	sub.wants(t, "made", map[string]string{"status": "incomplete", "latest_invoice.payment_intent.status": "requires_payment_method",
		"payment_settings.save_default_payment_method": "on_subscription"})
	pi := sub.at("latest_invoice.payment_intent.id")
	s.refused(400, "/v1/payment_intents/"+pi+"/cancel", nil)
	s.refused(400, "/v1/payment_intents/"+pi, values("amount", "100"))
	s.refused(402, "/v1/payment_intents/"+pi+"/confirm", values("payment_method", "pm_card_chargeDeclined"))
	if got := s.after(func() { s.post("/v1/payment_intents/"+pi+"/confirm", values("payment_method", "pm_card_visa")) }); got !=
		"charge.succeeded payment_method.attached payment_intent.succeeded customer.subscription.updated invoice.updated invoice.paid invoice.payment_succeeded customer.subscription.updated" {
		t.Errorf("got events %s", got)
	}
	got := s.fetch("", "/v1/subscriptions/"+sub.at("id")+"?expand[]=default_payment_method&expand[]=latest_invoice")
	got.wants(t, "paid", map[string]string{"status": "active", "default_payment_method.card.last4": "4242", "latest_invoice.status": "paid"})
	s.ok(s.RenewSubscription(sub.at("id"), true))
	s.fetch("", "/v1/subscriptions/"+sub.at("id")).wants(t, "renewed", map[string]string{"status": "active"})
}

func TestPaymentIntent_ByBankDebitSettlesLater(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	form := []string{"amount", "1000", "currency", "usd", "payment_method", "pm_usBankAccount_success", "confirm", "true", "payment_method_types[]", "us_bank_account"}
	s.refused(400, "/v1/payment_intents", values(form...)).wants(t, "no mandate", map[string]string{"error.param": "mandate_data"})
	pi := s.post("/v1/payment_intents", values(append(form, "mandate_data[customer_acceptance][type]", "offline")...))
	pi.wants(t, "on its way", map[string]string{"status": "processing"})
	now.advance(time.Minute)
	if got := s.after(s.RunDue); got != "charge.succeeded payment_intent.succeeded" {
		t.Errorf("got events %s", got)
	}
}

func TestPaymentIntent_RefusesWhatStripeRefuses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	owned := s.attached("pm_card_visa", cu)
	guest := s.post("/v1/payment_intents", values("amount", "1000", "currency", "usd", "payment_method", "pm_card_visa", "confirm", "true", "payment_method_types[]", "card"))
	paid := guest.at("id")
	open := s.post("/v1/payment_intents", values("amount", "1000", "currency", "usd")).at("id")
	for name, tt := range map[string]struct {
		path        string
		pairs       []string
		param, code string
	}{
		"no amount":               {"", []string{"currency", "usd"}, "amount", "parameter_missing"},
		"too small":               {"", []string{"amount", "49", "currency", "usd"}, "amount", "amount_too_small"},
		"no currency":             {"", []string{"amount", "100"}, "currency", "parameter_missing"},
		"a customer's, as guest":  {"", []string{"amount", "100", "currency", "usd", "payment_method", owned}, "payment_method", "<none>"},
		"another customer's":      {"", []string{"amount", "100", "currency", "usd", "payment_method", owned, "customer", s.customer().ID}, "payment_method", "<none>"},
		"a guest's, again":        {"", []string{"amount", "100", "currency", "usd", "payment_method", guest.at("payment_method")}, "payment_method", "<none>"},
		"no return_url":           {"/" + open + "/confirm", []string{"payment_method", "pm_card_visa"}, "<none>", "<none>"},
		"no method":               {"/" + open + "/confirm", nil, "<none>", "payment_intent_unexpected_state"},
		"confirmed again":         {"/" + paid + "/confirm", nil, "<none>", "payment_intent_unexpected_state"},
		"canceled after it":       {"/" + paid + "/cancel", nil, "<none>", "payment_intent_unexpected_state"},
		"changed after it":        {"/" + paid, []string{"amount", "700"}, "<none>", "payment_intent_unexpected_state"},
		"what Stripe lacks":       {"", []string{"amount", "100", "currency", "usd", "capture", "now"}, "capture", "parameter_unknown"},
		"what the sandbox lacks":  {"", []string{"amount", "100", "currency", "usd", "transfer_group", "x"}, "transfer_group", "parameter_unknown"},
		"off_session unconfirmed": {"", []string{"amount", "100", "currency", "usd", "off_session", "true"}, "off_session", "<none>"},
	} {
		s.refused(400, "/v1/payment_intents"+tt.path, values(tt.pairs...)).wants(t, name, map[string]string{"error.param": tt.param, "error.code": tt.code})
	}
	s.post("/v1/payment_intents/"+open, values("amount", "1200", "metadata[a]", "b")).wants(t, "changed", map[string]string{"amount": "1200", "metadata.a": "b"})
	s.post("/v1/payment_intents/"+paid, values("description", "later")).wants(t, "described", map[string]string{"description": "later"})
}

func TestSetupIntent_KeepsAMethod(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	var si *stripe.SetupIntent
	if got := s.after(func() {
		si = must[*stripe.SetupIntent](t)(s.api.SetupIntents.New(&stripe.SetupIntentParams{Customer: &cu, PaymentMethodTypes: stripe.StringSlice([]string{"card"})}))
	}); got != "setup_intent.created" || si.Status != "requires_payment_method" || si.ClientSecret == "" {
		t.Errorf("got events %s, %+v", got, si)
	}
	_, err := s.api.SetupIntents.Confirm(si.ID, &stripe.SetupIntentConfirmParams{PaymentMethod: stripe.String("pm_card_chargeDeclined")})
	if e := refusal(t, err); e.HTTPStatusCode != 402 || e.SetupIntent == nil || e.SetupIntent.LastSetupError.PaymentMethod.Card.Last4 != "0002" {
		t.Errorf("got %+v", e)
	}
	if got := s.after(func() {
		si = must[*stripe.SetupIntent](t)(s.api.SetupIntents.Confirm(si.ID, &stripe.SetupIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa")}))
	}); got != "payment_method.attached setup_intent.succeeded" || si.Status != "succeeded" || si.LastSetupError != nil {
		t.Errorf("got events %s, %+v", got, si)
	}
	s.fetch("", "/v1/setup_intents?payment_method="+si.PaymentMethod.ID+"&expand[]=data.payment_method").wants(t, "listed", map[string]string{
		"data.0.id": si.ID, "data.0.payment_method.customer": cu, "data.1": "<none>"})
	for _, what := range []string{"confirm", "cancel"} {
		s.refused(400, "/v1/setup_intents/"+si.ID+"/"+what, nil).wants(t, what, map[string]string{"error.code": "setup_intent_unexpected_state", "error.setup_intent.id": si.ID})
	}
	other := s.post("/v1/setup_intents", values("customer", cu, "description", "first")).at("id")
	s.post("/v1/setup_intents/"+other, values("payment_method", "pm_card_visa", "description", "second")).wants(t, "changed", map[string]string{"status": "requires_confirmation", "description": "second"})
	if got := s.after(func() {
		s.post("/v1/setup_intents/"+other+"/cancel", values("cancellation_reason", "abandoned")).wants(t, "canceled", map[string]string{"status": "canceled", "cancellation_reason": "abandoned"})
	}); got != "setup_intent.canceled" {
		t.Errorf("got events %s", got)
	}
}

// A trial that is left to the buyer has a setup intent for what is to pay later.
func TestSetupIntent_OfATrialKeepsItsMethod(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.post("/v1/subscriptions", values("customer", s.customer().ID, "items[0][price]", s.monthly, "trial_period_days", "7", "payment_behavior", "default_incomplete",
		"payment_settings[save_default_payment_method]", "on_subscription", "expand[]", "pending_setup_intent"))
	sub.wants(t, "made", map[string]string{"status": "trialing", "pending_setup_intent.status": "requires_payment_method"})
	if got := s.after(func() {
		s.post("/v1/setup_intents/"+sub.at("pending_setup_intent.id")+"/confirm", values("payment_method", "pm_card_visa"))
	}); got != "payment_method.attached setup_intent.succeeded customer.subscription.updated" {
		t.Errorf("got events %s", got)
	}
	s.fetch("", "/v1/subscriptions/"+sub.at("id")+"?expand[]=default_payment_method").wants(t, "kept", map[string]string{
		"pending_setup_intent": "null", "default_payment_method.card.last4": "4242"})
	s.ok(s.RenewSubscription(sub.at("id"), true))
	s.fetch("", "/v1/subscriptions/"+sub.at("id")).wants(t, "after the trial", map[string]string{"status": "active"})
}

// A declined payment is answered from memory, not tried again.
func TestPaymentIntent_IsNotDeclinedTwice(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for range 2 {
		p := &stripe.PaymentIntentParams{
			Amount: stripe.Int64(1999), Currency: stripe.String("usd"), Confirm: stripe.Bool(true),
			PaymentMethod: stripe.String("pm_card_chargeDeclined"), PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
		}
		p.SetIdempotencyKey("once")
		_, err := s.api.PaymentIntents.New(p)
		refusal(t, err)
	}
	if got := s.fetch("", "/v1/charges").len("data"); got != 1 {
		t.Errorf("got %d charges", got)
	}
}
