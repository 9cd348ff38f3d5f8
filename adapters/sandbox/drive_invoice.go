package sandbox

import (
	"fmt"
	"slices"
	"time"
)

// PayInvoice pays an open invoice, or the latest one of a subscription, as the
// buyer does on Stripe's page with a card that is good.
func (s *Sandbox) PayInvoice(invoiceOrSubscriptionID string) error {
	return s.withInvoice(invoiceOrSubscriptionID, []string{"open", "uncollectible"}, func(in *invoice) {
		if pm := s.methodFor(in); in.due() > 0 && (pm == nil || pm.refusal() != nil) {
			s.newCard(in, goodCard)
		}
		s.chargeFor(in, attempt{authenticated: true})
		s.settled(in)
	})
}

// RetryInvoice makes Stripe's next attempt to collect an open invoice, or the
// latest one of a subscription, with the card that the buyer has now. pays makes no
// card good that SetCard has made bad.
func (s *Sandbox) RetryInvoice(invoiceOrSubscriptionID string, pays bool) error {
	return s.withInvoice(invoiceOrSubscriptionID, []string{"open"}, func(in *invoice) {
		if s.chargeFor(in, later(pays)) {
			s.settled(in)
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
	return s.withInvoice(invoiceOrSubscriptionID, []string{"open"}, func(in *invoice) { s.giveUp(in, status) })
}

// PassDueDate makes an open invoice that was sent to the customer, or the latest one
// of a subscription, overdue now. Its subscription becomes past_due.
func (s *Sandbox) PassDueDate(invoiceOrSubscriptionID string) error {
	var err error
	missing := s.withInvoice(invoiceOrSubscriptionID, []string{"open"}, func(in *invoice) {
		if !in.toBeSent() {
			err = fmt.Errorf("sandbox: invoice %s was not sent, and has no due date", in.id)
			return
		}
		in.dueDate = min(in.dueDate, s.nowUnix())
		s.passDueDate(in)
	})
	if missing != nil {
		return missing
	}
	return err
}

// VoidInvoice voids an open invoice, or the latest one of a subscription, as
// Stripe's dashboard does.
func (s *Sandbox) VoidInvoice(invoiceOrSubscriptionID string) error {
	return s.withInvoice(invoiceOrSubscriptionID, []string{"open", "uncollectible"}, func(in *invoice) {
		s.voidInvoice(in)
		s.givenUp(in)
	})
}

// MarkInvoiceUncollectible writes an open invoice off, or the latest one of a
// subscription, as Stripe's dashboard does.
func (s *Sandbox) MarkInvoiceUncollectible(invoiceOrSubscriptionID string) error {
	return s.withInvoice(invoiceOrSubscriptionID, []string{"open"}, func(in *invoice) {
		s.writeOff(in)
		s.givenUp(in)
	})
}

// SetCard gives a subscription, or a customer for the subscriptions that it gets
// through the API, another card: one of the test cards, of which
// 4000000000000341 fails whenever it is charged, or none if number is empty.
func (s *Sandbox) SetCard(subscriptionOrCustomerID, number string) error {
	number = digits(number)
	if number != "" && !isTestCard(number) {
		return fmt.Errorf("sandbox: %s is not one of the test cards", number)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sub := s.subscriptions.get(subscriptionOrCustomerID); sub != nil {
		cu := s.customers.get(sub.customer)
		if number == "" {
			s.setMethod(sub, "")
			s.setCustomerMethod(cu, "")
			return nil
		}
		pm := s.addCard(number, time.Time{})
		s.attach(pm, cu.id)
		s.setMethod(sub, pm.id)
		return nil
	}
	if cu := s.liveCustomer(subscriptionOrCustomerID); cu != nil {
		cu.cardless = number == ""
		if number == "" {
			s.setCustomerMethod(cu, "")
		} else {
			s.giveCard(cu, number)
		}
		return nil
	}
	return fmt.Errorf("sandbox: no such subscription or customer: %s", subscriptionOrCustomerID)
}

// giveCard makes a new card the default of the customer's invoices.
func (s *Sandbox) giveCard(cu *customer, number string) {
	pm := s.addCard(number, time.Time{})
	s.attach(pm, cu.id)
	s.setCustomerMethod(cu, pm.id)
}

// newCard is what a buyer fills in on the page of an invoice: it stays with the
// subscription, else with the invoice.
func (s *Sandbox) newCard(in *invoice, number string) {
	pm := s.addCard(number, time.Time{})
	pm.cvc = true
	s.attach(pm, in.customer)
	if sub := s.subscriptions.get(in.subscription); sub != nil && !sub.terminal() {
		s.setMethod(sub, pm.id)
		return
	}
	in.defaultMethod = pm.id
}

func (s *Sandbox) withInvoice(invoiceOrSubscriptionID string, statuses []string, do func(*invoice)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := invoiceOrSubscriptionID
	if sub := s.subscriptions.get(id); sub != nil {
		id = sub.latestInvoice
	}
	in := s.invoices.get(id)
	switch {
	case in == nil:
		return fmt.Errorf("sandbox: no such invoice or subscription: %s", invoiceOrSubscriptionID)
	case !slices.Contains(statuses, in.status):
		return fmt.Errorf("sandbox: invoice %s is %s, and has to be %s", in.id, in.status, alternatives(statuses))
	}
	do(in)
	return nil
}
