package portstest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// holders have one thing each that a change may name.
var holders = map[domain.UserID]func(*ports.State){
	"by_entitlement": func(s *ports.State) {
		s.Entitlements = []domain.Entitlement{{Feature: "sso", Plan: "given", Value: domain.Flag(), Source: domain.Source{Kind: domain.SourceOrder, ID: "o"}}}
	},
	"by_later_entitlement": func(s *ports.State) {
		source := domain.Source{Kind: domain.SourceOrder, ID: "o"}
		s.Entitlements = []domain.Entitlement{
			{Feature: "sso", Plan: "first", Value: domain.Flag(), Source: source, Until: noon},
			{Feature: "sso", Plan: "later", Value: domain.Flag(), Source: source, Part: 1, Since: noon},
		}
	},
	"by_meaning": func(s *ports.State) { s.Account.Meanings["price_meant"] = "meant" },
	"by_order":   func(s *ports.State) { s.Account = withOrder(s.Account, "ordered", "price_ordered") },
	"by_item": func(s *ports.State) {
		s.Account = withItem(s.Account, domain.Item{ID: "si", Price: "price_item", Quantity: 1})
	},
	"by_lookup_key": func(s *ports.State) {
		s.Account = withItem(s.Account, domain.Item{ID: "si", LookupKey: `it's <"a"> key`, Quantity: 1})
	},
	"by_line": func(s *ports.State) { s.Account = withLine(s.Account, "price_line") },
	"nobody":  func(s *ports.State) { s.Account.CustomerKey = "random" },
	"of_other_things": func(s *ports.State) {
		s.Account = withLine(withItem(withOrder(s.Account, "another", "price_x"), domain.Item{ID: "si", Price: "price_y", LookupKey: "a", Quantity: 1}), "price_z")
	},
}

func withOrder(a domain.Account, plan domain.PlanKey, price domain.PriceID) domain.Account {
	o := order(a.User)
	o.Plan, o.PriceID = plan, price
	return a.WithOrder(o)
}

func withItem(a domain.Account, item domain.Item) domain.Account {
	s := subscription(a.User)
	s.Items = []domain.Item{item}
	a.Subscriptions[s.ID] = s
	return a
}

func withLine(a domain.Account, price domain.PriceID) domain.Account {
	id := domain.InvoiceID("in_of_" + a.User)
	a.Invoices[id] = domain.Invoice{
		ID: id, Subscription: domain.SubscriptionID("sub_" + a.User), Status: domain.InvoicePaid, CreatedAt: noon, Complete: true,
		Lines: []domain.Line{{ID: "il", Kind: domain.LineCycle, Item: "si", Price: price, Quantity: 1, From: noon, Until: noon.AddDate(0, 1, 0)}},
	}
	return a
}

func testAffected(t *testing.T, s ports.Store) {
	for user, has := range holders {
		update(t, s, touchOf(user), func(f ports.Found) ports.Kept {
			state := f.States[user]
			has(&state)
			return ports.Kept{States: []ports.State{state}}
		})
	}
	for _, c := range []struct {
		change domain.CatalogChange
		want   []domain.UserID
	}{
		{domain.CatalogChange{}, nil},
		{domain.CatalogChange{Plans: []domain.PlanKey{"no such plan"}, Prices: []domain.PriceID{"no such price"}, LookupKeys: []string{"no such key"}}, nil},
		{domain.CatalogChange{Plans: []domain.PlanKey{"given"}}, []domain.UserID{"by_entitlement"}},
		{domain.CatalogChange{Plans: []domain.PlanKey{"first"}}, []domain.UserID{"by_later_entitlement"}},
		{domain.CatalogChange{Plans: []domain.PlanKey{"later"}}, []domain.UserID{"by_later_entitlement"}},
		{domain.CatalogChange{Plans: []domain.PlanKey{"meant"}}, []domain.UserID{"by_meaning"}},
		{domain.CatalogChange{Prices: []domain.PriceID{"price_meant"}}, []domain.UserID{"by_meaning"}},
		{domain.CatalogChange{Plans: []domain.PlanKey{"ordered"}}, []domain.UserID{"by_order"}},
		{domain.CatalogChange{Prices: []domain.PriceID{"price_ordered"}}, []domain.UserID{"by_order"}},
		{domain.CatalogChange{Prices: []domain.PriceID{"price_item"}}, []domain.UserID{"by_item"}},
		{domain.CatalogChange{LookupKeys: []string{`it's <"a"> key`}}, []domain.UserID{"by_lookup_key"}},
		{domain.CatalogChange{Prices: []domain.PriceID{"price_line"}}, []domain.UserID{"by_line"}},
		{
			domain.CatalogChange{
				Plans: []domain.PlanKey{"given", "later", "meant"}, Prices: []domain.PriceID{"price_item", "price_line", "price_ordered"}, LookupKeys: []string{"b", `it's <"a"> key`},
			},
			[]domain.UserID{"by_entitlement", "by_item", "by_later_entitlement", "by_line", "by_lookup_key", "by_meaning", "by_order"},
		},
	} {
		got, err := s.Affected(t.Context(), c.change, "", 100)
		if err != nil || !slices.Equal(got.Users, c.want) || got.Last != "of_other_things" || got.Looked != len(holders) {
			t.Errorf("%+v: %+v, %v; want %v", c.change, got, err, c.want)
		}
	}
}

func testAffectedPages(t *testing.T, s ports.Store) {
	var want []domain.UserID
	for n := range 25 {
		user := domain.UserID(fmt.Sprintf("user_%02d", n))
		update(t, s, touchOf(user), func(f ports.Found) ports.Kept {
			state := f.States[user]
			state.Account.CustomerKey = "random"
			if n%7 == 0 {
				state.Account = withOrder(state.Account, "pro", "price_1")
				want = append(want, user)
			}
			return ports.Kept{States: []ports.State{state}}
		})
	}
	var got []domain.UserID
	var after domain.UserID
	for pages := 0; ; pages++ {
		page, err := s.Affected(t.Context(), domain.CatalogChange{Plans: []domain.PlanKey{"pro"}}, after, 10)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page.Users...)
		if want := []int{10, 10, 5, 0}[min(pages, 3)]; page.Looked != want {
			t.Errorf("page %d: looked at %d, want %d", pages, page.Looked, want)
		}
		if page.Last == "" {
			break
		}
		if page.Last <= after {
			t.Fatalf("after %s comes %s", after, page.Last)
		}
		after = page.Last
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if page, err := s.Affected(t.Context(), domain.CatalogChange{All: true}, "", 0); err != nil || page.Looked > 0 || len(page.Users) > 0 || page.Last != "" {
		t.Errorf("of none: %+v, %v", page, err)
	}
	if page, err := s.Affected(t.Context(), domain.CatalogChange{All: true}, "", 100); err != nil || len(page.Users) != 25 {
		t.Errorf("of all: %+v, %v", page, err)
	}
}
