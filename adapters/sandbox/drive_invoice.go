package sandbox

import (
	"fmt"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/pages"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// PayInvoice pays an open invoice, or the latest one of a subscription, as the
// buyer does on Stripe's page with a card that is good.
func (s *Sandbox) PayInvoice(invoiceOrSubscriptionID string) error {
	return s.withInvoice(invoiceOrSubscriptionID, []string{"open", "uncollectible"}, func(in *state.Invoice) {
		if pm := s.stripe.MethodFor(in); in.Due() > 0 && (pm == nil || pm.Refusal() != nil) {
			s.stripe.NewCard(in, state.GoodCard)
		}
		s.stripe.ChargeFor(in, life.Attempt{Authenticated: true})
		s.stripe.InvoiceSettled(in)
	})
}

// RetryInvoice makes Stripe's next attempt to collect an open invoice, or the
// latest one of a subscription, with the card that the buyer has now. pays makes no
// card good that SetCard has made bad.
func (s *Sandbox) RetryInvoice(invoiceOrSubscriptionID string, pays bool) error {
	return s.withInvoice(invoiceOrSubscriptionID, []string{"open"}, func(in *state.Invoice) {
		if s.stripe.ChargeFor(in, life.Later(pays)) {
			s.stripe.InvoiceSettled(in)
		}
	})
}

// ExhaustRetries fails the last attempt to collect an open invoice, or the latest
// one of a subscription. The subscription becomes what the account's settings say:
// canceled, unpaid, or past_due as it was.
func (s *Sandbox) ExhaustRetries(invoiceOrSubscriptionID, status string) error {
	if !slices.Contains([]string{"canceled", "unpaid", "past_due"}, status) {
		return fmt.Errorf("sandbox: no retries end with %q: use canceled, unpaid or past_due", status)
	}
	return s.withInvoice(invoiceOrSubscriptionID, []string{"open"}, func(in *state.Invoice) { s.stripe.GiveUpInvoice(in, status) })
}

// PassDueDate makes an open invoice that was sent to the customer, or the latest one
// of a subscription, overdue now. Its subscription becomes past_due.
func (s *Sandbox) PassDueDate(invoiceOrSubscriptionID string) error {
	var err error
	missing := s.withInvoice(invoiceOrSubscriptionID, []string{"open"}, func(in *state.Invoice) {
		if !in.ToBeSent() {
			err = fmt.Errorf("sandbox: invoice %s was not sent, and has no due date", in.ID)
			return
		}
		in.DueDate = min(in.DueDate, s.stripe.NowUnix())
		s.stripe.PassDueDate(in)
	})
	if missing != nil {
		return missing
	}
	return err
}

// VoidInvoice voids an open invoice, or the latest one of a subscription, as
// Stripe's dashboard does.
func (s *Sandbox) VoidInvoice(invoiceOrSubscriptionID string) error {
	return s.withInvoice(invoiceOrSubscriptionID, []string{"open", "uncollectible"}, func(in *state.Invoice) {
		s.stripe.VoidInvoice(in)
		s.stripe.InvoiceGivenUp(in)
	})
}

// MarkInvoiceUncollectible writes an open invoice off, or the latest one of a
// subscription, as Stripe's dashboard does.
func (s *Sandbox) MarkInvoiceUncollectible(invoiceOrSubscriptionID string) error {
	return s.withInvoice(invoiceOrSubscriptionID, []string{"open"}, func(in *state.Invoice) {
		s.stripe.WriteOffInvoice(in)
		s.stripe.InvoiceGivenUp(in)
	})
}

// SetCard gives a subscription, or a customer for the subscriptions that it gets
// through the API, another card: one of the test cards, of which
// 4000000000000341 fails whenever it is charged, or none if number is empty.
func (s *Sandbox) SetCard(subscriptionOrCustomerID, number string) error {
	number = pages.Digits(number)
	if number != "" && !state.IsTestCard(number) {
		return fmt.Errorf("sandbox: %s is not one of the test cards", number)
	}
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	if sub := s.stripe.Subscriptions.Get(subscriptionOrCustomerID); sub != nil {
		cu := s.stripe.Customers.Get(sub.Customer)
		if number == "" {
			s.stripe.SetMethod(sub, "")
			s.stripe.SetCustomerMethod(cu, "")
			return nil
		}
		pm := s.stripe.AddCard(number, time.Time{})
		s.stripe.AttachMethod(pm, cu.ID)
		s.stripe.SetMethod(sub, pm.ID)
		return nil
	}
	if cu := s.stripe.LiveCustomer(subscriptionOrCustomerID); cu != nil {
		cu.Cardless = number == ""
		if number == "" {
			s.stripe.SetCustomerMethod(cu, "")
		} else {
			s.stripe.GiveCard(cu, number)
		}
		return nil
	}
	return fmt.Errorf("sandbox: no such subscription or customer: %s", subscriptionOrCustomerID)
}

func (s *Sandbox) withInvoice(invoiceOrSubscriptionID string, statuses []string, do func(*state.Invoice)) error {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	id := invoiceOrSubscriptionID
	if sub := s.stripe.Subscriptions.Get(id); sub != nil {
		id = sub.LatestInvoice
	}
	in := s.stripe.Invoices.Get(id)
	switch {
	case in == nil:
		return fmt.Errorf("sandbox: no such invoice or subscription: %s", invoiceOrSubscriptionID)
	case !slices.Contains(statuses, in.Status):
		return fmt.Errorf("sandbox: invoice %s is %s, and has to be %s", in.ID, in.Status, wire.Alternatives(statuses))
	}
	do(in)
	return nil
}
