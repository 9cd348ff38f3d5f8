package chaos

import (
	"fmt"
	"math/rand/v2"
)

// Saved is Chaos as it is written down.
type Saved struct {
	Rates   Rates
	Source  []byte // how far the seed's numbers were drawn; none without dice
	Planned []PlannedFault
}

// Save is all that is to go wrong, as data. Mu is held.
func (c *Chaos) Save() (Saved, error) {
	saved := Saved{Planned: c.Planned}
	if c.Dice == nil {
		return saved, nil
	}
	source, err := c.Dice.source.MarshalBinary()
	saved.Rates, saved.Source = c.Dice.Rates, source
	return saved, err
}

// Read makes Chaos of what was saved, apart from an account. It fails if that is damaged.
func (saved Saved) Read() (*Chaos, error) {
	c := &Chaos{Planned: saved.Planned}
	if len(saved.Source) == 0 {
		return c, nil
	}
	source := new(rand.PCG)
	if err := source.UnmarshalBinary(saved.Source); err != nil {
		return nil, fmt.Errorf("the state of chaos: %w", err)
	}
	c.Dice = newDice(saved.Rates, source)
	return c, nil
}
