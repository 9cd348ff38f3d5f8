package sandbox

import (
	"fmt"
	"slices"
	"time"
)

var sessionParams = slices.Concat(priceDataParams("line_items[][price_data]"), productDataParams("line_items[][price_data]"), shippingParams("payment_intent_data[shipping]"), []string{
	"mode", "ui_mode", "success_url", "cancel_url", "customer", "customer_email", "customer_creation", "client_reference_id",
	"customer_update[address]", "customer_update[name]", "customer_update[shipping]",
	"discounts[][coupon]", "discounts[][promotion_code]",
	"expires_at", "locale", "currency", "allow_promotion_codes", "automatic_tax[enabled]", "tax_id_collection[enabled]",
	"billing_address_collection", "payment_method_collection", "payment_method_types[]", "metadata[*]",
	"line_items[][price]", "line_items[][quantity]", "line_items[][adjustable_quantity][enabled]",
	"line_items[][adjustable_quantity][minimum]", "line_items[][adjustable_quantity][maximum]",
	"subscription_data[metadata][*]", "subscription_data[description]", "subscription_data[trial_period_days]",
	"subscription_data[trial_settings][end_behavior][missing_payment_method]", "subscription_data[billing_mode][type]",
	"payment_intent_data[metadata][*]", "payment_intent_data[description]", "payment_intent_data[setup_future_usage]",
	"setup_intent_data[metadata][*]", "setup_intent_data[description]",
	"invoice_creation[enabled]", "consent_collection[terms_of_service]", "consent_collection[promotions]",
})

const (
	shortestSession = 30 * time.Minute
	longestSession  = 24 * time.Hour
)

// maxQuantity is the most that Stripe sells at once.
const maxQuantity = 999_999

// createSession makes an open session with a hosted page.
func (s *Sandbox) createSession(c *call) (object, *apiError) {
	cs := s.readSession(c)
	s.checkCustomer(c, cs)
	s.readLines(c, cs)
	cs.readModeData(c)
	s.readSessionDiscount(c, cs)
	if c.err != nil {
		return nil, c.err
	}
	for _, l := range cs.lines {
		if l.inline != nil {
			s.addInline(l.inline)
		}
	}
	cs.url = c.base + "/c/pay/" + cs.id
	if s.base != "" {
		cs.url = s.base + "/c/pay/" + cs.id
	}
	s.sessions.add(cs.id, cs)
	if cs.mode == "setup" {
		si := &setupIntent{customer: cs.customer, description: cs.dataDescription, metadata: cs.dataMetadata, methodTypes: cs.paymentMethodTypes}
		s.addSetupIntent(si)
		cs.setupIntent = si.id
	}
	s.at(time.Unix(cs.expiresAt, 0), func() {
		if cs.status == "open" {
			s.expire(cs)
		}
	})
	return s.sessionObject(cs), nil
}

// readSessionDiscount reads the one discount that a session can have from the start.
func (s *Sandbox) readSessionDiscount(c *call, cs *session) {
	switch n := len(c.indexes("discounts")); {
	case n == 0:
		return
	case n > 1:
		c.fail(invalid("discounts", "", "You may only specify one discount."))
	case c.has("allow_promotion_codes"):
		c.fail(invalid("", "parameters_exclusive", "You may only specify one of these parameters: allow_promotion_codes, discounts."))
	case cs.mode == "setup":
		c.fail(invalid("discounts", "", "You can not pass `discounts` in `setup` mode."))
	}
	ch := s.readChoice(c, "discounts[0][coupon]", "discounts[0][promotion_code]", cs.customer, cs.currency)
	if c.err == nil && ch != nil {
		cs.discount = s.given(ch.coupon, ch.promotionCode)
		cs.discount.session = cs.id
	}
}

// readSession reads what holds for every mode.
func (s *Sandbox) readSession(c *call) *session {
	now := s.now()
	cs := &session{
		id: newID("cs_test_a1", 58), status: "open", paymentStatus: "unpaid", created: now.Unix(), version: c.version,
		successURL: c.webURL("success_url"), cancelURL: c.webURL("cancel_url"), locale: c.oneOf("locale", checkoutLocales...),
		customer: c.text("customer"), customerEmail: c.email("customer_email"), clientReference: c.limited("client_reference_id", 200),
		customerCreation: c.oneOf("customer_creation", "always", "if_required"),
		metadata:         c.metadata("metadata", nil), customerUpdate: map[string]string{},
		promotionCodes: c.flag("allow_promotion_codes"), automaticTax: c.flag("automatic_tax[enabled]"),
		taxIDCollection: c.flag("tax_id_collection[enabled]"), invoiceCreation: c.flag("invoice_creation[enabled]"),
		billingAddress:          c.oneOf("billing_address_collection", "auto", "required"),
		paymentMethodCollection: c.oneOf("payment_method_collection", "always", "if_required"),
		termsOfService:          c.oneOf("consent_collection[terms_of_service]", "required", "none"),
		promotions:              c.oneOf("consent_collection[promotions]", "auto", "none"),
		paymentMethodTypes:      c.list("payment_method_types"),
	}
	c.oneOf("ui_mode", hostedIn(c.version))
	c.required("mode")
	cs.mode = c.oneOf("mode", "payment", "setup", "subscription")
	if cs.successURL == "" {
		c.required("success_url")
	}
	for _, f := range []string{"address", "name", "shipping"} {
		cs.customerUpdate[f] = c.oneOf("customer_update["+f+"]", "auto", "never")
	}
	for _, t := range cs.paymentMethodTypes {
		if !slices.Contains([]string{"card", "us_bank_account", "sepa_debit", "bacs_debit"}, t) {
			c.fail(invalid("payment_method_types", "", "The sandbox does not support this payment method type: %s", t))
		}
	}
	cs.expiresAt = now.Add(longestSession).Unix()
	if c.has("expires_at") {
		cs.expiresAt = c.integer("expires_at", 0, 1<<40)
		switch life := time.Unix(cs.expiresAt, 0).Sub(time.Unix(cs.created, 0)); {
		case life < shortestSession:
			c.fail(invalid("expires_at", "", "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."))
		case life > longestSession:
			c.fail(invalid("expires_at", "", "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."))
		}
	}
	return cs
}

func (s *Sandbox) checkCustomer(c *call, cs *session) {
	if cs.customer == "" {
		if c.hasAny("customer_update") {
			c.fail(invalid("customer_update", "", "`customer_update` can only be used with `customer`."))
		}
		return
	}
	cu := s.liveCustomer(cs.customer)
	switch {
	case cu == nil:
		c.fail(missingReference("customer", cs.customer, "customer"))
	case c.has("customer_email"):
		c.fail(invalid("customer_email", "parameters_exclusive", "You may only specify one of these parameters: customer, customer_email."))
	case c.has("customer_creation"):
		c.fail(invalid("customer_creation", "parameters_exclusive", "You may only specify one of these parameters: customer, customer_creation."))
	case cs.automaticTax && cu.address["country"] == "" && cs.customerUpdate["address"] != "auto" && cs.customerUpdate["shipping"] != "auto":
		c.fail(invalid("", "customer_tax_location_invalid", "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to save the address entered in Checkout to the Customer."))
	case cs.taxIDCollection && cs.customerUpdate["name"] != "auto":
		c.fail(invalid("tax_id_collection", "", "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing customer, please set `customer_update[name]` to `auto`."))
	}
}

func (s *Sandbox) readLines(c *call, cs *session) {
	if cs.mode == "setup" {
		if c.hasAny("line_items") {
			c.fail(invalid("line_items", "", "You can not pass `line_items` in `setup` mode."))
		}
		cs.currency = c.text("currency")
		if len(cs.paymentMethodTypes) == 0 {
			cs.paymentMethodTypes = []string{"card"}
		}
		return
	}
	if !c.hasAny("line_items") {
		c.fail(missingParam("line_items"))
	}
	recurring, once := 0, 0
	var first, firstRecurring *price
	for _, i := range c.indexes("line_items") {
		name := fmt.Sprintf("line_items[%d]", i)
		l := sessionLine{id: newID("li_1", 23), quantity: c.integer(name+"[quantity]", 1, maxQuantity)}
		readAdjustable(c, name+"[adjustable_quantity]", &l)
		p := s.readLinePrice(c, name, &l)
		switch {
		case c.err != nil:
			return
		case p == nil:
			c.fail(missingReference("price", l.price, name+"[price]"))
			return
		case p.metered() && c.has(name+"[quantity]"):
			c.fail(invalid(name+"[quantity]", "", "Quantity should not be specified where usage_type is `metered`. Remove quantity from `%s`", name))
		case !p.metered() && !c.has(name+"[quantity]"):
			c.fail(invalid(name, "", "Quantity is required. Add `quantity` to `%s`", name))
		case l.inline == nil && !s.products.get(p.product).active:
			c.fail(invalid(name+"[price]", "", "The price `%s` is not available to be purchased because its product is not active.", p.id))
		case l.inline == nil && !p.active:
			c.fail(invalid(name+"[price]", "", "The price specified is inactive. This field only accepts active prices."))
		case first != nil && first.currency != p.currency:
			c.fail(invalid(name, "", "All prices on a Checkout session must be in the same currency."))
		case p.recurring() && firstRecurring != nil && (firstRecurring.interval != p.interval || firstRecurring.intervalCount != p.intervalCount):
			c.fail(invalid(name, "", "Checkout does not support multiple prices with different billing intervals."))
		}
		if first == nil {
			first = p
		}
		if p.recurring() {
			recurring++
			firstRecurring = p
		} else {
			once++
		}
		cs.lines = append(cs.lines, l)
	}
	if first == nil {
		return
	}
	cs.currency = first.currency
	if want := c.text("currency"); want != "" && want != cs.currency {
		c.fail(invalid("currency", "", "The price specified supports currencies of `%s`. This doesn't match the expected currency: `%s`.", cs.currency, want))
	}
	switch {
	case cs.mode == "payment" && recurring > 0:
		c.fail(invalid("mode", "", "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices."))
	case cs.mode == "subscription" && recurring == 0:
		c.fail(invalid("mode", "", "You must provide at least one recurring price in `subscription` mode when using prices."))
	case cs.mode == "payment" && once > 100, cs.mode == "subscription" && (recurring > 20 || once > 20):
		c.fail(invalid("line_items", "", "There are too many line items."))
	}
	if len(cs.paymentMethodTypes) == 0 {
		cs.paymentMethodTypes = []string{"card", debitType(cs.currency)}
	}
}

// readLinePrice reads the price of a line, nil for one that is not there: it is named, or
// made with the session.
func (s *Sandbox) readLinePrice(c *call, name string, l *sessionLine) *price {
	data := name + "[price_data]"
	if !c.hasAny(data) {
		l.price = c.required(name + "[price]")
		return s.prices.get(l.price)
	}
	if c.has(name + "[price]") {
		c.fail(invalid(name, "parameters_exclusive", "You may only specify one of these parameters: price, price_data."))
	}
	l.inline = s.readPriceData(c, data)
	l.price = l.inline.price.id
	return l.inline.price
}

func readAdjustable(c *call, name string, l *sessionLine) {
	l.adjustable = c.flag(name + "[enabled]")
	l.least, l.most = c.integer(name+"[minimum]", 0, maxQuantity), c.integer(name+"[maximum]", 1, maxQuantity)
	// A line cannot be taken off, so that what is left is never empty.
	l.least = max(l.least, 1)
	if l.most == 0 {
		l.most = 99
	}
	if l.adjustable && c.err == nil && (l.quantity < l.least || l.quantity > l.most) {
		c.fail(invalid(name, "", "The quantity must lie between the minimum and the maximum of `adjustable_quantity`."))
	}
}

// readModeData reads what belongs to one mode and refuses what belongs to the
// other.
func (cs *session) readModeData(c *call) {
	refuse := func(name string) {
		if c.hasAny(name) {
			c.fail(invalid(name, "", "You can not pass `%s` in `%s` mode.", name, cs.mode))
		}
	}
	switch cs.mode {
	case "payment":
		refuse("subscription_data")
		refuse("setup_intent_data")
		refuse("payment_method_collection")
		cs.dataMetadata = c.metadata("payment_intent_data[metadata]", nil)
		cs.dataDescription = c.limited("payment_intent_data[description]", 1000)
		cs.shipping = c.readShipping("payment_intent_data[shipping]", nil)
		cs.setupFutureUsage = c.oneOf("payment_intent_data[setup_future_usage]", "off_session", "on_session")
		cs.paymentMethodCollection = "if_required"
		if cs.customer == "" && cs.customerCreation == "" {
			cs.customerCreation = "if_required"
		}
	case "setup":
		refuse("subscription_data")
		refuse("payment_intent_data")
		refuse("invoice_creation")
		refuse("payment_method_collection")
		cs.dataMetadata = c.metadata("setup_intent_data[metadata]", nil)
		cs.dataDescription = c.limited("setup_intent_data[description]", 1000)
		cs.paymentMethodCollection, cs.paymentStatus = "always", "no_payment_required"
		if cs.customer == "" && cs.customerCreation == "" {
			cs.customerCreation = "if_required"
		}
	case "subscription":
		refuse("setup_intent_data")
		refuse("payment_intent_data")
		refuse("invoice_creation")
		refuse("customer_creation")
		cs.dataMetadata = c.metadata("subscription_data[metadata]", nil)
		cs.dataDescription = c.limited("subscription_data[description]", 500)
		cs.trialDays = c.integer("subscription_data[trial_period_days]", 1, 730)
		cs.flexible = c.flexible("subscription_data[billing_mode]")
		cs.missingPaymentMethod = c.oneOf("subscription_data[trial_settings][end_behavior][missing_payment_method]", "cancel", "create_invoice", "pause")
		if cs.missingPaymentMethod != "" && cs.trialDays == 0 {
			c.fail(invalid("subscription_data[trial_settings]", "", "You must provide a trial to use `trial_settings`."))
		}
		if cs.paymentMethodCollection == "" {
			cs.paymentMethodCollection = "always"
		}
		if cs.customer == "" {
			cs.customerCreation = "always"
		}
	}
}
