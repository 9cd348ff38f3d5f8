package sandbox

import "strings"

// session is a Checkout Session.
type session struct {
	id, mode, status, paymentStatus          string
	url, successURL, cancelURL, locale       string
	customer, customerEmail, clientReference string
	customerCreation                         string
	customerUpdate                           map[string]string
	currency                                 string
	lines                                    []sessionLine
	metadata                                 map[string]string
	created, expiresAt                       int64
	version                                  string // of the API, that it was made in

	promotionCodes, automaticTax, taxIDCollection, invoiceCreation bool
	flexible                                                       bool // billing_mode of the subscription
	billingAddress, paymentMethodCollection                        string
	termsOfService, promotions                                     string // consent_collection
	paymentMethodTypes                                             []string

	// Of subscription_data and payment_intent_data: what is given to the objects
	// that paying makes.
	dataMetadata         map[string]string
	dataDescription      string
	trialDays            int64
	setupFutureUsage     string
	shipping             *shipping
	missingPaymentMethod string

	// What paying has made. The objects are made by the first attempt to pay;
	// the session shows them when it is complete.
	attempted                            bool
	asking                               string // the payment method whose owner has to authenticate
	paymentIntent, subscription, invoice string
	setupIntent                          string // is there from the beginning
	discount                             *discount
	buyerEmail, buyerName                string
	settles                              string // succeeds or fails: the outcome of a delayed payment under way
	completed                            *event
}

type sessionLine struct {
	inline      *inlinePrice // that is made with the session
	id, price   string
	quantity    int64
	adjustable  bool
	least, most int64 // bounds of an adjustable quantity
}

var sessionRoutes = []route{
	{pattern: "POST /v1/checkout/sessions", params: sessionParams, do: (*Sandbox).createSession},
	{pattern: "GET /v1/checkout/sessions/{id}", do: (*Sandbox).retrieveSession},
	{pattern: "POST /v1/checkout/sessions/{id}/expire", do: (*Sandbox).expireSession},
	{pattern: "GET /v1/checkout/sessions/{id}/line_items", params: listParams, do: (*Sandbox).listLineItems},
	{
		pattern: "GET /v1/checkout/sessions",
		params:  listing("customer", "payment_intent", "subscription", "status"),
		do:      (*Sandbox).listSessions,
	},
}

func (s *Sandbox) retrieveSession(c *call) (object, *apiError) {
	cs := s.sessions.get(c.id)
	if cs == nil {
		return nil, notFound("checkout.session", c.id, "session")
	}
	return s.sessionObject(cs), nil
}

func (s *Sandbox) listSessions(c *call) (object, *apiError) {
	created, customer, intent := c.createdFilter(), c.equals("customer"), c.equals("payment_intent")
	subscription, status := c.equals("subscription"), c.equals("status")
	return page[*session]{
		noun: "checkout.session", items: s.sessions.newestFirst(),
		id: func(cs *session) string { return cs.id },
		keep: func(cs *session) bool {
			return created(cs.created) && customer(cs.customer) && intent(cs.paymentIntent) &&
				subscription(cs.subscription) && status(cs.status)
		},
		object: s.sessionObject,
	}.serve(c)
}

func (s *Sandbox) listLineItems(c *call) (object, *apiError) {
	cs := s.sessions.get(c.id)
	if cs == nil {
		return nil, notFound("checkout.session", c.id, "session")
	}
	return page[object]{
		noun: "item", items: s.lineItemObjects(cs),
		id:     func(o object) string { return o["id"].(string) },
		keep:   func(object) bool { return true },
		object: func(o object) object { return o },
	}.serve(c)
}

func (s *Sandbox) expireSession(c *call) (object, *apiError) {
	cs := s.sessions.get(c.id)
	if cs == nil {
		return nil, notFound("checkout.session", c.id, "session")
	}
	if cs.status != "open" {
		return nil, invalid("", "", "Only Checkout Sessions with a status in [\"open\"] can be expired. This Checkout Session has a status of `%s`.", cs.status)
	}
	s.expire(cs)
	return s.sessionObject(cs), nil
}

// expire ends an open session. What a declined attempt left behind ends too.
func (s *Sandbox) expire(cs *session) {
	cs.status, cs.url = "expired", ""
	if cs.attempted {
		s.abandonAttempt(cs)
	}
	if si := s.setupIntents.get(cs.setupIntent); si != nil {
		s.cancelSetup(si, "abandoned")
	}
	s.emit("checkout.session.expired", s.sessionObject(cs), nil)
}

// total is what the session charges now, in minor units. A trial puts the
// recurring prices off.
func (s *Sandbox) total(cs *session) int64 {
	var sum int64
	for _, l := range cs.lines {
		sum += s.lineTotal(cs, l)
	}
	return sum
}

func (s *Sandbox) lineTotal(cs *session, l sessionLine) int64 {
	amount := s.lineSubtotal(cs, l)
	return amount - s.lineOff(cs, l)
}

// lineOff is what the session's discount takes off the line.
func (s *Sandbox) lineOff(cs *session, l sessionLine) int64 {
	amounts, at := make([]int64, len(cs.lines)), 0
	for i, other := range cs.lines {
		amounts[i] = s.lineSubtotal(cs, other)
		if other.id == l.id {
			at = i
		}
	}
	return s.off(cs.discount, amounts)[at]
}

// lineSubtotal is the line's amount without a discount.
func (s *Sandbox) lineSubtotal(cs *session, l sessionLine) int64 {
	p := s.prices.get(l.price)
	if cs.trialDays > 0 && p.recurring() || p.metered() {
		return 0
	}
	return p.amount(l.quantity)
}

func (s *Sandbox) lineItemObjects(cs *session) []object {
	var out []object
	for _, l := range cs.lines {
		p, amount := s.prices.get(l.price), s.lineSubtotal(cs, l)
		out = append(out, object{
			"id": l.id, "object": "item", "amount_discount": s.lineOff(cs, l), "amount_subtotal": amount, "amount_tax": 0,
			"amount_total": s.lineTotal(cs, l), "currency": p.currency, "description": s.products.get(p.product).name,
			"price": s.priceObject(p), "quantity": orNull(l.quantity),
		})
	}
	return out
}

func (s *Sandbox) sessionObject(cs *session) object {
	total, subtotal := s.total(cs), s.subtotal(cs)
	done := cs.status == "complete"
	shown := func(id string) any {
		if !done {
			return nil
		}
		return orNull(id)
	}
	o := object{
		"id": cs.id, "object": "checkout.session", "after_expiration": nil, "allow_promotion_codes": orNull(cs.promotionCodes),
		"amount_subtotal": subtotal, "amount_total": total,
		"automatic_tax":              object{"enabled": cs.automaticTax, "liability": nil, "status": nil},
		"billing_address_collection": orNull(cs.billingAddress), "cancel_url": orNull(cs.cancelURL),
		"client_reference_id": orNull(cs.clientReference), "client_secret": nil, "consent": nil, "consent_collection": nil,
		"created": cs.created, "currency": orNull(cs.currency), "currency_conversion": nil, "custom_fields": []object{},
		"custom_text": object{"after_submit": nil, "shipping_address": nil, "submit": nil, "terms_of_service_acceptance": nil},
		"customer":    orNull(cs.customer), "customer_creation": orNull(cs.customerCreation), "customer_details": s.customerDetails(cs),
		"customer_email": orNull(cs.customerEmail), "expires_at": cs.expiresAt, "invoice": shown(cs.invoice),
		"invoice_creation": nil, "livemode": false, "locale": orNull(cs.locale), "metadata": metadataObject(cs.metadata),
		"mode": cs.mode, "payment_intent": nil, "payment_link": nil, "payment_method_collection": cs.paymentMethodCollection,
		"payment_method_configuration_details": nil, "payment_method_options": object{},
		"payment_method_types": append([]string{}, cs.paymentMethodTypes...), "payment_status": cs.paymentStatus,
		"phone_number_collection": object{"enabled": false}, "recovered_from": nil, "setup_intent": nil,
		"shipping_address_collection": nil, "shipping_cost": nil, "shipping_details": nil, "shipping_options": []object{},
		"status": cs.status, "submit_type": nil, "subscription": shown(cs.subscription), "success_url": cs.successURL,
		"tax_id_collection": object{"enabled": cs.taxIDCollection, "required": "never"},
		"total_details":     object{"amount_discount": subtotal - total, "amount_shipping": 0, "amount_tax": 0},
		"ui_mode":           "hosted", "url": orNull(cs.url),
	}
	if cs.automaticTax && done {
		o["automatic_tax"] = object{"enabled": true, "liability": object{"type": "self"}, "status": "complete"}
	}
	if cs.mode == "setup" {
		o["amount_subtotal"], o["amount_total"], o["total_details"], o["setup_intent"] = nil, nil, nil, cs.setupIntent
	}
	if cs.mode == "payment" {
		// A subscription's payment is its invoice's.
		o["payment_intent"] = shown(cs.paymentIntent)
		o["invoice_creation"] = object{
			"enabled": cs.invoiceCreation,
			"invoice_data": object{"account_tax_ids": nil, "custom_fields": nil, "description": nil, "footer": nil,
				"issuer": nil, "metadata": object{}, "rendering_options": nil},
		}
	}
	if cs.termsOfService != "" || cs.promotions != "" {
		o["consent_collection"] = object{
			"payment_method_reuse_agreement": nil, "promotions": orNull(cs.promotions), "terms_of_service": orNull(cs.termsOfService),
		}
		if done {
			accepted := ""
			if cs.termsOfService == "required" {
				accepted = "accepted"
			}
			o["consent"] = object{"promotions": nil, "terms_of_service": orNull(accepted)}
		}
	}
	return o
}

// customerDetails are known from a given customer at once, else from the buyer.
func (s *Sandbox) customerDetails(cs *session) any {
	email, name := cs.buyerEmail, cs.buyerName
	var address any
	if cu := s.customers.get(cs.customer); cu != nil {
		address = addressObject(cu.address)
		if email == "" {
			email = cu.email
		}
		if name == "" {
			name = cu.name
		}
	}
	if email == "" {
		email = cs.customerEmail
	}
	if cs.status != "complete" && cs.customer == "" && email == "" {
		return nil
	}
	return object{
		"address": address, "email": orNull(email), "name": orNull(name), "phone": nil,
		"tax_exempt": "none", "tax_ids": []object{},
	}
}

// offersDebit tells whether the buyer may choose the delayed method.
func (cs *session) offersDebit() bool {
	for _, t := range cs.paymentMethodTypes {
		if strings.HasSuffix(t, "_debit") || t == "us_bank_account" {
			return true
		}
	}
	return false
}

// debitType is the bank debit that Stripe offers for the session's currency.
func debitType(currency string) string {
	switch currency {
	case "usd":
		return "us_bank_account"
	case "gbp":
		return "bacs_debit"
	}
	return "sepa_debit"
}
