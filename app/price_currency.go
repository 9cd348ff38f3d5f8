package app

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// currenciesOf are those of a price that a buyer may choose from: of those that Stripe has,
// the ones that the catalog names, if it names any.
func currenciesOf(price domain.Price, stripe ports.StripePrice) []string {
	all := stripe.Currencies()
	if len(price.Currencies) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(price.Currencies), func(c string) bool { return !slices.Contains(all, c) })
}

// defaultOf is the currency that is paid where none is chosen, of those that a buyer may
// choose from: empty where that is left to Stripe's page, as the price's own is one of them.
func defaultOf(offered []string, stripe ports.StripePrice) string {
	if len(offered) == 0 || slices.Contains(offered, stripe.Currency) {
		return ""
	}
	return offered[0]
}

// chosen is a price in the currency that a buyer chose; as it is if none was.
// [ErrCurrencyNotSold] says which there are.
func chosen(currency string, price domain.Price, stripe ports.StripePrice) (ports.StripePrice, error) {
	if currency == "" {
		return stripe, nil
	}
	offered := currenciesOf(price, stripe)
	if !slices.Contains(offered, currency) {
		return stripe, fmt.Errorf("%w: price %s is sold in %s: choose one of these, or leave currency out",
			ErrCurrencyNotSold, price.Key, strings.Join(offered, ", "))
	}
	paid, _ := stripe.In(currency)
	return paid, nil
}

// missingCurrencies are those that the catalog names and Stripe does not have.
func missingCurrencies(plan domain.Plan, price domain.Price, stripe ports.StripePrice) error {
	all := stripe.Currencies()
	missing := slices.DeleteFunc(slices.Clone(price.Currencies), func(c string) bool { return slices.Contains(all, c) })
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("plan %s, price %s: %s is sold in %s at Stripe, and not in %s: add currency options there, or take them out of currencies",
		plan.Key, price.Key, stripe.ID, strings.Join(all, ", "), strings.Join(missing, ", "))
}

// costs are those of a quantity of a price.
type costs struct {
	price    ports.StripePrice
	quantity int64
}

// compareCosts tells which costs more in the same time, in the currency that is paid, and
// whether that can be told: not of what is billed by use, nor where it is not sold in that.
func compareCosts(a, b costs, paid string) (int, bool) {
	inA, soldA := a.price.In(paid)
	inB, soldB := b.price.In(paid)
	totalA, toldA := inA.Total(a.quantity)
	totalB, toldB := inB.Total(b.quantity)
	if !soldA || !soldB || !toldA || !toldB {
		return 0, false
	}
	highA, lowA := bits.Mul64(uint64(totalA), uint64(daysOf(b.price))) // a product may be more than an int64 has room for
	highB, lowB := bits.Mul64(uint64(totalB), uint64(daysOf(a.price)))
	return cmp.Or(cmp.Compare(highA, highB), cmp.Compare(lowA, lowB)), true
}
