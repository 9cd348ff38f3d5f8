package api

import (
	"fmt"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// readTiers reads tiers[0][up_to] ... under their name, of which the last is up to "inf".
func readTiers(c *Call, under string) []state.PriceTier {
	var tiers []state.PriceTier
	at := c.Indexes(under)
	for n, i := range at {
		name := fmt.Sprintf("%s[%d]", under, i)
		t := state.PriceTier{UnitAmount: c.Integer(name+"[unit_amount]", 0, wire.MaxAmount), FlatAmount: c.Integer(name+"[flat_amount]", 0, wire.MaxAmount)}
		switch end := c.Required(name + "[up_to]"); {
		case end == "inf" && n < len(at)-1, end != "inf" && n == len(at)-1:
			c.Fail(wire.Invalid(under, "", "The last tier's `up_to` has to be `inf`, and no other's."))
		case end != "inf":
			t.UpTo = c.Integer(name+"[up_to]", 1, 1<<40)
		}
		tiers = append(tiers, t)
	}
	if e := state.CheckTiers(tiers); e != "" {
		c.Fail(wire.Invalid(under, "", "%s", e))
	}
	return tiers
}
