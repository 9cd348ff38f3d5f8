package domain_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// edit plants mutants into a file: bugs that others had, each of which is there only if
// the program is asked for it by name. See [mutants].
type edit struct {
	file     string
	old, new string // old occurs once
}

// switchboard says which mutant is asked for, and has those that are rows of a table in
// the wrong place.
const switchboard = `package domain

import (
	"os"
	"slices"
)

var planted = os.Getenv("PLANTED_MUTANT")

func mutant(name string) bool { return name == planted }

func init() {
	if mutant("a late win does not help") {
		slices.SortStableFunc(DisputeRules, func(a, b DisputeRule) int {
			last := func(r DisputeRule) int { return len(r.Status) * map[bool]int{true: 1}[r.Status == "lost"] }
			return last(a) - last(b)
		})
	}
	if mutant("a refund that fails takes access all the same") {
		slices.SortStableFunc(RefundRules, func(a, b RefundRule) int {
			last := func(r RefundRule) int { return map[bool]int{true: 1}[r.Status == "succeeded"] }
			return last(a) - last(b)
		})
	}
}
`

var namesOfMutants = regexp.MustCompile(`mutant\("([^"]+)"\)`)

// soon has the histories by which mutants that are seldom noticed are noticed soon: a seed,
// and how many are enough. Where the model has changed and they are not, others are tried.
var soon = map[string]struct{ seed, checks string }{
	"a change that was given up is given":               {"17", "400"},
	"a change that was given up took what was paid for": {"15", "400"},
	"a dispute over one of several payments takes all":  {"19", "100"},
	"a late win does not help":                          {"2", "100"},
	"a swap is no change":                               {"20", "500"},
	"an unpaid change took what was paid for":           {"9", "100"},
	"items of one plan add up only if they stand alike": {"3", "300"},
	"passes overlap":                                    {"3", "100"},
	"snapshots in the order of arrival":                 {"2", "20"},
	"what was replaced renews":                          {"2", "1500"},
	"what a note refunded, counted again by its charge": {"8", "500"},
	"what is overdue is overdue for all items":          {"1", "100"},
	"what is reduced comes before what was paid for":    {"20", "400"},
	"who gives a seat back keeps it":                    {"6", "400"},
}

// Ensure that the tests of convergence would notice the bugs that they are for. All are
// planted into one program, which is run once for each.
func TestMutants_EachIsCaught(t *testing.T) {
	t.Parallel()
	program := plant(t)
	names := namesOfMutants.FindAllStringSubmatch(switchboard, -1)
	for _, e := range mutants {
		names = append(names, namesOfMutants.FindAllStringSubmatch(e.new, -1)...)
	}
	slots := make(chan struct{}, 2)
	none := t.Run("none", func(t *testing.T) {
		if out, caught := provoke(t, program, "", "7", "50"); caught {
			t.Fatalf("without any mutant: %.2000s", out)
		}
	})
	if !none {
		return // each would seem to be caught
	}
	seen := map[string]bool{}
	for _, match := range names {
		name := match[1]
		if seen[name] {
			continue
		}
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			out, caught := "", false
			if known, is := soon[name]; is {
				out, caught = provoke(t, program, name, known.seed, known.checks)
			}
			if !caught {
				out, caught = provoke(t, program, name, "7", "4000")
			}
			switch {
			case !caught:
				t.Error("nobody noticed")
			case !strings.Contains(out, "[rapid] failed") && !strings.Contains(out, "[rapid] panic"):
				t.Errorf("the mutant is none: %.2000s", out)
			}
		})
	}
}

// provoke runs the tests of convergence with a mutant, always with the same histories of a
// seed.
func provoke(t *testing.T, program, mutant, seed, checks string) (out string, caught bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, "-test.run", "^TestRecord_(ATrueHistoryInOrder|AnyDelivery)/^batch_0$", "-test.failfast",
		"-rapid.seed="+seed, "-rapid.nofailfile", "-rapid.shrinktime=1ms", "-rapid.checks="+checks)
	cmd.Env = append(os.Environ(), "PLANTED_MUTANT="+mutant)
	said, err := cmd.CombinedOutput()
	return string(said), err != nil
}

// plant builds the tests of this package with every mutant in its place.
func plant(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	replaced := map[string]string{}
	write := func(file, text string) {
		original, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		replaced[original] = filepath.Join(dir, file)
		if err := os.WriteFile(replaced[original], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]string{}
	for _, e := range mutants {
		text, read := files[e.file]
		if !read {
			raw, err := os.ReadFile(e.file)
			if err != nil {
				t.Fatal(err)
			}
			text = string(raw)
		}
		if n := strings.Count(text, e.old); n != 1 {
			t.Fatalf("%s has %q %d times, want once: bring the mutants up to date", e.file, e.old, n)
		}
		files[e.file] = strings.Replace(text, e.old, e.new, 1)
	}
	write("mutants_switchboard.go", switchboard)
	for file, text := range files {
		write(file, text)
	}
	place, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	overlay, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "mutants.test")
	if err := os.WriteFile(overlay, place, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", overlay, "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("the mutants do not compile: %v\n%.3000s", err, out)
	}
	return program
}

// Every turn that a model tells is told often enough that the tests above mean something:
// a model that forgets one proves less than it seems to.
func TestModel_TellsEveryTurn(t *testing.T) {
	t.Parallel()
	told := turns(3000)
	for _, turn := range wantedTurns {
		if told[turn] < 5 {
			t.Errorf("%q is told %d times by 3000 histories", turn, told[turn])
		}
	}
	for turn := range told {
		set, _, _ := strings.Cut(turn, ": ")
		if !slices.Contains(wantedTurns, turn) && !slices.Contains(setsOfTurns, set) {
			t.Errorf("%q is told, and not wanted: add it", turn)
		}
	}
}
