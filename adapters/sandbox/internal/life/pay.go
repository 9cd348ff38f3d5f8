package life

import (
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// Payment is what a buyer chose: a test card, or a bank debit that settles
// later. Neither means that there was nothing to pay.
type Payment struct {
	Card        string    // number, digits alone
	Expiry      time.Time // last month of the card; some years ahead if zero
	Settles     string    // "succeeds" or "fails" for a bank debit
	Email, Name string
}

// PaySession is an attempt of the buyer to complete an open session. A declined card
// leaves it open. Mu is held.
func (s *Stripe) PaySession(cs *state.Session, p Payment) *wire.Error {
	card, due := state.CardsByNumber[p.Card], s.SessionTotal(cs) > 0
	switch {
	case p.Settles == "" && card == nil && (due || p.Card != "" || cs.Mode == "setup"):
		return state.UnknownCard()
	case card != nil && !due && cs.Mode != "setup" && card.RefusesKeeping() != nil:
		return card.Refuses // a card that is only kept for later is checked too
	}
	if p.Email != "" || p.Name != "" {
		cs.BuyerEmail, cs.BuyerName = p.Email, p.Name
	}
	return s.payBy(cs, s.MethodPaid(p, cs.Currency), p.Settles, false)
}

// PaySessionWith is such an attempt with a method that is there.
func (s *Stripe) PaySessionWith(cs *state.Session, pm *state.PaymentMethod) *wire.Error {
	settles := ""
	switch {
	case pm.Kind != "card" && pm.Fails:
		settles = "fails"
	case pm.Kind != "card":
		settles = "succeeds"
	case s.SessionTotal(cs) == 0 && cs.Mode != "setup":
		if e := pm.RefusesKeeping(); e != nil {
			return e
		}
	}
	cs.BuyerEmail, cs.BuyerName = pm.Email, pm.Name
	return s.payBy(cs, pm, settles, false)
}

// payBy pays with a method, nil for none. A card whose owner has to authenticate leaves
// the session open, waiting for that, unless the owner has done so.
func (s *Stripe) payBy(cs *state.Session, pm *state.PaymentMethod, settles string, authenticated bool) *wire.Error {
	cs.Asking = ""
	asks := pm != nil && !authenticated && pm.Asks(false)
	switch {
	case cs.Mode == "setup":
		return s.setUp(cs, pm, asks)
	case asks && s.SessionTotal(cs) == 0:
		cs.Asking = pm.ID // before there is anything to pay for
		return AsksOwner(cs.ID)
	case !cs.Attempted:
		s.prepare(cs, pm)
	case !cs.Fixed():
		s.prepareAgain(cs, pm)
	}
	pi := s.PaymentIntents.Get(cs.PaymentIntent)
	if pi != nil {
		pi.Authenticated = authenticated
	}
	switch {
	case pi == nil:
		s.complete(cs, "no_payment_required")
	case asks:
		cs.Asking = pm.ID
		s.AskOwner(pi, pm, "")
		return AsksOwner(cs.ID)
	case settles != "":
		s.debit(cs, pi, pm, settles)
	case pm.Refusal() != nil:
		s.AddCharge(pi, pm)
		s.FailPayment(pi, pm.Refusal())
		return pm.Refusal()
	default:
		s.AddCharge(pi, pm)
		s.collected(cs, pi)
		s.complete(cs, "paid")
	}
	return nil
}

// prepare makes what the first attempt to pay makes at 2023-10-16: customer,
// subscription with its invoice, and payment intent. Later attempts use them.
func (s *Stripe) prepare(cs *state.Session, pm *state.PaymentMethod) {
	cs.Attempted = true
	s.prepareCustomer(cs)
	if cs.Mode == "subscription" {
		if !s.prepareLater(cs) {
			s.prepareSubscription(cs, pm)
		}
		return
	}
	if total := s.SessionTotal(cs); total > 0 {
		pi := &state.PaymentIntent{
			Customer: cs.Customer, Currency: cs.Currency, Amount: total, Description: cs.DataDescription,
			Metadata: cs.DataMetadata, MethodTypes: cs.PaymentMethodTypes,
			SetupFutureUsage: cs.SetupFutureUsage, Shipping: cs.Shipping, ReceiptEmail: cs.ReceiptEmail,
			StatementDescriptor: cs.StatementDescriptor, StatementSuffix: cs.StatementSuffix,
		}
		s.AddPaymentIntent(pi)
		cs.PaymentIntent = pi.ID
	}
}

// prepareAgain has a later attempt pay what is due by then: what is bought may have changed
// since the last one.
func (s *Stripe) prepareAgain(cs *state.Session, pm *state.PaymentMethod) {
	pi, due := s.PaymentIntents.Get(cs.PaymentIntent), s.SessionTotal(cs)
	if cs.SubscribesLater() {
		due = s.firstDue(cs)
	}
	if pi.Amount = due; due == 0 {
		s.CancelIntent(pi)
		cs.PaymentIntent = ""
		s.prepare(cs, pm)
	}
}

func (s *Stripe) prepareCustomer(cs *state.Session) {
	if cu := s.Customers.Get(cs.Customer); cu != nil {
		if cs.CustomerUpdate["name"] == "auto" && cs.BuyerName != "" {
			before := s.Render.Customer(cu)
			cu.Name = cs.BuyerName
			s.EmitUpdated("customer.updated", before, s.Render.Customer(cu))
		}
		return
	}
	if cs.CustomerCreation != "always" && !cs.InvoiceCreation && cs.SetupFutureUsage == "" {
		return // a guest, of whom nothing has to be kept
	}
	cu := NewCustomer(s.NowUnix())
	cu.Name, cu.Email = cs.BuyerName, cs.BuyerEmail
	if cu.Email == "" {
		cu.Email = cs.CustomerEmail
	}
	s.Customers.Add(cu.ID, cu)
	cs.Customer = cu.ID
	s.Emit("customer.created", s.Render.Customer(cu), nil)
}

// OnceLine bills a price that is paid once.
func (s *Stripe) OnceLine(price string, quantity int64, currency string) state.InvoiceLine {
	p, now := s.PriceIn(price, currency), s.NowUnix()
	return state.InvoiceLine{
		Price: price, Quantity: quantity, Amount: p.Amount(quantity), Start: now, End: now,
		Description: s.Products.Get(p.Product).Name,
	}
}

// AddCharge adds a pending charge of the method for the intent.
func (s *Stripe) AddCharge(pi *state.PaymentIntent, pm *state.PaymentMethod) *state.Charge {
	ch := &state.Charge{
		ID: wire.NewID("ch_3", 23), PaymentIntent: pi.ID, Invoice: pi.Invoice, Customer: pi.Customer, Currency: pi.Currency,
		Description: pi.Description, Amount: pi.Amount, Metadata: pi.Metadata, Created: s.NowUnix(),
		Status: "pending", Shipping: pi.Shipping, Email: pm.Email, Method: pm.ID, MethodType: pm.Kind, Billing: render.Billing(pm), PaidWith: render.PaidWith(pm),
	}
	if pi.Authenticated && pm.Kind == "card" {
		ch.PaidWith["card"].(wire.Object)["three_d_secure"] = render.AuthenticatedDetails()
	}
	pi.Authenticated = false // it was for this charge
	s.Charges.Add(ch.ID, ch)
	pi.LatestCharge, pi.PaymentMethod = ch.ID, pm.ID
	if in := s.Invoices.Get(pi.Invoice); in != nil {
		s.BeginInvoiceUpdate(in)
		in.Charge = ch.ID
		in.Attempts++
	}
	return ch
}

// SucceedPayment settles the intent's latest charge.
func (s *Stripe) SucceedPayment(pi *state.PaymentIntent) {
	ch := s.Charges.Get(pi.LatestCharge)
	ch.Status, pi.Status, pi.LastError = "succeeded", "succeeded", nil
	s.Emit("charge.succeeded", s.Render.Charge(ch), nil)
	s.used(pi)
	s.Emit("payment_intent.succeeded", s.Render.PaymentIntent(pi), nil)
	s.disputeSoon(pi, s.PaymentMethods.Get(pi.PaymentMethod).Number)
}

// used keeps the method for the customer if the intent asks for that. What is not
// anybody's then cannot be used again.
func (s *Stripe) used(pi *state.PaymentIntent) {
	pm := s.PaymentMethods.Get(pi.PaymentMethod)
	pm.SetUp = pm.SetUp || pi.SetupFutureUsage == "off_session"
	switch {
	case pm.Customer != "":
	case pi.Customer != "" && pi.SetupFutureUsage != "":
		s.AttachMethod(pm, pi.Customer)
	default:
		pm.Spent = true
	}
}

// FailPayment fails the intent's latest charge; its invoice stays open.
func (s *Stripe) FailPayment(pi *state.PaymentIntent, why *wire.Error) {
	s.FailCharge(pi, why)
	if in := s.Invoices.Get(pi.Invoice); in != nil {
		s.tellAttemptFailed(in)
	}
}

// FailCharge fails the intent's latest charge, and says so.
func (s *Stripe) FailCharge(pi *state.PaymentIntent, why *wire.Error) {
	ch := s.Charges.Get(pi.LatestCharge)
	ch.Status, ch.FailureCode, ch.FailureMessage, ch.DeclineCode = "failed", why.Code, why.Message, why.Decline
	s.Emit("charge.failed", s.Render.Charge(ch), nil)
	s.refuseIntent(pi, why)
}

// refuseIntent ends an attempt to pay: the intent wants another method.
func (s *Stripe) refuseIntent(pi *state.PaymentIntent, why *wire.Error) {
	pi.Status, pi.LastError, pi.FailedMethod, pi.PaymentMethod = "requires_payment_method", why, pi.PaymentMethod, ""
	s.Emit("payment_intent.payment_failed", s.Render.PaymentIntent(pi), nil)
}

// collected is what follows from the money being there.
func (s *Stripe) collected(cs *state.Session, pi *state.PaymentIntent) {
	if cs.InvoiceCreation {
		// The invoice of a one-time payment is made once it is paid.
		in := &state.Invoice{Customer: cs.Customer, Currency: cs.Currency, BillingReason: "manual", PeriodStart: s.NowUnix(), PeriodEnd: s.NowUnix()}
		for _, l := range cs.Lines {
			in.Lines = append(in.Lines, s.OnceLine(l.Price, l.Quantity, cs.Currency))
		}
		s.ReduceInvoice(in, cs.Discount)
		in.Pay(pi.ID, s.NowUnix())
		in.Charge = pi.LatestCharge
		s.AddInvoice(in)
		cs.Invoice, pi.Invoice = in.ID, in.ID
		if cs.Discount != nil {
			cs.Discount.Invoiced, cs.Discount.Customer = in.ID, in.Customer
		}
		s.Charges.Get(pi.LatestCharge).Invoice = in.ID
		s.FinalizeInvoice(in, "", nil)
	}
	s.SucceedPayment(pi)
	s.subscribe(cs, pi)
	if in := s.Invoices.Get(pi.Invoice); in != nil {
		s.MarkPaid(in)
	}
	s.start(cs)
}

// start makes the session's subscription live, unless it is so or ended, with what
// paid for it as its payment method.
func (s *Stripe) start(cs *state.Session) {
	sub := s.Subscriptions.Get(cs.Subscription)
	if sub == nil || sub.Status != "incomplete" {
		return
	}
	s.ChangeSubscription(sub, func() {
		sub.Status, sub.DefaultMethod = sub.StartStatus(), s.PaymentIntents.Get(cs.PaymentIntent).PaymentMethod
	})
}

func (s *Stripe) complete(cs *state.Session, paymentStatus string) {
	if cs.Mode == "payment" {
		s.redeem(cs.Discount) // which a subscription does at its making
	}
	cs.Status, cs.PaymentStatus, cs.URL = "complete", paymentStatus, ""
	cs.Completed = s.Emit("checkout.session.completed", s.Render.Session(cs), nil).ID
}

// debit completes the session before the money is there: the subscription is
// active at once, as it is at Stripe.
func (s *Stripe) debit(cs *state.Session, pi *state.PaymentIntent, pm *state.PaymentMethod, settles string) {
	s.AddCharge(pi, pm)
	s.process(pi)
	if in := s.Invoices.Get(pi.Invoice); in != nil {
		s.TellInvoiceUpdate(in)
	}
	s.subscribe(cs, pi)
	s.start(cs)
	cs.Settles = settles
	s.complete(cs, "unpaid")
	s.At(s.Now().Add(s.DelayedAfter), state.Timer{Kind: debitSettles, About: cs.ID})
}

// SettleDelayed brings a bank debit to the end that was chosen for it, once.
func (s *Stripe) SettleDelayed(cs *state.Session) {
	outcome := cs.Settles
	if outcome == "" {
		return
	}
	cs.Settles = ""
	pi := s.PaymentIntents.Get(cs.PaymentIntent)
	if outcome == "succeeds" {
		s.collected(cs, pi)
		cs.PaymentStatus = "paid"
		s.Emit("checkout.session.async_payment_succeeded", s.Render.Session(cs), nil)
		return
	}
	s.FailPayment(pi, state.DebitReturned())
	if sub := s.Subscriptions.Get(cs.Subscription); sub != nil && !sub.Terminal() {
		s.EndSubscription(sub, "payment_failed")
	}
	s.Emit("checkout.session.async_payment_failed", s.Render.Session(cs), nil)
}

// abandonAttempt ends what a declined attempt left behind.
func (s *Stripe) abandonAttempt(cs *state.Session) {
	if in := s.Invoices.Get(cs.Invoice); in != nil {
		s.VoidInvoice(in)
	} else {
		s.CancelIntent(s.PaymentIntents.Get(cs.PaymentIntent))
	}
	if sub := s.Subscriptions.Get(cs.Subscription); sub != nil && !sub.Terminal() {
		s.neverBegan(sub)
	}
}
