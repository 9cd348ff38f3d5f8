package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

// attached is a new payment method of the customer, made of one of Stripe's test methods.
func (s *shop) attached(method, customer string) string {
	s.t.Helper()
	return s.post("/v1/payment_methods/"+method+"/attach", values("customer", customer)).at("id")
}

func TestPaymentMethod_AttachesListsAndDetaches(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	var pm *stripe.PaymentMethod
	if got := s.after(func() {
		pm = must[*stripe.PaymentMethod](t)(s.api.PaymentMethods.Attach("pm_card_visa", &stripe.PaymentMethodAttachParams{Customer: &cu}))
	}); got != "payment_method.attached" {
		t.Errorf("got events %s", got)
	}
	if pm.ID == "pm_card_visa" || pm.Customer.ID != cu || pm.Card.Last4 != "4242" || pm.Card.Brand != "visa" || pm.Card.Fingerprint == "" {
		t.Errorf("got %+v", pm)
	}
	bank := s.attached("pm_usBankAccount_success", cu)
	s.attached("pm_card_visa", s.customer().ID)
	for path, want := range map[string]map[string]string{
		"/v1/payment_methods?customer=" + cu:                   {"data.0.id": bank, "data.1.id": pm.ID, "data.2": "<none>"},
		"/v1/payment_methods?type=card&customer=" + cu:         {"data.0.id": pm.ID, "data.1": "<none>"},
		"/v1/customers/" + cu + "/payment_methods?limit=1":     {"data.0.id": bank, "has_more": "true"},
		"/v1/customers/" + cu + "/payment_methods/" + pm.ID:    {"id": pm.ID, "card.exp_month": fmtInt(pm.Card.ExpMonth)},
		"/v1/payment_methods/" + pm.ID + "?expand[]=customer":  {"customer.id": cu},
		"/v1/payment_methods/" + bank:                          {"type": "us_bank_account", "us_bank_account.last4": "6789"},
		"/v1/customers/" + cu + "/payment_methods?type=paypal": {"data.0": "<none>"},
	} {
		s.fetch(dahlia, path).wants(t, path, want)
	}
	if got := s.after(func() {
		s.post("/v1/payment_methods/"+pm.ID, values("billing_details[name]", "Ada", "card[exp_year]", "2040", "metadata[a]", "b")).
			wants(t, "updated", map[string]string{"billing_details.name": "Ada", "card.exp_year": "2040", "metadata.a": "b"})
	}); got != "payment_method.updated" {
		t.Errorf("got events %s", got)
	}
	s.post("/v1/customers/"+cu, values("invoice_settings[default_payment_method]", pm.ID))
	if got := s.after(func() { must[*stripe.PaymentMethod](t)(s.api.PaymentMethods.Detach(pm.ID, nil)) }); got != "payment_method.detached customer.updated" {
		t.Errorf("got events %s", got)
	}
	if got := s.event("payment_method.detached").Data; got.PreviousAttributes["customer"] != cu || len(got.PreviousAttributes) != 1 {
		t.Errorf("got %v", got.PreviousAttributes)
	}
	s.fetch("", "/v1/customers/"+cu).wants(t, "the customer", map[string]string{"invoice_settings.default_payment_method": "null"})
	for name, tt := range map[string]struct {
		status     int
		path       string
		pairs      []string
		code, want string
	}{
		"what was detached": {400, "/v1/payment_methods/" + pm.ID + "/attach", []string{"customer", cu}, "<none>", "invalid_request_error"},
		"attached already":  {400, "/v1/payment_methods/" + bank + "/attach", []string{"customer", cu}, "<none>", "invalid_request_error"},
		"detached already":  {400, "/v1/payment_methods/" + pm.ID + "/detach", nil, "<none>", "invalid_request_error"},
		"a declined card":   {402, "/v1/payment_methods/pm_card_chargeDeclined/attach", []string{"customer", cu}, "card_declined", "card_error"},
		"no customer":       {400, "/v1/payment_methods/pm_card_visa/attach", nil, "parameter_missing", "invalid_request_error"},
		"unknown":           {404, "/v1/payment_methods/pm_none/attach", []string{"customer", cu}, "resource_missing", "invalid_request_error"},
		"a number":          {402, "/v1/payment_methods", []string{"type", "card", "card[number]", "4242424242424242"}, "<none>", "invalid_request_error"},
		"not the customer's": {400, "/v1/customers/" + cu, []string{"invoice_settings[default_payment_method]", s.attached("pm_card_visa", s.customer().ID)},
			"resource_missing", "invalid_request_error"},
		"a parameter of others": {400, "/v1/payment_methods", []string{"type", "card", "crad[token]", "tok_visa"}, "parameter_unknown", "invalid_request_error"},
	} {
		s.refused(tt.status, tt.path, values(tt.pairs...)).wants(t, name, map[string]string{"error.code": tt.code, "error.type": tt.want})
	}
}

func TestPaymentMethod_IsMadeOfATokenAndComesWithACustomer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pm := must[*stripe.PaymentMethod](t)(s.api.PaymentMethods.New(&stripe.PaymentMethodParams{
		Type: stripe.String("card"), Card: &stripe.PaymentMethodCardParams{Token: stripe.String("tok_visa")},
		BillingDetails: &stripe.PaymentMethodBillingDetailsParams{Email: stripe.String("ada@example.com")},
	}))
	if pm.Customer != nil || pm.BillingDetails.Email != "ada@example.com" {
		t.Errorf("got %+v", pm)
	}
	var cu tree
	if got := s.after(func() {
		cu = s.post("/v1/customers", values("payment_method", pm.ID, "invoice_settings[default_payment_method]", pm.ID, "expand[]", "invoice_settings.default_payment_method"))
	}); got != "customer.created payment_method.attached" {
		t.Errorf("got events %s", got)
	}
	cu.wants(t, "the customer", map[string]string{"invoice_settings.default_payment_method.id": pm.ID, "invoice_settings.default_payment_method.customer": cu.at("id")})
	s.post("/v1/customers", values("payment_method", "pm_card_visa")).wants(t, "attached alone", map[string]string{"invoice_settings.default_payment_method": "null"})
	s.refused(400, "/v1/customers", values("invoice_settings[default_payment_method]", "pm_card_visa"))
	s.refused(402, "/v1/customers", values("payment_method", "pm_card_chargeDeclined"))
	if got := s.fetch("", "/v1/customers?limit=100").len("data"); got != 2 {
		t.Errorf("got %d customers: a refused call has made one", got)
	}
}

// A subscription is charged to its own default, else to the customer's.
func TestPaymentMethod_OfASubscriptionComesFirst(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	bad, good := s.attached("pm_card_chargeCustomerFail", cu), s.attached("pm_card_visa", cu)
	create := func(pairs ...string) tree {
		return s.post("/v1/subscriptions", values(append([]string{"customer", cu, "items[0][price]", s.monthly, "expand[]", "latest_invoice.payment_intent"}, pairs...)...))
	}
	s.refused(400, "/v1/subscriptions", values("customer", cu, "items[0][price]", s.monthly)).wants(t, "without a default", map[string]string{"error.code": "resource_missing"})
	s.post("/v1/customers/"+cu, values("invoice_settings[default_payment_method]", bad))
	create().wants(t, "the customer's", map[string]string{"status": "incomplete", "default_payment_method": "null",
		"latest_invoice.payment_intent.payment_method": "null", "latest_invoice.payment_intent.last_payment_error.payment_method.id": bad})
	sub := create("default_payment_method", good)
	sub.wants(t, "its own", map[string]string{"status": "active", "default_payment_method": good, "latest_invoice.payment_intent.payment_method": good})
	s.post("/v1/subscriptions/"+sub.at("id"), values("default_payment_method", bad))
	if got := s.after(func() { s.ok(s.RenewSubscription(sub.at("id"), true)) }); got != billed+failed {
		t.Errorf("got events %s", got)
	}
	s.fetch("", "/v1/subscriptions/"+sub.at("id")).wants(t, "renewed", map[string]string{"status": "past_due"})
	in := s.sub(sub.at("id")).LatestInvoice.ID
	s.refused(402, "/v1/invoices/"+in+"/pay", nil).wants(t, "with its own", map[string]string{"error.code": "card_declined", "error.payment_method.id": bad, "error.payment_intent.invoice": in})
	s.post("/v1/invoices/"+in+"/pay", values("payment_method", good)).wants(t, "with another", map[string]string{"status": "paid"})
	s.fetch("", "/v1/subscriptions/"+sub.at("id")).wants(t, "paid", map[string]string{"status": "active", "default_payment_method": bad})
	s.refused(400, "/v1/subscriptions/"+sub.at("id"), values("default_payment_method", s.attached("pm_card_visa", s.customer().ID)))
}

func TestCheckout_LeavesPaymentMethods(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	pm := sub.DefaultPaymentMethod.ID
	s.fetch(dahlia, "/v1/subscriptions/"+sub.ID+"?expand[]=default_payment_method").wants(t, "the subscription", map[string]string{
		"default_payment_method.customer": sub.Customer.ID, "default_payment_method.card.last4": "4242"})
	s.fetch("", "/v1/customers/"+sub.Customer.ID).wants(t, "the customer", map[string]string{"invoice_settings.default_payment_method": "null"})
	s.fetch("", "/v1/payment_intents/"+sub.LatestInvoice.PaymentIntent.ID+"?expand[]=payment_method&expand[]=latest_charge").wants(t, "the intent", map[string]string{
		"payment_method.id": pm, "latest_charge.payment_method": pm, "latest_charge.payment_method_details.card.last4": "4242", "setup_future_usage": "off_session"})
	if status, _ := s.ask("", "GET", "/v1/charges/"+sub.LatestInvoice.Charge.ID+"?expand[]=payment_method", nil); status != http.StatusBadRequest {
		t.Errorf("a charge's payment_method is a text, and was expanded: %d", status)
	}
	s.ok(s.RenewSubscription(sub.ID, true))
	if got := s.sub(sub.ID).LatestInvoice.PaymentIntent.PaymentMethod.ID; got != pm {
		t.Errorf("the renewal was paid by %s", got)
	}

	trial := params("subscription", s.monthly)
	trial.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialPeriodDays: stripe.Int64(7)}
	if got := s.paid(trial).Subscription; got.DefaultPaymentMethod == nil || got.Status != "trialing" {
		t.Errorf("a trial has no payment method: %+v", got)
	}
	debit := s.debited(params("subscription", s.monthly)).Subscription.DefaultPaymentMethod.ID
	s.fetch("", "/v1/payment_methods/"+debit).wants(t, "a bank debit", map[string]string{"type": "us_bank_account"})

	// A payment keeps nothing unless that is asked for.
	for usage, want := range map[string]int{"": 0, "off_session": 1} {
		cu := s.customer().ID
		pairs := []string{"line_items[0][price]", s.once, "line_items[0][quantity]", "1", "customer", cu}
		if usage != "" {
			pairs = append(pairs, "payment_intent_data[setup_future_usage]", usage)
		}
		s.ok(s.Pay(s.post("/v1/checkout/sessions", values(checkout("payment", pairs...)...)).at("id")))
		if got := s.fetch("", "/v1/customers/"+cu+"/payment_methods").len("data"); got != want {
			t.Errorf("usage %q: got %d payment methods", usage, got)
		}
	}
}

// Objects and events about payment methods are Stripe's, in every version.
func TestConformance_OfPaymentMethods(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.payALot()
	for _, cu := range s.fetch("", "/v1/customers?limit=100").down("data").v.([]any) {
		id := tree{cu}.at("id")
		for _, v := range stripespec.Versions {
			_, answer := s.ask(v.API, "GET", "/v1/payment_methods?limit=100&customer="+id, nil)
			stripespec.ValidateIn(t, v.API, "list of payment_method", answer)
		}
	}
	s.conform("payment_method.attached", "payment_method.detached", "payment_method.updated", "setup_intent.created", "setup_intent.succeeded",
		"setup_intent.setup_failed", "setup_intent.canceled", "payment_intent.amount_capturable_updated", "payment_intent.canceled",
		"payment_intent.processing", "charge.captured", "charge.pending")
}
