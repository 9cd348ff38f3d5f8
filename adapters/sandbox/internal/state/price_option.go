package state

import (
	"slices"
	"strings"
)

// PriceOption is what a price costs in a further currency.
type PriceOption struct {
	UnitAmount  int64 // minor units
	Tiers       []PriceTier
	TaxBehavior string
}

// In is the price as it is paid in a currency, under the same id; nil where it is not sold
// in that.
func (p *Price) In(currency string) *Price {
	if p == nil || currency == p.Currency {
		return p
	}
	option, sold := p.Options[currency]
	if !sold {
		return nil
	}
	paid := *p
	paid.Currency, paid.UnitAmount, paid.Tiers, paid.TaxBehavior = currency, option.UnitAmount, option.Tiers, option.TaxBehavior
	return &paid
}

// Currencies are all that it is sold in, its own first.
func (p *Price) Currencies() []string {
	further := make([]string, 0, len(p.Options))
	for currency := range p.Options {
		further = append(further, currency)
	}
	slices.Sort(further)
	return append([]string{p.Currency}, further...)
}

// PriceIn finds a price as it is paid in a currency.
func (a *Account) PriceIn(id, currency string) *Price { return a.Prices.Get(id).In(currency) }

// LockedCurrency is the one that a customer pays in from period to period, which Stripe does
// not combine with another: that of a subscription, of a checkout of one that is open, or of
// what waits for the next invoice. Empty: none.
func (a *Account) LockedCurrency(customer string) string {
	if customer == "" {
		return ""
	}
	for _, sub := range a.Subscriptions.Order {
		if sub.Customer == customer && !sub.Terminal() {
			return sub.Currency
		}
	}
	for _, it := range a.InvoiceItems.Order {
		if it.Customer == customer && it.Invoice == "" {
			return it.Currency
		}
	}
	for _, cs := range a.Sessions.Order {
		if cs.Customer == customer && cs.Mode == "subscription" && cs.Status == "open" {
			return cs.Currency
		}
	}
	return ""
}

// Refuses is what Stripe says of a currency that the price is not sold in.
func (p *Price) Refuses(currency string) string {
	all := p.Currencies()
	if len(all) == 1 {
		return "The price specified only supports `" + p.Currency + "`. This doesn't match the expected currency: `" + currency + "`."
	}
	return "The price specified supports currencies of `" + strings.Join(all, "`, `") + "` which doesn't include the expected currency of `" + currency + "`."
}
