package portstest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// GatewayFixture is a gateway, whose clock is the system's, and the hands that
// move what is behind it.
type GatewayFixture struct {
	Gateway ports.Gateway

	// OneTime and Recurring are active prices of more than nothing, each with an
	// id and a lookup key.
	OneTime, Recurring domain.Price
	// Dearer is a recurring price too, of the same interval and of another product.
	Dearer domain.Price

	// Pay completes an open session, as a buyer does whose card is good.
	Pay func(t *testing.T, session domain.SessionID)
	// Expire ends an open session, as time does.
	Expire func(t *testing.T, session domain.SessionID)
	// DeleteCustomer deletes a customer, as a shop does by hand. It may be nil.
	DeleteCustomer func(t *testing.T, customer domain.CustomerID)
	// Buyer is what a customer is called.
	Buyer func(t *testing.T, customer domain.CustomerID) ports.Buyer
	// Refund gives a part of a payment back, Dispute has the buyer's bank dispute it,
	// and Credit takes a part of an invoice's line back.
	Refund  func(t *testing.T, payment domain.PaymentIntentID, amount int64)
	Dispute func(t *testing.T, payment domain.PaymentIntentID)
	Credit  func(t *testing.T, invoice domain.InvoiceID, line string, amount int64)
	// Renew has the period of a subscription end, and the next one paid if there is one.
	Renew func(t *testing.T, subscription domain.SubscriptionID)
	// DeclineCards has the cards that would pay for a subscription declined.
	DeclineCards func(t *testing.T, customer domain.CustomerID, subscription domain.SubscriptionID)
	// ConfirmPortal does in the portal what its flow is for.
	ConfirmPortal func(t *testing.T, url string)
	// Completed is the message which says that a paid session was completed.
	Completed func(t *testing.T, session domain.SessionID) (payload []byte, signature string)
	// Sign is the signature that would come with any payload now.
	Sign func(payload []byte) string
}

// TestGateway is the contract of [ports.Gateway]. Each test opens a gateway of
// its own.
func TestGateway(t *testing.T, open func(t *testing.T) GatewayFixture) {
	t.Helper()
	for _, c := range []struct {
		what string
		test func(*testing.T, GatewayFixture)
	}{
		{"a customer is made once for a key", gatewayCustomerOnce},
		{"a customer is there, deleted or unknown", gatewayFetchCustomer},
		{"a customer is called as its buyer is", gatewayNameBuyer},
		{"a customer that was made for others keeps its name", gatewayNameBuyerOfOthers},
		{"a customer that is not there has no name", gatewayNameBuyerOfNobody},
		{"a session is made once for a key", gatewaySessionOnce},
		{"a session is made once for callers at the same time", gatewaySessionRace},
		{"a new session is open and carries our ids", gatewayNewSession},
		{"a session with an unknown price is refused", gatewayUnknownPrice},
		{"a session for a customer that is gone is refused as such", gatewayCustomerGone},
		{"any language that a browser says is taken", gatewayLocales},
		{"a session takes every option of the catalog", gatewayOptions},
		{"expiring ends an open session", gatewayExpireOpen},
		{"expiring leaves a session that is not open", gatewayExpireSettled},
		{"an unknown session is not found", gatewayUnknownSession},
		{"a session is fetched as it is now", gatewayFetchStates},
		{"a paid order has a payment", gatewayFetchPayment},
		{"a paid subscription comes with its session", gatewayFetchSubscription},
		{"a trial comes with its session", gatewayFetchTrial},
		{"a subscription is fetched alone as with its session", gatewayFetchSubscriptionAlone},
		{"what was made for a customer is fetched, the first first", gatewayFetchMade},
		{"of an unknown customer nothing was made", gatewayFetchMadeUnknown},
		{"an unknown subscription is not found", gatewayUnknownSubscription},
		{"a charge is fetched by its id and by its payment intent", gatewayFetchCharge},
		{"an unknown charge is not found", gatewayUnknownCharge},
		{"all subscriptions of a customer are fetched", gatewayFetchSubscriptions},
		{"an unknown customer's subscriptions are not found", gatewayUnknownCustomer},
		{"an invoice is fetched with its lines and what paid it", gatewayFetchInvoice},
		{"an invoice of a trial is paid with nothing", gatewayFetchTrialInvoice},
		{"an unknown invoice is not found", gatewayUnknownInvoice},
		{"invoices are listed as their buyer is shown them", gatewayIssuedInvoices},
		{"an unknown customer has no invoices", gatewayIssuedUnknown},
		{"the charge of a subscription names its invoice", gatewayFetchInvoiceCharge},
		{"of a payment of which nothing went back, nothing is fetched", gatewayNothingReturned},
		{"refunds and disputes of a payment are fetched", gatewayFetchReturned},
		{"credit notes of an invoice are fetched", gatewayFetchCreditNotes},
		{"events are listed as they were sent", gatewayListEvents},
		{"what there is on the account is listed", gatewayListObjects},
		{"a payment is given back once for a key", gatewayRefund},
		{"what is left of a payment is given back", gatewayRefundRest},
		{"the portal's configuration is one for an offer", gatewayPortalConfiguration},
		{"the portal is opened for each flow", gatewayOpenPortal},
		{"a change is confirmed in the portal", gatewayConfirmPortal},
		{"a trial goes on in what it is changed to, there too", gatewayTrialGoesOn},
		{"a subscription is changed once for a key", gatewayChange},
		{"a late repetition of a change changes nothing", gatewayChangeLate},
		{"a change that is not paid waits", gatewayChangeUnpaid},
		{"where nothing is owed there is no page to pay on", gatewayNothingToPay},
		{"a change of what there is not is refused", gatewayChangeRefused},
		{"a preview is what then happens", gatewayPreview},
		{"a preview of what is planned is what then happens", gatewayPreviewAtPeriodEnd},
		{"a change is planned for the end of the period", gatewaySchedule},
		{"a planned change is taken back", gatewayScheduleDropped},
		{"a planned change outlives a change that is not paid", gatewayScheduleOutlivesDecline},
		{"a planned change outlives a late repetition of an earlier one", gatewayScheduleOutlivesRepetition},
		{"an item is added, and removed", gatewayAddon},
		{"an item that is added and not paid waits", gatewayAddonUnpaid},
		{"a preview of what is added is what then happens", gatewayAddonPreview},
		{"an item is removed at the end of the period, and what else is planned stays", gatewayAddonPlanned},
		{"what cannot be added or removed is refused", gatewayAddonRefused},
		{"how a subscription is paid for is told, and what is planned", gatewayBilling},
		{"a subscription is canceled at the end of its period, and resumed", gatewayCancelAtPeriodEnd},
		{"a subscription is canceled at once", gatewayCancelNow},
		{"what was planned since a cancel stays when that is repeated late", gatewayCancelLate},
		{"a key that found nothing to do does nothing later", gatewayUseKey},
		{"a resumption is repeated by who knows less of it", gatewayResumeRepeated},
		{"a late repetition of a resumption begins no period", gatewayResumeLate},
		{"collection is paused, and resumed", gatewayPause},
		{"collection is resumed with a period that is paid", gatewayResumeAnew},
		{"collection that is not paid stays paused", gatewayResumeUnpaid},
		{"prices are found by id and by lookup key", gatewayPrices},
		{"a caller who has left gets no answer", gatewayCanceled},
		{"a signed message is read", gatewayReadEvent},
		{"a message that was read can be read again, without its signature", gatewayRereadEvent},
		{"a message without our signature is not read", gatewayBadSignature},
		{"a signed message that is no event is unreadable", gatewayUnreadable},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

// shopper is one user with a customer, and the orders that the user makes.
type shopper struct {
	GatewayFixture
	user     domain.UserID
	customer domain.CustomerID
}

// claim is what objects that are made for an order of the shopper's say of themselves.
func (s shopper) claim(order domain.OrderID) domain.Claim {
	return domain.Claim{Deployment: deployment, Order: order, User: s.user}
}

const deployment = "0123abcd"

func newShopper(t *testing.T, f GatewayFixture) shopper {
	t.Helper()
	s := shopper{GatewayFixture: f, user: "user_1"}
	var err error
	s.customer, err = f.Gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: s.user, Deployment: deployment, IdempotencyKey: "customer-1"})
	if err != nil {
		t.Fatalf("create customer: %v", err)
	}
	if s.customer == "" {
		t.Fatal("created a customer without an id")
	}
	return s
}

// request is for an order whose id is also its idempotency key.
func (s shopper) request(order domain.OrderID, mode domain.Mode) ports.SessionRequest {
	price := s.OneTime
	if mode == domain.ModeSubscription {
		price = s.Recurring
	}
	return ports.SessionRequest{
		User: s.user, Deployment: deployment, Customer: s.customer, IdempotencyKey: string(order),
		Options: domain.CheckoutOptions{MaxQuantity: 10},
		Order: domain.Order{
			ID: order, Plan: "pro", Price: "default", Mode: mode, Quantity: 2, PriceID: price.ID,
			SuccessURL: "https://app.example/done?session={CHECKOUT_SESSION_ID}",
			CancelURL:  "https://app.example/pricing",
			ExpiresAt:  time.Now().Add(time.Hour).UTC().Truncate(time.Second),
		},
	}
}

func (s shopper) create(t *testing.T, r ports.SessionRequest) domain.SessionFact {
	t.Helper()
	session, err := s.Gateway.CreateSession(t.Context(), r)
	if err != nil {
		t.Fatalf("create session: %v", err)
	}
	return session
}

func (s shopper) fetch(t *testing.T, id domain.SessionID) (domain.SessionFact, []domain.Fact) {
	t.Helper()
	facts, err := s.Gateway.FetchSession(t.Context(), id)
	if err != nil {
		t.Fatalf("fetch session: %v", err)
	}
	if len(facts) == 0 {
		t.Fatal("fetched a session and got no fact")
	}
	session, ok := facts[0].(domain.SessionFact)
	if !ok {
		t.Fatalf("the first fact is a %T, want a session", facts[0])
	}
	return session, facts[1:]
}

func gatewayCustomerOnce(t *testing.T, f GatewayFixture) {
	first := newShopper(t, f).customer
	again, err := f.Gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_1", Deployment: deployment, IdempotencyKey: "customer-1"})
	if err != nil || again != first {
		t.Errorf("the same key: got %q, %v, want %q", again, err, first)
	}
	other, err := f.Gateway.CreateCustomer(t.Context(), ports.CustomerRequest{User: "user_2", IdempotencyKey: "customer-2"})
	if err != nil || other == first {
		t.Errorf("another key: got %q, %v, want another than %q", other, err, first)
	}
}

func gatewayFetchCustomer(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	if deleted, err := f.Gateway.FetchCustomer(t.Context(), s.customer); deleted || err != nil {
		t.Errorf("one that is there: got deleted %t, %v", deleted, err)
	}
	for _, id := range []domain.CustomerID{"cus_unknown", "sub_1", ""} {
		deleted, err := f.Gateway.FetchCustomer(t.Context(), id)
		if deleted || !errors.Is(err, ports.ErrNotFound) || errors.Is(err, ports.ErrGatewayRefused) {
			t.Errorf("%q: got deleted %t, %v, want %v", id, deleted, err, ports.ErrNotFound)
		}
	}
	if f.DeleteCustomer == nil {
		return
	}
	f.DeleteCustomer(t, s.customer)
	if deleted, err := f.Gateway.FetchCustomer(t.Context(), s.customer); !deleted || err != nil {
		t.Errorf("one that was deleted: got deleted %t, %v", deleted, err)
	}
	if _, err := f.Gateway.CreateSession(t.Context(), s.request("order1", domain.ModePayment)); !errors.Is(err, ports.ErrCustomerGone) {
		t.Errorf("a session for one that was deleted: got %v, want %v", err, ports.ErrCustomerGone)
	}
}

func gatewayPrices(t *testing.T, f GatewayFixture) {
	got, err := f.Gateway.Prices(t.Context(), []domain.Price{
		{ID: f.OneTime.ID},
		{LookupKey: f.Recurring.LookupKey},
		{ID: "price_unknown"},
		{LookupKey: "unknown"},
	})
	if err != nil {
		t.Fatal(err)
	}
	found := map[domain.PriceID]ports.StripePrice{}
	for _, p := range got {
		found[p.ID] = p
		if !p.ForSale() || p.Amount <= 0 || p.AmountUnknown || p.Tiered || p.Metered || len(p.Currency) != 3 {
			t.Errorf("got %+v, want a price for sale with an amount per unit", p)
		}
	}
	if len(got) != 2 || len(found) != 2 {
		t.Fatalf("got %+v, want the two known prices", got)
	}
	if p := found[f.OneTime.ID]; p.LookupKey != f.OneTime.LookupKey || p.Interval != "" || p.IntervalCount != 0 {
		t.Errorf("got %+v, want the one-time price", p)
	}
	if p := found[f.Recurring.ID]; p.LookupKey != f.Recurring.LookupKey || p.Interval == "" || p.IntervalCount < 1 {
		t.Errorf("got %+v, want the recurring price", p)
	}
	if none, err := f.Gateway.Prices(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("asked for no price: got %+v, %v", none, err)
	}
}

func gatewayCanceled(t *testing.T, f GatewayFixture) {
	s := newShopper(t, f)
	id := s.create(t, s.request("order1", domain.ModePayment)).ID
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range map[string]func() error{
		"create customer": func() error {
			_, err := s.Gateway.CreateCustomer(ctx, ports.CustomerRequest{User: "user_2", IdempotencyKey: "customer-2"})
			return err
		},
		"create session": func() error {
			_, err := s.Gateway.CreateSession(ctx, s.request("order2", domain.ModePayment))
			return err
		},
		"fetch customer":     func() error { _, err := s.Gateway.FetchCustomer(ctx, s.customer); return err },
		"expire session":     func() error { _, err := s.Gateway.ExpireSession(ctx, id); return err },
		"fetch session":      func() error { _, err := s.Gateway.FetchSession(ctx, id); return err },
		"fetch subscription": func() error { _, err := s.Gateway.FetchSubscription(ctx, "sub_1"); return err },
		"fetch charge": func() error {
			_, err := s.Gateway.FetchCharge(ctx, domain.Ref{Kind: domain.RefCharge, ID: "ch_1"})
			return err
		},
		"prices": func() error { _, err := s.Gateway.Prices(ctx, []domain.Price{s.OneTime}); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
		}
	}
}
