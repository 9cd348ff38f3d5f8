package api

import (
	"maps"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// readCurrencyOptions reads currency_options[eur][unit_amount] ... into a copy of what the
// price has, which is of tiers where its own currency is.
func readCurrencyOptions(c *Call, p *state.Price) map[string]state.PriceOption {
	options := maps.Clone(p.Options)
	if !c.HasAny("currency_options") {
		return options
	}
	if options == nil {
		options = map[string]state.PriceOption{}
	}
	for _, name := range c.Names() {
		rest, is := strings.CutPrefix(name, "currency_options[")
		if !is {
			if name == "currency_options" {
				c.Fail(wire.Invalid(name, "", "Stripe may take currencies off a price, the sandbox does not serve that: make another price."))
			}
			continue
		}
		currency, field, _ := strings.Cut(rest, "]")
		top, _, _ := strings.Cut(field, "]")
		switch {
		case !wire.IsCurrency(currency):
			c.Fail(wire.InvalidCurrency("currency_options", currency))
		case currency == p.Currency:
			c.Fail(wire.Invalid("currency_options["+currency+"]", "", "The sandbox takes what a price costs in its own currency beside `currency_options` alone."))
		case top == "[custom_unit_amount" || top == "[unit_amount_decimal":
			c.Fail(wire.Invalid(name, "", "Stripe has currency_options%s], the sandbox does not serve it yet.", top))
		case top != "[unit_amount" && top != "[tax_behavior" && top != "[tiers":
			c.Fail(wire.Invalid(name, "parameter_unknown", "Received unknown parameter: %s", name))
		}
	}
	if c.Err != nil {
		return options
	}
	for _, currency := range c.optionCurrencies() {
		name := "currency_options[" + currency + "]"
		option := options[currency]
		if v := c.OneOf(name+"[tax_behavior]", "exclusive", "inclusive", "unspecified"); v != "" {
			option.TaxBehavior = v
		}
		if tiers := readTiers(c, name+"[tiers]"); len(tiers) > 0 {
			option.Tiers = tiers
		}
		if c.Has(name + "[unit_amount]") {
			option.UnitAmount = c.Integer(name+"[unit_amount]", 0, wire.MaxAmount)
		}
		_, had := p.Options[currency]
		switch tiered := len(p.Tiers) > 0; {
		case tiered && c.Has(name+"[unit_amount]"):
			c.Fail(wire.Invalid(name+"[unit_amount]", "", "You cannot set `unit_amount` if `billing_scheme=tiered`."))
		case !tiered && len(option.Tiers) > 0:
			c.Fail(wire.Invalid(name+"[tiers]", "", "You can only set `tiers` if `billing_scheme=tiered`."))
		case tiered && len(option.Tiers) == 0:
			c.Fail(wire.MissingParam(name + "[tiers]"))
		case !tiered && !had && !c.Has(name+"[unit_amount]"):
			c.Fail(wire.MissingParam(name + "[unit_amount]"))
		}
		options[currency] = option
	}
	return options
}

// optionCurrencies are those that the request has options of, in order.
func (c *Call) optionCurrencies() []string {
	var found []string
	for _, name := range c.Names() {
		rest, is := strings.CutPrefix(name, "currency_options[")
		currency, _, _ := strings.Cut(rest, "]")
		if is && (len(found) == 0 || found[len(found)-1] != currency) {
			found = append(found, currency)
		}
	}
	return found
}
