package httpapi

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

func TestRoles_EveryRouteHasARow(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{Mounts: []Mount{{Path: "/", Handler: http.NotFoundHandler()}, {Path: "/dev/*", Handler: http.NotFoundHandler()}}}})
	for _, route := range s.echo.Routes() {
		row, found := s.rules[routeKey{route.Method, route.Path}]
		if !found {
			t.Errorf("%s %s has no row in roles.go", route.Method, route.Path)
		}
		if row.page && row.roles != nil {
			t.Errorf("%s %s is mounted and not open", route.Method, route.Path)
		}
	}
	if routes := len(s.echo.Routes()); routes != len(s.rules) {
		t.Errorf("%d routes and %d rows", routes, len(s.rules))
	}
}

func TestRoles_ARouteWithoutARowDoesNotExist(t *testing.T) {
	t.Parallel()
	s := start(t, setup{server: func(h *http.Server) {
		h.Handler.(*echo.Echo).GET("/api/forgotten", func(c echo.Context) error { return c.String(200, "open to all") })
	}})
	s.want(s.call("GET", "/api/forgotten", "", as("admin:ops")), 404, "not_found")
}

func TestRoles_EveryRouteByEveryRole(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	order, session := s.buy("ada", "basic")
	s.pay(session)

	callers := []string{"", "user:ada", "user:eve", "app:backend", "admin:ops", "nobody"}
	everybody := []int{200, 200, 200, 200, 200, 200}
	operators := []int{401, 403, 403, 403, 200, 401}
	bodies := map[string]string{
		"POST /api/checkout/pro for ada":          `{"user_id":"ada"}`,
		"POST /api/checkout/:plan for ''":         `{"user_id":""}`,
		"POST /api/admin/users/:user_id/grants":   `{"feature":"sso","reason":"a favor"}`,
		"POST /api/admin/grants/:grant_id/revoke": `{"reason":"a mistake"}`,
		"POST /api/admin/grants/:id/revoke":       `{"reason":"a mistake"}`,
		"POST /api/admin/events/replay":           `{"outcome":"quarantined"}`,
		"POST /api/portal":                        `{"flow":"subscription_cancel"}`,
	}
	given := s.call("POST", "/api/admin/users/ada/grants", `{"feature":"sso","reason":"a favor"}`, as("admin:ops"))
	grant := given.json["id"].(string)
	table := map[string][]int{
		"POST /api/checkout/:plan":       {401, 201, 201, 400, 400, 401},
		"POST /api/portal":               {401, 409, 409, 400, 400, 401}, // neither is subscribed
		"POST /api/subscription/change":  {401, 400, 400, 400, 400, 401}, // without a body
		"POST /api/subscription/cancel":  {401, 409, 409, 400, 400, 401},
		"POST /api/subscription/pause":   {401, 409, 409, 400, 400, 401},
		"POST /api/subscription/resume":  {401, 409, 409, 400, 400, 401},
		"GET /api/subscription/preview":  {401, 400, 400, 400, 400, 401}, // without a plan
		"GET /api/orders/:id":            {401, 200, 404, 200, 200, 401},
		"POST /api/orders/:id/sync":      {401, 200, 404, 200, 200, 401},
		"GET /api/entitlements":          {401, 200, 200, 400, 400, 401},
		"GET /api/entitlements/:feature": {401, 200, 200, 400, 400, 401},
		"GET /api/changes":               {401, 403, 403, 200, 200, 401},
		"GET /api/orders":                {401, 200, 200, 400, 400, 401},
		"GET /api/invoices":              {401, 200, 200, 400, 400, 401},
		"GET /api/subscription":          {401, 200, 200, 400, 400, 401},
		"GET /api/plans":                 everybody,
		"GET /api/openapi.json":          everybody,
		"GET /healthz":                   everybody,
		"GET /readyz":                    everybody,
		"POST /api/webhooks/stripe":      {400, 400, 400, 400, 400, 400}, // without a signature

		"GET /api/admin/users/:user_id/explain":   operators,
		"GET /api/admin/users/:user_id/grants":    operators,
		"POST /api/admin/users/:user_id/grants":   {401, 403, 403, 403, 201, 401},
		"POST /api/admin/grants/:id/revoke":       {401, 403, 403, 403, 404, 401}, // of an order's id
		"POST /api/admin/grants/:grant_id/revoke": operators,
		"POST /api/admin/users/:user_id/sync":     operators,
		"GET /api/admin/events":                   operators,
		"POST /api/admin/events/replay":           operators,
		"POST /api/admin/reconcile":               {401, 403, 403, 403, 202, 401},
		"GET /api/admin/reconcile":                operators,
		"POST /api/admin/verify":                  operators,
		"GET /api/admin/verify":                   {401, 403, 403, 403, 404, 401}, // nothing was verified by itself yet
		"GET /api/admin/log":                      operators,
		"GET /api/admin/endpoints":                operators,
		"POST /api/admin/endpoints":               {401, 403, 403, 403, 400, 401}, // without a body
		"GET /api/admin/endpoints/:id":            {401, 403, 403, 403, 404, 401},
		"PATCH /api/admin/endpoints/:id":          {401, 403, 403, 403, 400, 401},
		"DELETE /api/admin/endpoints/:id":         {401, 403, 403, 403, 404, 401},
		"POST /api/admin/endpoints/:id/rotate":    {401, 403, 403, 403, 404, 401},
		"POST /api/admin/endpoints/:id/test":      {401, 403, 403, 403, 404, 401},
		"GET /api/admin/endpoints/:id/deliveries": {401, 403, 403, 403, 404, 401},
		"GET /metrics":                            operators,

		"GET /api/plans?ada":              {401, 200, 403, 200, 200, 401},
		"GET /api/entitlements?ada":       {401, 200, 403, 200, 200, 401},
		"GET /api/entitlements/sso?ada":   {401, 200, 403, 200, 200, 401},
		"POST /api/checkout/pro for ada":  {401, 201, 403, 201, 201, 401},
		"POST /api/checkout/:plan for ''": {401, 400, 400, 400, 400, 401},
	}
	s.call("POST", reconcilePath, "", as("admin:ops")) // so that there is one to show
	for route, want := range table {
		for i, caller := range callers {
			path := strings.NewReplacer(":plan", "basic", ":id", order, ":user_id", "ada", ":grant_id", grant, ":feature", "sso", "?ada", "?user_id=ada", " for ada", "", " for ''", "").Replace(route)
			method, path, _ := strings.Cut(path, " ")
			headers := map[string]string{}
			if caller != "" {
				headers = as(caller)
			}
			got := s.call(method, path, bodies[route], headers)
			if got.StatusCode != want[i] {
				t.Errorf("%s as %q: got %d, want %d: %s", route, caller, got.StatusCode, want[i], got.text)
			}
		}
	}
	for _, r := range rules {
		if table[r.method+" "+r.path] == nil {
			t.Errorf("%s %s is not in this test's table", r.method, r.path)
		}
	}
}

func TestRoles_ForeignAndAbsentOrdersLookTheSame(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	order, _ := s.buy("ada", "basic")
	for _, c := range []struct{ method, foreign, absent string }{
		{"GET", "/api/orders/" + order, "/api/orders/ord_absent"},
		{"GET", "/api/orders/" + order + "?wait=1s", "/api/orders/ord_absent?wait=1s"},
		{"POST", "/api/orders/" + order + "/sync", "/api/orders/ord_absent/sync"},
		{"GET", "/api/orders/" + order, "/api/orders/%00"},
	} {
		foreign, absent := s.call(c.method, c.foreign, "", as("user:eve")), s.call(c.method, c.absent, "", as("user:eve"))
		if foreign.StatusCode != 404 || foreign.StatusCode != absent.StatusCode {
			t.Errorf("%s: got %d and %d", c.method, foreign.StatusCode, absent.StatusCode)
		}
		if a, b := withoutRequestID(foreign), withoutRequestID(absent); a != b {
			t.Errorf("%s: bodies differ: %s, %s", c.method, a, b)
		}
	}
}

func withoutRequestID(r reply) string {
	delete(r.json, "request_id")
	text, _ := json.Marshal(r.json)
	return string(text)
}

func TestRoles_Refusals(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for name, c := range map[string]struct {
		token     string
		status    int
		code      string
		challenge string
	}{
		"no credentials":                 {"", 401, "unauthenticated", "Bearer"},
		"bad credentials":                {"forged", 401, "bad_credentials", `Bearer error="invalid_token"`},
		"cross-origin":                   {"cross-origin", 403, "cross_origin", ""},
		"keys cannot be had":             {"no-keys", 503, "keys_unavailable", ""},
		"a role that nobody knows":       {"stranger", 403, "forbidden", ""},
		"a user without an id":           {"user:", 401, "bad_credentials", `Bearer error="invalid_token"`},
		"a user with an endless id":      {"user:" + strings.Repeat("x", 256), 401, "bad_credentials", `Bearer error="invalid_token"`},
		"a user whose id is not unicode": {"user:\xff", 401, "bad_credentials", `Bearer error="invalid_token"`},
	} {
		headers := map[string]string{}
		if c.token != "" {
			headers = as(c.token)
		}
		got := s.call("GET", "/api/entitlements", "", headers)
		s.want(got, c.status, c.code)
		if challenge := got.Header.Get("WWW-Authenticate"); challenge != c.challenge {
			t.Errorf("%s: got WWW-Authenticate %q, want %q", name, challenge, c.challenge)
		}
	}
}

func TestRoles_ARefusalSaysWhichRoleItTakes(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, token := range []string{"user:ada", "app:backend"} {
		got := s.call("GET", "/api/admin/events", "", as(token))
		if s.want(got, 403, "forbidden"); !strings.Contains(got.detail(), "a service key of role admin") {
			t.Errorf("%s: the detail is %q", token, got.detail())
		}
	}
}

func TestRoles_AServiceKeyHasToNameTheUser(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	for _, call := range []string{"POST /api/checkout/basic", "GET /api/entitlements", "GET /api/entitlements/sso"} {
		method, path, _ := strings.Cut(call, " ")
		got := s.call(method, path, "", as("app:backend"))
		s.want(got, 400, "user_id_required")
		if !strings.Contains(got.detail(), "user_id") {
			t.Errorf("%s: the detail %q does not name user_id", call, got.detail())
		}
	}
}
