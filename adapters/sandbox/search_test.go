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

// Backfills ask for plans.
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
		_, answer := s.ask(v.API, "GET", "/v1/plans", nil)
		stripespec.ValidateIn(t, v.API, "list of plan", answer)
	}
}

// Backfills ask for kinds that there are none of: their lists are empty, and making one is
// refused by its name.
func TestAbsentKinds_AreEmptyLists(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer().ID
	product := s.fetch("", "/v1/prices/"+s.monthly).at("product")
	for path, since := range map[string]string{
		"/v1/radar/early_fraud_warnings?charge=ch_1":                  "",
		"/v1/tax_ids?owner[type]=customer&owner[customer]=" + cu:      "",
		"/v1/customers/" + cu + "/tax_ids?limit=5":                    "",
		"/v1/entitlements/features?limit=5":                           "2024-04-10",
		"/v1/entitlements/active_entitlements?limit=9&customer=" + cu: "2024-04-10",
		"/v1/products/" + product + "/features":                       "2024-04-10",
	} {
		for _, v := range stripespec.Versions {
			if v.API < since {
				continue
			}
			status, answer := s.ask(v.API, "GET", path, nil)
			list := parse(t, answer)
			if status != 200 || list.at("object") != "list" || list.len("data") != 0 || list.at("has_more") != "false" {
				t.Errorf("%s %s: %d %s", v.API, path, status, answer)
			}
		}
	}
	for path, want := range map[string]int{
		"/v1/radar/early_fraud_warnings/issfr_1": 404, "/v1/tax_ids/txi_1": 404, "/v1/entitlements/features/feat_1": 404, "/v1/entitlements/active_entitlements/ent_1": 404,
		"/v1/customers/cus_none/tax_ids": 404, "/v1/products/prod_none/features": 404,
		"/v1/entitlements/active_entitlements": 400, "/v1/entitlements/active_entitlements?customer=cus_none": 400, "/v1/tax_ids?owner[customer]=cus_none": 400,
	} {
		if status, answer := s.ask(dahlia, "GET", path, nil); status != want {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
	body := s.refused(400, "/v1/customers/"+cu+"/tax_ids", values("type", "eu_vat", "value", "DE123456789"))
	wantText(t, body.at("error.message"), "does not serve it yet")
}
