package sandbox

import "fmt"

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
