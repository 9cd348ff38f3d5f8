package portstest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

func keepReceipts(t *testing.T, s ports.Store, receipts ...domain.ProcessedEvent) {
	t.Helper()
	update(t, s, ports.Touch{}, func(ports.Found) ports.Kept { return ports.Kept{Receipts: receipts} })
}

func testReceipts(t *testing.T, s ports.Store) {
	first := receipt("evt_1", domain.OutcomeQuarantined)
	first.Payload = []byte("a\x00b\xff")
	keepReceipts(t, s, first)
	wantEqual(t, "receipt", receiptOf(t, s, "evt_1"), first)

	second := receipt("evt_1", domain.OutcomeApplied)
	second.User, second.Object, second.Reason, second.Attempts, second.Livemode = "bob", "in_2", "", 2, false
	second.ProcessedAt, second.ReceivedAt = noon.Add(time.Hour), noon.Add(time.Hour)
	second.Payload = []byte("other")
	keepReceipts(t, s, second)
	want := second
	want.Payload, want.ReceivedAt = first.Payload, first.ReceivedAt
	wantEqual(t, "receipt that was replaced", receiptOf(t, s, "evt_1"), want)

	// A replay has no payload at hand and needs none.
	second.Payload = nil
	keepReceipts(t, s, second)
	wantEqual(t, "receipt replaced without a payload", receiptOf(t, s, "evt_1"), want)
}

func testFail(t *testing.T, s ports.Store) {
	r := receipt("evt_1", domain.OutcomeFailed)
	for n := range 3 {
		try := r
		if n > 0 {
			try.Reason, try.ReceivedAt, try.Payload = "again", noon.Add(time.Hour), []byte("other")
		}
		if err := s.Fail(t.Context(), try); err != nil {
			t.Fatalf("Fail: %v", err)
		}
		want := r
		want.Attempts, want.Reason = n+1, try.Reason
		wantEqual(t, "receipt", receiptOf(t, s, "evt_1"), want)
	}
	update(t, s, ports.Touch{Events: []domain.EventID{"evt_1"}}, func(f ports.Found) ports.Kept {
		done := f.Receipts["evt_1"]
		if done.Attempts != 3 || done.Payload != nil {
			t.Errorf("found %+v, want three attempts and no payload", done)
		}
		done.Outcome, done.Reason, done.Attempts = domain.OutcomeApplied, "", 4
		return ports.Kept{Receipts: []domain.ProcessedEvent{done}}
	})
	want := r
	want.Outcome, want.Reason, want.Attempts = domain.OutcomeApplied, "", 4
	wantEqual(t, "receipt of an event that succeeded at last", receiptOf(t, s, "evt_1"), want)
}

func testFailFinal(t *testing.T, s ports.Store) {
	for _, outcome := range domain.Outcomes {
		if !outcome.Final() {
			continue
		}
		r := receipt(domain.EventID("evt_"+outcome), outcome)
		keepReceipts(t, s, r)
		late := r
		late.Outcome, late.Reason = domain.OutcomeFailed, "late"
		if err := s.Fail(t.Context(), late); err != nil {
			t.Fatalf("Fail: %v", err)
		}
		wantEqual(t, "receipt", receiptOf(t, s, r.ID), r)
	}
}

func testFailNotFinal(t *testing.T, s ports.Store) {
	for _, outcome := range domain.Outcomes {
		if outcome.Final() {
			continue
		}
		r := receipt(domain.EventID("evt_"+outcome), outcome)
		r.WaitsFor, r.User = domain.Ref{Kind: domain.RefCharge, ID: "ch_1"}, "ann"
		keepReceipts(t, s, r)
		late := receipt(r.ID, outcome) // that it failed goes without saying
		late.Reason, late.User = "late", ""
		if err := s.Fail(t.Context(), late); err != nil {
			t.Fatalf("Fail: %v", err)
		}
		want := late
		want.Outcome, want.Attempts, want.User = domain.OutcomeFailed, 2, "ann" // what fails names nobody
		wantEqual(t, "receipt", receiptOf(t, s, r.ID), want)
	}
}

func testListing(t *testing.T, s ports.Store) {
	var all []domain.ProcessedEvent
	for i := range 60 {
		r := receipt(domain.EventID(fmt.Sprintf("evt_%02d", (i*7)%60)), domain.Outcomes[i%len(domain.Outcomes)])
		r.ReceivedAt = noon.Add(time.Duration(i) * 1500 * time.Millisecond)
		r.User = domain.UserID([]string{"ann", "bob", ""}[i%3])
		r.Type = domain.EventType([]string{"invoice.paid", "charge.refunded"}[i%2])
		r.WaitsFor = []domain.Ref{{Kind: domain.RefCharge, ID: "1"}, {Kind: domain.RefPaymentIntent, ID: "1"}, {}, {Kind: domain.RefCharge, ID: "2"}}[i%4]
		all = append(all, r)
	}
	keepReceipts(t, s, all...)
	slices.Reverse(all) // the last received first
	for i := range all {
		all[i].Payload = nil
	}
	for what, c := range map[string]struct {
		query ports.ReceiptQuery
		keep  func(domain.ProcessedEvent) bool
		limit int
	}{
		"all":             {ports.ReceiptQuery{}, func(domain.ProcessedEvent) bool { return true }, 50},
		"more than usual": {ports.ReceiptQuery{Limit: 100}, func(domain.ProcessedEvent) bool { return true }, 60},
		"outcome": {ports.ReceiptQuery{Outcome: domain.OutcomeQuarantined},
			func(r domain.ProcessedEvent) bool { return r.Outcome == domain.OutcomeQuarantined }, 50},
		"type": {ports.ReceiptQuery{Type: "charge.refunded", Limit: 7},
			func(r domain.ProcessedEvent) bool { return r.Type == "charge.refunded" }, 7},
		"type, a later page": {ports.ReceiptQuery{Type: "charge.refunded", Before: all[9].ReceivedAt, BeforeID: all[9].ID},
			func(r domain.ProcessedEvent) bool {
				return r.Type == "charge.refunded" && r.ReceivedAt.Before(all[9].ReceivedAt)
			}, 50},
		"type and outcome": {ports.ReceiptQuery{Type: "charge.refunded", Outcome: domain.OutcomeFailed},
			func(r domain.ProcessedEvent) bool {
				return r.Type == "charge.refunded" && r.Outcome == domain.OutcomeFailed
			}, 50},
		"type that never came": {ports.ReceiptQuery{Type: "invoice.voided"}, func(domain.ProcessedEvent) bool { return false }, 50},
		"user":                 {ports.ReceiptQuery{User: "bob"}, func(r domain.ProcessedEvent) bool { return r.User == "bob" }, 50},
		"what is waited for": {ports.ReceiptQuery{WaitsFor: domain.Ref{Kind: domain.RefCharge, ID: "1"}},
			func(r domain.ProcessedEvent) bool { return r.WaitsFor == domain.Ref{Kind: domain.RefCharge, ID: "1"} }, 50},
		"what is waited for, of an outcome": {ports.ReceiptQuery{WaitsFor: domain.Ref{Kind: domain.RefCharge, ID: "1"}, Outcome: domain.OutcomeIgnored},
			func(r domain.ProcessedEvent) bool {
				return r.WaitsFor == domain.Ref{Kind: domain.RefCharge, ID: "1"} && r.Outcome == domain.OutcomeIgnored
			}, 50},
		"what nothing waits for": {ports.ReceiptQuery{WaitsFor: domain.Ref{Kind: domain.RefCharge, ID: "3"}},
			func(domain.ProcessedEvent) bool { return false }, 50},
		"before": {ports.ReceiptQuery{Before: all[20].ReceivedAt},
			func(r domain.ProcessedEvent) bool { return r.ReceivedAt.Before(all[20].ReceivedAt) }, 50},
		"all at once": {ports.ReceiptQuery{Outcome: domain.OutcomeApplied, Type: "invoice.paid", User: "ann", Before: noon.Add(time.Hour), Limit: 1},
			func(r domain.ProcessedEvent) bool {
				return r.Outcome == domain.OutcomeApplied && r.Type == "invoice.paid" && r.User == "ann"
			}, 1},
	} {
		got, err := s.Receipts(t.Context(), c.query)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		want := slices.DeleteFunc(slices.Clone(all), func(r domain.ProcessedEvent) bool { return !c.keep(r) })
		wantEqual(t, what, got, want[:min(len(want), c.limit)])
	}
}

func testPaging(t *testing.T, s ports.Store) {
	var all []domain.ProcessedEvent
	for _, i := range []int{4, 0, 7, 2, 6, 1, 8, 5, 3} {
		r := receipt(domain.EventID(fmt.Sprintf("evt_%d", i)), domain.OutcomeWaiting)
		r.ReceivedAt = noon.Add(time.Duration(i/4) * time.Microsecond) // four, four and one of one moment
		all = append(all, r)
	}
	keepReceipts(t, s, all...)
	var got []domain.EventID
	query := ports.ReceiptQuery{Limit: 3}
	for range all {
		page, err := s.Receipts(t.Context(), query)
		if err != nil || len(page) > query.Limit {
			t.Fatalf("Receipts before %s: %v, %v, want at most three", query.BeforeID, page, err)
		}
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			got = append(got, r.ID)
		}
		last := page[len(page)-1]
		query.Before, query.BeforeID = last.ReceivedAt, last.ID
	}
	wantEqual(t, "pages", got, []domain.EventID{"evt_8", "evt_7", "evt_6", "evt_5", "evt_4", "evt_3", "evt_2", "evt_1", "evt_0"})
}

func testChanges(t *testing.T, s ports.Store) {
	var want []domain.Change
	for round := range 4 {
		update(t, s, touchOf("ann", "bob"), func(f ports.Found) ports.Kept {
			var kept ports.Kept
			for i := range 5 {
				for _, user := range []domain.UserID{"bob", "ann"} {
					c := everythingOf(f, user).Changes[i%3]
					c.Kind = domain.ChangeKinds[i%2]
					c.Event = domain.EventID(fmt.Sprintf("evt_%d_%d", round, i))
					c.Seq, c.Version = 7, 7 // the store's to give
					kept.Changes = append(kept.Changes, c)
					if user == "ann" {
						c.Version = int64(round) + 1
						want = append(want, c)
					}
				}
			}
			return kept
		})
	}
	got, err := s.Changes(t.Context(), "ann")
	if err != nil || len(got) != len(want) {
		t.Fatalf("Changes: %d, %v, want %d", len(got), err, len(want))
	}
	for i := range got {
		if i > 0 && got[i].Seq <= got[i-1].Seq {
			t.Errorf("Seq %d comes after %d", got[i].Seq, got[i-1].Seq)
		}
		want[i].Seq = got[i].Seq
	}
	wantEqual(t, "changes", got, want)
}
