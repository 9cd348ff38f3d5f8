package api

import (
	"fmt"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// readPortalFlow reads flow_data, and refuses what the customer could not do.
func (s *Server) readPortalFlow(c *Call, ps *state.PortalSession, cfg *state.PortalConfiguration) *state.PortalFlow {
	f := &state.PortalFlow{Kind: c.Required("flow_data[type]"), After: "portal_homepage"}
	kinds := []string{"payment_method_update", "subscription_cancel", "subscription_update", "subscription_update_confirm"}
	if f.Kind == "customer_update" {
		c.Fail(unserved("flow_data[type]=customer_update"))
	}
	c.OneOf("flow_data[type]", kinds...)
	for _, kind := range kinds[1:] {
		if name := "flow_data[" + kind + "]"; c.HasAny(name) && kind != f.Kind {
			c.Fail(wire.Invalid(name, "", "You may only specify `%s` when `flow_data[type]` is `%s`.", name, kind))
		}
	}
	c.readAfterCompletion(f)
	if c.Err != nil {
		return nil
	}
	if f.Kind == "payment_method_update" {
		if !cfg.PaymentMethodUpdate {
			c.Fail(wire.Invalid("flow_data[type]", "", "This payment method cannot be updated because the payment method update feature in the portal configuration is disabled."))
		}
		return f
	}
	name := "flow_data[" + f.Kind + "]"
	c.refuseUnserved(name+"[retention]", name+"[discounts]")
	f.Subscription = c.Required(name + "[subscription]")
	if c.Err != nil {
		return nil
	}
	sub := s.Subscriptions.Get(f.Subscription)
	switch {
	case sub == nil:
		c.Fail(wire.MissingReference("subscription", f.Subscription, name+"[subscription]"))
	case sub.Customer != ps.Customer:
		c.Fail(wire.Invalid(name+"[subscription]", "", "The subscription %s does not belong to the customer %s.", sub.ID, ps.Customer))
	case f.Kind == "subscription_cancel":
		c.failFor(name+"[subscription]", life.Cancelable(cfg, sub))
	default:
		c.failFor(name+"[subscription]", s.Updatable(cfg, sub))
	}
	if f.Kind == "subscription_update_confirm" && c.Err == nil {
		s.readPortalItem(c, f, cfg, sub)
	}
	return f
}

// failFor fails with what is wrong with a parameter, unless nothing is.
func (c *Call) failFor(param string, e *wire.Error) {
	if e != nil {
		e.Param = param
		c.Fail(e)
	}
}

func (c *Call) readAfterCompletion(f *state.PortalFlow) {
	const after = "flow_data[after_completion]"
	if !c.HasAny(after) {
		return
	}
	c.Required(after + "[type]")
	c.word(&f.After, after+"[type]", "hosted_confirmation", "portal_homepage", "redirect")
	f.Redirect = c.WebURL(after + "[redirect][return_url]")
	f.Message = c.Limited(after+"[hosted_confirmation][custom_message]", 500)
	if f.After == "redirect" {
		c.Required(after + "[redirect][return_url]")
	}
	for _, kind := range []string{"redirect", "hosted_confirmation"} {
		if name := after + "[" + kind + "]"; c.HasAny(name) && f.After != kind {
			c.Fail(wire.Invalid(name, "", "You may only specify `%s` when `%s[type]` is `%s`.", name, after, kind))
		}
	}
}

// readPortalItem reads the change that the customer is to confirm.
func (s *Server) readPortalItem(c *Call, f *state.PortalFlow, cfg *state.PortalConfiguration, sub *state.Subscription) {
	const items = "flow_data[subscription_update_confirm][items]"
	at := c.Indexes(items)
	switch {
	case len(at) == 0:
		c.Fail(wire.MissingParam(items))
		return
	case len(at) > 1:
		c.Fail(wire.Invalid(items, "", "You may only specify one item to update."))
		return
	}
	name := fmt.Sprintf("%s[%d]", items, at[0])
	f.Item, f.Price = c.Required(name+"[id]"), c.Text(name+"[price]")
	if c.Has(name + "[quantity]") {
		f.Quantity = c.Integer(name+"[quantity]", 1, state.MaxQuantity)
	}
	if c.Err != nil {
		return
	}
	if state.IndexOfItem(sub.Items, f.Item) < 0 {
		c.Fail(wire.MissingReference("subscription item", f.Item, name+"[id]"))
		return
	}
	param := name + "[quantity]"
	if f.Price != "" {
		param = name + "[price]"
	}
	price, quantity := f.Change(sub)
	c.failFor(param, s.RefusesPortalChange(cfg, sub, price, quantity))
}
