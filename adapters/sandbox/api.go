package sandbox

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
)

// route is one operation of Stripe's API.
type route struct {
	pattern string   // as in http.ServeMux; {id} is the object's id
	params  []string // what it takes of what Stripe takes; see call.unknown
	do      func(*Sandbox, *call) (object, *apiError)
}

// call is one request to an operation, which runs with mu held.
type call struct {
	params
	id        string // of the path
	second    string // second id of the path
	path      string
	operation string // of Stripe's, as in known.txt; empty if Stripe has none
	requestID string
	base      string // where this request reached the sandbox
	version   string // of the API, for the answer
}

// cause is what an event says about the API request that it comes from; empty
// when it comes from the hosted page or the clock.
type cause struct{ requestID, idempotencyKey string }

// answer is a response as it can be repeated for the same idempotency key.
type answer struct {
	status  int
	body    []byte
	version string // of the API, that the body is in
}

const maxRequestBody = 1 << 20

// allRoutes are the operations that the sandbox serves.
func allRoutes() []route {
	return slices.Concat(
		productRoutes, priceRoutes, customerRoutes, sessionRoutes, subscriptionRoutes,
		invoiceRoutes, invoicePaymentRoutes, paymentIntentRoutes, chargeRoutes, refundRoutes, disputeRoutes, creditNoteRoutes, setupIntentRoutes, testClockRoutes, eventRoutes, webhookEndpointRoutes,
		portalSessionRoutes, portalConfigurationRoutes,
		paymentMethodRoutes, subscriptionItemRoutes, invoicePreviewRoutes, invoiceItemRoutes, invoiceCreateRoutes,
		couponRoutes, promotionCodeRoutes, scheduleRoutes,
		searchRoutes, planRoutes, earlyFraudWarningRoutes,
	)
}

func (s *Sandbox) apiRoutes(mux *http.ServeMux) {
	for _, rt := range allRoutes() {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { s.serveAPI(w, r, &rt) })
	}
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, r *http.Request) { s.serveAPI(w, r, nil) })
}

// serveAPI is the way of every API request. rt is nil for an unknown path.
func (s *Sandbox) serveAPI(w http.ResponseWriter, r *http.Request, rt *route) {
	c := &call{id: r.PathValue("id"), second: r.PathValue("second"), path: r.URL.Path, operation: known().callOf(r), requestID: newID("req_", 14), base: baseOf(r)}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Request-Id", c.requestID)
	h.Set("Date", s.now().UTC().Format(http.TimeFormat)) // a client that dates answers by it has to find them later than events
	version, versionError := readVersion(r)
	c.version = version
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
	c.form = form
	key := r.Header.Get("Idempotency-Key")
	logged := s.logRequest(r, c, key)
	a, replayed, drop := s.answer(r, c, rt, key)
	s.mu.Lock()
	logged.Status, logged.Replayed, logged.Answered = a.status, replayed, !drop
	s.mu.Unlock()
	if drop {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	if key != "" {
		h.Set("Idempotency-Key", key)
	}
	if replayed {
		h.Set("Idempotent-Replayed", "true")
		if a.version != "" {
			h.Set("Stripe-Version", a.version) // Stripe repeats the body as it was
		}
	}
	s.write(w, c, a)
}

// answer goes through planned faults and the idempotency layer to the
// operation. drop says that the client must not see the answer.
func (s *Sandbox) answer(r *http.Request, c *call, rt *route, key string) (a answer, replayed, drop bool) {
	fault := s.takeFault(r.Method, c.path)
	if fault.inFront() {
		s.sleep(r.Context(), fault.Delay)
		return faultAnswer(fault, c.requestID), false, false
	}
	if r.Method != http.MethodPost || rt == nil {
		key = ""
	}
	var entry *rememberedAnswer
	if key != "" {
		var e *apiError
		if entry, e = s.reserve(key, c); e != nil {
			return errorAnswer(e, c.requestID), false, false
		}
		if entry.done {
			s.sleep(r.Context(), fault.Delay)
			return entry.answer, true, fault.DropAfterApply
		}
	}
	settle := func(keep bool) {
		if entry != nil {
			s.settle(key, entry, a, keep)
		}
	}
	if !fault.DropAfterApply && !s.sleep(r.Context(), fault.Delay) {
		settle(false) // the client left before anything was done
		return a, false, true
	}
	if fault.Status != 0 {
		a = faultAnswer(fault, c.requestID)
		settle(true)
		return a, false, false
	}
	var e *apiError
	a, e = s.run(c, rt, r.Method, key)
	// Stripe remembers what was begun, not what failed its checks: a payment that is
	// declined has begun, and would be tried twice.
	settle(e == nil || e.kind == "card_error")
	if fault.DropAfterApply {
		s.sleep(r.Context(), fault.Delay)
	}
	return a, false, fault.DropAfterApply
}

// run performs the operation and expands its result.
func (s *Sandbox) run(c *call, rt *route, method, key string) (answer, *apiError) {
	fail := func(e *apiError) (answer, *apiError) {
		s.log.Debug("request refused", "request", c.requestID, "path", c.path, "error", e.message)
		return errorAnswer(e.in(c.version), c.requestID), e
	}
	if e := c.unserved(rt, method); e != nil {
		return fail(e)
	}
	c.unknown(rt.params)
	if c.err != nil {
		return fail(c.err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cause = cause{c.requestID, key}
	defer func() { s.cause = cause{} }()
	s.reachedAt = cmp.Or(s.reachedAt, c.base)
	paths := c.list("expand")
	if e := checkExpand(paths); e != nil {
		return fail(e) // before anything is changed
	}
	o, e := rt.do(s, c)
	if e != nil {
		return fail(e)
	}
	o = o.in(c.version)
	for _, path := range paths {
		if e := s.expand(o, path, c.version); e != nil {
			return fail(e)
		}
	}
	return answer{http.StatusOK, encode(o), c.version}, nil
}

// unserved is what is wrong with a call of no route, or of one that Stripe does not
// have in the version.
func (c *call) unserved(rt *route, method string) *apiError {
	has := known().has(c.operation, c.version)
	switch {
	case c.operation == "" && ofTheCLI(c.path):
		return invalid("", "", "Stripe has this call for its command line, and the sandbox does not serve it yet: %s %s", method, c.path)
	case has && rt != nil && sameIDs(rt.pattern) == c.operation:
		return nil
	case has: // also if an id's place holds a word of Stripe's, as in /v1/customers/search
		return invalid("", "", "Stripe has this call, and the sandbox does not serve it yet: %s %s", method, c.path)
	}
	return &apiError{status: http.StatusNotFound, kind: "invalid_request_error",
		message: "Unrecognized request URL (" + method + ": " + c.path + "). Please see https://stripe.com/docs or we can help at https://support.stripe.com/."}
}

// ofTheCLI tells whether Stripe's command line has a use for the path, which no description
// of the API has: stripe listen, the payment of a session in stripe trigger, and stripe
// events resend.
func ofTheCLI(at string) bool {
	for _, pattern := range []string{"/v1/stripecli/*", "/v1/payment_pages/*", "/v1/payment_pages/*/*", "/v1/events/*/retry"} {
		if ok, _ := path.Match(pattern, at); ok {
			return true
		}
	}
	return false
}

func (s *Sandbox) authorize(r *http.Request) *apiError {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if user, _, basic := r.BasicAuth(); basic {
		key, ok = user, true // curl -u sk_test_...:
	}
	unauthorized := func(message string) *apiError {
		return &apiError{status: http.StatusUnauthorized, kind: "invalid_request_error", message: message}
	}
	switch {
	case !ok || key == "":
		return unauthorized("You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').")
	case s.apiKey != "" && key != s.apiKey,
		!strings.HasPrefix(key, "sk_test_") && !strings.HasPrefix(key, "rk_test_"):
		return unauthorized("Invalid API Key provided: " + redacted(key))
	}
	return nil
}

// redacted shows as much of a key as Stripe's message does.
func redacted(key string) string {
	if len(key) < 16 {
		return strings.Repeat("*", len(key))
	}
	return key[:8] + strings.Repeat("*", len(key)-12) + key[len(key)-4:]
}

func readForm(w http.ResponseWriter, r *http.Request) (url.Values, *apiError) {
	form, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, invalid("", "", "Invalid query string: %v", err)
	}
	if r.Method == http.MethodGet {
		return form, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBody))
	if err != nil {
		return nil, invalid("", "", "Invalid request body: %v", err)
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalid("", "", "Invalid form body: %v", err)
	}
	for k, v := range values {
		form[k] = append(form[k], v...)
	}
	return form, nil
}

// faultAnswer is the answer to a request that a fault keeps from being performed.
func faultAnswer(f fault, requestID string) answer {
	if f.Body != "" {
		return answer{status: f.Status, body: []byte(f.Body)}
	}
	e := &apiError{status: f.Status, kind: "api_error", message: "An unknown error occurred."}
	switch {
	case f.Status == http.StatusTooManyRequests:
		e.kind, e.code, e.message = "invalid_request_error", "rate_limit", "Request rate limit exceeded."
	case f.Status < 500:
		e.kind, e.message = "invalid_request_error", http.StatusText(f.Status)
	}
	return errorAnswer(e, requestID)
}

func errorAnswer(e *apiError, requestID string) answer {
	return answer{status: e.status, body: encode(e.object(requestID))}
}

func (s *Sandbox) write(w http.ResponseWriter, c *call, a answer) {
	w.WriteHeader(a.status)
	if _, err := w.Write(a.body); err != nil {
		s.log.Debug("client left before its answer", "request", c.requestID, "error", err)
	}
}

// baseOf is where the client found the sandbox.
func baseOf(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
