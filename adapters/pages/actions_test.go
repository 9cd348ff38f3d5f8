package pages_test

import (
	"os"
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/app"
)

// An action that the pricing page does not know leaves its button as it was, and pressed it
// leads to a refusal.
func TestPricing_KnowsEveryAction(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("assets/pricing.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range app.Actions {
		if !strings.Contains(string(script), "case '"+string(action)+"':") {
			t.Errorf("the script does not say what its button is for the action %s", action)
		}
	}
}
