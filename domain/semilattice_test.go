package domain

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// This file is inside the package: it is about the joins themselves. That
// Record builds on nothing else is checked from outside, in join_test.go.

func TestJoins_AreSemilattices(t *testing.T) {
	t.Parallel()
	t.Run("payment", func(t *testing.T) { t.Parallel(); isSemilattice(t, somePayments, Payment.join) })
	t.Run("invoice", func(t *testing.T) { t.Parallel(); isSemilattice(t, someInvoices, Invoice.join) })
	t.Run("credit note", func(t *testing.T) { t.Parallel(); isSemilattice(t, someCreditNotes, CreditNote.join) })
	t.Run("charge", func(t *testing.T) { t.Parallel(); isSemilattice(t, someCharges, Charge.join) })
	t.Run("refund", func(t *testing.T) { t.Parallel(); isSemilattice(t, someRefunds, Refund.join) })
	t.Run("dispute", func(t *testing.T) { t.Parallel(); isSemilattice(t, someDisputes, Dispute.join) })
}

// isSemilattice checks that joining does not depend on the order, on how facts are
// grouped, or on how often they come.
func isSemilattice[T any](t *testing.T, some *rapid.Generator[T], join func(a, b T) T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := some.Draw(t, "a"), some.Draw(t, "b"), some.Draw(t, "c")
		if !reflect.DeepEqual(join(a, b), join(b, a)) {
			t.Errorf("not commutative: %+v, %+v", a, b)
		}
		if !reflect.DeepEqual(join(join(a, b), c), join(a, join(b, c))) {
			t.Errorf("not associative: %+v, %+v, %+v", a, b, c)
		}
		if !reflect.DeepEqual(join(a, a), a) {
			t.Errorf("not idempotent: %+v", a)
		}
	})
}

// Two invoices, or credit notes, are the same if nothing tells them apart; one field
// that is not compared would be one that no fact can change.
func TestSame_LooksAtEveryField(t *testing.T) {
	t.Parallel()
	eachField(t, func(name string, other Invoice) {
		if sameInvoice(other, Invoice{}) {
			t.Errorf("two invoices that differ in %s are the same", name)
		}
	})
	eachField(t, func(name string, other CreditNote) {
		if sameCreditNote(other, CreditNote{}) {
			t.Errorf("two credit notes that differ in %s are the same", name)
		}
	})
	eachField(t, func(name string, other Line) {
		if compareLines(other, Line{}) == 0 {
			t.Errorf("two lines that differ in %s compare as equal", name)
		}
	})
	eachField(t, func(name string, other CreditedLine) {
		if compareCreditedLines(other, CreditedLine{}) == 0 {
			t.Errorf("two credited lines that differ in %s compare as equal", name)
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
	eachField(t, func(name string, other Subscription) {
		if name != "ID" && compareSnapshots(other, Subscription{}) == 0 { // those of one subscription are compared
			t.Errorf("two snapshots that differ in %s compare as equal", name)
		}
	})
	eachField(t, func(name string, other Item) {
		if compareSnapshots(Subscription{Items: []Item{other}}, Subscription{Items: make([]Item, 1)}) == 0 {
			t.Errorf("two snapshots with items that differ in %s compare as equal", name)
		}
	})
}

// eachField shows a value for each field of its type, that differs from the zero value
// in this field alone.
func eachField[T any](t *testing.T, show func(name string, other T)) {
	t.Helper()
	fields := reflect.TypeFor[T]()
	for n := range fields.NumField() {
		var other T
		field := reflect.ValueOf(&other).Elem().Field(n)
		switch field.Interface().(type) {
		case time.Time:
			field.Set(reflect.ValueOf(time.Unix(1, 0).UTC()))
		default:
			switch field.Kind() {
			case reflect.Bool:
				field.SetBool(true)
			case reflect.Int, reflect.Int64:
				field.SetInt(1)
			case reflect.Slice:
				field.Set(reflect.MakeSlice(field.Type(), 1, 1))
			default:
				field.SetString("x")
			}
		}
		show(fields.Field(n).Name, other)
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

var someTimes = rapid.Custom(func(t *rapid.T) time.Time {
	if n := rapid.Int64Range(-1, 2).Draw(t, "second"); n >= 0 {
		return time.Unix(1_700_000_000+n, 0).UTC()
	}
	return time.Time{}
})
