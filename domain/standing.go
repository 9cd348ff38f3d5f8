package domain

import (
	"cmp"
	"slices"
	"time"
)

// Standing is how one thing that was bought or given stands: what it gives for a
// stretch of time, or which rule keeps it from giving anything. Entitlements are made
// of it, and explanations.
type Standing struct {
	Source   Source
	Item     string  // of a subscription: si_...
	Plan     PlanKey // empty: of a grant, or of a price that no plan has
	Price    PriceID // of an item of a subscription
	Quantity int64
	Grants   GrantSet // which of the plan's grants it gives
	Gives    bool
	Since    time.Time // of what it gives; UTC
	Until    time.Time // of what it gives; UTC, exclusive; zero: no end
	Ending   Ending    // of what it gives
	Rule     Rule      // what decided
}

// Rule names the row of a table that decided: "access", "past_due, overdue", "grace".
type Rule struct {
	Table  string // as the tables are called in ARCHITECTURE.md
	Row    string
	Effect string
}

// The tables that a [Rule] may be of.
const (
	TableOrders  = "orders"
	TableAccess  = "access"
	TableMoney   = "money that went back"
	TableCatalog = "catalog"
	TableGrants  = "manual grants"
)

// Standings tells of each source of an account how it stands: purchase by purchase,
// and the grants.
func Standings(a Account, c Catalog) []Standing {
	d := derive(a, c)
	defer d.free()
	return slices.Clone(d.stand())
}

// stand says how each source stands.
func (d *derivation) stand() []Standing {
	for n := range d.purchases {
		d.addPurchase(&d.purchases[n])
	}
	for _, g := range d.account.Grants {
		d.standings = append(d.standings, g.standing())
	}
	return d.standings
}

// addPurchase adds how a purchase stands. Of the rest of the account it asks nothing but
// what prices mean.
func (d *derivation) addPurchase(p *Purchase) {
	if p.Source.Kind == SourceOrder {
		d.standings = append(d.standings, p.orderStanding(&d.catalog))
		return
	}
	l := p.ledger(&d.plans, d.lines[:0])
	d.lines = l.lines
	items := l.items()
	for n := range items {
		d.standings = l.addItem(d.standings, &items[n])
	}
}

// orderStanding is how a one-time purchase stands.
func (p *Purchase) orderStanding(c *Catalog) Standing {
	o := p.Orders[0]
	s := Standing{Source: p.Source, Plan: o.Plan, Quantity: o.Quantity}
	plan, known := c.planOfOrder(o)
	if o.Status != OrderPaid {
		s.Rule = Rule{TableOrders, string(o.Status), string(BasisNothing)}
		return s
	}
	if !known {
		s.Rule = Rule{TableCatalog, "plan " + string(o.Plan) + " is not in it", string(BasisNothing)}
		return s
	}
	s.Plan = plan.Key
	if effect, rule := p.moneyRule(plan.policy()); effect == EffectRevoke {
		s.Rule = rule
		return s
	}
	s.Gives, s.Since = true, o.PaidAt
	if plan.ValidFor > 0 {
		s.Until = o.PaidAt.Add(plan.ValidFor)
	}
	s.Rule = Rule{TableOrders, string(OrderPaid), string(BasisPaid)}
	return s
}

// moneyRule is what the policy says to the money of a one-time purchase.
func (p *Purchase) moneyRule(policy Policy) (Effect, Rule) {
	sum := p.moneyOfOrder()
	if sum.nothing() {
		return EffectKeep, Rule{}
	}
	return decideMoney(backObservations{
		policy: policy, share: sum.share(), after: sum.lastAt.Sub(p.Orders[0].PaidAt),
		recency: LatestInvoice, disputed: sum.disputed,
	})
}

// moneyOfOrder adds up the payments of a one-time purchase.
func (p *Purchase) moneyOfOrder() moneyBack {
	var sum moneyBack
	for _, bill := range p.Bills {
		back := bill.moneyBack()
		sum.paid = saturatingAdd(sum.paid, back.paid)
		sum.returned = saturatingAdd(sum.returned, back.returned)
		sum.lastAt = later(sum.lastAt, back.lastAt)
		sum.disputed = append(sum.disputed, back.disputed...)
	}
	return sum
}

// StatusOf is how an order stands, what became of its money included.
func (a Account) StatusOf(o Order) OrderStatus {
	if o.Status != OrderPaid || o.Mode != ModePayment {
		return o.Status
	}
	d := derive(a, Catalog{})
	defer d.free()
	p := Purchase{Source: Source{SourceOrder, string(o.ID)}, Orders: []Order{o}, Bills: d.bills.of(string(o.ID))}
	return p.orderStatus()
}

func (p *Purchase) orderStatus() OrderStatus {
	sum := p.moneyOfOrder()
	switch {
	case slices.Contains(sum.disputed, DisputeLost):
		return OrderChargedBack
	case slices.Contains(sum.disputed, DisputeOpen):
		return OrderDisputed
	case sum.share() == ShareFull:
		return OrderRefunded
	default:
		return OrderPaid
	}
}

// addItem adds how an item of a subscription stands, through the plans that its prices
// belong to: an upgrade at Stripe is one here.
func (l *ledger) addItem(all []Standing, item *Item) []Standing {
	nothing := Standing{Source: l.Source, Item: item.ID, Price: item.Price, Quantity: item.Quantity}
	plan, mapped := l.plans.planOf(item.Price, item.LookupKey)
	if !mapped {
		row := "price " + string(item.Price) + " is not in it"
		if l.plans.catalog.ignores(item.Price, item.LookupKey, item.Product) {
			row = "price " + string(item.Price) + " is ignored"
		}
		nothing.Rule = Rule{TableCatalog, row, string(BasisNothing)}
		return append(all, nothing)
	}
	nothing.Plan = plan.Key
	covered := l.coverageOf(item, &plan)
	if covered.gone {
		plan.Grace = l.graceInstead(&covered, plan.Grace)
	}
	observed := l.observe(item, &plan, &covered)
	row, says := decideAccess(&observed)
	nothing.Rule = Rule{TableAccess, says, string(row.Gives)}

	var room [5]piece
	t := timeline{item: item, plan: &plan, row: row, observed: &observed, covered: &covered, subscription: &l.Subscription, room: room[:]}
	given := len(all)
	for _, piece := range t.pieces(l.horizon) {
		s := nothing
		if piece.price != item.Price {
			was, mapped := l.plans.planOf(piece.price, "")
			if !mapped {
				continue
			}
			s.Plan, s.Price = was.Key, piece.price
		}
		span := piece.open()
		s.Gives, s.Since, s.Until, s.Quantity, s.Grants = true, span.from, span.until, piece.quantity, piece.grants
		s.Ending = piece.ending
		s.Rule.Effect = string(piece.basis)
		all = append(all, s)
	}
	if len(all) > given {
		return all
	}
	nothing.Rule.Effect = row.Gives.over(item.Quantity)
	if taken := covered.lastTaken(); taken.rule != (Rule{}) && row.Gives != BasisNothing {
		nothing.Rule = taken.rule
	}
	return append(all, nothing)
}

func (g Grant) standing() Standing {
	s := Standing{Source: Source{SourceGrant, string(g.ID)}, Quantity: 1}
	if !g.RevokedAt.IsZero() {
		s.Rule = Rule{TableGrants, "revoked", string(BasisNothing)}
		return s
	}
	s.Gives, s.Since, s.Until = true, g.Since, g.Until
	s.Rule = Rule{TableGrants, "given", "given"}
	return s
}

// policy is what the plan does when money goes back, with the defaults of its mode.
func (p *Plan) policy() Policy {
	policy, preset := p.Policy, DefaultPolicy[p.Mode]
	policy.Refund = cmp.Or(policy.Refund, preset.Refund)
	policy.Dispute = cmp.Or(policy.Dispute, preset.Dispute)
	return policy
}

// setOf is which of its grants the plan gives for a set: the usual ones, if it has none.
func (p *Plan) setOf(set GrantSet) GrantSet {
	if set == GrantsTrial && p.TrialGrants != nil || set == GrantsPastDue && p.PastDueGrants != nil {
		return set
	}
	return GrantsUsual
}

// GrantsOf are the plan's grants of a set: the usual ones, if it has none of that set.
func (p *Plan) GrantsOf(set GrantSet) map[FeatureKey]Value {
	switch p.setOf(set) {
	case GrantsTrial:
		return p.TrialGrants
	case GrantsPastDue:
		return p.PastDueGrants
	default:
		return p.Grants
	}
}
