package life

import (
	"cmp"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// FirstInvoice is what a subscription begins with, besides its items.
type FirstInvoice struct {
	Once        []state.InvoiceLine // what is paid once
	Discount    *state.Discount
	TrialDays   int64
	TrialEnd    int64                // instead of the days
	paidBy      *state.PaymentIntent // that has paid it already, or is about to
	MethodTypes []string
}

// AddSubscription starts a subscription with its first period, or a trial, and its
// first invoice. Whether that is paid is the caller's affair if the subscription is
// incomplete then.
func (s *Stripe) AddSubscription(sub *state.Subscription, first FirstInvoice) *state.Invoice {
	in := s.firstInvoiceOf(sub, first)
	if d := first.Discount; d != nil {
		sub.Discount, d.Subscription, d.Customer = d, sub.ID, sub.Customer
		s.redeem(d)
	}
	s.AddInvoice(in)
	sub.LatestInvoice = in.ID
	sub.Status = "incomplete"
	if pi := first.paidBy; pi != nil {
		in.Pay(pi.ID, pi.Created)
		in.Charge, in.Attempts, pi.Invoice = pi.LatestCharge, 1, in.ID
		s.Charges.Get(pi.LatestCharge).Invoice = in.ID
	}
	if in.Due() == 0 || in.ToBeSent() || first.paidBy != nil {
		sub.Status = sub.StartStatus()
	}
	s.Subscriptions.Add(sub.ID, sub)
	if cu := s.Customers.Get(sub.Customer); cu != nil {
		cu.Currency = sub.Currency
	}
	s.Emit("customer.subscription.created", s.Render.Subscription(sub), nil)
	if sub.Discount != nil {
		s.Emit("customer.discount.created", s.Render.Discount(sub.Discount), nil)
	}
	s.FinalizeInvoice(in, "Subscription creation", first.MethodTypes)
	s.usedUp(sub, in, in.Created)
	if in.Due() == 0 {
		s.MarkPaid(in)
	}
	return in
}

// firstInvoiceOf gives a subscription its first periods, and bills them. Nothing is kept.
func (s *Stripe) firstInvoiceOf(sub *state.Subscription, first FirstInvoice) *state.Invoice {
	now, trialDays := s.NowUnix(), first.TrialDays
	sub.ID, sub.Created, sub.Anchor = wire.NewID("sub_1", 23), now, now
	if trialDays > 0 || first.TrialEnd > 0 {
		sub.TrialStart, sub.TrialEnd = now, cmp.Or(first.TrialEnd, now+trialDays*24*60*60)
		sub.Anchor = sub.TrialEnd
	}
	in := &state.Invoice{
		Customer: sub.Customer, Subscription: sub.ID, Currency: sub.Currency, BillingReason: "subscription_create",
		SubscriptionMetadata: sub.Metadata, PeriodStart: now, PeriodEnd: now, AutomaticTax: sub.AutomaticTax,
		DaysUntilDue: sub.DaysUntilDue, Lines: first.Once,
	}
	for i := range sub.Items {
		it := &sub.Items[i]
		it.ID, it.Created, it.Anchor, it.Start, it.End = wire.NewID("si_", 14), now, sub.Anchor, now, sub.TrialEnd
		if sub.TrialEnd == 0 {
			s.startPeriod(it, now)
		}
		in.Lines = append(in.Lines, s.itemLine(sub, *it, state.SubscriptionItem{}))
	}
	in.Lines = append(in.Lines, s.WaitingLines(sub.Customer, "", sub.Currency)...)
	s.ReduceInvoice(in, first.Discount)
	return in
}

// PayFirst has the customer's card pay the first invoice, if anything is due.
func (s *Stripe) PayFirst(sub *state.Subscription, in *state.Invoice, a Attempt) {
	if sub.Status == "incomplete" && s.ChargeFor(in, a) {
		s.InvoiceSettled(in)
	}
}

// firstPaymentLife is how long Stripe waits for a subscription's first payment.
const firstPaymentLife = 23 * time.Hour

// ExpireIncomplete ends a subscription whose first invoice is not paid in time. One
// of Checkout ends with its session.
func (s *Stripe) ExpireIncomplete(sub *state.Subscription, in *state.Invoice) {
	if sub.Status != "incomplete" {
		return
	}
	s.At(s.Now().Add(firstPaymentLife), state.Timer{Kind: firstPaymentDue, About: sub.ID, With: in.ID})
}

func (s *Stripe) giveUpIncomplete(t state.Timer) {
	if in := s.Invoices.Get(t.With); s.Subscriptions.Get(t.About).Status == "incomplete" && in.Payable() {
		s.VoidInvoice(in)
		s.InvoiceGivenUp(in)
	}
}
