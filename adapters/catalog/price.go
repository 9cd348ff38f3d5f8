package catalog

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/entitled-dev/entitled/domain"
)

// priceDraft is a price while it is read.
type priceDraft struct {
	price   domain.Price
	what    string // as problems call it
	sandbox SandboxPrice
}

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
	{"sold", func(r *reader, d *priceDraft, v value) { d.price.NotSold = !r.truth(v, "sold") }},
	{"sandbox", func(r *reader, d *priceDraft, v value) { r.sandbox(d, v) }},
}

func readPrices(r *reader, into *planDraft, v value) {
	all, ok := r.pairs(v, "prices of "+into.what)
	if ok && len(all) == 0 {
		r.fail(v, "%s has no prices: add at least one", into.what)
	}
	for _, p := range all {
		if !r.name(p, "price") {
			continue
		}
		d := priceDraft{what: fmt.Sprintf("price %q of %s", p.key, into.what), price: domain.Price{Key: domain.PriceKey(p.key)}}
		got := readFields(r, p.says, d.what, priceFields, &d)
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
		s.Amount, _ = r.count(v, "amount, in minor currency units,", 0, 99_999_999)
	}},
	{"currency", func(r *reader, s *SandboxPrice, v value) {
		c, ok := r.text(v, "currency")
		if ok && !currencyPattern.MatchString(c) {
			r.fail(v, "currency must be three lower case letters such as usd")
		}
		s.Currency = c
	}},
	{"interval", func(r *reader, s *SandboxPrice, v value) {
		s.Interval = r.word(v, "interval", "day", "week", "month", "year")
	}},
	{"interval_count", func(r *reader, s *SandboxPrice, v value) {
		s.IntervalCount, _ = r.count(v, "interval_count", 1, 365)
	}},
}

var currencyPattern = regexp.MustCompile(`^[a-z]{3}$`)

func (r *reader) sandbox(d *priceDraft, v value) {
	got := readFields(r, v, "sandbox of "+d.what, sandboxFields, &d.sandbox)
	for _, needed := range []string{"amount", "currency"} {
		if got != nil && !got.has(needed) {
			r.fail(v, "sandbox of %s has no %s: add it", d.what, needed)
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
