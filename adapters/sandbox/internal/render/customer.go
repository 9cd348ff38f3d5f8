package render

import (
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// AddressFields are those of Stripe's addresses.
var AddressFields = []string{"line1", "line2", "city", "state", "postal_code", "country"}

func (r *Renderer) Customer(cu *state.Customer) wire.Object {
	if cu.Deleted {
		return wire.Object{"id": cu.ID, "object": "customer", "deleted": true}
	}
	locales := slices.Clone(cu.Locales)
	if locales == nil {
		locales = []string{}
	}
	return wire.Object{
		"id": cu.ID, "object": "customer", "address": addressObject(cu.Address), "balance": cu.Balance, "created": cu.Created,
		"currency": wire.OrNull(cu.Currency), "default_source": nil, "delinquent": false, "description": wire.OrNull(cu.Description), "discount": nil,
		"email": wire.OrNull(cu.Email), "invoice_prefix": cu.InvoicePrefix,
		"invoice_settings": wire.Object{"custom_fields": nil, "default_payment_method": wire.OrNull(cu.DefaultMethod), "footer": nil, "rendering_options": nil},
		"livemode":         false, "metadata": wire.MetadataObject(cu.Metadata), "name": wire.OrNull(cu.Name), "next_invoice_sequence": cu.Invoiced + 1,
		"phone": wire.OrNull(cu.Phone), "preferred_locales": locales, "shipping": nil, "tax_exempt": "none", "test_clock": wire.OrNull(cu.TestClock),
	}
}

func addressObject(a map[string]string) any {
	if a == nil {
		return nil
	}
	o := wire.Object{}
	for _, f := range AddressFields {
		o[f] = wire.OrNull(a[f])
	}
	return o
}
