package stripespec

import (
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"testing"
)

var update = flag.Bool("update", false, "rewrite closed_sets.json by Stripe's description")

// The closed sets that the domain's model of Stripe has to know, and where Stripe's
// description has them. The domain's tests read them from the file.
var closedSets = map[string]string{
	"session mode":       "checkout.session mode",
	"session status":     "checkout.session status",
	"payment status":     "checkout.session payment_status",
	"status":             "subscription status",
	"pause":              "subscription pause_collection.behavior",
	"collection method":  "subscription collection_method",
	"invoice":            "invoice status",
	"billing reason":     "invoice billing_reason",
	"credit note":        "credit_note status",
	"dispute":            "dispute status",
	"payment behavior":   "POST /v1/subscriptions/{subscription_exposed_id} params payment_behavior",
	"proration behavior": "POST /v1/subscriptions/{subscription_exposed_id} params proration_behavior",
}

// Ensure that what the domain's tests take for Stripe's closed sets is what the newest
// description says.
func TestEnum_ClosedSetsOfTheDomainAreStripes(t *testing.T) {
	t.Parallel()
	const file = "../../../domain/testdata/closed_sets.json"
	want := map[string][]string{}
	for name, place := range closedSets {
		want[name] = Enum(t, place)
	}
	// Of a refund's status the description has no closed set, only words.
	want["refund"] = []string{"canceled", "failed", "pending", "requires_action", "succeeded"}
	if *update {
		raw, err := json.MarshalIndent(want, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(raw, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string][]string
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s is not what Stripe's description says: run go test ./adapters/sandbox/stripespec -run Enum -update\ngot:  %v\nwant: %v", file, got, want)
	}
}
