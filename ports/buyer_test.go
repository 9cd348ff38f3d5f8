package ports_test

import (
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/ports"
)

func TestBuyer_Check(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		buyer ports.Buyer
		says  string // empty: nothing is wrong
	}{
		"nothing":              {ports.Buyer{}, ""},
		"both":                 {ports.Buyer{Email: "ada@example.com", Name: "Ada Lovelace"}, ""},
		"a tag":                {ports.Buyer{Email: "ada+shop@mail.example.com"}, ""},
		"another script":       {ports.Buyer{Name: "李小龍"}, ""},
		"no address":           {ports.Buyer{Email: "ada"}, "one address such as ada@example.com"},
		"an address with name": {ports.Buyer{Email: "Ada <ada@example.com>"}, "one address"},
		"two addresses":        {ports.Buyer{Email: "ada@example.com, eve@example.com"}, "one address"},
		"a line end":           {ports.Buyer{Email: "ada@example.com\nBcc: eve@example.com"}, "one address"},
		"a space before":       {ports.Buyer{Email: " ada@example.com"}, "one address"},
		"a long address":       {ports.Buyer{Email: strings.Repeat("a", 501) + "@example.com"}, "at most 512 characters"},
		"a long name":          {ports.Buyer{Name: strings.Repeat("a", 257)}, "at most 256 characters"},
		"a name of two lines":  {ports.Buyer{Name: "Ada\nLovelace"}, "no control characters"},
		"a broken name":        {ports.Buyer{Name: "\xff"}, "no control characters"},
		"a blank name":         {ports.Buyer{Name: "  "}, "leave it out"},
	} {
		err := c.buyer.Check()
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
	}
}
