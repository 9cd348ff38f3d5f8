package sandbox

import "fmt"

// subscriptionItem is one price of a subscription. Each has a period of its own:
// they are the same unless billing_mode is flexible and the intervals differ.
type subscriptionItem struct {
	id, price  string
	quantity   int64
	usage      int64 // of a metered price, in this period
	created    int64
	anchor     int64 // that the periods are counted from
	start, end int64 // the current period
	metadata   map[string]string
}

// period is what versions before basil tell of all items together: the shortest.
func (sub *subscription) period() (start, end int64) {
	for i, it := range sub.items {
		if i == 0 || it.end-it.start < end-start {
			start, end = it.start, it.end
		}
	}
	return start, end
}

// nextEnd is when the first of the items' periods ends.
func (sub *subscription) nextEnd() int64 {
	var end int64
	for i, it := range sub.items {
		if i == 0 || it.end < end {
			end = it.end
		}
	}
	return end
}

// moveEnd ends the period of every item at t.
func (sub *subscription) moveEnd(t int64) {
	for i := range sub.items {
		sub.items[i].end = t
	}
}

// startPeriod has the item's next period begin. Its end is counted from the anchor.
func (s *Sandbox) startPeriod(it *subscriptionItem, start int64) {
	it.start, it.end, it.usage = start, s.prices.get(it.price).periodEnd(it.anchor, start), 0
}

// restart begins a new row of periods at now.
func (s *Sandbox) restart(it *subscriptionItem, now int64) {
	it.anchor = now
	s.startPeriod(it, now)
}

// itemLine bills one item: its current period in advance, or what was used of a
// metered price in the period that has ended. A trial costs nothing.
func (s *Sandbox) itemLine(sub *subscription, it, ended subscriptionItem) invoiceLine {
	p := s.prices.get(it.price)
	name := s.products.get(p.product).name
	l := invoiceLine{price: it.price, item: it.id, quantity: it.quantity, start: it.start, end: it.end, metadata: sub.metadata}
	if p.metered() {
		l.quantity = ended.usage
		if ended.end != 0 {
			l.start, l.end = ended.start, ended.end
		}
	}
	l.amount = p.amount(l.quantity)
	l.description = fmt.Sprintf("%d × %s (%s)", l.quantity, name, p.each())
	if sub.trialEnd > 0 && l.end <= sub.trialEnd {
		l.amount, l.description = 0, "Trial period for "+name
	}
	return l
}

func (s *Sandbox) subscriptionItemObjects(sub *subscription, items []subscriptionItem) []object {
	out := []object{}
	for _, it := range items {
		p := s.prices.get(it.price)
		o := object{
			"id": it.id, "object": "subscription_item", "billing_thresholds": nil, "created": it.created,
			"current_period_end": it.end, "current_period_start": it.start, "discounts": []object{},
			"metadata": metadataObject(it.metadata), "price": s.priceObject(p),
			"subscription": sub.id, "tax_rates": []object{},
		}
		if !p.metered() {
			o["quantity"] = it.quantity
		}
		out = append(out, o)
	}
	return out
}
