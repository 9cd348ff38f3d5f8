package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestManners_RequestID(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for given, kept := range map[string]bool{
		"abc-123_X.y":           true,
		strings.Repeat("a", 64): true,
		strings.Repeat("a", 65): false,
		"a b":                   false,
		"a\tb":                  false,
		`"><script>`:            false,
		"é":                     false,
		"":                      false,
	} {
		got := s.call("GET", "/api/nowhere", "", map[string]string{"X-Request-Id": given})
		id := got.Header.Get("X-Request-Id")
		if (id == given) != kept || id == "" || got.json["request_id"] != id {
			t.Errorf("%q: got %q and %s", given, id, got.text)
		}
		if !strings.Contains(s.log.String(), `"request_id":"`+id+`"`) {
			t.Errorf("%q is not in the log", id)
		}
	}
}

func TestManners_UnknownRoutesAndMethods(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for call, want := range map[string]struct {
		status int
		allow  string
	}{
		"GET /":                         {404, ""},
		"GET /api":                      {404, ""},
		"GET /api/nowhere":              {404, ""},
		"OPTIONS /api/nowhere":          {404, ""},
		"GET /api/entitlements/":        {404, ""},
		"GET //api/entitlements":        {404, ""},
		"GET /api/../healthz":           {404, ""},
		"GET /API/plans":                {404, ""},
		"GET /api/checkout/pro":         {405, "POST"},
		"HEAD /api/checkout/pro":        {405, "POST"},
		"OPTIONS /api/checkout/pro":     {405, "POST"},
		"OPTIONS /api/entitlements/sso": {405, "GET, HEAD"},
		"DELETE /api/orders/ord_1":      {405, "GET, HEAD"},
		"PUT /api/webhooks/stripe":      {405, "POST"},
		"TRACE /api/plans":              {405, "GET, HEAD"},
		"BREW /api/plans":               {405, "GET, HEAD"},
	} {
		method, path, _ := strings.Cut(call, " ")
		got := s.call(method, path, "")
		if got.StatusCode != want.status || got.Header.Get("Allow") != want.allow {
			t.Errorf("%s: got %d, Allow %q; want %d, %q", call, got.StatusCode, got.Header.Get("Allow"), want.status, want.allow)
		}
		if got.Header.Get("Content-Type") != "application/problem+json" || (method != "HEAD" && got.code() == "") {
			t.Errorf("%s: got %q: %s", call, got.Header.Get("Content-Type"), got.text)
		}
		if says := "method not allowed: this path takes " + want.allow; want.allow != "" && method != "HEAD" && got.detail() != says {
			t.Errorf("%s: got %q, want %q", call, got.detail(), says)
		}
	}
}

// What may be read may be asked for its head, by who may read it.
func TestManners_HeadIsGetWithoutABody(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	order, _ := s.buy("ada", "basic")
	path := strings.NewReplacer(":id", order, ":feature", "sso", ":user_id", "ada")
	for _, r := range rules {
		if r.method != "GET" {
			continue
		}
		for _, token := range []string{"", "user:ada", "admin:ops"} {
			whole, head := s.call("GET", path.Replace(r.path), "", as(token)), s.call("HEAD", path.Replace(r.path), "", as(token))
			if head.StatusCode != whole.StatusCode || head.text != "" || head.Header.Get("Content-Type") != whole.Header.Get("Content-Type") {
				t.Errorf("HEAD %s as %q: got %d %q %q, want as GET: %d", r.path, token, head.StatusCode, head.Header.Get("Content-Type"), head.text, whole.StatusCode)
			}
		}
	}
}

// A path has one form, and a 404 says which. The webhook's is typed in by hand, and Stripe
// reads no hint.
func TestManners_SlashesTooMany(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for call, meant := range map[string]string{
		"GET /api/plans/":            "/api/plans",
		"GET //api/plans":            "/api/plans",
		"GET /api//orders/ord_1/":    "/api/orders/ord_1",
		"GET /api/./plans":           "/api/plans",
		"POST /api/checkout/pro/":    "/api/checkout/pro",
		"HEAD /healthz/":             "",
		"POST //api/webhooks/stripe": webhookPath,
		"GET /readyz//":              "/readyz",
		"GET /api/nowhere/":          "",
		"GET /api/orders/ord_1/":     "/api/orders/ord_1",
	} {
		method, path, _ := strings.Cut(call, " ")
		got := s.call(method, path, "", as("admin:ops"))
		if got.StatusCode != 404 || meant != "" && got.detail() != "slashes too many: the path is "+meant+", with single slashes and none at its end" ||
			meant == "" && strings.Contains(got.detail(), "slashes") {
			t.Errorf("%s: got %d %s, want that the path is %q", call, got.StatusCode, got.text, meant)
		}
	}
	payload, signature := s.gateway.Message(domain.Event{ID: "evt_1", Type: "x"})
	got := s.call("POST", webhookPath+"/", string(payload), map[string]string{"Stripe-Signature": signature})
	s.want(got, 200, "")
	s.want(s.call("POST", webhookPath+"/", "", as("admin:ops")), 400, "bad_signature")
	if strings.Contains(s.log.String(), "unmatched\",\"status\":200") {
		t.Errorf("logged as another route: %s", s.log)
	}
}

func TestManners_SecurityHeaders(t *testing.T) {
	t.Parallel()
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Frame-Options", "SAMEORIGIN")
	})
	s := start(t, setup{config: Config{Mounts: []Mount{{Path: "/dev/*", Handler: page}}}})
	for _, path := range []string{"/api/openapi.json", "/api/entitlements", "/api/nowhere", "/healthz"} {
		got := s.call("GET", path, "").Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Referrer-Policy": "same-origin",
		} {
			if got.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got.Get(name), want)
			}
		}
	}
	got := s.call("GET", "/dev/x", "").Header
	if got.Get("X-Frame-Options") != "SAMEORIGIN" || got.Get("Content-Security-Policy") != "" || got.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a mounted page does not decide for itself: %v", got)
	}
}

func TestManners_OtherOrigins(t *testing.T) {
	t.Parallel()
	const friend, stranger = "https://app.example", "https://evil.example"
	open := start(t, setup{config: Config{AllowedOrigins: []string{friend}}})
	closed := start(t, setup{})
	for name, c := range map[string]struct {
		s               *service
		method, path    string
		origin, allowed string
		status          int
	}{
		"preflight of a friend":              {open, "OPTIONS", "/api/checkout/pro", friend, friend, 204},
		"preflight of a stranger":            {open, "OPTIONS", "/api/checkout/pro", stranger, "", 204},
		"preflight of a subdomain":           {open, "OPTIONS", "/api/checkout/pro", "https://app.example.evil.example", "", 204},
		"preflight of nothing":               {open, "OPTIONS", "/api/checkout/pro", "null", "", 204},
		"call of a friend":                   {open, "GET", "/api/plans", friend, friend, 200},
		"refusal of a friend can be read":    {open, "GET", "/api/entitlements", friend, friend, 401},
		"call of a stranger":                 {open, "GET", "/api/plans", stranger, "", 200},
		"the webhook is for no page":         {open, "OPTIONS", webhookPath, friend, "", 405},
		"health is for no page":              {open, "GET", "/healthz", friend, "", 200},
		"options without an origin":          {open, "OPTIONS", "/api/checkout/pro", "", "", 405},
		"preflight where nothing is allowed": {closed, "OPTIONS", "/api/checkout/pro", friend, "", 405},
		"call where nothing is allowed":      {closed, "GET", "/api/plans", friend, "", 200},
	} {
		headers := map[string]string{"Access-Control-Request-Method": "POST"}
		if c.origin != "" {
			headers["Origin"] = c.origin
		}
		got := c.s.call(c.method, c.path, "", headers)
		allowed, credentials := got.Header.Get("Access-Control-Allow-Origin"), got.Header.Get("Access-Control-Allow-Credentials")
		if got.StatusCode != c.status || allowed != c.allowed || (credentials == "true") != (c.allowed != "") {
			t.Errorf("%s: got %d for %q with credentials %q, want %d for %q", name, got.StatusCode, allowed, credentials, c.status, c.allowed)
		}
	}
}

// A page of any site can make a browser resolve its own name to 127.0.0.1, and
// then read the answers as if they were its own.
func TestManners_HostsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	reached := 0
	page := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ })
	config := Config{Mounts: []Mount{{"/", page}}, AllowedOrigins: []string{"https://app.example"}}
	anyHost := start(t, setup{config: config})
	config.Hosts = []string{"LocalHost", "127.0.0.1", "::1"}
	s := start(t, setup{config: config})
	ask := func(s *service, method, path, host string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Host = host
		r.Header.Set("Authorization", "Bearer admin:dev")
		r.Header.Set("Origin", "https://app.example")
		answer := httptest.NewRecorder()
		s.Handler().ServeHTTP(answer, r)
		return answer
	}
	for host, ours := range map[string]bool{
		"localhost": true, "localhost:8080": true, "LOCALHOST:1": true, "127.0.0.1": true, "127.0.0.1:8080": true, "[::1]": true, "[::1]:8080": true,
		"evil.example": false, "evil.example:8080": false, "localhost.evil.example": false, "evil.localhost": false, "127.0.0.2": false,
		"localhost:x": false, "localhost:8080:x": false, "[::1].evil.example": false, "[::2]:8080": false, "": false, ":8080": false,
	} {
		if got := ask(s, "GET", "/api/plans", host); (got.Code == 200) != ours || !ours && got.Code != 421 {
			t.Errorf("Host %q: got %d %s, want ours to be %t", host, got.Code, got.Body, ours)
		}
		if got := ask(anyHost, "GET", "/api/plans", host); got.Code != 200 {
			t.Errorf("Host %q where any will do: got %d %s", host, got.Code, got.Body)
		}
	}
	for call, where := range map[string]string{
		"GET /":                          "page",
		"GET /healthz":                   "probe",
		"GET /api/nowhere":               "no route",
		"OPTIONS /api/checkout/pro":      "preflight",
		"POST /api/webhooks/stripe":      "webhook",
		"POST /api/checkout/pro":         "checkout",
		"GET /api/entitlements?user_id=": "malformed",
	} {
		method, path, _ := strings.Cut(call, " ")
		got := ask(s, method, path, "evil.example:8080")
		var p problem
		if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil {
			t.Errorf("%s: %v", where, err)
		}
		if got.Code != 421 || p.Code != "wrong_host" || got.Header().Get("Content-Type") != "application/problem+json" || p.Detail == "" {
			t.Errorf("%s: got %d %s", where, got.Code, got.Body)
		}
		if got.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: another origin may read the refusal", where)
		}
	}
	if reached != 0 {
		t.Errorf("the page was asked %d times", reached)
	}
	if logged := s.log.String(); !strings.Contains(logged, `"status":421`) || !strings.Contains(logged, `"code":"wrong_host"`) || strings.Contains(logged, "evil") {
		t.Errorf("the log is %s", logged)
	}
}

func TestConfig_Refusals(t *testing.T) {
	t.Parallel()
	deps := start(t, setup{}).deps
	for name, config := range map[string]Config{
		"every origin":            {AllowedOrigins: []string{"*"}},
		"every subdomain":         {AllowedOrigins: []string{"https://*.example"}},
		"an origin with a path":   {AllowedOrigins: []string{"https://app.example/"}},
		"an origin of no page":    {AllowedOrigins: []string{"null"}},
		"a host with a port":      {Hosts: []string{"localhost:8080"}},
		"a host in brackets":      {Hosts: []string{"[::1]"}},
		"a host of a pattern":     {Hosts: []string{"*.example"}},
		"a host that is a URL":    {Hosts: []string{"https://app.example"}},
		"a host without a name":   {Hosts: []string{""}},
		"a mount over everything": {Mounts: []Mount{{"/*", http.NotFoundHandler()}}},
		"a mount within the API":  {Mounts: []Mount{{"/api/dev", http.NotFoundHandler()}}},
		"a mount over a probe":    {Mounts: []Mount{{"/readyz", http.NotFoundHandler()}}},
		"a mount without a path":  {Mounts: []Mount{{"", http.NotFoundHandler()}}},
		"a mount of nothing":      {Mounts: []Mount{{"/dev", nil}}},
	} {
		if _, err := New(deps, config); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := New(Deps{}, Config{}); err == nil {
		t.Error("a server without use cases: taken")
	}
}

func TestManners_WhoIsCalling(t *testing.T) {
	t.Parallel()
	trusting := start(t, setup{config: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.1.2.3/16")}}})
	direct := start(t, setup{})
	for name, c := range map[string]struct {
		s             *service
		forwarded, ip string
	}{
		"direct":                                   {direct, "", "127.0.0.1"},
		"direct, with a forged header":             {direct, "203.0.113.7", "127.0.0.1"},
		"by our proxy":                             {trusting, "203.0.113.7", "203.0.113.7"},
		"by two of ours":                           {trusting, "203.0.113.7, 10.1.9.9", "203.0.113.7"},
		"with a forged part before our proxy":      {trusting, "198.51.100.1, 203.0.113.7", "203.0.113.7"},
		"by a private network that is not trusted": {trusting, "203.0.113.7, 192.168.0.1", "192.168.0.1"},
	} {
		headers := map[string]string{"X-Request-Id": "id-" + strings.NewReplacer(" ", "-", ",", "").Replace(name)}
		if c.forwarded != "" {
			headers["X-Forwarded-For"] = c.forwarded
		}
		c.s.call("GET", "/api/plans", "", headers)
		want := `"request_id":"` + headers["X-Request-Id"] + `","ip":"` + c.ip + `"`
		if !strings.Contains(c.s.log.String(), want) {
			t.Errorf("%s: the log lacks %s: %s", name, want, c.s.log)
		}
	}
}

func TestMount(t *testing.T) {
	t.Parallel()
	var paths []string
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.Method+" "+r.URL.Path)
		w.WriteHeader(http.StatusTeapot)
	})
	s := start(t, setup{config: Config{Mounts: []Mount{{"/", page}, {"/dev/*", page}}}})
	for _, call := range []string{"GET /", "GET /dev/", "POST /dev/a/b", "DELETE /dev/a"} {
		method, path, _ := strings.Cut(call, " ")
		if got := s.call(method, path, ""); got.StatusCode != http.StatusTeapot {
			t.Errorf("%s: got %d", call, got.StatusCode)
		}
		if last := len(paths) - 1; last < 0 || paths[last] != call {
			t.Errorf("%s: the page saw %v", call, paths)
		}
	}
	s.want(s.call("GET", "/other", ""), 404, "not_found")
	s.want(s.call("GET", "/api/other", ""), 404, "not_found")
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.want(s.call("GET", "/readyz", ""), 200, "")
	for _, c := range []struct {
		err        error
		code, says string
	}{
		{fmt.Errorf("dial db.internal:5432: %w", ports.ErrUnavailable), "unavailable", ""},
		{errors.New("the schema is at version 1 of 2: run entitled migrate"), "not_ready", "run entitled migrate"},
	} {
		s.store.fail(c.err)
		s.clock.pass(readyFresh)
		got := s.call("GET", "/readyz", "")
		s.want(got, 503, c.code)
		if !strings.Contains(got.detail(), c.says) || strings.Contains(got.text, "db.internal") {
			t.Errorf("%v: got %s", c.err, got.text)
		}
		s.want(s.call("GET", "/healthz", ""), 200, "")
	}
	if strings.Contains(s.log.String(), "healthz") || !strings.Contains(s.log.String(), "db.internal") {
		t.Errorf("a probe that succeeds is logged, or one that fails is not: %s", s.log)
	}
	s.store.fail(nil)
	s.stop()
	s.want(s.call("GET", "/readyz", ""), 503, "shutting_down")
	s.want(s.call("GET", "/healthz", ""), 200, "")
}
