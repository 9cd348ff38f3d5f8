package sandbox_test

import (
	"net/url"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

func TestSearch_FindsCustomers(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ada := s.post("/v1/customers", values("name", "Ada Lovelace", "email", "ada@example.com", "metadata[user]", "u1", "metadata[team]", "a")).at("id")
	bob := s.post("/v1/customers", values("name", "Bob", "email", "bob@example.com", "metadata[user]", "u2", "metadata[team]", "a")).at("id")
	gone := s.post("/v1/customers", values("email", "ada@example.com")).at("id")
	s.ask("", "DELETE", "/v1/customers/"+gone, nil)
	for query, want := range map[string][]string{
		`email:"ada@example.com"`:                          {ada},
		`email:'ADA@example.com'`:                          {ada},
		`email~"example"`:                                  {bob, ada},
		`metadata['user']:'u2'`:                            {bob},
		`metadata["team"]:"a" AND name:"bob"`:              {bob},
		`metadata["team"]:"a" -email:"bob@example.com"`:    {ada},
		`email:"ada@example.com" or metadata["user"]:"u2"`: {bob, ada},
		`phone:null created>5`:                             {bob, ada},
		`-metadata["none"]:null`:                           {},
		`metadata["none"]:"a"`:                             {},
		`name:"Ada"`:                                       {},
	} {
		got := s.fetch("", "/v1/customers/search?query="+url.QueryEscape(query))
		if got.len("data") != len(want) {
			t.Errorf("%s: got %d customers, want %d", query, got.len("data"), len(want))
			continue
		}
		for i, id := range want {
			got.wants(t, query, map[string]string{"data." + fmtInt(int64(i)) + ".id": id})
		}
	}
	var found []string
	params := &stripe.CustomerSearchParams{SearchParams: stripe.SearchParams{Query: `metadata["team"]:"a"`, Limit: stripe.Int64(1)}}
	for it := s.api.Customers.Search(params); it.Next(); {
		found = append(found, it.Customer().ID)
	}
	if len(found) != 2 {
		t.Errorf("stripe-go found %v over two pages", found)
	}
	for query, status := range map[string]int{
		``: 400, `balance:5`: 400, `email`: 400, `metadata:"a"`: 400, `email~"ad"`: 400, `created~"555"`: 400, `created>now`: 400, `email>5`: 400,
		`email:"a" AND name:"b" OR phone:"c"`: 400, `email:"a`: 400, `metadata["a:"b"`: 400, `email["a"]:"b"`: 400,
	} {
		if got, body := s.ask("", "GET", "/v1/customers/search?query="+url.QueryEscape(query), nil); got != status {
			t.Errorf("%s: got %d %s", query, got, body)
		}
	}
}

func TestSearch_FindsWhatIsSold(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sub := s.subscribed()
	for path, want := range map[string]string{
		"prices/search?query=" + url.QueryEscape(`active:"true" lookup_key:"pro_monthly"`):                                     s.monthly,
		"products/search?query=" + url.QueryEscape(`name~"Basi"`):                                                              s.fetch("", "/v1/prices/"+s.once).at("product"),
		"subscriptions/search?query=" + url.QueryEscape(`status:"active"`):                                                     sub.ID,
		"invoices/search?query=" + url.QueryEscape(`subscription:"`+sub.ID+`" AND total>=2000`):                                sub.LatestInvoice.ID,
		"payment_intents/search?query=" + url.QueryEscape(`amount<2001 AND status:"succeeded" customer:"`+sub.Customer.ID+`"`): sub.LatestInvoice.PaymentIntent.ID,
	} {
		s.fetch(dahlia, "/v1/"+path).wants(t, path, map[string]string{"object": "search_result", "data.0.id": want, "has_more": "false", "next_page": "null"})
	}
}

// Backfills ask for plans, and for warnings that there are none of.
func TestPlans_AreTheRecurringPrices(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	metered := s.meter()
	s.fetch("", "/v1/plans/"+s.monthly+"?expand[]=product").wants(t, "a plan", map[string]string{"object": "plan", "amount": "2000", "interval": "month", "product.object": "product"})
	if got := s.fetch("", "/v1/plans?limit=100"); got.len("data") != 3 || got.at("data.0.id") != metered {
		t.Errorf("got %s", mustJSON(got))
	}
	if status, _ := s.ask("", "GET", "/v1/plans/"+s.once, nil); status != 404 {
		t.Errorf("a one-time price is a plan: got %d", status)
	}
	for _, v := range stripespec.Versions {
		for schema, path := range map[string]string{"list of plan": "/v1/plans", "list of radar.early_fraud_warning": "/v1/radar/early_fraud_warnings?charge=ch_1"} {
			_, answer := s.ask(v.API, "GET", path, nil)
			stripespec.ValidateIn(t, v.API, schema, answer)
		}
	}
	if status, _ := s.ask("", "GET", "/v1/radar/early_fraud_warnings/issfr_1", nil); status != 404 {
		t.Errorf("got %d", status)
	}
}

// Tax ids are left out, and said so.
func TestTaxIDs_AreRefusedByName(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.refused(400, "/v1/customers/"+s.customer().ID+"/tax_ids", values("type", "eu_vat", "value", "DE123456789"))
	status, body := s.ask("", "GET", "/v1/tax_ids", nil)
	if status != 400 {
		t.Errorf("got %d", status)
	}
	wantText(t, string(body), "does not serve it yet")
}
