package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// shippingParams are the parameters below a name that describe it.
func shippingParams(name string) []string {
	out := []string{name + "[name]", name + "[phone]", name + "[carrier]", name + "[tracking_number]"}
	for _, field := range render.AddressFields {
		out = append(out, name+"[address]["+field+"]")
	}
	return out
}

// readShipping reads it below name; was is what it is if that is absent.
func (c *Call) readShipping(name string, was *state.Shipping) *state.Shipping {
	if !c.HasAny(name) {
		return was
	}
	if !c.HasAny(name + "[address]") {
		c.Fail(wire.MissingParam(name + "[address]"))
	}
	sh := &state.Shipping{
		Name: c.Required(name + "[name]"), Phone: c.Text(name + "[phone]"), Carrier: c.Text(name + "[carrier]"), Tracking: c.Text(name + "[tracking_number]"),
		Address: map[string]string{},
	}
	for _, field := range render.AddressFields {
		sh.Address[field] = c.Form.Get(name + "[address][" + field + "]")
	}
	return sh
}
