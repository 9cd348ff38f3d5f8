package sandbox_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/stripespec"
)

// Every object that the sandbox serves or sends is what Stripe's own OpenAPI
// description of 2023-10-16 says it is.
func TestConformance_EveryObjectIsStripes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.liveALot()
	get := func(path string) []byte {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, s.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer sk_test_1")
		resp, err := s.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return []byte(body(t, resp))
	}
	for schema, list := range map[string]struct {
		path string
		want int // at least so many
	}{
		"product":                      {"/v1/products", 2},
		"price":                        {"/v1/prices", 3},
		"customer":                     {"/v1/customers", 3},
		"checkout.session":             {"/v1/checkout/sessions", 8},
		"subscription":                 {"/v1/subscriptions?status=all", 4},
		"invoice":                      {"/v1/invoices", 4},
		"payment_intent":               {"/v1/payment_intents", 4},
		"charge":                       {"/v1/charges", 4},
		"refund":                       {"/v1/refunds", 4},
		"dispute":                      {"/v1/disputes", 3},
		"credit_note":                  {"/v1/credit_notes", 4},
		"setup_intent":                 {"/v1/setup_intents", 2},
		"event":                        {"/v1/events", 20},
		"webhook_endpoint":             {"/v1/webhook_endpoints", 1},
		"billing_portal.configuration": {"/v1/billing_portal/configurations", 2},
	} {
		sep := "?"
		if strings.Contains(list.path, "?") {
			sep = "&"
		}
		answer := get(list.path + sep + "limit=100")
		stripespec.Validate(t, "list of "+schema, answer)
		var page struct {
			Data []json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(answer, &page); err != nil || len(page.Data) < list.want {
			t.Errorf("%s: got %d objects, %v; want %d at least", schema, len(page.Data), err, list.want)
		}
	}
	for path, schema := range map[string]string{
		"/v1/nothing":          "error",
		"/v1/customers/none":   "error",
		"/v1/customers?x=1":    "error",
		"/v1/customers?limit=": "error",
	} {
		stripespec.Validate(t, schema, get(path))
	}
	for it := s.api.Refunds.List(nil); it.Next(); {
		stripespec.Validate(t, "refund", get("/v1/refunds/"+it.Refund().ID+"?expand[]=charge.refunds&expand[]=payment_intent.latest_charge"))
	}
	for it := s.api.Customers.List(nil); it.Next(); {
		stripespec.Validate(t, "customer", get("/v1/customers/"+it.Customer().ID+"?expand[]=subscriptions&expand[]=sources&expand[]=tax_ids"))
	}
	for it := s.api.Disputes.List(nil); it.Next(); {
		stripespec.Validate(t, "dispute", get("/v1/disputes/"+it.Dispute().ID+"?expand[]=charge.invoice&expand[]=payment_intent"))
	}
	for it := s.api.CheckoutSessions.List(nil); it.Next(); {
		id := it.CheckoutSession().ID
		stripespec.Validate(t, "list of item", get("/v1/checkout/sessions/"+id+"/line_items"))
		stripespec.Validate(t, "checkout.session", get("/v1/checkout/sessions/"+id+
			"?expand[]=line_items&expand[]=customer&expand[]=subscription.latest_invoice.payment_intent&expand[]=payment_intent.latest_charge&expand[]=invoice"))
	}
}

func TestConformance_EveryEventCarriesStripesObject(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.liveALot()
	seen := map[string]bool{}
	for _, e := range s.Events() {
		stripespec.Validate(t, "event", e.Body)
		var body struct {
			Data struct {
				Object json.RawMessage
			}
		}
		var kind struct{ Object string }
		if err := json.Unmarshal(e.Body, &body); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(body.Data.Object, &kind); err != nil {
			t.Fatal(err)
		}
		stripespec.Validate(t, kind.Object, body.Data.Object)
		seen[e.Type] = true
	}
	for _, kind := range []string{
		"checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
		"checkout.session.expired", "customer.created", "customer.subscription.created", "customer.subscription.updated",
		"customer.subscription.deleted", "invoice.created", "invoice.finalized", "invoice.paid", "invoice.payment_succeeded",
		"invoice.payment_failed", "payment_intent.created", "payment_intent.succeeded", "payment_intent.payment_failed", "charge.succeeded",
		"invoice.voided", "invoice.updated", "invoice.marked_uncollectible", "invoice.sent", "invoice.overdue", "credit_note.created", "setup_intent.created", "setup_intent.succeeded",
		"customer.subscription.pending_update_applied", "customer.subscription.pending_update_expired", "customer.subscription.paused", "customer.subscription.resumed",
		"refund.created", "refund.updated", "refund.failed", "charge.refunded", "charge.refund.updated",
		"charge.dispute.created", "charge.dispute.updated", "charge.dispute.funds_withdrawn", "charge.dispute.closed",
		"charge.dispute.funds_reinstated",
		"billing_portal.session.created", "billing_portal.configuration.created", "billing_portal.configuration.updated",
	} {
		if !seen[kind] {
			t.Errorf("no %s was made", kind)
		}
	}
}

// liveALot brings every kind of object into every state.
func (s *shop) liveALot() {
	s.t.Helper()
	ok := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	cu := s.customer()
	address := &stripe.CustomerParams{Address: &stripe.AddressParams{Line1: stripe.String("1 Way"), Country: stripe.String("US")}}
	_, err := s.api.Customers.Update(cu.ID, address)
	ok(err)
	withInvoice := params("payment", s.once)
	withInvoice.InvoiceCreation = &stripe.CheckoutSessionInvoiceCreationParams{Enabled: stripe.Bool(true)}
	withInvoice.Customer = &cu.ID
	withInvoice.ConsentCollection = &stripe.CheckoutSessionConsentCollectionParams{TermsOfService: stripe.String("required")}
	s.paid(withInvoice)
	trial := params("subscription", s.monthly)
	trial.SubscriptionData = &stripe.CheckoutSessionSubscriptionDataParams{TrialPeriodDays: stripe.Int64(7), Description: stripe.String("Trial")}
	trial.AutomaticTax = &stripe.CheckoutSessionAutomaticTaxParams{Enabled: stripe.Bool(true)}
	s.paid(trial)

	s.open(params("payment", s.once)) // stays open
	ok(s.ExpireSession(s.open(params("payment", s.once)).ID))
	for _, succeeds := range []bool{true, false} {
		for mode, price := range map[string]string{"payment": s.once, "subscription": s.monthly} {
			cs := s.open(params(mode, price))
			ok(s.PayDelayed(cs.ID, succeeds))
			ok(s.SettleDelayed(cs.ID))
		}
	}
	processing := s.open(params("subscription", s.monthly))
	ok(s.PayDelayed(processing.ID, true))
	declined := s.open(params("subscription", s.monthly))
	if s.PayWithCard(declined.ID, "4000000000000002") == nil {
		s.t.Fatal("it was not declined")
	}
	abandoned := s.open(params("subscription", s.monthly))
	if s.PayWithCard(abandoned.ID, "4000000000000002") == nil {
		s.t.Fatal("it was not declined")
	}
	ok(s.ExpireSession(abandoned.ID))

	sub := s.paid(params("subscription", s.monthly)).Subscription
	_, err = s.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{
		Items:             []*stripe.SubscriptionItemsParams{{ID: &sub.Items.Data[0].ID, Price: &s.yearly}},
		ProrationBehavior: stripe.String("always_invoice"),
	})
	ok(err)
	_, err = s.api.Subscriptions.Update(sub.ID, &stripe.SubscriptionParams{CancelAtPeriodEnd: stripe.Bool(true)})
	ok(err)
	ok(s.SetSubscriptionStatus(sub.ID, "past_due"))
	s.mustPrice(sandbox.PriceSpec{Product: "Free", Interval: "week", IntervalCount: 2})
	_, err = s.api.Products.New(&stripe.ProductParams{Name: stripe.String("New"), Description: stripe.String("It is new")})
	ok(err)
	mistake, err := s.api.Products.New(&stripe.ProductParams{Name: stripe.String("Mistake")})
	ok(err)
	_, err = s.api.Products.Del(mistake.ID, nil)
	ok(err)
	s.renewALot()
	s.billALot()
	s.giveALotBack()
	s.usePortal(s.subscribed())
}

// billALot brings invoices to every end, and changes subscriptions past Checkout.
func (s *shop) billALot() {
	s.t.Helper()
	for _, end := range []func(string) error{s.VoidInvoice, s.MarkInvoiceUncollectible, s.PayInvoice,
		func(id string) error { return s.ExhaustRetries(id, "unpaid") }} {
		id := s.subscribed().ID
		s.ok(s.RenewSubscription(id, false))
		s.ok(end(id))
		s.ok(s.RenewSubscription(id, true))
	}
	sent := s.created("items[0][price]", s.monthly, "collection_method", "send_invoice", "days_until_due", "14")
	s.ok(s.PassDueDate(sent.at("id")))

	pending := func(then func(string) error) {
		sub := s.created("items[0][price]", s.monthly)
		s.ok(s.SetCard(sub.at("id"), failingCard))
		s.change(sub, "items[0][quantity]", "5", "proration_behavior", "always_invoice", "payment_behavior", "pending_if_incomplete")
		s.ok(then(sub.at("id")))
	}
	pending(func(string) error { return nil })
	pending(s.PayInvoice)
	pending(s.ExpirePendingUpdate)
	meter := s.meter()
	metered := s.created("items[0][price]", meter, "items[1][price]",
		s.mustPrice(sandbox.PriceSpec{Product: "Seats", Interval: "month", TiersMode: "graduated", Tiers: []sandbox.PriceTier{{UpTo: 5, UnitAmount: 100}, {FlatAmount: 7}}}))
	s.ok(s.AddUsage(metered.at("id"), meter, 5))
	s.ok(s.RenewSubscription(metered.at("id"), true))
	for _, how := range []string{"refund_amount", "credit_amount", "out_of_band_amount"} {
		s.post("/v1/credit_notes", values("invoice", s.subscribed().LatestInvoice.ID, "amount", "700", how, "700"))
	}
	unpaid := s.subscribed().ID
	s.ok(s.RenewSubscription(unpaid, false))
	s.post("/v1/credit_notes", values("invoice", s.sub(unpaid).LatestInvoice.ID, "amount", "700"))

	free := s.post("/v1/checkout/sessions", values(checkout("subscription", "line_items[0][price]", s.monthly, "line_items[0][quantity]", "1",
		"allow_promotion_codes", "true")...)).at("id")
	s.ok(s.ApplyPromotionCode(free, 100))
	s.ok(s.Pay(free))
	s.ok(s.Pay(s.post("/v1/checkout/sessions", values(checkout("setup", "customer", s.customer().ID)...)).at("id")))
	s.post("/v1/checkout/sessions", values(checkout("setup")...))
	must[string](s.t)(s.CreateSubscription(sandbox.SubscriptionSpec{Customer: s.customer().ID, Flexible: true,
		Items: []sandbox.SubscriptionItemSpec{{Price: s.yearly}, {Price: s.monthly, Quantity: 2}}}))
}

// renewALot brings later periods of subscriptions, and their invoices, into every
// state.
func (s *shop) renewALot() {
	s.t.Helper()
	for _, behavior := range []string{"", "keep_as_draft", "mark_uncollectible", "void"} {
		id := s.subscribed().ID
		if behavior != "" {
			_, err := s.api.Subscriptions.Update(id, &stripe.SubscriptionParams{
				PauseCollection: &stripe.SubscriptionPauseCollectionParams{Behavior: &behavior},
			})
			s.ok(err)
		}
		s.ok(s.RenewSubscription(id, true))
		s.ok(s.RenewSubscription(id, false))
	}
	id := s.subscribed().ID
	s.ok(s.PauseSubscription(id))
	_, err := s.api.Subscriptions.Resume(id, nil)
	s.ok(err)
	s.ok(s.PauseSubscription(id))
}

// giveALotBack brings refunds and disputes into every state.
func (s *shop) giveALotBack() {
	s.t.Helper()
	refund := func(cs *stripe.CheckoutSession) string { return must[string](s.t)(s.Refund(cs.ID, 100)) }
	refund(s.paid(params("payment", s.once)))
	s.ok(s.FailRefund(refund(s.paid(params("payment", s.once)))))
	s.ok(s.RequireRefundAction(refund(s.debited(params("payment", s.once)))))
	s.ok(s.CancelRefund(refund(s.debited(params("payment", s.once)))))
	s.ok(s.SettleRefund(refund(s.debited(params("payment", s.once)))))

	dispute := func(cs *stripe.CheckoutSession, inquiry bool) string {
		return must[string](s.t)(s.OpenDispute(cs.ID, sandbox.DisputeOptions{Inquiry: inquiry}))
	}
	s.ok(s.WinDispute(dispute(s.paid(params("subscription", s.monthly)), false)))
	s.ok(s.LoseDispute(dispute(s.debited(params("payment", s.once)), false)))
	s.ok(s.CloseInquiry(dispute(s.paid(params("payment", s.once)), true)))
	s.ok(s.EscalateDispute(dispute(s.paid(params("payment", s.once)), true)))
}
