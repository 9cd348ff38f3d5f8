package sandbox_test

import (
	"slices"
	"testing"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// A price has an amount in each of its currencies, which are shown to who asks for them.
func TestCurrencyOptions_AreMadeAndShown(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	base := []string{"currency", "usd", "product_data[name]", "Pro", "recurring[interval]", "month"}
	flat := slices.Concat(base, []string{"unit_amount", "2900", "currency_options[eur][unit_amount]", "2700", "currency_options[jpy][unit_amount]", "4000", "currency_options[jpy][tax_behavior]", "inclusive"})
	p := s.post("/v1/prices", values(flat...))
	p.wants(t, "made", map[string]string{"unit_amount": "2900", "currency": "usd", "currency_options": "<none>"})
	s.post("/v1/prices/"+p.at("id"), values("currency_options[gbp][unit_amount]", "2500", "currency_options[jpy][tax_behavior]", "exclusive"))
	want := map[string]string{
		"unit_amount": "2900", "currency_options.usd.unit_amount": "2900", "currency_options.eur.unit_amount": "2700", "currency_options.eur.unit_amount_decimal": "2700",
		"currency_options.jpy.unit_amount": "4000", "currency_options.jpy.tax_behavior": "exclusive", "currency_options.gbp.unit_amount": "2500",
		"currency_options.eur.tiers": "<none>", "currency_options.eur.tax_behavior": "unspecified",
	}
	for _, version := range []string{"", dahlia} {
		s.fetch(version, "/v1/prices/"+p.at("id")+"?expand[]=currency_options&expand[]=currency_options.eur.tiers").wants(t, version, want)
	}
	if got := s.fetch("", "/v1/prices?limit=1&expand[]=data.currency_options").at("data.0.currency_options.eur.unit_amount"); got != "2700" {
		t.Errorf("got %s in a list", got)
	}

	tiers := func(name, each string) []string {
		return []string{name + "[0][up_to]", "5", name + "[0][unit_amount]", each, name + "[1][up_to]", "inf", name + "[1][unit_amount]", "10"}
	}
	tiered := slices.Concat(base, []string{"billing_scheme", "tiered", "tiers_mode", "volume"}, tiers("tiers", "100"))
	p = s.post("/v1/prices", values(append(tiered, tiers("currency_options[eur][tiers]", "90")...)...))
	s.fetch("", "/v1/prices/"+p.at("id")+"?expand[]=tiers&expand[]=currency_options.eur.tiers").wants(t, "tiers", map[string]string{
		"tiers.0.unit_amount": "100", "currency_options.eur.tiers.0.unit_amount": "90", "currency_options.eur.unit_amount": "null", "currency_options.usd.tiers": "<none>"})

	for name, pairs := range map[string][]string{
		"no currency":        append(flat, "currency_options[euro][unit_amount]", "1"),
		"its own":            append(flat, "currency_options[usd][unit_amount]", "1"),
		"no amount":          append(flat, "currency_options[gbp][tax_behavior]", "inclusive"),
		"an amount of tiers": append(tiered, "currency_options[eur][unit_amount]", "1"),
		"no tiers":           append(tiered, "currency_options[eur][tax_behavior]", "inclusive"),
		"tiers alone":        append(flat, tiers("currency_options[gbp][tiers]", "1")...),
		"of any amount":      append(flat, "currency_options[gbp][custom_unit_amount][enabled]", "true"),
		"a word of nobody's": append(flat, "currency_options[gbp][amount]", "1"),
	} {
		if e := s.refused(400, "/v1/prices", values(pairs...)); e.at("error.param") == "" {
			t.Errorf("%s: no parameter is named", name)
		}
	}
	s.conform()
}

// What is bought in a currency is paid in it from the first invoice to the last.
func TestCurrency_IsThatOfTheCheckoutFromThenOn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	pro := s.mustPrice(sandbox.PriceSpec{Product: "Pro", UnitAmount: 2900, Interval: "month", Currencies: map[string]sandbox.CurrencyOption{"eur": {UnitAmount: 2700}, "jpy": {UnitAmount: 4000}}})
	team := s.mustPrice(sandbox.PriceSpec{Product: "Team", UnitAmount: 9900, Interval: "month", Currencies: map[string]sandbox.CurrencyOption{"eur": {UnitAmount: 9000}}})
	usd := s.mustPrice(sandbox.PriceSpec{Product: "Old", UnitAmount: 100, Interval: "month"})
	customer := s.post("/v1/customers", values("email", "ada@example.com")).at("id")
	buy := func(price, mode string, more ...string) []string {
		return checkout(mode, append([]string{"customer", customer, "line_items[0][price]", price, "line_items[0][quantity]", "2"}, more...)...)
	}
	refused := func(name, path, says string, pairs ...string) {
		t.Helper()
		s.refused(400, path, values(pairs...)).wants(t, name, map[string]string{"error.message": says})
	}
	refused("a currency that it lacks", "/v1/checkout/sessions", "The price specified supports currencies of `usd`, `eur`, `jpy` which doesn't include the expected currency of `gbp`.", buy(pro, "subscription", "currency", "gbp")...)
	refused("another than its only one", "/v1/checkout/sessions", "The price specified only supports `usd`. This doesn't match the expected currency: `eur`.", buy(usd, "subscription", "currency", "eur")...)

	cs := s.post("/v1/checkout/sessions", values(buy(pro, "subscription", "currency", "eur", "expand[]", "line_items.data.price.currency_options")...))
	cs.wants(t, "the session", map[string]string{
		"currency": "eur", "amount_total": "5400", "line_items.data.0.currency": "eur", "line_items.data.0.amount_total": "5400", "line_items.data.0.price.currency": "usd",
		"line_items.data.0.price.currency_options.eur.unit_amount": "2700",
	})
	combined := "You cannot combine currencies on a single customer. This customer has an active subscription, subscription schedule, discount, quote, invoice item or active subscription mode checkout session with currency eur."
	refused("beside an open checkout", "/v1/checkout/sessions", combined, buy(pro, "subscription", "currency", "usd")...)
	s.ok(s.Pay(cs.at("id")))
	sub := s.fetch("", "/v1/checkout/sessions/"+cs.at("id")+"?expand[]=subscription.latest_invoice.payment_intent")
	sub.wants(t, "subscribed", map[string]string{
		"subscription.currency": "eur", "subscription.items.data.0.price.currency": "usd", "subscription.latest_invoice.currency": "eur",
		"subscription.latest_invoice.total": "5400", "subscription.latest_invoice.lines.data.0.currency": "eur", "subscription.latest_invoice.payment_intent.currency": "eur",
	})
	id := sub.at("subscription.id")
	if got := s.fetch("", "/v1/customers/"+customer).at("currency"); got != "eur" {
		t.Errorf("the customer pays in %s", got)
	}

	refused("a subscription in another", "/v1/checkout/sessions", combined, buy(pro, "subscription", "currency", "usd")...)
	refused("one that is only in another", "/v1/checkout/sessions", combined, buy(usd, "subscription")...)
	refused("without Checkout", "/v1/subscriptions", combined, "customer", customer, "items[0][price]", team)
	s.post("/v1/checkout/sessions", values(buy(team, "subscription")...)).wants(t, "stays with the customer's", map[string]string{"currency": "eur", "amount_total": "18000"})
	s.post("/v1/checkout/sessions", values(buy(s.once, "payment")...)).wants(t, "what is paid once", map[string]string{"currency": "usd"})
	refused("a change to what has it not", "/v1/subscriptions/"+id, "The price specified only supports `usd`. This doesn't match the expected currency: `eur`.", "items[0][id]", sub.at("subscription.items.data.0.id"), "items[0][price]", usd)

	s.ok(s.RenewSubscription(id, true))
	s.fetch("", "/v1/invoices?limit=1&subscription="+id).wants(t, "renewed", map[string]string{"data.0.currency": "eur", "data.0.total": "5400", "data.0.billing_reason": "subscription_cycle"})
	s.post("/v1/subscriptions/"+id, values("items[0][id]", sub.at("subscription.items.data.0.id"), "items[0][price]", team, "proration_behavior", "none"))
	s.ok(s.RenewSubscription(id, true))
	s.fetch("", "/v1/invoices?limit=1&subscription="+id).wants(t, "changed", map[string]string{"data.0.currency": "eur", "data.0.total": "18000"})

	made := s.post("/v1/subscriptions", values("customer", s.withCard(), "currency", "jpy", "items[0][price]", pro, "expand[]", "latest_invoice"))
	made.wants(t, "made by the API", map[string]string{"currency": "jpy", "latest_invoice.total": "4000", "latest_invoice.currency": "jpy"})
	s.conform()
}
