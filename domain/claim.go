package domain

import "slices"

// DeploymentID names one deployment of ours among those that may share a Stripe account.
// It is kept in the database, so that a restored backup is the same deployment still.
type DeploymentID string

// Claim is what the metadata of an object says of how it was made. Whoever may write to
// the Stripe account may write it, so that it grants nothing: it says where to look for
// what the database has lost.
type Claim struct {
	Deployment DeploymentID // empty: made by a version that did not say, or not by us
	Order      OrderID
	User       UserID
	// Customer is no claim but the object's own word; empty if it names none.
	Customer CustomerID
}

// ClaimOf is what a fact claims. Facts of kinds whose metadata nobody of ours writes
// claim nothing.
func ClaimOf(f Fact) Claim {
	var c Claim
	switch f := f.(type) {
	case SessionFact:
		c, c.Customer = f.Claim, f.Customer
	case SubscriptionFact:
		c, c.Customer = f.Claim, f.Snapshot.Customer
	case InvoiceFact:
		c, c.Customer = f.Claim, f.Customer
	case ChargeFact:
		c, c.Customer = f.Claim, f.Customer
	}
	return c
}

// MayGive tells whether a fact is about something that is bought or may still be: what
// came to nothing is no loss.
func MayGive(f Fact) bool {
	switch f := f.(type) {
	case SessionFact:
		return f.Status != "expired"
	case SubscriptionFact:
		return f.Snapshot.Status.Live()
	default:
		return false
	}
}

// WithRemade is the account with a customer and an order that it had and that were lost,
// and leaves what it has. A customer beside the one that it has is a former one.
func (a Account) WithRemade(customer CustomerID, order Order) Account {
	switch {
	case customer == "" || customer == a.Customer || slices.Contains(a.FormerCustomers, customer):
	case a.Customer == "":
		a.Customer = customer
	default:
		a.FormerCustomers = union(a.FormerCustomers, []CustomerID{customer})
	}
	if _, have := a.Orders[order.ID]; order.ID == "" || have {
		return a
	}
	return a.WithOrder(order)
}
