package api

import (
	"cmp"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/chaos"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// route is one operation of Stripe's API.
type route struct {
	pattern string   // as in http.ServeMux; {id} is the object's id
	params  []string // what it takes of what Stripe takes; see Call.unknown
	do      func(*Server, *Call) (wire.Object, *wire.Error)
}

// Call is one request to an operation, which runs with Mu held.
type Call struct {
	wire.Params
	id        string // of the path
	second    string // second id of the path
	path      string
	operation string // of Stripe's, as in known.txt; empty if Stripe has none
	requestID string
	base      string              // where this request reached the sandbox
	Version   string              // of the API, for the answer
	pageOf    func(limit int) int // what chaos leaves of it; nil for all
}

// allRoutes are the operations that the sandbox serves.
func allRoutes() []route {
	return slices.Concat(
		productRoutes, priceRoutes, customerRoutes, sessionRoutes, subscriptionRoutes,
		invoiceRoutes, invoicePaymentRoutes, paymentIntentRoutes, chargeRoutes, refundRoutes, disputeRoutes, creditNoteRoutes, setupIntentRoutes, testClockRoutes, eventRoutes, webhookEndpointRoutes,
		portalSessionRoutes, portalConfigurationRoutes,
		paymentMethodRoutes, subscriptionItemRoutes, invoicePreviewRoutes, invoiceItemRoutes, invoiceCreateRoutes,
		couponRoutes, promotionCodeRoutes, scheduleRoutes,
		searchRoutes, planRoutes, absentRoutes,
	)
}

// Routes serves the API's operations, and refuses all other paths of it.
func (s *Server) Routes(mux *http.ServeMux) {
	for _, rt := range slices.Concat(allRoutes(), cliRoutes) {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { s.serveAPI(w, r, &rt) })
	}
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) { s.serveAPI(w, r, nil) })
	mux.HandleFunc("/v2/", s.refuseV2)
}

// refuseV2 answers calls of Stripe's second API, which has bodies of JSON.
func (s *Server) refuseV2(w http.ResponseWriter, r *http.Request) {
	c := &Call{requestID: wire.NewID("req_", 14)}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Request-Id", c.requestID)
	e := wire.Invalid("", "", "Stripe may have this call, and the sandbox serves nothing of /v2: %s %s", r.Method, r.URL.Path)
	s.write(w, c, errorAnswer(e, c.requestID))
}

// serveAPI is the way of every API request. rt is nil for an unknown path.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, rt *route) {
	c := &Call{id: r.PathValue("id"), second: r.PathValue("second"), path: r.URL.Path, operation: wire.Known().CallOf(r), requestID: wire.NewID("req_", 14), base: baseOf(r)}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Request-Id", c.requestID)
	h.Set("Date", s.Now().UTC().Format(http.TimeFormat)) // a client that dates answers by it has to find them later than events
	version, versionError := readVersion(r)
	c.Version = version
	h.Set("Stripe-Version", version)
	h.Set("Cache-Control", "no-cache, no-store")

	if e := cmp.Or(s.authorize(r), versionError); e != nil {
		s.write(w, c, errorAnswer(e, c.requestID))
		return
	}
	form, e := readForm(w, r)
	if e != nil {
		s.write(w, c, errorAnswer(e, c.requestID))
		return
	}
	c.Form = form
	key := r.Header.Get("Idempotency-Key")
	fault := s.Chaos.TakeFault(r.Method, c.path) // before anybody sees that the request is here
	logged := s.logRequest(r, c, key)
	a, replayed, drop := s.answer(r, c, rt, key, fault)
	s.Mu.Lock()
	logged.Status, logged.Replayed, logged.Answered = a.Status, replayed, !drop
	s.Mu.Unlock()
	if drop {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	if key != "" {
		h.Set("Idempotency-Key", key)
	}
	if replayed {
		h.Set("Idempotent-Replayed", "true")
		if a.Version != "" {
			h.Set("Stripe-Version", a.Version) // Stripe repeats the body as it was
		}
	}
	s.write(w, c, a)
}

// answer goes through a planned fault and the idempotency layer to the
// operation. drop says that the client must not see the answer.
func (s *Server) answer(r *http.Request, c *Call, rt *route, key string, fault chaos.Fault) (a state.Answer, replayed, drop bool) {
	if fault.InFront() {
		s.Sleep(r.Context(), fault.Delay)
		return faultAnswer(fault, c.requestID), false, false
	}
	if r.Method != http.MethodPost || rt == nil {
		key = ""
	}
	var entry *state.RememberedAnswer
	if key != "" {
		var e *wire.Error
		if entry, e = s.reserve(key, c); e != nil {
			return errorAnswer(e, c.requestID), false, false
		}
		if entry.Done {
			s.Sleep(r.Context(), fault.Delay)
			return entry.Answer, true, fault.DropAfterApply
		}
	}
	if !fault.DropAfterApply && !s.Sleep(r.Context(), fault.Delay) {
		// The client left before anything was done.
		return s.settled(key, entry, func() (state.Answer, bool) { return a, false }), false, true
	}
	if fault.Status != 0 {
		return s.settled(key, entry, func() (state.Answer, bool) { return faultAnswer(fault, c.requestID), true }), false, false
	}
	a = s.settled(key, entry, func() (state.Answer, bool) {
		a, e := s.run(c, rt, r.Method, key)
		// Stripe remembers what was begun, not what failed its checks: a payment that is
		// declined has begun, and would be tried twice.
		return a, e == nil || e.Kind == "card_error"
	})
	if fault.DropAfterApply {
		s.Sleep(r.Context(), fault.Delay)
	}
	return a, false, fault.DropAfterApply
}

// run performs the operation and expands its result. Mu is held.
func (s *Server) run(c *Call, rt *route, method, key string) (state.Answer, *wire.Error) {
	fail := func(e *wire.Error) (state.Answer, *wire.Error) {
		s.Log.Debug("request refused", "request", c.requestID, "path", c.path, "error", e.Message)
		return errorAnswer(e.In(c.Version), c.requestID), e
	}
	if e := c.unserved(rt, method); e != nil {
		return fail(e)
	}
	c.unknown(rt.params)
	if c.Err != nil {
		return fail(c.Err)
	}
	s.Cause = state.Cause{RequestID: c.requestID, IdempotencyKey: key}
	defer func() { s.Cause = state.Cause{} }()
	s.ReachedAt = cmp.Or(s.ReachedAt, c.base)
	c.pageOf = s.Chaos.Dice.PageOf
	paths := c.List("expand")
	if e := checkExpand(paths); e != nil {
		return fail(e) // before anything is changed
	}
	o, e := rt.do(s, c)
	if e != nil {
		return fail(e)
	}
	o = o.In(c.Version)
	for _, path := range paths {
		if e := s.expand(o, path, c.Version); e != nil {
			return fail(e)
		}
	}
	return state.Answer{Status: http.StatusOK, Body: wire.Encode(o), Version: c.Version}, nil
}

// unserved is what is wrong with a call of no route, or of one that Stripe does not
// have in the version.
func (c *Call) unserved(rt *route, method string) *wire.Error {
	has := wire.Known().Has(c.operation, c.Version)
	switch {
	case c.operation == "" && ofTheCLI(c.path) && rt != nil:
		return nil
	case c.operation == "" && ofTheCLI(c.path):
		return wire.Invalid("", "", "Stripe has this call for its command line, and the sandbox does not serve it yet: %s %s", method, c.path)
	case has && rt != nil && wire.SameIDs(rt.pattern) == c.operation:
		return nil
	case has: // also if an id's place holds a word of Stripe's, as in /v1/customers/search
		return wire.Invalid("", "", "Stripe has this call, and the sandbox does not serve it yet: %s %s", method, c.path)
	}
	return &wire.Error{Status: http.StatusNotFound, Kind: "invalid_request_error",
		Message: "Unrecognized request URL (" + method + ": " + c.path + "). Please see https://stripe.com/docs or we can help at https://support.stripe.com/."}
}

// ofTheCLI tells whether Stripe's command line has a use for the path, which no description
// of the API has: stripe listen, the payment of a session in stripe trigger, and stripe
// events resend.
func ofTheCLI(at string) bool {
	for _, pattern := range []string{"/v1/stripecli/*", "/v1/payment_pages/*", "/v1/payment_pages/*/confirm", "/v1/events/*/retry"} {
		if ok, _ := path.Match(pattern, at); ok {
			return true
		}
	}
	return false
}

func (s *Server) authorize(r *http.Request) *wire.Error {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if user, _, basic := r.BasicAuth(); basic {
		key, ok = user, true // curl -u sk_test_...:
	}
	unauthorized := func(message string) *wire.Error {
		return &wire.Error{Status: http.StatusUnauthorized, Kind: "invalid_request_error", Message: message}
	}
	switch {
	case !ok || key == "":
		return unauthorized("You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').")
	case s.APIKey != "" && key != s.APIKey && s.Restricted[key] == nil,
		!strings.HasPrefix(key, "sk_test_") && !strings.HasPrefix(key, "rk_test_"):
		return unauthorized("Invalid API Key provided: " + redacted(key))
	}
	return s.forbids(key, r)
}

// redacted shows as much of a key as Stripe's message does.
func redacted(key string) string {
	if len(key) < 16 {
		return strings.Repeat("*", len(key))
	}
	return key[:8] + strings.Repeat("*", len(key)-12) + key[len(key)-4:]
}

func readForm(w http.ResponseWriter, r *http.Request) (url.Values, *wire.Error) {
	form, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, wire.Invalid("", "", "Invalid query string: %v", err)
	}
	if r.Method == http.MethodGet {
		return form, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MaxRequestBody))
	if err != nil {
		return nil, wire.Invalid("", "", "Invalid request body: %v", err)
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); len(body) > 0 && kind == "application/json" {
		return nil, wire.Invalid("", "", "Invalid request (check that your POST content type is application/x-www-form-urlencoded). If you have any questions, we can help at https://support.stripe.com/.")
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, wire.Invalid("", "", "Invalid form body: %v", err)
	}
	for k, v := range values {
		form[k] = append(form[k], v...)
	}
	return form, nil
}

// faultAnswer is the answer to a request that a fault keeps from being performed.
func faultAnswer(f chaos.Fault, requestID string) state.Answer {
	if f.Body != "" {
		return state.Answer{Status: f.Status, Body: []byte(f.Body)}
	}
	e := &wire.Error{Status: f.Status, Kind: "api_error", Message: "An unknown error occurred."}
	switch {
	case f.Status == http.StatusTooManyRequests:
		e.Kind, e.Code, e.Message = "invalid_request_error", "rate_limit", "Request rate limit exceeded."
	case f.Status < 500:
		e.Kind, e.Message = "invalid_request_error", http.StatusText(f.Status)
	}
	return errorAnswer(e, requestID)
}

func errorAnswer(e *wire.Error, requestID string) state.Answer {
	return state.Answer{Status: e.Status, Body: wire.Encode(e.Object(requestID))}
}

func (s *Server) write(w http.ResponseWriter, c *Call, a state.Answer) {
	w.WriteHeader(a.Status)
	if _, err := w.Write(a.Body); err != nil {
		s.Log.Debug("client left before its answer", "request", c.requestID, "error", err)
	}
}

// baseOf is where the client found the sandbox.
func baseOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
