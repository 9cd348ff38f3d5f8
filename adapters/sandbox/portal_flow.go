package sandbox

import "fmt"

// portalFlow is the one thing that a session of the portal was made for.
type portalFlow struct {
	kind, subscription string
	item, price        string // of a change to be confirmed
	quantity           int64  // of a change to be confirmed, 0 if it was not given
	after              string // after_completion
	redirect, message  string // of after_completion
	done               bool
}

// readPortalFlow reads flow_data, and refuses what the customer could not do.
func (s *Sandbox) readPortalFlow(c *call, ps *portalSession, cfg *portalConfiguration) *portalFlow {
	f := &portalFlow{kind: c.required("flow_data[type]"), after: "portal_homepage"}
	kinds := []string{"payment_method_update", "subscription_cancel", "subscription_update", "subscription_update_confirm"}
	if f.kind == "customer_update" {
		c.fail(unserved("flow_data[type]=customer_update"))
	}
	c.oneOf("flow_data[type]", kinds...)
	for _, kind := range kinds[1:] {
		if name := "flow_data[" + kind + "]"; c.hasAny(name) && kind != f.kind {
			c.fail(invalid(name, "", "You may only specify `%s` when `flow_data[type]` is `%s`.", name, kind))
		}
	}
	c.readAfterCompletion(f)
	if c.err != nil {
		return nil
	}
	if f.kind == "payment_method_update" {
		if !cfg.paymentMethodUpdate {
			c.fail(invalid("flow_data[type]", "", "This payment method cannot be updated because the payment method update feature in the portal configuration is disabled."))
		}
		return f
	}
	name := "flow_data[" + f.kind + "]"
	c.refuseUnserved(name+"[retention]", name+"[discounts]")
	f.subscription = c.required(name + "[subscription]")
	if c.err != nil {
		return nil
	}
	sub := s.subscriptions.get(f.subscription)
	switch {
	case sub == nil:
		c.fail(missingReference("subscription", f.subscription, name+"[subscription]"))
	case sub.customer != ps.customer:
		c.fail(invalid(name+"[subscription]", "", "The subscription %s does not belong to the customer %s.", sub.id, ps.customer))
	case f.kind == "subscription_cancel":
		c.failFor(name+"[subscription]", cancelable(cfg, sub))
	default:
		c.failFor(name+"[subscription]", s.updatable(cfg, sub))
	}
	if f.kind == "subscription_update_confirm" && c.err == nil {
		s.readPortalItem(c, f, cfg, sub)
	}
	return f
}

// failFor fails with what is wrong with a parameter, unless nothing is.
func (c *call) failFor(param string, e *apiError) {
	if e != nil {
		e.param = param
		c.fail(e)
	}
}

func (c *call) readAfterCompletion(f *portalFlow) {
	const after = "flow_data[after_completion]"
	if !c.hasAny(after) {
		return
	}
	c.required(after + "[type]")
	c.word(&f.after, after+"[type]", "hosted_confirmation", "portal_homepage", "redirect")
	f.redirect = c.webURL(after + "[redirect][return_url]")
	f.message = c.limited(after+"[hosted_confirmation][custom_message]", 500)
	if f.after == "redirect" {
		c.required(after + "[redirect][return_url]")
	}
	for _, kind := range []string{"redirect", "hosted_confirmation"} {
		if name := after + "[" + kind + "]"; c.hasAny(name) && f.after != kind {
			c.fail(invalid(name, "", "You may only specify `%s` when `%s[type]` is `%s`.", name, after, kind))
		}
	}
}

// readPortalItem reads the change that the customer is to confirm.
func (s *Sandbox) readPortalItem(c *call, f *portalFlow, cfg *portalConfiguration, sub *subscription) {
	const items = "flow_data[subscription_update_confirm][items]"
	at := c.indexes(items)
	switch {
	case len(at) == 0:
		c.fail(missingParam(items))
		return
	case len(at) > 1:
		c.fail(invalid(items, "", "You may only specify one item to update."))
		return
	}
	name := fmt.Sprintf("%s[%d]", items, at[0])
	f.item, f.price = c.required(name+"[id]"), c.text(name+"[price]")
	if c.has(name + "[quantity]") {
		f.quantity = c.integer(name+"[quantity]", 1, maxQuantity)
	}
	if c.err != nil {
		return
	}
	if indexOfItem(sub.items, f.item) < 0 {
		c.fail(missingReference("subscription item", f.item, name+"[id]"))
		return
	}
	param := name + "[quantity]"
	if f.price != "" {
		param = name + "[price]"
	}
	price, quantity := f.change(sub)
	c.failFor(param, s.refusesPortalChange(cfg, sub, price, quantity))
}

// change is what the flow makes of the subscription's one item.
func (f *portalFlow) change(sub *subscription) (price string, quantity int64) {
	price, quantity = sub.items[0].price, sub.items[0].quantity
	if f.price != "" {
		price = f.price
	}
	if f.quantity != 0 {
		quantity = f.quantity
	}
	return price, quantity
}

func (f *portalFlow) object() any {
	if f == nil {
		return nil
	}
	var redirect, confirmation any
	switch f.after {
	case "redirect":
		redirect = object{"return_url": f.redirect}
	case "hosted_confirmation":
		confirmation = object{"custom_message": orNull(f.message)}
	}
	o := object{
		"type": f.kind, "after_completion": object{"type": f.after, "redirect": redirect, "hosted_confirmation": confirmation},
		"subscription_cancel": nil, "subscription_update": nil, "subscription_update_confirm": nil,
	}
	switch f.kind {
	case "subscription_cancel":
		o[f.kind] = object{"retention": nil, "subscription": f.subscription}
	case "subscription_update":
		o[f.kind] = object{"subscription": f.subscription}
	case "subscription_update_confirm":
		item := object{"id": f.item, "price": orNull(f.price)}
		if f.quantity != 0 {
			item["quantity"] = f.quantity
		}
		o[f.kind] = object{"discounts": nil, "items": []object{item}, "subscription": f.subscription}
	}
	return o
}
