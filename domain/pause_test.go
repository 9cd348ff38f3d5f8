package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// While collection is paused nothing is owed: who pays nothing then keeps access, unless
// the plan says that voided months are none.
func TestPause_KeepsAccessUnlessThePlanSuspendsWhileVoid(t *testing.T) {
	t.Parallel()
	const all = "pro, projects 100, seats 1"
	suspends := deepCopyCatalog(market)
	pro := suspends.Plans["pro"]
	pro.Policy.Access = []domain.AccessOption{"suspend_while_void"}
	suspends.Plans["pro"] = pro

	month := func(n float64) domain.Item { return has("si_1", "price_m", 1, 30*n, 30*n+30) }
	ofMonth := func(n float64) domain.Line { return cycle("si_1", "price_m", 1, 1000, 30*n, 30*n+30) }
	paused := func(how domain.PauseBehavior, days float64, item domain.Item) domain.Fact {
		s := sub(days, "active", item)
		s.Snapshot.Pause = how
		return s
	}
	begun := []domain.Fact{sub(0, "active", month(0)), bill(0, "in_1", "paid", ofMonth(0))}
	also := func(more ...domain.Fact) []domain.Fact { return append(begun[:2:2], more...) }
	void := also(paused(domain.PauseVoid, 10, month(0)), paused(domain.PauseVoid, 30, month(1)), bill(30, "in_2", "void", ofMonth(1)))

	for name, c := range map[string]struct {
		story
		catalog domain.Catalog
	}{
		"void":                       {story{void, []holding{{31, all}, {60.9, all}, {61, "nothing"}}}, market},
		"void, and the plan minds":   {story{void, []holding{{31, "nothing"}}}, suspends},
		"void, within what was paid": {story{also(paused(domain.PauseVoid, 10, month(0))), []holding{{11, all}, {29.9, all}, {30, "nothing"}}}, suspends},
		"void, and then resumed": {
			story{append(void[:len(void):len(void)], sub(60, "active", month(2)), bill(60, "in_3", "paid", ofMonth(2))), []holding{{61, all}, {91, "nothing"}}}, suspends,
		},
		"kept as drafts": {
			story{also(paused(domain.PauseKeepAsDraft, 10, month(0)), paused(domain.PauseKeepAsDraft, 30, month(1)), bill(30, "in_2", "draft", ofMonth(1))),
				[]holding{{31, all}, {60.9, all}, {61, "nothing"}}}, suspends,
		},
		"given up": {
			story{also(paused(domain.PauseUncollectible, 10, month(0)), paused(domain.PauseUncollectible, 30, month(1)), bill(30, "in_2", "uncollectible", ofMonth(1))),
				[]holding{{31, all}, {60.9, all}, {61, "nothing"}}}, suspends,
		},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.check(t, accountWith(ana), c.catalog) })
	}
}
