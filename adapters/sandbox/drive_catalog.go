package sandbox

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/api"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// SetProductActive archives a product, as Stripe's dashboard does, or takes it back:
// no price of an archived product can be bought.
func (s *Sandbox) SetProductActive(productID string, active bool) error {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	p := s.stripe.Products.Get(productID)
	if p == nil {
		return fmt.Errorf("sandbox: no such product: %s", productID)
	}
	change := *p
	change.Active = active
	s.stripe.ChangeProduct(p, change)
	return nil
}

// AddUsage counts usage of a metered price in the current period of a subscription,
// which is billed when that ends.
func (s *Sandbox) AddUsage(subscriptionID, priceID string, quantity int64) error {
	var err error
	missing := s.withSubscription(subscriptionID, func(sub *state.Subscription) {
		for i := range sub.Items {
			it := &sub.Items[i]
			if p := s.stripe.Prices.Get(it.Price); it.Price == priceID && p.Metered() {
				it.Usage += quantity
				return
			}
		}
		err = fmt.Errorf("sandbox: %s has no metered price %s", sub.ID, priceID)
	})
	if missing != nil {
		return missing
	}
	return err
}

// AddPromotionCode makes a code that takes percent off the first payment, of a coupon of its
// own, as a person in Stripe's dashboard does, and returns its id. It fails with ErrTaken if
// there is such a code already.
func (s *Sandbox) AddPromotionCode(code string, percent int64) (string, error) {
	if percent < 1 || percent > 100 {
		return "", fmt.Errorf("sandbox: a promotion code takes 1 to 100 percent off, not %d", percent)
	}
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	for _, pc := range s.stripe.PromotionCodes.Order {
		if pc.Active && strings.EqualFold(pc.Code, code) {
			return "", fmt.Errorf("%w: promotion code %s", ErrTaken, pc.Code)
		}
	}
	form := url.Values{"percent_off": {strconv.FormatInt(percent, 10)}, "duration": {"once"}}
	co, e := s.api.CreateCoupon(&api.Call{Params: wire.Params{Form: form}, Version: wire.AccountVersion})
	if e != nil {
		return "", fmt.Errorf("sandbox: %s", e.Message)
	}
	made, e := s.api.CreatePromotionCode(&api.Call{Params: wire.Params{Form: url.Values{"coupon": {co["id"].(string)}, "code": {code}}}, Version: wire.AccountVersion})
	if e != nil {
		return "", fmt.Errorf("sandbox: %s", e.Message)
	}
	return made["id"].(string), nil
}
