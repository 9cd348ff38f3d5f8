package pages_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/adapters/pages"
	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func catalog() domain.Catalog {
	return domain.Catalog{
		Features: map[domain.FeatureKey]domain.Feature{
			"sso":      {Key: "sso", Type: domain.FeatureFlag},
			"projects": {Key: "projects", Type: domain.FeatureLimit},
			"seats":    {Key: "seats", Type: domain.FeatureLimit, PerUnit: true},
		},
		Plans: map[domain.PlanKey]domain.Plan{
			"basic": {
				Key: "basic", Name: "Basic", Description: "Enough to begin with", Mode: domain.ModePayment,
				ValidFor: 365 * 24 * time.Hour,
				Prices:   []domain.Price{{Key: "once", ID: "price_basic"}},
				Grants:   map[domain.FeatureKey]domain.Value{"projects": domain.Limit(10)},
				Checkout: domain.CheckoutOptions{MaxQuantity: 1},
			},
			"pro": {
				Key: "pro", Name: "Pro", Mode: domain.ModeSubscription, Group: "main", TrialDays: 14,
				Prices: []domain.Price{{Key: "monthly", LookupKey: "pro_monthly"}, {Key: "yearly", LookupKey: "pro_yearly"}},
				Grants: map[domain.FeatureKey]domain.Value{
					"sso": domain.Flag(), "projects": domain.Limit(100), "seats": domain.Limit(5),
				},
				Checkout: domain.CheckoutOptions{MaxQuantity: 20},
			},
		},
	}
}

func prices() []ports.StripePrice {
	return []ports.StripePrice{
		{ID: "price_basic", Active: true, Amount: 4900, Currency: "eur"},
		{ID: "price_m", LookupKey: "pro_monthly", Active: true, Amount: 1950, Currency: "eur", Interval: "month", IntervalCount: 1},
		{ID: "price_y", LookupKey: "pro_yearly", Active: true, Amount: 199000, Currency: "eur", Interval: "year", IntervalCount: 1},
	}
}

func handler(c domain.Catalog, gateway *memory.Gateway) http.Handler {
	return handlerAt(clock, c, gateway)
}

func handlerAt(clock ports.Clock, c domain.Catalog, gateway *memory.Gateway) http.Handler {
	return pages.New(pages.Config{
		Plans:    app.NewListPlans(c, app.NewPrices(gateway, c, clock)),
		Features: c.Features,
		SignIn: func(w http.ResponseWriter, _ *http.Request) string {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "s1"})
			return "user_1"
		},
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
}

func clock() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func shop() http.Handler { return handler(catalog(), memory.NewGateway(clock, prices()...)) }

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, target, nil))
	return answer
}

// squeeze makes a page comparable whatever its indentation.
func squeeze(page string) string { return regexp.MustCompile(`\s+`).ReplaceAllString(page, " ") }

func wantAll(t *testing.T, page string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(squeeze(page), part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	if t.Failed() {
		t.Log(page)
	}
}

func TestPricing_ShowsWhatIsForSale(t *testing.T) {
	t.Parallel()
	answer := get(shop(), "/")
	if answer.Code != http.StatusOK {
		t.Fatalf("got status %d, want 200", answer.Code)
	}
	if got := answer.Result().Cookies(); len(got) != 1 || got[0].Name != "session" {
		t.Errorf("got cookies %v, want the session's", got)
	}
	wantAll(t, answer.Body.String(),
		"Sandbox: no real money moves", "4242 4242 4242 4242", "4000 0000 0000 0002",
		`data-plan="basic"`, "disabled>Choose Basic</button>", "Enough to begin with", "€49", "once", "Yours for one year", "10 projects",
		`data-plan="pro"`, "disabled>Choose Pro</button>", "First 14 days free",
		`data-price="monthly"><span class="amount">€19.50</span> <span class="period">/month, each</span>`,
		`<span class="amount">€1,990</span> <span class="period">/year, each</span>`,
		`name="price-pro" value="monthly" autocomplete="off" checked`, `name="price-pro" value="yearly"`,
		"100 projects", "5 seats each", "SSO", `max="20"`, "user_1",
	)
	if strings.Contains(answer.Body.String(), `id="canceled"`) {
		t.Error("the page speaks of a canceled payment that nobody canceled")
	}
}

func TestPricing_AfterCanceling(t *testing.T) {
	t.Parallel()
	wantAll(t, get(shop(), "/?canceled=1").Body.String(), "Nothing was bought")
}

func TestPricing_LeavesOutWhatStripeDoesNotSell(t *testing.T) {
	t.Parallel()
	h := handler(catalog(), memory.NewGateway(clock, prices()[:2]...))
	page := get(h, "/").Body.String()
	if strings.Contains(page, "/year") || strings.Contains(page, `type="radio"`) {
		t.Error("a price that is not sold is offered, or a choice of one")
	}
	wantAll(t, page, `data-price="monthly"`)

	none := handler(catalog(), memory.NewGateway(clock))
	wantAll(t, get(none, "/").Body.String(), "Nothing is for sale")
}

// A price without one amount is not shown as free.
func TestPricing_SaysHowAPriceWithoutOneAmountIsFound(t *testing.T) {
	t.Parallel()
	monthly := ports.StripePrice{LookupKey: "pro_monthly", ID: "price_m", Active: true, Currency: "eur", Interval: "month", IntervalCount: 1}
	for name, c := range map[string]struct {
		change    func(*ports.StripePrice)
		want      string
		countable bool
	}{
		"in tiers":          {func(p *ports.StripePrice) { p.AmountUnknown, p.Tiered = true, true }, `<span class="amount">By volume</span> <span class="period">/month</span>`, true},
		"by use":            {func(p *ports.StripePrice) { p.AmountUnknown, p.Metered = true, true }, `<span class="amount">By use</span> <span class="period">/month</span>`, false},
		"each use":          {func(p *ports.StripePrice) { p.Amount, p.Metered = 5, true }, `<span class="amount">€0.05</span> <span class="period">per unit used</span>`, false},
		"in some other way": {func(p *ports.StripePrice) { p.AmountUnknown = true }, `<span class="amount">Shown at checkout</span> <span class="period">/month</span>`, true},
		"free":              {func(*ports.StripePrice) {}, `<span class="amount">€0</span> <span class="period">/month, each</span>`, true},
	} {
		price := monthly
		c.change(&price)
		page := get(handler(catalog(), memory.NewGateway(clock, price)), "/").Body.String()
		wantAll(t, page, c.want)
		if strings.Contains(page, `type="number"`) != c.countable {
			t.Errorf("%s: asks for a quantity: %t, want %t", name, !c.countable, c.countable)
		}
	}
	archived := monthly
	archived.Archived = true
	wantAll(t, get(handler(catalog(), memory.NewGateway(clock, archived)), "/").Body.String(), "Nothing is for sale")
}

func TestPricing_SaysHowToMendWhenPricesCannotBeRead(t *testing.T) {
	t.Parallel()
	later := time.Duration(0)
	gateway := memory.NewGateway(clock, prices()...)
	h := handlerAt(func() time.Time { return clock().Add(later) }, catalog(), gateway)
	gateway.FailNext(errors.New("secret words for the log"))
	answer := get(h, "/")
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" {
		t.Errorf("got status %d and Retry-After %q, want 503 and a time", answer.Code, answer.Header().Get("Retry-After"))
	}
	wantAll(t, answer.Body.String(), "Prices cannot be read right now", "STRIPE_SECRET_KEY")
	if strings.Contains(answer.Body.String(), "secret words") {
		t.Error("the error's own words reached the page")
	}
	later, _ = time.ParseDuration(answer.Header().Get("Retry-After") + "s")
	if again := get(h, "/"); again.Code != http.StatusOK {
		t.Errorf("got status %d when prices can be read again, want 200", again.Code)
	}
}

func TestPages_StandWithoutPrices(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/return?order_id=order_1", "/me"} {
		gateway := memory.NewGateway(clock, prices()...)
		gateway.FailNext(errors.New("away"))
		if answer := get(handler(catalog(), gateway), path); answer.Code != http.StatusOK {
			t.Errorf("%s: got status %d, want 200", path, answer.Code)
		}
	}
}

func TestReturn_PromisesNothing(t *testing.T) {
	t.Parallel()
	answer := get(shop(), "/return?order_id=order_1")
	if answer.Code != http.StatusOK {
		t.Fatalf("got status %d, want 200", answer.Code)
	}
	wantAll(t, answer.Body.String(), `id="status"`, `data-status="unknown"`, `role="status"`, `aria-live="polite"`,
		`id="entitlements"`, `id="empty"`, "/assets/return.js?v=", `&#34;pro&#34;:&#34;Pro&#34;`)
	if strings.Contains(answer.Body.String(), "You now have") {
		t.Error("the page takes the redirect for a payment")
	}
}

func TestMe_HasAPlaceForEverything(t *testing.T) {
	t.Parallel()
	wantAll(t, get(shop(), "/me").Body.String(), "My account", `id="plan-name"`, `id="change-form"`, `id="cancel-form"`,
		`id="card"`, `id="invoices"`, `id="orders"`, `id="entitlements"`, `id="empty"`,
		"/assets/me.js?v=", `&#34;sso&#34;:&#34;SSO&#34;`, `&#34;jpy&#34;:0`, `&#34;usd&#34;:&#34;$&#34;`)
}

func TestPages_EveryAnswerIsSecured(t *testing.T) {
	t.Parallel()
	const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|[^>]</script>|javascript:`)
	for _, path := range []string{"/", "/return", "/me", "/nowhere", "/assets/app.css", "/assets/none.js"} {
		answer := get(shop(), path)
		for name, want := range map[string]string{
			"Content-Security-Policy": policy,
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "same-origin",
		} {
			if got := answer.Header().Get(name); got != want {
				t.Errorf("%s: got %s %q, want %q", path, name, got, want)
			}
		}
		if strings.HasPrefix(answer.Header().Get("Content-Type"), "text/html") {
			if found := inline.FindString(answer.Body.String()); found != "" {
				t.Errorf("%s: %q is inline, and the policy forbids it", path, found)
			}
		}
	}
}

func TestPages_EscapeWhatTheCatalogSays(t *testing.T) {
	t.Parallel()
	const hostile = `</script><img src=x onerror=alert(1)>"'`
	c := catalog()
	pro := c.Plans["pro"]
	pro.Name, pro.Description = hostile, hostile
	pro.Grants = map[domain.FeatureKey]domain.Value{hostile: domain.Flag()}
	c.Plans["pro"] = pro
	h := handler(c, memory.NewGateway(clock, prices()...))
	for _, path := range []string{"/", "/return", "/me"} {
		if page := get(h, path).Body.String(); strings.Contains(page, "<img src=x") || strings.Contains(page, `"'"`) {
			t.Errorf("%s: the catalog's words became markup", path)
		}
	}
}

func TestPages_AnythingElseIsNotFound(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/nowhere", "/me/", "/return/x", "/assets/", "/assets/none.js", "/index.html"} {
		answer := get(shop(), path)
		if answer.Code != http.StatusNotFound || !strings.Contains(answer.Body.String(), "There is no such page") {
			t.Errorf("%s: got status %d, want 404 in words", path, answer.Code)
		}
	}
}

func TestAssets_AreKeptForEverUnderTheirHash(t *testing.T) {
	t.Parallel()
	h := shop()
	linked := regexp.MustCompile(`/assets/[a-z.]+\?v=[0-9a-f]+`).FindAllString(get(h, "/").Body.String(), -1)
	if len(linked) < 3 {
		t.Fatalf("got assets %v, want an icon, a style sheet and a script", linked)
	}
	for _, url := range linked {
		answer := get(h, url)
		if got := answer.Header().Get("Cache-Control"); answer.Code != http.StatusOK || !strings.Contains(got, "immutable") {
			t.Errorf("%s: got status %d and Cache-Control %q, want 200 and immutable", url, answer.Code, got)
		}
	}

	plain := get(h, "/assets/api.js")
	if got := plain.Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("without a hash: got Cache-Control %q, want no-cache", got)
	}
	if got := plain.Header().Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("got Content-Type %q, want a module's", got)
	}
	request := httptest.NewRequest(http.MethodGet, "/assets/api.js", nil)
	request.Header.Set("If-None-Match", plain.Header().Get("ETag"))
	again := httptest.NewRecorder()
	h.ServeHTTP(again, request)
	if again.Code != http.StatusNotModified {
		t.Errorf("got status %d for a known version, want 304", again.Code)
	}
}

// Markup made from data is how a page gets scripts it did not bring.
func TestScripts_WriteTextOnly(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("assets/*.js")
	if err != nil || len(scripts) < 6 {
		t.Fatalf("got scripts %v and error %v", scripts, err)
	}
	for _, name := range scripts {
		name = filepath.Base(name)
		script := get(shop(), "/assets/"+name)
		if script.Code != http.StatusOK {
			t.Errorf("%s: got status %d, want 200", name, script.Code)
		}
		for _, forbidden := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("} {
			if strings.Contains(script.Body.String(), forbidden) {
				t.Errorf("%s uses %s", name, forbidden)
			}
		}
	}
}

func TestPages_LeadToTheWorkbench(t *testing.T) {
	t.Parallel()
	get := func(c pages.Config, path string) string {
		c.Plans = app.NewListPlans(catalog(), app.NewPrices(memory.NewGateway(clock), catalog(), clock))
		c.SignIn = func(http.ResponseWriter, *http.Request) string { return "user_1" }
		c.Logger = slog.New(slog.DiscardHandler)
		w := httptest.NewRecorder()
		pages.New(c).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Body.String()
	}
	if page := get(pages.Config{Workbench: "/bench"}, "/me"); !strings.Contains(page, `href="/bench"`) {
		t.Errorf("want a link in\n%s", page)
	}
	if page := get(pages.Config{}, "/me"); strings.Contains(page, "Workbench") {
		t.Errorf("want no link in\n%s", page)
	}
}

func TestPricing_APlanForEverybodyHasNoButton(t *testing.T) {
	t.Parallel()
	c := catalog()
	c.Plans["free"] = domain.Plan{Key: "free", Name: "Free", Default: true, Grants: map[domain.FeatureKey]domain.Value{"projects": domain.Limit(3)}}
	page := get(handler(c, memory.NewGateway(clock, prices()...)), "/").Body.String()
	wantAll(t, page, `data-card="free" data-default`, `<span class="amount">Free</span>`, "For everybody", "3 projects")
	if strings.Contains(page, `data-plan="free"`) {
		t.Error("what everybody holds can be bought")
	}
}

func TestPages_AreOnlyRead(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/return", "/me", "/assets/app.css"} {
		answer := httptest.NewRecorder()
		shop().ServeHTTP(answer, httptest.NewRequest(http.MethodPost, path, nil))
		if answer.Code != http.StatusMethodNotAllowed || answer.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("POST %s: got status %d and Allow %q, want 405 and GET, HEAD", path, answer.Code, answer.Header().Get("Allow"))
		}
		wantAll(t, answer.Body.String(), "This page is only to be read")
	}
}

func TestError_SaysItInWords(t *testing.T) {
	t.Parallel()
	site := handler(catalog(), memory.NewGateway(clock, prices()...)).(*pages.Pages)
	for status, want := range map[int]string{
		http.StatusNotFound:           "There is no such page",
		http.StatusMethodNotAllowed:   "only to be read",
		http.StatusMisdirectedRequest: "not where the service lives",
		http.StatusServiceUnavailable: "The database is away.",
	} {
		answer := httptest.NewRecorder()
		site.Error(answer, httptest.NewRequest(http.MethodGet, "/x", nil), status, "the database is away")
		if answer.Code != status || answer.Header().Get("Content-Security-Policy") == "" || len(answer.Result().Cookies()) > 0 {
			t.Errorf("%d: got status %d, headers %v", status, answer.Code, answer.Header())
		}
		wantAll(t, answer.Body.String(), want)
	}
	answer := httptest.NewRecorder()
	site.Error(answer, httptest.NewRequest(http.MethodGet, "/x", nil), http.StatusInternalServerError, "")
	wantAll(t, answer.Body.String(), "The log of the service says why.")
}
