package stripe

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
)

// What the files in testdata say, one purchase seen through every API version.
var (
	began = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	ends  = began.AddDate(0, 0, 30)
	told  = began.Add(5 * time.Second)
)

// claimed is what the metadata of everything in testdata says that our checkout made.
var claimed = domain.Claim{Order: "order1", User: "user_1"}

func theSession(change func(*domain.SessionFact)) domain.Fact {
	s := domain.SessionFact{
		Type: "checkout.session.completed", At: told, ID: "cs_test_a1", Mode: "subscription",
		Status: "complete", PaymentStatus: "paid", Order: "order1", Customer: "cus_1", Subscription: "sub_1",
		Amount: 2403, Subtotal: 2700, Currency: "eur", Claim: claimed,
	}
	if change != nil {
		change(&s)
	}
	return s
}

func theSubscription(change func(*domain.SubscriptionFact)) domain.Fact {
	s := domain.SubscriptionFact{Type: "customer.subscription.updated", At: told, Claim: claimed, Snapshot: domain.Subscription{
		ID: "sub_1", Order: "order1", Customer: "cus_1", Status: "active",
		Items: []domain.Item{{
			ID: "si_1", Price: "price_pro", LookupKey: "pro_monthly", Product: "prod_1", Quantity: 3, PeriodStart: began, PeriodEnd: ends,
		}},
		LatestInvoice: "in_1", StartedAt: began, CancelAt: ends,
	}}
	if change != nil {
		change(&s)
	}
	return s
}

func theInvoice(change func(*domain.InvoiceFact)) domain.Fact {
	i := domain.InvoiceFact{Type: "invoice.paid", At: told, Customer: "cus_1", Claim: claimed, Invoice: domain.Invoice{
		ID: "in_1", Subscription: "sub_1", Status: "paid", BillingReason: "subscription_create", Method: "charge_automatically",
		Currency: "eur", Total: 2403, AmountDue: 2403, AmountPaid: 2403,
		CreatedAt: began.Add(time.Second), FinalizedAt: began.Add(time.Second), PaidAt: began.Add(2 * time.Second),
		Lines: []domain.Line{
			{ID: "il_0", Kind: domain.LineOneOff, Quantity: 1, From: began.AddDate(0, 0, -1), Until: began},
			{
				ID: "il_1", Kind: domain.LineCycle, Item: "si_1", Price: "price_pro", Product: "prod_1", Quantity: 3, Amount: 2700,
				From: began, Until: ends,
			},
		},
		Complete: true,
	}}
	if change != nil {
		change(&i)
	}
	return i
}

// The same purchase reads the same, whatever the version it is written in.
func TestReadEvent_Shapes(t *testing.T) {
	t.Parallel()
	classic := func(s *domain.SubscriptionFact) { s.Snapshot.CancelAtPeriodEnd = true }
	withBoth := func(i *domain.InvoiceFact) { i.PaidWith = []domain.PaidWith{{PaymentIntent: "pi_1", Charge: "ch_1"}} }
	account := func(s *domain.SubscriptionFact) { s.Snapshot.CustomerAccount = "acct_1" }
	for file, want := range map[string]domain.Fact{
		"2022-11-15/session":      theSession(nil),
		"2022-11-15/subscription": theSubscription(classic),
		"2022-11-15/invoice": theInvoice(func(i *domain.InvoiceFact) {
			withBoth(i)
			i.Claim = domain.Claim{} // the subscription's metadata is not there yet
			first := &i.Invoice.Lines[0]
			first.Kind, first.Item, first.Price, first.Product, first.Amount = domain.LineChange, "si_1", "price_pro", "prod_1", 120
		}),

		"2023-10-16/session": theSession(nil),
		"2023-10-16/session_payment": theSession(func(s *domain.SessionFact) {
			s.Type, s.Mode = "checkout.session.async_payment_succeeded", "payment"
			s.Subscription, s.PaymentIntent = "", "pi_1"
		}),
		"2023-10-16/session_expired": theSession(func(s *domain.SessionFact) {
			s.Type, s.Status, s.PaymentStatus = "checkout.session.expired", "expired", "unpaid"
			s.Subscription, s.RecoveredFrom = "", "cs_test_a0"
		}),
		"2023-10-16/subscription": theSubscription(classic),
		"2023-10-16/subscription_deleted": theSubscription(func(s *domain.SubscriptionFact) {
			s.Type, s.Snapshot.Status, s.Snapshot.CancelAt = "customer.subscription.deleted", "canceled", time.Time{}
			s.Snapshot.EndedAt, s.Snapshot.TrialEnd = began.Add(4*time.Second), began.Add(3*time.Second)
		}),
		"2023-10-16/invoice": theInvoice(withBoth),
		"2023-10-16/invoice_failed": theInvoice(func(i *domain.InvoiceFact) {
			withBoth(i)
			i.Type, i.Invoice.Status, i.Invoice.AmountPaid = "invoice.payment_failed", "open", 0
		}),

		"2024-04-10/session": theSession(nil),
		"2024-04-10/subscription": theSubscription(func(s *domain.SubscriptionFact) {
			classic(s)
			s.Snapshot.Pause = domain.PauseVoid
		}),
		"2024-04-10/invoice": theInvoice(withBoth),

		"2024-09-30.acacia/session":      theSession(nil),
		"2024-09-30.acacia/subscription": theSubscription(classic),
		"2024-09-30.acacia/invoice":      theInvoice(withBoth),

		"2025-03-31.basil/session":      theSession(nil),
		"2025-03-31.basil/subscription": theSubscription(nil),
		"2025-03-31.basil/subscription_two_items": theSubscription(func(s *domain.SubscriptionFact) {
			s.Snapshot.CancelAtPeriodEnd = true
			s.Snapshot.Items = append(s.Snapshot.Items, domain.Item{
				ID: "si_2", Price: "price_support", Product: "prod_1", Quantity: 1,
				PeriodStart: began.AddDate(0, 0, -335), PeriodEnd: ends.AddDate(0, 0, 1),
			})
		}),
		"2025-03-31.basil/invoice": theInvoice(func(i *domain.InvoiceFact) {
			first := &i.Invoice.Lines[0]
			first.Kind, first.Item, first.Price, first.Product, first.Amount = domain.LineCredit, "si_1", "price_pro", "prod_1", -297
		}),

		"2025-09-30.clover/session":                     theSession(nil),
		"2025-09-30.clover/subscription":                theSubscription(nil),
		"2025-09-30.clover/subscription_pending_update": theSubscription(nil), // not before it is paid
		"2025-09-30.clover/invoice": theInvoice(func(i *domain.InvoiceFact) {
			i.PaidWith = []domain.PaidWith{{PaymentIntent: "pi_1"}}
			i.Invoice.Lines[0].Kind = domain.LineChange
		}),

		"2026-03-25.dahlia/session": theSession(nil),
		"2026-03-25.dahlia/session_expanded": theSession(func(s *domain.SessionFact) {
			s.PaymentIntent = "pi_1"
		}),
		"2026-03-25.dahlia/subscription": theSubscription(func(s *domain.SubscriptionFact) {
			account(s)
			s.Snapshot.Customer, s.Snapshot.Pause = "", domain.PauseKeepAsDraft
		}),
		"2026-03-25.dahlia/invoice": theInvoice(func(i *domain.InvoiceFact) { i.CustomerAccount = "acct_1" }),

		"2026-09-30.endive/session": theSession(func(s *domain.SessionFact) {
			s.Mode, s.Subscription, s.PaymentIntent, s.CustomerAccount = "payment", "", "pi_1", "acct_1"
		}),
		"2026-09-30.endive/subscription": theSubscription(func(s *domain.SubscriptionFact) {
			account(s)
			s.Type, s.Snapshot.Status, s.Snapshot.CancelAt = "customer.subscription.paused", "paused", time.Time{}
		}),
		"2026-09-30.endive/invoice": theInvoice(func(i *domain.InvoiceFact) {
			i.CustomerAccount, i.PaidWith = "acct_1", []domain.PaidWith{{Charge: "ch_1"}}
			i.Invoice.BillingReason, i.Invoice.Method, i.Invoice.DueAt = "subscription_cycle", domain.SendInvoice, began.AddDate(0, 0, 14)
			i.Invoice.StartingBalance, i.Invoice.AmountDue, i.Invoice.AmountPaid = -297, 2106, 2106
			i.Invoice.Complete = false
		}),
	} {
		mustRead(t, file, want)
	}
}

// mustRead reads a file of testdata, in a test of its own.
func mustRead(t *testing.T, file string, want domain.Fact) {
	t.Helper()
	t.Run(file, func(t *testing.T) {
		t.Parallel()
		payload := testdata(t, file+".json")
		got, err := newTestGateway(t, nil).ReadEvent(payload, sign(payload, noon, testSecret))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got.Fact); diff != "" {
			t.Errorf("the fact differs (-want +got):\n%s", diff)
		}
		version, _, _ := cutPath(file)
		if got.ID != "evt_1" || got.APIVersion != version || !got.Created.Equal(told) || got.Livemode || got.Account != "" {
			t.Errorf("got event %+v", got)
		}
		again, err := newTestGateway(t, nil).RereadEvent(payload)
		if diff := cmp.Diff(got, again); err != nil || diff != "" {
			t.Errorf("read again it differs (-first +again): %v\n%s", err, diff)
		}
	})
}

// The places that an object's parts have been in, one at a time.
func TestReadEvent_Places(t *testing.T) {
	t.Parallel()
	type check func(t *testing.T, f domain.Fact)
	invoice := func(subscription domain.SubscriptionID) check {
		return func(t *testing.T, f domain.Fact) {
			t.Helper()
			if got := f.(domain.InvoiceFact).Invoice.Subscription; got != subscription {
				t.Errorf("got subscription %q, want %q", got, subscription)
			}
		}
	}
	item := func(want domain.Item) check {
		return func(t *testing.T, f domain.Fact) {
			t.Helper()
			if diff := cmp.Diff([]domain.Item{want}, f.(domain.SubscriptionFact).Snapshot.Items); diff != "" {
				t.Error(diff)
			}
		}
	}
	subscription := func(want func(domain.Subscription) bool) check {
		return func(t *testing.T, f domain.Fact) {
			t.Helper()
			if got := f.(domain.SubscriptionFact).Snapshot; !want(got) {
				t.Errorf("got %+v", got)
			}
		}
	}
	for name, test := range map[string]struct {
		object string
		check  check
	}{
		"invoice: parent before all": {`{"id":"in_1","object":"invoice","subscription":"sub_2","parent":{"subscription_details":{"subscription":"sub_1"}}}`, invoice("sub_1")},
		"invoice: parent, expanded":  {`{"id":"in_1","object":"invoice","parent":{"subscription_details":{"subscription":{"id":"sub_1","object":"subscription"}}}}`, invoice("sub_1")},
		"invoice: on top, expanded":  {`{"id":"in_1","object":"invoice","subscription":{"id":"sub_1"}}`, invoice("sub_1")},
		"invoice: a line's parent":   {`{"id":"in_1","object":"invoice","parent":null,"lines":{"data":[{},null,{"parent":{"subscription_item_details":{"subscription":"sub_1"}}}]}}`, invoice("sub_1")},
		"invoice: a line":            {`{"id":"in_1","object":"invoice","lines":{"data":[{"subscription":null},{"subscription":"sub_1"}]}}`, invoice("sub_1")},
		"invoice: for no one":        {`{"id":"in_1","object":"invoice","lines":{"data":[]}}`, invoice("")},

		"item: price by id":         {`{"id":"sub_1","object":"subscription","items":{"data":[{"id":"si_1","price":"price_1","quantity":2}]}}`, item(domain.Item{ID: "si_1", Price: "price_1", Quantity: 2})},
		"item: plan, expanded":      {`{"id":"sub_1","object":"subscription","items":{"data":[{"id":"si_1","price":null,"plan":{"id":"gold"}}]}}`, item(domain.Item{ID: "si_1", Price: "gold", Quantity: 1})},
		"item: plan by id":          {`{"id":"sub_1","object":"subscription","items":{"data":[{"id":"si_1","plan":"gold","quantity":null}]}}`, item(domain.Item{ID: "si_1", Price: "gold", Quantity: 1})},
		"item: of none":             {`{"id":"sub_1","object":"subscription","items":{"data":[{"id":"si_1","price":"p","quantity":0}]}}`, item(domain.Item{ID: "si_1", Price: "p"})},
		"item: product, expanded":   {`{"id":"sub_1","object":"subscription","items":{"data":[{"id":"si_1","price":{"id":"p","product":{"id":"prod_1","object":"product"}}}]}}`, item(domain.Item{ID: "si_1", Price: "p", Product: "prod_1", Quantity: 1})},
		"item: one that is deleted": {`{"id":"sub_1","object":"subscription","items":{"data":[{"id":"si_0","object":"subscription_item","deleted":true},{"id":"si_1","price":"p","deleted":false}]}}`, item(domain.Item{ID: "si_1", Price: "p", Quantity: 1})},
		"item: a negative amount":   {`{"id":"sub_1","object":"subscription","items":{"data":[{"id":"si_1","price":"p","quantity":-2}]}}`, item(domain.Item{ID: "si_1", Price: "p"})},

		"subscription: item without a period": {`{"id":"sub_1","object":"subscription","current_period_start":1700000000,"current_period_end":1702592000,"items":{"data":[{"id":"si_1","current_period_end":null}]}}`,
			subscription(func(s domain.Subscription) bool {
				return s.PeriodEnd().Unix() == 1702592000 && s.PeriodStart().Unix() == 1700000000
			})},
		"subscription: an item with a period beside one without": {`{"id":"sub_1","object":"subscription","current_period_start":1700000000,"current_period_end":1702592000,
			"items":{"data":[{"id":"si_1","current_period_start":1690000000,"current_period_end":1721536000},{"id":"si_2"}]}}`,
			subscription(func(s domain.Subscription) bool {
				return s.Items[0].PeriodEnd.Unix() == 1721536000 && s.Items[1].PeriodStart.Unix() == 1700000000 && s.Items[1].PeriodEnd.Unix() == 1702592000
			})},
		"subscription: created, not started": {`{"id":"sub_1","object":"subscription","created":1700000000,"start_date":null}`,
			subscription(func(s domain.Subscription) bool { return s.StartedAt.Unix() == 1700000000 })},
		"subscription: items are not a list": {`{"id":"sub_1","object":"subscription","status":"active","items":"si_1"}`,
			subscription(func(s domain.Subscription) bool { return s.Status == "active" && len(s.Items) == 0 })},
		"subscription: items as an array": {`{"id":"sub_1","object":"subscription","items":[{"id":"si_1"}],"status":"active"}`,
			subscription(func(s domain.Subscription) bool { return s.Status == "active" })},
		"subscription: times as texts and floats": {`{"id":"sub_1","object":"subscription","cancel_at":"1700000000","ended_at":1.7e9,"trial_end":1700000000.5}`,
			subscription(func(s domain.Subscription) bool {
				return s.CancelAt.Unix() == 1700000000 && s.EndedAt.Unix() == 1700000000 && s.TrialEnd.Unix() == 1700000000
			})},
		"subscription: times that are none": {`{"id":"sub_1","object":"subscription","cancel_at":0,"ended_at":-5,"trial_end":1e300,"start_date":99999999999999,"created":{}}`,
			subscription(func(s domain.Subscription) bool {
				return s.CancelAt.IsZero() && s.EndedAt.IsZero() && s.TrialEnd.IsZero() && s.StartedAt.IsZero()
			})},
		"subscription: times before 2000 and after 2200": {`{"id":"sub_1","object":"subscription","cancel_at":253402300799,"ended_at":7289654400,"trial_end":946684799,"start_date":1,
			"items":{"data":[{"current_period_start":946684799,"current_period_end":253402300799}]}}`,
			subscription(func(s domain.Subscription) bool {
				return s.CancelAt.IsZero() && s.EndedAt.IsZero() && s.TrialEnd.IsZero() && s.StartedAt.IsZero() && s.PeriodStart().IsZero() && s.PeriodEnd().IsZero()
			})},
		"subscription: the first and the last second": {`{"id":"sub_1","object":"subscription","cancel_at":7289654399,"start_date":946684800}`,
			subscription(func(s domain.Subscription) bool {
				return s.StartedAt.Equal(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) && s.CancelAt.Equal(time.Date(2200, 12, 31, 23, 59, 59, 0, time.UTC))
			})},
		"subscription: an item that ends never, and one that does": {`{"id":"sub_1","object":"subscription","start_date":253402300799,"created":1700000000,
			"items":{"data":[{"current_period_end":253402300799},{"current_period_start":1700000000,"current_period_end":1702592000}]}}`,
			subscription(func(s domain.Subscription) bool {
				return s.PeriodStart().Unix() == 1700000000 && s.PeriodEnd().Unix() == 1702592000 && s.StartedAt.Unix() == 1700000000
			})},
		"subscription: what flexible billing has more": {`{"id":"sub_1","object":"subscription","status":"paused","customer":null,"customer_account":"acct_1",
			"billing_cycle_anchor":{"type":"now"},"status_details":{"paused":{"type":"subscription"}},"pending_update":{"subscription_items":[{"id":"si_9","price":"p"}]},"items":{"data":[]}}`,
			subscription(func(s domain.Subscription) bool {
				return s.Status == "paused" && s.Customer == "" && s.CustomerAccount == "acct_1" && len(s.Items) == 0
			})},
		"subscription: the collection is paused in a way of the future": {`{"id":"sub_1","object":"subscription","pause_collection":{"behavior":"hibernate"},"latest_invoice":{"id":"in_1"}}`,
			subscription(func(s domain.Subscription) bool { return s.Pause == "hibernate" && s.LatestInvoice == "in_1" })},
		"subscription: the collection is paused by a word": {`{"id":"sub_1","object":"subscription","pause_collection":"void","latest_invoice":null}`,
			subscription(func(s domain.Subscription) bool { return s.Pause == domain.PauseNone && s.LatestInvoice == "" })},
		"subscription: a status of the future": {`{"id":"sub_1","object":"subscription","status":"hibernating"}`,
			subscription(func(s domain.Subscription) bool { return s.Status == "hibernating" })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			event, err := readEvent([]byte(`{"id":"evt_1","object":"event","type":"t","created":1700000000,"data":{"object":` + test.object + `}}`))
			if err != nil {
				t.Fatal(err)
			}
			test.check(t, event.Fact)
		})
	}
}
