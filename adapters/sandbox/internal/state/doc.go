// Package state is what a Stripe account holds: its objects in tables, one file per kind,
// with what can be told from them alone, such as what an invoice comes to.
//
// It is data: nothing here sends, waits, or knows what time it is, and nothing writes
// objects as Stripe shows them. Account.Mu guards all of it.
package state
