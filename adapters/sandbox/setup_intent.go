package sandbox

// setupIntent keeps a payment method for later, without a payment.
type setupIntent struct {
	id, customer, status, clientSecret, description string
	metadata                                        map[string]string
	methodTypes                                     []string
	lastError                                       *apiError
	created                                         int64
	paymentMethod                                   string // that is kept, or is to be
	failedMethod                                    string // of lastError
	usage                                           string
	cancelReason                                    string
	subscription                                    *subscription // whose pending_setup_intent it is
	returnURL                                       string        // where the owner of a card goes on after authenticating
	portal                                          string        // the session of the billing portal where the method is given
	redirects                                       string        // automatic_payment_methods: always or never; empty if they are not automatic
}

var setupIntentRoutes = []route{
	{pattern: "GET /v1/setup_intents/{id}", params: []string{"client_secret"}, do: (*Sandbox).retrieveSetupIntent},
	{pattern: "GET /v1/setup_intents", params: listing("customer", "payment_method"), do: (*Sandbox).listSetupIntents},
	{pattern: "POST /v1/setup_intents", params: setupCreateParams, do: (*Sandbox).createSetupIntent},
	{pattern: "POST /v1/setup_intents/{id}", params: setupParams, do: (*Sandbox).updateSetupIntent},
	{pattern: "POST /v1/setup_intents/{id}/confirm", params: setupConfirmParams, do: (*Sandbox).confirmSetupIntent},
	{pattern: "POST /v1/setup_intents/{id}/cancel", params: []string{"cancellation_reason"}, do: (*Sandbox).cancelSetupIntent},
}

func (s *Sandbox) retrieveSetupIntent(c *call) (object, *apiError) {
	si := s.setupIntents.get(c.id)
	if si == nil {
		return nil, notFound("setupintent", c.id, "intent")
	}
	return s.setupIntentObject(si), nil
}

func (s *Sandbox) listSetupIntents(c *call) (object, *apiError) {
	created, customer, method := c.createdFilter(), c.equals("customer"), c.equals("payment_method")
	return page[*setupIntent]{
		noun: "setupintent", items: s.setupIntents.newestFirst(),
		id: func(si *setupIntent) string { return si.id },
		keep: func(si *setupIntent) bool {
			return created(si.created) && customer(si.customer) && method(si.paymentMethod)
		},
		object: s.setupIntentObject,
	}.serve(c)
}

// addSetupIntent keeps and announces an intent that awaits its confirmation.
func (s *Sandbox) addSetupIntent(si *setupIntent) {
	si.id, si.status, si.created = newID("seti_1", 23), "requires_payment_method", s.nowUnix()
	if si.paymentMethod != "" {
		si.status = "requires_confirmation"
	}
	si.clientSecret = newID(si.id+"_secret_", 25)
	s.setupIntents.add(si.id, si)
	s.emit("setup_intent.created", s.setupIntentObject(si), nil)
}

// setUp keeps the payment method of a session in setup mode. A declined card leaves
// the session open.
func (s *Sandbox) setUp(cs *session, pm *paymentMethod, asks bool) *apiError {
	si := s.setupIntents.get(cs.setupIntent)
	if asks {
		cs.asking = pm.id
		s.askOwnerOfSetup(si, pm, "")
		return asksOwner(cs.id)
	}
	if pm.refusesKeeping() == nil {
		s.prepareCustomer(cs)
		si.customer = cs.customer
	}
	if e := s.keepSetup(si, pm); e != nil {
		return e
	}
	s.complete(cs, "no_payment_required")
	return nil
}

// confirmSetup keeps the method, or has the intent wait for the owner of the card.
func (s *Sandbox) confirmSetup(si *setupIntent, pm *paymentMethod, returnURL string) *apiError {
	if pm.asks(false) {
		s.askOwnerOfSetup(si, pm, returnURL)
		return nil
	}
	return s.keepSetup(si, pm)
}

// askOwnerOfSetup has the intent wait for the owner of the card.
func (s *Sandbox) askOwnerOfSetup(si *setupIntent, pm *paymentMethod, returnURL string) {
	si.status, si.paymentMethod, si.returnURL, si.lastError = "requires_action", pm.id, returnURL, nil
	s.emit("setup_intent.requires_action", s.setupIntentObject(si), nil)
}

// failSetup ends an attempt to keep a method: the intent wants another one.
func (s *Sandbox) failSetup(si *setupIntent, pm *paymentMethod, why *apiError) *apiError {
	si.status, si.lastError, si.failedMethod, si.paymentMethod = "requires_payment_method", why, pm.id, ""
	s.emit("setup_intent.setup_failed", s.setupIntentObject(si), nil)
	return why
}

// keepSetup attaches the method to the intent's customer, if it has one, and says
// why the bank does not let it be kept.
func (s *Sandbox) keepSetup(si *setupIntent, pm *paymentMethod) *apiError {
	if why := pm.refusesKeeping(); why != nil {
		return s.failSetup(si, pm, why)
	}
	pm.setUp = pm.setUp || si.usage != "on_session"
	if si.customer != "" && pm.customer == "" {
		s.attach(pm, si.customer)
	}
	si.status, si.lastError, si.paymentMethod = "succeeded", nil, pm.id
	s.emit("setup_intent.succeeded", s.setupIntentObject(si), nil)
	if sub := si.subscription; sub != nil && !sub.terminal() {
		s.changeSubscription(sub, func() {
			sub.pendingSetup = ""
			if sub.saveMethod {
				sub.defaultMethod = pm.id
			}
		})
	}
	if cu := s.liveCustomer(si.customer); si.portal != "" && cu != nil {
		s.payWithFromNow(cu, pm)
	}
	return nil
}

func (s *Sandbox) cancelSetup(si *setupIntent, reason string) {
	si.status, si.cancelReason = "canceled", reason
	s.emit("setup_intent.canceled", s.setupIntentObject(si), nil)
}

func (s *Sandbox) setupIntentObject(si *setupIntent) object {
	var lastError any
	if e := si.lastError; e != nil {
		lastError = e.told(object{"payment_method": s.paymentMethodObject(s.paymentMethods.get(si.failedMethod))})
	}
	usage := si.usage
	if usage == "" {
		usage = "off_session"
	}
	return object{
		"id": si.id, "object": "setup_intent", "application": nil, "automatic_payment_methods": automaticMethods(si.redirects),
		"cancellation_reason": orNull(si.cancelReason),
		"client_secret":       si.clientSecret, "created": si.created, "customer": orNull(si.customer), "description": orNull(si.description),
		"flow_directions": nil, "last_setup_error": lastError, "latest_attempt": nil, "livemode": false, "mandate": nil,
		"metadata": metadataObject(si.metadata), "next_action": s.nextAction(si.id, si.status, si.returnURL), "on_behalf_of": nil, "payment_method": orNull(si.paymentMethod),
		"payment_method_configuration_details": nil, "payment_method_options": object{},
		"payment_method_types": append([]string{}, si.methodTypes...), "single_use_mandate": nil, "status": si.status, "usage": usage,
	}
}
