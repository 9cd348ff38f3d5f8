package portstest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// TestStore checks that a store keeps the promises of [ports.Store]. Every call
// of open returns a store that is empty, ready and closed with its test.
func TestStore(t *testing.T, open func(t *testing.T) ports.Store) {
	for _, c := range []struct {
		what string
		test func(*testing.T, ports.Store)
	}{
		{"an error keeps nothing and is returned", testErrorKeepsNothing},
		{"a panic keeps nothing and goes on", testPanicKeepsNothing},
		{"nothing kept leaves no trace", testNothingKept},
		{"a receipt alone leaves no account", testReceiptAlone},
		{"a canceled context keeps nothing", testCanceled},
		{"any state that is saved is what is read", testRoundTrip},
		{"any state that differs replaces what was kept", testReplace},
		{"any text and any bytes can be kept", testOddText},
		{"stored values cannot be changed from outside", testIsolation},
		{"only a state that was found can be kept", testForeignState},
		{"20 deliveries of one event apply it once", testOneEvent},
		{"20 deliveries of an event about nobody keep one receipt", testEventAboutNobody},
		{"updates of one account serialize", testSerialize},
		{"updates of one new account serialize", testSerializeNew},
		{"updates that meet in opposite orders do not deadlock", testOppositeOrders},
		{"an update waits for what another holds as long as it says", testLockWait},
		{"unknown names find nothing", testUnknownNames},
		{"every name of an account finds it", testRefs},
		{"a name that an account once had finds it still", testOldRefs},
		{"a name of another user is a conflict", testRefConflict},
		{"a customer of two users is a conflict", testCustomerConflict},
		{"one name for two users in one update is a conflict", testConflictWithin},
		{"an update of one purchase finds it and leaves the others", testPart},
		{"what links two purchases makes them one", testLinked},
		{"an update of the whole account finds all purchases", testWhole},
		{"any account told purchase by purchase ends the same", testParts},
		{"receipts are kept and replaced, their payload stays", testReceipts},
		{"a failure is counted", testFail},
		{"a failure does not overwrite a final outcome", testFailFinal},
		{"a failure takes the place of what is not final", testFailNotFinal},
		{"receipts are listed by what is asked", testListing},
		{"receipts of one moment are paged", testPaging},
		{"a question is kept with all else or not at all", testQuestionKept},
		{"a question asked again keeps its turn and takes the later time", testQuestionAgain},
		{"a question is forgotten if it was asked before the answer", testAnswered},
		{"questions are taken when they are due, and again after the lease", testTake},
		{"questions that stay open are taken ever more seldom", testTakeAgain},
		{"no question is given to two takers", testTakeAtOnce},
		{"what is expected is taken when it is due, and as a question after that", testExpected},
		{"what is expected of another time begins anew", testExpectedAgain},
		{"what is no longer expected is forgotten", testExpectedNoMore},
		{"what is expected is kept with all else or not at all", testExpectedKept},
		{"what waits for an answer is counted", testOpenQuestions},
		{"who holds what from a plan is counted", testHolders},
		{"questions and answers that meet in opposite orders do not deadlock", testQuestionsOppositeOrders},
		{"changes are read in order", testChanges},
		{"users are paged in order", testUsers},
		{"what is not there is not found", testNotFound},
		{"entitlements of many users are read at once", testEntitlements},
		{"an update of 64 users at once", testBatch},
		{"who is affected by a change of the catalog is found", testAffected},
		{"all users are looked at, page by page", testAffectedPages},
		{"a setting is kept and replaced", testSettings},
		{"a setting is swapped only for the value that is there", testSwapSetting},
		{"of many who swap a setting at a time one does", testSwapSettingRace},
		{"what operators ask for is kept and listed", testAdminLog},
		{"what operators ask for at once is all kept", testAdminLogAtOnce},
		{"bodies of old receipts are redacted in slices", testRedact},
		{"a redacted receipt stays redacted", testRedactedStays},
		{"a user who is forgotten leaves what was paid", testForget},
		{"changes of a user count its version on", testVersions},
		{"what changed is told once, in order and without a gap", testTold},
		{"what is told is read by user, by feature and in pages", testFeedPages},
		{"what time changes is told once, as a version", testTimeTold},
		{"the feed says which choice", testChoicesTold},
		{"however many are due, there is more until all are told", testManyDue},
		{"a renewal takes back what time would have changed", testTimeTakenBack},
		{"ends are announced, and withdrawn", testEndsAnnounced},
		{"what is announced follows the lead times there are now", testFeedLooksAgain},
		{"any histories are told as if nothing was kept between", testFeedHistories},
		{"old lines of the feed are pruned, and positions go on", testFeedPruned},
		{"the feed has no gap while it is pruned", testFeedPrunedMeanwhile},
		{"what is told of a user is forgotten with the user", testFeedForgets},
		{"what was answered about a line that was pruned is forgotten with anybody", testFeedForgetsWhatWasPruned},
		{"every reader of the feed has every change once", testFeedReaders},
		{"endpoints are kept, listed and deleted", testEndpoints},
		{"an endpoint is changed with all that follows or not at all", testChangeEndpoint},
		{"the last deliveries to an endpoint are kept", testDeliveries},
		{"endpoints are leased when there is something to deliver", testLeaseEndpoints},
		{"no endpoint is leased to two", testLeaseEndpointsAtOnce},
		{"states of many users are read at once", testStates},
		{"an audit reads all of a user, and what the feed does not say yet", testAudit},
		{"an audit of nobody is empty", testAuditOfNobody},
		{"the store is ready", testReady},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

var errOurs = errors.New("no")

func testErrorKeepsNothing(t *testing.T, s ports.Store) {
	err := s.Update(t.Context(), touchOf("ann"), func(f ports.Found) (ports.Kept, error) {
		return everythingOf(f, "ann"), errOurs
	})
	if !errors.Is(err, errOurs) || errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("Update: %v, want %v alone", err, errOurs)
	}
	wantNoTrace(t, s)
}

func testPanicKeepsNothing(t *testing.T, s ports.Store) {
	func() {
		defer func() {
			if got := recover(); got != errOurs {
				t.Errorf("recovered %v, want %v", got, errOurs)
			}
		}()
		_ = s.Update(t.Context(), touchOf("ann"), func(ports.Found) (ports.Kept, error) { panic(errOurs) })
	}()
	wantNoTrace(t, s)
	// Whatever was locked is free again.
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept { return everythingOf(f, "ann") })
}

func testNothingKept(t *testing.T, s ports.Store) {
	update(t, s, touchOf("ann"), func(f ports.Found) ports.Kept {
		want := ports.State{Account: domain.NewAccount("ann")}
		wantEqual(t, "state of an unknown user", f.States["ann"], want)
		return ports.Kept{}
	})
	wantNoTrace(t, s)
}

func testReceiptAlone(t *testing.T, s ports.Store) {
	r := receipt("evt_1", domain.OutcomeIgnored)
	update(t, s, touchOf("ann"), func(ports.Found) ports.Kept {
		return ports.Kept{Receipts: []domain.ProcessedEvent{r}}
	})
	if users := usersOf(t, s); len(users) > 0 {
		t.Errorf("users %v, want none", users)
	}
	wantEqual(t, "receipt", receiptOf(t, s, "evt_1"), r)
}

func testCanceled(t *testing.T, s ports.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, touchOf("ann"), func(f ports.Found) (ports.Kept, error) {
		cancel()
		return everythingOf(f, "ann"), nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update canceled under way: %v, want %v", err, context.Canceled)
	}
	wantNoTrace(t, s)

	for what, call := range map[string]func() error{
		"Update": func() error {
			return s.Update(ctx, touchOf("ann"), func(f ports.Found) (ports.Kept, error) { return everythingOf(f, "ann"), nil })
		},
		"Fail":          func() error { return s.Fail(ctx, receipt("evt_1", domain.OutcomeFailed)) },
		"State":         func() error { _, err := s.State(ctx, "ann"); return err },
		"Entitlements":  func() error { _, err := s.Entitlements(ctx, []domain.UserID{"ann"}); return err },
		"Order":         func() error { _, _, err := s.Order(ctx, "o_ann"); return err },
		"Receipt":       func() error { _, err := s.Receipt(ctx, "evt_1"); return err },
		"Receipts":      func() error { _, err := s.Receipts(ctx, ports.ReceiptQuery{}); return err },
		"Changes":       func() error { _, err := s.Changes(ctx, "ann"); return err },
		"Users":         func() error { _, err := s.Users(ctx, "", 10); return err },
		"Holders":       func() error { _, err := s.Holders(ctx, noon); return err },
		"LogAdmin":      func() error { return s.LogAdmin(ctx, ports.AdminAction{At: noon, Action: "explain"}) },
		"AdminLog":      func() error { _, err := s.AdminLog(ctx, ports.AdminLogQuery{}); return err },
		"TakeQuestions": func() error { _, err := s.TakeQuestions(ctx, noon, lease, 10); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want %v", what, err, context.Canceled)
		}
	}
	wantNoTrace(t, s)
}

func testForeignState(t *testing.T, s ports.Store) {
	err := s.Update(t.Context(), touchOf("ann"), func(ports.Found) (ports.Kept, error) {
		return ports.Kept{States: []ports.State{{Account: fullAccount("bob")}}}, nil
	})
	if err == nil {
		t.Error("Update kept the state of a user that it had not found")
	}
	wantNoTrace(t, s)
}

func testSettings(t *testing.T, s ports.Store) {
	if _, err := s.Setting(t.Context(), "mode"); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("Setting: %v, want %v", err, ports.ErrNotFound)
	}
	for _, want := range []string{"test", "", "it's"} {
		if err := s.SetSetting(t.Context(), "mode", want); err != nil {
			t.Fatalf("SetSetting: %v", err)
		}
		if got, err := s.Setting(t.Context(), "mode"); err != nil || got != want {
			t.Errorf("Setting: %q, %v, want %q", got, err, want)
		}
	}
}

func testReady(t *testing.T, s ports.Store) {
	if err := s.Ready(t.Context()); err != nil {
		t.Errorf("Ready: %v", err)
	}
}

func testEntitlements(t *testing.T, s ports.Store) {
	users := []domain.UserID{"ann", "bob", "cyd"}
	want := map[domain.UserID]ports.Rights{}
	update(t, s, touchOf(users...), func(f ports.Found) ports.Kept {
		var kept ports.Kept
		for _, user := range users[:2] {
			kept.States = append(kept.States, everythingOf(f, user).States...)
		}
		return kept
	})
	for _, user := range users[:2] {
		want[user] = ports.Rights{Entitlements: stateOf(t, s, user).Entitlements}
	}
	if !slices.IsSortedFunc(want["ann"].Entitlements, func(a, b domain.Entitlement) int {
		return slices.Compare([]string{string(a.Feature), a.Source.ID}, []string{string(b.Feature), b.Source.ID})
	}) || len(want["ann"].Entitlements) < 3 {
		t.Fatalf("entitlements %v, want several, sorted", want["ann"])
	}
	got, err := s.Entitlements(t.Context(), append(users, "nobody", "ann"))
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "Entitlements", got, want)
	if got, err := s.Entitlements(t.Context(), nil); err != nil || len(got) > 0 {
		t.Errorf("Entitlements of nobody: %v, %v", got, err)
	}
}

func testBatch(t *testing.T, s ports.Store) {
	var touch ports.Touch
	for i := range 64 {
		touch.Users = append(touch.Users, domain.UserID(fmt.Sprintf("user%02d", i)))
		touch.Events = append(touch.Events, domain.EventID(fmt.Sprintf("evt_%02d", i)))
	}
	for range 2 { // new, then known
		update(t, s, touch, func(f ports.Found) ports.Kept {
			var kept ports.Kept
			for i, user := range touch.Users {
				one := everythingOf(f, user)
				kept.States = append(kept.States, one.States...)
				kept.Changes = append(kept.Changes, one.Changes...)
				kept.Receipts = append(kept.Receipts, receipt(touch.Events[i], domain.OutcomeApplied))
			}
			return kept
		})
	}
	if got := usersOf(t, s); !slices.Equal(got, touch.Users) {
		t.Errorf("users %v, want %v", got, touch.Users)
	}
	wantEqual(t, "state of the last", stateOf(t, s, "user63").Account, fullAccount("user63"))
	changes, err := s.Changes(t.Context(), "user40")
	if err != nil || len(changes) != 10 {
		t.Errorf("changes %v, %v, want 10", changes, err)
	}
}

func testUnknownNames(t *testing.T, s ports.Store) {
	touch := ports.Touch{
		Refs:   []domain.Ref{{Kind: domain.RefOrder, ID: "o_1"}, {Kind: domain.RefUser, ID: "ann"}},
		Events: []domain.EventID{"evt_1"},
	}
	update(t, s, touch, func(f ports.Found) ports.Kept {
		if len(f.States)+len(f.Owners)+len(f.Receipts) > 0 {
			t.Errorf("found %+v, want nothing", f)
		}
		return ports.Kept{}
	})
	wantEqual(t, "state", stateOf(t, s, "ann"), ports.State{Account: domain.NewAccount("ann")})
	wantNoTrace(t, s)
}

// together runs n calls at the same time and waits for all of them.
func together(n int, call func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { call(i) })
	}
	wg.Wait()
}

func wantEqual(t tb, what string, got, want any) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return // as nearly always: cmp takes long to find what differs, even where nothing does
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Comparer(sameTime), anyVersion); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// anyVersion: the store counts versions, as the tests of the feed say.
var anyVersion = cmpopts.IgnoreFields(ports.State{}, "Version")

// sameTime asks for more than the same moment: what is read is in UTC.
func sameTime(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() }
