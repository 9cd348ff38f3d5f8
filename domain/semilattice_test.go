package domain

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// This file is inside the package: it is about the two joins themselves. That
// Record builds on nothing else is checked from outside, in join_test.go.

func TestPaymentJoin_IsASemilattice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, q, r := somePayments.Draw(t, "p"), somePayments.Draw(t, "q"), somePayments.Draw(t, "r")
		if p.join(q) != q.join(p) {
			t.Errorf("not commutative: %+v, %+v", p, q)
		}
		if p.join(q).join(r) != p.join(q.join(r)) {
			t.Errorf("not associative: %+v, %+v, %+v", p, q, r)
		}
		if p.join(p) != p {
			t.Errorf("not idempotent: %+v", p)
		}
	})
}

func TestCompareSnapshots_IsATotalOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := someSnapshots.Draw(t, "a"), someSnapshots.Draw(t, "b"), someSnapshots.Draw(t, "c")
		if compareSnapshots(a, b) != -compareSnapshots(b, a) {
			t.Errorf("not antisymmetric: %+v, %+v", a, b)
		}
		if compareSnapshots(a, b) <= 0 && compareSnapshots(b, c) <= 0 && compareSnapshots(a, c) > 0 {
			t.Errorf("not transitive: %+v, %+v, %+v", a, b, c)
		}
		if (compareSnapshots(a, b) == 0) != reflect.DeepEqual(a, b) {
			t.Errorf("equal in the order, but not the same: %+v, %+v", a, b)
		}
	})
}

// A field that the order forgets would make two different snapshots equal, and
// the one that arrives first stay.
func TestCompareSnapshots_LooksAtEveryField(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[Subscription]()
	for n := range fields.NumField() {
		name := fields.Field(n).Name
		if name == "ID" {
			continue // snapshots of one subscription are compared
		}
		var other Subscription
		field := reflect.ValueOf(&other).Elem().Field(n)
		switch field.Interface().(type) {
		case time.Time:
			field.Set(reflect.ValueOf(time.Unix(1, 0).UTC()))
		case bool:
			field.SetBool(true)
		case int:
			field.SetInt(1)
		case []Item:
			field.Set(reflect.ValueOf([]Item{{ID: "si_1"}}))
		default:
			field.SetString("x")
		}
		if compareSnapshots(other, Subscription{}) == 0 {
			t.Errorf("two snapshots that differ in %s compare as equal", name)
		}
	}
}

func TestEarlierAndLater_AreSemilatticesWithZeroAsUnknown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := someTimes.Draw(t, "a"), someTimes.Draw(t, "b"), someTimes.Draw(t, "c")
		for name, join := range map[string]func(a, b time.Time) time.Time{"earlier": earlier, "later": later} {
			if join(a, b) != join(b, a) || join(join(a, b), c) != join(a, join(b, c)) || join(a, a) != a {
				t.Errorf("%s is no join for %s, %s, %s", name, a, b, c)
			}
			if join(a, time.Time{}) != a {
				t.Errorf("%s(%s, unknown) is not what is known", name, a)
			}
		}
	})
}

func TestSaturatingArithmetic_StaysAtTheTop(t *testing.T) {
	t.Parallel()
	const top = int64(1<<63 - 1)
	for _, c := range []struct{ got, want int64 }{
		{saturatingAdd(top, 1), top},
		{saturatingAdd(top-1, 1), top},
		{saturatingAdd(2, 3), 5},
		{saturatingMultiply(top, 2), top},
		{saturatingMultiply(0, top), 0},
		{saturatingMultiply(6, 7), 42},
	} {
		if c.got != c.want {
			t.Errorf("got %d, want %d", c.got, c.want)
		}
	}
}

func TestCompareSnapshots_LooksAtEveryFieldOfAnItem(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[Item]()
	for n := range fields.NumField() {
		var other Item
		if field := reflect.ValueOf(&other).Elem().Field(n); field.CanInt() {
			field.SetInt(1)
		} else {
			field.SetString("x")
		}
		if compareSnapshots(Subscription{Items: []Item{other}}, Subscription{Items: make([]Item, 1)}) == 0 {
			t.Errorf("two snapshots with items that differ in %s compare as equal", fields.Field(n).Name)
		}
	}
}

var someTimes = rapid.Custom(func(t *rapid.T) time.Time {
	if n := rapid.Int64Range(-1, 2).Draw(t, "second"); n >= 0 {
		return time.Unix(1_700_000_000+n, 0).UTC()
	}
	return time.Time{}
})

var somePayments = rapid.Custom(func(t *rapid.T) Payment {
	return Payment{
		ID:           "in_1",
		Order:        rapid.SampledFrom([]OrderID{"", "o1", "o2"}).Draw(t, "order"),
		Subscription: rapid.SampledFrom([]SubscriptionID{"", "sub_1", "sub_2"}).Draw(t, "subscription"),
		Status:       rapid.SampledFrom(PaymentStatuses).Draw(t, "status"),
		Amount:       rapid.Int64Range(0, 2).Draw(t, "amount"),
		Total:        rapid.Int64Range(0, 2).Draw(t, "total"),
		Currency:     rapid.SampledFrom([]string{"eur", "usd"}).Draw(t, "currency"),
		PeriodStart:  someTimes.Draw(t, "start"),
		PeriodEnd:    someTimes.Draw(t, "end"),
	}
})

// someSnapshots mostly agree, so that every later criterion gets to decide.
var someSnapshots = rapid.Custom(func(t *rapid.T) Subscription {
	s := Subscription{ID: "sub_1", Status: StatusActive}
	switch rapid.IntRange(0, 12).Draw(t, "differs in") {
	case 0:
		s.Status = rapid.SampledFrom(AccessRules).Draw(t, "status").Status
	case 1:
		s.SeenAt = someTimes.Draw(t, "seen")
	case 2:
		s.Precedence = rapid.IntRange(0, 3).Draw(t, "precedence")
	case 3:
		s.PeriodEnd = someTimes.Draw(t, "period end")
	case 4:
		s.PeriodStart = someTimes.Draw(t, "period start")
	case 5:
		s.CancelAt = someTimes.Draw(t, "cancel at")
	case 6:
		s.CancelAtPeriodEnd = true
	case 7:
		s.EndedAt = someTimes.Draw(t, "ended")
	case 8:
		s.TrialEnd = someTimes.Draw(t, "trial end")
	case 9:
		s.StartedAt = someTimes.Draw(t, "started")
	case 10:
		s.Order = rapid.SampledFrom([]OrderID{"", "o1"}).Draw(t, "order")
	case 11:
		s.Customer = "cus_1"
	case 12:
		s.Items = []Item{{ID: "si_1", Quantity: rapid.Int64Range(1, 2).Draw(t, "quantity")}}
	}
	return s
})
