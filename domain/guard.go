package domain

import "slices"

// Guard is a condition on a session, in words so that tables and diagrams can
// show it.
type Guard string

const (
	GuardNone    Guard = ""
	GuardOpen    Guard = "open"
	GuardExpired Guard = "expired"
	GuardUnpaid  Guard = "complete, unpaid"
	GuardPaid    Guard = "complete, paid or nothing to pay"
)

func (g Guard) holds(s SessionFact) bool {
	switch g {
	case GuardOpen:
		return s.Status == "open"
	case GuardExpired:
		return s.Status == "expired"
	case GuardUnpaid:
		return s.Status == "complete" && s.PaymentStatus == "unpaid"
	case GuardPaid:
		return s.Status == "complete" && (s.PaymentStatus == "paid" || s.PaymentStatus == "no_payment_required")
	default:
		return g == GuardNone
	}
}

func (r OrderRule) matches(from OrderStatus, s SessionFact) bool {
	return r.On == s.Type && slices.Contains(r.From, from) && r.When.holds(s)
}

// isOrderEvent tells whether any row is about events of this type.
func isOrderEvent(t EventType) bool {
	return slices.ContainsFunc(OrderRules, func(r OrderRule) bool { return r.On == t })
}

func subscriptionEvent(t EventType) (SubscriptionEventRule, bool) {
	for _, rule := range SubscriptionEvents {
		if rule.On == t {
			return rule, true
		}
	}
	return SubscriptionEventRule{}, false
}

func invoiceEvent(t EventType) (InvoiceEventRule, bool) {
	for _, rule := range InvoiceEvents {
		if rule.On == t {
			return rule, true
		}
	}
	return InvoiceEventRule{}, false
}

func refundRow(s RefundStatus) int {
	return slices.IndexFunc(RefundRules, func(r RefundRule) bool { return r.Status == s })
}

func disputeRow(s DisputeStatus) int {
	return slices.IndexFunc(DisputeRules, func(r DisputeRule) bool { return r.Status == s })
}

// row is the status's row in [SubscriptionStatuses]; false: a status we do not know.
func (s SubscriptionStatus) row() (StatusRule, bool) {
	if rank := s.rank(); rank >= 0 {
		return SubscriptionStatuses[rank], true
	}
	return StatusRule{}, false
}

func (s SubscriptionStatus) rank() int {
	return slices.IndexFunc(SubscriptionStatuses, func(r StatusRule) bool { return r.Status == s })
}

// Live tells whether a subscription in this status may still charge the user, so
// that a second one in its group would charge twice.
func (s SubscriptionStatus) Live() bool {
	row, known := s.row()
	return known && !row.Terminal && s != StatusIncomplete
}

// Ended tells whether the subscription is over: Stripe never revives one.
func (s SubscriptionStatus) Ended() bool {
	row, known := s.row()
	return known && row.Terminal
}
