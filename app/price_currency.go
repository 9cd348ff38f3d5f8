package app

import (
	"fmt"
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
