package sandbox_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

func TestWebhookEndpoints_ComeAndGoByTheAPI(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	e := newEndpoint(t, "whsec_unknown") // until it is told
	p := &stripe.WebhookEndpointParams{URL: &e.URL, EnabledEvents: stripe.StringSlice([]string{"customer.created", "product.created"}),
		Description: stripe.String("mine"), Metadata: map[string]string{"a": "b"}}
	made := must[*stripe.WebhookEndpoint](t)(s.api.WebhookEndpoints.New(p))
	if made.Secret == "" || made.Status != "enabled" || made.APIVersion != "" || made.Metadata["a"] != "b" || made.Description != "mine" {
		t.Errorf("made: got %+v", made)
	}
	got := must[*stripe.WebhookEndpoint](t)(s.api.WebhookEndpoints.Get(made.ID, nil))
	if got.Secret != "" || got.URL != e.URL || !slices.Equal(got.EnabledEvents, []string{"customer.created", "product.created"}) {
		t.Errorf("retrieved: got %+v", got)
	}
	var ids []string
	for it := s.api.WebhookEndpoints.List(nil); it.Next(); {
		ids = append(ids, it.WebhookEndpoint().ID)
	}
	if len(ids) != 2 || ids[0] != made.ID {
		t.Errorf("listed: got %v, want %s first", ids, made.ID)
	}
	deleted := must[*stripe.WebhookEndpoint](t)(s.api.WebhookEndpoints.Del(made.ID, nil))
	if !deleted.Deleted {
		t.Errorf("deleted: got %+v", deleted)
	}
	if _, err := s.api.WebhookEndpoints.Get(made.ID, nil); refusal(t, err).HTTPStatusCode != http.StatusNotFound {
		t.Errorf("after that: got %v", err)
	}
}

// newSigned is an endpoint made by the API: its secret is what that says.
func (s *shop) newSigned(pairs ...string) (*endpoint, tree) {
	s.t.Helper()
	made := s.post("/v1/webhook_endpoints", values(append([]string{"url", "http://127.0.0.1:9/", "enabled_events[]", "*"}, pairs...)...))
	e := newEndpoint(s.t, made.at("secret"))
	s.post("/v1/webhook_endpoints/"+made.at("id"), values("url", e.URL))
	return e, made
}

func TestWebhookEndpoints_AreSentWhatTheyEnableWhileEnabled(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	newer, made := s.newSigned("enabled_events[]", "customer.created", "api_version", dahlia)
	s.customer()
	s.paid(params("payment", s.once))
	s.idle()
	if got := newer.types(); !slices.Equal(got, []string{"customer.created"}) || newer.accepted()[0].APIVersion != dahlia {
		t.Fatalf("got %v", got)
	}
	id := "/v1/webhook_endpoints/" + made.at("id")
	s.post(id, values("disabled", "true")).wants(t, "disabled", map[string]string{"status": "disabled", "secret": "<none>", "api_version": dahlia})
	s.customer()
	s.idle()
	if got := newer.types(); len(got) != 1 {
		t.Errorf("while disabled: got %v", got)
	}
	s.post(id, values("disabled", "false", "enabled_events[0]", "product.created"))
	s.customer()
	s.post("/v1/products", values("name", "x"))
	s.idle()
	if got := newer.types(); !slices.Equal(got, []string{"customer.created", "product.created"}) {
		t.Errorf("after that: got %v", got)
	}
	for _, v := range stripespec.Versions {
		status, answer := s.ask(v.API, "POST", "/v1/webhook_endpoints", values("url", newer.URL, "enabled_events[]", "charge.succeeded", "api_version", v.API))
		if status != http.StatusOK {
			t.Errorf("%s: %d %s", v.API, status, answer)
		}
		stripespec.ValidateIn(t, v.API, "webhook_endpoint", answer)
		_, answer = s.ask(v.API, "DELETE", "/v1/webhook_endpoints/"+parse(t, answer).at("id"), nil)
		stripespec.ValidateIn(t, v.API, "deleted_webhook_endpoint", answer)
	}
}

// What was to be repeated is given up when its turn comes and the endpoint is disabled.
func TestWebhookEndpoints_ADisabledOneIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s := sandbox.NewTest(t, fast)
	gone := newEndpoint(t, secret)
	gone.Close()
	added := s.AddWebhookEndpoint(gone.URL, secret)
	api := apiClient(s.URL(), "sk_test_1", 0)
	must[*stripe.Customer](t)(api.Customers.New(&stripe.CustomerParams{}))
	must[*stripe.WebhookEndpoint](t)(api.WebhookEndpoints.Update(added.ID, &stripe.WebhookEndpointParams{Disabled: stripe.Bool(true)}))
	if err := s.WaitDelivered(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := s.Deliveries(); len(d) != 1 || d[0].State != sandbox.DeliveryFailed {
		t.Errorf("got %+v", d)
	}
}

func TestWebhookEndpoints_RefuseWhatStripeDoes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ok := []string{"url", "https://app.example/hook", "enabled_events[]", "*"}
	with := func(pairs ...string) []string { return append(slices.Clone(ok), pairs...) }
	for name, tt := range map[string]struct {
		version string
		form    []string
		param   string
	}{
		"no url":                      {"", ok[2:], "url"},
		"no events":                   {"", ok[:2], "enabled_events"},
		"a url that is none":          {"", with("url", "app.example"), "url"},
		"an event that is none":       {"", with("enabled_events[]", "customer.made"), "enabled_events"},
		"an event of a later version": {"", with("enabled_events[]", "invoice_payment.paid"), "enabled_events"},
		"a version that is none":      {"", with("api_version", "2024-01-01"), "api_version"},
		"of connected accounts":       {"", with("connect", "true"), "connect"},
	} {
		status, answer := s.ask(tt.version, "POST", "/v1/webhook_endpoints", values(tt.form...))
		if got := parse(t, answer).at("error.param"); status != http.StatusBadRequest || got != tt.param {
			t.Errorf("%s: got %d %s", name, status, answer)
		}
	}
	if status, answer := s.ask(dahlia, "POST", "/v1/webhook_endpoints", values(with("enabled_events[]", "invoice_payment.paid")...)); status != http.StatusOK {
		t.Errorf("an event of its version: got %d %s", status, answer)
	}
	for i := 3; i <= 16; i++ {
		s.post("/v1/webhook_endpoints", values(with("description", fmt.Sprint(i))...))
	}
	s.refused(http.StatusBadRequest, "/v1/webhook_endpoints", values(ok...)).wants(t, "the 17th", map[string]string{
		"error.message": "You have reached the maximum of 16 test webhook endpoints."})
}
