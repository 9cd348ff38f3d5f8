package api

import (
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var invoiceItemParams = []string{
	"amount", "description", "metadata[*]", "period[start]", "period[end]", "price", "pricing[price]", "quantity", "unit_amount", "unit_amount_decimal",
}

var invoiceItemRoutes = []route{
	{pattern: "GET /v1/invoiceitems/{id}", do: (*Server).retrieveInvoiceItem},
	{pattern: "GET /v1/invoiceitems", params: wire.Listing("customer", "invoice", "pending"), do: (*Server).listInvoiceItems},
	{
		pattern: "POST /v1/invoiceitems",
		params:  append([]string{"customer", "currency", "invoice", "subscription"}, invoiceItemParams...),
		do:      (*Server).createInvoiceItem,
	},
	{pattern: "POST /v1/invoiceitems/{id}", params: invoiceItemParams, do: (*Server).updateInvoiceItem},
	{pattern: "DELETE /v1/invoiceitems/{id}", do: (*Server).deleteInvoiceItem},
}

// createInvoiceItem bills a price that is paid once, or an amount, which may be negative.
func (s *Server) createInvoiceItem(c *Call) (wire.Object, *wire.Error) {
	now := s.NowUnix()
	it := &state.InvoiceItem{Customer: c.Required("customer"), Currency: c.Currency("currency"), Created: now}
	it.ID = wire.NewID("ii_1", 23)
	it.Line = state.InvoiceLine{InvoiceItem: it.ID, Quantity: 1, Start: now, End: now, Created: now, Metadata: c.Metadata("metadata", nil)}
	if s.LiveCustomer(it.Customer) == nil && c.Err == nil {
		c.Fail(wire.MissingReference("customer", it.Customer, "customer"))
	}
	in := s.readDraft(c, it)
	if id := c.Text("subscription"); id != "" {
		it.Subscription = id
		if sub := s.Subscriptions.Get(id); sub == nil || sub.Customer != it.Customer {
			c.Fail(wire.MissingReference("subscription", id, "subscription"))
		}
	}
	if !c.Has(priceIn(c)) && !c.Has("amount") && !c.Has(unitAmountIn(c)) {
		c.Fail(wire.MissingParam("amount"))
	}
	if !c.Has(priceIn(c)) && it.Currency == "" {
		c.Fail(wire.MissingParam("currency"))
	}
	bill := s.readBilled(c, it, &it.Line)
	s.refuseCombined(c, it.Customer, it.Currency)
	if c.Err != nil {
		return nil, c.Err
	}
	bill()
	s.InvoiceItems.Add(it.ID, it)
	s.Customers.Get(it.Customer).Currency = it.Currency
	if in != nil {
		it.Invoice = in.ID
		it.Line.ID = wire.NewID("il_1", 23)
		s.BeginInvoiceUpdate(in)
		in.Lines = append(in.Lines, it.Line)
		s.ReduceInvoice(in, in.Discount)
	}
	s.Emit("invoiceitem.created", s.Render.InvoiceItem(it), nil)
	s.tellBilled(in)
	return s.Render.InvoiceItem(it), nil
}

// readDraft is the draft that the item is for, nil for the next one.
func (s *Server) readDraft(c *Call, it *state.InvoiceItem) *state.Invoice {
	id := c.Text("invoice")
	if id == "" {
		return nil
	}
	in := s.Invoices.Get(id)
	switch {
	case in == nil:
		c.Fail(wire.MissingReference("invoice", id, "invoice"))
	case in.Status != "draft":
		c.Fail(wire.Invalid("invoice", "invoice_not_editable", "This invoice is no longer editable"))
	case in.Customer != it.Customer:
		c.Fail(wire.Invalid("invoice", "", "The customer of the invoice item and that of the invoice are not the same."))
	case it.Currency != "" && in.Currency != it.Currency:
		c.Fail(wire.Invalid("currency", "", "The currency of the invoice item is %s, that of the invoice %s.", it.Currency, in.Currency))
	}
	return in
}

// priceIn is where an item names its price: since basil within a hash.
func priceIn(c *Call) string {
	if c.Has("pricing[price]") {
		return "pricing[price]"
	}
	return "price"
}

// unitAmountIn is where an item has the amount for each: basil took the plain one away.
func unitAmountIn(c *Call) string {
	if c.Has("unit_amount_decimal") {
		return "unit_amount_decimal"
	}
	return "unit_amount"
}

// readBilled reads what an item bills. The function that it returns puts that into the
// line, and makes the price of an amount that has none.
func (s *Server) readBilled(c *Call, it *state.InvoiceItem, l *state.InvoiceLine) func() {
	p := s.Prices.Get(l.Price)
	var each int64
	price, unit := priceIn(c), unitAmountIn(c)
	own := c.Has("amount") || c.Has(unit)
	quantity := l.Quantity
	if c.Has("quantity") {
		quantity = c.Integer("quantity", 0, state.MaxQuantity)
	}
	switch {
	case c.Has("unit_amount") && c.Has("unit_amount_decimal"):
		c.Fail(wire.Invalid("unit_amount", "parameters_exclusive", "You may only specify one of these parameters: unit_amount, unit_amount_decimal."))
	case c.Has("amount") && c.Has(price), c.Has(unit) && c.Has(price), c.Has("amount") && c.Has(unit):
		c.Fail(wire.Invalid(price, "parameters_exclusive", "You may only specify one of these parameters: amount, price, unit_amount."))
	case c.Has("amount") && c.Has("quantity"):
		c.Fail(wire.Invalid("quantity", "", "You cannot specify `quantity` with `amount`: use `unit_amount`."))
	case c.Has("amount"):
		each, quantity = c.Integer("amount", -wire.MaxAmount, wire.MaxAmount), 1
	case c.Has(unit):
		each = c.Integer(unit, -wire.MaxAmount, wire.MaxAmount)
	case c.Has(price):
		p = s.Prices.Get(c.Text(price))
		switch {
		case p == nil:
			c.Fail(wire.MissingReference("price", c.Text(price), price))
			return nil
		case p.Recurring():
			c.Fail(wire.Invalid(price, "", "The price specified is set to `type=recurring` but this field only accepts prices with `type=one_time`."))
		case !p.Active:
			c.Fail(wire.Invalid(price, "", "The price specified is inactive. This field only accepts active prices."))
		case it.Currency == "":
			it.Currency = p.Currency
		case p.In(it.Currency) == nil:
			c.Fail(wire.Invalid(price, "", "%s", p.Refuses(it.Currency)))
		}
	}
	if !wire.IsCurrency(it.Currency) && c.Err == nil {
		c.Fail(wire.InvalidCurrency("currency", it.Currency))
	}
	start, end := l.Start, l.End
	if c.HasAny("period") {
		c.Required("period[start]")
		c.Required("period[end]")
		start, end = c.Integer("period[start]", 0, 1<<40), c.Integer("period[end]", 0, 1<<40)
		if end < start {
			c.Fail(wire.Invalid("period[end]", "", "The end of the period cannot be before its start."))
		}
	}
	return func() {
		if c.Has("description") {
			l.Description = c.Form.Get("description")
		}
		if own {
			p = s.priceOfAmount(it.Currency, each, l.Description)
		}
		if l.Description == "" {
			l.Description = s.Products.Get(p.Product).Name
		}
		l.Price, l.Quantity, l.Amount, l.Start, l.End = p.ID, quantity, p.In(it.Currency).Amount(quantity), start, end
	}
}

// priceOfAmount is the price that Stripe makes for an amount without one: it cannot be
// used again.
func (s *Server) priceOfAmount(currency string, amount int64, name string) *state.Price {
	if name == "" {
		name = "Invoice item"
	}
	now := s.NowUnix()
	pr := &state.Product{ID: wire.NewID("prod_", 14), Name: name, Created: now, Updated: now}
	s.Products.Add(pr.ID, pr)
	p := &state.Price{ID: wire.NewID("price_1", 23), Product: pr.ID, Currency: currency, UnitAmount: amount, Created: now}
	s.Prices.Add(p.ID, p)
	return p
}

// itemsOf are all items, the newest first: those that calls have made, and those that
// lines and waiting prorations are.
func (s *Server) itemsOf() []*state.InvoiceItem {
	var out []*state.InvoiceItem
	known := map[string]bool{}
	for _, it := range s.InvoiceItems.Order {
		out, known[it.ID] = append(out, it), true
	}
	add := func(customer, subscription, currency, invoice string, l state.InvoiceLine) {
		if l.InvoiceItem != "" && !known[l.InvoiceItem] {
			out = append(out, &state.InvoiceItem{ID: l.InvoiceItem, Customer: customer, Subscription: subscription, Currency: currency, Invoice: invoice,
				Line: l, Created: l.Created})
		}
	}
	for _, in := range s.Invoices.Order {
		for _, l := range in.Lines {
			add(in.Customer, in.Subscription, in.Currency, in.ID, l)
		}
	}
	for _, sub := range s.Subscriptions.Order {
		for _, l := range sub.Pending {
			add(sub.Customer, sub.ID, sub.Currency, "", l)
		}
	}
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b *state.InvoiceItem) int { return int(b.Created - a.Created) })
	return out
}

func (s *Server) findItem(id string) *state.InvoiceItem {
	for _, it := range s.itemsOf() {
		if it.ID == id {
			return it
		}
	}
	return nil
}

func (s *Server) retrieveInvoiceItem(c *Call) (wire.Object, *wire.Error) {
	it := s.findItem(c.id)
	if it == nil {
		return nil, wire.NotFound("invoiceitem", c.id, "id")
	}
	return s.Render.InvoiceItem(it), nil
}

func (s *Server) listInvoiceItems(c *Call) (wire.Object, *wire.Error) {
	created, customer, invoice := c.createdFilter(), c.equals("customer"), c.equals("invoice")
	pending := c.Flag("pending")
	return page[*state.InvoiceItem]{
		noun: "invoiceitem", items: s.itemsOf(),
		id: func(it *state.InvoiceItem) string { return it.ID },
		keep: func(it *state.InvoiceItem) bool {
			return created(it.Created) && customer(it.Customer) && invoice(it.Invoice) && (!c.Has("pending") || pending == (it.Invoice == ""))
		},
		object: s.Render.InvoiceItem,
	}.serve(c)
}

// editable is the item that a call may change: one that a call has made, and that is
// not on an invoice that is final.
func (s *Server) editable(id string) (*state.InvoiceItem, *wire.Error) {
	it := s.InvoiceItems.Get(id)
	if it == nil && s.findItem(id) != nil {
		return nil, wire.Invalid("", "", "Stripe lets prorations and what Checkout has sold be changed where they wait, the sandbox does not.")
	}
	if it == nil {
		return nil, wire.NotFound("invoiceitem", id, "id")
	}
	if in := s.Invoices.Get(it.Invoice); in != nil && in.Status != "draft" {
		return nil, wire.Invalid("", "invoice_not_editable", "This invoice item is attached to an invoice that is no longer editable.")
	}
	return it, nil
}

func (s *Server) updateInvoiceItem(c *Call) (wire.Object, *wire.Error) {
	it, e := s.editable(c.id)
	if e != nil {
		return nil, e
	}
	l := *s.BilledLine(it)
	l.Metadata = c.Metadata("metadata", l.Metadata)
	bill := s.readBilled(c, it, &l)
	if c.Err != nil {
		return nil, c.Err
	}
	bill()
	before, in := s.Render.InvoiceItem(it), s.Invoices.Get(it.Invoice)
	if in != nil {
		s.BeginInvoiceUpdate(in)
	}
	*s.BilledLine(it) = l
	if in != nil {
		s.ReduceInvoice(in, in.Discount)
	}
	s.EmitUpdated("invoiceitem.updated", before, s.Render.InvoiceItem(it))
	s.tellBilled(in)
	return s.Render.InvoiceItem(it), nil
}

func (s *Server) deleteInvoiceItem(c *Call) (wire.Object, *wire.Error) {
	it, e := s.editable(c.id)
	if e != nil {
		return nil, e
	}
	last, in := s.Render.InvoiceItem(it), s.Invoices.Get(it.Invoice)
	if in != nil {
		s.BeginInvoiceUpdate(in)
		in.Lines = slices.DeleteFunc(in.Lines, func(l state.InvoiceLine) bool { return l.InvoiceItem == it.ID })
		s.ReduceInvoice(in, in.Discount)
	}
	s.InvoiceItems.Remove(it.ID)
	s.Emit("invoiceitem.deleted", last, nil)
	s.tellBilled(in)
	return wire.Object{"id": it.ID, "object": "invoiceitem", "deleted": true}, nil
}

// tellBilled tells that a draft has changed by one of its items; nil is none.
func (s *Server) tellBilled(in *state.Invoice) {
	if in != nil {
		s.TellInvoiceUpdate(in)
	}
}
