package httpapi

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// rule says who may call a route, and what it may cost. What a user sees beyond
// its own is up to the handlers: nothing.
type rule struct {
	method string
	path   string
	roles  []ports.Role // nil: open to everybody
	ofUser []ports.Role // who may ask what is open to everybody for a user; nil: nobody, it is the same for all
	query  []string     // the parameters that it takes in the query
	act    string       // what the admin log calls it; whatever is about users and for operators only has one
	none   string       // what a 404 says to operators, who may be told what there is not
	body   int64        // at most so many bytes; 0: maxBody
	extra  time.Duration
	most   time.Duration // of what the database alone answers; 0: RequestTime and extra
	quiet  bool          // asked every few seconds by machines: logged only if it fails
	page   bool          // mounted: decides itself what browsers may do with it
}

// callers are all who have an account or a key. A service key names the user it
// asks for.
var callers = []ports.Role{ports.RoleUser, ports.RoleApp, ports.RoleAdmin}

// services are the service keys of a product's back end, and of whoever runs the service.
var services = []ports.Role{ports.RoleApp, ports.RoleAdmin}

// operators are the service keys of whoever runs the service.
var operators = []ports.Role{ports.RoleAdmin}

// What is not there, for operators.
const (
	noUser     = "nothing is kept of this user: check the id"
	noGrant    = "there is no such grant: GET /api/admin/users/{user_id}/grants lists those of a user"
	noEndpoint = "there is no such endpoint: GET " + endpointsPath + " lists them"
	noPass     = "no pass of verifying has begun yet: the service begins one by itself, as VERIFY says; POST verifies at once"
	noRun      = "nothing was reconciled yet: the service begins by itself, as RECONCILE says; POST begins at once"
)

// rules has one row per route. A route without a row does not exist for anybody.
var rules = []rule{
	{method: http.MethodPost, path: "/api/checkout/:plan", roles: callers},
	{method: http.MethodPost, path: "/api/portal", roles: callers},
	{method: http.MethodGet, path: "/api/subscription/preview", roles: callers, query: []string{"plan", "price", "quantity", "when", "user_id"}},
	{method: http.MethodPost, path: "/api/subscription/change", roles: callers},
	{method: http.MethodPost, path: "/api/subscription/cancel", roles: callers},
	{method: http.MethodPost, path: "/api/subscription/pause", roles: callers},
	{method: http.MethodPost, path: "/api/subscription/resume", roles: callers},
	{method: http.MethodGet, path: "/api/orders", roles: callers, query: []string{"user_id", "limit", "after", "at_least"}, most: app.ReadWait},
	{method: http.MethodGet, path: "/api/invoices", roles: callers, query: []string{"user_id", "limit"}},
	{method: http.MethodGet, path: "/api/subscription", roles: callers, query: []string{"user_id", "at_least"}},
	{method: http.MethodGet, path: "/api/orders/:id", roles: callers, query: []string{"wait"}, extra: app.MaxWait},
	{method: http.MethodPost, path: "/api/orders/:id/sync", roles: callers},
	{method: http.MethodGet, path: "/api/entitlements", roles: callers, query: []string{"user_id", "at_least"}, most: app.ReadWait},
	{method: http.MethodGet, path: "/api/entitlements/:feature", roles: callers, query: []string{"min", "user_id", "at_least"}, most: app.ReadWait},
	{method: http.MethodGet, path: "/api/changes", roles: services, query: []string{"after", "wait", "limit", "user_id", "feature"}, extra: streamTime},
	{method: http.MethodGet, path: plansPath, ofUser: callers, query: []string{"mine", "user_id", "currency", "quantity"}},
	{method: http.MethodPost, path: webhookPath, body: maxWebhook}, // proves itself by its signature
	{method: http.MethodGet, path: "/api/admin/users/:user_id/explain", roles: operators, query: []string{"feature", "at"}, act: app.ActExplain},
	{method: http.MethodPost, path: "/api/admin/users/:user_id/sync", roles: operators, act: app.ActSync, none: noUser, extra: app.MaxWait},
	{method: http.MethodGet, path: "/api/admin/users/:user_id/grants", roles: operators, act: app.ActGrantsList},
	{method: http.MethodPost, path: "/api/admin/users/:user_id/grants", roles: operators, act: app.ActGrantsGive},
	{method: http.MethodPost, path: "/api/admin/grants/:id/revoke", roles: operators, act: app.ActGrantsRevoke, none: noGrant},
	{method: http.MethodGet, path: "/api/admin/events", roles: operators, query: []string{"outcome", "type", "user_id", "limit", "cursor"}, act: app.ActEventsList},
	{method: http.MethodPost, path: "/api/admin/events/replay", roles: operators, act: app.ActEventsReplay, extra: replayTime},
	{method: http.MethodPost, path: reconcilePath, roles: operators, act: app.ActReconcile},
	{method: http.MethodGet, path: reconcilePath, roles: operators, act: app.ActReconcileShow, none: noRun},
	{method: http.MethodPost, path: verifyPath, roles: operators, act: app.ActVerify, none: noUser, extra: verifyTime},
	{method: http.MethodGet, path: verifyPath, roles: operators, act: app.ActVerifyShow, none: noPass},
	{method: http.MethodGet, path: endpointsPath, roles: operators, act: app.ActEndpointsList},
	{method: http.MethodPost, path: endpointsPath, roles: operators, act: app.ActEndpointsAdd},
	{method: http.MethodGet, path: endpointPath, roles: operators, act: app.ActEndpointsShow, none: noEndpoint},
	{method: http.MethodPatch, path: endpointPath, roles: operators, act: app.ActEndpointsChange, none: noEndpoint},
	{method: http.MethodPost, path: endpointPath + "/rotate", roles: operators, act: app.ActEndpointsRotate, none: noEndpoint},
	{method: http.MethodPost, path: endpointPath + "/test", roles: operators, act: app.ActEndpointsTest, none: noEndpoint, extra: endpointTestTime},
	{method: http.MethodGet, path: endpointPath + "/deliveries", roles: operators, act: app.ActEndpointsDeliveries, none: noEndpoint},
	{method: http.MethodDelete, path: endpointPath, roles: operators, act: app.ActEndpointsDelete, none: noEndpoint},
	{method: http.MethodGet, path: "/api/admin/log", roles: operators, query: []string{"user_id", "limit", "cursor"}, act: app.ActAdminLogList},
	{method: http.MethodGet, path: metricsPath, roles: operators, quiet: true},
	{method: http.MethodGet, path: "/api/openapi.json"},
	{method: http.MethodGet, path: "/healthz", quiet: true},
	{method: http.MethodGet, path: "/readyz", quiet: true},
}

// time bounds a request, where most are bounded by limit. Who asks for a version that is yet
// to come waits for it.
func (r rule) time(limit time.Duration, query string) time.Duration {
	if r.most > 0 && !asksAhead(query) {
		return min(r.most, limit)
	}
	return limit + r.extra
}

func asksAhead(query string) bool {
	if !strings.Contains(query, "least") && !strings.Contains(query, "%") { // as most have neither
		return false
	}
	values, err := url.ParseQuery(query)
	return err == nil && values.Has("at_least")
}

type routeKey struct{ method, path string }

func rulesByRoute(rules []rule) map[routeKey]rule {
	byRoute := make(map[routeKey]rule, len(rules))
	for _, r := range rules {
		byRoute[routeKey{r.method, r.path}] = r
	}
	return byRoute
}

// authorize lets through who may call the route.
func (s *Server) authorize(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		x := exchangeOf(c.Request().Context())
		// Echo takes a slash at the end for a part of what a path ends in.
		if !x.routed || !x.rule.page && strings.HasSuffix(c.Request().URL.EscapedPath(), "/") {
			return s.noRoute(c)
		}
		if err := x.rule.checkQuery(c.Request().URL.RawQuery); err != nil {
			return err
		}
		roles := x.rule.roles
		if roles == nil && x.rule.ofUser != nil && asksForUser(c) {
			roles = x.rule.ofUser
		}
		if roles == nil {
			return next(c)
		}
		caller, err := s.deps.Authenticator.Authenticate(c.Request())
		if err != nil {
			return err
		}
		// Without this a user without an id would be taken for a service key.
		if caller.Role == ports.RoleUser && !validUserID(string(caller.User)) {
			return fmt.Errorf("%w: they name no usable user id", ports.ErrBadCredentials)
		}
		x.caller = caller
		if !slices.Contains(roles, caller.Role) {
			return fmt.Errorf("%w: its role is %s, and this takes a service key of role %s", errForbidden, caller.Role, eitherOf(roles))
		}
		return next(c)
	}
}

// checkQuery refuses a query of which something would be passed over, as Go cannot read it or
// the route does not know it: a list that is asked for one user would be of all. Who calls a
// page, or proves itself otherwise, asks for nobody.
func (r rule) checkQuery(query string) error {
	if query == "" || r.roles == nil && r.ofUser == nil {
		return nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("%w: the query cannot be read: %w; in values, %% is written %%25, and ; is written %%3B", errMalformed, err)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case slices.Contains(r.query, name):
		case len(r.query) == 0:
			return fmt.Errorf("%w: the query has %.60q, and this takes nothing in the query", errMalformed, name)
		default:
			return fmt.Errorf("%w: the query has %.60q, which is none of %s", errMalformed, name, strings.Join(r.query, ", "))
		}
	}
	return nil
}

// asksForUser tells whether somebody asks for a user what everybody may ask: credentials
// alone, such as a cookie that goes with every request, do not.
func asksForUser(c echo.Context) bool {
	query := c.QueryParams()
	return query.Has("user_id") || query.Has("mine")
}

func eitherOf(roles []ports.Role) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return strings.Join(names, " or ")
}

// noRoute tells a path that does not exist from a method that it does not take.
func (s *Server) noRoute(c echo.Context) error {
	if allow, other := c.Get(echo.ContextKeyHeaderAllow).(string); other {
		allow = strings.TrimPrefix(allow, "OPTIONS, ")
		c.Response().Header().Set(echo.HeaderAllow, allow)
		return fmt.Errorf("%w: this path takes %s", errMethod, allow)
	}
	if meant := s.meantPath(c); meant != "" {
		return fmt.Errorf("%w: the path is %s, with single slashes and none at its end", errSlashes, meant)
	}
	return errNoRoute
}

// forUser is whom the caller asks for: itself, or whom a service key names.
func forUser(ctx context.Context, named *string) (domain.UserID, error) {
	caller := exchangeOf(ctx).caller
	switch {
	case named != nil && !validUserID(*named):
		return "", fmt.Errorf("%w: user_id %s", errMalformed, ofShortText)
	case caller.Role != ports.RoleUser && named == nil:
		return "", errNameUser
	case caller.Role != ports.RoleUser:
		return domain.UserID(*named), nil
	case named != nil && *named != string(caller.User):
		return "", errOtherUser
	default:
		return caller.User, nil
	}
}

// asUser is whose eyes an order is seen with: empty are a service key's, which
// sees all.
func asUser(ctx context.Context) domain.UserID {
	if caller := exchangeOf(ctx).caller; caller.Role == ports.RoleUser {
		return caller.User
	}
	return ""
}

// userInPath is the user that an operator asks about.
func userInPath(named string) (domain.UserID, error) {
	user, err := shortText("user_id", &named)
	return domain.UserID(user), err
}

// shortText is an optional parameter that is looked for in the database.
func shortText(name string, given *string) (string, error) {
	if given != nil && !validUserID(*given) {
		return "", fmt.Errorf("%w: %s %s", errMalformed, name, ofShortText)
	}
	return orZero(given), nil
}

// clientKey is what a client made up for one intent; empty if it made up none.
func clientKey(given *string) (string, error) {
	if n := utf8.RuneCountInString(orZero(given)); given != nil && (n < 1 || n > maxClientKey) {
		return "", fmt.Errorf("%w: Idempotency-Key has 1 to %d characters", errMalformed, maxClientKey)
	}
	return orZero(given), nil
}

const (
	maxUserID    = 255
	maxClientKey = 255
)

var ofShortText = fmt.Sprintf("has 1 to %d characters and no control characters", maxUserID)

// validUserID keeps out what a database would choke on: one bad id must not fail
// the query that it shares with others.
func validUserID(id string) bool {
	return id != "" && len(id) <= maxUserID && utf8.ValidString(id) && !strings.ContainsFunc(id, unicode.IsControl)
}
