package api

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var sessionParams = slices.Concat(priceDataParams("line_items[][price_data]"), productDataParams("line_items[][price_data]"), shippingParams("payment_intent_data[shipping]"), []string{
	"mode", "ui_mode", "success_url", "cancel_url", "return_url", "redirect_on_completion", "customer", "customer_email", "customer_creation", "client_reference_id",
	"customer_update[address]", "customer_update[name]", "customer_update[shipping]",
	"discounts[][coupon]", "discounts[][promotion_code]",
	"expires_at", "locale", "currency", "allow_promotion_codes", "automatic_tax[enabled]", "tax_id_collection[enabled]", "adaptive_pricing[enabled]",
	"billing_address_collection", "payment_method_collection", "payment_method_types[]", "allowed_payment_method_types[]", "excluded_payment_method_types[]", "metadata[*]",
	"line_items[][price]", "line_items[][quantity]", "line_items[][adjustable_quantity][enabled]",
	"line_items[][adjustable_quantity][minimum]", "line_items[][adjustable_quantity][maximum]",
	"subscription_data[metadata][*]", "subscription_data[description]", "subscription_data[trial_period_days]", "subscription_data[trial_end]",
	"subscription_data[trial_settings][end_behavior][missing_payment_method]", "subscription_data[billing_mode][type]",
	"payment_intent_data[metadata][*]", "payment_intent_data[description]", "payment_intent_data[setup_future_usage]", "payment_intent_data[receipt_email]",
	"payment_intent_data[statement_descriptor]", "payment_intent_data[statement_descriptor_suffix]",
	"submit_type", "phone_number_collection[enabled]", "custom_text[after_submit][message]", "custom_text[shipping_address][message]", "custom_text[submit][message]",
	"custom_text[terms_of_service_acceptance][message]",
	"setup_intent_data[metadata][*]", "setup_intent_data[description]",
	"invoice_creation[enabled]", "consent_collection[terms_of_service]", "consent_collection[promotions]",
})

const (
	shortestSession = 30 * time.Minute
	longestSession  = 24 * time.Hour
)

// createSession makes an open session with a hosted page.
func (s *Server) createSession(c *Call) (wire.Object, *wire.Error) {
	cs := s.readSession(c)
	s.checkCustomer(c, cs)
	s.readLines(c, cs)
	s.readModeData(cs, c)
	s.readSessionDiscount(c, cs)
	if c.Err != nil {
		return nil, c.Err
	}
	for i := range cs.Lines {
		if l := &cs.Lines[i]; l.Inline != nil {
			s.AddInline(l.Inline)
			l.Inline = nil // it is a price like others now
		}
	}
	if cs.UIMode == "hosted" {
		cs.URL = cmp.Or(s.Base, c.base) + cs.PagePath()
	} else {
		cs.ClientSecret = wire.NewID(cs.ID+"_secret_", 24)
	}
	s.Sessions.Add(cs.ID, cs)
	if cs.Mode == "setup" {
		si := &state.SetupIntent{Customer: cs.Customer, Description: cs.DataDescription, Metadata: cs.DataMetadata, MethodTypes: cs.PaymentMethodTypes}
		s.AddSetupIntent(si)
		cs.SetupIntent = si.ID
	}
	s.ExpireLater(cs)
	return s.Render.Session(cs), nil
}

// readSessionDiscount reads the one discount that a session can have from the start.
func (s *Server) readSessionDiscount(c *Call, cs *state.Session) {
	switch n := len(c.Indexes("discounts")); {
	case n == 0:
		return
	case n > 1:
		c.Fail(wire.Invalid("discounts", "", "You may only specify one discount."))
	case c.Has("allow_promotion_codes"):
		c.Fail(wire.Invalid("", "parameters_exclusive", "You may only specify one of these parameters: allow_promotion_codes, discounts."))
	case cs.Mode == "setup":
		c.Fail(wire.Invalid("discounts", "", "You can not pass `discounts` in `setup` mode."))
	}
	ch := s.readChoice(c, "discounts[0][coupon]", "discounts[0][promotion_code]", cs.Customer, cs.Currency)
	if c.Err == nil && ch != nil {
		cs.Discount = s.NewDiscount(ch.coupon, ch.promotionCode)
		cs.Discount.Session = cs.ID
	}
}

// readSession reads what holds for every mode.
func (s *Server) readSession(c *Call) *state.Session {
	now := s.Now()
	cs := &state.Session{
		ID: wire.NewID("cs_test_a1", 58), Status: "open", PaymentStatus: "unpaid", Created: now.Unix(), Version: c.Version,
		SuccessURL: c.WebURL("success_url"), CancelURL: c.WebURL("cancel_url"), Locale: c.OneOf("locale", wire.CheckoutLocales...),
		Customer: c.Text("customer"), CustomerEmail: c.Email("customer_email"), ClientReference: c.Limited("client_reference_id", 200),
		CustomerCreation: c.OneOf("customer_creation", "always", "if_required"),
		Metadata:         c.Metadata("metadata", nil), CustomerUpdate: map[string]string{},
		PromotionCodes: c.Flag("allow_promotion_codes"), AutomaticTax: c.Flag("automatic_tax[enabled]"),
		TaxIDCollection: c.Flag("tax_id_collection[enabled]"), InvoiceCreation: c.Flag("invoice_creation[enabled]"),
		BillingAddress:          c.OneOf("billing_address_collection", "auto", "required"),
		PaymentMethodCollection: c.OneOf("payment_method_collection", "always", "if_required"),
		TermsOfService:          c.OneOf("consent_collection[terms_of_service]", "required", "none"),
		Promotions:              c.OneOf("consent_collection[promotions]", "auto", "none"),
		PaymentMethodTypes:      c.List("payment_method_types"),
	}
	c.Flag("adaptive_pricing[enabled]")
	readTexts(c, cs)
	readUIMode(c, cs)
	c.Required("mode")
	cs.Mode = c.OneOf("mode", "payment", "setup", "subscription")
	for _, f := range []string{"address", "name", "shipping"} {
		cs.CustomerUpdate[f] = c.OneOf("customer_update["+f+"]", "auto", "never")
	}
	for _, t := range cs.PaymentMethodTypes {
		if !slices.Contains([]string{"card", "us_bank_account", "sepa_debit", "bacs_debit"}, t) {
			c.Fail(wire.Invalid("payment_method_types", "", "The sandbox does not support this payment method type: %s", t))
		}
	}
	cs.ExpiresAt = now.Add(longestSession).Unix()
	if c.Has("expires_at") {
		cs.ExpiresAt = c.Integer("expires_at", 0, 1<<40)
		switch life := time.Unix(cs.ExpiresAt, 0).Sub(time.Unix(cs.Created, 0)); {
		case life < shortestSession:
			c.Fail(wire.Invalid("expires_at", "", "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."))
		case life > longestSession:
			c.Fail(wire.Invalid("expires_at", "", "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."))
		}
	}
	return cs
}

// readTexts reads what the page is to say and ask.
func readTexts(c *Call, cs *state.Session) {
	cs.SubmitType = c.OneOf("submit_type", "auto", "book", "donate", "pay", "subscribe")
	cs.CollectsPhone = c.Flag("phone_number_collection[enabled]")
	for _, place := range state.CustomTexts {
		if name := "custom_text[" + place + "][message]"; c.Has(name) {
			if cs.CustomText == nil {
				cs.CustomText = map[string]string{}
			}
			cs.CustomText[place] = c.Limited(name, 1200)
		}
	}
}

// shortestTrial is how far off the end of a session's trial has to be.
const shortestTrial = 48 * time.Hour

// readSessionTrialEnd reads when the trial of a session's subscription ends; 0 if that is
// not told, or as days.
func (s *Server) readSessionTrialEnd(c *Call) int64 {
	const name = "subscription_data[trial_end]"
	switch end := c.Integer(name, 0, 1<<40); {
	case !c.Has(name):
	case c.Has("subscription_data[trial_period_days]"):
		c.Fail(wire.Invalid(name, "parameters_exclusive", "You may only specify one of these parameters: trial_end, trial_period_days."))
	case end < s.Now().Add(shortestTrial).Unix():
		c.Fail(wire.Invalid(name, "", "The `trial_end` date has to be at least 2 days in the future."))
	default:
		return end
	}
	return 0
}

// readUIMode reads where the buyer pays, and so where they go on from there.
func readUIMode(c *Call, cs *state.Session) {
	shown := c.OneOf("ui_mode", wire.UIModes(c.Version)...)
	cs.UIMode, cs.ReturnURL = wire.UIMode(shown), c.WebURL("return_url")
	cs.RedirectOnCompletion = c.OneOf("redirect_on_completion", "always", "if_required", "never")
	refuse := func(names ...string) {
		for _, name := range names {
			if c.Has(name) {
				c.Fail(wire.Invalid(name, "", "`%s` can not be used with `ui_mode` %s.", name, cmp.Or(shown, wire.UIModes(c.Version)[0])))
			}
		}
	}
	switch cs.UIMode {
	case "hosted":
		refuse("return_url", "redirect_on_completion")
		if cs.SuccessURL == "" {
			c.Required("success_url")
		}
	case "embedded":
		refuse("success_url", "cancel_url")
		cs.RedirectOnCompletion = cmp.Or(cs.RedirectOnCompletion, "always")
		if cs.RedirectOnCompletion == "never" {
			refuse("return_url")
		} else if cs.ReturnURL == "" {
			c.Required("return_url")
		}
	case "custom":
		refuse("success_url", "cancel_url", "redirect_on_completion")
		if cs.ReturnURL == "" {
			c.Required("return_url")
		}
	}
}

func (s *Server) checkCustomer(c *Call, cs *state.Session) {
	if cs.Customer == "" {
		if c.HasAny("customer_update") {
			c.Fail(wire.Invalid("customer_update", "", "`customer_update` can only be used with `customer`."))
		}
		return
	}
	cu := s.LiveCustomer(cs.Customer)
	switch {
	case cu == nil:
		c.Fail(wire.MissingReference("customer", cs.Customer, "customer"))
	case c.Has("customer_email"):
		c.Fail(wire.Invalid("customer_email", "parameters_exclusive", "You may only specify one of these parameters: customer, customer_email."))
	case c.Has("customer_creation"):
		c.Fail(wire.Invalid("customer_creation", "parameters_exclusive", "You may only specify one of these parameters: customer, customer_creation."))
	case cs.AutomaticTax && cu.Address["country"] == "" && cs.CustomerUpdate["address"] != "auto" && cs.CustomerUpdate["shipping"] != "auto":
		c.Fail(wire.Invalid("", "customer_tax_location_invalid", "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to save the address entered in Checkout to the Customer."))
	case cs.TaxIDCollection && cs.CustomerUpdate["name"] != "auto":
		c.Fail(wire.Invalid("tax_id_collection", "", "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing customer, please set `customer_update[name]` to `auto`."))
	}
}

func (s *Server) readLines(c *Call, cs *state.Session) {
	if cs.Mode == "setup" {
		if c.HasAny("line_items") {
			c.Fail(wire.Invalid("line_items", "", "You can not pass `line_items` in `setup` mode."))
		}
		if cs.Currency = c.Currency("currency"); cs.Currency != "" && !wire.IsCurrency(cs.Currency) {
			c.Fail(wire.InvalidCurrency("currency", cs.Currency))
		}
		cs.PaymentMethodTypes = c.choose(&cs.MethodChoice, cs.PaymentMethodTypes, "card")
		return
	}
	if !c.HasAny("line_items") {
		c.Fail(wire.MissingParam("line_items"))
	}
	recurring, once := 0, 0
	var first, firstRecurring *state.Price
	for _, i := range c.Indexes("line_items") {
		name := fmt.Sprintf("line_items[%d]", i)
		l := state.SessionLine{ID: wire.NewID("li_1", 23), Quantity: c.Integer(name+"[quantity]", 1, state.MaxQuantity)}
		readAdjustable(c, name+"[adjustable_quantity]", &l)
		p := s.readLinePrice(c, name, &l)
		switch {
		case c.Err != nil:
			return
		case p == nil:
			c.Fail(wire.MissingReference("price", l.Price, name+"[price]"))
			return
		case p.Metered() && c.Has(name+"[quantity]"):
			c.Fail(wire.Invalid(name+"[quantity]", "", "Quantity should not be specified where usage_type is `metered`. Remove quantity from `%s`", name))
		case !p.Metered() && !c.Has(name+"[quantity]"):
			c.Fail(wire.Invalid(name, "", "Quantity is required. Add `quantity` to `%s`", name))
		case l.Inline == nil && !s.Products.Get(p.Product).Active:
			c.Fail(wire.Invalid(name+"[price]", "", "The price `%s` is not available to be purchased because its product is not active.", p.ID))
		case l.Inline == nil && !p.Active:
			c.Fail(wire.Invalid(name+"[price]", "", "The price specified is inactive. This field only accepts active prices."))
		case first != nil && first.Currency != p.Currency:
			c.Fail(wire.Invalid(name, "", "All prices on a Checkout session must be in the same currency."))
		case c.Has("currency") && p.In(c.Currency("currency")) == nil:
			c.Fail(wire.Invalid(name+"[price]", "", "%s", p.Refuses(c.Currency("currency"))))
		case p.Recurring() && firstRecurring != nil && (firstRecurring.Interval != p.Interval || firstRecurring.IntervalCount != p.IntervalCount):
			c.Fail(wire.Invalid(name, "", "Checkout does not support multiple prices with different billing intervals."))
		}
		if first == nil {
			first = p
		}
		if p.Recurring() {
			recurring++
			firstRecurring = p
		} else {
			once++
		}
		cs.Lines = append(cs.Lines, l)
	}
	if first == nil {
		return
	}
	cs.Currency = cmp.Or(c.Currency("currency"), s.keptCurrency(cs), first.Currency)
	if cs.Mode == "subscription" {
		s.refuseCombined(c, cs.Customer, cs.Currency)
	}
	switch {
	case cs.Mode == "payment" && recurring > 0:
		c.Fail(wire.Invalid("mode", "", "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices."))
	case cs.Mode == "subscription" && recurring == 0:
		c.Fail(wire.Invalid("mode", "", "You must provide at least one recurring price in `subscription` mode when using prices."))
	case cs.Mode == "payment" && once > 100, cs.Mode == "subscription" && (recurring > 20 || once > 20):
		c.Fail(wire.Invalid("line_items", "", "There are too many line items."))
	}
	cs.PaymentMethodTypes = c.choose(&cs.MethodChoice, cs.PaymentMethodTypes, "card", life.DebitType(cs.Currency))
}

// keptCurrency is the one that the customer of a new subscription pays in already, if all of
// the prices have it: Checkout stays with it where none is asked for.
func (s *Server) keptCurrency(cs *state.Session) string {
	locked := s.LockedCurrency(cs.Customer)
	for _, l := range cs.Lines {
		if cs.Mode != "subscription" || l.Inline != nil || s.PriceIn(l.Price, locked) == nil {
			return ""
		}
	}
	return locked
}

// refuseCombined refuses a second currency of what one customer pays from period to period.
func (s *Server) refuseCombined(c *Call, customer, currency string) {
	if locked := s.LockedCurrency(customer); locked != "" && locked != currency {
		c.Fail(wire.Invalid("", "", "You cannot combine currencies on a single customer. This customer has an active subscription, subscription schedule, discount, quote, invoice item or active subscription mode checkout session with currency %s.", locked))
	}
}

// readLinePrice reads the price of a line, nil for one that is not there: it is named, or
// made with the session.
func (s *Server) readLinePrice(c *Call, name string, l *state.SessionLine) *state.Price {
	data := name + "[price_data]"
	if !c.HasAny(data) {
		l.Price = c.Required(name + "[price]")
		return s.Prices.Get(l.Price)
	}
	if c.Has(name + "[price]") {
		c.Fail(wire.Invalid(name, "parameters_exclusive", "You may only specify one of these parameters: price, price_data."))
	}
	l.Inline = s.readPriceData(c, data)
	l.Price = l.Inline.Price.ID
	return l.Inline.Price
}

func readAdjustable(c *Call, name string, l *state.SessionLine) {
	l.Adjustable = c.Flag(name + "[enabled]")
	l.Least, l.Most = c.Integer(name+"[minimum]", 0, state.MaxQuantity), c.Integer(name+"[maximum]", 1, state.MaxQuantity)
	// A line cannot be taken off, so that what is left is never empty.
	l.Least = max(l.Least, 1)
	if l.Most == 0 {
		l.Most = 99
	}
	if l.Adjustable && c.Err == nil && (l.Quantity < l.Least || l.Quantity > l.Most) {
		c.Fail(wire.Invalid(name, "", "The quantity must lie between the minimum and the maximum of `adjustable_quantity`."))
	}
}

// readModeData reads what belongs to one mode and refuses what belongs to the
// other.
func (s *Server) readModeData(cs *state.Session, c *Call) {
	refuse := func(name string) {
		if c.HasAny(name) {
			c.Fail(wire.Invalid(name, "", "You can not pass `%s` in `%s` mode.", name, cs.Mode))
		}
	}
	switch cs.Mode {
	case "payment":
		refuse("subscription_data")
		refuse("setup_intent_data")
		refuse("payment_method_collection")
		cs.DataMetadata = c.Metadata("payment_intent_data[metadata]", nil)
		cs.DataDescription = c.Limited("payment_intent_data[description]", 1000)
		cs.Shipping = c.readShipping("payment_intent_data[shipping]", nil)
		cs.ReceiptEmail = c.Email("payment_intent_data[receipt_email]")
		cs.StatementDescriptor = c.Limited("payment_intent_data[statement_descriptor]", 22)
		cs.StatementSuffix = c.Limited("payment_intent_data[statement_descriptor_suffix]", 22)
		cs.SetupFutureUsage = c.OneOf("payment_intent_data[setup_future_usage]", "off_session", "on_session")
		cs.PaymentMethodCollection = "if_required"
		if cs.Customer == "" && cs.CustomerCreation == "" {
			cs.CustomerCreation = "if_required"
		}
	case "setup":
		refuse("subscription_data")
		refuse("payment_intent_data")
		refuse("invoice_creation")
		refuse("payment_method_collection")
		cs.DataMetadata = c.Metadata("setup_intent_data[metadata]", nil)
		cs.DataDescription = c.Limited("setup_intent_data[description]", 1000)
		cs.PaymentMethodCollection, cs.PaymentStatus = "always", "no_payment_required"
		if cs.Customer == "" && cs.CustomerCreation == "" {
			cs.CustomerCreation = "if_required"
		}
	case "subscription":
		refuse("setup_intent_data")
		refuse("payment_intent_data")
		refuse("invoice_creation")
		refuse("customer_creation")
		cs.DataMetadata = c.Metadata("subscription_data[metadata]", nil)
		cs.DataDescription = c.Limited("subscription_data[description]", 500)
		cs.TrialDays = c.Integer("subscription_data[trial_period_days]", 1, 730)
		cs.TrialEnd = s.readSessionTrialEnd(c)
		cs.Flexible = c.flexible("subscription_data[billing_mode]")
		cs.MissingPaymentMethod = c.OneOf("subscription_data[trial_settings][end_behavior][missing_payment_method]", "cancel", "create_invoice", "pause")
		if cs.MissingPaymentMethod != "" && !cs.HasTrial() {
			c.Fail(wire.Invalid("subscription_data[trial_settings]", "", "You must provide a trial to use `trial_settings`."))
		}
		if cs.PaymentMethodCollection == "" {
			cs.PaymentMethodCollection = "always"
		}
		if cs.Customer == "" {
			cs.CustomerCreation = "always"
		}
	}
}
