package sandbox_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// goodForm is what a buyer with a good card submits.
func goodForm() url.Values {
	return url.Values{
		"method": {"card"}, "cardNumber": {"4242 4242 4242 4242"}, "cardExpiry": {"12/40"}, "cardCvc": {"123"},
		"cardName": {"Ada Lovelace"}, "email": {"ada@example.com"}, "action": {"pay"},
	}
}

func (s *shop) visit(page string) (int, string) {
	s.t.Helper()
	resp, err := s.http.Get(page)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, body(s.t, resp)
}

// submit returns the answer's status, where it redirects to, and its page. Where the page is
// shown again, it is that one, at the address that the form leads to.
func (s *shop) submit(page string, form url.Values) (int, string, string) {
	s.t.Helper()
	resp, err := s.http.PostForm(page, form)
	if err != nil {
		s.t.Fatal(err)
	}
	if to := resp.Header.Get("Location"); strings.Contains(to, "?again=") {
		body(s.t, resp)
		status, shown := s.visit(s.URL() + to)
		return status, "", shown
	}
	return resp.StatusCode, resp.Header.Get("Location"), body(s.t, resp)
}

func wantText(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("no %q on the page:\n%s", text, page)
		}
	}
}

func TestPage_ShowsWhatIsBought(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	yen := s.mustPrice(sandbox.PriceSpec{Product: "<b>Tokyo</b>", UnitAmount: 1500, Currency: "jpy"})
	for name, tt := range map[string]struct {
		params *stripe.CheckoutSessionParams
		want   []string
	}{
		"one-time": {params("payment", s.once), []string{"Basic", "$49.00", `id="pay" name="action" value="pay">Pay<`}},
		"monthly":  {params("subscription", s.monthly), []string{"Pro", "$20.00 per month", ">Subscribe</button>"}},
		"no cents": {params("payment", yen), []string{"¥1,500", "&lt;b&gt;Tokyo&lt;/b&gt;"}},
	} {
		t.Run(name, func(t *testing.T) {
			status, page := s.visit(s.open(tt.params).URL)
			if status != http.StatusOK {
				t.Errorf("got %d", status)
			}
			wantText(t, page, append(tt.want, "Sandbox - no real money", `name="viewport"`, `id="cancel" href="http://app.example/pricing"`,
				`id="cardNumber"`, `id="cardExpiry"`, `id="cardCvc"`, `id="method-bank_debit"`, `id="delayed"`, "4242 4242 4242 4242", "4000 0000 0000 0259")...)
			if strings.Contains(page, "<script") {
				t.Errorf("there is a script on the page")
			}
		})
	}
}

func TestPage_IsStrictAboutWhatItLoads(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	resp, err := s.http.Get(s.open(params("payment", s.once)).URL)
	if err != nil {
		t.Fatal(err)
	}
	body(t, resp)
	policy := resp.Header.Get("Content-Security-Policy")
	wantText(t, policy, "default-src 'none'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self' http: https:")
	if status, css := s.visit(s.URL() + "/c/style.css"); status != http.StatusOK || !strings.Contains(css, "body") {
		t.Errorf("style sheet: got %d", status)
	}
}

func TestPage_PaysAndRedirects(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cs := s.open(params("subscription", s.monthly))
	status, location, _ := s.submit(cs.URL, goodForm())
	if status != http.StatusSeeOther || location != "http://app.example/done?session="+cs.ID {
		t.Errorf("got %d to %s", status, location)
	}
	// The buyer goes on when the shop has heard of it.
	if !slices.Contains(s.endpoint.types(), "checkout.session.completed") {
		t.Errorf("redirected before the webhook")
	}
	got := s.session(cs.ID)
	if got.Status != "complete" || got.CustomerDetails.Name != "Ada Lovelace" || got.Customer.Email != "ada@example.com" {
		t.Errorf("got %+v", got)
	}
	if status, page := s.visit(cs.URL); status != http.StatusOK || !strings.Contains(page, "already completed") {
		t.Errorf("the page afterwards: got %d %s", status, page)
	}
}

func TestPage_WaitsForTheWebhookOnlySoLong(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithRedirectWait(30*time.Millisecond), sandbox.WithRetryPolicy(sandbox.RetryPolicy{Base: time.Hour, Attempts: 2}))
	s.endpoint.answerNext(500, 500, 500, 500)
	cs := s.open(params("payment", s.once))
	if status, _, _ := s.submit(cs.URL, goodForm()); status != http.StatusSeeOther {
		t.Errorf("got %d", status)
	}
}

func TestPage_SubmittedTwicePaysOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cs := s.open(params("payment", s.once))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if status, location, _ := s.submit(cs.URL, goodForm()); status != http.StatusSeeOther || !strings.HasSuffix(location, cs.ID) {
				t.Errorf("got %d to %s", status, location)
			}
		})
	}
	wg.Wait()
	n := 0
	for it := s.api.Charges.List(nil); it.Next(); n++ {
	}
	if n != 1 {
		t.Errorf("got %d charges, want one", n)
	}
}

func TestPage_DeclinesAndLetsTryAgain(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]func(*shop) *stripe.CheckoutSessionParams{
		"payment":      func(s *shop) *stripe.CheckoutSessionParams { return params("payment", s.once) },
		"subscription": func(s *shop) *stripe.CheckoutSessionParams { return params("subscription", s.monthly) },
		"trial": func(s *shop) *stripe.CheckoutSessionParams {
			p := params("subscription", s.monthly)
			p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialPeriodDays: stripe.Int64(7)}
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			cs := s.open(p(s))
			form := goodForm()
			form.Set("cardNumber", "4000 0000 0000 0002")
			status, _, page := s.submit(cs.URL, form)
			if status != http.StatusOK {
				t.Errorf("got %d", status)
			}
			wantText(t, page, "Your card was declined.", `role="alert"`)
			if got := s.session(cs.ID).Status; got != "open" {
				t.Errorf("got %s, want open", got)
			}
			if status, _, _ := s.submit(cs.URL, goodForm()); status != http.StatusSeeOther {
				t.Errorf("second try: got %d", status)
			}
			if got := s.session(cs.ID).Status; got != "complete" {
				t.Errorf("got %s, want complete", got)
			}
		})
	}
}

func TestPage_ExplainsWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("payment", s.once)
	p.ConsentCollection = &stripe.CheckoutSessionConsentCollectionParams{TermsOfService: stripe.String("required")}
	cs := s.open(p)
	for field, tt := range map[string]struct{ value, want string }{
		"cardNumber": {"4111 1111 1111 1111", "not one of the sandbox"},
		"cardExpiry": {"01/20", "expiration date"},
		"cardCvc":    {"1", "security code"},
		"method":     {"card", "Your card number is incomplete"},
		"consent":    {"", "terms of service"},
	} {
		form := goodForm()
		form.Set("consent", "accepted")
		form.Set(field, tt.value)
		if field == "method" {
			form.Set("cardNumber", "42")
		}
		_, _, page := s.submit(cs.URL, form)
		wantText(t, page, tt.want)
	}
	if got := s.session(cs.ID).Status; got != "open" {
		t.Errorf("got %s, want open", got)
	}
	form := goodForm()
	form.Set("consent", "accepted")
	s.submit(cs.URL, form)
	if got := s.session(cs.ID); got.Consent.TermsOfService != "accepted" {
		t.Errorf("got %+v", got.Consent)
	}
}

// Ensure that each error is beside its field, and the first of them has the focus.
func TestPage_ErrorsAreBesideTheirFields(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("payment", s.once)
	p.ConsentCollection = &stripe.CheckoutSessionConsentCollectionParams{TermsOfService: stripe.String("required")}
	p.LineItems[0].AdjustableQuantity = &stripe.CheckoutSessionLineItemAdjustableQuantityParams{
		Enabled: stripe.Bool(true), Minimum: stripe.Int64(1), Maximum: stripe.Int64(5),
	}
	cs := s.open(p)
	form := goodForm()
	form.Set("cardExpiry", "01/20")
	form.Set("cardCvc", "1")
	_, _, page := s.submit(cs.URL, form)
	wantText(t, page, `aria-describedby="cardExpiry-error" autofocus`, `id="cardExpiry-error">`, `id="cardCvc-error">`,
		`aria-describedby="consent-error">`, `id="consent-error">Please accept`, `value="4242 4242 4242 4242" placeholder`)
	if n := strings.Count(page, "autofocus"); n != 1 || strings.Contains(page, `role="alert"`) {
		t.Errorf("%d fields want the focus:\n%s", n, page)
	}
	form = goodForm()
	_, _, page = s.submit(cs.URL, form)
	wantText(t, page, `aria-describedby="consent-error" autofocus`)
	form.Set("consent", "accepted")
	form.Set("quantity0", "9")
	_, _, page = s.submit(cs.URL, form)
	wantText(t, page, `aria-describedby="quantity0-error" autofocus`, `id="quantity0-error">Please choose a quantity from 1 to 5.`, `value="accepted" checked`)
	form.Del("quantity0")
	form.Set("cardNumber", "4000 0000 0000 0002")
	_, _, page = s.submit(cs.URL, form)
	wantText(t, page, `role="alert" tabindex="-1" autofocus>Your card was declined.`)
}

func TestPage_OneClickFillsInATestCard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cs := s.open(params("payment", s.once))
	_, _, page := s.submit(cs.URL, url.Values{"testCard": {"4000 0000 0000 0259"}, "email": {"ada@example.com"}, "method": {"bank_debit"}})
	wantText(t, page, `value="4000 0000 0000 0259" placeholder`, `name="cardCvc" value="123"`, `value="ada@example.com"`,
		`value="card" checked`, `name="action" value="pay" autofocus`, "The test card is filled in.")
	if got := s.session(cs.ID); got.Status != "open" {
		t.Errorf("the session is %s: nobody has paid yet", got.Status)
	}
}

// A form leads to a page with an address, which a browser goes back to without asking
// whether to send the form again.
func TestPage_EachFormLeadsOn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cs := s.open(params("payment", s.once))
	bad, declined := goodForm(), goodForm()
	bad.Set("cardNumber", "1")
	declined.Set("cardNumber", string(sandbox.DeclinedCard))
	var first string
	for name, form := range map[string]url.Values{"fill in": {"testCard": {string(sandbox.GoodCard)}}, "a bad field": bad, "declined": declined} {
		resp := must[*http.Response](t)(s.http.PostForm(cs.URL, form))
		body(t, resp)
		if first = resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(first, "/c/pay/"+cs.ID+"?again=") {
			t.Errorf("%s: got %d to %q", name, resp.StatusCode, first)
		}
	}
	other := s.open(params("payment", s.once))
	_, page := s.visit(other.URL + first[strings.Index(first, "?"):])
	wantText(t, page, `name="cardNumber" value=""`)
	for range 101 {
		s.submit(other.URL, url.Values{"testCard": {string(sandbox.GoodCard)}})
	}
	_, page = s.visit(s.URL() + first)
	wantText(t, page, `name="cardNumber" value=""`)
	s.submit(s.URL()+first, goodForm()) // as the page that is shown there does
	_, page = s.visit(s.URL() + first)
	wantText(t, page, "You have already completed this checkout.")
}

func TestPage_BankDebitSettlesLater(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[string]string{"succeeds": "checkout.session.async_payment_succeeded", "fails": "checkout.session.async_payment_failed"} {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, sandbox.WithDelayedAfter(50*time.Millisecond))
			cs := s.open(params("subscription", s.monthly))
			form := url.Values{"method": {"bank_debit"}, "delayed": {outcome}, "action": {"pay"}}
			if status, _, page := s.submit(cs.URL, form); status != http.StatusSeeOther {
				t.Fatalf("got %d %s", status, page)
			}
			e := s.event("checkout.session.completed")
			if got := e.GetObjectValue("payment_status"); got != "unpaid" {
				t.Errorf("completed as %s", got)
			}
			deadline := time.Now().Add(10 * time.Second)
			for !slices.Contains(s.endpoint.types(), want) {
				if time.Now().After(deadline) {
					t.Fatalf("no %s, but %v", want, s.endpoint.types())
				}
				time.Sleep(5 * time.Millisecond)
			}
			deleted := slices.Contains(s.endpoint.types(), "customer.subscription.deleted")
			s.idle()
			deleted = deleted || slices.Contains(s.endpoint.types(), "customer.subscription.deleted")
			if deleted != (outcome == "fails") {
				t.Errorf("customer.subscription.deleted was sent: %v", deleted)
			}
		})
	}
}

func TestPage_StartsATrial(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("subscription", s.monthly)
	p.LineItems[0].Quantity = stripe.Int64(2)
	p.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialPeriodDays: stripe.Int64(14)}
	cs := s.open(p)
	ends := params("subscription", s.monthly)
	ends.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialEnd: stripe.Int64(time.Now().AddDate(0, 0, 9).Unix())}
	_, until := s.visit(s.open(ends).URL)
	wantText(t, until, "Free until", "Then $20.00 is due.")
	_, page := s.visit(cs.URL)
	wantText(t, page, "Start trial", "14 days free", "Then $40.00 is due.", `id="total">$0.00`, `id="cardNumber"`)
	if strings.Contains(page, "bank_debit") {
		t.Errorf("a trial offers a delayed payment of nothing")
	}
	s.submit(cs.URL, goodForm())
	if got := s.session(cs.ID).Subscription.Status; got != "trialing" {
		t.Errorf("got %s", got)
	}
	p.PaymentMethodCollection = stripe.String("if_required")
	cs = s.open(p)
	if _, page := s.visit(cs.URL); strings.Contains(page, "cardNumber") {
		t.Errorf("a card is asked for though none is required")
	}
	if status, _, _ := s.submit(cs.URL, url.Values{"action": {"pay"}}); status != http.StatusSeeOther {
		t.Errorf("without a card: got %d", status)
	}
}

func TestPage_AdjustsTheQuantityBeforePaying(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("subscription", s.monthly)
	p.LineItems[0].AdjustableQuantity = &stripe.CheckoutSessionLineItemAdjustableQuantityParams{Enabled: stripe.Bool(true), Maximum: stripe.Int64(5)}
	cs := s.open(p)
	form := goodForm()
	form.Set("quantity0", "3")
	status, _, page := s.submit(cs.URL, form)
	wantText(t, page, `id="total">$60.00`, "check the new total")
	if status != http.StatusOK || s.session(cs.ID).Status != "open" {
		t.Errorf("got %d: a total was paid that was not shown", status)
	}
	form.Set("quantity0", "6")
	_, _, page = s.submit(cs.URL, form)
	wantText(t, page, "from 1 to 5")
	form.Set("quantity0", "3")
	s.submit(cs.URL, form)
	if got := s.session(cs.ID); got.AmountTotal != 6000 || got.Subscription.Items.Data[0].Quantity != 3 {
		t.Errorf("got %+v", got)
	}
}

func TestPage_ClosedSessionsSayso(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cs := s.open(params("payment", s.once))
	page := cs.URL
	if err := s.ExpireSession(cs.ID); err != nil {
		t.Fatal(err)
	}
	status, text := s.visit(page)
	wantText(t, text, "has expired", "http://app.example/pricing")
	if status != http.StatusGone {
		t.Errorf("got %d", status)
	}
	if status, _, _ := s.submit(page, goodForm()); status != http.StatusGone || s.session(cs.ID).Status != "expired" {
		t.Errorf("paid after its end: got %d", status)
	}
	if status, _ := s.visit(s.URL() + "/c/pay/cs_test_none"); status != http.StatusNotFound {
		t.Errorf("unknown: got %d", status)
	}
}

func TestPage_SavesACard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cs := s.post("/v1/checkout/sessions", values(checkout("setup", "customer", s.customer().ID)...))
	status, page := s.visit(cs.at("url"))
	wantText(t, page, "Save your card", "Save card", "Card number")
	if status != http.StatusOK || strings.Contains(page, `id="total"`) || strings.Contains(page, "Total") {
		t.Errorf("got %d, a page with a total:\n%s", status, page)
	}
	form := goodForm()
	form.Set("cardNumber", "")
	if status, _, page = s.submit(cs.at("url"), form); status != http.StatusOK {
		t.Errorf("without a card: got %d", status)
	}
	wantText(t, page, "card number is incomplete")
	if status, to, _ := s.submit(cs.at("url"), goodForm()); status != http.StatusSeeOther || to != "http://app.example/done" {
		t.Errorf("got %d to %s", status, to)
	}
	s.fetch("", "/v1/setup_intents/"+cs.at("setup_intent")).wants(t, "saved", map[string]string{"status": "succeeded"})
}

func TestPage_ShowsUsageAndTiers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	seats := s.mustPrice(sandbox.PriceSpec{Product: "Seats", Interval: "month", TiersMode: "volume",
		Tiers: []sandbox.PriceTier{{UpTo: 5, UnitAmount: 900, FlatAmount: 100}, {UnitAmount: 700}}})
	cs := s.post("/v1/checkout/sessions", values(checkout("subscription", "line_items[0][price]", s.meter(),
		"line_items[1][price]", seats, "line_items[1][quantity]", "6")...))
	_, page := s.visit(cs.at("url"))
	wantText(t, page, "$0.03 per month, billed by what you use", "Starts at $10.00 per month", "$42.00")
}
