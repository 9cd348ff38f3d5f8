package stripe

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func cutPath(file string) (before, after string, found bool) { return strings.Cut(file, "/") }

// of wraps an object in an event.
func of(object string) string {
	return `{"id":"evt_1","object":"event","type":"customer.subscription.updated","created":1700000000,"data":{"object":` + object + `}}`
}

func TestReadEvent_Unreadable(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":                     "",
		"text":                        "hello",
		"null":                        "null",
		"number":                      "17",
		"string":                      `"evt_1"`,
		"array":                       `[{"id":"evt_1","object":"event","type":"t","created":1700000000}]`,
		"empty object":                "{}",
		"cut off":                     of("{}")[:60],
		"two bodies":                  of("{}") + of("{}"),
		"byte order mark":             "\ufeff" + of("{}"),
		"vector of the signatures":    `{"id":"evt_test_webhook","object":"event"}`,
		"no id":                       `{"object":"event","type":"t","created":1700000000}`,
		"no type":                     `{"id":"evt_1","object":"event","created":1700000000}`,
		"null id":                     `{"id":null,"object":"event","type":"t","created":1700000000}`,
		"number as id":                `{"id":1,"object":"event","type":"t","created":1700000000}`,
		"object as id":                `{"id":{"id":"evt_1"},"object":"event","type":"t","created":1700000000}`,
		"NUL in the id":               `{"id":"evt_\u0000","object":"event","type":"t","created":1700000000}`,
		"line break in the id":        `{"id":"evt_\n","object":"event","type":"t","created":1700000000}`,
		"C1 control in the id":        `{"id":"evt_` + "\u0085" + `","object":"event","type":"t","created":1700000000}`,
		"NUL in the type":             `{"id":"evt_1","object":"event","type":"t\u0000","created":1700000000}`,
		"id too long":                 `{"id":"evt_` + strings.Repeat("x", 252) + `","object":"event","type":"t","created":1700000000}`,
		"another kind":                `{"id":"cus_1","object":"customer","type":"t","created":1700000000}`,
		"no kind":                     `{"id":"evt_1","type":"t","created":1700000000}`,
		"too deep":                    of(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)),
		"too deep in a ref":           of(`{"object":"subscription","customer":` + strings.Repeat(`{"id":`, 50_000) + "1" + strings.Repeat("}", 50_000) + "}"),
		"never closed":                strings.Repeat(`{"data":`, 200_000),
		"session without id":          of(`{"object":"checkout.session"}`),
		"subscription without id":     of(`{"object":"subscription","id":null}`),
		"invoice without id":          of(`{"object":"invoice","id":""}`),
		"invoice payment without id":  of(`{"object":"invoice_payment","invoice":"in_1"}`),
		"charge without id":           of(`{"object":"charge","id":null,"payment_intent":"pi_1"}`),
		"refund without id":           of(`{"object":"refund","id":7}`),
		"dispute without id":          of(`{"object":"dispute","id":{"id":"dp_1"}}`),
		"credit note without id":      of(`{"object":"credit_note","invoice":"in_1"}`),
		"customer without id":         of(`{"object":"customer","id":"","deleted":true}`),
		"session with a NUL in id":    of(`{"object":"checkout.session","id":"cs_\u0000"}`),
		"subscription with a long id": of(`{"object":"subscription","id":"sub_` + strings.Repeat("x", 252) + `"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newTestGateway(t, nil).ReadEvent([]byte(body), sign([]byte(body), noon, testSecret))
			if !errors.Is(err, ports.ErrUnreadable) {
				t.Errorf("got %+v, %v, want %v", got, err, ports.ErrUnreadable)
			}
			if err != nil && len(err.Error()) > 200 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestReadEvent_Thin(t *testing.T) {
	t.Parallel()
	body := []byte(`{"id":"evt_1","object":"v2.core.event","type":"v1.customer.subscription.updated","created":"2026-11-02T12:00:00.000Z",
		"livemode":false,"context":null,"related_object":{"id":"sub_1","type":"subscription","url":"/v1/subscriptions/sub_1"}}`)
	_, err := newTestGateway(t, nil).ReadEvent(body, sign(body, noon, testSecret))
	if !errors.Is(err, ports.ErrThinEvent) {
		t.Errorf("got %v, want %v", err, ports.ErrThinEvent)
	}
}

// Strange, and still an event: it is read without a fact, or with what is left.
func TestReadEvent_Strange(t *testing.T) {
	t.Parallel()
	envelope := func(fields string) string {
		return `{"id":"evt_1","object":"event","type":"t","created":1700000000` + fields + "}"
	}
	for name, test := range map[string]struct {
		body string
		want domain.Fact
	}{
		"no data":                       {envelope(""), nil},
		"null data":                     {envelope(`,"data":null`), nil},
		"data is an array":              {envelope(`,"data":[1,2]`), nil},
		"data is a text":                {envelope(`,"data":"sub_1"`), nil},
		"empty data":                    {envelope(`,"data":{}`), nil},
		"null object":                   {of("null"), nil},
		"object is an id":               {of(`"sub_1"`), nil},
		"object is an array":            {of(`[{"id":"sub_1","object":"subscription"}]`), nil},
		"an unknown kind":               {of(`{"id":"x_1","object":"something.new","status":7}`), nil},
		"an unknown kind without id":    {of(`{"object":"balance"}`), nil},
		"kind is an object":             {of(`{"id":"sub_1","object":{}}`), nil},
		"everything null in the event":  {envelope(`,"api_version":null,"livemode":null,"account":null,"request":null,"pending_webhooks":null,"data":{"object":null,"previous_attributes":null}`), nil},
		"an event of 2015":              {`{"id":"evt_1","object":"event","type":"t","created":1.4e9,"request":"req_1","api_version":"2015-10-16"}`, nil},
		"a version of the future":       {envelope(`,"api_version":"2031-04-01.zinnia"`), nil},
		"version is a number":           {envelope(`,"api_version":2031`), nil},
		"livemode is a text":            {envelope(`,"livemode":"true"`), nil},
		"account is an object":          {envelope(`,"account":{"id":"acct_1","object":"account"}`), nil},
		"the next invoice":              {`{"id":"evt_1","object":"event","type":"invoice.upcoming","created":1700000000,"data":{"object":{"object":"invoice","subscription":"sub_1"}}}`, nil},
		"the next invoice, with an id":  {`{"id":"evt_1","object":"event","type":"invoice.upcoming","created":1700000000,"data":{"object":{"object":"invoice","id":"upcoming_in_1"}}}`, nil},
		"everything null in a session":  {envelope(`,"data":{"object":` + nulls("checkout.session", "cs_1") + "}"), domain.SessionFact{Type: "t", ID: "cs_1"}},
		"everything null in an invoice": {envelope(`,"data":{"object":` + nulls("invoice", "in_1") + "}"), domain.InvoiceFact{Type: "t", Invoice: domain.Invoice{ID: "in_1"}}},
		"everything null in a subscription": {envelope(`,"data":{"object":` + nulls("subscription", "sub_1") + "}"),
			domain.SubscriptionFact{Type: "t", Snapshot: domain.Subscription{ID: "sub_1", Items: []domain.Item{}}}},
		"everything an object in a session":     {envelope(`,"data":{"object":` + all("{}", "checkout.session", "cs_1") + "}"), domain.SessionFact{Type: "t", ID: "cs_1"}},
		"everything an array in an invoice":     {envelope(`,"data":{"object":` + all("[[]]", "invoice", "in_1") + "}"), domain.InvoiceFact{Type: "t", Invoice: domain.Invoice{ID: "in_1"}}},
		"everything null in a payment":          {envelope(`,"data":{"object":` + nulls("invoice_payment", "inpay_1") + "}"), domain.InvoicePaymentFact{Type: "t", ID: "inpay_1"}},
		"everything null in a credit note":      {envelope(`,"data":{"object":` + nulls("credit_note", "cn_1") + "}"), domain.CreditNoteFact{Type: "t", CreditNote: domain.CreditNote{ID: "cn_1"}}},
		"everything an object in a credit note": {envelope(`,"data":{"object":` + all("{}", "credit_note", "cn_1") + "}"), domain.CreditNoteFact{Type: "t", CreditNote: domain.CreditNote{ID: "cn_1"}}},
		"everything null in a charge":           {envelope(`,"data":{"object":` + nulls("charge", "ch_1") + "}"), domain.ChargeFact{Type: "t", ID: "ch_1"}},
		"everything null in a refund":           {envelope(`,"data":{"object":` + nulls("refund", "re_1") + "}"), domain.RefundFact{Type: "t", ID: "re_1"}},
		"everything null in a dispute":          {envelope(`,"data":{"object":` + nulls("dispute", "dp_1") + "}"), domain.DisputeFact{Type: "t", ID: "dp_1"}},
		"everything null in a customer":         {envelope(`,"data":{"object":` + nulls("customer", "cus_1") + "}"), domain.CustomerFact{Type: "t", ID: "cus_1"}},
		"everything an object in a charge":      {envelope(`,"data":{"object":` + all("{}", "charge", "ch_1") + "}"), domain.ChargeFact{Type: "t", ID: "ch_1"}},
		"everything an array in a refund":       {envelope(`,"data":{"object":` + all("[[]]", "refund", "re_1") + "}"), domain.RefundFact{Type: "t", ID: "re_1"}},
		"everything true in a dispute":          {envelope(`,"data":{"object":` + all("true", "dispute", "dp_1") + "}"), domain.DisputeFact{Type: "t", ID: "dp_1"}},
		"a payment that is an id":               {envelope(`,"data":{"object":{"id":"inpay_1","object":"invoice_payment","invoice":"in_1","payment":"pi_1"}}`), domain.InvoicePaymentFact{Type: "t", ID: "inpay_1", Invoice: "in_1"}},
		"texts that cannot be kept": {envelope(`,"data":{"object":{"id":"cs_1","object":"checkout.session","client_reference_id":"a\u0000b","customer":"cus_\u0007",
			"status":"open\u0000","currency":"e\tu","url":"https://a\u0000","payment_intent":{"id":"pi_\u0000"},"subscription":"` + strings.Repeat("s", 256) + `","metadata":{"order_id":["order1"]}}}`),
			domain.SessionFact{Type: "t", ID: "cs_1"}},
		"texts with escapes and lone surrogates": {envelope(`,"data":{"object":{"id":"cs_1","object":"checkout\u002esession","client_reference_id":"\ud800order\udfff\u00e4","customer":"cus\u005f1"}}`),
			domain.SessionFact{Type: "t", ID: "cs_1", Order: "\ufffdorder\ufffdä", Customer: "cus_1"}},
		"bytes that are not UTF-8": {envelope(`,"data":{"object":{"id":"cs_1","object":"checkout.session","client_reference_id":"` + "\xff\xfe" + `"}}`),
			domain.SessionFact{Type: "t", ID: "cs_1", Order: "\ufffd\ufffd"}},
		"order id in the metadata": {envelope(`,"data":{"object":{"id":"cs_1","object":"checkout.session","client_reference_id":"","metadata":{"order_id":"order1","x":{}}}}`),
			domain.SessionFact{Type: "t", ID: "cs_1", Order: "order1", Claim: domain.Claim{Order: "order1"}}},
		"numbers that are none": {envelope(`,"data":{"object":{"id":"cs_1","object":"checkout.session","amount_total":"many"}}`), domain.SessionFact{Type: "t", ID: "cs_1"}},
		"numbers as texts":      {envelope(`,"data":{"object":{"id":"cs_1","object":"checkout.session","amount_total":"2403"}}`), domain.SessionFact{Type: "t", ID: "cs_1", Amount: 2403}},
		"a number too large":    {envelope(`,"data":{"object":{"id":"cs_1","object":"checkout.session","amount_total":9223372036854775808}}`), domain.SessionFact{Type: "t", ID: "cs_1"}},
		"the largest number":    {envelope(`,"data":{"object":{"id":"cs_1","object":"checkout.session","amount_total":9223372036854775807}}`), domain.SessionFact{Type: "t", ID: "cs_1", Amount: 9223372036854775807}},
		"deep in a field that we do not read": {envelope(`,"data":{"object":{"id":"cs_1","object":"checkout.session","custom":` +
			strings.Repeat("[", 5_000) + strings.Repeat("]", 5_000) + `}}`), domain.SessionFact{Type: "t", ID: "cs_1"}},
		"200 kB": {envelope(`,"data":{"object":{"id":"cs_1","object":"checkout.session","custom":"` + strings.Repeat("x", 200_000) + `","mode":"payment"}}`),
			domain.SessionFact{Type: "t", ID: "cs_1", Mode: "payment"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newTestGateway(t, nil).ReadEvent([]byte(test.body), sign([]byte(test.body), noon, testSecret))
			if err != nil {
				t.Fatal(err)
			}
			if test.want != nil { // it is of the event's time
				want := reflect.New(reflect.TypeOf(test.want)).Elem()
				want.Set(reflect.ValueOf(test.want))
				want.FieldByName("At").Set(reflect.ValueOf(got.Created))
				test.want = want.Interface().(domain.Fact)
			}
			if !reflect.DeepEqual(got.Fact, test.want) {
				t.Errorf("got fact %+v, want %+v", got.Fact, test.want)
			}
		})
	}
}

// An event without a time of its own cannot be put in order, nor kept.
func TestReadEvent_Created(t *testing.T) {
	t.Parallel()
	const missing, outside = "no time of creation", "years 2000 to 2200"
	for created, reason := range map[string]string{
		``:                               missing,
		`,"created":null`:                missing,
		`,"created":"soon"`:              missing,
		`,"created":"2026-11-02T12:00Z"`: missing,
		`,"created":true`:                missing,
		`,"created":{}`:                  missing,
		`,"created":[1700000000]`:        missing,
		`,"created":1e300`:               missing,
		`,"created":0`:                   outside,
		`,"created":-1`:                  outside,
		`,"created":-62135596800`:        outside,
		`,"created":946684799`:           outside,
		`,"created":7289654400`:          outside,
		`,"created":1700000000000`:       outside,
		`,"created":9223372036854775807`: outside,
		`,"created":946684800`:           "",
		`,"created":7289654399`:          "",
		`,"created":1.7e9`:               "",
	} {
		for _, object := range []string{`{"id":"sub_1","object":"subscription"}`, `{"id":"ch_1","object":"charge"}`, "null"} {
			body := []byte(`{"id":"evt_1","object":"event","type":"t","data":{"object":` + object + `}` + created + `}`)
			got, err := newTestGateway(t, nil).ReadEvent(body, sign(body, noon, testSecret))
			if reason == "" && (err != nil || got.Created.IsZero()) {
				t.Errorf("%s: got %+v, %v, want it read", body, got, err)
			}
			if reason != "" && (!errors.Is(err, ports.ErrUnreadable) || !strings.Contains(err.Error(), reason)) {
				t.Errorf("%s: got %+v, %v, want %v with %q", body, got, err, ports.ErrUnreadable, reason)
			}
		}
	}
}

// Money that came another way counts: until API version acacia an invoice that was
// paid out of band says that nothing was paid.
func TestReadEvent_InvoiceAmountPaid(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		event   domain.EventType
		amounts string
		want    int64
	}{
		{"invoice.paid", `"amount_due":2403,"amount_paid":2403`, 2403},
		{"invoice.paid", `"amount_due":2403,"amount_paid":0,"paid":true,"paid_out_of_band":true`, 2403},
		{"invoice.updated", `"amount_due":2403,"amount_paid":0,"paid_out_of_band":true`, 2403},
		{"invoice.paid", `"amount_due":2403`, 2403},
		{"invoice.updated", `"amount_due":2403`, 0},
		{"invoice.paid", `"amount_due":2403,"amount_paid":2500`, 2500},
		{"invoice.overpaid", `"amount_due":2403,"amount_paid":2403,"amount_overpaid":600`, 3003},
		{"invoice.overpaid", `"amount_due":2403,"amount_paid":3003,"amount_overpaid":600`, 3003},
		{"invoice.paid", `"amount_due":2403,"amount_paid":0`, 0}, // with credit
		{"invoice.payment_failed", `"amount_due":2403,"amount_paid":0`, 0},
		{"invoice.payment_failed", `"amount_due":2403,"amount_paid":400`, 400},
	} {
		event, err := readEvent([]byte(`{"id":"evt_1","object":"event","type":"` + string(test.event) +
			`","created":1700000000,"data":{"object":{"id":"in_1","object":"invoice",` + test.amounts + `}}}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := event.Fact.(domain.InvoiceFact).Invoice; got.AmountPaid != test.want || got.AmountDue != 2403 {
			t.Errorf("%s with %s: got %d of %d paid, want %d", test.event, test.amounts, got.AmountPaid, got.AmountDue, test.want)
		}
	}
}

func TestReadEvent_Envelope(t *testing.T) {
	t.Parallel()
	body := []byte(`{"id":"evt_1","object":"event","type":"charge.refunded","created":1700000000,"api_version":"2026-10-28.endive",
		"livemode":true,"account":"acct_1","data":{"object":{"id":"ch_1","object":"charge"}}}`)
	got, err := newTestGateway(t, nil).ReadEvent(body, sign(body, noon, testSecret))
	if err != nil {
		t.Fatal(err)
	}
	want := domain.Event{
		ID: "evt_1", Type: "charge.refunded", Created: number{value: 1700000000}.time(), APIVersion: "2026-10-28.endive",
		Livemode: true, Account: "acct_1", Object: "ch_1", Payload: body,
	}
	want.Fact = domain.ChargeFact{Type: want.Type, At: want.Created, ID: "ch_1"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// No two fields of the object may want one name: encoding/json would drop both,
// without a word.
func TestObject_NamesDoNotCollide(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	var walk func(reflect.Type)
	walk = func(in reflect.Type) {
		for i := range in.NumField() {
			field := in.Field(i)
			if field.Anonymous {
				walk(field.Type)
				continue
			}
			name := field.Tag.Get("json")
			if other, taken := seen[name]; taken || name == "" {
				t.Errorf("%s.%s and %s both have the JSON name %q", in.Name(), field.Name, other, name)
			}
			seen[name] = in.Name() + "." + field.Name
		}
	}
	walk(reflect.TypeFor[object]())
}

// nulls is an object of a kind in which every field that is read is null.
func nulls(kind, id string) string { return all("null", kind, id) }

func all(value, kind, id string) string {
	fields := map[string]any{}
	var walk func(reflect.Type)
	walk = func(in reflect.Type) {
		for i := range in.NumField() {
			if field := in.Field(i); field.Anonymous {
				walk(field.Type)
			} else {
				fields[field.Tag.Get("json")] = json.RawMessage(value)
			}
		}
	}
	walk(reflect.TypeFor[object]())
	fields["id"], fields["object"] = id, kind
	parts := make([]string, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		raw, err := json.Marshal(fields[name])
		if err != nil {
			panic(err)
		}
		parts = append(parts, fmt.Sprintf("%q:%s", name, raw))
	}
	return "{" + strings.Join(parts, ",") + "}"
}
