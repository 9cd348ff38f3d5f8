package stripe

import (
	"encoding/json"
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// Stripe takes an item of the next phase as it is said, and from then on for good: what is
// left out is no longer taxed.
func TestPhasesParams_KeepsTheTaxOfEveryItem(t *testing.T) {
	t.Parallel()
	var current schedulePhase
	if err := json.Unmarshal([]byte(`{"start_date": 1, "end_date": 2, "items": [
		{"price": "price_pro", "quantity": 1, "tax_rates": ["txr_base"]},
		{"price": "price_storage", "quantity": 3, "tax_rates": [{"id": "txr_addon"}]}]}`), &current); err != nil {
		t.Fatal(err)
	}
	now := subscriptionNow{}
	now.Snapshot.Items = []domain.Item{{ID: "si_base", Price: "price_pro"}, {ID: "si_addon", Price: "price_storage"}}
	params := phasesParams(current, now, ports.ChangeRequest{Change: ports.Change{Item: "si_base", Price: "price_lite", Quantity: 1}})
	next := params.Phases[1].Items
	if len(next) != 2 {
		t.Fatalf("got %d items, want both", len(next))
	}
	for n, want := range []string{"txr_base", "txr_addon"} {
		if got := next[n].TaxRates; len(got) != 1 || *got[0] != want {
			t.Errorf("price %s: %d tax rates, want %s", *next[n].Price, len(got), want)
		}
	}
}
