package main

import (
	"strings"
	"testing"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/domain"
)

func TestVerify_NamesTheRowAndWhatMendsIt(t *testing.T) {
	t.Parallel()
	found := app.UserVerified{
		User:        "ana",
		Differences: []domain.Difference{{Table: "entitlements", ID: "sso of order o1, part 0", Field: "until", Got: `""`, Want: "2027-01-31T00:00:00Z"}},
		Unproven:    []domain.Difference{{Table: "charges", ID: "ch_1", Got: "a row"}},
		Why:         []string{"answers are not kept"},
	}
	for asJSON, wants := range map[bool][]string{
		false: {
			`user ana: entitlements sso of order o1, part 0, until: got "", want 2027-01-31T00:00:00Z`, "to mend it: entitled sync ana",
			"user ana cannot be checked: charges ch_1: got a row, want nothing", "since answers are not kept",
		},
		true: {
			`{"user_id":"ana","differences":[{"table":"entitlements"`, `"mend":"entitled sync USER`, `"unproven":[{"table":"charges","id":"ch_1","got":"a row","want":""}]`,
		},
	} {
		var out strings.Builder
		if err := (verifyCommand{JSON: asJSON}).tell(&out, found); err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(out.String(), want) {
				t.Errorf("does not say %q:\n%s", want, out.String())
			}
		}
	}
	var sum verifySum
	sum.add(found)
	if got, want := sum.String(), "1 user and 0 events: 1 difference; of 1 user, 1 fact cannot be checked, since no body that is kept tells of them"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
