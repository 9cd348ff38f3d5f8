package sandbox

import (
	"fmt"
	"net/url"
	"strconv"
)

// SetProductActive archives a product, as Stripe's dashboard does, or takes it back:
// no price of an archived product can be bought.
func (s *Sandbox) SetProductActive(productID string, active bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.products.get(productID)
	if p == nil {
		return fmt.Errorf("sandbox: no such product: %s", productID)
	}
	change := *p
	change.active = active
	s.changeProduct(p, change)
	return nil
}

// AddUsage counts usage of a metered price in the current period of a subscription,
// which is billed when that ends.
func (s *Sandbox) AddUsage(subscriptionID, priceID string, quantity int64) error {
	var err error
	missing := s.withSubscription(subscriptionID, func(sub *subscription) {
		for i := range sub.items {
			it := &sub.items[i]
			if p := s.prices.get(it.price); it.price == priceID && p.metered() {
				it.usage += quantity
				return
			}
		}
		err = fmt.Errorf("sandbox: %s has no metered price %s", sub.id, priceID)
	})
	if missing != nil {
		return missing
	}
	return err
}

// AddPromotionCode makes a code that takes percent off the first payment, of a coupon of its
// own, as a person in Stripe's dashboard does, and returns its id. It fails if there is such
// a code already.
func (s *Sandbox) AddPromotionCode(code string, percent int64) (string, error) {
	if percent < 1 || percent > 100 {
		return "", fmt.Errorf("sandbox: a promotion code takes 1 to 100 percent off, not %d", percent)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	form := url.Values{"percent_off": {strconv.FormatInt(percent, 10)}, "duration": {"once"}}
	co, e := s.createCoupon(&call{params: params{form: form}, version: accountVersion})
	if e != nil {
		return "", fmt.Errorf("sandbox: %s", e.message)
	}
	made, e := s.createPromotionCode(&call{params: params{form: url.Values{"coupon": {co["id"].(string)}, "code": {code}}}, version: accountVersion})
	if e != nil {
		return "", fmt.Errorf("sandbox: %s", e.message)
	}
	return made["id"].(string), nil
}
