package stripe

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
)

// The places that a line's parts have been in, one at a time.
func TestReadEvent_InvoiceLine(t *testing.T) {
	t.Parallel()
	const period = `"amount":900,"period":{"start":1793620800,"end":1796212800}`
	for name, test := range map[string]struct {
		line string
		want domain.Line
	}{
		"a period, until acacia":                   {`"id":"il_1","type":"subscription","subscription_item":"si_1","quantity":3,"proration":false,"price":{"id":"p","product":"prod"}`, domain.Line{ID: "il_1", Kind: domain.LineCycle, Item: "si_1", Price: "p", Product: "prod", Quantity: 3}},
		"a period, until acacia, expanded":         {`"id":"il_1","type":"subscription","subscription_item":{"id":"si_1"},"price":{"id":"p","product":{"id":"prod"}}`, domain.Line{ID: "il_1", Kind: domain.LineCycle, Item: "si_1", Price: "p", Product: "prod", Quantity: 1}},
		"a plan":                                   {`"id":"il_1","type":"subscription","price":null,"plan":{"id":"gold","product":"prod"}`, domain.Line{ID: "il_1", Kind: domain.LineCycle, Price: "gold", Product: "prod", Quantity: 1}},
		"a change, until acacia":                   {`"id":"il_1","type":"invoiceitem","subscription_item":"si_1","proration":true`, domain.Line{ID: "il_1", Kind: domain.LineChange, Item: "si_1", Quantity: 1}},
		"a change of the subscription":             {`"id":"il_1","type":"subscription","subscription_item":"si_1","proration":true`, domain.Line{ID: "il_1", Kind: domain.LineChange, Item: "si_1", Quantity: 1}},
		"by hand, until acacia":                    {`"id":"il_1","type":"invoiceitem","proration":false`, domain.Line{ID: "il_1", Kind: domain.LineOneOff, Quantity: 1}},
		"a period, since basil":                    {`"id":"il_1","parent":{"type":"subscription_item_details","subscription_item_details":{"subscription":"sub_1","subscription_item":"si_1","proration":false}},"pricing":{"type":"price_details","price_details":{"price":"p","product":"prod"}},"quantity":2`, domain.Line{ID: "il_1", Kind: domain.LineCycle, Item: "si_1", Price: "p", Product: "prod", Quantity: 2}},
		"a period, since basil, expanded":          {`"id":"il_1","pricing":{"price_details":{"price":{"id":"p","product":"elsewhere"},"product":{"id":"prod"}}},"price":{"id":"q"}`, domain.Line{ID: "il_1", Kind: domain.LineCycle, Price: "p", Product: "prod", Quantity: 1}},
		"a change, since basil":                    {`"id":"il_1","parent":{"type":"subscription_item_details","subscription_item_details":{"subscription_item":"si_1","proration":true}}`, domain.Line{ID: "il_1", Kind: domain.LineChange, Item: "si_1", Quantity: 1}},
		"a change that was added":                  {`"id":"il_1","parent":{"type":"invoice_item_details","invoice_item_details":{"proration":true,"subscription":"sub_1"}}`, domain.Line{ID: "il_1", Kind: domain.LineChange, Quantity: 1}},
		"by hand, since basil":                     {`"id":"il_1","parent":{"type":"invoice_item_details","invoice_item_details":{"proration":false}},"pricing":null`, domain.Line{ID: "il_1", Kind: domain.LineOneOff, Quantity: 1}},
		"of no quantity":                           {`"id":"il_1","quantity":null,"quantity_decimal":"1.5"`, domain.Line{ID: "il_1", Kind: domain.LineCycle, Quantity: 1}},
		"of none":                                  {`"id":"il_1","quantity":0`, domain.Line{ID: "il_1", Kind: domain.LineCycle}},
		"without an id":                            {`"quantity":2`, domain.Line{ID: "line 1", Kind: domain.LineCycle, Quantity: 2}},
		"everything of another type":               {`"id":7,"type":{},"subscription_item":[],"proration":"true","price":9,"parent":"sub_1","pricing":[]`, domain.Line{ID: "line 1", Kind: domain.LineCycle, Quantity: 1}},
		"of a kind of the future":                  {`"id":"il_1","parent":{"type":"rate_card_details"}`, domain.Line{ID: "il_1", Kind: domain.LineCycle, Quantity: 1}},
		"what cannot be kept of it is left out of": {`"id":"il_\u0000","price":"p\u0000"`, domain.Line{ID: "line 1", Kind: domain.LineCycle, Quantity: 1}},
	} {
		event, err := readEvent([]byte(of(`{"id":"in_1","object":"invoice","lines":{"has_more":false,"data":[{` + period + `,` + test.line + `}]}}`)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		test.want.Amount, test.want.From, test.want.Until = 900, began, ends
		got := event.Fact.(domain.InvoiceFact).Invoice
		if diff := cmp.Diff([]domain.Line{test.want}, got.Lines); diff != "" || !got.Complete {
			t.Errorf("%s: the lines differ (complete: %t, -want +got):\n%s", name, got.Complete, diff)
		}
	}
}

// What gives something back is a credit, whatever it is the rest of; but money that was
// put on an invoice by hand is a favor, and takes nothing back.
func TestReadEvent_InvoiceLineCredit(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]domain.LineKind{
		`"type":"invoiceitem","proration":true`:                                                        domain.LineCredit,
		`"type":"subscription","proration":true`:                                                       domain.LineCredit,
		`"parent":{"type":"subscription_item_details","subscription_item_details":{"proration":true}}`: domain.LineCredit,
		`"parent":{"type":"invoice_item_details","invoice_item_details":{"proration":true}}`:           domain.LineCredit,
		`"parent":null`:                          domain.LineCredit,
		`"type":"invoiceitem","proration":false`: domain.LineOneOff,
		`"parent":{"type":"invoice_item_details","invoice_item_details":{"proration":false}},"pricing":null`: domain.LineOneOff,
	} {
		event, err := readEvent([]byte(of(`{"id":"in_1","object":"invoice","lines":{"data":[{"id":"il_1","amount":-1,` + line + `}]}}`)))
		if err != nil {
			t.Fatal(err)
		}
		if got := event.Fact.(domain.InvoiceFact).Invoice.Lines[0]; got.Kind != want || got.Amount != -1 {
			t.Errorf("%s: got %+v", line, got)
		}
	}
}

// An invoice of which not every line is told says so.
func TestReadEvent_InvoiceComplete(t *testing.T) {
	t.Parallel()
	const one = `{"id":"il_1","amount":900}`
	for lines, want := range map[string]struct {
		lines    int
		complete bool
	}{
		`{"data":[` + one + `],"has_more":false}`:          {1, true},
		`{"data":[],"has_more":false}`:                     {0, true},
		`{"data":[` + one + `],"has_more":true}`:           {1, false},
		`{"data":[` + one + `]}`:                           {1, false},
		`{"data":[` + one + `],"has_more":"false"}`:        {1, false},
		`{"data":[` + one + `,null],"has_more":false}`:     {1, false},
		`{"data":[17,` + one + `],"has_more":false}`:       {1, false},
		`{"data":null,"has_more":false}`:                   {0, false},
		`{"data":{},"has_more":false}`:                     {0, false},
		`{"has_more":false}`:                               {0, false},
		`null`:                                             {0, false},
		`[]`:                                               {0, false},
		`"il_1"`:                                           {0, false},
		`{"data":[` + one + `],"has_more":false,"more":1}`: {1, true},
	} {
		event, err := readEvent([]byte(of(`{"id":"in_1","object":"invoice","lines":` + lines + `}`)))
		if err != nil {
			t.Fatal(err)
		}
		if got := event.Fact.(domain.InvoiceFact).Invoice; len(got.Lines) != want.lines || got.Complete != want.complete {
			t.Errorf("%s: got %d lines, complete %t, want %d, %t", lines, len(got.Lines), got.Complete, want.lines, want.complete)
		}
	}
}
