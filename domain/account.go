package domain

import (
	"maps"
	"slices"
	"time"
)

// Account is all that is known about one user's purchases. It is the unit of
// locking and of decision.
type Account struct {
	User UserID

	// Customer is the Stripe customer that we made for this user, CustomerKey
	// the random part of the idempotency key it is made with.
	Customer    CustomerID
	CustomerKey string

	// FormerCustomers are those that were deleted at Stripe: late events about
	// what they bought are still the user's. Sorted.
	FormerCustomers []CustomerID

	Orders        map[OrderID]Order
	Subscriptions map[SubscriptionID]Subscription
	Payments      map[string]Payment

	// What became of the money. InvoicePayments says which invoice a payment
	// intent pays.
	InvoicePayments map[PaymentIntentID]InvoiceID
	Charges         map[ChargeID]Charge
	Refunds         map[RefundID]Refund
	Disputes        map[DisputeID]Dispute

	Grants map[GrantID]Grant
}

// NewAccount is a user of whom nothing is known.
func NewAccount(user UserID) Account {
	return Account{
		User:            user,
		Orders:          map[OrderID]Order{},
		Subscriptions:   map[SubscriptionID]Subscription{},
		Payments:        map[string]Payment{},
		InvoicePayments: map[PaymentIntentID]InvoiceID{},
		Charges:         map[ChargeID]Charge{},
		Refunds:         map[RefundID]Refund{},
		Disputes:        map[DisputeID]Dispute{},
		Grants:          map[GrantID]Grant{},
	}
}

// Clone returns a copy that shares nothing that can change. Items of a
// subscription are replaced, never edited, so that sharing them is safe.
func (a Account) Clone() Account {
	a.Orders = cloneMap(a.Orders)
	a.Subscriptions = cloneMap(a.Subscriptions)
	a.Payments = cloneMap(a.Payments)
	a.InvoicePayments = cloneMap(a.InvoicePayments)
	a.Charges = cloneMap(a.Charges)
	a.Refunds = cloneMap(a.Refunds)
	a.Disputes = cloneMap(a.Disputes)
	a.Grants = cloneMap(a.Grants)
	return a
}

// cloneMap is maps.Clone, of nil a map that can be written to.
func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

// same tells whether two accounts of one user know the same.
func (a Account) same(b Account) bool {
	return a.Customer == b.Customer && a.CustomerKey == b.CustomerKey &&
		slices.Equal(a.FormerCustomers, b.FormerCustomers) &&
		maps.Equal(a.Orders, b.Orders) &&
		maps.Equal(a.Payments, b.Payments) &&
		maps.Equal(a.InvoicePayments, b.InvoicePayments) &&
		maps.Equal(a.Charges, b.Charges) &&
		maps.Equal(a.Refunds, b.Refunds) &&
		maps.Equal(a.Disputes, b.Disputes) &&
		maps.Equal(a.Grants, b.Grants) &&
		maps.EqualFunc(a.Subscriptions, b.Subscriptions, func(s, t Subscription) bool {
			return s.ID == t.ID && compareSnapshots(s, t) == 0
		})
}

// WithOrder returns the account with an order added or replaced.
func (a Account) WithOrder(o Order) Account {
	a = a.Clone()
	a.Orders[o.ID] = o
	return a
}

// Refs are all names under which the account is to be found from now on.
func (a Account) Refs() []Ref {
	all := refs(Ref{RefCustomer, string(a.Customer)})
	for _, former := range a.FormerCustomers {
		all = append(all, Ref{RefCustomer, string(former)})
	}
	for _, o := range a.Orders {
		all = append(all, refs(
			Ref{RefOrder, string(o.ID)},
			Ref{RefSession, string(o.Session)},
			Ref{RefSubscription, string(o.Subscription)},
			Ref{RefPaymentIntent, string(o.PaymentIntent)},
		)...)
	}
	for id := range a.Subscriptions {
		all = append(all, Ref{RefSubscription, string(id)})
	}
	for id, p := range a.Payments {
		if p.Subscription != "" {
			all = append(all, Ref{RefInvoice, id})
		} else {
			all = append(all, Ref{RefPaymentIntent, id})
		}
	}
	for intent, invoice := range a.InvoicePayments {
		all = append(all, Ref{RefPaymentIntent, string(intent)}, Ref{RefInvoice, string(invoice)})
	}
	for id, c := range a.Charges {
		all = append(all, refs(
			Ref{RefCharge, string(id)},
			Ref{RefPaymentIntent, string(c.PaymentIntent)},
			Ref{RefInvoice, string(c.Invoice)},
		)...)
	}
	for id := range a.Grants {
		all = append(all, Ref{RefGrant, string(id)})
	}
	return all
}

// orderOf finds the order of a session by the order id that the session carries,
// as a recovered one does too. What earlier facts said has no part in it: a fact
// that finds its order only after another one would make their order matter.
func (a Account) orderOf(s SessionFact) (Order, bool) {
	o, found := a.Orders[s.Order]
	return o, found
}

// HadTrial tells whether the user has ever begun a trial, or may do so at t in a
// checkout that is open: one a user, ever.
func (a Account) HadTrial(t time.Time) bool {
	for _, s := range a.Subscriptions {
		if !s.TrialEnd.IsZero() {
			return true
		}
	}
	for _, o := range a.Orders {
		begun := o.Status.Rank() >= OrderAwaitingPayment.Rank()
		if o.TrialDays > 0 && (begun || o.Open(t)) {
			return true
		}
	}
	return false
}

// WithoutCustomer is the account once its customer was deleted at Stripe; the
// next one is made with a key of its own.
func (a Account) WithoutCustomer(key string) Account {
	former := append(slices.Clone(a.FormerCustomers), a.Customer)
	slices.Sort(former)
	a.FormerCustomers, a.Customer, a.CustomerKey = former, "", key
	return a
}

// ReplaceCustomer is the account with room for another customer, whose key is
// given. The old one stays the user's.
func (a Account) ReplaceCustomer(key string) Account { return a.WithoutCustomer(key) }

// isFormer tells whether a customer was ours and is deleted at Stripe, which ends
// all that it had.
func (a Account) isFormer(customer CustomerID) bool {
	return customer != a.Customer && slices.Contains(a.FormerCustomers, customer)
}

// Live tells whether a subscription may still charge the user, so that a second one
// in its group would charge twice.
func (a Account) Live(s Subscription) bool { return s.Status.Live() && !a.isFormer(s.Customer) }

// planOf finds the plan that an item of a subscription belongs to: by the catalog,
// or else by the order that was for the item's price. A lookup key moves to the
// next price when prices are raised, and those who pay the old one keep the plan.
func (a Account) planOf(item Item, c Catalog) (Plan, bool) {
	if plan, mapped := c.PlanByPrice(item.Price, item.LookupKey); mapped {
		return plan, true
	}
	var found Plan
	mapped := false
	for _, o := range a.Orders {
		plan, known := c.Plans[o.Plan]
		if known && o.PriceID == item.Price && item.Price != "" && (!mapped || plan.Key < found.Key) {
			found, mapped = plan, true
		}
	}
	return found, mapped
}

// PlansOf are the plans that the items of a subscription belong to.
func (a Account) PlansOf(s Subscription, c Catalog) []Plan {
	var plans []Plan
	for _, item := range s.Items {
		if plan, mapped := a.planOf(item, c); mapped {
			plans = append(plans, plan)
		}
	}
	return plans
}
