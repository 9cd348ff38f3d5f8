package sandbox_test

import (
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// checkout is the form of a session.
func checkout(mode string, pairs ...string) []string {
	return append([]string{"mode", mode, "success_url", "http://app.example/done"}, pairs...)
}

func (s *shop) meter() string {
	s.t.Helper()
	return s.mustPrice(sandbox.PriceSpec{Product: "Calls", UnitAmount: 3, Interval: "month", Metered: true})
}

func TestMetered_IsBilledAfterThePeriod(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	meter := s.meter()
	got := s.refused(400, "/v1/checkout/sessions", values(checkout("subscription", "line_items[0][price]", meter, "line_items[0][quantity]", "1")...))
	if got.at("error.message") != "Quantity should not be specified where usage_type is `metered`. Remove quantity from `line_items[0]`" {
		t.Errorf("with a quantity: got %v", got)
	}
	cs := s.post("/v1/checkout/sessions", values(checkout("subscription", "line_items[0][price]", meter)...))
	cs.wants(t, "the session", map[string]string{"amount_total": "0", "amount_subtotal": "0"})
	s.fetch("", "/v1/checkout/sessions/"+cs.at("id")+"/line_items").wants(t, "the session", map[string]string{"data.0.quantity": "null", "data.0.amount_total": "0"})
	s.ok(s.Pay(cs.at("id")))
	cs = s.fetch("", "/v1/checkout/sessions/"+cs.at("id"))
	cs.wants(t, "complete", map[string]string{"status": "complete", "payment_status": "no_payment_required"})
	id := cs.at("subscription")
	sub := s.fetch(dahlia, "/v1/subscriptions/"+id)
	sub.wants(t, "the subscription", map[string]string{"status": "active", "items.data.0.quantity": "<none>", "items.data.0.price.recurring.usage_type": "metered"})
	s.fetch("", "/v1/invoices/"+sub.at("latest_invoice")).wants(t, "the first invoice", map[string]string{
		"total": "0", "status": "paid", "payment_intent": "null", "lines.data.0.amount": "0", "lines.data.0.quantity": "0"})
	s.ok(s.AddUsage(id, meter, 60))
	s.ok(s.AddUsage(id, meter, 40))
	s.ok(s.RenewSubscription(id, true))
	s.fetch("", "/v1/invoices/"+s.sub(id).LatestInvoice.ID).wants(t, "the second invoice", map[string]string{
		"total": "300", "status": "paid", "lines.data.0.quantity": "100",
		"lines.data.0.period.start": sub.at("items.data.0.current_period_start"), "lines.data.0.period.end": sub.at("items.data.0.current_period_end")})
	s.ok(s.RenewSubscription(id, true))
	s.fetch("", "/v1/invoices/"+s.sub(id).LatestInvoice.ID).wants(t, "the third invoice", map[string]string{"total": "0", "lines.data.0.quantity": "0"})
	if s.AddUsage(id, s.monthly, 1) == nil {
		t.Error("usage was counted of a price that is not metered")
	}
	item := sub.at("items.data.0.id")
	s.refused(400, "/v1/subscriptions/"+id, values("items[0][id]", item, "items[0][quantity]", "2"))
	s.ok(s.AddUsage(id, meter, 1))
	remove := []string{"items[0][id]", item, "items[0][deleted]", "true", "items[1][price]", s.monthly}
	s.refused(400, "/v1/subscriptions/"+id, values(remove...))
	s.post("/v1/subscriptions/"+id, values(append(remove, "items[0][clear_usage]", "true")...)).wants(t, "removed", map[string]string{
		"items.data.0.price.id": s.monthly, "items.data.1": "<none>"})
}

func TestTiers_CostByQuantity(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	tiers := []sandbox.PriceTier{{UpTo: 10, UnitAmount: 100}, {UpTo: 20, UnitAmount: 80, FlatAmount: 50}, {UnitAmount: 50}}
	for _, tt := range []struct {
		mode, quantity, total string
	}{
		{"volume", "10", "1000"}, {"volume", "11", "930"}, {"volume", "30", "1500"},
		{"graduated", "10", "1000"}, {"graduated", "11", "1130"}, {"graduated", "30", "2350"},
	} {
		p := s.mustPrice(sandbox.PriceSpec{Product: "Seats " + tt.mode + tt.quantity, Tiers: tiers, TiersMode: tt.mode, Interval: "month"})
		s.fetch("", "/v1/prices/"+p).wants(t, tt.mode, map[string]string{
			"billing_scheme": "tiered", "tiers_mode": tt.mode, "unit_amount": "null", "unit_amount_decimal": "null", "tiers": "<none>"})
		s.fetch(dahlia, "/v1/prices/"+p+"?expand[]=tiers").wants(t, tt.mode, map[string]string{
			"tiers.0.up_to": "10", "tiers.1.flat_amount": "50", "tiers.1.unit_amount": "80", "tiers.2.up_to": "null", "tiers.3": "<none>"})
		cs := s.post("/v1/checkout/sessions", values(checkout("subscription", "line_items[0][price]", p, "line_items[0][quantity]", tt.quantity)...))
		cs.wants(t, tt.mode+" "+tt.quantity, map[string]string{"amount_total": tt.total})
		s.ok(s.Pay(cs.at("id")))
		in := s.fetch("", "/v1/checkout/sessions/"+cs.at("id")).at("invoice")
		s.fetch("", "/v1/invoices/"+in).wants(t, tt.mode+" "+tt.quantity, map[string]string{"total": tt.total, "amount_paid": tt.total})
	}
	if _, err := s.AddPrice(sandbox.PriceSpec{Product: "Bad", Tiers: tiers[:2], TiersMode: "volume"}); err == nil {
		t.Error("tiers with an end were accepted")
	}
}

func TestTiers_AreMadeThroughTheAPI(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	base := []string{"currency", "usd", "product_data[name]", "Seats", "billing_scheme", "tiered", "recurring[interval]", "month"}
	form := append(base, "tiers_mode", "graduated", "tiers[0][up_to]", "5", "tiers[0][unit_amount]", "70", "tiers[1][up_to]", "inf", "tiers[1][flat_amount]", "9")
	p := s.post("/v1/prices", values(form...))
	s.fetch("", "/v1/prices/"+p.at("id")+"?expand[]=tiers&expand[]=product").wants(t, "the price", map[string]string{
		"tiers.0.unit_amount": "70", "tiers.1.flat_amount": "9", "tiers.1.up_to": "null", "product.name": "Seats"})
	for name, pairs := range map[string][]string{
		"no mode":        append(base, "tiers[0][up_to]", "inf", "tiers[0][unit_amount]", "70"),
		"no tiers":       append(base, "tiers_mode", "volume"),
		"an open middle": append(base, "tiers_mode", "volume", "tiers[0][up_to]", "inf", "tiers[1][up_to]", "inf"),
		"an end":         append(base, "tiers_mode", "volume", "tiers[0][up_to]", "5"),
		"backwards":      append(base, "tiers_mode", "volume", "tiers[0][up_to]", "5", "tiers[1][up_to]", "4", "tiers[2][up_to]", "inf"),
		"an amount too":  append(form, "unit_amount", "1"),
	} {
		s.refused(400, "/v1/prices", values(pairs...))
		_ = name
	}
}

func TestProduct_ArchivedIsNotSold(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	product := s.fetch("", "/v1/prices/"+s.once).at("product")
	form := values(checkout("payment", "line_items[0][price]", s.once, "line_items[0][quantity]", "1")...)
	for name, archive := range map[string]func(bool) error{
		"by hand": func(active bool) error { return s.SetProductActive(product, active) },
		"through the API": func(active bool) error {
			s.post("/v1/products/"+product, values("active", map[bool]string{true: "true", false: "false"}[active]))
			return nil
		},
	} {
		if got := s.after(func() { s.ok(archive(false)) }); got != "product.updated" {
			t.Errorf("%s: got events %s", name, got)
		}
		got := s.refused(400, "/v1/checkout/sessions", form)
		if !strings.HasSuffix(got.at("error.message"), "is not available to be purchased because its product is not active.") {
			t.Errorf("%s: got %v", name, got)
		}
		s.ok(archive(true))
		s.post("/v1/checkout/sessions", form)
	}
	s.post("/v1/prices/"+s.once, values("active", "false"))
	s.refused(400, "/v1/checkout/sessions", form)
	if s.SetProductActive("prod_none", true) == nil {
		t.Error("an unknown product was archived")
	}
}

func TestCatalog_IsReadAsTheGatewayDoes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	basic, pro := s.fetch("", "/v1/prices/"+s.once).at("product"), s.fetch("", "/v1/prices/"+s.monthly).at("product")
	if got := s.fetch(dahlia, "/v1/products?ids[]="+basic+"&ids[]="+pro).len("data"); got != 2 {
		t.Errorf("got %d products", got)
	}
	s.fetch(dahlia, "/v1/products?ids[]="+basic).wants(t, "one", map[string]string{"data.0.id": basic, "data.1": "<none>"})
	s.fetch(dahlia, "/v1/prices?product="+basic+"&expand[]=data.product").wants(t, "price", map[string]string{
		"data.0.id": s.once, "data.0.product.name": "Basic", "data.0.product.marketing_features": "[]"})
	first := s.fetch(dahlia, "/v1/prices?limit=2")
	first.wants(t, "the first page", map[string]string{"has_more": "true"})
	s.fetch(dahlia, "/v1/prices?limit=2&starting_after="+first.at("data.1.id")).wants(t, "the second page", map[string]string{
		"has_more": "false", "data.0.id": s.once, "data.1": "<none>"})
}

// A lookup key goes from a price to its successor also after both were made.
func TestPrice_TakesALookupKeyOver(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.refused(400, "/v1/prices/"+s.yearly, values("lookup_key", "pro_monthly"))
	if got := s.after(func() {
		s.post("/v1/prices/"+s.yearly, values("lookup_key", "pro_monthly", "transfer_lookup_key", "true", "tax_behavior", "inclusive")).wants(t, "the successor", map[string]string{
			"lookup_key": "pro_monthly", "tax_behavior": "inclusive"})
	}); got != "price.updated price.updated" {
		t.Errorf("got events %s", got)
	}
	s.fetch("", "/v1/prices/"+s.monthly).wants(t, "the one before", map[string]string{"lookup_key": "null"})
	s.post("/v1/prices/"+s.yearly, values("lookup_key", "pro_monthly", "nickname", "Same")).wants(t, "its own key", map[string]string{"nickname": "Same"})
	s.refused(400, "/v1/prices/"+s.yearly, values("tax_behavior", "exclusive"))
	s.post("/v1/prices/"+s.yearly, values("lookup_key", "")).wants(t, "without", map[string]string{"lookup_key": "null"})
	s.conform()
}

// What pricing pages show of a product can be given and changed, and which price is its default.
func TestProduct_KeepsWhatPricingPagesShow(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	product := s.fetch("", "/v1/prices/"+s.monthly).at("product")
	s.postIn(dahlia, "/v1/products/"+product, values("default_price", s.monthly, "url", "https://shop.test/pro", "statement_descriptor", "PRO", "shippable", "false", "unit_label", "seat",
		"marketing_features[0][name]", "All of it", "marketing_features[1][name]", "And more", "expand[]", "default_price")).wants(t, "changed", map[string]string{
		"default_price.id": s.monthly, "url": "https://shop.test/pro", "statement_descriptor": "PRO", "shippable": "false", "unit_label": "seat", "marketing_features.1.name": "And more"})
	s.fetch("", "/v1/products/"+product).wants(t, "by its older name", map[string]string{"features.0.name": "All of it"})
	s.postIn(dahlia, "/v1/products/"+product, values("default_price", "", "url", "", "marketing_features", "")).wants(t, "taken off", map[string]string{
		"default_price": "null", "url": "null", "marketing_features.0": "<none>"})
	for what, id := range map[string]string{"another product's": s.once, "none": "price_none"} {
		s.refused(400, "/v1/products/"+product, values("default_price", id)).wants(t, what, map[string]string{"error.param": "default_price"})
	}
	metered := s.meter()
	s.fetch("", "/v1/prices?recurring[usage_type]=metered").wants(t, "metered prices", map[string]string{"data.0.id": metered, "data.1": "<none>"})
	s.fetch("", "/v1/prices?recurring[usage_type]=licensed&limit=100").wants(t, "licensed prices", map[string]string{"data.1.type": "recurring", "data.2": "<none>"})
}
