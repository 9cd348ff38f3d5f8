package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var customerParams = []string{
	"email", "name", "description", "phone", "preferred_locales[]", "metadata[*]",
	"invoice_settings[default_payment_method]",
	"balance", "address[line1]", "address[line2]", "address[city]", "address[state]", "address[postal_code]", "address[country]",
}

var customerRoutes = []route{
	{pattern: "POST /v1/customers", params: append([]string{"test_clock", "payment_method"}, customerParams...), do: (*Server).createCustomer},
	{pattern: "GET /v1/customers/{id}", do: (*Server).retrieveCustomer},
	{pattern: "POST /v1/customers/{id}", params: customerParams, do: (*Server).updateCustomer},
	{pattern: "DELETE /v1/customers/{id}", do: (*Server).deleteCustomer},
	{pattern: "GET /v1/customers", params: wire.Listing("email"), do: (*Server).listCustomers},
}

func (s *Server) createCustomer(c *Call) (wire.Object, *wire.Error) {
	cu := life.NewCustomer(s.NowUnix())
	if e := readCustomer(cu, c); e != nil {
		return nil, e
	}
	cu.TestClock = c.Text("test_clock")
	if cu.TestClock != "" && s.TestClocks.Get(cu.TestClock) == nil {
		return nil, wire.MissingReference("test_helpers.test_clock", cu.TestClock, "test_clock")
	}
	pm, e := s.readFirstMethod(c)
	if e != nil {
		return nil, e
	}
	s.Customers.Add(cu.ID, cu)
	if pm != nil && c.Has("invoice_settings[default_payment_method]") {
		cu.DefaultMethod = pm.ID
	}
	s.Emit("customer.created", s.Render.Customer(cu), nil)
	if pm != nil {
		s.AttachMethod(pm, cu.ID)
	}
	return s.Render.Customer(cu), nil
}

// readCustomer sets what the request gives; an empty value unsets.
func readCustomer(cu *state.Customer, c *Call) *wire.Error {
	change := *cu
	text := func(field *string, name string) {
		switch {
		case !c.Has(name):
		case c.Form.Get(name) == "":
			*field = ""
		default:
			*field = c.Limited(name, 5000)
		}
	}
	text(&change.Name, "name")
	text(&change.Description, "description")
	text(&change.Phone, "phone")
	text(&change.Email, "email")
	if change.Email != "" && c.Has("email") {
		c.Email("email")
	}
	if c.HasAny("address") {
		change.Address = map[string]string{}
		for _, f := range render.AddressFields {
			change.Address[f] = c.Form.Get("address[" + f + "]")
		}
	}
	if c.HasAny("preferred_locales") {
		change.Locales = c.List("preferred_locales")
	}
	if c.Has("balance") {
		change.Balance = c.Integer("balance", -wire.MaxAmount, wire.MaxAmount)
	}
	change.Metadata = c.Metadata("metadata", cu.Metadata)
	if c.Err != nil {
		return c.Err
	}
	*cu = change
	return nil
}

func (s *Server) retrieveCustomer(c *Call) (wire.Object, *wire.Error) {
	cu := s.Customers.Get(c.id)
	if cu == nil {
		return nil, wire.NotFound("customer", c.id, "id")
	}
	return s.Render.Customer(cu), nil
}

func (s *Server) updateCustomer(c *Call) (wire.Object, *wire.Error) {
	cu := s.LiveCustomer(c.id)
	if cu == nil {
		return nil, wire.NotFound("customer", c.id, "id")
	}
	before := s.Render.Customer(cu)
	method := s.readMethod(c, "invoice_settings[default_payment_method]", cu.ID, cu.DefaultMethod)
	if e := readCustomer(cu, c); e != nil {
		return nil, e
	}
	cu.DefaultMethod = method
	s.EmitUpdated("customer.updated", before, s.Render.Customer(cu))
	return s.Render.Customer(cu), nil
}

// deleteCustomer ends the customer's subscriptions too, as Stripe does.
func (s *Server) deleteCustomer(c *Call) (wire.Object, *wire.Error) {
	cu := s.LiveCustomer(c.id)
	if cu == nil {
		return nil, wire.NotFound("customer", c.id, "id")
	}
	s.RemoveCustomer(cu)
	return s.Render.Customer(cu), nil
}

func (s *Server) listCustomers(c *Call) (wire.Object, *wire.Error) {
	created, email := c.createdFilter(), c.equals("email")
	return page[*state.Customer]{
		noun: "customer", items: s.Customers.NewestFirst(),
		id:     func(cu *state.Customer) string { return cu.ID },
		keep:   func(cu *state.Customer) bool { return !cu.Deleted && created(cu.Created) && email(cu.Email) },
		object: s.Render.Customer,
	}.serve(c)
}
