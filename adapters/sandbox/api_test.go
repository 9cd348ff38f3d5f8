package sandbox_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestAPI_RefusesWithStripesErrors(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	tests := map[string]struct {
		do          func() error
		status      int
		code, param string
	}{
		"an unknown customer is a 404": {
			func() error { _, err := s.api.Customers.Get("cus_none", nil); return err },
			404, "resource_missing", "id",
		},
		"an unknown session is a 404": {
			func() error { _, err := s.api.CheckoutSessions.Get("cs_test_none", nil); return err },
			404, "resource_missing", "session",
		},
		"an unknown price is a 404": {
			func() error { _, err := s.api.Prices.Get("price_none", nil); return err },
			404, "resource_missing", "price",
		},
		"an unknown product is a 404": {
			func() error { _, err := s.api.Products.Get("prod_none", nil); return err },
			404, "resource_missing", "id",
		},
		"an unknown subscription is a 404": {
			func() error { _, err := s.api.Subscriptions.Get("sub_none", nil); return err },
			404, "resource_missing", "id",
		},
		"an unknown invoice is a 404": {
			func() error { _, err := s.api.Invoices.Get("in_none", nil); return err },
			404, "resource_missing", "id",
		},
		"an unknown payment intent is a 404": {
			func() error { _, err := s.api.PaymentIntents.Get("pi_none", nil); return err },
			404, "resource_missing", "intent",
		},
		"an unknown charge is a 404": {
			func() error { _, err := s.api.Charges.Get("ch_none", nil); return err },
			404, "resource_missing", "id",
		},
		"an unknown event is a 404": {
			func() error { _, err := s.api.Events.Get("evt_none", nil); return err },
			404, "resource_missing", "id",
		},
		"an unknown parameter is refused": {
			func() error {
				p := &stripe.CustomerParams{}
				p.AddExtra("nonsense", "1")
				_, err := s.api.Customers.New(p)
				return err
			},
			400, "parameter_unknown", "nonsense",
		},
		"a parameter of Stripe's that the sandbox does not take is refused": {
			func() error {
				_, err := s.api.Customers.New(&stripe.CustomerParams{TaxExempt: stripe.String("exempt")})
				return err
			},
			400, "parameter_unknown", "tax_exempt",
		},
		"a property that cannot be expanded is refused": {
			func() error {
				p := &stripe.CustomerParams{}
				p.AddExpand("nonsense")
				_, err := s.api.Customers.New(p)
				return err
			},
			400, "", "expand",
		},
		"an e-mail that is none is refused": {
			func() error {
				_, err := s.api.Customers.New(&stripe.CustomerParams{Email: stripe.String("ada")})
				return err
			},
			400, "email_invalid", "email",
		},
		"an operation that the sandbox does not serve yet is a 400": {
			func() error { _, err := s.api.Sources.Get("x", nil); return err },
			400, "", "",
		},
		"a key that is not a test key is a 401": {
			func() error { _, err := apiClient(s.URL(), "sk_live_123", 0).Customers.Get("cus_x", nil); return err },
			401, "", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := refusal(t, tt.do())
			if e.HTTPStatusCode != tt.status || string(e.Code) != tt.code || e.Param != tt.param {
				t.Errorf("got %d %q about %q, want %d %q about %q", e.HTTPStatusCode, e.Code, e.Param, tt.status, tt.code, tt.param)
			}
			if e.Type != stripe.ErrorTypeInvalidRequest || e.Msg == "" || !strings.HasPrefix(e.RequestID, "req_") {
				t.Errorf("got type %q, message %q, request %q", e.Type, e.Msg, e.RequestID)
			}
		})
	}
}

func TestAPI_ARestrictedKeyDoesWhatItMay(t *testing.T) {
	t.Parallel()
	const key = "rk_test_restricted_1234"
	s := newShop(t, sandbox.WithRestrictedKey(key, sandbox.Permissions{Write: []string{"customers"}, Read: []string{"prices"}}),
		sandbox.WithRestrictedKey(key, sandbox.Permissions{Read: []string{"checkout/sessions"}}))
	mine := apiClient(s.URL(), key, 0)
	customer := must[*stripe.Customer](t)(mine.Customers.New(&stripe.CustomerParams{}))
	for name, do := range map[string]func() error{
		"read what it may write": func() error { _, err := mine.Customers.Get(customer.ID, nil); return err },
		"read a price":           func() error { _, err := mine.Prices.Get(s.monthly, nil); return err },
		"read what was added":    func() error { return mine.CheckoutSessions.List(nil).Err() },
	} {
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, tt := range map[string]struct {
		do   func() error
		says string
	}{
		"write what it may read": {func() error { _, err := mine.CheckoutSessions.New(params("payment", s.once)); return err }, "checkout/sessions:write"},
		"read what it may not":   {func() error { return mine.Subscriptions.List(nil).Err() }, "subscriptions:read"},
	} {
		if e := refusal(t, tt.do()); e.HTTPStatusCode != http.StatusForbidden || !strings.Contains(e.Msg, tt.says) || strings.Contains(e.Msg, key) {
			t.Errorf("%s: got %d %s", name, e.HTTPStatusCode, e.Msg)
		}
	}
	s.customer() // with another key
	if !sandbox.IsResource("billing_portal/sessions") || !sandbox.IsResource("payment_pages") || sandbox.IsResource("billing_portal") || sandbox.IsResource("customer") {
		t.Error("the kinds of objects are not those of the paths")
	}
}

func TestAPI_AcceptsOnlyItsKeyAndVersion(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithAPIKey("rk_test_own"))
	get := func(key, version string) int {
		r, err := http.NewRequest(http.MethodGet, s.URL()+"/v1/customers", nil)
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			r.Header.Set("Authorization", "Bearer "+key)
		}
		if version != "" {
			r.Header.Set("Stripe-Version", version)
		}
		resp, err := s.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for name, tt := range map[string]struct {
		key, version string
		want         int
	}{
		"its key":          {"rk_test_own", "", 200},
		"its version":      {"rk_test_own", sandbox.APIVersion, 200},
		"another key":      {"sk_test_123", "", 401},
		"no key":           {"", "", 401},
		"another version":  {"rk_test_own", "2025-03-31.basil", 200},
		"a stump of a key": {"rk_test_", "", 401},
		"a very short key": {"x", "", 401},
		"no version":       {"rk_test_own", "yesterday", 400},
	} {
		if got := get(tt.key, tt.version); got != tt.want {
			t.Errorf("%s: got %d, want %d", name, got, tt.want)
		}
	}
}

func TestAPI_EmptyIDIsTheListAsAtStripe(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu, err := s.api.Customers.Get("", nil)
	if err != nil || cu.ID != "" {
		t.Errorf("got %v, %v; want the list, read as an empty customer", cu, err)
	}
}

func TestList_PagesThroughCursors(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var made []string
	for range 7 {
		made = append(made, s.customer().ID)
	}
	limited := func(set func(*stripe.CustomerListParams)) []string {
		t.Helper()
		p := &stripe.CustomerListParams{}
		p.Limit = stripe.Int64(3)
		p.Single = true
		set(p)
		var out []string
		it := s.api.Customers.List(p)
		for it.Next() {
			out = append(out, it.Customer().ID)
		}
		if it.Err() != nil {
			t.Fatal(it.Err())
		}
		return out
	}
	check := func(name string, got []string, want ...string) {
		t.Helper()
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	check("first page", limited(func(*stripe.CustomerListParams) {}), made[6], made[5], made[4])
	check("after", limited(func(p *stripe.CustomerListParams) { p.StartingAfter = &made[4] }), made[3], made[2], made[1])
	// stripe-go turns a page before a cursor round.
	check("before", limited(func(p *stripe.CustomerListParams) { p.EndingBefore = &made[1] }), made[2], made[3], made[4])
	check("before the newest", limited(func(p *stripe.CustomerListParams) { p.EndingBefore = &made[6] }))

	all := &stripe.CustomerListParams{}
	all.Limit = stripe.Int64(2)
	n := 0
	for it := s.api.Customers.List(all); it.Next(); n++ {
	}
	if n != 7 {
		t.Errorf("all pages: got %d customers, want 7", n)
	}
	unknown := &stripe.CustomerListParams{}
	unknown.StartingAfter = stripe.String("cus_none")
	it := s.api.Customers.List(unknown)
	it.Next()
	if e := refusal(t, it.Err()); e.HTTPStatusCode != 400 || e.Param != "starting_after" {
		t.Errorf("unknown cursor: got %v", e)
	}
}

func TestCustomer_LivesAndDies(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer()
	p := &stripe.CustomerParams{Name: stripe.String("Ada Lovelace"), Email: stripe.String("")}
	p.AddMetadata("user_id", "u1")
	cu, err := s.api.Customers.Update(cu.ID, p)
	if err != nil || cu.Name != "Ada Lovelace" || cu.Email != "" || cu.Metadata["user_id"] != "u1" {
		t.Fatalf("update: got %+v, %v", cu, err)
	}
	p = &stripe.CustomerParams{}
	p.AddMetadata("user_id", "")
	if cu, err = s.api.Customers.Update(cu.ID, p); err != nil || len(cu.Metadata) != 0 {
		t.Errorf("unset metadata: got %v, %v", cu.Metadata, err)
	}
	session := params("subscription", s.monthly)
	session.Customer = &cu.ID
	sub := s.paid(session).Subscription
	if cu, err = s.api.Customers.Del(cu.ID, nil); err != nil || !cu.Deleted {
		t.Errorf("delete: got %+v, %v", cu, err)
	}
	if cu, err = s.api.Customers.Get(cu.ID, nil); err != nil || !cu.Deleted {
		t.Errorf("get a deleted one: got %+v, %v", cu, err)
	}
	if sub, err = s.api.Subscriptions.Get(sub.ID, nil); err != nil || sub.Status != "canceled" {
		t.Errorf("its subscription: got %v, %v; want canceled", sub.Status, err)
	}
	if _, err = s.api.CheckoutSessions.New(session); refusal(t, err).Param != "customer" {
		t.Errorf("a session for a deleted customer: got %v", err)
	}
	want := "customer.created customer.updated customer.updated customer.deleted"
	if got := strings.Join(s.types(cu.ID), " "); got != want {
		t.Errorf("events: got %s, want %s", got, want)
	}
}

func TestCatalog_ThroughTheAPI(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	product, err := s.api.Products.New(&stripe.ProductParams{Name: stripe.String("Team")})
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.api.Prices.New(&stripe.PriceParams{
		Product: &product.ID, Currency: stripe.String("eur"), UnitAmount: stripe.Int64(9900), LookupKey: stripe.String("team_monthly"),
		Recurring: &stripe.PriceRecurringParams{Interval: stripe.String("month")},
	})
	if err != nil || made.Type != "recurring" || made.Recurring.IntervalCount != 1 || made.UnitAmount != 9900 {
		t.Fatalf("got %+v, %v", made, err)
	}
	_, err = s.api.Prices.New(&stripe.PriceParams{
		ProductData: &stripe.PriceProductDataParams{Name: stripe.String("Other")}, Currency: stripe.String("eur"),
		UnitAmount: stripe.Int64(1), LookupKey: stripe.String("team_monthly"),
	})
	if e := refusal(t, err); e.Param != "lookup_key" {
		t.Errorf("a lookup key twice: got %v", e)
	}
	moved, err := s.api.Prices.New(&stripe.PriceParams{
		ProductData: &stripe.PriceProductDataParams{Name: stripe.String("Other")}, Currency: stripe.String("eur"),
		UnitAmount: stripe.Int64(1), LookupKey: stripe.String("team_monthly"), TransferLookupKey: stripe.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	it := s.api.Prices.List(&stripe.PriceListParams{LookupKeys: stripe.StringSlice([]string{"team_monthly", "pro_yearly", "none"}), Active: stripe.Bool(true)})
	for it.Next() {
		found = append(found, it.Price().ID)
	}
	if want := moved.ID + " " + s.yearly; strings.Join(found, " ") != want || it.Err() != nil {
		t.Errorf("by lookup key: got %v, %v; want %s", found, it.Err(), want)
	}
	expanded := &stripe.PriceParams{}
	expanded.AddExpand("product")
	if p, err := s.api.Prices.Get(made.ID, expanded); err != nil || p.Product.Name != "Team" {
		t.Errorf("expand product: got %+v, %v", p, err)
	}
	if pr, err := s.api.Products.Get(product.ID, nil); err != nil || pr.Name != "Team" {
		t.Errorf("get the product: got %+v, %v", pr, err)
	}
	n := 0
	for products := s.api.Products.List(nil); products.Next(); n++ {
	}
	if n != 4 { // Basic, Pro, Team, Other
		t.Errorf("got %d products, want 4", n)
	}
}

func TestRequests_AreLoggedWithoutKeys(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := params("payment", s.once)
	p.SetIdempotencyKey("cs:1")
	s.open(p)
	s.open(p)
	got := s.Requests()
	if len(got) != 2 || got[0].Replayed || !got[1].Replayed {
		t.Fatalf("got %+v, want a request and its replay", got)
	}
	r := got[0]
	if r.Method != "POST" || r.Path != "/v1/checkout/sessions" || r.IdempotencyKey != "cs:1" || r.Status != 200 || !r.Answered ||
		r.Form.Get("line_items[0][price]") != s.once {
		t.Errorf("got %+v", r)
	}
}

func TestListen_IsLoopbackOnlyUnlessTold(t *testing.T) {
	t.Parallel()
	s := sandbox.New()
	defer func() { _ = s.Close() }()
	for _, addr := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:0"} {
		if url, err := s.Listen(addr); err == nil {
			t.Errorf("listens on %s as %s", addr, url)
		}
	}
	open := sandbox.New(sandbox.AllowNonLoopback())
	defer func() { _ = open.Close() }()
	if _, err := open.Listen("0.0.0.0:0"); err != nil {
		t.Errorf("allowed, but got %v", err)
	}
}

// A page of any site can make a browser resolve its own name to 127.0.0.1, and
// then read the answers as if they were its own.
func TestListen_IsReachedByLoopbackNamesOnly(t *testing.T) {
	t.Parallel()
	status := func(url, path, host string) (int, string) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header.Set("Authorization", "Bearer sk_test_1")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, body(t, resp)
	}
	s := sandbox.NewTest(t)
	for host, want := range map[string]int{
		"localhost": 200, "localhost:4242": 200, "LocalHost:1": 200, "127.0.0.1": 200, "127.0.0.1:80": 200, "127.1.2.3": 200,
		"[::1]": 200, "[::1]:4242": 200, "[0:0:0:0:0:0:0:1]:1": 200,
		"evil.example": 421, "evil.example:4242": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421,
		"192.0.2.1": 421, "0.0.0.0:4242": 421, "[::]:4242": 421, "localhost:x.evil.example": 421,
	} {
		got, text := status(s.URL(), "/v1/customers", host)
		if got != want {
			t.Errorf("Host %s: got %d, want %d: %s", host, got, want, text)
		}
		if want == 421 && (!strings.Contains(text, "127.0.0.1") || strings.Contains(text, "evil")) {
			t.Errorf("Host %s: the explanation is %q", host, text)
		}
	}
	if got, _ := status(s.URL(), "/c/pay/cs_test_1", "evil.example"); got != 421 {
		t.Errorf("the hosted page: got %d, want 421", got)
	}
	if got := len(s.Requests()); got != 9 {
		t.Errorf("%d requests reached the sandbox, want the 9 to its own names", got)
	}

	open := sandbox.NewTest(t, sandbox.AllowNonLoopback())
	if got, text := status(open.URL(), "/v1/customers", "stripe.internal"); got != 200 {
		t.Errorf("on any address: got %d: %s", got, text)
	}
	mounted := sandbox.New()
	defer func() { _ = mounted.Close() }()
	if got, text := status(newServer(t, mounted), "/v1/customers", "stripe.internal"); got != 200 {
		t.Errorf("as somebody's handler: got %d: %s", got, text)
	}
}

func TestSandbox_ServesAsAHandlerUnderItsHost(t *testing.T) {
	t.Parallel()
	s := sandbox.New()
	defer func() { _ = s.Close() }()
	price, err := s.AddPrice(sandbox.PriceSpec{Product: "Basic", UnitAmount: 100})
	if err != nil {
		t.Fatal(err)
	}
	e := newServer(t, s)
	cs, err := apiClient(e, "sk_test_1", 0).CheckoutSessions.New(params("payment", price.ID))
	if err != nil || !strings.HasPrefix(cs.URL, e+"/c/pay/cs_test_") {
		t.Fatalf("got %v, %v; want a page at %s", cs, err, e)
	}
}

func TestSandbox_LinksPagesUnderItsBaseURL(t *testing.T) {
	t.Parallel()
	s := newShop(t, sandbox.WithBaseURL("https://pay.example/"))
	price, err := s.AddPrice(sandbox.PriceSpec{Product: "Basic", UnitAmount: 100})
	if err != nil {
		t.Fatal(err)
	}
	cs, err := apiClient(newServer(t, s), "sk_test_1", 0).CheckoutSessions.New(params("payment", price.ID))
	if err != nil || cs.URL != "https://pay.example/c/pay/"+cs.ID || s.URL() != "https://pay.example" {
		t.Fatalf("got %v, %v", cs, err)
	}
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return string(b)
}
