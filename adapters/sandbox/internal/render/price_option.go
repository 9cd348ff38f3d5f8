package render

import (
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// CurrencyOptions is what a price costs in each of its currencies. Tiers are shown where
// they are asked for, as those of the price itself are: [OptionTiers].
func CurrencyOptions(p *state.Price) wire.Object {
	options := wire.Object{}
	for _, currency := range p.Currencies() {
		paid := p.In(currency)
		behavior := paid.TaxBehavior
		if behavior == "" {
			behavior = "unspecified"
		}
		option := wire.Object{"custom_unit_amount": nil, "tax_behavior": behavior, "unit_amount": paid.UnitAmount, "unit_amount_decimal": paid.UnitAmountDecimal()}
		if len(paid.Tiers) > 0 {
			option["unit_amount"] = nil
		}
		options[currency] = option
	}
	return options
}

// OptionTiers adds the tiers in the currency that a path below currency_options names, as
// "eur.tiers" does, and tells whether that is what it names.
func OptionTiers(p *state.Price, options wire.Object, path string) bool {
	currency, tiers, _ := strings.Cut(path, ".")
	option, sold := options[currency].(wire.Object)
	if tiers != "tiers" || !sold {
		return false
	}
	if paid := p.In(currency); len(paid.Tiers) > 0 {
		option["tiers"] = PriceTiers(paid)
	}
	return true
}
