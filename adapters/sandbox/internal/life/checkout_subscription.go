package life

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/state"

// subscriptionOf is the subscription that the session will make, and how that begins.
func (s *Stripe) subscriptionOf(cs *state.Session) (*state.Subscription, FirstInvoice) {
	sub := &state.Subscription{
		Customer: cs.Customer, Currency: cs.Currency, Description: cs.DataDescription, Metadata: cs.DataMetadata,
		AutomaticTax: cs.AutomaticTax, MissingPaymentMethod: cs.MissingPaymentMethod, Flexible: cs.Flexible,
	}
	first := FirstInvoice{Discount: cs.Discount, TrialDays: cs.TrialDays, TrialEnd: cs.TrialEnd, MethodTypes: cs.PaymentMethodTypes}
	for _, l := range cs.Lines {
		if s.Prices.Get(l.Price).Recurring() {
			sub.Items = append(sub.Items, state.SubscriptionItem{Price: l.Price, Quantity: l.Quantity})
		} else {
			first.Once = append(first.Once, s.OnceLine(l.Price, l.Quantity, cs.Currency))
		}
	}
	return sub, first
}

// prepareSubscription makes the subscription before it is paid for. One that costs nothing
// yet has its payment method at once; else the first payment gives it.
func (s *Stripe) prepareSubscription(cs *state.Session, pm *state.PaymentMethod) {
	sub, first := s.subscriptionOf(cs)
	if pm != nil && s.SessionTotal(cs) == 0 {
		s.AttachMethod(pm, cs.Customer)
		sub.DefaultMethod = pm.ID
	}
	in := s.AddSubscription(sub, first)
	cs.Subscription, cs.Invoice, cs.PaymentIntent = sub.ID, in.ID, in.PaymentIntent
}

// prepareLater makes the payment alone of a subscription that comes after it, and tells
// whether that is the way: not of one that costs nothing yet.
func (s *Stripe) prepareLater(cs *state.Session) bool {
	if !cs.SubscribesLater() || s.firstDue(cs) == 0 {
		return false
	}
	pi := &state.PaymentIntent{
		Customer: cs.Customer, Currency: cs.Currency, Amount: s.firstDue(cs), Description: "Subscription creation",
		MethodTypes: cs.PaymentMethodTypes, SetupFutureUsage: "off_session",
	}
	s.AddPaymentIntent(pi)
	cs.PaymentIntent = pi.ID
	return true
}

// firstDue is what the first invoice of the session's subscription will come to.
func (s *Stripe) firstDue(cs *state.Session) int64 {
	sub, first := s.subscriptionOf(cs)
	in := s.firstInvoiceOf(sub, first)
	if cu := s.Customers.Get(cs.Customer); cu != nil {
		in.StartingBalance = cu.Balance
	}
	return in.Due()
}

// subscribe makes the subscription that an intent pays for, or is about to, unless it is
// there.
func (s *Stripe) subscribe(cs *state.Session, pi *state.PaymentIntent) {
	if !cs.SubscribesLater() || cs.Subscription != "" {
		return
	}
	sub, first := s.subscriptionOf(cs)
	first.paidBy, sub.DefaultMethod = pi, pi.PaymentMethod
	in := s.AddSubscription(sub, first)
	cs.Subscription, cs.Invoice = sub.ID, in.ID
}
