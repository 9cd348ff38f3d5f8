package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// stranger is a user about whom none of the requests here asks.
const stranger = "stranger_7d1f"

// field is one value that a request carries.
type field struct {
	in    string // path, query, header, body, or object: that of an event
	name  string
	value string // as it is usual; of a body and an object: in JSON
}

// request is one of an operation of the API, with every field that the operation has.
type request struct {
	method, path string // as the document writes it
	fields       []field
}

func (r request) String() string { return r.method + " " + r.path }

// raw is the request as it goes over the wire, with each value passed through a function.
func (r request) raw(key string, write func(n int, f field) string) []byte {
	path := r.path
	var query, header, body, object []string
	for n, f := range r.fields {
		value := write(n, f)
		switch f.in {
		case "path":
			path = strings.ReplaceAll(path, "{"+f.name+"}", value)
		case "query":
			query = append(query, f.name+"="+value)
		case "header":
			header = append(header, f.name+": "+value+"\r\n")
		case "body":
			body = append(body, `"`+f.name+`":`+value)
		case "object":
			object = append(object, `"`+f.name+`":`+value)
		}
	}
	if len(object) > 0 {
		body = append(body, `"data":{"object":{`+strings.Join(object, ",")+`}}`)
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, "&")
	}
	text := ""
	if len(body) > 0 {
		text = "{" + strings.Join(body, ",") + "}"
	}
	if r.path == "/api/webhooks/stripe" {
		header = append(header, "Stripe-Signature: "+programtest.StripeSignature([]byte(text), programtest.WebhookSecret)+"\r\n")
	} else {
		header = append(header, "Authorization: Bearer "+key+"\r\n")
	}
	header = append(header, "X-Operation: "+r.String()+"\r\n")
	if text != "" {
		header = append(header, "Content-Type: application/json\r\n")
	}
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s", r.method, path, strings.Join(header, ""), len(text), text)
}

// asUsual writes a field as an honest client does.
func asUsual(_ int, f field) string {
	switch f.in {
	case "path":
		return url.PathEscape(f.value)
	case "query":
		return url.QueryEscape(f.value)
	}
	return f.value
}

// manyKeys are so many service keys that no limit of one is reached.
func manyKeys() (environment string, keys []string) {
	names := make([]string, 0, 200)
	for n := range 200 {
		keys = append(keys, fmt.Sprintf("%032d", n))
		names = append(names, fmt.Sprintf("tests%d:admin:%032d", n, n))
	}
	return "API_KEYS=tests:admin:" + programtest.APIKey + "," + strings.Join(names, ","), keys
}

// usualRequests is one request of every operation of the API, with all of its fields: about ada, who has
// an order, a subscription, a grant and an endpoint beside what a stranger has.
func usualRequests(t *testing.T, s shop) []request {
	t.Helper()
	order, _ := s.buys(t, "ada", "basic")
	for _, user := range []string{"ada", stranger} {
		s.buys(t, user, "pro")
	}
	if err := s.box.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	const nobody = "http://127.0.0.1:1/hook"
	s.Call(t, "POST", "/api/admin/users/"+stranger+"/grants", `{"feature":"projects","value":7,"reason":"test","by":"tests"}`, 201)
	grant := s.Call(t, "POST", "/api/admin/users/ada/grants", `{"feature":"projects","value":7,"reason":"test","by":"tests"}`, 201)["id"].(string)
	added := func() string {
		return s.Call(t, "POST", "/api/admin/endpoints", `{"url":"`+nobody+`","enabled":false}`, 201)["endpoint"].(map[string]any)["id"].(string)
	}
	endpoint, another := added(), added()
	cursor := func(path string) string {
		next, _ := s.Call(t, "GET", path, "", 200)["next"].(string)
		if next == "" {
			t.Fatalf("%s has no second page", path)
		}
		return next
	}
	events, entries := cursor("/api/admin/events?user_id=ada&limit=1"), cursor("/api/admin/log?user_id=ada&limit=1")
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)

	// By operation and name, or else by name.
	values := map[string]string{
		"user_id": "ada", "plan": "pro", "price": "monthly", "quantity": "1", "currency": "usd", "locale": "de-DE",
		"email": "ada@example.com", "name": "Ada", "success_url": "https://app.example/thanks", "cancel_url": "https://app.example/", "return_url": "https://app.example/",
		"flow": "payment_method_update", "when": "period_end", "proration_date": tomorrow, "resumes_at": tomorrow, "at_least": "0", "wait": "1ms", "limit": "5",
		"feature": "projects", "min": "1", "mine": "true", "at": tomorrow, "outcome": "applied", "type": "checkout.session.completed",
		"value": "3", "since": tomorrow, "until": time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339), "reason": "asked", "by": "tests",
		"ids": `["evt_1"]`, "dry_run": "true", "bodies": "true", "url": nobody, "features": `["projects"]`, "causes": `["order"]`, "enabled": "false",
		"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "Idempotency-Key": "key-1", "Last-Event-ID": "0",
		"POST /api/checkout/{plan} plan": "basic", "POST /api/checkout/{plan} price": "once",
		"GET /api/orders/{id} id": order, "POST /api/orders/{id}/sync id": order, "GET /api/orders after": order, "GET /api/changes after": "0",
		"POST /api/admin/grants/{id}/revoke id": grant, "DELETE /api/admin/endpoints/{id} id": another, "id": endpoint,
		"GET /api/admin/events cursor": events, "GET /api/admin/log cursor": entries,
		"POST /api/admin/verify after": "a", "after": "0", "POST /api/admin/reconcile since": "2026-01-01T00:00:00Z", "POST /api/admin/events/replay since": "2026-01-01T00:00:00Z",
	}
	document, err := programtest.Document()
	if err != nil {
		t.Fatal(err)
	}
	var requests []request
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			r := request{method: method, path: path}
			add := func(in, name string) string {
				value, is := values[r.String()+" "+name]
				if !is {
					value, is = values[name]
				}
				if !is {
					t.Fatalf("%s has a field %s in its %s: say here what is usual for it", r, name, in)
				}
				r.fields = append(r.fields, field{in, name, value})
				return value
			}
			for _, p := range slices.Concat(item.Parameters, operation.Parameters) {
				if p.Value.Name != "Stripe-Signature" { // a test of its own, as nothing gets by it
					add(p.Value.In, p.Value.Name)
				}
			}
			if body := operation.RequestBody; body != nil && path != "/api/webhooks/stripe" {
				for name, schema := range body.Value.Content["application/json"].Schema.Value.Properties {
					value := add("body", name)
					if types := schema.Value.Type; types != nil && types.Is("string") {
						quoted, _ := json.Marshal(value)
						r.fields[len(r.fields)-1].value = string(quoted)
					}
				}
			}
			requests = append(requests, r)
		}
	}
	for _, kind := range []string{"checkout.session.completed", "customer.subscription.created", "invoice.paid"} {
		n := slices.IndexFunc(s.box.Events(), func(e sandbox.Event) bool { return e.Type == kind })
		requests = append(requests, eventRequest(t, s.box.Events()[n].Body))
	}
	return requests
}

// eventRequest is a webhook, with each member of the event and of its object as a field.
func eventRequest(t *testing.T, event []byte) request {
	t.Helper()
	var members map[string]json.RawMessage
	var data struct {
		Object map[string]json.RawMessage `json:"object"`
	}
	if err := json.Unmarshal(event, &members); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(members["data"], &data); err != nil {
		t.Fatal(err)
	}
	r := request{method: "POST", path: "/api/webhooks/stripe"}
	delete(members, "data")
	for name, value := range members {
		r.fields = append(r.fields, field{"body", name, string(value)})
	}
	for name, value := range data.Object {
		r.fields = append(r.fields, field{"object", name, string(value)})
	}
	return r
}

// oddities are what has broken programs: quotes, paths, control characters, other encodings of either,
// and numbers that are none.
var oddities = []string{
	"", "'", `"`, `\`, "`", "' OR '1'='1", "1;DROP TABLE accounts;--", "$1", "%", "_", "?", ":a", "{}",
	"\x00", "a\x00b", "\x01\x1f\x7f", "a\r\nSet-Cookie: a=b", "\u0085\u2028", "\u202eada", "\ufeff", "\U0001f600",
	"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80",
	"..", ".", "../../etc/passwd", `..\..\a`, "//", "a/b", "a;b=c", "*", "-1", "9223372036854775808", "1e400", "NaN", "0x10",
	strings.Repeat("a", 300), strings.Repeat("a", 5000), strings.Repeat("%", 300),
}

// oddPaths are what is not escaped as it should be.
var oddPaths = []string{"%", "%zz", "%00", "%2f", "%2F..%2f", "%2e%2e", "%252e%252e%252f", "..;", ";a=b", "//", "/", "%c0%ae%c0%ae", "%u002e", "a%0d%0ab", "\x01", "\xff", "#", "\\"}

// oddJSON is what strings and numbers are not.
var oddJSON = []string{
	"null", "true", "[]", "{}", `[[["a"]]]`, "-0", "1e400", "1.5", "99999999999999999999", `"\ud800"`, `"\u0000"`, `"\udc00\ud800"`, `"\x"`, "", "'a'", `"a" "b"`,
	strings.Repeat("[", 20_000),
}

// odd are the ways in which one field may be written oddly.
func odd(f field) (values []string) {
	for _, o := range oddities {
		switch f.in {
		case "path":
			values = append(values, url.PathEscape(o))
		case "query":
			values = append(values, url.QueryEscape(o))
		case "header":
			values = append(values, o)
		case "body", "object":
			escaped, _ := json.Marshal(o)
			values = append(values, string(escaped))
			if plain := `"` + o + `"`; plain != string(escaped) {
				values = append(values, plain)
			}
		}
	}
	switch f.in {
	case "path", "query":
		values = append(values, oddPaths...)
	case "body", "object":
		values = append(values, oddJSON...)
	}
	return values
}

// wire is a connection over which requests go to the byte.
type wire struct {
	address string
	conn    net.Conn
	answers *bufio.Reader
}

// send returns the answer's status and text. A connection that was closed is opened again.
func (w *wire) send(t *testing.T, raw []byte) (status int, text string) {
	t.Helper()
	if w.conn == nil {
		conn, err := net.Dial("tcp", w.address)
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		w.conn, w.answers = conn, bufio.NewReader(conn)
	}
	_ = w.conn.SetDeadline(time.Now().Add(time.Minute))
	_, _ = w.conn.Write(raw)
	response, err := http.ReadResponse(w.answers, nil)
	if err != nil {
		t.Errorf("no answer to %.300q: %v", raw, err)
		w.close()
		return 0, ""
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || response.Close {
		w.close()
	}
	return response.StatusCode, string(body)
}

func (w *wire) close() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}

var eachOddity = flag.Bool("oddities", false, "write every field in each odd way; usually each of them is in some ways, and each way in some fields")

// Whatever is in a field of any operation, and of an event that is signed, is no fault of ours, and
// tells nothing of a stranger.
func TestInjection_OddValuesInEachFieldAreNoFaultOfOurs(t *testing.T) {
	t.Parallel()
	environment, keys := manyKeys()
	s := openShop(t, pgtest.URL(t), environment, "WEBHOOKS_ALLOW_PRIVATE=127.0.0.1/32")
	requests := usualRequests(t, s)
	type sent struct {
		request
		n     int
		value string
	}
	all := make(chan sent)
	var workers sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for worker := range 4 {
		workers.Go(func() {
			w := &wire{address: s.Address}
			defer w.close()
			for one := range all {
				raw := one.raw(keys[worker], func(n int, f field) string {
					if n == one.n {
						return one.value
					}
					return asUsual(n, f)
				})
				status, text := w.send(t, raw)
				if status == 0 || status >= 500 {
					t.Errorf("%s with %s %.60q: answered %d %s", one.request, one.fields[one.n].name, one.value, status, text)
				}
				if strings.Contains(text, stranger) {
					t.Errorf("%s with %s %.60q tells of a stranger: %s", one.request, one.fields[one.n].name, one.value, text)
				}
				mu.Lock()
				statuses[status]++
				mu.Unlock()
			}
		})
	}
	way := 0
	for _, r := range requests {
		for n, f := range r.fields {
			for _, value := range odd(f) {
				if way++; *eachOddity || way%31 == 0 {
					all <- sent{r, n, value}
				}
			}
		}
	}
	close(all)
	workers.Wait()
	t.Logf("answered: %v", statuses)
	if strings.Contains(s.Log.String(), `"level":"ERROR"`) {
		t.Errorf("the log has errors:\n%s", s.Log)
	}
}
