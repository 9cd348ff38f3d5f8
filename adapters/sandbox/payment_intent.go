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
	paymentMethod                           string // that pays, or is to pay
	failedMethod                            string // of lastError
	setupFutureUsage                        string
	receiptEmail                            string
	statementDescriptor, statementSuffix    string
	shipping                                *shipping
	returnURL                               string // where the owner of a card goes on after authenticating
	portal                                  string // the session of the billing portal where it is paid
	hosted                                  bool   // it is paid on the page of its invoice
	authenticated                           bool   // the owner of the card has authenticated for the charge to come
	manual                                  bool   // it is captured by a call of its own
	redirects                               string // automatic_payment_methods: always or never; empty if they are not automatic
}

var paymentIntentRoutes = []route{
	{pattern: "GET /v1/payment_intents/{id}", params: []string{"client_secret"}, do: (*Sandbox).retrievePaymentIntent},
	{pattern: "GET /v1/payment_intents", params: listing("customer"), do: (*Sandbox).listPaymentIntents},
	{pattern: "POST /v1/payment_intents", params: intentCreateParams, do: (*Sandbox).createPaymentIntent},
	{pattern: "POST /v1/payment_intents/{id}", params: intentParams, do: (*Sandbox).updatePaymentIntent},
	{pattern: "POST /v1/payment_intents/{id}/confirm", params: intentConfirmParams, do: (*Sandbox).confirmPaymentIntent},
	{
		pattern: "POST /v1/payment_intents/{id}/capture",
		params:  []string{"amount_to_capture", "metadata[*]"},
		do:      (*Sandbox).capturePaymentIntent,
	},
	{pattern: "POST /v1/payment_intents/{id}/cancel", params: []string{"cancellation_reason"}, do: (*Sandbox).cancelPaymentIntent},
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
	if pi.paymentMethod != "" {
		pi.status = "requires_confirmation"
	}
	pi.clientSecret = newID(pi.id+"_secret_", 25)
	s.paymentIntents.add(pi.id, pi)
	s.emit("payment_intent.created", s.paymentIntentObject(pi), nil)
}

func (s *Sandbox) paymentIntentObject(pi *paymentIntent) object {
	received, capturable, capture := int64(0), int64(0), "automatic"
	switch pi.status {
	case "succeeded":
		received = pi.amount
	case "requires_capture":
		capturable = pi.amount
	}
	if pi.manual {
		capture = "manual"
	}
	var lastError any
	if pi.lastError != nil {
		about := object{"payment_method": s.paymentMethodObject(s.paymentMethods.get(pi.failedMethod))}
		if ch := s.charges.get(pi.latestCharge); ch != nil && ch.method == pi.failedMethod {
			about["charge"] = ch.id
		}
		lastError = pi.lastError.told(about)
	}
	return object{
		"id": pi.id, "object": "payment_intent", "amount": pi.amount, "amount_capturable": capturable, "amount_details": object{"tip": object{}},
		"amount_received": received, "application": nil, "application_fee_amount": nil, "automatic_payment_methods": automaticMethods(pi.redirects),
		"canceled_at": orNull(pi.canceledAt), "cancellation_reason": orNull(pi.cancelReason), "capture_method": capture,
		"client_secret": pi.clientSecret, "confirmation_method": "automatic", "created": pi.created, "currency": pi.currency,
		"customer": orNull(pi.customer), "description": orNull(pi.description), "invoice": orNull(pi.invoice),
		"last_payment_error": lastError, "latest_charge": orNull(pi.latestCharge), "livemode": false,
		"metadata": metadataObject(pi.metadata), "next_action": s.nextAction(pi.id, pi.status, pi.returnURL), "on_behalf_of": nil, "payment_method": orNull(pi.paymentMethod),
		"payment_method_configuration_details": nil, "payment_method_options": object{},
		"payment_method_types": append([]string{}, pi.methodTypes...), "processing": nil, "receipt_email": orNull(pi.receiptEmail), "review": nil,
		"setup_future_usage": orNull(pi.setupFutureUsage), "shipping": pi.shipping.object(), "statement_descriptor": orNull(pi.statementDescriptor), "statement_descriptor_suffix": orNull(pi.statementSuffix),
		"status": pi.status, "transfer_data": nil, "transfer_group": nil,
	}
}

// automaticMethods is automatic_payment_methods.
func automaticMethods(redirects string) any {
	if redirects == "" {
		return nil
	}
	return object{"allow_redirects": redirects, "enabled": true}
}

func (s *Sandbox) cancelIntent(pi *paymentIntent) {
	if pi != nil {
		s.cancelIntentFor(pi, "automatic")
	}
}

func (s *Sandbox) cancelIntentFor(pi *paymentIntent, reason string) {
	pi.status, pi.canceledAt, pi.cancelReason = "canceled", s.nowUnix(), reason
	s.emit("payment_intent.canceled", s.paymentIntentObject(pi), nil)
}
