package sandbox

import (
	"slices"
	"strings"
)

var billingParams = []string{
	"billing_details[email]", "billing_details[name]", "billing_details[phone]",
	"billing_details[address][line1]", "billing_details[address][line2]", "billing_details[address][city]", "billing_details[address][state]",
	"billing_details[address][postal_code]", "billing_details[address][country]",
}

var paymentMethodCreateParams = append([]string{"type", "card[token]", "card[number]", "card[exp_month]", "card[exp_year]", "card[cvc]", "metadata[*]"}, billingParams...)

var paymentMethodUpdateParams = append([]string{"card[exp_month]", "card[exp_year]", "metadata[*]"}, billingParams...)

// paymentMethodUnsupported are the methods and the rest that the sandbox lacks.

// otherMethods are types of payment methods that Stripe has and the sandbox has not.
var otherMethods = []string{
	"acss_debit", "affirm", "afterpay_clearpay", "alipay", "au_becs_debit", "bacs_debit", "bancontact", "blik", "boleto", "cashapp",
	"customer_balance", "eps", "fpx", "giropay", "grabpay", "ideal", "interac_present", "klarna", "konbini", "link", "oxxo", "p24", "paynow",
	"paypal", "pix", "promptpay", "revolut_pay", "sepa_debit", "sofort", "swish", "us_bank_account", "wechat_pay", "zip",
}

// createPaymentMethod makes a card of one of Stripe's test tokens. Numbers are
// refused as Stripe refuses them to accounts that have not asked for more.
func (s *Sandbox) createPaymentMethod(c *call) (object, *apiError) {
	kind := c.oneOf("type", append([]string{"card"}, otherMethods...)...)
	name, isToken := strings.CutPrefix(c.text("card[token]"), "tok_")
	pm := &paymentMethod{metadata: c.metadata("metadata", nil)}
	pm.readBilling(c)
	switch {
	case c.err != nil:
		return nil, c.err
	case kind == "" && !c.hasAny("card"):
		return nil, missingParam("type")
	case kind != "" && kind != "card":
		return nil, invalid("type", "", "Stripe has payment methods of type %s, the sandbox does not make them yet: use type=card, or the test method %s.", kind, knownDebit)
	case c.has("card[number]"):
		return nil, &apiError{status: 402, kind: "invalid_request_error", message: "Sending credit card numbers directly to the Stripe API is generally unsafe. We suggest you use test tokens that map to the test card you are using, see https://stripe.com/docs/testing. To enable testing raw card data APIs, see https://support.stripe.com/questions/enabling-access-to-raw-card-data-apis."}
	case !c.has("card[token]"):
		return nil, missingParam("card")
	case !isToken || cardsByName[name] == nil:
		return nil, missingReference("token", c.text("card[token]"), "card[token]")
	}
	made := s.addCard(cardsByName[name].number, s.now().AddDate(1, 0, 0))
	made.metadata, made.email, made.name, made.phone, made.address = pm.metadata, pm.email, pm.name, pm.phone, pm.address
	return s.paymentMethodObject(made), nil
}

// readBilling sets the billing_details that the request gives; an empty value unsets.
func (pm *paymentMethod) readBilling(c *call) {
	for name, field := range map[string]*string{"email": &pm.email, "name": &pm.name, "phone": &pm.phone} {
		if full := "billing_details[" + name + "]"; c.has(full) {
			*field = c.form.Get(full)
		}
	}
	if pm.email != "" && c.has("billing_details[email]") {
		c.email("billing_details[email]")
	}
	if c.hasAny("billing_details[address]") {
		address := map[string]string{}
		for _, f := range addressFields {
			address[f] = c.form.Get("billing_details[address][" + f + "]")
		}
		pm.address = address
	}
}

// pathMethod is the method that the path names, or why there is none.
func (s *Sandbox) pathMethod(id string) (*paymentMethod, *apiError) {
	if pm := s.method(id); pm != nil {
		return pm, nil
	}
	return nil, notFound("PaymentMethod", id, "payment_method")
}

func (s *Sandbox) retrievePaymentMethod(c *call) (object, *apiError) {
	pm, e := s.pathMethod(c.id)
	if e != nil {
		return nil, e
	}
	return s.paymentMethodObject(pm), nil
}

func (s *Sandbox) updatePaymentMethod(c *call) (object, *apiError) {
	pm := s.paymentMethods.get(c.id)
	if pm == nil {
		return nil, notFound("PaymentMethod", c.id, "payment_method")
	}
	change := *pm
	change.readBilling(c)
	change.metadata = c.metadata("metadata", pm.metadata)
	if c.has("card[exp_month]") {
		change.expiryMonth = int(c.integer("card[exp_month]", 1, 12))
	}
	if c.has("card[exp_year]") {
		change.expiryYear = int(c.integer("card[exp_year]", 1970, 9999))
	}
	switch {
	case c.err != nil:
		return nil, c.err
	case pm.customer == "":
		return nil, invalid("", "resource_missing", "You must save this PaymentMethod to a customer before you can update it.")
	case c.hasAny("card") && pm.kind != "card":
		return nil, invalid("card", "", "You cannot update `card` of a PaymentMethod of type %s.", pm.kind)
	}
	before := s.paymentMethodObject(pm)
	*pm = change
	s.emitUpdated("payment_method.updated", before, s.paymentMethodObject(pm))
	return s.paymentMethodObject(pm), nil
}

// attachPaymentMethod checks the card with its bank, as Stripe does.
func (s *Sandbox) attachPaymentMethod(c *call) (object, *apiError) {
	customer := c.required("customer")
	switch {
	case c.err != nil:
		return nil, c.err
	case s.liveCustomer(customer) == nil:
		return nil, missingReference("customer", customer, "customer")
	}
	pm, e := s.pathMethod(c.id)
	if e != nil {
		return nil, e
	}
	if e := s.attachable(pm); e != nil {
		return nil, e
	}
	s.attach(pm, customer)
	return s.paymentMethodObject(pm), nil
}

// attachable says why the method cannot become a customer's, or nil.
func (s *Sandbox) attachable(pm *paymentMethod) *apiError {
	if pm.customer != "" {
		return invalid("", "", "The payment method you provided has already been attached to a customer.")
	}
	if e := pm.usable("", ""); e != nil {
		return e
	}
	return pm.refusesKeeping()
}

func (s *Sandbox) detachPaymentMethod(c *call) (object, *apiError) {
	pm := s.paymentMethods.get(c.id)
	switch {
	case pm == nil:
		return nil, notFound("PaymentMethod", c.id, "payment_method")
	case pm.customer == "":
		return nil, invalid("", "", "The payment method you provided is not attached to a customer so detachment is impossible.")
	}
	s.detach(pm)
	return s.paymentMethodObject(pm), nil
}

func (s *Sandbox) listPaymentMethods(c *call) (object, *apiError) {
	customer := c.required("customer")
	if c.err == nil && s.liveCustomer(customer) == nil {
		return nil, missingReference("customer", customer, "customer")
	}
	return s.methodsOf(c, customer)
}

func (s *Sandbox) listCustomerMethods(c *call) (object, *apiError) {
	if s.liveCustomer(c.id) == nil {
		return nil, notFound("customer", c.id, "customer")
	}
	return s.methodsOf(c, c.id)
}

func (s *Sandbox) methodsOf(c *call, customer string) (object, *apiError) {
	kind := c.oneOf("type", append([]string{"card"}, otherMethods...)...)
	return page[*paymentMethod]{
		noun: "PaymentMethod", items: s.paymentMethods.newestFirst(),
		id:     func(pm *paymentMethod) string { return pm.id },
		keep:   func(pm *paymentMethod) bool { return pm.customer == customer && (kind == "" || kind == pm.kind) },
		object: s.paymentMethodObject,
	}.serve(c)
}

func (s *Sandbox) retrieveCustomerMethod(c *call) (object, *apiError) {
	if s.liveCustomer(c.id) == nil {
		return nil, notFound("customer", c.id, "customer")
	}
	pm := s.paymentMethods.get(c.second)
	if pm == nil || pm.customer != c.id {
		return nil, notFound("PaymentMethod", c.second, "payment_method")
	}
	return s.paymentMethodObject(pm), nil
}

// servedMethods are the types of payment methods that there are here.
var servedMethods = []string{"card", "us_bank_account", "sepa_debit", "bacs_debit"}

// readMethodTypes reads payment_method_types; what the sandbox lacks is refused.
func (c *call) readMethodTypes() []string {
	types := c.list("payment_method_types")
	for _, t := range types {
		if !slices.Contains(servedMethods, t) {
			c.fail(invalid("payment_method_types", "", "Stripe may have payment methods of type %s, the sandbox does not serve them.", t))
		}
	}
	return types
}

// readFirstMethod is the payment method that a new customer comes with, nil for none.
// It can be the default at once.
func (s *Sandbox) readFirstMethod(c *call) (*paymentMethod, *apiError) {
	const asDefault = "invoice_settings[default_payment_method]"
	id, standard := c.text("payment_method"), c.text(asDefault)
	switch {
	case c.err != nil:
		return nil, c.err
	case standard != "" && standard != id && !s.known(standard):
		return nil, missingReference("PaymentMethod", standard, asDefault)
	case standard != "" && standard != id:
		return nil, invalid(asDefault, "resource_missing", "The customer does not have a payment method with the ID %s. The payment method must be attached to the customer.", standard)
	case id == "":
		return nil, nil
	case !s.known(id):
		return nil, missingReference("PaymentMethod", id, "payment_method")
	}
	pm := s.method(id)
	return pm, s.attachable(pm)
}
