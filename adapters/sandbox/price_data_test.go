package sandbox_test

import (
	"testing"
)

// Checkout makes prices and products in passing, as the newest tutorials do.
func TestCheckout_SellsAPriceMadeWithTheSession(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	data := "line_items[0][price_data]"
	line := func(mode string, more ...string) []string {
		return checkout(mode, append([]string{"line_items[0][quantity]", "2", data + "[currency]", "usd", data + "[unit_amount]", "1500"}, more...)...)
	}
	var cs tree
	got := s.after(func() {
		cs = s.post("/v1/checkout/sessions", values(append(line("payment", data+"[product_data][name]", "T-shirt", data+"[product_data][images][0]", "https://shop.example/t.png",
			"payment_intent_data[shipping][name]", "Ada", "payment_intent_data[shipping][address][line1]", "1 Way"), "expand[]", "line_items.data.price.product")...))
	})
	if got != "product.created price.created" {
		t.Errorf("got events %s", got)
	}
	cs.wants(t, "the session", map[string]string{
		"amount_total": "3000", "line_items.data.0.description": "T-shirt", "line_items.data.0.price.active": "false",
		"line_items.data.0.price.product.images.0": "https://shop.example/t.png",
	})
	s.ok(s.Pay(cs.at("id")))
	s.fetch("", "/v1/checkout/sessions/"+cs.at("id")+"?expand[]=payment_intent.latest_charge").wants(t, "paid", map[string]string{
		"payment_intent.amount": "3000", "payment_intent.shipping.name": "Ada", "payment_intent.latest_charge.shipping.address.line1": "1 Way",
	})
	s.refused(400, "/v1/checkout/sessions", values(checkout("payment", "line_items[0][quantity]", "1", "line_items[0][price]", cs.at("line_items.data.0.price.id"))...))

	product := s.fetch("", "/v1/prices/"+s.monthly).at("product")
	monthly := s.post("/v1/checkout/sessions", values(line("subscription", data+"[product]", product, data+"[recurring][interval]", "month")...)).at("id")
	s.ok(s.Pay(monthly))
	sub := s.fetch("", "/v1/checkout/sessions/"+monthly+"?expand[]=subscription")
	sub.wants(t, "subscribed", map[string]string{"subscription.status": "active", "subscription.items.data.0.price.product": product})
	s.ok(s.RenewSubscription(sub.at("subscription.id"), true))

	n := s.fetch("", "/v1/products?limit=100").len("data")
	for name, tt := range map[string]struct {
		pairs       []string
		param, code string
	}{
		"no product":         {line("payment"), data + "[product]", "parameter_missing"},
		"both":               {line("payment", data+"[product]", product, data+"[product_data][name]", "X"), data, "parameters_exclusive"},
		"unknown":            {line("payment", data+"[product]", "prod_none"), data + "[product]", "resource_missing"},
		"no name":            {line("payment", data+"[product_data][description]", "X"), data + "[product_data][name]", "parameter_missing"},
		"no amount":          {checkout("payment", "line_items[0][quantity]", "1", data+"[currency]", "usd", data+"[product_data][name]", "X"), data + "[unit_amount]", "parameter_missing"},
		"another mode":       {line("payment", data+"[product]", product, data+"[recurring][interval]", "month"), "mode", "<none>"},
		"no interval":        {line("subscription", data+"[product]", product, data+"[recurring][interval_count]", "3"), data + "[recurring][interval]", "parameter_missing"},
		"wrong afterwards":   {line("payment", data+"[product_data][name]", "X", "expires_at", "1"), "expires_at", "<none>"},
		"a tax code of ours": {line("payment", data+"[product_data][name]", "X", data+"[product_data][tax_code]", "txcd_1"), data + "[product_data][tax_code]", "parameter_unknown"},
	} {
		e := s.refused(400, "/v1/checkout/sessions", values(tt.pairs...))
		if name != "wrong afterwards" {
			e.wants(t, name, map[string]string{"error.param": tt.param, "error.code": tt.code})
		}
	}
	if got := s.fetch("", "/v1/products?limit=100").len("data"); got != n {
		t.Errorf("a refused session has made %d products", got-n)
	}
	s.conform()
}

func TestProduct_ComesWithItsPriceAndImages(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var p tree
	got := s.after(func() {
		p = s.post("/v1/products", values("name", "Pro", "images[0]", "https://shop.example/1.png", "default_price_data[currency]", "usd", "default_price_data[unit_amount]", "900",
			"default_price_data[recurring][interval]", "month", "expand[]", "default_price"))
	})
	if got != "product.created price.created" {
		t.Errorf("got events %s", got)
	}
	p.wants(t, "the product", map[string]string{"images.0": "https://shop.example/1.png", "default_price.unit_amount": "900", "default_price.active": "true", "default_price.recurring.interval": "month"})
	s.post("/v1/products/"+p.at("id"), values("images", "")).wants(t, "without images", map[string]string{"images.0": "<none>"})
	s.refused(400, "/v1/products", values("name", "X", "default_price_data[unit_amount]", "1")).wants(t, "no currency", map[string]string{"error.param": "default_price_data[currency]"})
	s.conform()
}

func TestPaymentIntent_IsShipped(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	to := []string{"shipping[name]", "Ada", "shipping[phone]", "1", "shipping[address][city]", "London", "shipping[address][line1]", "1 Way"}
	pi := s.post("/v1/payment_intents", intent("pm_card_visa", append(to, "expand[]", "latest_charge")...))
	pi.wants(t, "paid", map[string]string{"shipping.address.city": "London", "shipping.carrier": "null", "latest_charge.shipping.phone": "1"})
	s.refused(400, "/v1/payment_intents", intent("pm_card_visa", "shipping[name]", "Ada")).wants(t, "no address", map[string]string{"error.param": "shipping[address]"})
	s.conform()
}
