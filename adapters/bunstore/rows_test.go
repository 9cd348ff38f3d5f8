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
		for _, former := range []domain.CustomerID{"cus_0", "cus_00", "cus_01"}[:rapid.IntRange(0, 3).Draw(t, "former customers")] {
			account.FormerCustomers = append(account.FormerCustomers, former)
			if rapid.Bool().Draw(t, "deleted") {
				account.DeletedCustomers = append(account.DeletedCustomers, former)
			}
		}
		account.CustomerAccounts = []domain.CustomerAccountID{"acct_1", "acct_2"}
		account.Meanings[domain.PriceID(text.Draw(t, "price"))] = domain.PlanKey(text.Draw(t, "means"))
		wantRead(t, accountRowOf(account).toDomain, account)

		order := draw[domain.Order](t)
		wantSame(t, orderRowOf(keyOf(order.ID), order).toDomain(), order)

		subscription := draw[domain.Subscription](t)
		wantRead(t, subscriptionRowOf(keyOf(subscription.ID), subscription).toDomain, subscription)

		payment := draw[domain.Payment](t)
		wantSame(t, paymentRowOf(keyOf(payment.ID), payment).toDomain(), payment)

		invoice := draw[domain.Invoice](t)
		wantRead(t, invoiceRowOf(keyOf(invoice.ID), invoice).toDomain, invoice)

		note := draw[domain.CreditNote](t)
		note.Refunds = []domain.RefundID{"re_1", "re_2"} // ids, of which there is a text
		wantRead(t, creditNoteRowOf(keyOf(note.ID), note).toDomain, note)

		paid := draw[domain.InvoiceID](t)
		wantSame(t, invoicePaymentRowOf(keyOf("pi_1"), paid).toDomain(), paid)

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
		wantRead(t, entitlementRowOf("ann", []domain.Entitlement{entitlement}).stretches, []domain.Entitlement{entitlement})
		later := draw[domain.Entitlement](t)
		later.Feature, later.Source = entitlement.Feature, entitlement.Source
		both := []domain.Entitlement{entitlement, later}
		wantRead(t, entitlementRowOf("ann", both).stretches, both)

		receipt := draw[domain.ProcessedEvent](t)
		if receipt.Redacted {
			receipt.Payload = nil
		}
		wantSame(t, receiptRowOf(receipt).toDomain(), receipt)

		change := draw[domain.Change](t)
		change.Seq = 0 // the database's to give
		wantSame(t, changeRowOf(change, change.Version).toDomain(), change)

		line := draw[domain.RightChange](t)
		line.Before.Feature, line.After.Feature = line.Feature, line.Feature
		line.Before.Sources, line.After.Sources = nil, nil // which are not told
		line.Lead = line.Lead.Truncate(time.Second)
		wantRead(t, rightChangeRowOf(line, line.Position, time.Time{}).toDomain, line)

		told := draw[domain.Told](t)
		wantRead(t, toldRowOf("ann", told).toDomain, told)

		ref := draw[domain.Ref](t)
		wantSame(t, refRowOf("ann", ref, "o_1").toDomain(), ref)
	})
}

// wantRead reads back what a row was made of.
func wantRead[T any](t *rapid.T, read func() (T, error), want T) {
	t.Helper()
	got, err := read()
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, got, want)
}

func keyOf[ID ~string](id ID) factRow { return factRow{ID: string(id), UserID: "ann"} }

// A map that was added to the account and forgotten here would be kept nowhere.
func TestFactTables_CoverTheAccount(t *testing.T) {
	t.Parallel()
	maps := -1 // what prices mean is in the account's own row
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
	got, err := invoiceRowOf(keyOf("in_1"), domain.Invoice{DueAt: at, Lines: []domain.Line{{From: at}}}).toDomain()
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 3, 1, 11, 0, 0, 123456000, time.UTC); got.DueAt != want || got.Lines[0].From != want {
		t.Errorf("got %v in a column and %v in a line, want %v", got.DueAt, got.Lines[0].From, want)
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
	case domain.Value: // of which each type has fields of its own
		v.Set(reflect.ValueOf(rapid.OneOf(
			rapid.Just(domain.Flag()),
			rapid.Map(rapid.Int64(), domain.Limit),
			rapid.Map(text.Filter(func(choice string) bool { return choice != "" }), domain.Choice),
		).Draw(t, "value")))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "time")).UTC()))
		return
	case []byte:
		v.SetBytes(rapid.SliceOfN(rapid.Byte(), 1, -1).Draw(t, "bytes"))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
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
