package portstest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// subscriber is a shopper with an active subscription to two of the recurring price.
type subscriber struct {
	shopper
	sub domain.Subscription
}

func newSubscriber(t *testing.T, f GatewayFixture) subscriber {
	t.Helper()
	return subscriberByOrder(t, f, "order1")
}

func subscriberByOrder(t *testing.T, f GatewayFixture, order domain.OrderID) subscriber {
	t.Helper()
	s := newShopper(t, f)
	return subscriber{s, s.fetchSubscription(t, s.request(order, domain.ModeSubscription)).Snapshot}
}

func (s subscriber) to(price domain.Price, quantity int64, key string) ports.ChangeRequest {
	return ports.ChangeRequest{
		Change:     ports.Change{Subscription: s.sub.ID, Item: s.sub.Items[0].ID, Price: price.ID, Quantity: quantity},
		Deployment: deployment, IdempotencyKey: string(s.sub.ID) + " " + key,
	}
}

func (s subscriber) preview(r ports.ChangeRequest, at time.Time, atPeriodEnd bool) ports.PreviewRequest {
	return ports.PreviewRequest{Change: r.Change, At: at, AtPeriodEnd: atPeriodEnd}
}

func (s subscriber) end(key string) ports.EndRequest {
	return ports.EndRequest{Subscription: s.sub.ID, Deployment: deployment, IdempotencyKey: string(s.sub.ID) + " " + key}
}

// is checks the one item of a subscription.
func (s subscriber) is(t *testing.T, when string, sub domain.Subscription, price domain.Price, quantity int64) {
	t.Helper()
	if len(sub.Items) != 1 || sub.Items[0].Price != price.ID || sub.Items[0].Quantity != quantity {
		t.Errorf("%s: got %+v, want %d of %s", when, sub.Items, quantity, price.ID)
	}
}

func (s subscriber) invoices(t *testing.T) []domain.InvoiceFact {
	t.Helper()
	all, err := s.Gateway.FetchInvoices(t.Context(), s.sub.ID)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func gatewayChange(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	r := s.to(s.Dearer, 3, "change-1")
	for _, try := range []string{"the first time", "the same again"} {
		changed, err := s.Gateway.ChangeSubscription(t.Context(), r)
		if err != nil || changed.Pending || changed.PayURL != "" {
			t.Fatalf("%s: got %+v, %v", try, changed, err)
		}
		if changed.Fact.Type != domain.TypeFetched || changed.Fact.Snapshot.ID != s.sub.ID {
			t.Errorf("%s: got %+v, want the subscription, fetched", try, changed.Fact)
		}
		s.is(t, try, changed.Fact.Snapshot, s.Dearer, 3)
		if s.sub.Items[0].ID != changed.Fact.Snapshot.Items[0].ID {
			t.Errorf("%s: the item was replaced by another", try)
		}
		if n := len(s.invoices(t)); n != 2 {
			t.Errorf("%s: there are %d invoices, want the first and that of the change", try, n)
		}
	}
	r.Quantity = 4
	if _, err := s.Gateway.ChangeSubscription(t.Context(), r); !errors.Is(err, ports.ErrKeyMismatch) {
		t.Errorf("the key for something else: got %v, want %v", err, ports.ErrKeyMismatch)
	}
	s.is(t, "after that", s.now(t, s.sub.ID), s.Dearer, 3)
}

// What comes late says how things are, and changes nothing.
func gatewayChangeLate(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	first, back := s.to(s.Dearer, 2, "there"), s.to(s.Recurring, 2, "and back")
	for _, r := range []ports.ChangeRequest{first, back, first} {
		if _, err := s.Gateway.ChangeSubscription(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	s.is(t, "after a late repetition", s.now(t, s.sub.ID), s.Recurring, 2)
}

func gatewayChangeUnpaid(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	s.DeclineCards(t, s.customer, s.sub.ID)
	changed, err := s.Gateway.ChangeSubscription(t.Context(), s.to(s.Dearer, 2, "change-1"))
	if err != nil || !changed.Pending || changed.PayURL == "" {
		t.Fatalf("got %+v, %v, want a change that waits, and where it is paid", changed, err)
	}
	s.is(t, "unpaid", changed.Fact.Snapshot, s.Recurring, 2)
	if url, err := s.Gateway.PayPage(t.Context(), s.sub.ID); err != nil || url != changed.PayURL {
		t.Errorf("the pay page: got %q, %v, want %q", url, err, changed.PayURL)
	}
}

func gatewayNothingToPay(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	for _, id := range []domain.SubscriptionID{s.sub.ID, "sub_unknown", ""} {
		if url, err := s.Gateway.PayPage(t.Context(), id); !errors.Is(err, ports.ErrNotFound) || url != "" {
			t.Errorf("%q: got %q, %v, want %v", id, url, err, ports.ErrNotFound)
		}
	}
}

func gatewayChangeRefused(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	for name, c := range map[string]struct {
		change func(*ports.ChangeRequest)
		want   error
	}{
		"an unknown price":        {func(r *ports.ChangeRequest) { r.Price = "price_unknown" }, ports.ErrGatewayRefused},
		"an unknown item":         {func(r *ports.ChangeRequest) { r.Item = "si_unknown" }, ports.ErrGatewayRefused},
		"no item":                 {func(r *ports.ChangeRequest) { r.Item = "" }, ports.ErrGatewayRefused},
		"an unknown subscription": {func(r *ports.ChangeRequest) { r.Subscription = "sub_unknown" }, ports.ErrNotFound},
		"no subscription":         {func(r *ports.ChangeRequest) { r.Subscription = "" }, ports.ErrNotFound},
	} {
		r := s.to(s.Dearer, 2, "change "+name)
		c.change(&r)
		for does, call := range map[string]func() error{
			"change":   func() error { _, err := s.Gateway.ChangeSubscription(t.Context(), r); return err },
			"schedule": func() error { _, err := s.Gateway.ScheduleChange(t.Context(), r); return err },
			"preview": func() error {
				_, err := s.Gateway.PreviewChange(t.Context(), s.preview(r, time.Now(), false))
				return err
			},
		} {
			if does == "schedule" {
				r.IdempotencyKey = "schedule " + name
			}
			if err := call(); !errors.Is(err, c.want) {
				t.Errorf("%s to %s: got %v, want %v", does, name, err, c.want)
			}
		}
	}
	s.is(t, "after all that", s.now(t, s.sub.ID), s.Recurring, 2)
}

// A preview is what then happens, to the cent.
func gatewayPreview(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	at := time.Now().Truncate(time.Second)
	for i, to := range []struct {
		price    domain.Price
		quantity int64
	}{{s.Dearer, 3}, {s.Dearer, 1}, {s.Recurring, 9}} {
		r := s.to(to.price, to.quantity, fmt.Sprint("change-", i))
		r.ProrationDate = at
		p, err := s.Gateway.PreviewChange(t.Context(), s.preview(r, at, false))
		if err != nil || p.Now == nil || p.Later == nil {
			t.Fatalf("%d: got %+v, %v, want what is due now and later", i, p, err)
		}
		if again, err := s.Gateway.PreviewChange(t.Context(), s.preview(r, at, false)); err != nil || again.Now.Total != p.Now.Total {
			t.Errorf("%d: asked again: got %+v, %v, want %+v", i, again.Now, err, p.Now)
		}
		if _, err := s.Gateway.ChangeSubscription(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		invoice := s.invoices(t)[0].Invoice
		s.same(t, fmt.Sprint(i, " now"), *p.Now, invoice)
		if p.Later.Currency != p.Now.Currency || !p.Later.At.After(at) {
			t.Errorf("%d: due later: got %+v", i, p.Later)
		}
		if i == 2 {
			s.Renew(t, s.sub.ID)
			s.same(t, "later", *p.Later, s.invoices(t)[0].Invoice)
		}
	}
}

func (s subscriber) same(t *testing.T, when string, p ports.InvoicePreview, i domain.Invoice) {
	t.Helper()
	if p.Total != i.Total || p.Currency != i.Currency || len(p.Lines) != len(i.Lines) {
		t.Errorf("%s: previewed %+v, and it was %+v", when, p, i)
	}
	var sum int64
	for _, l := range p.Lines {
		sum += l.Amount
	}
	if sum != p.Total || p.AmountDue < 0 || p.AmountDue > max(p.Total, 0) {
		t.Errorf("%s: the amounts of %+v do not fit together", when, p)
	}
}

func gatewayPreviewAtPeriodEnd(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	r := s.to(s.Dearer, 3, "schedule-1")
	p, err := s.Gateway.PreviewChange(t.Context(), s.preview(r, time.Now(), true))
	if err != nil || p.Now != nil || p.Later == nil {
		t.Fatalf("got %+v, %v, want what is due later alone", p, err)
	}
	if _, err := s.Gateway.ScheduleChange(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	another := s.to(s.Dearer, 9, "").Change
	for _, atPeriodEnd := range []bool{false, true} {
		also, err := s.Gateway.PreviewChange(t.Context(), ports.PreviewRequest{Change: another, At: time.Now(), AtPeriodEnd: atPeriodEnd})
		if err != nil || also.Later != nil || (also.Now == nil) != atPeriodEnd {
			t.Errorf("with a change that is planned: got %+v, %v, want nothing said of later", also, err)
		}
	}
	s.Renew(t, s.sub.ID)
	s.same(t, "later", *p.Later, s.invoices(t)[0].Invoice)
}

func gatewaySchedule(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	// The last of several plans counts, and a repetition changes nothing.
	for _, r := range []ports.ChangeRequest{s.to(s.Dearer, 7, "schedule-1"), s.to(s.Dearer, 5, "schedule-2"), s.to(s.Dearer, 5, "schedule-2")} {
		changed, err := s.Gateway.ScheduleChange(t.Context(), r)
		if err != nil || changed.Pending {
			t.Fatalf("got %+v, %v", changed, err)
		}
		s.is(t, "planned", changed.Fact.Snapshot, s.Recurring, 2)
	}
	s.Renew(t, s.sub.ID)
	s.is(t, "in the next period", s.now(t, s.sub.ID), s.Dearer, 5)
	s.Renew(t, s.sub.ID)
	s.is(t, "and in the one after", s.now(t, s.sub.ID), s.Dearer, 5)
}

// Whatever else is asked for takes a planned change back.
func gatewayScheduleDropped(t *testing.T, f GatewayFixture) {
	for name, drop := range map[string]func(s subscriber) error{
		"by another change": func(s subscriber) error {
			_, err := s.Gateway.ChangeSubscription(t.Context(), s.to(s.Recurring, 4, "change"))
			return err
		},
		"by resuming": func(s subscriber) error {
			_, err := s.Gateway.ResumeSubscription(t.Context(), ports.ResumeRequest{EndRequest: s.end("resume")})
			return err
		},
		"by canceling, and resuming": func(s subscriber) error {
			_, err := s.Gateway.CancelSubscription(t.Context(), s.end("cancel"), false)
			if err == nil {
				_, err = s.Gateway.ResumeSubscription(t.Context(), ports.ResumeRequest{EndRequest: s.end("resume")})
			}
			return err
		},
	} {
		s := subscriberByOrder(t, f, domain.OrderID("order "+name))
		if _, err := s.Gateway.ScheduleChange(t.Context(), s.to(s.Dearer, 3, "schedule")); err != nil {
			t.Fatal(err)
		}
		if err := drop(s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		before := s.now(t, s.sub.ID).Items[0].Quantity
		s.Renew(t, s.sub.ID)
		s.is(t, name, s.now(t, s.sub.ID), s.Recurring, before)
	}
}

func gatewayScheduleOutlivesDecline(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	if _, err := s.Gateway.ScheduleChange(t.Context(), s.to(s.Recurring, 1, "schedule")); err != nil {
		t.Fatal(err)
	}
	s.DeclineCards(t, s.customer, s.sub.ID)
	if changed, err := s.Gateway.ChangeSubscription(t.Context(), s.to(s.Dearer, 2, "change")); err != nil || !changed.Pending {
		t.Fatalf("got %+v, %v, want a change that waits", changed, err)
	}
	s.plans(t, s.Recurring, 1)
}

func gatewayScheduleOutlivesRepetition(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	change := s.to(s.Dearer, 3, "change")
	for _, call := range []func() (ports.Changed, error){
		func() (ports.Changed, error) { return s.Gateway.ChangeSubscription(t.Context(), change) },
		func() (ports.Changed, error) {
			return s.Gateway.ScheduleChange(t.Context(), s.to(s.Recurring, 1, "schedule"))
		},
		func() (ports.Changed, error) { return s.Gateway.ChangeSubscription(t.Context(), change) },
	} {
		if _, err := call(); err != nil {
			t.Fatal(err)
		}
	}
	s.plans(t, s.Recurring, 1)
}

// plans checks what a subscription becomes at the end of its period.
func (s subscriber) plans(t *testing.T, price domain.Price, quantity int64) {
	t.Helper()
	details, err := s.Gateway.FetchBilling(t.Context(), s.sub.ID)
	if err != nil || details.Planned == nil {
		t.Fatalf("got %+v, %v, want a planned change", details, err)
	}
	planned := details.Planned
	if len(planned.Items) != 1 || planned.Items[0] != (ports.PlannedItem{Price: price.ID, Quantity: quantity}) {
		t.Errorf("got %+v, want %d of %s", planned.Items, quantity, price.ID)
	}
	if !planned.At.Equal(s.now(t, s.sub.ID).PeriodEnd()) {
		t.Errorf("planned for %s, want the end of the period", planned.At)
	}
}

func gatewayBilling(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	details, err := s.Gateway.FetchBilling(t.Context(), s.sub.ID)
	if err != nil || details.Planned != nil || details.Method == nil || details.Method.Brand != "visa" || details.Method.Last4 != "4242" {
		t.Errorf("got %+v, %v, want a card, and nothing planned", details, err)
	}
	for _, id := range []domain.SubscriptionID{"sub_unknown", ""} {
		if _, err := s.Gateway.FetchBilling(t.Context(), id); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("%q: got %v, want %v", id, err, ports.ErrNotFound)
		}
	}
}

func gatewayCancelAtPeriodEnd(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	for range 2 {
		fact, err := s.Gateway.CancelSubscription(t.Context(), s.end("cancel-1"), false)
		if err != nil || fact.Type != domain.TypeFetched || fact.Snapshot.Status != domain.StatusActive || !fact.Snapshot.CancelAtPeriodEnd {
			t.Fatalf("canceled: got %+v, %v", fact, err)
		}
	}
	fact, err := s.Gateway.ResumeSubscription(t.Context(), ports.ResumeRequest{EndRequest: s.end("resume-1")})
	if err != nil || fact.Snapshot.CancelAtPeriodEnd || !fact.Snapshot.CancelAt.IsZero() {
		t.Fatalf("resumed: got %+v, %v", fact, err)
	}
	if _, err := s.Gateway.CancelSubscription(t.Context(), s.end("cancel-1"), false); err != nil {
		t.Fatal(err)
	}
	if now := s.now(t, s.sub.ID); now.CancelAtPeriodEnd {
		t.Error("a late repetition canceled again")
	}
	again := ports.ResumeRequest{EndRequest: s.end("resume-2")}
	if _, err := s.Gateway.ResumeSubscription(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Gateway.CancelSubscription(t.Context(), s.end("cancel-2"), false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Gateway.ResumeSubscription(t.Context(), again); err != nil && !errors.Is(err, ports.ErrKeyMismatch) {
		t.Fatal(err)
	}
	if now := s.now(t, s.sub.ID); !now.CancelAtPeriodEnd && now.CancelAt.IsZero() {
		t.Error("a late repetition of what had nothing to resume resumed")
	}
	s.Renew(t, s.sub.ID)
	if now := s.now(t, s.sub.ID); now.Status != domain.StatusCanceled {
		t.Errorf("after its period: got %+v, want it canceled", now)
	}
}

func gatewayCancelNow(t *testing.T, f GatewayFixture) {
	s := newSubscriber(t, f)
	for range 2 {
		fact, err := s.Gateway.CancelSubscription(t.Context(), s.end("cancel-1"), true)
		if err != nil || fact.Snapshot.Status != domain.StatusCanceled || fact.Snapshot.EndedAt.IsZero() {
			t.Fatalf("got %+v, %v, want it ended", fact, err)
		}
	}
	// A late repetition may come when there is another subscription.
	another, r := subscriberByOrder(t, f, "order2"), s.end("cancel-1")
	r.Subscription = another.sub.ID
	if fact, err := s.Gateway.CancelSubscription(t.Context(), r, true); !errors.Is(err, ports.ErrKeyMismatch) {
		t.Errorf("the key for another subscription: got %+v, %v, want %v", fact, err, ports.ErrKeyMismatch)
	}
	if now := s.now(t, another.sub.ID); now.Status != domain.StatusActive {
		t.Errorf("the other subscription: got %+v, want it as it was", now)
	}
	if fact, err := s.Gateway.ResumeSubscription(t.Context(), ports.ResumeRequest{EndRequest: s.end("resume-1")}); err != nil || fact.Snapshot.Status != domain.StatusCanceled {
		t.Errorf("resumed after its end: got %+v, %v, want it as it is", fact, err)
	}
	for _, id := range []domain.SubscriptionID{"sub_unknown", ""} {
		r := ports.EndRequest{Subscription: id, Deployment: deployment, IdempotencyKey: "k"}
		if _, err := s.Gateway.CancelSubscription(t.Context(), r, true); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("cancel %q: got %v, want %v", id, err, ports.ErrNotFound)
		}
		if _, err := s.Gateway.ResumeSubscription(t.Context(), ports.ResumeRequest{EndRequest: r}); !errors.Is(err, ports.ErrNotFound) {
			t.Errorf("resume %q: got %v, want %v", id, err, ports.ErrNotFound)
		}
	}
}
