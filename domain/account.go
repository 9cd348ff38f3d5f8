package domain

import "maps"

// Account is all that is known about one user's purchases. It is the unit of
// locking and of decision.
type Account struct {
	User UserID

	// Customer is the Stripe customer that we made for this user, CustomerKey
	// the random part of the idempotency key it is made with.
	Customer    CustomerID
	CustomerKey string

	Orders        map[OrderID]Order
	Subscriptions map[SubscriptionID]Subscription
	Payments      map[string]Payment
}

// NewAccount is a user of whom nothing is known.
func NewAccount(user UserID) Account {
	return Account{
		User:          user,
		Orders:        map[OrderID]Order{},
		Subscriptions: map[SubscriptionID]Subscription{},
		Payments:      map[string]Payment{},
	}
}

// Clone returns a copy that shares nothing that can change. Items of a
// subscription are replaced, never edited, so that sharing them is safe.
func (a Account) Clone() Account {
	a.Orders = cloneMap(a.Orders)
	a.Subscriptions = cloneMap(a.Subscriptions)
	a.Payments = cloneMap(a.Payments)
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
	return maps.Equal(a.Orders, b.Orders) &&
		maps.Equal(a.Payments, b.Payments) &&
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
		}
		all = append(all, refs(Ref{RefPaymentIntent, string(p.PaymentIntent)})...)
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

// HadTrial tells whether the user has ever begun a trial: one a user, ever.
func (a Account) HadTrial() bool {
	for _, s := range a.Subscriptions {
		if !s.TrialEnd.IsZero() {
			return true
		}
	}
	return false
}
