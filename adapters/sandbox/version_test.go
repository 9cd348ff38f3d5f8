package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

const (
	acacia = "2024-09-30.acacia"
	basil  = "2025-03-31.basil"
	dahlia = "2026-08-26.dahlia"
)

// ask sends a request with a form in the version of the API, "" for none, and
// returns the answer's status and body.
func (s *shop) ask(version, method, path string, form url.Values) (int, []byte) {
	s.t.Helper()
	r, err := http.NewRequest(method, s.URL()+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer sk_test_1")
	if version != "" {
		r.Header.Set("Stripe-Version", version)
	}
	resp, err := s.http.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, []byte(body(s.t, resp))
}

// fetch is the answer to a GET that has to succeed.
func (s *shop) fetch(version, path string) tree {
	s.t.Helper()
	status, answer := s.ask(version, http.MethodGet, path, nil)
	if status != http.StatusOK {
		s.t.Fatalf("GET %s in %s: %d %s", path, version, status, answer)
	}
	return parse(s.t, answer)
}

// post is the answer to a POST that has to succeed.
func (s *shop) post(path string, form url.Values) tree {
	s.t.Helper()
	return s.postIn("", path, form)
}

// postIn is post in a version of the API, for parameters that came with it.
func (s *shop) postIn(version, path string, form url.Values) tree {
	s.t.Helper()
	status, answer := s.ask(version, http.MethodPost, path, form)
	if status != http.StatusOK {
		s.t.Fatalf("POST %s: %d %s", path, status, answer)
	}
	return parse(s.t, answer)
}

// refused is the error of a POST that has to be refused with that status.
func (s *shop) refused(status int, path string, form url.Values) tree {
	s.t.Helper()
	got, answer := s.ask("", http.MethodPost, path, form)
	if got != status {
		s.t.Fatalf("POST %s: got %d %s, want %d", path, got, answer, status)
	}
	return parse(s.t, answer)
}

// tree is JSON as it is, whatever a client's structs make of it.
type tree struct{ v any }

func parse(t *testing.T, data []byte) tree {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return tree{v}
}

// at is what lies at a place such as "lines.data.0.id": its text, "<none>" where
// there is nothing and "null" for null.
func (n tree) at(place string) string {
	switch v := n.down(place).v.(type) {
	case missing:
		return "<none>"
	case nil:
		return "null"
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		text, _ := json.Marshal(v)
		return string(text)
	}
}

type missing struct{}

func (n tree) down(place string) tree {
	name, rest, deeper := strings.Cut(place, ".")
	var next any = missing{}
	switch v := n.v.(type) {
	case map[string]any:
		if x, ok := v[name]; ok {
			next = x
		}
	case []any:
		if i := int(name[0] - '0'); len(name) == 1 && i < len(v) {
			next = v[i]
		}
	}
	if !deeper {
		return tree{next}
	}
	return tree{next}.down(rest)
}

func (n tree) len(place string) int {
	list, _ := n.down(place).v.([]any)
	return len(list)
}

// wants compares places with what they have to hold.
func (n tree) wants(t *testing.T, what string, places map[string]string) {
	t.Helper()
	for place, want := range places {
		if got := n.at(place); got != want {
			t.Errorf("%s: %s is %s, want %s", what, place, got, want)
		}
	}
}

// Every object is what Stripe's description says it is, in each version that has a
// description.
func TestVersions_EveryObjectIsStripes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.liveALot()
	for _, v := range stripespec.Versions {
		for schema, path := range objectLists {
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			status, answer := s.ask(v.API, http.MethodGet, path+sep+"limit=100", nil)
			if status != http.StatusOK {
				t.Errorf("%s %s: %d", v.API, path, status)
			}
			stripespec.ValidateIn(t, v.API, "list of "+schema, answer)
		}
	}
	status, answer := s.ask(dahlia, http.MethodGet, "/v1/invoices?limit=100&expand[]=data.payments&expand[]=data.payments.data.payment.payment_intent", nil)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	stripespec.ValidateIn(t, dahlia, "list of invoice", answer)
	_, answer = s.ask(dahlia, http.MethodGet, "/v1/invoice_payments?limit=100", nil)
	stripespec.ValidateIn(t, dahlia, "list of invoice_payment", answer)
	if parse(t, answer).len("data") < 10 {
		t.Errorf("few invoices have a payment: %s", answer)
	}
}

// objectLists are the lists of all kinds of objects that every version has.
var objectLists = map[string]string{
	"product": "/v1/products", "price": "/v1/prices", "customer": "/v1/customers", "checkout.session": "/v1/checkout/sessions",
	"subscription": "/v1/subscriptions?status=all", "invoice": "/v1/invoices", "payment_intent": "/v1/payment_intents",
	"charge": "/v1/charges", "refund": "/v1/refunds", "dispute": "/v1/disputes",
	"credit_note": "/v1/credit_notes", "setup_intent": "/v1/setup_intents",
	"webhook_endpoint":             "/v1/webhook_endpoints",
	"billing_portal.configuration": "/v1/billing_portal/configurations",
	"invoiceitem":                  "/v1/invoiceitems",
}

// What basil moved is at its new place since then, and at its old one before.
func TestVersions_BasilMovedWhatTiesObjects(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	in := sub.LatestInvoice
	end, start := fmtInt(sub.CurrentPeriodEnd), fmtInt(sub.CurrentPeriodStart)
	product := s.fetch("", "/v1/prices/"+s.monthly).at("product")
	for _, tt := range []struct {
		version, path string
		want          map[string]string
	}{
		{"", "/v1/subscriptions/" + sub.ID, map[string]string{
			"current_period_end": end, "current_period_start": start, "items.data.0.current_period_end": "<none>"}},
		{"2025-02-24.acacia", "/v1/subscriptions/" + sub.ID, map[string]string{"current_period_end": end, "items.data.0.current_period_end": "<none>"}},
		{"2025-03-31.basil", "/v1/subscriptions/" + sub.ID, map[string]string{
			"current_period_end": "<none>", "current_period_start": "<none>", "billing_mode": "<none>",
			"items.data.0.current_period_end": end, "items.data.0.current_period_start": start}},
		{dahlia, "/v1/subscriptions/" + sub.ID, map[string]string{"current_period_end": "<none>", "billing_mode.type": "classic"}},
		{"", "/v1/invoices/" + in.ID, map[string]string{
			"subscription": sub.ID, "payment_intent": in.PaymentIntent.ID, "charge": in.Charge.ID, "paid": "true", "parent": "<none>",
			"lines.data.0.price.id": s.monthly, "lines.data.0.type": "subscription", "lines.data.0.subscription_item": sub.Items.Data[0].ID,
			"lines.data.0.parent": "<none>", "lines.data.0.pricing": "<none>"}},
		{dahlia, "/v1/invoices/" + in.ID, map[string]string{
			"subscription": "<none>", "payment_intent": "<none>", "charge": "<none>", "paid": "<none>", "payments": "<none>", "status": "paid",
			"parent.type": "subscription_details", "parent.subscription_details.subscription": sub.ID,
			"lines.data.0.price": "<none>", "lines.data.0.type": "<none>", "lines.data.0.proration": "<none>", "lines.data.0.subscription_item": "<none>",
			"lines.data.0.parent.type":                                        "subscription_item_details",
			"lines.data.0.parent.subscription_item_details.subscription":      sub.ID,
			"lines.data.0.parent.subscription_item_details.subscription_item": sub.Items.Data[0].ID,
			"lines.data.0.parent.subscription_item_details.proration":         "false",
			"lines.data.0.pricing.type":                                       "price_details", "lines.data.0.pricing.price_details.price": s.monthly,
			"lines.data.0.pricing.price_details.product": product}},
		{dahlia, "/v1/invoices/" + in.ID + "?expand[]=payments", map[string]string{
			"payments.data.0.payment.type": "payment_intent", "payments.data.0.payment.payment_intent": in.PaymentIntent.ID,
			"payments.data.0.status": "paid", "payments.data.0.amount_paid": "2000", "payments.has_more": "false"}},
		{dahlia, "/v1/invoices?subscription=" + sub.ID + "&expand[]=data.payments", map[string]string{
			"data.0.payments.data.0.payment.payment_intent": in.PaymentIntent.ID}},
		{dahlia, "/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]=" + in.PaymentIntent.ID, map[string]string{
			"data.0.invoice": in.ID, "data.0.object": "invoice_payment", "data.1": "<none>"}},
		{dahlia, "/v1/invoice_payments?invoice=" + in.ID, map[string]string{"data.0.payment.payment_intent": in.PaymentIntent.ID}},
		{"", "/v1/charges/" + in.Charge.ID, map[string]string{"invoice": in.ID}},
		{dahlia, "/v1/charges/" + in.Charge.ID, map[string]string{"invoice": "<none>", "payment_intent": in.PaymentIntent.ID}},
		{"", "/v1/payment_intents/" + in.PaymentIntent.ID, map[string]string{"invoice": in.ID}},
		{dahlia, "/v1/payment_intents/" + in.PaymentIntent.ID + "?expand[]=latest_charge", map[string]string{
			"invoice": "<none>", "latest_charge.id": in.Charge.ID, "latest_charge.invoice": "<none>"}},
	} {
		s.fetch(tt.version, tt.path).wants(t, tt.version+" "+tt.path, tt.want)
	}
}

func TestVersions_RefuseWhatTheyDoNotHave(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	in := s.subscribed().LatestInvoice.ID
	for _, tt := range []struct {
		version, method, path, form string
		status                      int
		says                        string
	}{
		{dahlia, "GET", "/v1/invoices/" + in + "?expand[]=subscription", "", 400, "cannot be expanded"},
		{"", "GET", "/v1/invoices/" + in + "?expand[]=payments", "", 400, "cannot be expanded"},
		{"", "GET", "/v1/invoice_payments?invoice=" + in, "", 404, "Unrecognized request URL"},
		{"2026-01-01", "GET", "/v1/invoices/" + in, "", 400, "Invalid Stripe API version: 2026-01-01."},
		{"2027-02-30.endive", "GET", "/v1/invoices/" + in, "", 400, "Invalid Stripe API version"},
		{"2025-12-15.dahlia", "POST", "/v1/customers", "", 400, "Invalid Stripe API version"},
		{dahlia, "GET", "/v1/invoice_payments?payment[payment_intent]=pi_1", "", 400, "Missing required param"},

		{"", "POST", "/v1/products", "name=x&package_dimensions[height]=1", 400, "does not support this parameter of Stripe: package_dimensions[height]"},
		{"2024-04-10", "POST", "/v1/products", "name=x&features[0][name]=y", 400, "Received unknown parameter: features"},
		{"", "POST", "/v1/products", "name=x&marketing_features[0][name]=y", 400, "Received unknown parameter"},
		{"2024-06-20", "POST", "/v1/products", "name=x&marketing_features[0][name]=y", 200, "marketing_features"},
		{"2025-02-24.acacia", "POST", "/v1/customers", "coupon=x", 400, "does not support this parameter of Stripe"},
		{"2025-03-31.basil", "POST", "/v1/customers", "coupon=x", 400, "Received unknown parameter: coupon"},
		{"2025-08-27.basil", "POST", "/v1/subscriptions", "billing_mode[type]=flexible", 400, "Received unknown parameter"},
		{"2026-02-25.clover", "POST", "/v1/checkout/sessions", "ui_mode=hosted_page", 400, "Invalid ui_mode"},
		{dahlia, "POST", "/v1/checkout/sessions", "ui_mode=hosted", 400, "Invalid ui_mode"},
		{"2026-10-28.endive", "POST", "/v1/checkout/sessions", "payment_method_types[]=card", 400, "Received unknown parameter: payment_method_types"},
		{"2026-10-28.endive", "POST", "/v1/checkout/sessions", "allowed_payment_method_types[]=card", 400, "Missing required param: success_url"},
		{dahlia, "POST", "/v1/checkout/sessions", "allowed_payment_method_types[]=card", 400, "Received unknown parameter"},
		{"2026-10-28.endive", "POST", "/v1/subscriptions/sub_1/resume", "billing_cycle_anchor=now", 400, "Received unknown parameter"},
		{"2026-10-28.endive", "POST", "/v1/subscriptions/sub_1/resume", "billing_cycle_anchor[type]=now", 404, "No such subscription"},
		{dahlia, "POST", "/v1/subscriptions/sub_1/resume", "billing_cycle_anchor[type]=now", 400, "Received unknown parameter"},
		{dahlia, "GET", "/v1/charges/search?query=x", "", 400, "does not serve it yet: GET /v1/charges/search"},
		{"", "GET", "/v1/invoice_items", "", 404, "Unrecognized request URL"},
		{"", "POST", "/v1/stripecli/sessions", "device_name=x", 400, "for its command line, and the sandbox does not serve it yet"},
		{"", "POST", "/v1/events/evt_1/retry", "for_stripecli=true", 400, "for its command line"},
		{"", "GET", "/v1/payment_pages/cs_1/again", "", 404, "Unrecognized request URL"},
		{"", "POST", "/v1/events/evt_1/again", "", 404, "Unrecognized request URL"},
		{"", "PUT", "/v1/customers", "", 404, "Unrecognized request URL"},
	} {
		form := must[url.Values](t)(url.ParseQuery(tt.form))
		if got, answer := s.ask(tt.version, tt.method, tt.path, form); got != tt.status || !strings.Contains(string(answer), tt.says) {
			t.Errorf("%s %s %s in %q: got %d %s, want %d that says %q", tt.method, tt.path, tt.form, tt.version, got, answer, tt.status, tt.says)
		}
	}
}

// Every call that changes something is answered in each version with what Stripe
// describes, and so in those that came after all descriptions.
func TestVersions_EveryChangeIsAnsweredInTheVersionAskedFor(t *testing.T) {
	t.Parallel()
	for _, v := range append(stripespec.Versions, struct{ API, Module string }{"2026-10-28.endive", ""}, struct{ API, Module string }{"2027-01-27.endive", ""}) {
		t.Run(v.API, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			described := v.API
			if v.Module == "" {
				described = stripespec.Versions[len(stripespec.Versions)-1].API
			}
			do := func(schema, method, path string, pairs ...string) tree {
				t.Helper()
				status, answer := s.ask(v.API, method, path, values(pairs...))
				if status != http.StatusOK {
					t.Fatalf("%s %s: %d %s", method, path, status, answer)
				}
				stripespec.ValidateIn(t, described, schema, answer)
				return parse(t, answer)
			}
			product := do("product", "POST", "/v1/products", "name", "Pro").at("id")
			do("product", "POST", "/v1/products/"+product, "metadata[a]", "b")
			price := do("price", "POST", "/v1/prices", "product", product, "currency", "usd", "unit_amount", "500", "recurring[interval]", "month").at("id")
			do("price", "POST", "/v1/prices/"+price, "nickname", "n")
			customer := do("customer", "POST", "/v1/customers", "email", "ada@example.com").at("id")
			do("customer", "POST", "/v1/customers/"+customer, "name", "Ada")
			open := do("checkout.session", "POST", "/v1/checkout/sessions", checkout("subscription", "customer", customer, "line_items[0][price]", price,
				"line_items[0][quantity]", "1", "expand[]", "line_items")...)
			if status, answer := s.ask(v.API, "POST", "/v1/checkout/sessions", values(checkout("payment", "ui_mode", open.at("ui_mode"),
				"line_items[0][price]", s.once, "line_items[0][quantity]", "1")...)); status != http.StatusOK {
				t.Errorf("its own ui_mode is refused: %s", answer)
			}
			do("checkout.session", "POST", "/v1/checkout/sessions/"+open.at("id")+"/expire")
			s.ok(s.SetCard(customer, "4242424242424242"))
			sub := do("subscription", "POST", "/v1/subscriptions", "customer", customer, "items[0][price]", price, "expand[]", "latest_invoice")
			id := sub.at("id")
			do("subscription", "POST", "/v1/subscriptions/"+id, "items[0][id]", sub.at("items.data.0.id"), "items[0][quantity]", "3", "proration_behavior", "always_invoice")
			s.ok(s.PauseSubscription(id))
			do("subscription", "POST", "/v1/subscriptions/"+id+"/resume")
			s.ok(s.RenewSubscription(id, false))
			in := do("subscription", "GET", "/v1/subscriptions/"+id).at("latest_invoice")
			do("invoice", "POST", "/v1/invoices/"+in+"/pay", "paid_out_of_band", "true")
			s.ok(s.RenewSubscription(id, true))
			in = do("subscription", "GET", "/v1/subscriptions/"+id).at("latest_invoice")
			note := do("credit_note", "POST", "/v1/credit_notes", "invoice", in, "amount", "100", "credit_amount", "100").at("id")
			do("credit_note", "POST", "/v1/credit_notes/"+note, "memo", "m")
			refund := do("refund", "POST", "/v1/refunds", "charge", s.fetch("", "/v1/invoices/"+in).at("charge"), "amount", "50").at("id")
			do("refund", "POST", "/v1/refunds/"+refund, "metadata[a]", "b")
			cs := s.paid(params("payment", s.once))
			dispute := must[string](t)(s.OpenDispute(cs.ID, sandbox.DisputeOptions{}))
			do("dispute", "POST", "/v1/disputes/"+dispute+"/close")
			do("subscription", "DELETE", "/v1/subscriptions/"+id)
			do("deleted_customer", "DELETE", "/v1/customers/"+customer)
		})
	}
}

// Since clover a new subscription is billed in the flexible mode unless it is told
// otherwise.
func TestVersions_CloverMadeFlexibleTheDefault(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, tt := range []struct{ version, mode, want string }{
		{"", "", "classic"}, {"2025-08-27.basil", "", "classic"}, {"2025-09-30.clover", "", "flexible"}, {"2026-10-28.endive", "", "flexible"},
		{"2025-09-30.clover", "classic", "classic"}, {dahlia, "flexible", "flexible"},
	} {
		past := []string{"customer", s.withCard(), "items[0][price]", s.monthly}
		buys := checkout("subscription", "line_items[0][price]", s.monthly, "line_items[0][quantity]", "1")
		if tt.mode != "" {
			past = append(past, "billing_mode[type]", tt.mode)
			buys = append(buys, "subscription_data[billing_mode][type]", tt.mode)
		}
		send := func(path string, pairs []string) string {
			t.Helper()
			status, answer := s.ask(tt.version, "POST", path, values(pairs...))
			if status != http.StatusOK {
				t.Fatalf("%+v: %d %s", tt, status, answer)
			}
			return parse(t, answer).at("id")
		}
		session := send("/v1/checkout/sessions", buys)
		s.ok(s.Pay(session))
		for _, id := range []string{send("/v1/subscriptions", past), s.fetch(tt.version, "/v1/checkout/sessions/"+session).at("subscription")} {
			if got := s.fetch(dahlia, "/v1/subscriptions/"+id).at("billing_mode.type"); got != tt.want {
				t.Errorf("%+v: got %s", tt, got)
			}
		}
	}
}

// Stripe repeats the first answer as it was, whatever version is asked for then.
func TestVersions_AReplayIsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	send := func(version string) (*http.Response, string) {
		t.Helper()
		r := must[*http.Request](t)(http.NewRequest(http.MethodPost, s.URL()+"/v1/products", strings.NewReader("name=Pro")))
		r.Header.Set("Authorization", "Bearer sk_test_1")
		r.Header.Set("Stripe-Version", version)
		r.Header.Set("Idempotency-Key", "k")
		resp := must[*http.Response](t)(s.http.Do(r))
		return resp, body(t, resp)
	}
	first, want := send(dahlia)
	again, got := send(sandbox.APIVersion)
	if got != want || again.Header.Get("Idempotent-Replayed") != "true" || !strings.Contains(want, "marketing_features") {
		t.Errorf("got %s, want %s again", got, want)
	}
	if v := again.Header.Get("Stripe-Version"); v != dahlia || first.Header.Get("Stripe-Version") != dahlia {
		t.Errorf("the replay says that it is in %s", v)
	}
}

func TestRequests_TellTheirVersion(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.fetch(dahlia, "/v1/customers")
	s.fetch("", "/v1/customers")
	got := s.Requests()
	if len(got) != 2 || got[0].APIVersion != dahlia || got[1].APIVersion != sandbox.APIVersion {
		t.Errorf("got %+v", got)
	}
}

// An endpoint with an api_version of its own is sent the same events in the shapes
// of that version.
func TestVersions_EndpointHasItsOwn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	newer := newEndpoint(t, "whsec_newer")
	if _, err := s.AddWebhookEndpointAt("2026-13-01", newer.URL, "whsec_newer"); err == nil {
		t.Error("an unknown version was accepted")
	}
	must[sandbox.WebhookEndpoint](t)(s.AddWebhookEndpointAt(dahlia, newer.URL, "whsec_newer"))
	id := s.subscribed().ID
	s.ok(s.RenewSubscription(id, true))
	s.idle()
	find := func(e *endpoint, kind string) stripe.Event {
		var found stripe.Event
		for _, ev := range e.accepted() {
			// The one of the renewal, which comes before or after that of the payment method.
			if before := ev.Data.PreviousAttributes; string(ev.Type) == kind && (before["current_period_end"] != nil || before["items"] != nil) {
				found = ev
			}
		}
		return found
	}
	older, recent := find(s.endpoint, "customer.subscription.updated"), find(newer, "customer.subscription.updated")
	if older.APIVersion != sandbox.APIVersion || older.Data.Object["current_period_end"] == nil || older.Data.PreviousAttributes["current_period_end"] == nil ||
		older.Data.PreviousAttributes["items"] != nil {
		t.Errorf("older: got %+v", older.Data)
	}
	if recent.APIVersion != dahlia || recent.Data.Object["current_period_end"] != nil || recent.Data.PreviousAttributes["items"] == nil {
		t.Errorf("newer: got %+v", recent.Data)
	}
	if recent.ID != older.ID {
		t.Errorf("the events differ: %s and %s", recent.ID, older.ID)
	}
}

func fmtInt(n int64) string { return strconv.FormatInt(n, 10) }

func mustJSON(n tree) string {
	text, err := json.Marshal(n.v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
