//go:build !nodev

package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// weather is what goes wrong by itself in a sandbox that a command starts. A little does
// unless it is asked for none: who first meets an event twice in production is late.
type weather struct {
	Chaos uint64
	Seed  uint64
	Calm  bool
}

func (w *weather) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.Calm, "calm", false, "Let nothing go wrong by itself. Without it a few events come twice, or again under another id, as they do at Stripe.")
	cmd.Flags().Uint64Var(&w.Seed, "seed", 0, "Which events those are; by default one that is made and printed.")
	cmd.Flags().Uint64Var(&w.Chaos, "chaos", 0, "Let much go wrong, by this seed: duplicates, delays, losses, 429, 500, lost answers.")
}

// chaos is what was asked for. It says which seed repeats what was not. A sandbox that goes on
// has its own, unless another was asked for: nil then.
func (w weather) chaos(c console, goesOn bool) (*sandbox.Chaos, error) {
	switch {
	case w.Calm && (w.Chaos != 0 || w.Seed != 0), w.Chaos != 0 && w.Seed != 0:
		return nil, misusedf("--calm, --seed and --chaos say how much goes wrong: give one of them")
	case w.Calm:
		return &sandbox.Chaos{}, nil
	case w.Chaos != 0:
		return new(sandbox.DefaultChaos(w.Chaos)), nil
	case w.Seed == 0 && goesOn:
		return nil, nil
	}
	seed := w.Seed
	if seed == 0 {
		seed = 1 + rand.Uint64N(1_000_000)
	}
	fmt.Fprintf(c.err, "A few events come twice, as they do at Stripe. --seed %d repeats which, --calm leaves it out.\n", seed)
	return new(sandbox.EverydayChaos(seed)), nil
}
