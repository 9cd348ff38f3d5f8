package portstest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// tb is what a test and one run of a property have in common.
type tb interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

func touchOf(users ...domain.UserID) ports.Touch { return ports.Touch{Users: users} }

func update(t tb, s ports.Store, touch ports.Touch, fn func(ports.Found) ports.Kept) {
	t.Helper()
	err := s.Update(t.Context(), touch, func(f ports.Found) (ports.Kept, error) { return fn(f), nil })
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func stateOf(t tb, s ports.Store, user domain.UserID) ports.State {
	t.Helper()
	state, err := s.State(t.Context(), user)
	if err != nil {
		t.Fatalf("State: %v", err)
	}
	return state
}

func receiptOf(t tb, s ports.Store, id domain.EventID) domain.ProcessedEvent {
	t.Helper()
	r, err := s.Receipt(t.Context(), id)
	if err != nil {
		t.Fatalf("Receipt: %v", err)
	}
	return r
}

func usersOf(t tb, s ports.Store) []domain.UserID {
	t.Helper()
	users, err := s.Users(t.Context(), "", 1000)
	if err != nil {
		t.Fatalf("Users: %v", err)
	}
	return users
}

func wantNoTrace(t tb, s ports.Store) {
	t.Helper()
	if users := usersOf(t, s); len(users) > 0 {
		t.Errorf("users %v, want none", users)
	}
	receipts, err := s.Receipts(t.Context(), ports.ReceiptQuery{})
	if err != nil || len(receipts) > 0 {
		t.Errorf("receipts %v, %v, want none", receipts, err)
	}
	wantEqual(t, "state", stateOf(t, s, "ann"), ports.State{Account: domain.NewAccount("ann")})
	changes, err := s.Changes(t.Context(), "ann")
	if err != nil || len(changes) > 0 {
		t.Errorf("changes %v, %v, want none", changes, err)
	}
}

func order(user domain.UserID) domain.Order {
	return domain.Order{
		ID: domain.OrderID("o_" + user), Plan: "pro", Price: "monthly", Mode: domain.ModeSubscription, Quantity: 1,
		Status: domain.OrderOpen, PriceID: "price_1", SuccessURL: "https://example.com/ok", ExpiresAt: noon.Add(time.Hour),
		ClientKey: "key", Session: domain.SessionID("cs_" + user), CreatedAt: noon.Add(123456 * time.Microsecond),
		PaymentIntent: domain.PaymentIntentID("pi_" + user), Subtotal: 1200, Currency: "eur", CurrencyChosen: true,
	}
}

func subscription(user domain.UserID) domain.Subscription {
	return domain.Subscription{
		ID: domain.SubscriptionID("sub_" + user), Customer: domain.CustomerID("cus_" + user), Status: domain.StatusActive,
		Items: []domain.Item{
			{ID: "si_1", Price: "price_1", Quantity: 2, PeriodStart: noon, PeriodEnd: noon.AddDate(0, 1, 0)},
			{ID: "si_2", Price: "price_2", LookupKey: "k", Product: "prod_2"},
		},
		CustomerAccount: domain.CustomerAccountID("acct_" + user), Pause: domain.PauseVoid, LatestInvoice: domain.InvoiceID("in_" + user),
		StartedAt: noon, SeenAt: noon, Precedence: 1,
	}
}

// fullAccount has one of everything.
func fullAccount(user domain.UserID) domain.Account {
	a := domain.NewAccount(user)
	a.Customer, a.CustomerKey = domain.CustomerID("cus_"+user), "random"
	a.DeletedCustomers = []domain.CustomerID{domain.CustomerID("cus_deleted_" + user)}
	a.FormerCustomers = append(slices.Clone(a.DeletedCustomers), domain.CustomerID("cus_former_"+user))
	a.CustomerAccounts = []domain.CustomerAccountID{domain.CustomerAccountID("acct_" + user)}
	a.Meanings["price_1"], a.Meanings["price_2"] = "pro", "seats"
	o, sub := order(user), subscription(user)
	a.Orders[o.ID], a.Subscriptions[sub.ID] = o, sub
	withBilling(a)
	withMoney(a)
	return a
}

// everythingOf leaves one of everything behind for a user.
func everythingOf(f ports.Found, user domain.UserID) ports.Kept {
	state := f.States[user]
	state.Account = fullAccount(user)
	source := domain.Source{Kind: domain.SourceSubscription, ID: "sub_" + string(user)}
	state.Entitlements = []domain.Entitlement{
		{Feature: "projects", Source: source, Plan: "pro", Value: domain.Limit(100), Since: noon, Until: noon.AddDate(0, 1, 1)},
		{Feature: "projects", Source: source, Part: 1, Plan: "basic", Value: domain.Limit(10), Since: noon.AddDate(0, 1, 1), Until: noon.AddDate(0, 2, 0)},
		{Feature: "sso", Source: source, Plan: "pro", Value: domain.Flag(), Since: noon},
		{Feature: "support", Source: source, Plan: "pro", Value: domain.Choice("gold"), Since: noon, Until: noon.AddDate(0, 1, 1)},
		{Feature: "support", Source: source, Part: 1, Plan: "basic", Value: domain.Choice("mail"), Since: noon.AddDate(0, 1, 1)},
	}
	var changes []domain.Change
	for _, e := range state.Entitlements {
		changes = append(changes, domain.Change{User: user, Kind: domain.ChangeGranted, Entitlement: e, Event: "evt_1", Cause: domain.CauseAsked, At: noon})
	}
	return ports.Kept{States: []ports.State{state}, Changes: changes}
}

func receipt(id domain.EventID, outcome domain.Outcome) domain.ProcessedEvent {
	return domain.ProcessedEvent{
		ID: id, Type: "invoice.paid", Object: "in_1", User: "ann", Created: noon,
		ReceivedAt: noon.Add(time.Second), ProcessedAt: noon.Add(2 * time.Second), APIVersion: "2023-10-16", Livemode: true,
		Outcome: outcome, Reason: "because", Attempts: 1, Payload: []byte(`{"id":"` + id + `"}`),
	}
}

// drawTime draws what both Stripe and our clock give: zero, whole seconds or
// microseconds.
func drawTime(t *rapid.T, what string) time.Time {
	switch rapid.IntRange(0, 3).Draw(t, what+" resolution") {
	case 0:
		return time.Time{}
	case 1:
		return time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, what)).UTC()
	default:
		return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, what), 0).UTC()
	}
}

// drawText draws text that a database takes, quotes and backslashes too.
func drawText(t *rapid.T, what string) string {
	return rapid.OneOf(
		rapid.StringOf(rapid.RuneFrom([]rune(`aZ'"\?$%{};- é日😀`+"\t\n"))),
		rapid.SampledFrom([]string{"", "https://example.com/?a=1&b={CHECKOUT_SESSION_ID}", "'; DROP TABLE accounts; --", `\'`, "?0", "$1"}),
	).Draw(t, what)
}

func drawState(t *rapid.T, user domain.UserID) ports.State {
	a := domain.NewAccount(user)
	if rapid.Bool().Draw(t, "has customer") {
		a.Customer = domain.CustomerID("cus_" + user)
	}
	a.CustomerKey = "k" + drawText(t, "customer key")
	for i := range rapid.IntRange(0, 3).Draw(t, "customers before") {
		former := domain.CustomerID(fmt.Sprintf("cus_former_%s_%d", user, i))
		a.FormerCustomers = append(a.FormerCustomers, former)
		if rapid.Bool().Draw(t, "deleted") {
			a.DeletedCustomers = append(a.DeletedCustomers, former)
		}
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "customer accounts") {
		a.CustomerAccounts = append(a.CustomerAccounts, domain.CustomerAccountID(fmt.Sprintf("acct_%s_%d", user, i)))
	}
	for range rapid.IntRange(0, 3).Draw(t, "meanings") {
		a.Meanings[domain.PriceID(drawText(t, "price"))] = domain.PlanKey(drawText(t, "means"))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "orders") {
		o := drawOrder(t, fmt.Sprintf("%s_%d", user, i))
		a.Orders[o.ID] = o
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "subscriptions") {
		s := drawSubscription(t, fmt.Sprintf("%s_%d", user, i))
		a.Subscriptions[s.ID] = s
	}
	drawBilling(t, a)
	drawMoney(t, a)
	state := ports.State{Account: a}
	for i := range rapid.IntRange(0, 4).Draw(t, "entitlements") {
		state.Entitlements = append(state.Entitlements, drawStretches(t, fmt.Sprintf("feature%d", i), i)...)
	}
	return state
}

func drawOrder(t *rapid.T, name string) domain.Order {
	o := domain.Order{
		ID: domain.OrderID("o_" + name), Plan: domain.PlanKey(drawText(t, "plan")), Price: domain.PriceKey(drawText(t, "price")),
		Mode:     rapid.SampledFrom(domain.Modes).Draw(t, "mode"),
		Quantity: rapid.Int64Min(1).Draw(t, "quantity"),
		Status:   rapid.SampledFrom(domain.OrderStatuses).Draw(t, "order status"),
		PriceID:  domain.PriceID(drawText(t, "price id")),
		Subtotal: rapid.Int64().Draw(t, "subtotal"), Currency: drawText(t, "currency"), CurrencyChosen: rapid.Bool().Draw(t, "chosen"), TrialDays: rapid.IntRange(0, 1000).Draw(t, "trial days"),
		SuccessURL: drawText(t, "success"), CancelURL: drawText(t, "cancel"), Locale: drawText(t, "locale"),
		ExpiresAt: drawTime(t, "expires"), Attempt: rapid.IntRange(0, 9).Draw(t, "attempt"),
		Fingerprint: drawText(t, "fingerprint"), SessionURL: drawText(t, "session url"),
		CreatedAt: drawTime(t, "created"), PaidAt: drawTime(t, "paid"),
	}
	if rapid.Bool().Draw(t, "linked") {
		o.ClientKey = "key " + name
		o.Session = domain.SessionID("cs_" + name)
		o.Subscription = domain.SubscriptionID("sub_" + name)
		o.PaymentIntent = domain.PaymentIntentID("pi_" + name)
	}
	if o.Status == domain.OrderPaid && o.PaidAt.IsZero() {
		o.PaidAt = noon
	}
	return o
}

func drawValue(t *rapid.T) domain.Value {
	switch rapid.SampledFrom(domain.FeatureTypes).Draw(t, "type") {
	case domain.FeatureLimit:
		return domain.Limit(rapid.Int64Min(domain.Unlimited).Draw(t, "limit"))
	case domain.FeatureChoice:
		return domain.Choice(rapid.StringMatching("[a-z0-9][a-z0-9_-]{0,63}").Draw(t, "choice"))
	default:
		return domain.Flag()
	}
}

// drawEntitlement draws one of those that sort by the number.
func drawEntitlement(t *rapid.T, feature string, n int) domain.Entitlement {
	value := drawValue(t)
	ending := domain.Ending{Renews: rapid.Bool().Draw(t, "renews"), InGrace: rapid.Bool().Draw(t, "in grace")}
	if ending.Renews {
		ending.EndsAt = drawTime(t, "ends at")
	}
	return domain.Entitlement{
		Feature: domain.FeatureKey(feature),
		Source:  domain.Source{Kind: rapid.SampledFrom(domain.SourceKinds).Draw(t, "source"), ID: fmt.Sprintf("source%d", n)},
		Plan:    domain.PlanKey(drawText(t, "plan")), Value: value,
		Since: drawTime(t, "since"), Until: drawTime(t, "until"), Ending: ending,
	}
}

// drawStretches draws what one source gives of one feature, one after the other.
func drawStretches(t *rapid.T, feature string, n int) []domain.Entitlement {
	first := drawEntitlement(t, feature, n)
	first.Part = rapid.IntRange(0, 2).Draw(t, "first part")
	all := []domain.Entitlement{first}
	for range rapid.IntRange(0, 2).Draw(t, "more stretches") {
		e := drawEntitlement(t, feature, n)
		e.Source, e.Part = first.Source, all[len(all)-1].Part+rapid.IntRange(1, 2).Draw(t, "next part")
		all = append(all, e)
	}
	return all
}

func drawReceipt(t *rapid.T, id domain.EventID) domain.ProcessedEvent {
	var waitsFor domain.Ref
	if rapid.Bool().Draw(t, "waits") {
		waitsFor = domain.Ref{Kind: domain.RefPaymentIntent, ID: drawText(t, "waits for")}
	}
	return domain.ProcessedEvent{
		ID: id, Type: domain.EventType(drawText(t, "type")), Object: drawText(t, "object"), User: domain.UserID(drawText(t, "user")),
		Created: drawTime(t, "created"), ReceivedAt: drawTime(t, "received"), ProcessedAt: drawTime(t, "processed"),
		APIVersion: drawText(t, "api version"), Livemode: rapid.Bool().Draw(t, "livemode"),
		Outcome: rapid.SampledFrom(domain.Outcomes).Draw(t, "outcome"), Reason: drawText(t, "reason"),
		WaitsFor: waitsFor,
		Attempts: rapid.IntRange(1, 100).Draw(t, "attempts"), Payload: rapid.SliceOf(rapid.Byte()).Draw(t, "payload"),
	}
}
