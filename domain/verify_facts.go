package domain

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// VerifyFacts joins facts that were told into an account once more. What that changes was
// told, and is missing: whatever else is known, joining what is known already changes nothing.
func VerifyFacts(a Account, c Catalog, told []Fact) []Difference {
	again := a.Clone()
	for _, fact := range told {
		if sub, is := fact.(SubscriptionFact); is && sub.MoreItems {
			continue // which of its items are held depends on the order of what is told
		}
		again.Join(fact, c)
	}
	return FactDifferences(a, again)
}

// Retold is the account as it would be if nothing were known of it but its orders as they
// were made, its customers and grants, and what was told.
func Retold(a Account, c Catalog, told []Fact) Account {
	bare := NewAccount(a.User)
	bare.Customer, bare.CustomerKey = a.Customer, a.CustomerKey
	bare.FormerCustomers, bare.CustomerAccounts = a.FormerCustomers, a.CustomerAccounts
	bare.Meanings, bare.Grants = cloneMap(a.Meanings), cloneMap(a.Grants)
	for id, order := range a.Orders {
		bare.Orders[id] = order.asMade()
	}
	for _, fact := range told {
		bare.Join(fact, c)
	}
	return bare
}

// asMade is the order as it was when its session was made: nothing that became of it.
func (o Order) asMade() Order {
	o.Status, o.Subscription, o.PaymentIntent, o.PaidAt = OrderPending, "", "", time.Time{}
	if o.Session != "" {
		o.Status = OrderOpen
	}
	return o
}

// FactDifferences compares the facts of two accounts, table by table. What the account itself
// is called by, what prices meant and what was given by hand is no fact.
func FactDifferences(got, want Account) []Difference {
	var all []Difference
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for n := range g.NumField() {
		field := g.Type().Field(n)
		if field.Type.Kind() == reflect.Map && !notTold[field.Name] {
			all = append(all, differences(columnName(field.Name), namedRows(g.Field(n)), namedRows(w.Field(n)))...)
		}
	}
	if !slices.Equal(got.DeletedCustomers, want.DeletedCustomers) {
		all = append(all, Difference{
			Table: "accounts", Field: "deleted_customers",
			Got: joinText(got.DeletedCustomers), Want: joinText(want.DeletedCustomers),
		})
	}
	return all
}

// notTold are the maps of an account that no fact is kept in.
var notTold = map[string]bool{"Meanings": true, "Grants": true, "Past": true}

func joinText[ID ~string](ids []ID) string {
	texts := make([]string, len(ids))
	for n, id := range ids {
		texts[n] = string(id)
	}
	return strings.Join(texts, " ")
}

// namedRows are the values of a map by the names of its keys.
func namedRows(m reflect.Value) map[string]any {
	rows := make(map[string]any, m.Len())
	for key, value := range m.Seq2() {
		rows[key.String()] = value.Interface()
	}
	return rows
}
