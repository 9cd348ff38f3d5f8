package sandbox

type paymentIntent struct {
	id, customer, invoice, status, currency string
	description, clientSecret, latestCharge string
	amount                                  int64 // minor units
	metadata                                map[string]string
	methodTypes                             []string
	lastError                               *apiError
	created, canceledAt                     int64
	cancelReason                            string
}

var paymentIntentRoutes = []route{
	{pattern: "GET /v1/payment_intents/{id}", params: []string{"client_secret"}, do: (*Sandbox).retrievePaymentIntent},
	{pattern: "GET /v1/payment_intents", params: listing("customer"), do: (*Sandbox).listPaymentIntents},
}

func (s *Sandbox) retrievePaymentIntent(c *call) (object, *apiError) {
	pi := s.paymentIntents.get(c.id)
	if pi == nil {
		return nil, notFound("payment_intent", c.id, "intent")
	}
	return s.paymentIntentObject(pi), nil
}

func (s *Sandbox) listPaymentIntents(c *call) (object, *apiError) {
	created, customer := c.createdFilter(), c.equals("customer")
	return page[*paymentIntent]{
		noun: "payment_intent", items: s.paymentIntents.newestFirst(),
		id:     func(pi *paymentIntent) string { return pi.id },
		keep:   func(pi *paymentIntent) bool { return created(pi.created) && customer(pi.customer) },
		object: s.paymentIntentObject,
	}.serve(c)
}

// addPaymentIntent keeps and announces an intent that awaits its payment.
func (s *Sandbox) addPaymentIntent(pi *paymentIntent) {
	pi.id, pi.status, pi.created = newID("pi_3", 23), "requires_payment_method", s.nowUnix()
	pi.clientSecret = newID(pi.id+"_secret_", 25)
	s.paymentIntents.add(pi.id, pi)
	s.emit("payment_intent.created", s.paymentIntentObject(pi), nil)
}

func (s *Sandbox) paymentIntentObject(pi *paymentIntent) object {
	received := int64(0)
	if pi.status == "succeeded" {
		received = pi.amount
	}
	var lastError any
	if pi.lastError != nil {
		e := pi.lastError
		lastError = object{"type": e.kind, "code": e.code, "decline_code": e.decline, "message": e.message, "charge": pi.latestCharge}
	}
	return object{
		"id": pi.id, "object": "payment_intent", "amount": pi.amount, "amount_capturable": 0, "amount_details": object{"tip": object{}},
		"amount_received": received, "application": nil, "application_fee_amount": nil, "automatic_payment_methods": nil,
		"canceled_at": orNull(pi.canceledAt), "cancellation_reason": orNull(pi.cancelReason), "capture_method": "automatic",
		"client_secret": pi.clientSecret, "confirmation_method": "automatic", "created": pi.created, "currency": pi.currency,
		"customer": orNull(pi.customer), "description": orNull(pi.description), "invoice": orNull(pi.invoice),
		"last_payment_error": lastError, "latest_charge": orNull(pi.latestCharge), "livemode": false,
		"metadata": metadataObject(pi.metadata), "next_action": nil, "on_behalf_of": nil, "payment_method": nil,
		"payment_method_configuration_details": nil, "payment_method_options": object{},
		"payment_method_types": append([]string{}, pi.methodTypes...), "processing": nil, "receipt_email": nil, "review": nil,
		"setup_future_usage": nil, "shipping": nil, "statement_descriptor": nil, "statement_descriptor_suffix": nil,
		"status": pi.status, "transfer_data": nil, "transfer_group": nil,
	}
}

func (s *Sandbox) cancelIntent(pi *paymentIntent) {
	if pi == nil {
		return
	}
	pi.status, pi.canceledAt, pi.cancelReason = "canceled", s.nowUnix(), "automatic"
	s.emit("payment_intent.canceled", s.paymentIntentObject(pi), nil)
}
