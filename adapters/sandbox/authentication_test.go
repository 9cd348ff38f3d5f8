package sandbox_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

const (
	asksAlways  = "4000002760003184"
	asksOnce    = "4000002500003155"
	asksAndFail = "4000008260003178"
)

// intent is a form of a payment that is confirmed at once.
func intent(method string, more ...string) url.Values {
	return values(append([]string{"amount", "1000", "currency", "usd", "payment_method", method, "payment_method_types[]", "card", "confirm", "true"}, more...)...)
}

func TestAuthentication_OfAPaymentIntent(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, method := range []string{
		"pm_card_authenticationRequired", "pm_card_authenticationRequiredOnSetup", "pm_card_authenticationRequiredSetupForOffSession",
		"pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "pm_card_threeDSecure2Required",
	} {
		pi := s.post("/v1/payment_intents", intent(method))
		pi.wants(t, method, map[string]string{
			"status": "requires_action", "next_action.type": "use_stripe_sdk", "latest_charge": "null", "last_payment_error": "null",
			"next_action.use_stripe_sdk.stripe_js": s.URL() + "/c/authenticate/" + pi.at("id"),
		})
	}
	var pi tree
	got := s.after(func() {
		pi = s.post("/v1/payment_intents", intent("pm_card_authenticationRequired", "return_url", "http://app.example/back?a=b"))
	})
	if got != "payment_intent.created payment_intent.requires_action" {
		t.Errorf("asked: got events %s", got)
	}
	pi.wants(t, "with a return_url", map[string]string{"next_action.type": "redirect_to_url", "next_action.redirect_to_url.return_url": "http://app.example/back?a=b"})
	if got := s.after(func() { s.ok(s.FailAuthentication(pi.at("id"))) }); got != "payment_intent.payment_failed" {
		t.Errorf("failed: got events %s", got)
	}
	s.fetch("", "/v1/payment_intents/"+pi.at("id")).wants(t, "failed", map[string]string{
		"status": "requires_payment_method", "next_action": "null", "payment_method": "null", "latest_charge": "null",
		"last_payment_error.code": "payment_intent_authentication_failure", "last_payment_error.type": "invalid_request_error", "last_payment_error.charge": "<none>",
	})
	again := s.post("/v1/payment_intents/"+pi.at("id")+"/confirm", values("payment_method", "pm_card_authenticationRequired"))
	again.wants(t, "again", map[string]string{"status": "requires_action"})
	if got := s.after(func() { s.ok(s.Authenticate(pi.at("id"))) }); got != "charge.succeeded payment_intent.succeeded" {
		t.Errorf("authenticated: got events %s", got)
	}
	s.fetch("", "/v1/payment_intents/"+pi.at("id")+"?expand[]=latest_charge").wants(t, "paid", map[string]string{
		"status": "succeeded", "next_action": "null", "latest_charge.payment_method_details.card.three_d_secure.result": "authenticated",
	})
	if err := s.Authenticate(pi.at("id")); err == nil || !strings.Contains(err.Error(), "nothing waits") {
		t.Errorf("twice: got %v", err)
	}
	held := s.post("/v1/payment_intents", intent("pm_card_authenticationRequired", "capture_method", "manual")).at("id")
	s.ok(s.Authenticate(held))
	s.fetch("", "/v1/payment_intents/"+held).wants(t, "set aside", map[string]string{"status": "requires_capture", "amount_capturable": "1000"})
	dropped := s.post("/v1/payment_intents", intent("pm_card_authenticationRequired")).at("id")
	s.post("/v1/payment_intents/"+dropped+"/cancel", nil).wants(t, "canceled", map[string]string{"status": "canceled", "next_action": "null"})
	broke := s.post("/v1/payment_intents", intent("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")).at("id")
	if err := s.Authenticate(broke); !errors.Is(err, sandbox.ErrDeclined) {
		t.Errorf("got %v, want a decline", err)
	}
	s.conform("payment_intent.requires_action")
}

// Where nobody is there to authenticate the payment fails, unless the card was set up.
func TestAuthentication_OffSession(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	off := func(pm string) url.Values { return intent(pm, "customer", cu, "off_session", "true") }
	for name, tt := range map[string]struct {
		form    url.Values
		decline string
		charge  bool
	}{
		"off session":              {off(s.attached("pm_card_authenticationRequired", cu)), "authentication_required", true},
		"not set up":               {off(s.attached("pm_card_authenticationRequiredOnSetup", cu)), "authentication_required", true},
		"no money either":          {off(s.attached("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", cu)), "authentication_required", true},
		"error_on_requires_action": {intent("pm_card_authenticationRequired", "error_on_requires_action", "true"), "authentication_not_handled", false},
	} {
		got := s.refused(402, "/v1/payment_intents", tt.form)
		got.wants(t, name, map[string]string{
			"error.code": "authentication_required", "error.decline_code": tt.decline, "error.type": "card_error", "error.payment_intent.status": "requires_payment_method",
		})
		if charged := got.at("error.charge") != "<none>"; charged != tt.charge {
			t.Errorf("%s: the error names the charge %s", name, got.at("error.charge"))
		}
	}
	s.post("/v1/payment_intents", off(s.attached("pm_card_authenticationRequiredSetupForOffSession", cu))).wants(t, "was set up", map[string]string{"status": "succeeded"})

	si := s.post("/v1/setup_intents", values("customer", cu, "payment_method", "pm_card_authenticationRequiredOnSetup", "payment_method_types[]", "card", "confirm", "true"))
	si.wants(t, "a setup", map[string]string{"status": "requires_action", "next_action.type": "use_stripe_sdk"})
	if got := s.after(func() { s.ok(s.FailAuthentication(si.at("id"))) }); got != "setup_intent.setup_failed" {
		t.Errorf("failed: got events %s", got)
	}
	s.fetch("", "/v1/setup_intents/"+si.at("id")).wants(t, "failed", map[string]string{"status": "requires_payment_method", "last_setup_error.code": "setup_intent_authentication_failure"})
	s.post("/v1/setup_intents/"+si.at("id")+"/confirm", values("payment_method", "pm_card_authenticationRequiredOnSetup"))
	if got := s.after(func() { s.ok(s.Authenticate(cu)) }); got != "payment_method.attached setup_intent.succeeded" {
		t.Errorf("authenticated: got events %s", got)
	}
	kept := s.fetch("", "/v1/setup_intents/"+si.at("id")).at("payment_method")
	s.post("/v1/payment_intents", off(kept)).wants(t, "set up", map[string]string{"status": "succeeded"})
	s.post("/v1/payment_intents", intent(kept, "customer", cu)).wants(t, "set up, and the owner is there", map[string]string{"status": "requires_action"})
	s.conform("setup_intent.requires_action")
}

// A buyer in Checkout is asked in every mode; what renews is asked as the card does.
func TestAuthentication_InCheckout(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, mode := range []string{"payment", "subscription"} {
		price := map[string]string{"payment": s.once, "subscription": s.monthly}[mode]
		cs := s.open(params(mode, price))
		if err := s.PayWithCard(cs.ID, asksAlways); !errors.Is(err, sandbox.ErrAuthenticationRequired) {
			t.Fatalf("%s: got %v", mode, err)
		}
		if got := s.session(cs.ID); got.Status != "open" || got.PaymentStatus != "unpaid" {
			t.Errorf("%s: asked, and %s, %s", mode, got.Status, got.PaymentStatus)
		}
		s.ok(s.FailAuthentication(cs.ID))
		if got := s.session(cs.ID).Status; got != "open" {
			t.Errorf("%s: not recognized, and %s", mode, got)
		}
		if err := s.PayWithCard(cs.ID, asksAndFail); !errors.Is(err, sandbox.ErrAuthenticationRequired) {
			t.Errorf("%s: got %v", mode, err)
		}
		if err := s.Authenticate(cs.ID); !errors.Is(err, sandbox.ErrDeclined) {
			t.Errorf("%s: got %v, want a decline", mode, err)
		}
		if err := s.PayWithCard(cs.ID, asksOnce); !errors.Is(err, sandbox.ErrAuthenticationRequired) {
			t.Errorf("%s: got %v", mode, err)
		}
		s.ok(s.Authenticate(cs.ID))
		if got := s.session(cs.ID); got.Status != "complete" || got.PaymentStatus != "paid" {
			t.Errorf("%s: %s, %s", mode, got.Status, got.PaymentStatus)
		}
	}
	trial := checkout("subscription", "line_items[0][price]", s.monthly, "line_items[0][quantity]", "1", "subscription_data[trial_period_days]", "7")
	for name, form := range map[string][]string{"a trial": trial, "setup": checkout("setup", "customer", s.customer().ID)} {
		cs := s.post("/v1/checkout/sessions", values(form...)).at("id")
		if err := s.PayWithCard(cs, asksOnce); !errors.Is(err, sandbox.ErrAuthenticationRequired) {
			t.Errorf("%s: got %v", name, err)
		}
		s.ok(s.FailAuthentication(cs))
		if err := s.PayWithCard(cs, asksOnce); !errors.Is(err, sandbox.ErrAuthenticationRequired) {
			t.Errorf("%s: got %v", name, err)
		}
		s.ok(s.Authenticate(cs))
		s.fetch("", "/v1/checkout/sessions/"+cs).wants(t, name, map[string]string{"status": "complete", "payment_status": "no_payment_required"})
	}
	s.conform("payment_intent.requires_action", "setup_intent.requires_action")
}

func TestAuthentication_OfARenewal(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	bought := func(card string) string {
		cs := s.open(params("subscription", s.monthly))
		if err := s.PayWithCard(cs.ID, card); !errors.Is(err, sandbox.ErrAuthenticationRequired) {
			t.Fatalf("got %v", err)
		}
		s.ok(s.Authenticate(cs.ID))
		return s.session(cs.ID).Subscription.ID
	}
	once := bought(asksOnce)
	s.ok(s.RenewSubscription(once, true))
	if got := s.sub(once).Status; got != "active" {
		t.Errorf("a card that was set up: got %s", got)
	}
	id := bought(asksAlways)
	got := s.after(func() { s.ok(s.RenewSubscription(id, true)) })
	if !strings.HasSuffix(got, "invoice.finalized payment_intent.requires_action invoice.payment_action_required invoice.updated invoice.payment_failed customer.subscription.updated") {
		t.Errorf("asked: got events %s", got)
	}
	sub := s.sub(id)
	if sub.Status != "past_due" || sub.LatestInvoice.Status != "open" || sub.LatestInvoice.AttemptCount != 1 {
		t.Errorf("asked: got %s, its invoice %s after %d attempts", sub.Status, sub.LatestInvoice.Status, sub.LatestInvoice.AttemptCount)
	}
	s.refused(402, "/v1/invoices/"+sub.LatestInvoice.ID+"/pay", nil).wants(t, "paid by the shop", map[string]string{
		"error.code": "invoice_payment_intent_requires_action", "error.type": "card_error",
	})
	_, page := s.visit(sub.LatestInvoice.HostedInvoiceURL)
	wantText(t, page, `id="authenticate" href="/c/authenticate/pi_`)
	got = s.after(func() { s.ok(s.Authenticate(id)) })
	if got != "charge.succeeded payment_intent.succeeded invoice.updated invoice.paid invoice.payment_succeeded customer.subscription.updated" {
		t.Errorf("authenticated: got events %s", got)
	}
	if got := s.sub(id); got.Status != "active" || got.LatestInvoice.Status != "paid" {
		t.Errorf("authenticated: got %s", got.Status)
	}
	s.ok(s.RenewSubscription(id, true))
	s.ok(s.FailAuthentication(id))
	if got := s.sub(id).Status; got != "past_due" {
		t.Errorf("not recognized: got %s", got)
	}
	s.ok(s.PayInvoice(id)) // the buyer, who authenticates
	if got := s.sub(id).Status; got != "active" {
		t.Errorf("paid: got %s", got)
	}
	s.conform("invoice.payment_action_required")
}

// By the clock Stripe plans to try again, to no avail while the card waits for its owner.
func TestAuthentication_IsWaitedForUntilTheInvoiceIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	s.ok(s.SetCard(cu, asksAlways))
	sub := s.post("/v1/subscriptions", values("customer", cu, "items[0][price]", s.monthly)).at("id")
	s.ok(s.Authenticate(sub))
	s.toEnd(sub)
	s.advance(2 * 3600e9)
	if got := s.sub(sub).Status; got != "past_due" {
		t.Errorf("at the renewal: got %s", got)
	}
	got := s.advance(17 * 24 * 3600e9)
	if strings.Contains(got, "requires_action") || !strings.HasSuffix(got, "customer.subscription.deleted") {
		t.Errorf("17 days on: got events %s", got)
	}
	if got := s.sub(sub).LatestInvoice.AttemptCount; got != 4 {
		t.Errorf("got %d attempts, want 4", got)
	}
}

func TestAuthentication_OfASubscriptionThroughTheAPI(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	s.ok(s.SetCard(cu, asksAlways))
	create := func(pairs ...string) url.Values {
		return values(append([]string{"customer", cu, "items[0][price]", s.monthly, "expand[]", "latest_invoice.payment_intent"}, pairs...)...)
	}
	sub := s.post("/v1/subscriptions", create())
	sub.wants(t, "asked", map[string]string{"status": "incomplete", "latest_invoice.status": "open", "latest_invoice.payment_intent.status": "requires_action"})
	s.ok(s.Authenticate(sub.at("id")))
	s.fetch("", "/v1/subscriptions/"+sub.at("id")).wants(t, "authenticated", map[string]string{"status": "active"})
	s.refused(402, "/v1/subscriptions", create("payment_behavior", "error_if_incomplete")).wants(t, "error_if_incomplete", map[string]string{
		"error.code": "subscription_payment_intent_requires_action", "error.type": "card_error",
	})

	elements := s.post("/v1/subscriptions", create("payment_behavior", "default_incomplete"))
	elements.wants(t, "default_incomplete", map[string]string{"status": "incomplete", "latest_invoice.payment_intent.status": "requires_payment_method"})
	pi := elements.at("latest_invoice.payment_intent.id")
	s.post("/v1/payment_intents/"+pi+"/confirm", values("payment_method", "pm_card_authenticationRequired", "return_url", "http://app.example/done")).
		wants(t, "confirmed", map[string]string{"status": "requires_action", "next_action.type": "redirect_to_url"})
	s.ok(s.Authenticate(pi))
	s.fetch("", "/v1/subscriptions/"+elements.at("id")).wants(t, "confirmed and authenticated", map[string]string{"status": "active"})

	change := s.post("/v1/subscriptions/"+sub.at("id"), values("items[0][id]", sub.at("items.data.0.id"), "items[0][quantity]", "3",
		"proration_behavior", "always_invoice", "payment_behavior", "pending_if_incomplete"))
	change.wants(t, "a change", map[string]string{"items.data.0.quantity": "1", "pending_update.subscription_items.0.quantity": "3"})
	s.ok(s.Authenticate(sub.at("id")))
	s.fetch("", "/v1/subscriptions/"+sub.at("id")).wants(t, "a change that is paid", map[string]string{"items.data.0.quantity": "3", "pending_update": "null"})
}

// The bank's page leads back where the buyer came from.
func TestAuthenticationPage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cs := s.open(params("payment", s.once))
	form := goodForm()
	form.Set("cardNumber", asksAlways)
	bank := s.URL() + "/c/authenticate/" + cs.ID
	pay := func() {
		t.Helper()
		if status, to, _ := s.submit(cs.URL, form); status != http.StatusSeeOther || to != "/c/authenticate/"+cs.ID {
			t.Errorf("got %d to %s", status, to)
		}
	}
	pay()
	_, page := s.visit(bank)
	wantText(t, page, "$49.00", "Visa ending in 3184", `id="complete"`, `id="fail"`)
	status, to, _ := s.submit(bank, values("action", "fail"))
	if status != http.StatusSeeOther || to != "/c/pay/"+cs.ID+"?failed" {
		t.Errorf("failed: got %d to %s", status, to)
	}
	_, page = s.visit(s.URL() + to)
	wantText(t, page, `role="alert"`, "could not confirm with your bank")
	if status, _ := s.visit(bank); status != http.StatusNotFound {
		t.Errorf("nothing waits, and the bank's page answers %d", status)
	}
	form.Set("cardNumber", asksAndFail)
	pay()
	_, to, _ = s.submit(bank, values("action", "complete"))
	_, page = s.visit(s.URL() + to)
	wantText(t, page, `role="alert"`, "Your card has insufficient funds.")
	form.Set("cardNumber", asksAlways)
	pay()
	if status, to, _ = s.submit(bank, values("action", "complete")); status != http.StatusSeeOther || to != "http://app.example/done?session="+cs.ID {
		t.Errorf("paid: got %d to %s", status, to)
	}

	pi := s.post("/v1/payment_intents", intent("pm_card_authenticationRequired", "return_url", "http://app.example/back?a=b"))
	_, to, _ = s.submit(pi.at("next_action.redirect_to_url.url"), values("action", "complete"))
	want := "http://app.example/back?a=b&payment_intent=" + pi.at("id") + "&payment_intent_client_secret=" + pi.at("client_secret") + "&redirect_status=succeeded"
	if to != want {
		t.Errorf("an intent: got %s, want %s", to, want)
	}
	alone := s.post("/v1/payment_intents", intent("pm_card_authenticationRequired"))
	_, _, page = s.submit(alone.at("next_action.use_stripe_sdk.stripe_js"), values("action", "complete"))
	wantText(t, page, "Thank you")
}

func TestAuthentication_OnAHostedInvoice(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.created("items[0][price]", s.monthly).at("id")
	s.ok(s.RenewSubscription(id, false))
	in := s.sub(id).LatestInvoice
	form := url.Values{"cardNumber": {asksOnce}, "cardExpiry": {"12/40"}, "cardCvc": {"123"}}
	_, to, _ := s.submit(in.HostedInvoiceURL, form)
	if !strings.HasPrefix(to, "/c/authenticate/pi_") {
		t.Fatalf("got to %s", to)
	}
	if status, back, _ := s.submit(s.URL()+to, values("action", "complete")); status != http.StatusSeeOther || back != "/i/"+in.ID {
		t.Errorf("got %d to %s", status, back)
	}
	if got := s.sub(id); got.Status != "active" || got.LatestInvoice.Status != "paid" {
		t.Errorf("got %s", got.Status)
	}
	s.ok(s.RenewSubscription(id, true))
	if got := s.sub(id).Status; got != "active" {
		t.Errorf("the card that paid is kept, and the next period is %s", got)
	}
}

func TestAuthentication_InThePortal(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cfg := s.configuration("features[subscription_update][proration_behavior]", "always_invoice")
	sub := s.subscribed()
	visit := s.portal(sub.Customer.ID, "configuration", cfg)
	buyer := s.Portal(visit.at("url"))
	if err := buyer.ReplaceCard(asksAlways); !errors.Is(err, sandbox.ErrAuthenticationRequired) {
		t.Fatalf("got %v", err)
	}
	s.ok(s.FailAuthentication(sub.Customer.ID))
	if got := s.Subscriptions()[0].Card; got != "4242424242424242" {
		t.Errorf("not recognized, and the card is %s", got)
	}
	_, to, _ := s.submit(visit.at("url")+"/payment-method", url.Values{"cardNumber": {asksAlways}, "cardExpiry": {"12/40"}, "cardCvc": {"123"}})
	_, to, _ = s.submit(s.URL()+to, values("action", "fail"))
	_, page := s.visit(s.URL() + to)
	wantText(t, page, "could not confirm with your bank")
	if err := buyer.ReplaceCard(asksAlways); !errors.Is(err, sandbox.ErrAuthenticationRequired) {
		t.Fatalf("got %v", err)
	}
	s.ok(s.Authenticate(sub.Customer.ID))
	if got := s.Subscriptions()[0].Card; got != asksAlways {
		t.Errorf("the card is %s", got)
	}

	if err := buyer.Change(sub.ID, s.monthly, 3); !errors.Is(err, sandbox.ErrAuthenticationRequired) {
		t.Fatalf("got %v", err)
	}
	s.ok(s.FailAuthentication(sub.ID))
	if got := s.sub(sub.ID); got.Items.Data[0].Quantity != 1 || got.PendingUpdate != nil || got.Status != "active" {
		t.Errorf("not recognized, and it is %s with %d", got.Status, got.Items.Data[0].Quantity)
	}
	page3 := visit.at("url") + "/subscriptions/" + sub.ID + "/update"
	_, to, _ = s.submit(page3, values("price", s.monthly, "quantity", "3"))
	if !strings.HasPrefix(to, "/c/authenticate/pi_") {
		t.Fatalf("got to %s", to)
	}
	_, to, _ = s.submit(s.URL()+to, values("action", "complete"))
	_, page = s.visit(s.URL() + to)
	wantText(t, page, "Your subscription has been updated.")
	if got := s.sub(sub.ID); got.Items.Data[0].Quantity != 3 || got.LatestInvoice.Status != "paid" {
		t.Errorf("authenticated, and it is %d", got.Items.Data[0].Quantity)
	}
}
