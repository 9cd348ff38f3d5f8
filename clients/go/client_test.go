package entitled

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is a service that answers what it is told to, one answer a request; the last one stays.
type fake struct {
	*httptest.Server
	mu      sync.Mutex
	answers []answer
	asked   []*http.Request
	bodies  []string
}

type answer struct {
	status int
	body   string
	header map[string]string
}

func ok(body string) answer { return answer{status: 200, body: body} }

func problem(status int, code string) answer {
	return answer{status: status, body: `{"type":"urn:entitled:problem:` + code + `","title":"T","status":` + "400" + `,"code":"` + code + `","detail":"D","request_id":"R"}`}
}

func serve(t *testing.T, answers ...answer) *fake {
	t.Helper()
	f := &fake{answers: answers}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		f.asked, f.bodies = append(f.asked, r), append(f.bodies, string(body))
		a := f.answers[min(len(f.asked), len(f.answers))-1]
		for name, value := range a.header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(f.Close)
	return f
}

// client asks the fake, and takes no time between tries.
func (f *fake) client(t *testing.T, options ...Option) (*Client, *[]time.Duration) {
	t.Helper()
	c, err := New(f.URL, "key", append([]Option{Logger(slog.New(slog.DiscardHandler))}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	pauses := &[]time.Duration{}
	c.pause = func(ctx context.Context, d time.Duration) error {
		*pauses = append(*pauses, d)
		return ctx.Err()
	}
	return c, pauses
}

const (
	yes = `{"feature":"sso","entitled":true,"value":true,"until":null,"renews":false,"ends_at":null,"in_grace":false,"as_of":"2026-12-01T09:30:00Z"}`
	no  = `{"feature":"sso","entitled":false,"value":null,"until":null,"renews":false,"ends_at":null,"in_grace":false,"as_of":"2026-12-01T09:30:00Z"}`
)

func TestNew_RefusesWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		url, key string
		options  []Option
	}{
		{"entitled:8080", "k", nil}, {"ftp://a", "k", nil}, {"", "k", nil}, {"http://a?b=c", "k", nil},
		{"http://a", "", nil}, {"http://a", "k", []Option{Timeout(0)}}, {"http://a", "k", []Option{Retries(-1)}},
	} {
		if _, err := New(c.url, c.key, c.options...); err == nil {
			t.Errorf("New(%q, %q) is taken", c.url, c.key)
		}
	}
}

func TestHas_HasThreeAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer answer
		want   Answer
		outage bool
	}{
		{ok(yes), Yes, false},
		{ok(no), No, false},
		{problem(503, "unavailable"), Unknown, true},
		{problem(500, "internal"), Unknown, true},
		{problem(429, "rate_limited"), Unknown, true},
		{answer{status: 502, body: "<h1>Bad gateway</h1>"}, Unknown, true},
		{problem(404, "unknown_feature"), Unknown, false},
		{problem(401, "bad_credentials"), Unknown, false},
		{answer{status: 302, header: map[string]string{"Location": "http://127.0.0.1:1/"}}, Unknown, false},
		{ok("<h1>Hello</h1>"), Unknown, false},
		{ok("{}"), Unknown, false},
	} {
		client, _ := serve(t, c.answer).client(t)
		got, err := client.Has(t.Context(), "u", "sso")
		if got != c.want || (err == nil) != (c.want != Unknown) || IsOutage(err) != c.outage {
			t.Errorf("%d %.30s: got %s, %v, an outage: %t", c.answer.status, c.answer.body, got, err, IsOutage(err))
		}
	}
}

func TestHas_NamesTheUserTheFeatureAndTheKey(t *testing.T) {
	t.Parallel()
	f := serve(t, ok(yes))
	client, _ := f.client(t)
	if _, err := client.Has(t.Context(), "a b/ü", "x/y"); err != nil {
		t.Fatal(err)
	}
	r := f.asked[0]
	if got := r.URL.RequestURI(); got != "/api/entitlements/x%2Fy?user_id=a+b%2F%C3%BC" || r.Header.Get("Authorization") != "Bearer key" {
		t.Errorf("asked %s with %q", got, r.Header.Get("Authorization"))
	}
}

func TestAllows_FollowsTheRuleInAnOutageAlone(t *testing.T) {
	t.Parallel()
	var asked []Unanswered
	seldom := func(_ context.Context, u Unanswered) bool {
		asked = append(asked, u)
		return u.Feature == "sso"
	}
	for _, c := range []struct {
		answer answer
		rule   Rule
		want   bool
	}{
		{ok(yes), Deny, true}, {ok(no), Allow, false},
		{problem(503, "unavailable"), Deny, false}, {problem(503, "unavailable"), Allow, true}, {problem(503, "unavailable"), seldom, true},
		{problem(404, "unknown_feature"), Allow, false}, {problem(403, "forbidden"), Allow, false},
	} {
		client, _ := serve(t, c.answer).client(t, WhenUnknown(c.rule))
		if got := client.Allows(t.Context(), "u", "sso"); got != c.want {
			t.Errorf("%d %.40s: allowed is %t", c.answer.status, c.answer.body, got)
		}
	}
	if len(asked) != 1 || asked[0].User != "u" || asked[0].Err == nil {
		t.Errorf("the rule was asked %v", asked)
	}
	client, _ := serve(t, ok(yes)).client(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if client.Allows(ended, "u", "sso") {
		t.Error("allowed without having asked")
	}
}

func TestDo_TriesAgainWhatMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	busy := problem(503, "unavailable")
	soon := answer{429, busy.body, map[string]string{"Retry-After": "1"}}
	late := answer{503, busy.body, map[string]string{"Retry-After": "60"}}
	checkout := ok(`{"action":"redirect","purpose":"checkout","url":"https://x"}`)
	for name, c := range map[string]struct {
		answers []answer
		call    func(*Client) error
		tries   int
		done    bool
	}{
		"a read":                       {[]answer{busy, busy, ok(yes)}, has, 3, true},
		"but not for ever":             {[]answer{busy}, has, 3, false},
		"when it was told to":          {[]answer{soon, ok(yes)}, has, 2, true},
		"but not if that is far off":   {[]answer{late, ok(yes)}, has, 1, false},
		"not what was wrong":           {[]answer{problem(404, "unknown_feature"), ok(yes)}, has, 1, false},
		"not what failed inside":       {[]answer{problem(500, "internal"), ok(yes)}, has, 1, false},
		"a checkout, by its key":       {[]answer{busy, checkout}, upgrade, 2, true},
		"not what another has changed": {[]answer{problem(409, "changed_meanwhile"), ok("{}")}, changePlan, 1, false},
		"a pause, by its key":          {[]answer{busy, ok("{}")}, pausePlan, 2, true},
		"not a portal, which has none": {[]answer{busy, ok(`{"url":"https://x"}`)}, portal, 1, false},
	} {
		f := serve(t, c.answers...)
		client, pauses := f.client(t)
		err := c.call(client)
		if len(f.asked) != c.tries || (err == nil) != c.done || len(*pauses) != c.tries-1 {
			t.Errorf("%s: %d tries, pauses %v, %v", name, len(f.asked), *pauses, err)
		}
		for i, pause := range *pauses {
			if pause <= 0 || pause > maxPause || c.answers[min(i, len(c.answers)-1)].header["Retry-After"] == "1" && pause < time.Second {
				t.Errorf("%s: a pause of %s", name, pause)
			}
		}
	}
}

func has(c *Client) error {
	_, err := c.Has(context.Background(), "u", "sso")
	return err
}

func upgrade(c *Client) error {
	_, err := c.Upgrade(context.Background(), "u", "pro", CheckoutRequest{})
	return err
}

func changePlan(c *Client) error {
	_, err := c.Change(context.Background(), "u", ChangeRequest{Plan: "pro"})
	return err
}

func pausePlan(c *Client) error {
	_, err := c.Pause(context.Background(), "u", PauseRequest{})
	return err
}

func portal(c *Client) error {
	_, err := c.Portal(context.Background(), "u", PortalRequest{})
	return err
}

func TestDo_IsAnOutageWhereNobodyListens(t *testing.T) {
	t.Parallel()
	f := serve(t, ok(yes))
	client, pauses := f.client(t)
	f.Close()
	if err := has(client); !IsOutage(err) || len(*pauses) != 2 {
		t.Errorf("got %v after %d pauses", err, len(*pauses))
	}
}

func TestDo_WaitsNoLongerThanItsTimeout(t *testing.T) {
	t.Parallel()
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer hangs.Close()
	client, err := New(hangs.URL, "key", Timeout(20*time.Millisecond), Retries(0), Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	if err := has(client); !IsOutage(err) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestUpgrade_SendsOneKeyHoweverOftenItTries(t *testing.T) {
	t.Parallel()
	f := serve(t, problem(503, "unavailable"), ok(`{"action":"none","purpose":"manage"}`))
	client, _ := f.client(t)
	how := CheckoutRequest{Price: "yearly", Quantity: 5}
	if _, err := client.Upgrade(t.Context(), "u", "pro", how); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Upgrade(t.Context(), "u", "pro", how, IdempotencyKey("click-1")); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, r := range f.asked {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
	}
	if len(keys) != 3 || keys[0] == "" || keys[0] != keys[1] || keys[2] != "click-1" {
		t.Errorf("keys %q", keys)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(f.bodies[1]), &body); err != nil {
		t.Fatal(err)
	}
	if len(body) != 3 || body["user_id"] != "u" || body["price"] != "yearly" || body["quantity"] != 5.0 {
		t.Errorf("sent %v", body)
	}
}

// What changes a subscription says what was asked for, and nothing else; and has a key.
func TestVerbs_SendWhatIsWanted(t *testing.T) {
	t.Parallel()
	f := serve(t, ok("{}"))
	c, _ := f.client(t)
	day := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, verb := range []struct {
		call       func() error
		path, body string
	}{
		{func() error { return pausePlan(c) }, "/api/subscription/pause", `{"user_id":"u"}`},
		{func() error {
			_, err := c.Pause(t.Context(), "u", PauseRequest{Plan: "pro", ResumesAt: day})
			return err
		},
			"/api/subscription/pause", `{"plan":"pro","resumes_at":"2027-03-01T00:00:00Z","user_id":"u"}`},
		{func() error { _, err := c.Resume(t.Context(), "u", ResumeRequest{Plan: "pro"}); return err },
			"/api/subscription/resume", `{"plan":"pro","user_id":"u"}`},
		{func() error {
			_, err := c.Cancel(t.Context(), "u", EndRequest{Plan: "storage", When: WhenNow})
			return err
		},
			"/api/subscription/cancel", `{"plan":"storage","when":"now","user_id":"u"}`},
		{func() error {
			_, err := c.Change(t.Context(), "u", ChangeRequest{Plan: "team", Price: "yearly", Quantity: 3, When: WhenPeriodEnd, ProrationDate: day})
			return err
		}, "/api/subscription/change", `{"plan":"team","price":"yearly","proration_date":"2027-03-01T00:00:00Z","quantity":3,"when":"period_end","user_id":"u"}`},
		{func() error {
			_, err := c.Upgrade(t.Context(), "u", "pro", CheckoutRequest{Currency: "eur"})
			return err
		},
			"/api/checkout/pro", `{"currency":"eur","user_id":"u"}`},
	} {
		if err := verb.call(); err != nil {
			t.Fatal(err)
		}
		r, body := f.asked[len(f.asked)-1], f.bodies[len(f.bodies)-1]
		if r.Method != "POST" || r.URL.Path != verb.path || body != verb.body || r.Header.Get("Idempotency-Key") == "" {
			t.Errorf("sent %s %s with %s, want %s with %s, and a key", r.Method, r.URL.Path, body, verb.path, verb.body)
		}
	}
}

func TestPause_SaysUntilWhen(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, ok(`{"subscription_id":"sub_1","status":"active","plan":"pro","paused":true,"pauses_at":"2026-12-31T00:00:00Z","resumes_at":null}`)).client(t)
	got, err := client.Pause(t.Context(), "u", PauseRequest{})
	if err != nil || !got.Paused || !got.PausesAt.Equal(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)) || !got.ResumesAt.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPlansIn_AsksForACurrencyAndTotals(t *testing.T) {
	t.Parallel()
	f := serve(t, ok(`{"plans":[]}`))
	c, _ := f.client(t)
	for query, ask := range map[string]func() error{
		"currency=eur&quantity=7": func() error { _, err := c.PlansIn(t.Context(), "eur", 7); return err },
		"":                        func() error { _, err := c.PlansIn(t.Context(), "", 0); return err },
	} {
		if err := ask(); err != nil || f.asked[len(f.asked)-1].URL.RawQuery != query {
			t.Errorf("asked for %s, %v, want %s", f.asked[len(f.asked)-1].URL, err, query)
		}
	}
}

func TestProblem_IsWhatTheServiceSays(t *testing.T) {
	t.Parallel()
	client, _ := serve(t, problem(409, "already_held")).client(t)
	var p *Problem
	if err := upgrade(client); !errors.As(err, &p) || p.Code != "already_held" || p.Status != 409 || p.RequestID != "R" || !strings.Contains(p.Error(), "D") {
		t.Errorf("got %v", err)
	}
}

func TestLimit_IsANumber(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int64{"100": 100, `"unlimited"`: Unlimited, "0": 0} {
		client, _ := serve(t, ok(strings.Replace(yes, `"value":true`, `"value":`+value, 1))).client(t)
		if got, err := client.Limit(t.Context(), "u", "projects"); got != want || err != nil {
			t.Errorf("%s: got %d, %v", value, got, err)
		}
	}
	client, _ := serve(t, ok(no)).client(t)
	if got, err := client.Limit(t.Context(), "u", "projects"); got != 0 || err != nil {
		t.Errorf("not held: got %d, %v", got, err)
	}
	client, _ = serve(t, ok(yes)).client(t)
	if _, err := client.Limit(t.Context(), "u", "sso"); err == nil {
		t.Error("a flag has a limit")
	}
}

func TestValue_IsAsItWas(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"true", "7", `"unlimited"`, `"gold"`, "null"} {
		var v Value
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if again, err := json.Marshal(v); err != nil || string(again) != text {
			t.Errorf("%s became %s, %v", text, again, err)
		}
	}
	if gold := (Value{`"gold"`}); gold.Text() != "gold" || gold.Unlimited() {
		t.Errorf("a choice is %q", gold.Text())
	}
	if _, is := (Value{"true"}).Int(); is {
		t.Error("a flag is a number")
	}
}

func TestRequire_AnswersInPlaceOfThePage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		user   string
		answer answer
		rule   Rule
		want   int
	}{
		{"u", ok(yes), Deny, 200}, {"u", ok(no), Allow, 403}, {"", ok(yes), Allow, 401},
		{"u", problem(503, "unavailable"), Deny, 503}, {"u", problem(503, "unavailable"), Allow, 200},
		{"u", problem(404, "unknown_feature"), Allow, 500},
	} {
		client, _ := serve(t, c.answer).client(t, WhenUnknown(c.rule))
		page := client.Require("sso", func(*http.Request) string { return c.user })(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		w := httptest.NewRecorder()
		page.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != c.want {
			t.Errorf("%q, %d: answered %d, want %d", c.user, c.answer.status, w.Code, c.want)
		}
	}
}

func order(status, user string) answer {
	return ok(`{"id":"ord_1","user_id":"` + user + `","plan":"pro","price":"monthly","quantity":1,"mode":"subscription","status":"` + status +
		`","session_id":null,"created_at":"2026-12-01T09:30:00Z","expires_at":"2026-12-01T10:30:00Z","paid_at":null}`)
}

func TestWaitOrder_AsksUntilItIsSettled(t *testing.T) {
	t.Parallel()
	f := serve(t, order("pending", "u"), order("open", "u"), order("awaiting_payment", "u"))
	client, pauses := f.client(t)
	got, err := client.WaitOrder(t.Context(), "ord_1")
	if err != nil || got.Status != OrderStatusAwaitingPayment || len(f.asked) != 3 {
		t.Errorf("got %s, %v after %d requests", got.Status, err, len(f.asked))
	}
	if !slices.Equal(*pauses, []time.Duration{orderPause, orderPause}) || f.asked[0].URL.Query().Get("wait") != "20s" {
		t.Errorf("paused %v, asked %s", *pauses, f.asked[0].URL)
	}
	f = serve(t, order("open", "u"))
	client, _ = f.client(t)
	client.pause = func(context.Context, time.Duration) error { return context.DeadlineExceeded }
	if got, err := client.WaitOrder(t.Context(), "ord_1"); got.ID != "ord_1" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("not settled: got %s, %v", got.ID, err)
	}
}

// gives is an order of which the user has what it bought.
func gives(a answer) answer {
	a.body = strings.Replace(a.body, "{", `{"version":1,`, 1)
	return a
}

func TestReturned_IsTheUsersOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		address string
		answers []answer
		want    OrderStatus
		err     error
		asked   []string
	}{
		"paid":             {"/?order_id=ord_1", []answer{gives(order("paid", "u"))}, OrderStatusPaid, nil, []string{"GET"}},
		"gives later":      {"/?order_id=ord_1", []answer{order("paid", "u"), gives(order("paid", "u"))}, OrderStatusPaid, nil, []string{"GET", "GET"}},
		"paid while asked": {"/?order_id=ord_1", []answer{order("open", "u"), order("paid", "u")}, OrderStatusPaid, nil, []string{"GET", "GET"}},
		"never told":       {"/?order_id=ord_1", []answer{order("open", "u"), order("open", "u"), order("paid", "u")}, OrderStatusPaid, nil, []string{"GET", "GET", "POST"}},
		"somebody else's":  {"/?order_id=ord_1", []answer{order("paid", "v")}, "", ErrNoOrder, []string{"GET"}},
		"unknown":          {"/?order_id=ord_2", []answer{problem(404, "not_found")}, "", ErrNoOrder, []string{"GET"}},
		"none":             {"/", []answer{order("paid", "u")}, "", ErrNoOrder, nil},
	} {
		f := serve(t, c.answers...)
		client, _ := f.client(t)
		got, err := client.Returned(httptest.NewRequest("GET", c.address, nil), "u")
		var asked []string
		for _, r := range f.asked {
			asked = append(asked, r.Method)
		}
		if got.Status != c.want || !errors.Is(err, c.err) || !slices.Equal(asked, c.asked) {
			t.Errorf("%s: got %q, %v after %v", name, got.Status, err, asked)
		}
	}
}

func TestAtLeast_IsAskedFor(t *testing.T) {
	t.Parallel()
	f := serve(t, ok(yes))
	c, _ := f.client(t)
	for path, read := range map[string]func() error{
		"/api/entitlements/sso": func() error { _, err := c.Has(t.Context(), "u", "sso", AtLeast(7)); return err },
		"/api/entitlements":     func() error { _, err := c.Entitlements(t.Context(), "u", AtLeast(7)); return err },
		"/api/subscription":     func() error { _, err := c.Subscription(t.Context(), "u", AtLeast(7)); return err },
		"/api/orders":           func() error { _, err := c.Orders(t.Context(), "u", 10, "", AtLeast(7)); return err },
	} {
		if err := read(); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if asked := f.asked[len(f.asked)-1].URL; asked.Path != path || asked.Query().Get("at_least") != "7" || asked.Query().Get("user_id") != "u" {
			t.Errorf("asked for %s", asked)
		}
	}
}

// changesPage is a page of the feed with changes at these positions.
func changesPage(next int64, positions ...int64) answer {
	page := Changes{Next: next, Changes: []Change{}}
	for _, position := range positions {
		page.Changes = append(page.Changes, Change{Position: position, Kind: ChangeKindEnding, Ending: &Announcement{LeadSeconds: 86400}})
	}
	text, err := json.Marshal(page)
	if err != nil {
		panic(err)
	}
	return ok(string(text))
}

// Pages are handed over in order, each once, whatever comes in between; a page that was not
// taken is where the next reader goes on.
func TestFollowChanges_GoesOnFromWhatWasTaken(t *testing.T) {
	t.Parallel()
	f := serve(t, changesPage(2, 1, 2), changesPage(2), problem(503, "unavailable"), changesPage(5, 3), changesPage(6, 6))
	c, pauses := f.client(t, Retries(0))
	var taken []int64
	full := errors.New("full")
	err := c.FollowChanges(t.Context(), 0, func(_ context.Context, page Changes) error {
		if page.Next == 6 {
			return full
		}
		for _, change := range page.Changes {
			taken = append(taken, change.Position)
		}
		return nil
	})
	if !errors.Is(err, full) || !slices.Equal(taken, []int64{1, 2, 3}) {
		t.Errorf("took %v, and then %v", taken, err)
	}
	var after []string
	for _, r := range f.asked {
		after = append(after, r.URL.Query().Get("after")+" "+r.URL.Query().Get("wait"))
	}
	if want := []string{"0 20s", "2 20s", "2 20s", "2 20s", "5 20s"}; !slices.Equal(after, want) {
		t.Errorf("asked for what is after %v, want %v", after, want)
	}
	if want := []time.Duration{time.Second}; !slices.Equal(*pauses, want) {
		t.Errorf("waited %v, want %v", *pauses, want)
	}
}

func TestFollowChanges_EndsWithACursorThatIsOfNoUse(t *testing.T) {
	t.Parallel()
	f := serve(t, problem(410, "cursor_pruned"), changesPage(9))
	c, _ := f.client(t)
	err := c.FollowChanges(t.Context(), 3, func(context.Context, Changes) error { t.Error("took a page"); return nil })
	if p, is := problemOf(err); !is || p.Code != "cursor_pruned" {
		t.Errorf("got %v", err)
	}
	if last, err := c.LastChange(t.Context()); err != nil || last != 9 || f.asked[1].URL.RawQuery != "limit=0" {
		t.Errorf("the feed ends at %d, %v, by %s", last, err, f.asked[1].URL)
	}
}

func TestFollowChanges_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	f := serve(t, changesPage(1, 1))
	c, _ := f.client(t)
	ctx, stop := context.WithCancel(t.Context())
	err := c.FollowChanges(ctx, 0, func(context.Context, Changes) error { stop(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
