package sandbox

import (
	"slices"
	"time"
)

// upcomingAt is when the next invoice is to be announced; 0 if it is not, or was.
func (s *Sandbox) upcomingAt(sub *subscription) int64 {
	end := sub.nextEnd()
	at := end - int64(s.upcomingNotice/time.Second)
	ending := slices.IndexFunc(sub.items, func(it subscriptionItem) bool { return it.end == end })
	charged := sub.status != "unpaid" && sub.daysUntilDue == 0 // Stripe announces what it collects by itself
	if s.upcomingNotice <= 0 || !charged || sub.announced == end || at <= sub.items[ending].start {
		return 0
	}
	return at
}

// announceUpcoming tells what the next invoice will be, if there will be one.
func (s *Sandbox) announceUpcoming(sub *subscription) {
	sub.announced = sub.nextEnd()
	next := *sub
	next.items = slices.Clone(sub.items)
	in := s.upcomingInvoiceOf(&next)
	if in == nil {
		return
	}
	s.show(in)
	s.emit("invoice.upcoming", s.upcomingObject(in), nil)
}

// upcomingInvoiceOf is the next invoice of a subscription as it stands, of which it is given a
// copy to change; nil if none is to come.
func (s *Sandbox) upcomingInvoiceOf(sub *subscription) *invoice {
	switch {
	case sub.terminal() || sub.status == "paused" || sub.endsWithPeriod() || s.endsSubscription(sub, sub.nextEnd()):
		return nil
	case sub.status == "trialing":
		sub.status = "active"
		sub.setAnchor(sub.trialEnd)
		return s.nextInvoice(sub, everyItem, sub.trialEnd, "upcoming")
	}
	end := sub.nextEnd()
	if items := s.scheduledItems(sub, end); items != nil {
		sub.items = items
	}
	return s.nextInvoice(sub, func(it subscriptionItem) bool { return it.end == end }, end, "upcoming")
}

// upcomingObject is an invoice that is not there yet, and so has no id.
func (s *Sandbox) upcomingObject(in *invoice) object {
	o := s.invoiceObject(in)
	delete(o, "id")
	o["lines"].(object)["url"] = "/v1/invoices/upcoming/lines?subscription=" + in.subscription
	return o
}
