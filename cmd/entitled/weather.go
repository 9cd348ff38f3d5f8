//go:build !nodev

package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// weather is what goes wrong by itself in a sandbox that a command starts. A little does
// unless it is asked for none: who first meets an event twice in production is late.
type weather struct {
	Chaos   uint64
	Seed    uint64
	Calm    bool
	Mishaps []string
}

func (w *weather) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.Calm, "calm", false, "Let nothing go wrong by itself. Without it a few events come twice, or again under another id, as they do at Stripe, and no page of a list has more than ten objects.")
	cmd.Flags().Uint64Var(&w.Seed, "seed", 0, "Which events those are; by default one that is made and printed.")
	cmd.Flags().Uint64Var(&w.Chaos, "chaos", 0, "Let much go wrong, by this seed: duplicates, delays, losses, 429, 500, lost answers, short pages.")
	cmd.Flags().StringSliceVar(&w.Mishaps, "mishap", nil, "NAME=HOW_OFTEN, from 0, never, to 1, always, besides what the flags above say (and in the place of what a kept sandbox had): duplicates, twins (again under another id), delays, losses, failures (429 and 500), lost_answers, hangs. Also delay_up_to=3s, hang_for=30s, and page_limit=3, the most objects on a page.")
}

// chaos is what was asked for. It says which seed repeats what was not. A sandbox that goes on
// has its own, unless another was asked for: nil then.
func (w weather) chaos(c console, goesOn bool) (*sandbox.Chaos, error) {
	chaos, err := w.chosen(c, goesOn)
	if err != nil || len(w.Mishaps) == 0 {
		return chaos, err
	}
	for _, mishap := range w.Mishaps {
		if err := setMishap(chaos, mishap); err != nil {
			return nil, misusedf("--mishap %s: %w", mishap, err)
		}
	}
	if err := chaos.Check(); err != nil {
		return nil, misusedf("--mishap: %w", err)
	}
	return chaos, nil
}

// setMishap reads NAME=HOW_OFTEN.
func setMishap(chaos *sandbox.Chaos, mishap string) error {
	shares := map[string]*float64{
		"duplicates": &chaos.Duplicates, "twins": &chaos.Twins, "delays": &chaos.Delays, "losses": &chaos.Losses,
		"failures": &chaos.Failures, "lost_answers": &chaos.LostAnswers, "hangs": &chaos.Hangs,
	}
	lengths := map[string]*time.Duration{"delay_up_to": &chaos.DelayUpTo, "hang_for": &chaos.HangFor}
	name, value, _ := strings.Cut(mishap, "=")
	var err error
	switch {
	case shares[name] != nil:
		if *shares[name], err = strconv.ParseFloat(value, 64); err != nil {
			err = fmt.Errorf("how often is a number from 0, never, to 1, always, as in %s=0.1", name)
		}
	case lengths[name] != nil:
		if *lengths[name], err = time.ParseDuration(value); err != nil {
			err = fmt.Errorf("it is a time, as in %s=3s", name)
		}
	case name == "page_limit":
		if chaos.PageLimit, err = strconv.Atoi(value); err != nil {
			err = fmt.Errorf("it is a number of objects, as in %s=3", name)
		}
	default:
		err = fmt.Errorf("it is one of %s", strings.Join(append(slices.Sorted(maps.Keys(shares)), "delay_up_to", "hang_for", "page_limit"), ", "))
	}
	return err
}

// chosen is what goes wrong but for single mishaps.
func (w weather) chosen(c console, goesOn bool) (*sandbox.Chaos, error) {
	switch {
	case w.Calm && (w.Chaos != 0 || w.Seed != 0), w.Chaos != 0 && w.Seed != 0:
		return nil, misusedf("--calm, --seed and --chaos say how much goes wrong: give one of them")
	case w.Calm:
		return &sandbox.Chaos{}, nil
	case w.Chaos != 0:
		return new(sandbox.DefaultChaos(w.Chaos)), nil
	case w.Seed == 0 && goesOn && len(w.Mishaps) == 0:
		return nil, nil
	}
	seed := w.Seed
	if seed == 0 {
		seed = 1 + rand.Uint64N(1_000_000)
	}
	fmt.Fprintf(c.err, "A few events come twice, as they do at Stripe. --seed %d repeats which, --calm leaves it out.\n", seed)
	return new(sandbox.EverydayChaos(seed)), nil
}
