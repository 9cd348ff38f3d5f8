//go:build !nodev

package main

import (
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func mustChaos(t *testing.T, w weather, c console) sandbox.Chaos {
	t.Helper()
	chaos, err := w.chaos(c, false)
	if err != nil {
		t.Fatal(err)
	}
	return *chaos
}

func TestWeather_OfNoFlagIsRepeatedByTheSeedThatItSays(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	first := mustChaos(t, weather{}, console{io.Discard, &said})
	named := regexp.MustCompile(`--seed (\d+)`).FindStringSubmatch(said.String())
	if named == nil {
		t.Fatalf("no seed is said: %q", said.String())
	}
	seed, err := strconv.ParseUint(named[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if again := mustChaos(t, weather{Seed: seed}, console{io.Discard, io.Discard}); again != first || first.Duplicates == 0 || first.Failures != 0 {
		t.Errorf("first %+v, again %+v", first, again)
	}
}

func TestWeather_IsCalmOrRoughWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	c := console{io.Discard, &said}
	if calm := mustChaos(t, weather{Calm: true}, c); calm != (sandbox.Chaos{}) {
		t.Errorf("calm is %+v", calm)
	}
	if rough := mustChaos(t, weather{Chaos: 7}, c); rough != sandbox.DefaultChaos(7) {
		t.Errorf("rough is %+v", rough)
	}
	if said.Len() > 0 {
		t.Errorf("said %q", said.String())
	}
}

func TestWeather_OfASandboxThatGoesOnIsItsOwnUnlessAnotherIsAskedFor(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	for name, tt := range map[string]struct {
		asked weather
		own   bool
	}{
		"nothing": {weather{}, true}, "calm": {weather{Calm: true}, false}, "a seed": {weather{Seed: 3}, false}, "chaos": {weather{Chaos: 3}, false},
	} {
		if chaos, err := tt.asked.chaos(console{io.Discard, &said}, true); err != nil || (chaos == nil) != tt.own {
			t.Errorf("%s: got %+v, %v", name, chaos, err)
		}
	}
}

func TestWeather_OfSingleMishaps(t *testing.T) {
	t.Parallel()
	c := console{io.Discard, io.Discard}
	got := mustChaos(t, weather{Calm: true, Mishaps: []string{"hangs=0.5", "hang_for=2s", "delays=1", "page_limit=2"}}, c)
	if want := (sandbox.Chaos{Hangs: 0.5, HangFor: 2 * time.Second, Delays: 1, PageLimit: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if rough := mustChaos(t, weather{Chaos: 7, Mishaps: []string{"failures=0"}}, c); rough.Failures != 0 || rough.Seed != 7 || rough.Losses == 0 {
		t.Errorf("rough without failures is %+v", rough)
	}
	for _, wrong := range []string{"sunshine=1", "hangs", "hangs=2", "hang_for=soon", "page_limit=-1"} {
		if _, err := (weather{Calm: true, Mishaps: []string{wrong}}).chaos(c, false); err == nil {
			t.Errorf("%s passes", wrong)
		}
	}
	if chaos, err := (weather{Mishaps: []string{"twins=1"}}).chaos(c, true); err != nil || chaos == nil || chaos.Twins != 1 {
		t.Errorf("of a sandbox that goes on: %+v, %v", chaos, err)
	}
}
