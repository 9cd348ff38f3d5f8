package catalog

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// priceDraft is a price while it is read.
type priceDraft struct {
	price   domain.Price
	what    string // as problems call it
	sandbox SandboxPrice
}

// What a price and an option of its currency may look like, for whoever wrote something else.
const (
	formOfPrice  = "{id: price_...}"
	formOfOption = "{amount: 1900}"
)

// namings are the ways to name a price of Stripe's: exactly one of them.
var namings = []string{"env", "lookup_key", "id"}

var priceFields = fields[priceDraft]{
	{"env", readEnvPrice},
	{"lookup_key", func(r *reader, d *priceDraft, v value) { d.price.LookupKey, _ = r.id(v, "lookup_key") }},
	{"id", func(r *reader, d *priceDraft, v value) {
		if id, ok := r.id(v, "id"); ok {
			r.priceID(d, v, id, "id")
		}
	}},
	{"currencies", func(r *reader, d *priceDraft, v value) {
		for _, e := range r.list(v, "currencies of "+d.what) {
			r.currency(e.at, e.text)
			d.price.Currencies = append(d.price.Currencies, e.text)
		}
	}},
	{"sold", func(r *reader, d *priceDraft, v value) { d.price.NotSold = !r.truth(v, "sold") }},
	{"sandbox", func(r *reader, d *priceDraft, v value) { r.sandbox(d, v) }},
}

func readPrices(r *reader, into *planDraft, v value) {
	all, ok := r.pairs(v, "prices of "+into.what, "{monthly: "+formOfPrice+"}")
	if ok && len(all) == 0 {
		r.fail(v, "%s has no prices: add at least one", into.what)
	}
	for _, p := range all {
		if !r.name(p, "price") {
			continue
		}
		d := priceDraft{what: fmt.Sprintf("price %q of %s", p.key, into.what), price: domain.Price{Key: domain.PriceKey(p.key)}}
		got := readFields(r, p.says, d.what, formOfPrice, priceFields, &d)
		if got == nil {
			continue
		}
		r.namedOnce(p, d, got)
		r.usedOnce(p, d)
		into.plan.Prices = append(into.plan.Prices, d.price)
		if got.has("sandbox") {
			r.fitsMode(got["sandbox"].says, d, into.plan.Mode)
			d.sandbox.Plan, d.sandbox.Price = into.plan.Key, d.price.Key
			d.sandbox.ID, d.sandbox.LookupKey = d.price.ID, d.price.LookupKey
			into.sandbox = append(into.sandbox, d.sandbox)
		}
	}
}

func (r *reader) namedOnce(p pair, d priceDraft, got seen) {
	var named []string
	for _, n := range namings {
		if got.has(n) {
			named = append(named, n)
		}
	}
	switch {
	case len(named) == 0:
		r.fail(p.at, "%s does not say which of Stripe's prices it is: add one of %s", d.what, strings.Join(namings, ", "))
	case len(named) > 1:
		r.fail(got[named[1]].at, "%s is named by %s: keep one of them", d.what, strings.Join(named, " and "))
	}
}

// usedOnce refuses a price of Stripe's that another line names too: a purchase of
// it would belong to two plans.
func (r *reader) usedOnce(p pair, d priceDraft) {
	for _, name := range []string{"id " + string(d.price.ID), "lookup key " + d.price.LookupKey} {
		if strings.HasSuffix(name, " ") {
			continue // not named this way
		}
		if other, used := r.prices[name]; used {
			r.fail(p.at, "%s has the %s, as has %s: one price of Stripe's belongs to one price of one plan", d.what, name, other)
			continue
		}
		r.prices[name] = fmt.Sprintf("%s in line %d", d.what, p.at.line)
	}
}

var envPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// readEnvPrice takes the price's id from the environment. What is found there is
// not repeated in a problem: it could be a secret that was put there by mistake.
func readEnvPrice(r *reader, d *priceDraft, v value) {
	variable, ok := r.id(v, "env")
	if !ok {
		return
	}
	if !envPattern.MatchString(variable) {
		r.fail(v, "env must be the name of an environment variable such as STRIPE_PRICE_PRO_ID, not %q", clip(variable))
		return
	}
	id := ""
	if r.getenv != nil {
		id = strings.TrimSpace(r.getenv(variable))
	}
	switch {
	case id == "":
		r.fail(v, "%s: the environment variable %s is not set: set it to the id of a price (price_...)", d.what, variable)
	case len(id) > maxID || strings.ContainsAny(id, " \t\r\n"):
		r.fail(v, "%s: the environment variable %s does not hold the id of a price (price_...)", d.what, variable)
	default:
		r.priceID(d, v, id, "the environment variable "+variable)
	}
}

// priceID keeps an id unless it is plainly of something else.
func (r *reader) priceID(d *priceDraft, v value, id, from string) {
	if strings.HasPrefix(id, "prod_") {
		r.fail(v, "%s: %s names a product (prod_...): name one of its prices (price_...)", d.what, from)
		return
	}
	d.price.ID = domain.PriceID(id)
}

var sandboxFields = fields[SandboxPrice]{
	{"amount", func(r *reader, s *SandboxPrice, v value) {
		s.Amount = r.amount(v, "amount")
	}},
	{"currency", func(r *reader, s *SandboxPrice, v value) {
		if c, ok := r.text(v, "currency"); ok {
			r.currency(v, c)
			s.Currency = c
		}
	}},
	{"interval", func(r *reader, s *SandboxPrice, v value) {
		s.Interval = r.word(v, "interval", "day", "week", "month", "year")
	}},
	{"interval_count", func(r *reader, s *SandboxPrice, v value) {
		s.IntervalCount, _ = r.count(v, "interval_count", 1, 365)
	}},
	{"tiers_mode", func(r *reader, s *SandboxPrice, v value) {
		s.TiersMode = r.word(v, "tiers_mode", "graduated", "volume")
	}},
	{"tiers", func(r *reader, s *SandboxPrice, v value) { s.Tiers = r.tiers(v) }},
	{"currency_options", func(r *reader, s *SandboxPrice, v value) {
		all, _ := r.pairs(v, "currency_options", "{eur: "+formOfOption+"}")
		s.Options = map[string]SandboxOption{}
		for _, p := range all {
			r.currency(p.at, p.key)
			var o SandboxOption
			readFields(r, p.says, "currency option "+p.key, formOfOption, optionFields, &o)
			s.Options[p.key] = o
		}
	}},
}

var optionFields = fields[SandboxOption]{
	{"amount", func(r *reader, o *SandboxOption, v value) {
		o.Amount = r.amount(v, "amount")
	}},
	{"tiers", func(r *reader, o *SandboxOption, v value) { o.Tiers = r.tiers(v) }},
}

var tierFields = fields[ports.Tier]{
	{"up_to", func(r *reader, t *ports.Tier, v value) { t.UpTo, _ = r.count(v, "up_to", 1, 999_999) }},
	{"unit_amount", func(r *reader, t *ports.Tier, v value) {
		t.UnitAmount = r.amount(v, "unit_amount")
	}},
	{"flat_amount", func(r *reader, t *ports.Tier, v value) {
		t.FlatAmount = r.amount(v, "flat_amount")
	}},
}

// tiers are in the order of their quantities, and only the last has no end.
func (r *reader) tiers(v value) []ports.Tier {
	sequence, is := v.node.(*ast.SequenceNode)
	if !is {
		r.fail(v, "tiers must be a list such as [{up_to: 5, unit_amount: 900}, {unit_amount: 700}], not %s", kindOf(v))
		return nil
	}
	var all []ports.Tier
	for i, node := range sequence.Values {
		var t ports.Tier
		one, last := at(node, v), i == len(sequence.Values)-1
		readFields(r, one, "a tier", "{up_to: 5, unit_amount: 900}", tierFields, &t)
		switch {
		case last != (t.UpTo == 0):
			r.fail(one, "the last tier has no up_to, and every other has one")
		case i > 0 && !last && t.UpTo <= all[i-1].UpTo:
			r.fail(one, "a tier has to end after the one before it, which goes up_to %d", all[i-1].UpTo)
		}
		all = append(all, t)
	}
	return all
}

func (r *reader) currency(v value, code string) {
	if !currencyPattern.MatchString(code) {
		r.fail(v, "currency must be three lower case letters such as usd")
	}
}

var currencyPattern = regexp.MustCompile(`^[a-z]{3}$`)

func (r *reader) sandbox(d *priceDraft, v value) {
	got := readFields(r, v, "sandbox of "+d.what, "{amount: 1900, currency: usd}", sandboxFields, &d.sandbox)
	needs := []string{"amount", "currency"}
	if got.has("tiers") {
		needs = []string{"tiers_mode", "currency"}
	}
	for _, needed := range needs {
		if got != nil && !got.has(needed) {
			r.fail(v, "sandbox of %s has no %s: add it", d.what, needed)
		}
	}
	if got.has("tiers") && got.has("amount") || !got.has("tiers") && got.has("tiers_mode") {
		r.fail(v, "sandbox of %s has either an amount, or tiers and a tiers_mode", d.what)
	}
	for currency, o := range d.sandbox.Options {
		if got != nil && (currency == d.sandbox.Currency || got.has("tiers") != (len(o.Tiers) > 0) || len(o.Tiers) > 0 && o.Amount != 0) {
			r.fail(got["currency_options"].at, "sandbox of %s: %s of currency_options is another currency than %s, and has tiers if that has and an amount if that has",
				d.what, currency, d.sandbox.Currency)
		}
	}
	if got.has("interval") && !got.has("interval_count") {
		d.sandbox.IntervalCount = 1
	}
	if got.has("interval_count") && !got.has("interval") {
		r.fail(got["interval_count"].at, "sandbox of %s has an interval_count and no interval: add interval: month", d.what)
	}
}

// fitsMode checks that the sandbox's price is paid as often as the plan is sold.
func (r *reader) fitsMode(at value, d priceDraft, mode domain.Mode) {
	switch {
	case mode == domain.ModePayment && d.sandbox.Interval != "":
		r.fail(at, "sandbox of %s has an interval, but the plan is sold once: remove it", d.what)
	case mode == domain.ModeSubscription && d.sandbox.Interval == "" && d.sandbox.IntervalCount == 0:
		r.fail(at, "sandbox of %s has no interval, but the plan is a subscription: add interval: month", d.what)
	}
}
