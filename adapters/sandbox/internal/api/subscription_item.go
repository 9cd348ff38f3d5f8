package api

import (
	"net/url"
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var subscriptionItemRoutes = []route{
	{pattern: "GET /v1/subscription_items/{id}", do: (*Server).retrieveItem},
	{pattern: "GET /v1/subscription_items", params: append([]string{"subscription"}, wire.ListParams...), do: (*Server).listItems},
	{
		pattern: "POST /v1/subscription_items",
		params:  []string{"subscription", "price", "quantity", "metadata[*]", "payment_behavior", "proration_behavior", "proration_date"},
		do:      (*Server).createItem,
	},
	{
		pattern: "POST /v1/subscription_items/{id}",
		params:  []string{"price", "quantity", "metadata[*]", "payment_behavior", "proration_behavior", "proration_date"},
		do:      (*Server).updateItem,
	},
	{
		pattern: "DELETE /v1/subscription_items/{id}",
		params:  []string{"clear_usage", "proration_behavior", "proration_date"},
		do:      (*Server).deleteItem,
	},
}

// itemOwner is the subscription that has the item, nil for none.
func (s *Server) itemOwner(id string) *state.Subscription {
	for _, sub := range s.Subscriptions.Order {
		if state.IndexOfItem(sub.Items, id) >= 0 {
			return sub
		}
	}
	return nil
}

func (s *Server) retrieveItem(c *Call) (wire.Object, *wire.Error) {
	sub := s.itemOwner(c.id)
	if sub == nil {
		return nil, wire.NotFound("subscription_item", c.id, "item")
	}
	return s.Render.Item(sub, c.id), nil
}

func (s *Server) listItems(c *Call) (wire.Object, *wire.Error) {
	sub := s.Subscriptions.Get(c.Required("subscription"))
	switch {
	case c.Err != nil:
		return nil, c.Err
	case sub == nil:
		return nil, wire.MissingReference("subscription", c.Text("subscription"), "subscription")
	}
	return page[wire.Object]{
		noun: "subscription_item", items: s.Render.SubscriptionItems(sub, sub.Items),
		id:     func(o wire.Object) string { return o["id"].(string) },
		keep:   func(wire.Object) bool { return true },
		object: func(o wire.Object) wire.Object { return o },
	}.serve(c)
}

func (s *Server) createItem(c *Call) (wire.Object, *wire.Error) {
	sub := s.Subscriptions.Get(c.Required("subscription"))
	c.Required("price")
	switch {
	case c.Err != nil:
		return nil, c.Err
	case sub == nil:
		return nil, wire.MissingReference("subscription", c.Text("subscription"), "subscription")
	}
	had := slices.Clone(sub.Items)
	if e := s.changeItem(c, sub, nil); e != nil {
		return nil, e
	}
	items := sub.Items
	if sub.Update != nil {
		items = sub.Update.Change.Items // it waits for its payment
	}
	for _, it := range items {
		if state.IndexOfItem(had, it.ID) < 0 {
			return s.Render.SubscriptionItems(sub, []state.SubscriptionItem{it})[0], nil
		}
	}
	return nil, wire.Invalid("", "", "The item was not added.")
}

func (s *Server) updateItem(c *Call) (wire.Object, *wire.Error) {
	sub := s.itemOwner(c.id)
	if sub == nil {
		return nil, wire.NotFound("subscription_item", c.id, "item")
	}
	if e := s.changeItem(c, sub, map[string]string{"id": c.id}); e != nil {
		return nil, e
	}
	return s.Render.Item(sub, c.id), nil
}

func (s *Server) deleteItem(c *Call) (wire.Object, *wire.Error) {
	sub := s.itemOwner(c.id)
	if sub == nil {
		return nil, wire.NotFound("subscription_item", c.id, "item")
	}
	if e := s.changeItem(c, sub, map[string]string{"id": c.id, "deleted": "true"}); e != nil {
		return nil, e
	}
	return wire.Object{"id": c.id, "object": "subscription_item", "deleted": true}, nil
}

// changeItem is the update of the subscription that comes to the same. more are further
// parameters of the item.
func (s *Server) changeItem(c *Call, sub *state.Subscription, more map[string]string) *wire.Error {
	form := url.Values{}
	for name, v := range c.Form {
		top, rest, deeper := strings.Cut(name, "[")
		switch top {
		case "subscription", "expand":
		case "price", "quantity", "metadata", "clear_usage":
			inner := "items[0][" + top + "]"
			if deeper {
				inner += "[" + rest
			}
			form[inner] = v
		default:
			form[name] = v
		}
	}
	for name, v := range more {
		form.Set("items[0]["+name+"]", v)
	}
	update := *c
	update.id, update.Form = sub.ID, form
	_, e := s.updateSubscription(&update)
	if e == nil {
		return nil
	}
	shown := *e
	if rest, is := strings.CutPrefix(e.Param, "items[0]["); is {
		shown.Param = strings.Replace(rest, "]", "", 1)
	}
	return &shown
}
