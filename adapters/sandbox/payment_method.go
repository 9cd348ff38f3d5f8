package sandbox

import "time"

// paymentMethod is a card or a bank account that money can be taken from.
type paymentMethod struct {
	id, customer            string
	kind                    string // card, us_bank_account, sepa_debit or bacs_debit
	number                  string // of a card
	expiryMonth, expiryYear int    // of a card
	cvc                     bool   // of a card: its security code was given, and is right
	fails                   bool   // of a bank debit: it is returned
	email, name, phone      string
	address                 map[string]string
	metadata                map[string]string
	created                 int64
	setUp                   bool // its owner has authenticated for payments to come
	spent                   bool // it was detached, or used by a guest: it cannot be used again
}

var paymentMethodRoutes = []route{
	{pattern: "POST /v1/payment_methods", params: paymentMethodCreateParams, do: (*Sandbox).createPaymentMethod},
	{pattern: "GET /v1/payment_methods/{id}", do: (*Sandbox).retrievePaymentMethod},
	{pattern: "POST /v1/payment_methods/{id}", params: paymentMethodUpdateParams, do: (*Sandbox).updatePaymentMethod},
	{pattern: "POST /v1/payment_methods/{id}/attach", params: []string{"customer"}, do: (*Sandbox).attachPaymentMethod},
	{pattern: "POST /v1/payment_methods/{id}/detach", do: (*Sandbox).detachPaymentMethod},
	{pattern: "GET /v1/payment_methods", params: append([]string{"customer", "type"}, listParams...), do: (*Sandbox).listPaymentMethods},
	{pattern: "GET /v1/customers/{id}/payment_methods", params: append([]string{"type"}, listParams...), do: (*Sandbox).listCustomerMethods},
	{pattern: "GET /v1/customers/{id}/payment_methods/{second}", do: (*Sandbox).retrieveCustomerMethod},
}

func (s *Sandbox) addMethod(pm *paymentMethod) *paymentMethod {
	pm.id, pm.created = newID("pm_1", 23), s.nowUnix()
	s.paymentMethods.add(pm.id, pm)
	return pm
}

// addCard keeps a card that belongs to nobody yet. It expires in some years if
// expiry is zero.
func (s *Sandbox) addCard(number string, expiry time.Time) *paymentMethod {
	if expiry.IsZero() {
		expiry = s.now().AddDate(3, 0, 0)
	}
	return s.addMethod(&paymentMethod{kind: "card", number: number, expiryMonth: int(expiry.Month()), expiryYear: expiry.Year()})
}

// methodPaid keeps what a buyer chose on the page; nil if that was nothing.
func (s *Sandbox) methodPaid(p payment, currency string) *paymentMethod {
	var pm *paymentMethod
	switch {
	case p.settles != "":
		pm = s.addMethod(&paymentMethod{kind: debitType(currency), fails: p.settles == "fails"})
	case p.card != "":
		pm = s.addCard(p.card, p.expiry)
		pm.cvc = true
	default:
		return nil
	}
	pm.email, pm.name = p.email, p.name
	return pm
}

// card is what the sandbox knows of the card.
func (pm *paymentMethod) card() *testCard { return cardsByNumber[pm.number] }

// refusal says why the bank does not let it pay, or nil.
func (pm *paymentMethod) refusal() *apiError {
	switch {
	case pm.kind == "card":
		return pm.card().refuses
	case pm.fails:
		return debitReturned()
	}
	return nil
}

// refusesKeeping says why the bank does not let it be kept for later, or nil.
func (pm *paymentMethod) refusesKeeping() *apiError {
	if pm.kind != "card" {
		return nil
	}
	return pm.card().refusesKeeping()
}

// usable says why the method cannot be used for the customer, "" for a guest.
func (pm *paymentMethod) usable(customer, param string) *apiError {
	switch {
	case pm.spent:
		return invalid(param, "", "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.")
	case pm.customer != "" && customer == "":
		return invalid(param, "", "The payment method `%s` you provided is attached to a customer so for security purposes you must provide the customer in the request.", pm.id)
	case pm.customer != "" && pm.customer != customer:
		return invalid(param, "", "The PaymentMethod %s does not belong to the Customer %s. Please use this PaymentMethod with the Customer that it belongs to instead.", pm.id, customer)
	}
	return nil
}

// attach makes the method the customer's, and says so.
func (s *Sandbox) attach(pm *paymentMethod, customer string) {
	pm.customer = customer
	s.emit("payment_method.attached", s.paymentMethodObject(pm), nil)
}

// detach takes the method from its customer, for good. What it was the default of
// has none afterwards.
func (s *Sandbox) detach(pm *paymentMethod) {
	was := pm.customer
	before := s.paymentMethodObject(pm)
	pm.customer, pm.spent = "", true
	s.emit("payment_method.detached", s.paymentMethodObject(pm), before)
	if cu := s.liveCustomer(was); cu != nil && cu.defaultMethod == pm.id {
		s.setCustomerMethod(cu, "")
	}
	for _, sub := range s.subscriptions.order {
		if sub.defaultMethod == pm.id && !sub.terminal() {
			s.setMethod(sub, "")
		}
	}
}

// setMethod makes a method the subscription's default, "" for none.
func (s *Sandbox) setMethod(sub *subscription, method string) {
	s.changeSubscription(sub, func() { sub.defaultMethod = method })
}

// setCustomerMethod makes a method the default of the customer's invoices, "" for none.
func (s *Sandbox) setCustomerMethod(cu *customer, method string) {
	before := s.customerObject(cu)
	cu.defaultMethod = method
	s.emitUpdated("customer.updated", before, s.customerObject(cu))
}

// methodOf is what a subscription is charged to: its own default, else the
// customer's; nil for none.
func (s *Sandbox) methodOf(sub *subscription) *paymentMethod {
	if pm := s.paymentMethods.get(sub.defaultMethod); pm != nil {
		return pm
	}
	if cu := s.customers.get(sub.customer); cu != nil {
		return s.paymentMethods.get(cu.defaultMethod)
	}
	return nil
}

// methodFor is what an invoice is charged to: its own default, else that of its
// subscription, else the customer's; nil for none.
func (s *Sandbox) methodFor(in *invoice) *paymentMethod {
	if pm := s.paymentMethods.get(in.defaultMethod); pm != nil {
		return pm
	}
	if sub := s.subscriptions.get(in.subscription); sub != nil {
		return s.methodOf(sub)
	}
	if cu := s.customers.get(in.customer); cu != nil {
		return s.paymentMethods.get(cu.defaultMethod)
	}
	return nil
}

// readMethod reads a default payment method, which has to be the customer's. An
// empty value unsets it, and is kept as it was if the parameter is absent.
func (s *Sandbox) readMethod(c *call, name, customer, was string) string {
	if !c.has(name) {
		return was
	}
	id := c.form.Get(name)
	if id == "" {
		return ""
	}
	pm := s.paymentMethods.get(id)
	if pm == nil {
		c.fail(missingReference("PaymentMethod", id, name))
		return was
	}
	if pm.customer == "" || pm.customer != customer {
		c.fail(invalid(name, "resource_missing", "The customer does not have a payment method with the ID %s. The payment method must be attached to the customer.", id))
	}
	return id
}

// noMethod is the error of a payment that there is nothing to take from.
func noMethod() *apiError {
	return invalid("", "resource_missing", "This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.")
}

// shown is what a page calls it.
func (pm *paymentMethod) shown() string {
	if pm.kind == "card" {
		return brandNames[pm.card().brand] + " ending in " + pm.last4()
	}
	return "Bank account ending in " + pm.last4()
}
