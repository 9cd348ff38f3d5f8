package portstest

import (
	"fmt"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// feedCatalog is what the feed's tests sell.
var feedCatalog = domain.Catalog{Features: map[domain.FeatureKey]domain.Feature{
	"projects": {Key: "projects", Type: domain.FeatureLimit},
	"sso":      {Key: "sso", Type: domain.FeatureFlag},
	"support":  {Key: "support", Type: domain.FeatureChoice, Values: []string{"mail", "gold"}},
}}

// give has a user hold entitlements from a moment on, and nothing else.
func give(t tb, s ports.Store, user domain.UserID, at time.Time, entitlements ...domain.Entitlement) {
	t.Helper()
	update(t, s, touchOf(user), func(f ports.Found) ports.Kept { return given(f, user, at, entitlements...) })
}

func given(f ports.Found, user domain.UserID, at time.Time, entitlements ...domain.Entitlement) ports.Kept {
	state := f.States[user]
	state.Account = fullAccount(user)
	changes := domain.Diff(state.Entitlements, entitlements)
	for i := range changes {
		changes[i].User, changes[i].At, changes[i].Cause = user, at, domain.CauseByHand
	}
	state.Entitlements = entitlements
	return ports.Kept{States: []ports.State{state}, Changes: changes}
}

// projects is a right by hand to so many projects until a time.
func projects(user domain.UserID, limit int64, until time.Time) domain.Entitlement {
	return domain.Entitlement{
		Feature: "projects", Source: domain.Source{Kind: domain.SourceGrant, ID: "grant_" + string(user)},
		Value: domain.Limit(limit), Since: noon, Until: until,
	}
}

// tell tells until there is no more.
func tell(t tb, s ports.Store, now time.Time) ports.TellResult {
	t.Helper()
	for start := time.Now(); time.Since(start) < time.Minute; time.Sleep(feedPause) {
		result, err := s.Tell(t.Context(), now, 10, func(untold []ports.Untold) []ports.Telling { return tellings(untold, now) })
		if err != nil {
			t.Fatalf("Tell: %v", err)
		}
		if !result.More && !result.Busy {
			return result
		}
	}
	t.Fatalf("Tell: more and more to tell")
	return ports.TellResult{}
}

func tellings(untold []ports.Untold, now time.Time) []ports.Telling {
	all := make([]ports.Telling, len(untold))
	for i, of := range untold {
		all[i] = of.Tell(now, feedCatalog)
	}
	return all
}

func feed(t tb, s ports.Store, q ports.FeedQuery) ports.FeedPage {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 1000
	}
	page, err := s.Feed(t.Context(), q)
	if err != nil {
		t.Fatalf("Feed: %v", err)
	}
	return page
}

func versionOf(t tb, s ports.Store, user domain.UserID) int64 {
	t.Helper()
	all, err := s.Entitlements(t.Context(), []domain.UserID{user})
	if err != nil {
		t.Fatalf("Entitlements: %v", err)
	}
	if state := stateOf(t, s, user); state.Version != all[user].Version {
		t.Errorf("version %d of the state, and %d of the entitlements", state.Version, all[user].Version)
	}
	return all[user].Version
}

func testVersions(t *testing.T, s ports.Store) {
	give(t, s, "ann", noon, projects("ann", 1, time.Time{}))
	give(t, s, "bob", noon, projects("bob", 1, time.Time{}))
	give(t, s, "ann", noon, projects("ann", 2, time.Time{}))
	give(t, s, "ann", noon, projects("ann", 2, time.Time{})) // which changes nothing
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept {
		state := f.States["ann"]
		state.Account.Customer = "cus_other"
		return ports.Kept{States: []ports.State{state}} // something else
	})
	give(t, s, "ann", noon)
	if ann, bob, nobody := versionOf(t, s, "ann"), versionOf(t, s, "bob"), versionOf(t, s, "nobody"); ann != 3 || bob != 1 || nobody != 0 {
		t.Errorf("versions %d, %d and %d, want 3, 1 and 0", ann, bob, nobody)
	}
	for i, change := range changesOf(t, s, "ann") {
		if change.Version != int64(i)+1 {
			t.Errorf("change %d has version %d", i+1, change.Version)
		}
	}
}

func testTold(t *testing.T, s ports.Store) {
	if page := feed(t, s, ports.FeedQuery{}); page.First != 0 || page.Last != 0 || len(page.Changes) > 0 {
		t.Errorf("an empty feed: %+v", page)
	}
	month := noon.AddDate(0, 1, 0)
	give(t, s, "ann", noon, projects("ann", 1, month))
	give(t, s, "bob", noon, projects("bob", 1, time.Time{}))
	give(t, s, "ann", noon.Add(time.Hour), projects("ann", 2, month))
	if page := feed(t, s, ports.FeedQuery{}); len(page.Changes) > 0 {
		t.Errorf("the feed says %+v before it was told", page.Changes)
	}
	if result := tell(t, s, noon.Add(time.Hour)); result.End != 3 || !result.Next.Equal(month) {
		t.Errorf("told up to %d, next %s; want 3, %s", result.End, result.Next, month)
	}
	give(t, s, "ann", noon.Add(2*time.Hour))
	tell(t, s, noon.Add(2*time.Hour))
	tell(t, s, noon.Add(3*time.Hour)) // nothing

	right := func(limit int64, until time.Time) *domain.Right {
		return &domain.Right{Feature: "projects", Value: domain.Limit(limit), Since: noon, Until: until, EndsAt: until}
	}
	line := func(position int64, user domain.UserID, version int64, at time.Time, before, after *domain.Right) domain.RightChange {
		return domain.RightChange{
			Position: position, User: user, Version: version, Feature: "projects", Before: before, After: after, Cause: domain.CauseByHand, At: at,
		}
	}
	wantEqual(t, "feed", feed(t, s, ports.FeedQuery{}), ports.FeedPage{First: 1, Last: 4, Changes: []domain.RightChange{
		line(1, "ann", 1, noon, nil, right(1, month)),
		line(2, "ann", 2, noon.Add(time.Hour), right(1, month), right(2, month)),
		line(3, "bob", 1, noon, nil, right(1, time.Time{})),
		line(4, "ann", 3, noon.Add(2*time.Hour), right(2, month), nil),
	}})
}

func testFeedPages(t *testing.T, s ports.Store) {
	sso := domain.Entitlement{Feature: "sso", Source: domain.Source{Kind: domain.SourceGrant, ID: "grant_sso"}, Value: domain.Flag(), Since: noon}
	for n := range int64(5) {
		give(t, s, "ann", noon, projects("ann", n, time.Time{}))
		give(t, s, "bob", noon, projects("bob", n, time.Time{}), sso)
		tell(t, s, noon)
	}
	for _, c := range []struct {
		query ports.FeedQuery
		want  []int64
	}{
		{ports.FeedQuery{Limit: 3}, []int64{1, 2, 3}},
		{ports.FeedQuery{After: 9}, []int64{10, 11}},
		{ports.FeedQuery{After: 11}, nil},
		{ports.FeedQuery{After: 12}, nil},
		{ports.FeedQuery{User: "ann", After: 1, Limit: 2}, []int64{4, 6}},
		{ports.FeedQuery{User: "nobody"}, nil},
		{ports.FeedQuery{Feature: "sso"}, []int64{3}},
		{ports.FeedQuery{User: "ann", Feature: "sso"}, nil},
	} {
		page := feed(t, s, c.query)
		var got []int64
		for _, change := range page.Changes {
			got = append(got, change.Position)
		}
		wantEqual(t, "positions", got, c.want)
		if page.First != 1 || page.Last != 11 {
			t.Errorf("the feed is from %d to %d, want 1 to 11", page.First, page.Last)
		}
	}
	page, err := s.Feed(t.Context(), ports.FeedQuery{})
	if err != nil || len(page.Changes) > 0 || page.Last != 11 {
		t.Errorf("where the feed ends: %+v, %v", page, err)
	}
}

// A choice is told as what was chosen, and a choice that takes its place as a change.
func testChoicesTold(t *testing.T, s ports.Store) {
	support := func(choice string) domain.Entitlement {
		source := domain.Source{Kind: domain.SourceGrant, ID: "grant_support"}
		return domain.Entitlement{Feature: "support", Source: source, Value: domain.Choice(choice), Since: noon}
	}
	for n, choice := range []string{"mail", "gold"} {
		give(t, s, "ann", noon.Add(time.Duration(n)*time.Hour), support(choice))
		tell(t, s, noon.Add(time.Duration(n)*time.Hour))
	}
	changes := feed(t, s, ports.FeedQuery{}).Changes
	if len(changes) != 2 || changes[1].Before == nil || changes[1].After == nil {
		t.Fatalf("the feed says %+v, want two changes", changes)
	}
	wantEqual(t, "before", changes[1].Before.Value, domain.Choice("mail"))
	wantEqual(t, "after", changes[1].After.Value, domain.Choice("gold"))
}

func testTimeTold(t *testing.T, s ports.Store) {
	until := noon.AddDate(0, 0, 14)
	give(t, s, "ann", noon, projects("ann", 1, until))
	give(t, s, "bob", noon, projects("bob", 1, until.Add(time.Hour)))
	for _, step := range []struct {
		now  time.Time
		end  int64
		next time.Time
	}{
		{noon, 2, until},
		{until.Add(-time.Microsecond), 2, until},
		{until, 3, until.Add(time.Hour)},
		{until.Add(time.Minute), 3, until.Add(time.Hour)},
		{until.AddDate(1, 0, 0), 4, time.Time{}},
	} {
		if result := tell(t, s, step.now); result.End != step.end || !result.Next.Equal(step.next) {
			t.Errorf("at %s: told up to %d, next %s, want %d, %s", step.now, result.End, result.Next, step.end, step.next)
		}
	}
	last := feed(t, s, ports.FeedQuery{After: 2}).Changes
	for i, user := range []domain.UserID{"ann", "bob"} {
		at := until.Add(time.Duration(i) * time.Hour)
		if c := last[i]; c.User != user || c.Version != 2 || c.Cause != domain.CauseTime || !c.At.Equal(at) || c.Before == nil || c.After != nil {
			t.Errorf("the feed says %+v", c)
		}
		if version := versionOf(t, s, user); version != 2 {
			t.Errorf("version %d of %s, want 2", version, user)
		}
	}
	give(t, s, "ann", until.Add(time.Hour), projects("ann", 1, time.Time{}))
	if version := versionOf(t, s, "ann"); version != 3 {
		t.Errorf("version %d after the next change, want 3", version)
	}
}

func testManyDue(t *testing.T, s ports.Store) {
	const many = 25 // more than tell's limit, twice
	end := noon.Add(time.Hour)
	for n := range many {
		user := domain.UserID(fmt.Sprintf("user_%02d", n))
		give(t, s, user, noon, projects(user, 1, end))
	}
	tell(t, s, noon)
	before := feed(t, s, ports.FeedQuery{}).Last
	tell(t, s, end)
	if got := feed(t, s, ports.FeedQuery{}).Last - before; got != many {
		t.Errorf("%d of %d users whose time has come are told of before it is said that there is no more", got, many)
	}
}

func testTimeTakenBack(t *testing.T, s ports.Store) {
	until := noon.AddDate(0, 1, 0)
	give(t, s, "ann", noon, projects("ann", 1, until))
	tell(t, s, noon)
	give(t, s, "ann", until.Add(-time.Second), projects("ann", 1, until.AddDate(0, 1, 0)))
	// It is told of no sooner than the moment that it takes back.
	if result := tell(t, s, until.Add(time.Second)); result.End != 2 || !result.Next.Equal(until.AddDate(0, 1, 0)) {
		t.Errorf("told up to %d, next %s", result.End, result.Next)
	}
	if last := feed(t, s, ports.FeedQuery{After: 1}).Changes[0]; last.Before == nil || last.After == nil || last.Cause != domain.CauseByHand {
		t.Errorf("the feed says %+v, want a right that goes on", last)
	}
}

// Of which line was pruned nobody can tell whom it was about: what was answered to it goes.
func testFeedForgetsWhatWasPruned(t *testing.T, s ports.Store) {
	for _, user := range []domain.UserID{"ann", "bob", "cid"} {
		give(t, s, user, noon, projects(user, 1, time.Time{}))
	}
	tell(t, s, noon)
	addEndpoints(t, s, endpoint("ep_a"))
	answers := []ports.Delivery{{Message: "of ann", First: 1, Answer: "hello, Ann Smith", At: noon}, {Message: "of the last", First: 3, Answer: "taken", At: noon}}
	if err := s.ChangeEndpoint(t.Context(), "ep_a", func(*ports.Endpoint) ([]ports.Delivery, error) { return answers, nil }); err != nil {
		t.Fatal(err)
	}
	if n, err := s.PruneFeed(t.Context(), noon.Add(time.Hour), 1); err != nil || n != 1 {
		t.Fatalf("pruned %d, %v", n, err)
	}
	if err := s.Forget(t.Context(), "ann", "forgotten:1"); err != nil {
		t.Fatal(err)
	}
	kept, err := s.Deliveries(t.Context(), "ep_a", 10)
	if err != nil || len(kept) != 2 || kept[0].Answer != "taken" || kept[1].Answer != "(forgotten)" {
		t.Errorf("what receivers answered, the last first: %+v, %v", kept, err)
	}
}

func testFeedForgets(t *testing.T, s ports.Store) {
	until := noon.AddDate(0, 1, 0)
	give(t, s, "ann", noon, projects("ann", 1, until))
	tell(t, s, noon)
	give(t, s, "ann", noon, projects("ann", 2, until))
	addEndpoints(t, s, endpoint("ep_a"))
	answers := []ports.Delivery{
		{Message: "of ann", First: 1, Answer: "hello, Ann Smith", At: noon}, {Message: "a test", Answer: "no ann here", At: noon},
		{Message: "of another", First: 7, Answer: "taken", At: noon}, {Message: "silent", First: 1, At: noon},
	}
	if err := s.ChangeEndpoint(t.Context(), "ep_a", func(*ports.Endpoint) ([]ports.Delivery, error) { return answers, nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.Forget(t.Context(), "ann", "forgotten:1"); err != nil {
		t.Fatal(err)
	}
	kept, err := s.Deliveries(t.Context(), "ep_a", 10)
	if err != nil || len(kept) != 4 || kept[0].Answer != "" || kept[1].Answer != "taken" || kept[2].Answer != "(forgotten)" || kept[3].Answer != "(forgotten)" {
		t.Errorf("what receivers answered, the last first: %+v, %v", kept, err)
	}
	late := []ports.Delivery{{Message: "under way", First: 1, Answer: "hello, Ann Smith", At: noon}, {Message: "of another", First: 7, Answer: "taken", At: noon}}
	if err := s.ChangeEndpoint(t.Context(), "ep_a", func(*ports.Endpoint) ([]ports.Delivery, error) { return late, nil }); err != nil {
		t.Fatal(err)
	}
	if kept, err = s.Deliveries(t.Context(), "ep_a", 2); err != nil || len(kept) != 2 || kept[0].Answer != "taken" || kept[1].Answer != "(forgotten)" {
		t.Errorf("what was answered after it: %+v, %v", kept, err)
	}
	tell(t, s, until)
	changes := feed(t, s, ports.FeedQuery{}).Changes
	if len(changes) != 3 {
		t.Errorf("the feed says %+v, want three changes", changes)
	}
	for i, change := range changes {
		if change.User != "forgotten:1" || change.Version != int64(i)+1 {
			t.Errorf("the feed says %+v", change)
		}
	}
}
