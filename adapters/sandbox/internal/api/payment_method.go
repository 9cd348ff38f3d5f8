package api

import (
	"slices"
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var paymentMethodRoutes = []route{
	{pattern: "POST /v1/payment_methods", params: paymentMethodCreateParams, do: (*Server).createPaymentMethod},
	{pattern: "GET /v1/payment_methods/{id}", do: (*Server).retrievePaymentMethod},
	{pattern: "POST /v1/payment_methods/{id}", params: paymentMethodUpdateParams, do: (*Server).updatePaymentMethod},
	{pattern: "POST /v1/payment_methods/{id}/attach", params: []string{"customer"}, do: (*Server).attachPaymentMethod},
	{pattern: "POST /v1/payment_methods/{id}/detach", do: (*Server).detachPaymentMethod},
	{pattern: "GET /v1/payment_methods", params: append([]string{"customer", "type"}, wire.ListParams...), do: (*Server).listPaymentMethods},
	{pattern: "GET /v1/customers/{id}/payment_methods", params: append([]string{"type"}, wire.ListParams...), do: (*Server).listCustomerMethods},
	{pattern: "GET /v1/customers/{id}/payment_methods/{second}", do: (*Server).retrieveCustomerMethod},
}

// readMethod reads a default payment method, which has to be the customer's. An
// empty value unsets it, and is kept as it was if the parameter is absent.
func (s *Server) readMethod(c *Call, name, customer, was string) string {
	if !c.Has(name) {
		return was
	}
	id := c.Form.Get(name)
	if id == "" {
		return ""
	}
	pm := s.PaymentMethods.Get(id)
	if pm == nil {
		c.Fail(wire.MissingReference("PaymentMethod", id, name))
		return was
	}
	if pm.Customer == "" || pm.Customer != customer {
		c.Fail(wire.Invalid(name, "resource_missing", "The customer does not have a payment method with the ID %s. The payment method must be attached to the customer.", id))
	}
	return id
}

var billingParams = []string{
	"billing_details[email]", "billing_details[name]", "billing_details[phone]",
	"billing_details[address][line1]", "billing_details[address][line2]", "billing_details[address][city]", "billing_details[address][state]",
	"billing_details[address][postal_code]", "billing_details[address][country]",
}

var paymentMethodCreateParams = append([]string{"type", "card[token]", "card[number]", "card[exp_month]", "card[exp_year]", "card[cvc]", "sepa_debit[iban]", "metadata[*]"}, billingParams...)

var paymentMethodUpdateParams = append([]string{"card[exp_month]", "card[exp_year]", "metadata[*]"}, billingParams...)

// otherMethods are types of payment methods that Stripe has and the sandbox has not.
var otherMethods = []string{
	"acss_debit", "affirm", "afterpay_clearpay", "alipay", "au_becs_debit", "bacs_debit", "bancontact", "blik", "boleto", "cashapp",
	"customer_balance", "eps", "fpx", "giropay", "grabpay", "ideal", "interac_present", "klarna", "konbini", "link", "oxxo", "p24", "paynow",
	"paypal", "pix", "promptpay", "revolut_pay", "sepa_debit", "sofort", "swish", "us_bank_account", "wechat_pay", "zip",
}

// createPaymentMethod makes a card of one of Stripe's test tokens. Numbers are
// refused as Stripe refuses them to accounts that have not asked for more.
func (s *Server) createPaymentMethod(c *Call) (wire.Object, *wire.Error) {
	kind := c.OneOf("type", append([]string{"card"}, otherMethods...)...)
	name, isToken := strings.CutPrefix(c.Text("card[token]"), "tok_")
	pm := &state.PaymentMethod{Metadata: c.Metadata("metadata", nil)}
	readBilling(pm, c)
	switch {
	case c.Err != nil:
		return nil, c.Err
	case kind == "" && !c.HasAny("card"):
		return nil, wire.MissingParam("type")
	case kind == "sepa_debit":
		return s.createSEPADebit(c, pm)
	case kind != "" && kind != "card":
		return nil, wire.Invalid("type", "", "Stripe has payment methods of type %s, the sandbox does not make them yet: use type=card or sepa_debit, or the test method %s.", kind, knownDebit)
	case c.Has("card[number]"):
		return nil, &wire.Error{Status: 402, Kind: "invalid_request_error", Message: "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you use test tokens that map to the test card you are using, see https://stripe.com/docs/testing. To enable testing raw card data APIs, see https://support.stripe.com/questions/enabling-access-to-raw-card-data-apis."}
	case !c.Has("card[token]"):
		return nil, wire.MissingParam("card")
	case !isToken || state.CardsByName[name] == nil:
		return nil, wire.MissingReference("token", c.Text("card[token]"), "card[token]")
	}
	made := s.AddCard(state.CardsByName[name].Number, s.Now().AddDate(1, 0, 0))
	made.Metadata, made.Email, made.Name, made.Phone, made.Address = pm.Metadata, pm.Email, pm.Name, pm.Phone, pm.Address
	return s.Render.PaymentMethod(made), nil
}

// testIBANs are accounts of Stripe's for tests, and whether a debit of them fails. How long it
// takes is the same for all.
var testIBANs = map[string]bool{
	"AT611904300234573201": false, "AT321904300235473204": false, "DE89370400440532013000": false, "FR1420041010050500013M02606": false, "IT40S0542811101000000123456": false, "NL39RABO0300065264": false,
	"AT861904300235473202": true, "DE62370400440532013001": true, "FR8420041010050500013M02607": true, "IT60X0542811101000000123456": true, "NL91ABNA0417164300": true,
}

// createSEPADebit makes a bank account of one of Stripe's test numbers.
func (s *Server) createSEPADebit(c *Call, pm *state.PaymentMethod) (wire.Object, *wire.Error) {
	iban := strings.ToUpper(strings.ReplaceAll(c.Required("sepa_debit[iban]"), " ", ""))
	fails, known := testIBANs[iban]
	switch {
	case c.Err != nil:
		return nil, c.Err
	case pm.Email == "":
		return nil, wire.MissingParam("billing_details[email]")
	case pm.Name == "":
		return nil, wire.MissingParam("billing_details[name]")
	case !known:
		return nil, wire.Invalid("sepa_debit[iban]", "", "The sandbox knows some of Stripe's test IBANs alone: AT611904300234573201 pays, AT861904300235473202 fails.")
	}
	pm.Kind, pm.Fails = "sepa_debit", fails
	return s.Render.PaymentMethod(s.AddMethod(pm)), nil
}

// readBilling sets the billing_details that the request gives; an empty value unsets.
func readBilling(pm *state.PaymentMethod, c *Call) {
	for name, field := range map[string]*string{"email": &pm.Email, "name": &pm.Name, "phone": &pm.Phone} {
		if full := "billing_details[" + name + "]"; c.Has(full) {
			*field = c.Form.Get(full)
		}
	}
	if pm.Email != "" && c.Has("billing_details[email]") {
		c.Email("billing_details[email]")
	}
	if c.HasAny("billing_details[address]") {
		address := map[string]string{}
		for _, f := range render.AddressFields {
			address[f] = c.Form.Get("billing_details[address][" + f + "]")
		}
		pm.Address = address
	}
}

// pathMethod is the method that the path names, or why there is none.
func (s *Server) pathMethod(id string) (*state.PaymentMethod, *wire.Error) {
	if pm := s.method(id); pm != nil {
		return pm, nil
	}
	return nil, wire.NotFound("PaymentMethod", id, "payment_method")
}

func (s *Server) retrievePaymentMethod(c *Call) (wire.Object, *wire.Error) {
	pm, e := s.pathMethod(c.id)
	if e != nil {
		return nil, e
	}
	return s.Render.PaymentMethod(pm), nil
}

func (s *Server) updatePaymentMethod(c *Call) (wire.Object, *wire.Error) {
	pm := s.PaymentMethods.Get(c.id)
	if pm == nil {
		return nil, wire.NotFound("PaymentMethod", c.id, "payment_method")
	}
	change := *pm
	readBilling(&change, c)
	change.Metadata = c.Metadata("metadata", pm.Metadata)
	if c.Has("card[exp_month]") {
		change.ExpiryMonth = int(c.Integer("card[exp_month]", 1, 12))
	}
	if c.Has("card[exp_year]") {
		change.ExpiryYear = int(c.Integer("card[exp_year]", 1970, 9999))
	}
	switch {
	case c.Err != nil:
		return nil, c.Err
	case pm.Customer == "":
		return nil, wire.Invalid("", "resource_missing", "You must save this PaymentMethod to a customer before you can update it.")
	case c.HasAny("card") && pm.Kind != "card":
		return nil, wire.Invalid("card", "", "You cannot update `card` of a PaymentMethod of type %s.", pm.Kind)
	}
	before := s.Render.PaymentMethod(pm)
	*pm = change
	s.EmitUpdated("payment_method.updated", before, s.Render.PaymentMethod(pm))
	return s.Render.PaymentMethod(pm), nil
}

// attachPaymentMethod checks the card with its bank, as Stripe does.
func (s *Server) attachPaymentMethod(c *Call) (wire.Object, *wire.Error) {
	customer := c.Required("customer")
	switch {
	case c.Err != nil:
		return nil, c.Err
	case s.LiveCustomer(customer) == nil:
		return nil, wire.MissingReference("customer", customer, "customer")
	}
	pm, e := s.pathMethod(c.id)
	if e != nil {
		return nil, e
	}
	if e := s.attachable(pm); e != nil {
		return nil, e
	}
	s.AttachMethod(pm, customer)
	return s.Render.PaymentMethod(pm), nil
}

// attachable says why the method cannot become a customer's, or nil.
func (s *Server) attachable(pm *state.PaymentMethod) *wire.Error {
	if pm.Customer != "" {
		return wire.Invalid("", "", "The payment method you provided has already been attached to a customer.")
	}
	if e := pm.Usable("", ""); e != nil {
		return e
	}
	return pm.RefusesKeeping()
}

func (s *Server) detachPaymentMethod(c *Call) (wire.Object, *wire.Error) {
	pm := s.PaymentMethods.Get(c.id)
	switch {
	case pm == nil:
		return nil, wire.NotFound("PaymentMethod", c.id, "payment_method")
	case pm.Customer == "":
		return nil, wire.Invalid("", "", "The payment method you provided is not attached to a customer so detachment is impossible.")
	}
	s.DetachMethod(pm)
	return s.Render.PaymentMethod(pm), nil
}

func (s *Server) listPaymentMethods(c *Call) (wire.Object, *wire.Error) {
	customer := c.Required("customer")
	if c.Err == nil && s.LiveCustomer(customer) == nil {
		return nil, wire.MissingReference("customer", customer, "customer")
	}
	return s.methodsOf(c, customer)
}

func (s *Server) listCustomerMethods(c *Call) (wire.Object, *wire.Error) {
	if s.LiveCustomer(c.id) == nil {
		return nil, wire.NotFound("customer", c.id, "customer")
	}
	return s.methodsOf(c, c.id)
}

func (s *Server) methodsOf(c *Call, customer string) (wire.Object, *wire.Error) {
	kind := c.OneOf("type", append([]string{"card"}, otherMethods...)...)
	return page[*state.PaymentMethod]{
		noun: "PaymentMethod", items: s.PaymentMethods.NewestFirst(),
		id:     func(pm *state.PaymentMethod) string { return pm.ID },
		keep:   func(pm *state.PaymentMethod) bool { return pm.Customer == customer && (kind == "" || kind == pm.Kind) },
		object: s.Render.PaymentMethod,
	}.serve(c)
}

func (s *Server) retrieveCustomerMethod(c *Call) (wire.Object, *wire.Error) {
	if s.LiveCustomer(c.id) == nil {
		return nil, wire.NotFound("customer", c.id, "customer")
	}
	pm := s.PaymentMethods.Get(c.second)
	if pm == nil || pm.Customer != c.id {
		return nil, wire.NotFound("PaymentMethod", c.second, "payment_method")
	}
	return s.Render.PaymentMethod(pm), nil
}

// servedMethods are the types of payment methods that there are here.
var servedMethods = []string{"card", "us_bank_account", "sepa_debit", "bacs_debit"}

// readMethodTypes reads payment_method_types; what the sandbox lacks is refused.
func (c *Call) readMethodTypes() []string {
	types := c.List("payment_method_types")
	for _, t := range types {
		if !slices.Contains(servedMethods, t) {
			c.Fail(wire.Invalid("payment_method_types", "", "Stripe may have payment methods of type %s, the sandbox does not serve them.", t))
		}
	}
	return types
}

const (
	allowedMethods  = "allowed_payment_method_types"
	excludedMethods = "excluded_payment_method_types"
)

// choosesMethods tells whether the request narrows the types that are chosen automatically.
func (c *Call) choosesMethods() bool { return c.HasAny(allowedMethods) || c.HasAny(excludedMethods) }

// choose is which types of methods may pay: those that the request names, or what there is
// here of those that it allows and does not exclude.
func (c *Call) choose(ch *state.MethodChoice, named []string, automatic ...string) []string {
	if c.HasAny(allowedMethods) {
		ch.Allowed = c.List(allowedMethods)
	}
	if c.HasAny(excludedMethods) {
		ch.Excluded = c.List(excludedMethods)
	}
	if len(named) > 0 {
		return named
	}
	left := slices.DeleteFunc(automatic, func(kind string) bool {
		return len(ch.Allowed) > 0 && !slices.Contains(ch.Allowed, kind) || slices.Contains(ch.Excluded, kind)
	})
	if len(left) == 0 {
		c.Fail(wire.Invalid(allowedMethods, "", "None of the payment methods that are allowed is one of the sandbox's, which are a card and the currency's bank debit."))
	}
	return left
}

// readFirstMethod is the payment method that a new customer comes with, nil for none.
// It can be the default at once.
func (s *Server) readFirstMethod(c *Call) (*state.PaymentMethod, *wire.Error) {
	const asDefault = "invoice_settings[default_payment_method]"
	id, standard := c.Text("payment_method"), c.Text(asDefault)
	switch {
	case c.Err != nil:
		return nil, c.Err
	case standard != "" && standard != id && !s.known(standard):
		return nil, wire.MissingReference("PaymentMethod", standard, asDefault)
	case standard != "" && standard != id:
		return nil, wire.Invalid(asDefault, "resource_missing", "The customer does not have a payment method with the ID %s. The payment method must be attached to the customer.", standard)
	case id == "":
		return nil, nil
	case !s.known(id):
		return nil, wire.MissingReference("PaymentMethod", id, "payment_method")
	}
	pm := s.method(id)
	return pm, s.attachable(pm)
}
