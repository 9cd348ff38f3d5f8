package render

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

func PortalSession(ps *state.PortalSession) wire.Object {
	return wire.Object{
		"id": ps.ID, "object": "billing_portal.session", "configuration": ps.Configuration, "created": ps.Created, "customer": ps.Customer,
		"flow": portalFlow(ps.Flow), "livemode": false, "locale": wire.OrNull(ps.Locale), "on_behalf_of": nil, "return_url": wire.OrNull(ps.ReturnURL),
		"url": ps.URL(),
	}
}

func portalFlow(f *state.PortalFlow) any {
	if f == nil {
		return nil
	}
	var redirect, confirmation any
	switch f.After {
	case "redirect":
		redirect = wire.Object{"return_url": f.Redirect}
	case "hosted_confirmation":
		confirmation = wire.Object{"custom_message": wire.OrNull(f.Message)}
	}
	o := wire.Object{
		"type": f.Kind, "after_completion": wire.Object{"type": f.After, "redirect": redirect, "hosted_confirmation": confirmation},
		"subscription_cancel": nil, "subscription_update": nil, "subscription_update_confirm": nil,
	}
	switch f.Kind {
	case "subscription_cancel":
		o[f.Kind] = wire.Object{"retention": nil, "subscription": f.Subscription}
	case "subscription_update":
		o[f.Kind] = wire.Object{"subscription": f.Subscription}
	case "subscription_update_confirm":
		item := wire.Object{"id": f.Item, "price": wire.OrNull(f.Price)}
		if f.Quantity != 0 {
			item["quantity"] = f.Quantity
		}
		o[f.Kind] = wire.Object{"discounts": nil, "items": []wire.Object{item}, "subscription": f.Subscription}
	}
	return o
}
