package httpapi

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/adapters/webhooks"
	"github.com/entitled-dev/entitled/app"
)

// receiver is a product's server.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	messages []json.RawMessage
	verifier *standardwebhooks.Webhook // nil: not looked at
	status   int
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.verifier != nil {
			if err := r.verifier.Verify(body, request.Header); err != nil {
				t.Error(err)
			}
		}
		r.messages = append(r.messages, body)
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) last(t *testing.T) map[string]any {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.messages) == 0 {
		t.Fatal("nothing came")
	}
	var message map[string]any
	if err := json.Unmarshal(r.messages[len(r.messages)-1], &message); err != nil {
		t.Fatal(err)
	}
	schema := readDocument(t).Components.Schemas["EndpointMessage"].Value
	if err := schema.VisitJSON(message); err != nil {
		t.Errorf("the message is not as openapi.yaml says: %v\n%s", err, r.messages[len(r.messages)-1])
	}
	return message
}

func TestEndpoints_AreAddedChangedTestedAndDeleted(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	receiver := newReceiver(t)
	added := s.call("POST", "/api/admin/endpoints", `{"url":"`+receiver.URL+`","features":["sso"]}`, as("admin:ops"))
	s.want(added, 201, "")
	secret, _ := added.json["secret"].(string)
	endpoint, _ := added.json["endpoint"].(map[string]any)
	path := "/api/admin/endpoints/" + endpoint["id"].(string)
	var err error
	if receiver.verifier, err = standardwebhooks.NewWebhook(secret); err != nil {
		t.Fatal(err)
	}

	tested := s.call("POST", path+"/test", "", as("admin:ops"))
	s.want(tested, 200, "")
	if message := receiver.last(t); tested.json["delivered"] != true || tested.json["status"] != 204.0 || message["type"] != "endpoint.test" || message["data"] != nil {
		t.Errorf("test: %s, %v", tested.text, message)
	}
	receiver.mu.Lock()
	receiver.status = http.StatusTeapot
	receiver.mu.Unlock()
	if failed := s.call("POST", path+"/test", "", as("admin:ops")); failed.json["delivered"] != false || failed.json["error"] != "the answer is 418" {
		t.Errorf("test that fails: %s", failed.text)
	}
	listed := s.call("GET", path+"/deliveries", "", as("admin:ops"))
	s.want(listed, 200, "")
	if deliveries, _ := listed.json["deliveries"].([]any); len(deliveries) != 2 {
		t.Errorf("deliveries: %s", listed.text)
	}

	changed := s.call("PATCH", path, `{"features":[],"causes":["time","by_hand"],"enabled":false}`, as("admin:ops"))
	s.want(changed, 200, "")
	if changed.json["enabled"] != false || changed.json["disabled_reason"] != "an operator has disabled it" || strings.Contains(changed.text, "whsec_") {
		t.Errorf("changed: %s", changed.text)
	}
	rotated := s.call("POST", path+"/rotate", "", as("admin:ops"))
	s.want(rotated, 200, "")
	now, _ := rotated.json["endpoint"].(map[string]any)
	if rotated.json["secret"] == secret || now["former_secret_until"] != "2026-12-02T09:30:00Z" {
		t.Errorf("rotated: %s", rotated.text)
	}
	s.call("POST", path+"/test", "", as("admin:ops")) // signed by the one before, too
	if shown := s.call("GET", path, "", as("admin:ops")); strings.Contains(shown.text, "whsec_") || shown.StatusCode != 200 {
		t.Errorf("shown: %s", shown.text)
	}
	all := s.call("GET", "/api/admin/endpoints", "", as("admin:ops"))
	s.want(all, 200, "")
	if endpoints, _ := all.json["endpoints"].([]any); len(endpoints) != 1 {
		t.Errorf("listed: %s", all.text)
	}
	s.want(s.call("DELETE", path, "", as("admin:ops")), 200, "")
	s.wantNone(s.call("GET", path, "", as("admin:ops")), "there is no such endpoint")
}

func TestEndpoints_SayWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, c := range []struct {
		body   string
		status int
		code   string
		says   string
	}{
		{`{}`, 400, "bad_request", "body.url is missing"},
		{`{"url":"app.example.com"}`, 422, "invalid_request", "https://app.example.com/hooks"},
		{`{"url":"https://a.example","features":["ssso"]}`, 404, "unknown_feature", "sso"},
		{`{"url":"https://a.example","causes":["x"]}`, 422, "invalid_request", "causes are"},
		{`{"url":"https://a.example","after":7}`, 422, "invalid_request", "from 0 to 0"},
		{`{"url":"https://a.example","secret":"short"}`, 422, "invalid_request", "openssl rand"},
	} {
		got := s.call("POST", "/api/admin/endpoints", c.body, as("admin:ops"))
		s.want(got, c.status, c.code)
		if !strings.Contains(got.text, c.says) {
			t.Errorf("%s: %s, want %q", c.body, got.text, c.says)
		}
	}
	s.want(s.call("GET", "/api/admin/endpoints", "", as("app:shop")), 403, "forbidden")
	s.want(s.call("GET", "/api/admin/endpoints/a%20b", "", as("admin:ops")), 404, "not_found")
}

func TestEndpoints_AMessageHasTheWholeStateOfTheUser(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	receiver := newReceiver(t)
	s.want(s.call("POST", "/api/admin/endpoints", `{"url":"`+receiver.URL+`"}`, as("admin:ops")), 201, "")
	s.want(s.call("POST", adasGrants, `{"feature":"sso","reason":"contract 4711"}`, as("admin:ops")), 201, "")
	s.want(s.call("POST", adasGrants, `{"feature":"projects","value":500,"reason":"outage"}`, as("admin:ops")), 201, "")
	if _, err := app.NewTellChanges(s.store, catalog, s.clock.Now, time.After).Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	sender := webhooks.NewSender(webhooks.Config{AllowPrivate: true})
	deliver := app.NewDeliver(s.store, catalog, sender, WriteMessage, s.clock.Now, time.After, memory.NewMeter())
	if err := deliver.Once(t.Context(), func(err error) { t.Error(err) }); err != nil {
		t.Fatal(err)
	}
	message := receiver.last(t)
	data, _ := message["data"].(map[string]any)
	changes, _ := data["changes"].([]any)
	entitlements, _ := data["entitlements"].([]any)
	if message["type"] != "entitlements.changed" || data["user_id"] != "ada" || data["version"] != 2.0 || len(changes) != 1 || len(entitlements) != 2 || data["subscription"] != nil {
		t.Errorf("message: %v", message)
	}
}
