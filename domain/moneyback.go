package domain

import (
	"slices"
	"time"
)

// moneyBack is what of an account's payments went back, or may.
type moneyBack struct {
	returned map[string]int64     // by payment, minor currency units
	disputes map[string][]Dispute // by payment
}

// moneyBack adds up, for each payment, what its refunds, charges and disputes say.
func (a Account) moneyBack() moneyBack {
	var m moneyBack
	for _, r := range a.Refunds {
		if row := refundRow(r.Status); row >= 0 && RefundRules[row].Returned {
			m.add(a.paymentOf(r.PaymentIntent, r.Charge), r.Amount)
		}
	}
	for _, c := range a.Charges {
		if untold := c.Refunded - a.toldOf(c); untold > 0 {
			m.add(a.paymentOf(c.PaymentIntent, c.ID), untold)
		}
	}
	for _, d := range a.Disputes {
		if m.disputes == nil {
			m.disputes = map[string][]Dispute{}
		}
		payment := a.paymentOf(d.PaymentIntent, d.Charge)
		m.disputes[payment] = append(m.disputes[payment], d)
	}
	return m
}

func (m *moneyBack) add(payment string, amount int64) {
	if m.returned == nil {
		m.returned = map[string]int64{}
	}
	m.returned[payment] = saturatingAdd(m.returned[payment], amount)
}

// toldOf is the part of what a charge says was refunded that single refunds have
// told us of: who sends both is not to be counted twice, and who sends the
// charge's events alone is to be counted all the same.
func (a Account) toldOf(c Charge) int64 {
	var told int64
	if c.Refunded == 0 {
		return 0
	}
	for _, r := range a.Refunds {
		sameCharge := r.Charge == c.ID || r.Charge == "" && r.PaymentIntent != "" && r.PaymentIntent == c.PaymentIntent
		if sameCharge && r.countedBy(c) {
			told = saturatingAdd(told, r.Amount)
		}
	}
	return told
}

// paymentOf is the id of the payment that an intent or a charge belongs to.
func (a Account) paymentOf(intent PaymentIntentID, charge ChargeID) string {
	intent = a.intentOf(intent, charge)
	if _, once := a.Payments[string(intent)]; once {
		return string(intent)
	}
	if invoice, linked := a.InvoicePayments[intent]; linked {
		return string(invoice)
	}
	invoice := a.Charges[charge].Invoice
	for _, other := range a.Charges {
		if intent != "" && other.PaymentIntent == intent {
			invoice = max(invoice, other.Invoice)
		}
	}
	if invoice != "" {
		return string(invoice)
	}
	return string(intent)
}

// intentOf is the payment intent, if need be by the charge that it made.
func (a Account) intentOf(intent PaymentIntentID, charge ChargeID) PaymentIntentID {
	if intent == "" {
		return a.Charges[charge].PaymentIntent
	}
	return intent
}

// nothing tells whether no money went back at all, as of most accounts.
func (m moneyBack) nothing() bool { return m.returned == nil && m.disputes == nil }

// ofOrder is what the money that went back does to a one-time purchase.
func (m moneyBack) ofOrder(a Account, o Order, policy Policy) (Effect, Rule) {
	if m.nothing() {
		return EffectKeep, Rule{}
	}
	payments := a.paidForOrder(o.ID)
	effect, rule := policy.onRefund(m.returnedOf(payments))
	for _, p := range payments {
		for _, d := range m.disputes[p.ID] {
			effect, rule = policy.onDispute(d.state(), effect, rule)
		}
	}
	return effect, rule
}

// StatusOf is how an order stands, what became of its money included.
func (a Account) StatusOf(o Order) OrderStatus {
	if o.Status != OrderPaid || o.Mode != ModePayment {
		return o.Status
	}
	m := a.moneyBack()
	payments := a.paidForOrder(o.ID)
	states := map[DisputeState]bool{}
	for _, p := range payments {
		for _, d := range m.disputes[p.ID] {
			states[d.state()] = true
		}
	}
	switch {
	case states[DisputeLost]:
		return OrderChargedBack
	case states[DisputeOpen]:
		return OrderDisputed
	case m.returnedOf(payments) == shareFull:
		return OrderRefunded
	default:
		return OrderPaid
	}
}

// ofSubscription is what the money that went back does to a subscription. Refunds
// count against the last period that was paid. A dispute counts whichever period
// it is about; one that was lost, until a period that began after the dispute is
// paid for.
func (m moneyBack) ofSubscription(a Account, s Subscription, policy Policy) (Effect, Rule) {
	if m.nothing() {
		return EffectKeep, Rule{}
	}
	payments := a.paidFor(s.ID)
	effect, rule := policy.onRefund(m.returnedOf(lastPeriod(payments, s)))
	for _, p := range payments {
		for _, d := range m.disputes[p.ID] {
			if d.state() == DisputeLost && paidSince(payments, d.CreatedAt) {
				continue
			}
			effect, rule = policy.onDispute(d.state(), effect, rule)
		}
	}
	return effect, rule
}

// paidForOrder are the payments with which a one-time purchase was paid.
func (a Account) paidForOrder(id OrderID) []Payment {
	var payments []Payment
	for _, p := range a.Payments {
		if p.Order == id && p.Status == PaymentPaid {
			payments = append(payments, p)
		}
	}
	return payments
}

// paidFor are the payments with which a subscription was paid.
func (a Account) paidFor(id SubscriptionID) []Payment {
	var payments []Payment
	for _, p := range a.Payments {
		if p.Subscription == id && p.Status == PaymentPaid && p.worth() > 0 {
			payments = append(payments, p)
		}
	}
	return payments
}

// lastPeriod are the payments for the last period that was paid, up to the current
// one: the one it began with, and those for changes in its midst.
func lastPeriod(payments []Payment, s Subscription) []Payment {
	end := lastEnd(payments, s)
	return slices.DeleteFunc(slices.Clone(payments), func(p Payment) bool { return !p.PeriodEnd.Equal(end) })
}

// lastEnd is when the last period ends that was paid for. What ends after the
// current period was paid for an interval that the subscription has left since: a
// year, before it was changed to months.
func lastEnd(payments []Payment, s Subscription) time.Time {
	var end time.Time
	for _, p := range payments {
		if s.PeriodEnd.IsZero() || !p.PeriodEnd.After(s.PeriodEnd) {
			end = later(end, p.PeriodEnd)
		}
	}
	return end
}

// paidSince tells whether a period that began at t or later is paid for.
func paidSince(payments []Payment, t time.Time) bool {
	for _, p := range payments {
		if !t.IsZero() && !p.PeriodStart.IsZero() && !p.PeriodStart.Before(t) {
			return true
		}
	}
	return false
}

// share is how much of some payments went back.
type share string

const (
	shareNone    share = "nothing"
	sharePartial share = "partial"
	shareFull    share = "full"
)

func (m moneyBack) returnedOf(payments []Payment) share {
	var paid, returned int64
	for _, p := range payments {
		paid = saturatingAdd(paid, p.worth())
		returned = saturatingAdd(returned, m.returned[p.ID])
	}
	switch {
	case returned == 0:
		return shareNone
	case returned < paid:
		return sharePartial
	default:
		return shareFull
	}
}

// onRefund finds what the refund policy says to a share that went back.
func (p Policy) onRefund(s share) (Effect, Rule) {
	for _, row := range RefundPolicies {
		if row.Policy != p.Refund || s == shareNone {
			continue
		}
		effect := row.Full
		if s == sharePartial {
			effect = row.Partial
		}
		return effect, Rule{TableRefunds, string(p.Refund) + ", " + string(s), string(effect)}
	}
	return EffectKeep, Rule{}
}

// onDispute finds what the dispute policy says to a dispute, if that is worse than
// what is so already.
func (p Policy) onDispute(state DisputeState, effect Effect, rule Rule) (Effect, Rule) {
	for _, row := range DisputePolicies {
		if row.Policy != p.Dispute {
			continue
		}
		said := row.effect(state)
		if said.rank() <= effect.rank() {
			return effect, rule
		}
		return said, Rule{TableDisputes, string(p.Dispute) + ", " + string(state), string(said)}
	}
	return effect, rule
}

func (r DisputePolicyRule) effect(state DisputeState) Effect {
	switch state {
	case DisputeInquiry:
		return r.Inquiry
	case DisputeOpen:
		return r.Open
	case DisputeLost:
		return r.Lost
	default:
		return EffectKeep
	}
}

// rank orders effects by how much they take.
func (e Effect) rank() int { return slices.Index(Effects, e) }

// Effects lists every effect, the one that takes least first.
var Effects = []Effect{EffectKeep, EffectSuspend, EffectRevoke}
