package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// shippingObject is null for none.
func shippingObject(sh *state.Shipping) any {
	if sh == nil {
		return nil
	}
	return wire.Object{
		"address": addressObject(sh.Address), "carrier": wire.OrNull(sh.Carrier), "name": wire.OrNull(sh.Name), "phone": wire.OrNull(sh.Phone), "tracking_number": wire.OrNull(sh.Tracking),
	}
}
