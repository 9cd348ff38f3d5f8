package domain

import (
	"maps"
	"slices"
	"time"
)

// Account is all that is known about one user's purchases. It is the unit of
// locking. What is derived, is derived purchase by purchase: see [Account.Purchases].
type Account struct {
	User UserID

	// Customer is the Stripe customer that we made for this user, CustomerKey
	// the random part of the idempotency key it is made with.
	Customer    CustomerID
	CustomerKey string

	// FormerCustomers are those that were ours before: events about what they bought
	// are still the user's. Sorted. DeletedCustomers are those of which Stripe said
	// that they were deleted, which ends what they subscribed to. Sorted.
	FormerCustomers  []CustomerID
	DeletedCustomers []CustomerID

	// CustomerAccounts are other names of the customer, learned from objects of ours.
	// Sorted.
	CustomerAccounts []CustomerAccountID

	// Meanings says which plan a price meant when it was told of: a price that leaves
	// the catalog, or loses its lookup key, keeps its plan for who holds it.
	Meanings map[PriceID]PlanKey

	Orders        map[OrderID]Order
	Payments      map[PaymentIntentID]Payment
	Subscriptions map[SubscriptionID]Subscription
	Invoices      map[InvoiceID]Invoice

	// What became of the money. InvoicePayments says which invoice a payment
	// intent pays.
	InvoicePayments map[PaymentIntentID]InvoiceID
	Charges         map[ChargeID]Charge
	Refunds         map[RefundID]Refund
	Disputes        map[DisputeID]Dispute
	CreditNotes     map[CreditNoteID]CreditNote

	// Past is what invoices said that ended long ago and were not found with the rest: see
	// [Account.LongEnded]. There is none of an account that was found whole.
	Past map[SubscriptionID]Past

	Grants map[GrantID]Grant
}

// NewAccount is a user of whom nothing is known.
func NewAccount(user UserID) Account { return Account{User: user}.Clone() }

// Clone returns a copy that shares nothing that can change. Slices within facts are
// replaced, never edited, so that sharing them is safe.
func (a Account) Clone() Account {
	a.Meanings = cloneMap(a.Meanings)
	a.Orders = cloneMap(a.Orders)
	a.Payments = cloneMap(a.Payments)
	a.Subscriptions = cloneMap(a.Subscriptions)
	a.Invoices = cloneMap(a.Invoices)
	a.InvoicePayments = cloneMap(a.InvoicePayments)
	a.Charges = cloneMap(a.Charges)
	a.Refunds = cloneMap(a.Refunds)
	a.Disputes = cloneMap(a.Disputes)
	a.CreditNotes = cloneMap(a.CreditNotes)
	a.Past = cloneMap(a.Past)
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

// WithOrder returns the account with an order added or replaced.
func (a Account) WithOrder(o Order) Account {
	a = a.Clone()
	a.Orders[o.ID] = o
	return a
}

// Refs are all names under which the account is to be found from now on.
func (a Account) Refs() []Ref {
	all := a.ownRefs()
	a.eachFact(func(names ...Ref) {
		for _, name := range names {
			if name.ID != "" {
				all = append(all, name)
			}
		}
	})
	return all
}

// ownRefs are the names of the account, and of none of its purchases.
func (a Account) ownRefs() []Ref {
	all := refs(Ref{RefCustomer, string(a.Customer)})
	for _, former := range a.FormerCustomers {
		all = append(all, Ref{RefCustomer, string(former)})
	}
	for _, name := range a.CustomerAccounts {
		all = append(all, Ref{RefAccount, string(name)})
	}
	return all
}

// orderOf finds the order of a session by the order id that the session carries,
// as a recovered one does too. What earlier facts said has no part in it: a fact
// that finds its order only after another one would make their order matter.
func (a *Account) orderOf(s SessionFact) (Order, bool) {
	o, found := a.Orders[s.Order]
	return o, found
}

// HadTrial tells whether the user has ever begun a trial, or may do so at t in a
// checkout that is open: one a user, ever. A subscription to nothing but what the catalog
// ignores is none of ours.
func (a Account) HadTrial(t time.Time, c Catalog) bool {
	for _, s := range a.Subscriptions {
		if !s.TrialEnd.IsZero() && !s.ignoredBy(c) {
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

// WithoutCustomer is the account once its customer was deleted at Stripe, which ends
// what it subscribed to; the next one is made with a key of its own.
func (a Account) WithoutCustomer(key string) Account {
	if a.Customer != "" {
		a.DeletedCustomers = union(a.DeletedCustomers, []CustomerID{a.Customer})
	}
	return a.ReplaceCustomer(key)
}

// ReplaceCustomer is the account ready for another customer. The one that it had is
// still the user's: nothing that it bought ends.
func (a Account) ReplaceCustomer(key string) Account {
	if a.Customer != "" {
		a.FormerCustomers = union(a.FormerCustomers, []CustomerID{a.Customer})
	}
	a.Customer, a.CustomerKey = "", key
	return a
}

// isDeleted tells whether Stripe said of a customer that it was deleted, which ends
// all that it had.
func (a *Account) isDeleted(customer CustomerID) bool {
	return slices.Contains(a.DeletedCustomers, customer)
}

// Live tells whether a subscription may still charge the user, so that a second one
// in its group would charge twice.
func (a Account) Live(s Subscription) bool { return s.Status.Live() && !a.isDeleted(s.Customer) }

// PlanOfItem is the plan that an item of the account's subscriptions belongs to.
func (a Account) PlanOfItem(item Item, c Catalog) (Plan, bool) {
	return a.planOf(item.Price, item.LookupKey, c)
}

// PlansOf are the plans that the items of a subscription belong to.
func (a Account) PlansOf(s Subscription, c Catalog) []Plan {
	var plans []Plan
	for _, item := range s.Items {
		if plan, mapped := a.PlanOfItem(item, c); mapped {
			plans = append(plans, plan)
		}
	}
	return plans
}
