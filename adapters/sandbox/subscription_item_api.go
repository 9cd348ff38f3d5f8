package sandbox

import (
	"net/url"
	"slices"
	"strings"
)

var subscriptionItemRoutes = []route{
	{pattern: "GET /v1/subscription_items/{id}", do: (*Sandbox).retrieveItem},
	{pattern: "GET /v1/subscription_items", params: append([]string{"subscription"}, listParams...), do: (*Sandbox).listItems},
	{
		pattern: "POST /v1/subscription_items",
		params:  []string{"subscription", "price", "quantity", "metadata[*]", "payment_behavior", "proration_behavior", "proration_date"},
		do:      (*Sandbox).createItem,
	},
	{
		pattern: "POST /v1/subscription_items/{id}",
		params:  []string{"price", "quantity", "metadata[*]", "payment_behavior", "proration_behavior", "proration_date"},
		do:      (*Sandbox).updateItem,
	},
	{
		pattern: "DELETE /v1/subscription_items/{id}",
		params:  []string{"clear_usage", "proration_behavior", "proration_date"},
		do:      (*Sandbox).deleteItem,
	},
}

// itemOwner is the subscription that has the item, nil for none.
func (s *Sandbox) itemOwner(id string) *subscription {
	for _, sub := range s.subscriptions.order {
		if indexOfItem(sub.items, id) >= 0 {
			return sub
		}
	}
	return nil
}

// itemObject is an item that the subscription has.
func (s *Sandbox) itemObject(sub *subscription, id string) object {
	return s.subscriptionItemObjects(sub, sub.items)[indexOfItem(sub.items, id)]
}

func (s *Sandbox) retrieveItem(c *call) (object, *apiError) {
	sub := s.itemOwner(c.id)
	if sub == nil {
		return nil, notFound("subscription_item", c.id, "item")
	}
	return s.itemObject(sub, c.id), nil
}

func (s *Sandbox) listItems(c *call) (object, *apiError) {
	sub := s.subscriptions.get(c.required("subscription"))
	switch {
	case c.err != nil:
		return nil, c.err
	case sub == nil:
		return nil, missingReference("subscription", c.text("subscription"), "subscription")
	}
	return page[object]{
		noun: "subscription_item", items: s.subscriptionItemObjects(sub, sub.items),
		id:     func(o object) string { return o["id"].(string) },
		keep:   func(object) bool { return true },
		object: func(o object) object { return o },
	}.serve(c)
}

func (s *Sandbox) createItem(c *call) (object, *apiError) {
	sub := s.subscriptions.get(c.required("subscription"))
	c.required("price")
	switch {
	case c.err != nil:
		return nil, c.err
	case sub == nil:
		return nil, missingReference("subscription", c.text("subscription"), "subscription")
	}
	had := slices.Clone(sub.items)
	if e := s.changeItem(c, sub, nil); e != nil {
		return nil, e
	}
	items := sub.items
	if sub.update != nil {
		items = sub.update.change.items // it waits for its payment
	}
	for _, it := range items {
		if indexOfItem(had, it.id) < 0 {
			return s.subscriptionItemObjects(sub, []subscriptionItem{it})[0], nil
		}
	}
	return nil, invalid("", "", "The item was not added.")
}

func (s *Sandbox) updateItem(c *call) (object, *apiError) {
	sub := s.itemOwner(c.id)
	if sub == nil {
		return nil, notFound("subscription_item", c.id, "item")
	}
	if e := s.changeItem(c, sub, map[string]string{"id": c.id}); e != nil {
		return nil, e
	}
	return s.itemObject(sub, c.id), nil
}

func (s *Sandbox) deleteItem(c *call) (object, *apiError) {
	sub := s.itemOwner(c.id)
	if sub == nil {
		return nil, notFound("subscription_item", c.id, "item")
	}
	if e := s.changeItem(c, sub, map[string]string{"id": c.id, "deleted": "true"}); e != nil {
		return nil, e
	}
	return object{"id": c.id, "object": "subscription_item", "deleted": true}, nil
}

// changeItem is the update of the subscription that comes to the same. more are further
// parameters of the item.
func (s *Sandbox) changeItem(c *call, sub *subscription, more map[string]string) *apiError {
	form := url.Values{}
	for name, v := range c.form {
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
	update.id, update.form = sub.id, form
	_, e := s.updateSubscription(&update)
	if e == nil {
		return nil
	}
	shown := *e
	if rest, is := strings.CutPrefix(e.param, "items[0]["); is {
		shown.param = strings.Replace(rest, "]", "", 1)
	}
	return &shown
}
