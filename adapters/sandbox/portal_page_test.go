package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func lacksText(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(page, text) {
			t.Errorf("%q is on the page:\n%s", text, page)
		}
	}
}

func TestPortalPage_ShowsWhatTheCustomerHas(t *testing.T) {
	t.Parallel()
	c := newClock()
	s := newShop(t, sandbox.WithClock(c.Now))
	sub := s.subscribed()
	ps := s.portal(sub.Customer.ID)
	home := ps.at("url")
	status, page := s.visit(home)
	if status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	wantText(t, page, "Sandbox - no real money", `name="viewport"`, "Pro", "$20.00 per month", "Renews on February 28, 2026 for $20.00.",
		"/subscriptions/"+sub.ID+"/update", "/subscriptions/"+sub.ID+"/cancel", "Visa ending in 4242", "Replace the card",
		s.URL()+"/i/"+sub.LatestInvoice.ID, `href="http://app.example/account"`)
	lacksText(t, page, "<script", "Don't cancel")

	bare := s.configuration("features[subscription_update][enabled]", "false", "features[subscription_cancel][enabled]", "false",
		"features[payment_method_update][enabled]", "false", "features[invoice_history][enabled]", "false", "business_profile[headline]", "<b>Us</b>")
	closedHome := s.portal(sub.Customer.ID, "configuration", bare).at("url")
	_, page = s.visit(closedHome)
	wantText(t, page, "&lt;b&gt;Us&lt;/b&gt;", "Pro")
	lacksText(t, page, "/update", "/cancel", "Replace the card", "Invoices")
	for _, step := range []string{"/subscriptions/" + sub.ID + "/cancel", "/subscriptions/" + sub.ID + "/update", "/payment-method"} {
		_, page = s.visit(closedHome + step)
		wantText(t, page, "This is not possible", "is disabled")
		_, _, page = s.submit(closedHome+step, url.Values{"price": {s.yearly}, "cardNumber": {"4242424242424242"}, "cardExpiry": {"12/40"}, "cardCvc": {"123"}})
		wantText(t, page, "This is not possible", "is disabled")
	}
	if got := s.sub(sub.ID); got.CancelAtPeriodEnd || got.Items.Data[0].Price.ID != s.monthly {
		t.Errorf("got %+v", got)
	}

	for _, path := range []string{"/p/session/bps_none", ps.at("url")[len(s.URL()):] + "/subscriptions/" + s.subscribed().ID + "/cancel"} {
		if status, _ := s.visit(s.URL() + path); status != http.StatusNotFound {
			t.Errorf("%s: got %d", path, status)
		}
	}
	c.advance(time.Hour)
	if status, page := s.visit(home); status != http.StatusGone || !strings.Contains(page, "has expired") {
		t.Errorf("an hour later: got %d", status)
	}
}

func TestPortalPage_CancelsAndResumes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	home := s.portal(sub.Customer.ID).at("url")
	step := home + "/subscriptions/" + sub.ID
	_, page := s.visit(step + "/cancel")
	wantText(t, page, "Your subscription ends on ", "too expensive", `id="feedback"`)
	for range 2 { // submitted twice
		status, to, _ := s.submit(step+"/cancel", url.Values{"feedback": {"too_expensive"}, "comment": {"Sorry"}})
		if status != http.StatusSeeOther || !strings.HasSuffix(to, "?notice=canceled") {
			t.Errorf("got %d to %s", status, to)
		}
	}
	got := s.sub(sub.ID)
	if !got.CancelAtPeriodEnd || got.CancellationDetails.Feedback != "too_expensive" || got.CancellationDetails.Comment != "Sorry" {
		t.Errorf("got %+v", got)
	}
	_, page = s.visit(home + "?notice=canceled")
	wantText(t, page, "has been canceled", "Ends on ", "Don't cancel", step[len(s.URL()):]+"/resume")
	if status, to, _ := s.submit(step+"/resume", nil); status != http.StatusSeeOther || !strings.HasSuffix(to, "?notice=resumed") {
		t.Errorf("got %d to %s", status, to)
	}
	if got := s.sub(sub.ID); got.CancelAtPeriodEnd {
		t.Errorf("got %+v", got)
	}
}

func TestPortalPage_ChangesPlanAndQuantity(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	home := s.portal(sub.Customer.ID).at("url")
	step := home + "/subscriptions/" + sub.ID + "/update"
	_, page := s.visit(step)
	wantText(t, page, "(current plan)", s.yearly, `name="quantity" value="1"`, "Continue")
	lacksText(t, page, "aria-invalid", s.once)
	for name, tt := range map[string]struct{ query, want string }{
		"nothing": {"?price=", "Please choose a plan."},
		"same":    {"?price=" + s.monthly + "&quantity=1", "This is what you have."},
		"zero":    {"?price=" + s.monthly + "&quantity=0", `aria-invalid="true" aria-describedby="quantity-error"`},
		"text":    {"?price=" + s.monthly + "&quantity=many", "Please choose a quantity from 1 to"},
		"once":    {"?price=" + s.once + "&quantity=1", "does not include the price"},
	} {
		_, page = s.visit(step + tt.query)
		if !strings.Contains(page, tt.want) {
			t.Errorf("%s: no %q in\n%s", name, tt.want, page)
		}
	}
	_, page = s.visit(step + "?price=" + s.monthly + "&quantity=3")
	wantText(t, page, `id="new">Pro, $20.00 per month × 3`, `id="due">$0.00`, `id="later">$40.00`)
	_, page = s.visit(step + "?price=" + s.yearly + "&quantity=1")
	wantText(t, page, `id="due">$180.00`)

	// A declined card leaves everything as it is and says so.
	s.ok(s.SetCard(sub.ID, failingCard))
	form := url.Values{"price": {s.yearly}, "quantity": {"1"}}
	_, _, page = s.submit(step, form)
	wantText(t, page, `role="alert">Your card was declined.`, "Confirm")
	s.ok(s.SetCard(sub.ID, "4242424242424242"))
	for range 2 {
		if status, to, _ := s.submit(step, form); status != http.StatusSeeOther || !strings.HasSuffix(to, "?notice=updated") {
			t.Errorf("got %d to %s", status, to)
		}
	}
	if got := s.sub(sub.ID); got.Items.Data[0].Price.ID != s.yearly || got.LatestInvoice.AmountPaid != 18000 {
		t.Errorf("got %d of %s", got.LatestInvoice.AmountPaid, got.Items.Data[0].Price.ID)
	}
}

func TestPortalPage_ReplacesTheCard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	step := s.portal(sub.Customer.ID).at("url") + "/payment-method"
	_, page := s.visit(step)
	wantText(t, page, "You pay with Visa ending in 4242 now.", `id="cardNumber"`)
	lacksText(t, page, "aria-invalid")
	_, _, page = s.submit(step, url.Values{"cardNumber": {"1234 5678 9012 3456"}, "cardExpiry": {"1/20"}, "cardCvc": {"1"}})
	wantText(t, page, `id="cardNumber-error">This is not one`, `id="cardExpiry-error"`, `id="cardCvc-error"`, `value="1234 5678 9012 3456"`)
	if n := strings.Count(page, `aria-invalid="true"`); n != 3 || strings.Count(page, "autofocus") != 1 {
		t.Errorf("%d fields are invalid:\n%s", n, page)
	}
	card := func(number string) url.Values {
		return url.Values{"cardNumber": {number}, "cardExpiry": {"12/40"}, "cardCvc": {"123"}}
	}
	resp := must[*http.Response](t)(s.http.PostForm(step, card("4000000000000002")))
	body(t, resp)
	again := s.URL() + resp.Header.Get("Location")
	_, page = s.visit(again)
	wantText(t, page, `role="alert">Your card was declined.`)
	if status, to, _ := s.submit(again, card(failingCard)); status != http.StatusSeeOther || !strings.HasSuffix(to, "?notice=card") {
		t.Errorf("got %d to %s", status, to)
	}
	s.ok(s.RenewSubscription(sub.ID, true))
	if got := s.sub(sub.ID).Status; got != "past_due" {
		t.Errorf("renewed with a bad card: got %s", got)
	}
}

func TestPortalPage_UpdatesTheCustomer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	home := s.portal(cu).at("url") + "/customer"
	_, page := s.visit(home)
	wantText(t, page, `value="ada@example.com"`, `name="address[city]"`)
	lacksText(t, page, `name="name"`, "aria-invalid") // the default configuration does not allow it
	form := url.Values{"email": {"ada"}, "name": {"Eve"}, "phone": {"1"}, "address[city]": {"London"}, "address[country]": {"England"}}
	_, _, page = s.submit(home, form)
	wantText(t, page, `aria-describedby="address[country]-error" autofocus`, `value="London"`)
	form.Set("address[country]", "gb")
	_, _, page = s.submit(home, form)
	wantText(t, page, `id="email-error">Invalid email address: ada`, `aria-invalid="true"`)
	form.Set("email", "ada@lovelace.example")
	got := s.after(func() {
		if status, to, _ := s.submit(home, form); status != http.StatusSeeOther || !strings.HasSuffix(to, "?notice=customer") {
			t.Errorf("got %d to %s", status, to)
		}
	})
	if got != "customer.updated" {
		t.Errorf("got %s", got)
	}
	s.fetch("", "/v1/customers/"+cu).wants(t, "updated", map[string]string{
		"email": "ada@lovelace.example", "name": "Ada", "phone": "1", "address.city": "London", "address.country": "GB"})
	bare := s.portal(cu, "configuration", s.configuration("features[customer_update][enabled]", "false")).at("url") + "/customer"
	_, page = s.visit(bare)
	wantText(t, page, "This is not possible")
	_, _, page = s.submit(bare, form)
	wantText(t, page, "This is not possible")
}

// A flow opens at its step, keeps the customer there, and leads on.
func TestPortalPage_Flows(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	item := sub.Items.Data[0].ID
	steps := "/subscriptions/" + sub.ID
	leads := func(from, to string) {
		t.Helper()
		if status, got, _ := s.goes(from); status != http.StatusSeeOther || got != to {
			t.Errorf("%s: got %d to %q, want %s", from, status, got, to)
		}
	}
	redirect := []string{"flow_data[after_completion][type]", "redirect", "flow_data[after_completion][redirect][return_url]", "http://app.example/thanks"}
	home := s.portal(sub.Customer.ID, append(confirm(sub, "id", item, "quantity", "4"), redirect...)...).at("url")
	path := home[len(s.URL()):]
	leads(home, path+steps+"/update")
	leads(home+"/payment-method", path+steps+"/update")
	_, page := s.visit(home + steps + "/update")
	wantText(t, page, "Confirm your update", "$20.00 per month × 4", `href="http://app.example/account"`)
	// What the form says does not matter: the flow is for one change.
	if status, to, _ := s.submit(home+steps+"/update", url.Values{"price": {s.yearly}, "quantity": {"9"}}); status != http.StatusSeeOther || to != "http://app.example/thanks" {
		t.Errorf("got %d to %s", status, to)
	}
	if got := s.sub(sub.ID).Items.Data[0]; got.Quantity != 4 || got.Price.ID != s.monthly {
		t.Errorf("got %+v", got)
	}
	leads(home, path+"/done")
	leads(home+steps+"/update", path+"/done")

	home = s.portal(sub.Customer.ID, append(flow("subscription_cancel", sub.ID), "flow_data[after_completion][type]", "hosted_confirmation",
		"flow_data[after_completion][hosted_confirmation][custom_message]", "Come back <soon>")...).at("url")
	path = home[len(s.URL()):]
	leads(home, path+steps+"/cancel")
	if status, to, _ := s.submit(home+steps+"/cancel", nil); status != http.StatusSeeOther || to != path+"/done" {
		t.Errorf("got %d to %s", status, to)
	}
	_, page = s.visit(home + "/done")
	wantText(t, page, "Come back &lt;soon&gt;", `href="http://app.example/account"`)

	home = s.portal(sub.Customer.ID, "flow_data[type]", "payment_method_update").at("url")
	path = home[len(s.URL()):]
	leads(home, path+"/payment-method")
	if _, to, _ := s.submit(home+"/payment-method", goodForm()); to != path+"?notice=card" {
		t.Errorf("got %s", to)
	}
	_, page = s.visit(home)
	wantText(t, page, "Your subscriptions and billing")

	update := s.portal(sub.Customer.ID, flow("subscription_update", sub.ID)...).at("url")
	path = update[len(s.URL()):]
	leads(update, path+steps+"/update")
	s.ok(s.CancelSubscription(sub.ID)) // meanwhile
	_, page = s.visit(update + steps + "/update")
	wantText(t, page, "This is not possible", "it is canceled")
}

// goes is where a page redirects to.
func (s *shop) goes(page string) (int, string, string) {
	s.t.Helper()
	resp, err := s.http.Get(page)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), body(s.t, resp)
}

func TestPortalPage_StyleSheet(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if status, css := s.visit(s.URL() + "/p/portal.css"); status != http.StatusOK || !strings.Contains(css, "focus-visible") {
		t.Errorf("got %d", status)
	}
}
