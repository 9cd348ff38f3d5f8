package domain

import "time"

// PaidFor is what was paid for an item of a subscription, as its rules look at it.
type PaidFor struct {
	Item   string
	Times  int
	Lasted time.Duration
}

// PaidForItems are those of all items that an account's subscriptions have.
func PaidForItems(a Account, c Catalog) []PaidFor {
	d := derive(a, c)
	defer d.free()
	var all []PaidFor
	for n := range d.purchases {
		p := &d.purchases[n]
		l := p.ledger(&d.plans, nil)
		items := l.items()
		for i := range items {
			plan, _ := d.plans.planOf(items[i].Price, items[i].LookupKey)
			covered := l.coverageOf(&items[i], &plan)
			all = append(all, PaidFor{items[i].ID, covered.times, covered.lasted})
		}
	}
	return all
}
