package sandbox

// shipping is where a payment's goods go.
type shipping struct {
	name, phone, carrier, tracking string
	address                        map[string]string
}

// shippingParams are the parameters below a name that describe it.
func shippingParams(name string) []string {
	out := []string{name + "[name]", name + "[phone]", name + "[carrier]", name + "[tracking_number]"}
	for _, field := range addressFields {
		out = append(out, name+"[address]["+field+"]")
	}
	return out
}

// readShipping reads it below name; was is what it is if that is absent.
func (c *call) readShipping(name string, was *shipping) *shipping {
	if !c.hasAny(name) {
		return was
	}
	if !c.hasAny(name + "[address]") {
		c.fail(missingParam(name + "[address]"))
	}
	sh := &shipping{
		name: c.required(name + "[name]"), phone: c.text(name + "[phone]"), carrier: c.text(name + "[carrier]"), tracking: c.text(name + "[tracking_number]"),
		address: map[string]string{},
	}
	for _, field := range addressFields {
		sh.address[field] = c.form.Get(name + "[address][" + field + "]")
	}
	return sh
}

// object is null for none.
func (sh *shipping) object() any {
	if sh == nil {
		return nil
	}
	return object{
		"address": addressObject(sh.address), "carrier": orNull(sh.carrier), "name": orNull(sh.name), "phone": orNull(sh.phone), "tracking_number": orNull(sh.tracking),
	}
}
