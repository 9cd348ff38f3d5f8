package workbench_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/debug"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/workbench"
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // what a test keeps is small, and there is room
	goleak.VerifyTestMain(m)
}

// bench is a workbench, and the sandbox that it drives.
type bench struct {
	t *testing.T
	*sandbox.Sandbox
	handler http.Handler
	held    []workbench.Right
	broken  error
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, Sandbox: sandbox.NewTest(t)}
	b.handler = workbench.New(workbench.Config{
		Box: b.Sandbox, Home: "/me", Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		User: func(http.ResponseWriter, *http.Request) string { return "ada" },
		Held: func(_ context.Context, user string) ([]workbench.Right, error) {
			if user != "ada" {
				return nil, b.broken
			}
			return b.held, b.broken
		},
	})
	return b
}

// subscribe has a user subscribe, and returns the subscription.
func (b *bench) subscribe(user string) sandbox.SubscriptionState {
	b.t.Helper()
	price, err := b.AddPrice(sandbox.PriceSpec{Product: "Pro", UnitAmount: 2000, Interval: "month"})
	if err != nil {
		b.t.Fatal(err)
	}
	id, err := b.CreateSubscription(sandbox.SubscriptionSpec{
		Customer: b.customer(), Items: []sandbox.SubscriptionItemSpec{{Price: price.ID, Quantity: 1}}, Metadata: map[string]string{"user_id": user},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.subscription(id)
}

func (b *bench) customer() string {
	b.t.Helper()
	return b.call("/v1/customers")
}

// call makes something through the API, and returns its id.
func (b *bench) call(path string, fields ...string) string {
	b.t.Helper()
	r := post("", fields...)
	r.URL.Path = path
	r.Header.Set("Authorization", "Bearer sk_test_1")
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	var made struct{ ID string }
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || made.ID == "" {
		b.t.Fatalf("%s: %v\n%s", path, err, w.Body)
	}
	return made.ID
}

func (b *bench) subscription(id string) sandbox.SubscriptionState {
	b.t.Helper()
	for _, s := range b.Subscriptions() {
		if s.ID == id {
			return s
		}
	}
	b.t.Fatalf("no subscription %s", id)
	return sandbox.SubscriptionState{}
}

func (b *bench) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

func (b *bench) shows(address string, want ...string) {
	b.t.Helper()
	w := b.send(httptest.NewRequest("GET", "http://localhost"+address, nil))
	for _, text := range want {
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), text) {
			b.t.Errorf("%s: %d, want it to show %q:\n%s", address, w.Code, text, w.Body)
		}
	}
}

func post(path string, fields ...string) *http.Request {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r := httptest.NewRequest("POST", "http://localhost/sandbox/"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// press sends a form that has to succeed.
func (b *bench) press(path string, fields ...string) {
	b.t.Helper()
	if w := b.send(post(path, fields...)); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/sandbox?done=") {
		b.t.Fatalf("%s: %d to %q:\n%s", path, w.Code, w.Header().Get("Location"), w.Body)
	}
}

func (b *bench) refuses(why, path string, fields ...string) {
	b.t.Helper()
	if w := b.send(post(path, fields...)); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), why) {
		b.t.Errorf("%s %v: %d, want it refused for %q:\n%s", path, fields, w.Code, why, w.Body)
	}
}

func TestWorkbench_ACardFailsAndPaysAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shows("/sandbox", "Nobody has subscribed yet.", "Nobody has paid yet.", "Nothing has happened yet.", "ada holds nothing now.")
	b.refuses("no period ends", "clock", "by", "period")
	sub := b.subscribe("ada")
	b.shows("/sandbox?done=clock", "Its card pays.", "$20.00", "customer.subscription.created", "The clock has moved")

	b.press("subscriptions/" + sub.ID + "/fail")
	b.press("clock", "by", "period")
	if got := b.subscription(sub.ID); got.Status != "past_due" || !b.Now().After(sub.PeriodEnd) {
		t.Fatalf("after a period whose card fails: %+v", got)
	}
	b.shows("/sandbox", "Its card fails.", "Its latest invoice is open.")
	b.press("subscriptions/" + sub.ID + "/pay")
	if got := b.subscription(sub.ID); got.Status != "active" || got.CardFails || got.OpenInvoice != "" {
		t.Errorf("after the card pays again: %+v", got)
	}
	b.press("subscriptions/" + sub.ID + "/cancel")
	b.shows("/sandbox", "It has ended.")
	b.refuses("canceled", "subscriptions/"+sub.ID+"/cancel")
}

// Ensure that a renewal whose card's owner is asked goes on as the owner answers.
func TestWorkbench_ACardsOwnerAuthenticatesOrFailsTo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sub := b.subscribe("ada")
	if err := b.SetCard(sub.ID, string(sandbox.AuthenticatesAlwaysCard)); err != nil {
		t.Fatal(err)
	}
	b.press("clock", "by", "period")
	waiting := b.Authentications()
	if len(waiting) != 1 || waiting[0].Amount != 2000 || waiting[0].Customer != sub.Customer {
		t.Fatalf("%+v waits, want the renewal", waiting)
	}
	b.shows("/sandbox", "waits for the bank", "Visa ending in 3184 asks its owner", `id="authenticate-`+waiting[0].ID+`"`)

	b.press("waiting/" + waiting[0].ID + "/fail")
	if still := b.Authentications(); len(still) != 0 || b.subscription(sub.ID).OpenInvoice == "" || len(b.Payments()) != 1 {
		t.Errorf("not authenticated: %+v waits, and the invoice is %q", still, b.subscription(sub.ID).OpenInvoice)
	}
	b.refuses("nothing waits", "waiting/"+waiting[0].ID+"/authenticate")

	for len(b.Authentications()) == 0 { // it is tried again some days later
		b.press("clock", "by", "day")
	}
	b.press("waiting/" + b.Authentications()[0].ID + "/authenticate")
	if got := b.subscription(sub.ID); got.Status != "active" || got.OpenInvoice != "" || len(b.Payments()) != 2 {
		t.Errorf("authenticated: %+v", got)
	}
}

// Ensure that a checkout waits once, and that a card that is declined all the same is no
// fault of the page.
func TestWorkbench_ACheckoutWaitsForTheBank(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	session := b.call("/v1/checkout/sessions", "mode", "payment", "success_url", "http://shop.example/done", "line_items[0][quantity]", "1",
		"line_items[0][price_data][currency]", "usd", "line_items[0][price_data][unit_amount]", "1500", "line_items[0][price_data][product_data][name]", "A book")
	if err := b.Buyer().Pays(session, "4000008260003178"); !errors.Is(err, sandbox.ErrAuthenticationRequired) {
		t.Fatal(err)
	}
	if waiting := b.Authentications(); len(waiting) != 1 || waiting[0].ID != session || waiting[0].Amount != 1500 {
		t.Fatalf("%+v waits, want the session", waiting)
	}
	b.press("waiting/" + session + "/authenticate")
	b.shows("/sandbox", "Nobody has paid yet.")
}

func TestWorkbench_TheClockGoesAsFarAsItSays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, by := range []string{"hour", "day", "month", "year"} {
		want := map[string]func() int64{
			"hour": func() int64 { return b.Now().Unix() + 3600 }, "day": func() int64 { return b.Now().AddDate(0, 0, 1).Unix() },
			"month": func() int64 { return b.Now().AddDate(0, 1, 0).Unix() }, "year": func() int64 { return b.Now().AddDate(1, 0, 0).Unix() },
		}[by]()
		b.press("clock", "by", by)
		if got := b.Now().Unix(); got < want || got > want+30 {
			t.Errorf("a click on %s: it is %d, want %d", by, got, want)
		}
	}
	b.refuses("how far", "clock", "by", "decade")
}

func TestWorkbench_MoneyGoesBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.subscribe("ada")
	b.subscribe("bob")
	first, second := b.Payments()[1].ID, b.Payments()[0].ID
	b.press("payments/"+first+"/refund", "amount", "12.50")
	b.shows("/sandbox", "$12.50 went back, $7.50 is left.")
	b.refuses("is not an amount", "payments/"+first+"/refund", "amount", "a lot")
	b.press("payments/"+first+"/refund", "amount", "")
	if p := b.Payments()[1]; p.Refunded != 2000 {
		t.Errorf("got %d refunded, want all", p.Refunded)
	}
	b.refuses("no such payment", "payments/ch_none/refund")

	b.press("payments/" + second + "/dispute")
	dispute := b.Payments()[0].Dispute
	b.press("disputes/" + dispute + "/lose")
	if got := b.Payments()[0].DisputeStatus; got != "lost" {
		t.Errorf("the dispute is %s, want it lost", got)
	}
	b.press("disputes/" + dispute + "/win")
	if got := b.Payments()[0].DisputeStatus; got != "won" {
		t.Errorf("the dispute is %s, want it won", got)
	}
}

func TestWorkbench_EventsAreShownWithTheirAnswersAndSentAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	answers := http.StatusOK
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(answers) }))
	t.Cleanup(endpoint.Close)
	b.AddWebhookEndpoint(endpoint.URL, "whsec_1", "customer.created")
	b.customer()
	if err := b.WaitDelivered(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.shows("/sandbox", "succeeded, 200")
	b.press("events/" + b.Events()[0].ID + "/resend")
	if err := b.WaitDelivered(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(b.Deliveries()); got != 2 {
		t.Errorf("got %d deliveries, want 2", got)
	}
	b.refuses("no such event", "events/evt_none/resend")
}

// Of a long life the page shows what is new.
func TestWorkbench_ShowsTheNewestOfMany(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sub := b.subscribe("ada")
	for range 52 {
		if err := b.RenewSubscription(sub.ID, true); err != nil {
			t.Fatal(err)
		}
	}
	page := b.send(httptest.NewRequest(http.MethodGet, "http://127.0.0.1/sandbox", nil)).Body.String()
	newest := b.EventsFrom(b.CountEvents() - 1)[0]
	if n := strings.Count(page, `id="refund-`); n != 50 || !strings.Contains(page, "3 older ones are not shown") || !strings.Contains(page, "resend-"+newest.ID) {
		t.Errorf("the page has %d of 53 payments", n)
	}
	if n := strings.Count(page, `id="resend-`); n != 50 {
		t.Errorf("the page has %d events", n)
	}
}

func TestWorkbench_ThingsGoWrongAndNoMore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.refuses("whole number", "chaos", "seed", "x")
	b.press("chaos", "seed", "7")
	if got := b.Chaos(); got != sandbox.DefaultChaos(7) {
		t.Errorf("got %+v", got)
	}
	b.shows("/sandbox", "by seed 7")
	b.press("calm")
	if got := b.Chaos(); got != (sandbox.Chaos{}) {
		t.Errorf("got %+v, want none", got)
	}
	for _, fault := range []string{"500", "429", "lost"} {
		b.press("fault", "request", "POST /v1/customers", "fault", fault)
	}
	b.shows("/sandbox", "<code>POST /v1/customers</code>")
	if got := len(b.PlannedFaults()); got != 3 {
		t.Errorf("got %d planned, want 3", got)
	}
	b.refuses("choose the request", "fault", "request", "POST nonsense", "fault", "500")
	b.refuses("how it is to fail", "fault", "request", "POST /v1/customers", "fault", "900")
}

func TestWorkbench_ShowsWhatAnyUserHolds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.held = []workbench.Right{{Feature: "sso", Value: "yes", Plans: "Pro"}}
	b.shows("/sandbox", `data-feature="sso"`, "no end")
	b.shows("/sandbox?user=bob%3C", "bob&lt; holds nothing now.")
	back := post("clock", "by", "hour")
	back.Header.Set("Referer", "http://localhost/sandbox?user=bob")
	if to := b.send(back).Header().Get("Location"); to != "/sandbox?done=clock&user=bob#clock" {
		t.Errorf("a form leads back to %q, want to the same user", to)
	}
	b.broken = errors.New("no database")
	b.shows("/sandbox", "The service does not say.")
}

func TestWorkbench_LeadsSubscribersToThePortal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	visit := func(path string) *httptest.ResponseRecorder {
		return b.send(httptest.NewRequest("GET", "http://localhost"+path, nil))
	}
	if w := visit(workbench.PortalPath); w.Code != http.StatusNotFound || workbench.Subscribed(b.Sandbox, "ada") {
		t.Errorf("who has no subscription gets %d", w.Code)
	}
	sub := b.subscribe("ada")
	if !workbench.Subscribed(b.Sandbox, "ada") || workbench.Subscribed(b.Sandbox, "bob") {
		t.Error("want ada to have a subscription, and bob none")
	}
	for _, path := range []string{workbench.PortalPath, workbench.PortalPath + "?customer=" + sub.Customer} {
		if to := visit(path).Header().Get("Location"); !strings.HasPrefix(to, b.URL()+"/p/session/") {
			t.Errorf("%s leads to %q", path, to)
		}
	}
	if w := visit(workbench.PortalPath + "?customer=cus_none"); w.Code != http.StatusNotFound {
		t.Errorf("an unknown customer gets %d", w.Code)
	}
}

// Ensure that no other site's page gets in, by a form or by a name of its own.
func TestWorkbench_IsForThisMachineAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	foreign := post("chaos", "seed", "1")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	if w := b.send(foreign); w.Code != http.StatusForbidden || b.Chaos() != (sandbox.Chaos{}) {
		t.Errorf("another site's form gets %d", w.Code)
	}
	if w := b.send(httptest.NewRequest("GET", "http://evil.example/sandbox", nil)); w.Code != http.StatusMisdirectedRequest {
		t.Errorf("another host's name gets %d", w.Code)
	}
}
