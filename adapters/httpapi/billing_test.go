package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func TestSubscription_AnswersToTheByte(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.want(s.call("GET", "/api/subscription?user_id=ada", "", as("app:backend")), 200, "")
	none := s.call("GET", "/api/subscription", "", as("user:ada")).text
	if want := `{"as_of":"2026-12-01T09:30:00Z","bought_twice":[],"others":[],"subscription":null,"user_id":"ada","version":0}` + "\n"; none != want {
		t.Errorf("before anything was bought: got %s, want %s", none, want)
	}
	_, session := s.buy("ada", "pro")
	s.pay(session)
	got := s.call("GET", "/api/subscription", "", as("user:ada")).json
	sub, _ := got["subscription"].(map[string]any)
	for name, want := range map[string]any{
		"plan": "pro", "price": "monthly", "quantity": 1.0, "status": "active", "access": true,
		"started_at": "2026-12-01T09:30:00Z", "period_start": "2026-12-01T09:30:00Z", "period_end": "2027-01-01T09:30:00Z",
		"renews_at": "2027-01-01T09:30:00Z", "access_until": "2027-01-02T09:30:00Z", "cancels_at": nil, "ended_at": nil,
		"trial_ends_at": nil, "past_due_since": nil,
	} {
		if sub[name] != want {
			t.Errorf("%s: got %v, want %v", name, sub[name], want)
		}
	}
	if method, _ := sub["payment_method"].(map[string]any); method["brand"] != "visa" || method["last4"] != "4242" || sub["planned_change"] != nil {
		t.Errorf("paid by %v, planned %v, want a card and nothing", method, sub["planned_change"])
	}
	if items, _ := sub["items"].([]any); len(items) != 1 || items[0].(map[string]any)["stripe_price"] != "price_monthly" {
		t.Errorf("the items are %v, want one of price_monthly", sub["items"])
	}
}

// What is to be done about a purchase that was made twice is no business of who made it.
func TestSubscription_TellsServiceKeysAloneWhatToDoAboutTwo(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	_, session := s.buy("ada", "pro")
	s.pay(session)
	first := s.call("GET", "/api/subscription", "", as("user:ada")).json["subscription"].(map[string]any)["id"].(string)
	second, err := s.gateway.FetchSubscription(t.Context(), domain.SubscriptionID(first))
	if err != nil {
		t.Fatal(err)
	}
	second.Snapshot.ID, second.Snapshot.Order = "sub_dashboard", ""
	s.want(s.deliver(domain.Event{ID: "evt_dashboard", Type: "customer.subscription.created", Created: s.clock.Now(), Fact: second}), 200, "")
	for path, caller := range map[string]string{"/api/subscription": "user:ada", "/api/subscription?user_id=ada": "app:backend"} {
		got := s.call("GET", path, "", as(caller))
		told, _ := got.json["bought_twice"].([]any)
		if len(told) != 1 {
			t.Fatalf("%s: got %s, want two that were bought", caller, got.text)
		}
		if says, _ := told[0].(map[string]any)["says"].(string); strings.Contains(says, "at Stripe") != (caller == "app:backend") {
			t.Errorf("%s is told %q", caller, says)
		}
	}
}

// What is Stripe's is said to who runs the product, and to nobody else.
func TestBilling_NamesTheCustomerToServiceKeysAlone(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	s.buy("ada", "pro")
	for _, path := range []string{"/api/subscription", "/api/orders", "/api/invoices"} {
		own := s.call("GET", path, "", as("user:ada"))
		if _, told := own.json["customer_id"]; told || own.StatusCode != 200 {
			t.Errorf("%s as the user: got %d %s", path, own.StatusCode, own.text)
		}
		asked := s.call("GET", path+"?user_id=ada", "", as("app:backend"))
		if id, _ := asked.json["customer_id"].(string); !strings.HasPrefix(id, "cus_") {
			t.Errorf("%s as the back end: got %s, want the customer", path, asked.text)
		}
		s.want(s.call("GET", path+"?user_id=ada", "", as("user:eve")), 403, "other_user")
		s.want(s.call("GET", path, "", as("app:backend")), 400, "user_id_required")
	}
}

func TestOrders_AreListedPageByPage(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	var want []string
	for range 5 {
		order, session := s.buy("ada", "basic")
		s.pay(session)
		want = append([]string{order}, want...) // the last begun first
		s.clock.pass(time.Second)
	}
	s.buy("eve", "basic")
	var got []string
	path := "/api/orders?limit=2"
	for pages := 0; path != "" && pages < 5; pages++ {
		page := s.call("GET", path, "", as("user:ada"))
		for _, order := range page.json["orders"].([]any) {
			got = append(got, order.(map[string]any)["id"].(string))
			if status := order.(map[string]any)["status"]; status != "paid" {
				t.Errorf("it is %v, want paid", status)
			}
		}
		path = ""
		if next, more := page.json["next"].(string); more {
			path = "/api/orders?limit=2&after=" + next
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, limit := range []string{"0", "101", "-1", "many"} {
		s.want(s.call("GET", "/api/orders?limit="+limit, "", as("user:ada")), 400, "bad_request")
	}
	s.want(s.call("GET", "/api/orders?after="+want[0], "", as("user:eve")), 422, "invalid_request") // another's is none
}

func TestInvoices_AreStripes(t *testing.T) {
	t.Parallel()
	s := start(t, setup{})
	_, session := s.buy("ada", "pro")
	calls := s.gateway.Calls()
	if got := s.call("GET", "/api/invoices", "", as("user:eve")); fmt.Sprint(got.json["invoices"]) != "[]" || s.gateway.Calls() != calls {
		t.Errorf("of who has no customer nobody is asked: got %s after %d calls", got.text, s.gateway.Calls()-calls)
	}
	s.pay(session)
	made := s.clock.Now()
	s.gateway.SetInvoice(domain.InvoiceFact{Customer: s.customer("ada"), Invoice: domain.Invoice{
		ID: "in_open", Subscription: "sub_1", Status: domain.InvoiceOpen, Currency: "eur", Total: 1900, AmountDue: 1900,
		CreatedAt: made.Add(time.Hour), DueAt: made.Add(2 * time.Hour),
	}})
	s.gateway.SetInvoice(domain.InvoiceFact{Customer: s.customer("ada"), Invoice: domain.Invoice{
		ID: "in_draft", Status: domain.InvoiceDraft, CreatedAt: made.Add(2 * time.Hour),
	}})
	s.gateway.SetInvoice(domain.InvoiceFact{Customer: "cus_eve", Invoice: domain.Invoice{ID: "in_eve", Status: domain.InvoicePaid}})
	all, _ := s.call("GET", "/api/invoices", "", as("user:ada")).json["invoices"].([]any)
	if len(all) != 2 {
		t.Fatalf("got %v, want the open one and the paid one", all)
	}
	first, second := all[0].(map[string]any), all[1].(map[string]any)
	if first["id"] != "in_open" || first["amount_due"] != 1900.0 || first["hosted_url"] == nil || first["pdf"] == nil || first["paid_at"] != nil ||
		second["status"] != "paid" || second["amount_paid"] != 1900.0 {
		t.Errorf("got %v", all)
	}
	s.gateway.FailNext(ports.ErrGatewayBusy)
	s.want(s.call("GET", "/api/invoices", "", as("user:ada")), 503, "payment_provider_busy")
}

func TestInvoices_AreLimited(t *testing.T) {
	t.Parallel()
	s := start(t, setup{config: Config{CheckoutBurst: 2}})
	for range 2 {
		s.want(s.call("GET", "/api/invoices", "", as("user:ada")), 200, "")
	}
	s.want(s.call("GET", "/api/invoices", "", as("user:ada")), 429, "rate_limited")
	s.want(s.call("GET", "/api/invoices", "", as("user:eve")), 200, "")
}

// customer is a user's, at Stripe.
func (s *service) customer(user domain.UserID) domain.CustomerID {
	s.Helper()
	state, err := s.store.Store.State(s.Context(), user)
	if err != nil {
		s.Fatal(err)
	}
	return state.Account.Customer
}
