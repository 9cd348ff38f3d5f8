package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// teller tells a story to a sandbox, and notes all answers. The box may be another one from
// one step to the next.
type teller struct {
	t     *testing.T
	box   *sandbox.Sandbox
	ids   map[string]string // by what the story calls them
	noted []string
	keys  int
}

// storyBegins is where the clocks of stories stand: else two of them would differ by a second.
var storyBegins = time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC)

// newBoxFor makes a sandbox whose deliveries arrive at the second attempt.
func newBoxFor(t *testing.T, options ...sandbox.Option) *sandbox.Sandbox {
	t.Helper()
	box := sandbox.New(append([]sandbox.Option{
		sandbox.WithBaseURL("http://stripe.test"), sandbox.WithSharedClock(),
		sandbox.WithWall(func() time.Time { return storyBegins }),
		sandbox.WithRetryPolicy(sandbox.RetryPolicy{Base: time.Hour, Max: time.Hour, Attempts: 5}),
	}, options...)...)
	t.Cleanup(func() { _ = box.Close() })
	return box
}

// refusesFirst answers 500 to what is not half an hour old, by the sandbox's clock.
func refusesFirst(t *testing.T) string {
	t.Helper()
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e struct{ Created int64 }
		var sent int64
		if _, err := fmt.Sscanf(r.Header.Get("Stripe-Signature"), "t=%d,", &sent); err != nil {
			t.Error(err)
		}
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			t.Error(err)
		}
		if sent-e.Created < 1800 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	t.Cleanup(endpoint.Close)
	return endpoint.URL
}

// ask makes a call until it is answered, and notes and returns the answer.
func (s *teller) ask(method, path string, form url.Values) map[string]any {
	s.t.Helper()
	s.keys++
	return s.askWith(fmt.Sprint("key ", s.keys), method, path, form)
}

func (s *teller) askWith(key, method, path string, form url.Values) map[string]any {
	s.t.Helper()
	for range 20 {
		status, body := s.try(key, method, path, form)
		s.noted = append(s.noted, fmt.Sprintf("%s %s %d %s", method, path, status, body))
		if status == 0 || status == http.StatusTooManyRequests || status >= 500 {
			continue
		}
		var answer map[string]any
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			s.t.Fatal(err)
		}
		return answer
	}
	s.t.Fatalf("%s %s is never answered", method, path)
	return nil
}

// try is status 0 for an answer that was lost.
func (s *teller) try(key, method, path string, form url.Values) (status int, body string) {
	defer func() {
		if lost := recover(); lost != nil && lost != http.ErrAbortHandler { //nolint:errorlint // it is what was thrown
			panic(lost)
		}
	}()
	at, sent := path, form.Encode()
	if method == http.MethodGet {
		at, sent = path+"?"+sent, ""
	}
	r := httptest.NewRequestWithContext(context.Background(), method, "http://stripe.test"+at, strings.NewReader(sent))
	r.Header.Set("Authorization", "Bearer sk_test_1")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Stripe-Version", "2025-03-31.basil")
	if method == http.MethodPost {
		r.Header.Set("Idempotency-Key", key)
	}
	w := httptest.NewRecorder()
	s.box.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// post asks with pairs of names and values, and remembers the answer's id by a name. A value
// that begins with $ is such a name.
func (s *teller) post(as, path string, pairs ...string) map[string]any {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], s.named(pairs[i+1]))
	}
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = s.named(parts[i])
	}
	answer := s.ask(http.MethodPost, strings.Join(parts, "/"), form)
	if id, ok := answer["id"].(string); ok && as != "" {
		s.ids[as] = id
	}
	return answer
}

func (s *teller) named(word string) string {
	if name, ok := strings.CutPrefix(word, "$"); ok {
		if id := s.ids[name]; id != "" {
			return id
		}
		return "none"
	}
	return word
}

// does notes how a verb ended.
func (s *teller) does(what string, err error) {
	s.noted = append(s.noted, fmt.Sprint(what, ": ", err))
}

// made notes how a verb ended that makes something, and remembers its id by a name.
func (s *teller) made(as, id string, err error) {
	s.does(as, err)
	if err == nil {
		s.ids[as] = id
	}
}

// rests waits until all that was due has been tried.
func (s *teller) rests() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.box.WaitIdle(ctx); err != nil {
		s.t.Fatal(err)
	}
}

// everyList are the objects that a story may have made.
var everyList = []string{
	"products", "prices", "customers", "checkout/sessions", "subscriptions", "invoices", "invoiceitems", "payment_intents", "charges",
	"refunds", "disputes", "credit_notes", "setup_intents", "test_helpers/test_clocks", "coupons", "promotion_codes",
	"subscription_schedules", "billing_portal/configurations", "webhook_endpoints",
}

// looks notes all that there is in the end.
func (s *teller) looks() {
	s.t.Helper()
	s.rests()
	for _, list := range everyList {
		form := url.Values{"limit": {"100"}}
		if list == "subscriptions" {
			form.Set("status", "all")
		}
		for {
			page := s.ask(http.MethodGet, "/v1/"+list, form)
			data, _ := page["data"].([]any)
			if page["has_more"] != true {
				break
			}
			form.Set("starting_after", data[len(data)-1].(map[string]any)["id"].(string))
		}
	}
	for _, e := range s.box.Events() {
		s.noted = append(s.noted, string(e.Body))
	}
	for _, d := range s.box.Deliveries() {
		line := fmt.Sprint("delivery ", d.EventID, d.EventType, d.URL, d.State)
		for _, a := range d.Attempts {
			line += fmt.Sprint(" ", a.Status, a.Error) // and not when: retries have a jitter
		}
		s.noted = append(s.noted, line)
	}
	for _, r := range s.box.Requests() {
		s.noted = append(s.noted, fmt.Sprint("request ", r))
	}
	s.noted = append(s.noted, fmt.Sprint(s.box.Now(), s.box.Chaos(), s.box.PlannedFaults(), s.box.Authentications()))
}

var idLike = regexp.MustCompile(`[a-z]+(_[a-z0-9]+)*_[A-Za-z0-9]{8,}(_secret_[A-Za-z0-9]+)?|\b[0-9A-Za-z]{8}(-\d{4})?\b`)

// withoutIDs writes each random id as which one it is: ids are never the same twice.
func (s *teller) withoutIDs() []string {
	seen := map[string]string{}
	out := make([]string, len(s.noted))
	for i, line := range s.noted {
		out[i] = idLike.ReplaceAllStringFunc(line, func(id string) string {
			if !strings.ContainsAny(id, "0123456789") && strings.ToLower(id) == id {
				return id // a word
			}
			if seen[id] == "" {
				seen[id] = fmt.Sprintf("<%d>", len(seen))
			}
			return seen[id]
		})
	}
	return out
}
