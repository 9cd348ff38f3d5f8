package stripespec

import (
	"strings"
	"testing"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	for _, row := range Versions {
		t.Run(row.API, func(t *testing.T) {
			t.Parallel()
			v := Describe(t, row.Module)
			if v.API != row.API {
				t.Errorf("stripe-mock %s has version %s, the table says %s", row.Module, v.API, row.API)
			}
			for _, kind := range []string{"checkout.session", "subscription", "invoice", "charge", "refund", "dispute", "customer"} {
				if s := v.Sample(t, kind); s.object["object"] != kind || s.object["id"] == nil {
					t.Errorf("sample of %s: got %v", kind, s.object)
				}
			}
		})
	}
}

func TestSample_Set(t *testing.T) {
	t.Parallel()
	before, since := Describe(t, "v0.190.0"), Describe(t, "v0.195.0")
	for name, test := range map[string]struct {
		version     *Version
		kind, place string
		value       any
		want        string // part of the error; empty for none
	}{
		"a property":                       {before, "invoice", "subscription", "sub_1", ""},
		"a property that has moved":        {since, "invoice", "subscription", "sub_1", "there is no subscription"},
		"where it moved to":                {since, "invoice", "parent.subscription_details.subscription", "sub_1", ""},
		"where it moved to, too early":     {before, "invoice", "parent.subscription_details.subscription", "sub_1", "there is no parent"},
		"of an element":                    {since, "subscription", "items.data.0.current_period_end", 1700000000, ""},
		"of an element, too early":         {before, "subscription", "items.data.0.current_period_end", 1700000000, "there is no items.data.0.current"},
		"of the next element":              {before, "subscription", "items.data.1.price.lookup_key", "pro", ""},
		"of an element after a gap":        {before, "subscription", "items.data.7.quantity", 1, "no element before 7"},
		"of an expanded object":            {before, "charge", "customer.id", "cus_1", ""},
		"of an object that was deleted":    {before, "charge", "customer.deleted", true, ""},
		"a word of a closed set":           {before, "dispute", "status", "needs_response", ""},
		"a word that is not in it":         {before, "dispute", "status", "prevented", "cannot be prevented"},
		"a text for a number":              {before, "charge", "amount", "2403", "cannot be 2403"},
		"null where Stripe says never":     {before, "charge", "amount", nil, "cannot be"},
		"null where Stripe says it may be": {before, "charge", "customer", nil, ""},
		"a name that is not Stripe's":      {before, "charge", "amount_refundet", 1, "there is no amount_refundet"},
		"a number that is not an element":  {before, "charge", "0", 1, "there is no 0"},
	} {
		err := test.version.Sample(t, test.kind).set(test.place, test.value)
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: got %v, want an error with %q", name, err, test.want)
		}
	}
	if !since.Has("invoice_payment") || before.Has("invoice_payment") {
		t.Error("invoice_payment is an object since basil, and not before")
	}
}
