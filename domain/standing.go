package domain

import "time"

// Standing is how one source of rights stands: what it gives, or which rule keeps
// it from giving anything. Entitlements are made of it, and explanations.
type Standing struct {
	Source   Source
	Plan     PlanKey // empty: of a grant, or of a price that no plan has
	Price    PriceID // of an item of a subscription
	Quantity int64
	Gives    bool
	Since    time.Time // of what it gives; UTC
	Until    time.Time // of what it gives; UTC, exclusive; zero: no end
	Rule     Rule      // what decided
}

// Rule names the row of a table that decided: "access", "past_due", "grace".
type Rule struct {
	Table  string // as the tables are called in ARCHITECTURE.md
	Row    string
	Effect string
}

// The tables that a [Rule] may be of.
const (
	TableOrders    = "orders"
	TableAccess    = "access"
	TableCheckout  = "checkout of the subscription"
	TableCustomers = "customers"
	TableRefunds   = "refund policies"
	TableDisputes  = "dispute policies"
	TableCatalog   = "catalog"
	TableGrants    = "manual grants"
)

// Standings tells of each source of an account how it stands: one-time orders,
// items of subscriptions, grants. Items of one subscription stand together.
func Standings(a Account, c Catalog) []Standing {
	money := a.moneyBack()
	all := make([]Standing, 0, len(a.Orders)+len(a.Subscriptions)+len(a.Grants))
	for _, o := range a.Orders {
		if o.Mode == ModePayment {
			all = append(all, a.orderStanding(o, c, money))
		}
	}
	for _, s := range a.Subscriptions {
		for _, item := range s.Items {
			all = append(all, a.itemStanding(s, item, c, money))
		}
	}
	for _, g := range a.Grants {
		all = append(all, g.standing())
	}
	return all
}

// orderStanding is how a one-time purchase stands. What a subscription order
// bought is given by its subscription.
func (a Account) orderStanding(o Order, c Catalog, money moneyBack) Standing {
	s := Standing{Source: Source{SourceOrder, string(o.ID)}, Plan: o.Plan, Quantity: o.Quantity}
	plan, known := c.Plans[o.Plan]
	if o.Status != OrderPaid {
		s.Rule = Rule{TableOrders, string(o.Status), string(AccessNone)}
		return s
	}
	if !known {
		s.Rule = Rule{TableCatalog, "plan " + string(o.Plan) + " is not in it", string(AccessNone)}
		return s
	}
	s.Since = o.PaidAt
	if plan.ValidFor > 0 {
		s.Until = o.PaidAt.Add(plan.ValidFor)
	}
	s.Rule = Rule{TableOrders, string(OrderPaid), string(AccessFull)}
	return s.unless(money.ofOrder(a, o, plan.policy()))
}

// itemStanding is how an item of a subscription stands, through the plan that its
// price belongs to: an upgrade at Stripe is one here.
func (a Account) itemStanding(s Subscription, item Item, c Catalog, money moneyBack) Standing {
	st := Standing{Source: Source{SourceSubscription, string(s.ID)}, Price: item.Price, Quantity: item.Quantity}
	plan, mapped := a.planOf(item, c)
	if !mapped {
		st.Rule = Rule{TableCatalog, "price " + string(item.Price) + " is not in it", string(AccessNone)}
		return st
	}
	st.Plan = plan.Key
	access := s.Status.access()
	st.Rule = Rule{TableAccess, string(s.Status), string(access)}
	if access == AccessNone {
		return st
	}
	if a.isFormer(s.Customer) {
		st.Rule = Rule{TableCustomers, "deleted at Stripe", string(AccessNone)}
		return st
	}
	if a.checkoutUnpaid(s) {
		st.Rule = Rule{TableCheckout, "not paid", string(AccessNone)}
		return st
	}
	st.Since, st.Until = s.StartedAt, a.accessUntil(s, plan)
	return st.unless(money.ofSubscription(a, s, plan.policy()))
}

func (g Grant) standing() Standing {
	s := Standing{Source: Source{SourceGrant, string(g.ID)}, Quantity: 1}
	if !g.RevokedAt.IsZero() {
		s.Rule = Rule{TableGrants, "revoked", string(AccessNone)}
		return s
	}
	s.Gives, s.Since, s.Until = true, g.Since, g.Until
	s.Rule = Rule{TableGrants, "given", string(AccessFull)}
	return s
}

// unless is a standing that gives, unless the money went back in a way that the
// plan's policy answers.
func (s Standing) unless(effect Effect, rule Rule) Standing {
	if effect == EffectKeep {
		s.Gives = true
		return s
	}
	s.Since, s.Until, s.Rule = time.Time{}, time.Time{}, rule
	return s
}

// policy is what the plan does when money goes back, with the defaults of its mode.
func (p Plan) policy() Policy {
	policy, preset := p.Policy, DefaultPolicy[p.Mode]
	if policy.Refund == "" {
		policy.Refund = preset.Refund
	}
	if policy.Dispute == "" {
		policy.Dispute = preset.Dispute
	}
	return policy
}
