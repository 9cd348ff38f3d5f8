package life

import (
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// AddMethod keeps a payment method that belongs to nobody yet.
func (s *Stripe) AddMethod(pm *state.PaymentMethod) *state.PaymentMethod {
	pm.ID, pm.Created = wire.NewID("pm_1", 23), s.NowUnix()
	s.PaymentMethods.Add(pm.ID, pm)
	return pm
}

// AddCard keeps a card that belongs to nobody yet. It expires in some years if
// expiry is zero.
func (s *Stripe) AddCard(number string, expiry time.Time) *state.PaymentMethod {
	if expiry.IsZero() {
		expiry = s.Now().AddDate(3, 0, 0)
	}
	return s.AddMethod(&state.PaymentMethod{Kind: "card", Number: number, ExpiryMonth: int(expiry.Month()), ExpiryYear: expiry.Year()})
}

// MethodPaid keeps what a buyer chose on the page; nil if that was nothing.
func (s *Stripe) MethodPaid(p Payment, currency string) *state.PaymentMethod {
	var pm *state.PaymentMethod
	switch {
	case p.Settles != "":
		pm = s.AddMethod(&state.PaymentMethod{Kind: DebitType(currency), Fails: p.Settles == "fails"})
	case p.Card != "":
		pm = s.AddCard(p.Card, p.Expiry)
		pm.CVC = true
	default:
		return nil
	}
	pm.Email, pm.Name = p.Email, p.Name
	return pm
}

// AttachMethod makes the method the customer's, and says so.
func (s *Stripe) AttachMethod(pm *state.PaymentMethod, customer string) {
	pm.Customer = customer
	s.Emit("payment_method.attached", s.Render.PaymentMethod(pm), nil)
}

// DetachMethod takes the method from its customer, for good. What it was the default of
// has none afterwards.
func (s *Stripe) DetachMethod(pm *state.PaymentMethod) {
	was := pm.Customer
	before := s.Render.PaymentMethod(pm)
	pm.Customer, pm.Spent = "", true
	s.Emit("payment_method.detached", s.Render.PaymentMethod(pm), before)
	if cu := s.LiveCustomer(was); cu != nil && cu.DefaultMethod == pm.ID {
		s.SetCustomerMethod(cu, "")
	}
	for _, sub := range s.Subscriptions.Order {
		if sub.DefaultMethod == pm.ID && !sub.Terminal() {
			s.SetMethod(sub, "")
		}
	}
}

// SetMethod makes a method the subscription's default, "" for none.
func (s *Stripe) SetMethod(sub *state.Subscription, method string) {
	s.ChangeSubscription(sub, func() { sub.DefaultMethod = method })
}

// SetCustomerMethod makes a method the default of the customer's invoices, "" for none.
func (s *Stripe) SetCustomerMethod(cu *state.Customer, method string) {
	before := s.Render.Customer(cu)
	cu.DefaultMethod = method
	s.EmitUpdated("customer.updated", before, s.Render.Customer(cu))
}

// NoMethod is the error of a payment that there is nothing to take from.
func NoMethod() *wire.Error {
	return wire.Invalid("", "resource_missing", "This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.")
}

// GiveCard makes a new card the default of the customer's invoices.
func (s *Stripe) GiveCard(cu *state.Customer, number string) {
	pm := s.AddCard(number, time.Time{})
	s.AttachMethod(pm, cu.ID)
	s.SetCustomerMethod(cu, pm.ID)
}

// NewCard is what a buyer fills in on the page of an invoice: it stays with the
// subscription, else with the invoice.
func (s *Stripe) NewCard(in *state.Invoice, number string) {
	pm := s.AddCard(number, time.Time{})
	pm.CVC = true
	s.AttachMethod(pm, in.Customer)
	if sub := s.Subscriptions.Get(in.Subscription); sub != nil && !sub.Terminal() {
		s.SetMethod(sub, pm.ID)
		return
	}
	s.UpdateInvoice(in, func() { in.DefaultMethod = pm.ID })
}

// KeepHosted keeps what was filled in on the page of an invoice, for its subscription.
func (s *Stripe) KeepHosted(in *state.Invoice, pm *state.PaymentMethod) {
	cu := s.LiveCustomer(in.Customer)
	if cu == nil {
		return
	}
	if pm.Customer == "" {
		s.AttachMethod(pm, cu.ID)
	}
	if sub := s.Subscriptions.Get(in.Subscription); sub != nil && !sub.Terminal() {
		pm.SetUp = true
		s.SetMethod(sub, pm.ID)
	}
}
