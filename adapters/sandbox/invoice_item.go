package sandbox

import (
	"slices"
	"strconv"
)

// invoiceItem is what is to be billed: it waits for the customer's next invoice, or is a
// line of one. Prorations and what Checkout sells once are items too, which the lines
// themselves remember; see itemsOf.
type invoiceItem struct {
	id, customer, subscription, currency string
	invoice                              string      // empty while it waits
	line                                 invoiceLine // while it waits
	created                              int64
}

var invoiceItemParams = []string{
	"amount", "description", "metadata[*]", "period[start]", "period[end]", "price", "quantity", "unit_amount",
}

var invoiceItemRoutes = []route{
	{pattern: "GET /v1/invoiceitems/{id}", do: (*Sandbox).retrieveInvoiceItem},
	{pattern: "GET /v1/invoiceitems", params: listing("customer", "invoice", "pending"), do: (*Sandbox).listInvoiceItems},
	{
		pattern: "POST /v1/invoiceitems",
		params:  append([]string{"customer", "currency", "invoice", "subscription"}, invoiceItemParams...),
		do:      (*Sandbox).createInvoiceItem,
	},
	{pattern: "POST /v1/invoiceitems/{id}", params: invoiceItemParams, do: (*Sandbox).updateInvoiceItem},
	{pattern: "DELETE /v1/invoiceitems/{id}", do: (*Sandbox).deleteInvoiceItem},
}

// createInvoiceItem bills a price that is paid once, or an amount, which may be negative.
func (s *Sandbox) createInvoiceItem(c *call) (object, *apiError) {
	now := s.nowUnix()
	it := &invoiceItem{customer: c.required("customer"), currency: c.text("currency"), created: now}
	it.id = newID("ii_1", 23)
	it.line = invoiceLine{invoiceItem: it.id, quantity: 1, start: now, end: now, created: now, metadata: c.metadata("metadata", nil)}
	if s.liveCustomer(it.customer) == nil && c.err == nil {
		c.fail(missingReference("customer", it.customer, "customer"))
	}
	in := s.readDraft(c, it)
	if id := c.text("subscription"); id != "" {
		it.subscription = id
		if sub := s.subscriptions.get(id); sub == nil || sub.customer != it.customer {
			c.fail(missingReference("subscription", id, "subscription"))
		}
	}
	if !c.has("price") && !c.has("amount") && !c.has("unit_amount") {
		c.fail(missingParam("amount"))
	}
	if !c.has("price") && it.currency == "" {
		c.fail(missingParam("currency"))
	}
	bill := s.readBilled(c, it, &it.line)
	if c.err != nil {
		return nil, c.err
	}
	bill()
	s.invoiceItems.add(it.id, it)
	if in != nil {
		it.invoice = in.id
		it.line.id = newID("il_1", 23)
		in.lines = append(in.lines, it.line)
		s.reduce(in, in.discount)
	}
	s.emit("invoiceitem.created", s.invoiceItemObject(it), nil)
	return s.invoiceItemObject(it), nil
}

// readDraft is the draft that the item is for, nil for the next one.
func (s *Sandbox) readDraft(c *call, it *invoiceItem) *invoice {
	id := c.text("invoice")
	if id == "" {
		return nil
	}
	in := s.invoices.get(id)
	switch {
	case in == nil:
		c.fail(missingReference("invoice", id, "invoice"))
	case in.status != "draft":
		c.fail(invalid("invoice", "invoice_not_editable", "This invoice is no longer editable"))
	case in.customer != it.customer:
		c.fail(invalid("invoice", "", "The customer of the invoice item and that of the invoice are not the same."))
	case it.currency != "" && in.currency != it.currency:
		c.fail(invalid("currency", "", "The currency of the invoice item is %s, that of the invoice %s.", it.currency, in.currency))
	}
	return in
}

// readBilled reads what an item bills. The function that it returns puts that into the
// line, and makes the price of an amount that has none.
func (s *Sandbox) readBilled(c *call, it *invoiceItem, l *invoiceLine) func() {
	p := s.prices.get(l.price)
	var each int64
	own := c.has("amount") || c.has("unit_amount")
	quantity := l.quantity
	if c.has("quantity") {
		quantity = c.integer("quantity", 0, maxQuantity)
	}
	switch {
	case c.has("amount") && c.has("price"), c.has("unit_amount") && c.has("price"), c.has("amount") && c.has("unit_amount"):
		c.fail(invalid("price", "parameters_exclusive", "You may only specify one of these parameters: amount, price, unit_amount."))
	case c.has("amount") && c.has("quantity"):
		c.fail(invalid("quantity", "", "You cannot specify `quantity` with `amount`: use `unit_amount`."))
	case c.has("amount"):
		each, quantity = c.integer("amount", -maxAmount, maxAmount), 1
	case c.has("unit_amount"):
		each = c.integer("unit_amount", -maxAmount, maxAmount)
	case c.has("price"):
		p = s.prices.get(c.text("price"))
		switch {
		case p == nil:
			c.fail(missingReference("price", c.text("price"), "price"))
			return nil
		case p.recurring():
			c.fail(invalid("price", "", "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`."))
		case !p.active:
			c.fail(invalid("price", "", "The price specified is inactive. This field only accepts active prices."))
		case it.currency != "" && p.currency != it.currency:
			c.fail(invalid("price", "", "The price specified only supports `%s`. This doesn't match the expected currency: `%s`.", p.currency, it.currency))
		}
		it.currency = p.currency
	}
	if !currencyCode.MatchString(it.currency) && c.err == nil {
		c.fail(invalid("currency", "", "Invalid currency: %s.", it.currency))
	}
	start, end := l.start, l.end
	if c.hasAny("period") {
		c.required("period[start]")
		c.required("period[end]")
		start, end = c.integer("period[start]", 0, 1<<40), c.integer("period[end]", 0, 1<<40)
		if end < start {
			c.fail(invalid("period[end]", "", "The end of the period cannot be before its start."))
		}
	}
	return func() {
		if c.has("description") {
			l.description = c.form.Get("description")
		}
		if own {
			p = s.priceOfAmount(it.currency, each, l.description)
		}
		if l.description == "" {
			l.description = s.products.get(p.product).name
		}
		l.price, l.quantity, l.amount, l.start, l.end = p.id, quantity, p.amount(quantity), start, end
	}
}

// priceOfAmount is the price that Stripe makes for an amount without one: it cannot be
// used again.
func (s *Sandbox) priceOfAmount(currency string, amount int64, name string) *price {
	if name == "" {
		name = "Invoice item"
	}
	now := s.nowUnix()
	pr := &product{id: newID("prod_", 14), name: name, created: now, updated: now}
	s.products.add(pr.id, pr)
	p := &price{id: newID("price_1", 23), product: pr.id, currency: currency, unitAmount: amount, created: now}
	s.prices.add(p.id, p)
	return p
}

// itemsOf are all items, the newest first: those that calls have made, and those that
// lines and waiting prorations are.
func (s *Sandbox) itemsOf() []*invoiceItem {
	var out []*invoiceItem
	known := map[string]bool{}
	for _, it := range s.invoiceItems.order {
		out, known[it.id] = append(out, it), true
	}
	add := func(customer, subscription, currency, invoice string, l invoiceLine) {
		if l.invoiceItem != "" && !known[l.invoiceItem] {
			out = append(out, &invoiceItem{id: l.invoiceItem, customer: customer, subscription: subscription, currency: currency, invoice: invoice,
				line: l, created: l.created})
		}
	}
	for _, in := range s.invoices.order {
		for _, l := range in.lines {
			add(in.customer, in.subscription, in.currency, in.id, l)
		}
	}
	for _, sub := range s.subscriptions.order {
		for _, l := range sub.pending {
			add(sub.customer, sub.id, sub.currency, "", l)
		}
	}
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b *invoiceItem) int { return int(b.created - a.created) })
	return out
}

func (s *Sandbox) findItem(id string) *invoiceItem {
	for _, it := range s.itemsOf() {
		if it.id == id {
			return it
		}
	}
	return nil
}

// billed is the item's line, wherever it is.
func (s *Sandbox) billed(it *invoiceItem) *invoiceLine {
	if in := s.invoices.get(it.invoice); in != nil {
		for i := range in.lines {
			if in.lines[i].invoiceItem == it.id {
				return &in.lines[i]
			}
		}
	}
	return &it.line
}

func (s *Sandbox) retrieveInvoiceItem(c *call) (object, *apiError) {
	it := s.findItem(c.id)
	if it == nil {
		return nil, notFound("invoiceitem", c.id, "id")
	}
	return s.invoiceItemObject(it), nil
}

func (s *Sandbox) listInvoiceItems(c *call) (object, *apiError) {
	created, customer, invoice := c.createdFilter(), c.equals("customer"), c.equals("invoice")
	pending := c.flag("pending")
	return page[*invoiceItem]{
		noun: "invoiceitem", items: s.itemsOf(),
		id: func(it *invoiceItem) string { return it.id },
		keep: func(it *invoiceItem) bool {
			return created(it.created) && customer(it.customer) && invoice(it.invoice) && (!c.has("pending") || pending == (it.invoice == ""))
		},
		object: s.invoiceItemObject,
	}.serve(c)
}

// editable is the item that a call may change: one that a call has made, and that is
// not on an invoice that is final.
func (s *Sandbox) editable(id string) (*invoiceItem, *apiError) {
	it := s.invoiceItems.get(id)
	if it == nil && s.findItem(id) != nil {
		return nil, invalid("", "", "Stripe lets prorations and what Checkout has sold be changed where they wait, the sandbox does not.")
	}
	if it == nil {
		return nil, notFound("invoiceitem", id, "id")
	}
	if in := s.invoices.get(it.invoice); in != nil && in.status != "draft" {
		return nil, invalid("", "invoice_not_editable", "This invoice item is attached to an invoice that is no longer editable.")
	}
	return it, nil
}

func (s *Sandbox) updateInvoiceItem(c *call) (object, *apiError) {
	it, e := s.editable(c.id)
	if e != nil {
		return nil, e
	}
	l := *s.billed(it)
	l.metadata = c.metadata("metadata", l.metadata)
	bill := s.readBilled(c, it, &l)
	if c.err != nil {
		return nil, c.err
	}
	bill()
	before := s.invoiceItemObject(it)
	*s.billed(it) = l
	if in := s.invoices.get(it.invoice); in != nil {
		s.reduce(in, in.discount)
	}
	s.emitUpdated("invoiceitem.updated", before, s.invoiceItemObject(it))
	return s.invoiceItemObject(it), nil
}

func (s *Sandbox) deleteInvoiceItem(c *call) (object, *apiError) {
	it, e := s.editable(c.id)
	if e != nil {
		return nil, e
	}
	last := s.invoiceItemObject(it)
	if in := s.invoices.get(it.invoice); in != nil {
		in.lines = slices.DeleteFunc(in.lines, func(l invoiceLine) bool { return l.invoiceItem == it.id })
		s.reduce(in, in.discount)
	}
	s.invoiceItems.remove(it.id)
	s.emit("invoiceitem.deleted", last, nil)
	return object{"id": it.id, "object": "invoiceitem", "deleted": true}, nil
}

// waiting are the lines of the items that wait for the customer's next invoice, or for
// that of the subscription.
func (s *Sandbox) waiting(customer, subscription, currency string) []invoiceLine {
	var out []invoiceLine
	for _, it := range s.invoiceItems.order {
		if it.invoice == "" && it.customer == customer && it.currency == currency && (it.subscription == "" || it.subscription == subscription) {
			out = append(out, it.line)
		}
	}
	return out
}

func (s *Sandbox) invoiceItemObject(it *invoiceItem) object {
	l := s.billed(it)
	p := s.prices.get(l.price)
	var parent any
	if it.subscription != "" {
		parent = object{"type": "subscription_details", "subscription_details": object{"subscription": it.subscription}}
	}
	var unit, decimal any
	switch {
	case l.proration && l.quantity == 1:
		unit, decimal = l.amount, strconv.FormatInt(l.amount, 10)
	case !l.proration && len(p.tiers) == 0:
		unit, decimal = p.unitAmount, p.unitAmountDecimal()
	}
	o := object{
		"id": it.id, "object": "invoiceitem", "amount": l.amount, "currency": it.currency, "customer": it.customer, "date": it.created,
		"description": orNull(l.description), "discountable": !l.proration, "discounts": []string{}, "invoice": orNull(it.invoice), "livemode": false,
		"metadata": metadataObject(l.metadata), "net_amount": l.amount, "parent": parent, "period": object{"start": l.start, "end": l.end},
		"price": s.priceObject(p), "pricing": l.pricing(p), "proration": l.proration, "quantity": l.quantity, "quantity_decimal": strconv.FormatInt(l.quantity, 10),
		"subscription": orNull(it.subscription), "tax_rates": []object{}, "test_clock": nil,
		"unit_amount": unit, "unit_amount_decimal": decimal,
	}
	if l.item != "" {
		o["subscription_item"] = l.item
	}
	return o
}
