package sandbox

// setupIntent keeps a card for later, which a session in setup mode does.
type setupIntent struct {
	id, customer, status, clientSecret, description string
	metadata                                        map[string]string
	methodTypes                                     []string
	lastError                                       *apiError
	created                                         int64
}

var setupIntentRoutes = []route{
	{pattern: "GET /v1/setup_intents/{id}", params: []string{"client_secret"}, do: (*Sandbox).retrieveSetupIntent},
	{pattern: "GET /v1/setup_intents", params: listing("customer"), unsupported: []string{"attach_to_self", "payment_method"}, do: (*Sandbox).listSetupIntents},
}

func (s *Sandbox) retrieveSetupIntent(c *call) (object, *apiError) {
	si := s.setupIntents.get(c.id)
	if si == nil {
		return nil, notFound("setupintent", c.id, "intent")
	}
	return s.setupIntentObject(si), nil
}

func (s *Sandbox) listSetupIntents(c *call) (object, *apiError) {
	created, customer := c.createdFilter(), c.equals("customer")
	return page[*setupIntent]{
		noun: "setupintent", items: s.setupIntents.newestFirst(),
		id:     func(si *setupIntent) string { return si.id },
		keep:   func(si *setupIntent) bool { return created(si.created) && customer(si.customer) },
		object: s.setupIntentObject,
	}.serve(c)
}

// addSetupIntent keeps and announces the intent of a session in setup mode.
func (s *Sandbox) addSetupIntent(cs *session) {
	si := &setupIntent{
		id: newID("seti_1", 23), customer: cs.customer, status: "requires_payment_method", description: cs.dataDescription,
		metadata: cs.dataMetadata, methodTypes: cs.paymentMethodTypes, created: s.nowUnix(),
	}
	si.clientSecret = newID(si.id+"_secret_", 25)
	s.setupIntents.add(si.id, si)
	cs.setupIntent = si.id
	s.emit("setup_intent.created", s.setupIntentObject(si), nil)
}

// setUp keeps the card, for the subscriptions that the customer has and gets. A
// declined card leaves the session open.
func (s *Sandbox) setUp(cs *session, p payment) *apiError {
	si := s.setupIntents.get(cs.setupIntent)
	if why := testCards[p.card]; why != nil && p.card != failingCard {
		si.lastError = why
		s.emit("setup_intent.setup_failed", s.setupIntentObject(si), nil)
		return why
	}
	s.prepareCustomer(cs)
	si.customer = cs.customer
	if cu := s.customers.get(cs.customer); cu != nil {
		cu.card, cu.noMethod = p.card, false
	}
	si.status, si.lastError = "succeeded", nil
	s.emit("setup_intent.succeeded", s.setupIntentObject(si), nil)
	s.complete(cs, "no_payment_required")
	return nil
}

func (s *Sandbox) setupIntentObject(si *setupIntent) object {
	var lastError any
	if e := si.lastError; e != nil {
		lastError = object{"type": e.kind, "code": e.code, "decline_code": e.decline, "message": e.message}
	}
	return object{
		"id": si.id, "object": "setup_intent", "application": nil, "automatic_payment_methods": nil, "cancellation_reason": orNull(si.cancelReason()),
		"client_secret": si.clientSecret, "created": si.created, "customer": orNull(si.customer), "description": orNull(si.description),
		"flow_directions": nil, "last_setup_error": lastError, "latest_attempt": nil, "livemode": false, "mandate": nil,
		"metadata": metadataObject(si.metadata), "next_action": nil, "on_behalf_of": nil, "payment_method": nil,
		"payment_method_configuration_details": nil, "payment_method_options": object{},
		"payment_method_types": append([]string{}, si.methodTypes...), "single_use_mandate": nil, "status": si.status, "usage": "off_session",
	}
}

// cancelReason is that of a session's end, the only way in which one is canceled here.
func (si *setupIntent) cancelReason() string {
	if si.status == "canceled" {
		return "abandoned"
	}
	return ""
}
