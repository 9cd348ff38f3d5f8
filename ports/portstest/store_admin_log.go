package portstest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func testAdminLog(t *testing.T, s ports.Store) {
	if none, err := s.AdminLog(t.Context(), ports.AdminLogQuery{}); err != nil || len(none) > 0 {
		t.Fatalf("AdminLog of an empty store: %v, %v", none, err)
	}
	all := []ports.AdminAction{
		{At: noon, Key: "ops", By: "sam", Action: "grants.give", User: "ann", About: "sso"},
		{At: noon, Action: "events.replay", About: "outcome=quarantined"},
		{At: noon.Add(-time.Hour), Key: "ops", Action: "explain", User: "bob"}, // of a clock that is behind
		{At: noon.Add(time.Microsecond), Key: "it's", By: "\"; --", Action: "explain", User: "ann", About: strings.Repeat("x", 2000)},
	}
	for _, action := range all {
		if err := s.LogAdmin(t.Context(), action); err != nil {
			t.Fatalf("LogAdmin: %v", err)
		}
	}
	list := func(q ports.AdminLogQuery) []ports.AdminAction {
		t.Helper()
		got, err := s.AdminLog(t.Context(), q)
		if err != nil {
			t.Fatalf("AdminLog %+v: %v", q, err)
		}
		return got
	}
	listed := list(ports.AdminLogQuery{})
	for n := range listed {
		if n > 0 && listed[n].Seq >= listed[n-1].Seq {
			t.Errorf("number %d follows %d: want the last kept first", listed[n].Seq, listed[n-1].Seq)
		}
	}
	seqs := make([]int64, len(listed))
	for n := range listed {
		seqs[n], listed[n].Seq = listed[n].Seq, 0
	}
	if diff := cmp.Diff([]ports.AdminAction{all[3], all[2], all[1], all[0]}, listed); diff != "" {
		t.Fatalf("listed (-want +got):\n%s", diff)
	}
	for what, c := range map[string]struct {
		query ports.AdminLogQuery
		want  []int64
	}{
		"about a user":         {ports.AdminLogQuery{User: "ann"}, []int64{seqs[0], seqs[3]}},
		"about nobody known":   {ports.AdminLogQuery{User: "eve"}, nil},
		"a page":               {ports.AdminLogQuery{Limit: 2}, seqs[:2]},
		"the next page":        {ports.AdminLogQuery{Limit: 2, Before: seqs[1]}, seqs[2:]},
		"a user's second page": {ports.AdminLogQuery{User: "ann", Before: seqs[0]}, seqs[3:]},
	} {
		var got []int64
		for _, action := range list(c.query) {
			got = append(got, action.Seq)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

func testAdminLogAtOnce(t *testing.T, s ports.Store) {
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := s.LogAdmin(t.Context(), ports.AdminAction{At: noon, Key: "ops", Action: "explain", User: domain.UserID("ann")}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	all, err := s.AdminLog(t.Context(), ports.AdminLogQuery{Limit: 100})
	if err != nil || len(all) != 20 {
		t.Errorf("kept %d, %v, want all 20", len(all), err)
	}
}
