package bunstore

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// A field that was added to the domain and forgotten here comes back empty.
func TestRows_RoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		account := domain.NewAccount("ann")
		account.Customer, account.CustomerKey = "cus_1", text.Draw(t, "key")
		account.FormerCustomers = []domain.CustomerID{"cus_0", "cus_00"}[:rapid.IntRange(0, 2).Draw(t, "former customers")]
		if len(account.FormerCustomers) == 0 {
			account.FormerCustomers = nil
		}
		wantSame(t, accountRowOf(account).toDomain(), account)

		order := draw[domain.Order](t)
		wantSame(t, orderRowOf(keyOf(order.ID), order).toDomain(), order)

		subscription := draw[domain.Subscription](t)
		got, err := subscriptionRowOf(keyOf(subscription.ID), subscription).toDomain()
		if err != nil {
			t.Fatal(err)
		}
		wantSame(t, got, subscription)

		payment := draw[domain.Payment](t)
		wantSame(t, paymentRowOf(keyOf(payment.ID), payment).toDomain(), payment)

		invoice := draw[domain.InvoiceID](t)
		wantSame(t, invoicePaymentRowOf(keyOf("pi_1"), invoice).toDomain(), invoice)

		charge := draw[domain.Charge](t)
		wantSame(t, chargeRowOf(keyOf(charge.ID), charge).toDomain(), charge)

		refund := draw[domain.Refund](t)
		wantSame(t, refundRowOf(keyOf(refund.ID), refund).toDomain(), refund)

		dispute := draw[domain.Dispute](t)
		wantSame(t, disputeRowOf(keyOf(dispute.ID), dispute).toDomain(), dispute)

		grant := draw[domain.Grant](t)
		wantSame(t, grantRowOf(keyOf(grant.ID), grant).toDomain(), grant)

		question := draw[ports.Question](t)
		wantSame(t, questionRowOf(question).toDomain(), question)

		entitlement := draw[domain.Entitlement](t)
		wantSame(t, entitlementRowOf("ann", entitlement).toDomain(), entitlement)

		receipt := draw[domain.ProcessedEvent](t)
		wantSame(t, receiptRowOf(receipt).toDomain(), receipt)

		change := draw[domain.Change](t)
		change.Seq = 0 // the database's to give
		wantSame(t, changeRowOf(change).toDomain(), change)

		ref := draw[domain.Ref](t)
		wantSame(t, refRowOf("ann", ref).toDomain(), ref)
	})
}

func keyOf[ID ~string](id ID) factRow { return factRow{ID: string(id), UserID: "ann"} }

// A map that was added to the account and forgotten here would be kept nowhere.
func TestFactTables_CoverTheAccount(t *testing.T) {
	t.Parallel()
	maps := 0
	for field := range reflect.ValueOf(domain.NewAccount("ann")).Fields() {
		if field.Type.Kind() == reflect.Map {
			maps++
		}
	}
	if tables := len(factTables()); tables != maps {
		t.Errorf("%d tables for the %d maps of an account", tables, maps)
	}
}

func TestRows_MendText(t *testing.T) {
	t.Parallel()
	row := receiptRowOf(domain.ProcessedEvent{Reason: "a\x00b\xffc", Payload: []byte("a\x00b\xffc")})
	if want := "a\uFFFDb\uFFFDc"; row.Reason != want {
		t.Errorf("reason %q, want %q", row.Reason, want)
	}
	if string(row.Payload) != "a\x00b\xffc" {
		t.Errorf("payload %q was mended", row.Payload)
	}
}

func TestRows_TimesAreMicrosecondsInUTC(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("", 3600))
	got := paymentRowOf(keyOf("in_1"), domain.Payment{PeriodEnd: at}).toDomain().PeriodEnd
	if want := time.Date(2026, 3, 1, 11, 0, 0, 123456000, time.UTC); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestStorable(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"ann": true, "é😀'": true, "": false, "a\x00": false, "a\xff": false,
		string(make([]byte, longestID+1)): false,
	} {
		if got := storable(id); got != want {
			t.Errorf("storable(%.20q) is %v, want %v", id, got, want)
		}
	}
}

func wantSame[T any](t *rapid.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%T (-want +got):\n%s", want, diff)
	}
}

var text = rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r != 0 }))

// draw fills every field of a value, also those that are added tomorrow.
func draw[T any](t *rapid.T) T {
	var v T
	fill(t, reflect.ValueOf(&v).Elem())
	return v
}

func fill(t *rapid.T, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "time")).UTC()))
		return
	case []byte:
		v.SetBytes(rapid.SliceOfN(rapid.Byte(), 1, -1).Draw(t, "bytes"))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text.Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "number"))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	default:
		t.Fatalf("%v is of a kind that no row has yet", v.Type())
	}
}
