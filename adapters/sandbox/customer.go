package sandbox

import (
	"slices"
)

type customer struct {
	id, email, name, description, phone string
	address                             map[string]string
	locales                             []string
	metadata                            map[string]string
	created                             int64
	invoicePrefix                       string
	defaultMethod                       string // of its invoices
	cardless                            bool   // a test has taken its card away
	balance                             int64  // what it owes; a credit is negative
	deleted                             bool
	testClock                           string
}

var addressFields = []string{"line1", "line2", "city", "state", "postal_code", "country"}

var customerParams = []string{
	"email", "name", "description", "phone", "preferred_locales[]", "metadata[*]",
	"invoice_settings[default_payment_method]",
	"balance", "address[line1]", "address[line2]", "address[city]", "address[state]", "address[postal_code]", "address[country]",
}

var customerRoutes = []route{
	{pattern: "POST /v1/customers", params: append([]string{"test_clock", "payment_method"}, customerParams...), do: (*Sandbox).createCustomer},
	{pattern: "GET /v1/customers/{id}", do: (*Sandbox).retrieveCustomer},
	{pattern: "POST /v1/customers/{id}", params: customerParams, do: (*Sandbox).updateCustomer},
	{pattern: "DELETE /v1/customers/{id}", do: (*Sandbox).deleteCustomer},
	{pattern: "GET /v1/customers", params: listing("email"), do: (*Sandbox).listCustomers},
}

func (s *Sandbox) createCustomer(c *call) (object, *apiError) {
	cu := newCustomer(s.nowUnix())
	if e := cu.read(c); e != nil {
		return nil, e
	}
	cu.testClock = c.text("test_clock")
	if cu.testClock != "" && s.testClocks.get(cu.testClock) == nil {
		return nil, missingReference("test_helpers.test_clock", cu.testClock, "test_clock")
	}
	pm, e := s.readFirstMethod(c)
	if e != nil {
		return nil, e
	}
	s.customers.add(cu.id, cu)
	if pm != nil && c.has("invoice_settings[default_payment_method]") {
		cu.defaultMethod = pm.id
	}
	s.emit("customer.created", s.customerObject(cu), nil)
	if pm != nil {
		s.attach(pm, cu.id)
	}
	return s.customerObject(cu), nil
}

func newCustomer(now int64) *customer {
	return &customer{id: newID("cus_", 14), created: now, invoicePrefix: newID("", 8)}
}

// read sets what the request gives; an empty value unsets.
func (cu *customer) read(c *call) *apiError {
	change := *cu
	text := func(field *string, name string) {
		switch {
		case !c.has(name):
		case c.form.Get(name) == "":
			*field = ""
		default:
			*field = c.limited(name, 5000)
		}
	}
	text(&change.name, "name")
	text(&change.description, "description")
	text(&change.phone, "phone")
	text(&change.email, "email")
	if change.email != "" && c.has("email") {
		c.email("email")
	}
	if c.hasAny("address") {
		change.address = map[string]string{}
		for _, f := range addressFields {
			change.address[f] = c.form.Get("address[" + f + "]")
		}
	}
	if c.hasAny("preferred_locales") {
		change.locales = c.list("preferred_locales")
	}
	if c.has("balance") {
		change.balance = c.integer("balance", -maxAmount, maxAmount)
	}
	change.metadata = c.metadata("metadata", cu.metadata)
	if c.err != nil {
		return c.err
	}
	*cu = change
	return nil
}

func (s *Sandbox) retrieveCustomer(c *call) (object, *apiError) {
	cu := s.customers.get(c.id)
	if cu == nil {
		return nil, notFound("customer", c.id, "id")
	}
	return s.customerObject(cu), nil
}

func (s *Sandbox) updateCustomer(c *call) (object, *apiError) {
	cu := s.liveCustomer(c.id)
	if cu == nil {
		return nil, notFound("customer", c.id, "id")
	}
	before := s.customerObject(cu)
	method := s.readMethod(c, "invoice_settings[default_payment_method]", cu.id, cu.defaultMethod)
	if e := cu.read(c); e != nil {
		return nil, e
	}
	cu.defaultMethod = method
	s.emitUpdated("customer.updated", before, s.customerObject(cu))
	return s.customerObject(cu), nil
}

// liveCustomer is nil for an unknown or a deleted customer.
func (s *Sandbox) liveCustomer(id string) *customer {
	if cu := s.customers.get(id); cu != nil && !cu.deleted {
		return cu
	}
	return nil
}

// deleteCustomer ends the customer's subscriptions too, as Stripe does.
func (s *Sandbox) deleteCustomer(c *call) (object, *apiError) {
	cu := s.liveCustomer(c.id)
	if cu == nil {
		return nil, notFound("customer", c.id, "id")
	}
	s.removeCustomer(cu)
	return s.customerObject(cu), nil
}

func (s *Sandbox) removeCustomer(cu *customer) {
	for _, sub := range s.subscriptions.order {
		if sub.customer == cu.id && !sub.terminal() {
			s.cancelNow(sub)
		}
	}
	for _, pm := range s.paymentMethods.order {
		if pm.customer == cu.id {
			s.detach(pm)
		}
	}
	last := s.customerObject(cu)
	cu.deleted = true
	s.emit("customer.deleted", last, nil)
}

func (s *Sandbox) listCustomers(c *call) (object, *apiError) {
	created, email := c.createdFilter(), c.equals("email")
	return page[*customer]{
		noun: "customer", items: s.customers.newestFirst(),
		id:     func(cu *customer) string { return cu.id },
		keep:   func(cu *customer) bool { return !cu.deleted && created(cu.created) && email(cu.email) },
		object: s.customerObject,
	}.serve(c)
}

func (s *Sandbox) customerObject(cu *customer) object {
	if cu.deleted {
		return object{"id": cu.id, "object": "customer", "deleted": true}
	}
	locales := slices.Clone(cu.locales)
	if locales == nil {
		locales = []string{}
	}
	return object{
		"id": cu.id, "object": "customer", "address": addressObject(cu.address), "balance": cu.balance, "created": cu.created,
		"currency": nil, "default_source": nil, "delinquent": false, "description": orNull(cu.description), "discount": nil,
		"email": orNull(cu.email), "invoice_prefix": cu.invoicePrefix,
		"invoice_settings": object{"custom_fields": nil, "default_payment_method": orNull(cu.defaultMethod), "footer": nil, "rendering_options": nil},
		"livemode":         false, "metadata": metadataObject(cu.metadata), "name": orNull(cu.name), "next_invoice_sequence": 1,
		"phone": orNull(cu.phone), "preferred_locales": locales, "shipping": nil, "tax_exempt": "none", "test_clock": orNull(cu.testClock),
	}
}

func addressObject(a map[string]string) any {
	if a == nil {
		return nil
	}
	o := object{}
	for _, f := range addressFields {
		o[f] = orNull(a[f])
	}
	return o
}
