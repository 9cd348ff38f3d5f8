package bunstore_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/entitled-dev/entitled/adapters/bunstore"
	"github.com/entitled-dev/entitled/adapters/bunstore/pgtest"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// onEach runs a benchmark on both databases, as durable as in production.
func onEach(b *testing.B, bench func(b *testing.B, s *bunstore.Store)) {
	b.Run("sqlite", func(b *testing.B) { bench(b, open(b, sqliteFile(b))) })
	b.Run("postgres", func(b *testing.B) { bench(b, open(b, pgtest.Start(b, pgtest.Durable()).URL())) })
}

// BenchmarkUpdate is what a paid checkout costs: an open order is found by its
// session, paid, and grants something, with a receipt of 3 KB and a change.
func BenchmarkUpdate(b *testing.B) {
	onEach(b, func(b *testing.B, s *bunstore.Store) {
		var made atomic.Int64
		for _, size := range []int{1, 16, 64} {
			for _, lanes := range []int{1, 2} {
				b.Run(fmt.Sprintf("events=%d/lanes=%d", size, lanes), func(b *testing.B) {
					batches := make(chan []int64, b.N)
					for range b.N {
						batches <- pendingOrders(b, s, &made, size)
					}
					close(batches)
					b.ResetTimer()
					done := make(chan struct{})
					for range lanes {
						go func() {
							for batch := range batches {
								payOrders(b, s, batch)
							}
							done <- struct{}{}
						}()
					}
					for range lanes {
						<-done
					}
					b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "events/s")
				})
			}
		}
	})
}

var began = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// pendingOrders makes users with an open order each.
func pendingOrders(b *testing.B, s *bunstore.Store, made *atomic.Int64, size int) []int64 {
	b.Helper()
	batch := make([]int64, size)
	touch := ports.Touch{}
	for i := range batch {
		batch[i] = made.Add(1)
		touch.Users = append(touch.Users, domain.UserID(fmt.Sprintf("user%d", batch[i])))
	}
	err := s.Update(b.Context(), touch, func(f ports.Found) (ports.Kept, error) {
		var kept ports.Kept
		for i, user := range touch.Users {
			state := f.States[user]
			state.Account = state.Account.WithOrder(domain.Order{
				ID: domain.OrderID(fmt.Sprintf("o%d", batch[i])), Plan: "pro", Price: "once", Mode: domain.ModePayment,
				Quantity: 1, Status: domain.OrderOpen, Session: domain.SessionID(fmt.Sprintf("cs_%d", batch[i])),
				ExpiresAt: began.Add(time.Hour), CreatedAt: began,
			})
			state.Account.Customer = domain.CustomerID(fmt.Sprintf("cus_%d", batch[i]))
			kept.States = append(kept.States, state)
		}
		return kept, nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return batch
}

func payOrders(b *testing.B, s *bunstore.Store, batch []int64) {
	payload := []byte(strings.Repeat("x", 3100))
	touch := ports.Touch{}
	for _, n := range batch {
		touch.Refs = append(touch.Refs,
			domain.Ref{Kind: domain.RefSession, ID: fmt.Sprintf("cs_%d", n)},
			domain.Ref{Kind: domain.RefOrder, ID: fmt.Sprintf("o%d", n)})
		touch.Events = append(touch.Events, domain.EventID(fmt.Sprintf("evt_%d", n)))
	}
	err := s.Update(b.Context(), touch, func(f ports.Found) (ports.Kept, error) {
		var kept ports.Kept
		for i, n := range batch {
			state := f.States[f.Owners[touch.Refs[2*i]]]
			o := state.Account.Orders[domain.OrderID(fmt.Sprintf("o%d", n))]
			intent := domain.PaymentIntentID(fmt.Sprintf("pi_%d", n))
			o.Status, o.PaidAt, o.PaymentIntent = domain.OrderPaid, began, intent
			state.Account = state.Account.WithOrder(o)
			state.Account.Payments[intent] = domain.Payment{ID: intent, Order: o.ID, Amount: 990, Currency: "eur"}
			state.Entitlements = []domain.Entitlement{{
				Feature: "sso", Source: domain.Source{Kind: domain.SourceOrder, ID: string(o.ID)}, Plan: "pro", Value: domain.Flag(), Since: began,
			}}
			kept.States = append(kept.States, state)
			kept.Changes = append(kept.Changes, domain.Change{
				User: state.Account.User, Kind: domain.ChangeGranted, Entitlement: state.Entitlements[0], Event: touch.Events[i], At: began,
			})
			kept.Receipts = append(kept.Receipts, domain.ProcessedEvent{
				ID: touch.Events[i], Type: "checkout.session.completed", Object: string(o.Session), User: state.Account.User,
				Created: began, ReceivedAt: began, ProcessedAt: began, Outcome: domain.OutcomeApplied, Attempts: 1, Payload: payload,
			})
		}
		return kept, nil
	})
	if err != nil {
		b.Error(err)
	}
}

// BenchmarkEntitlements is what a product asks with every request.
func BenchmarkEntitlements(b *testing.B) {
	onEach(b, func(b *testing.B, s *bunstore.Store) {
		const users = 20_000
		var made atomic.Int64
		for range users / 100 {
			payOrders(b, s, pendingOrders(b, s, &made, 100))
		}
		var asked atomic.Int64
		b.Run("one", func(b *testing.B) {
			for b.Loop() {
				read(b, s, asked.Add(7919)%users+1)
			}
		})
		b.Run("one, 16 at once", func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					read(b, s, asked.Add(7919)%users+1)
				}
			})
		})
	})
}

func read(b *testing.B, s *bunstore.Store, n int64) {
	user := domain.UserID(fmt.Sprintf("user%d", n))
	all, err := s.Entitlements(b.Context(), []domain.UserID{user})
	if err != nil || len(all[user].Entitlements) != 1 {
		b.Errorf("entitlements of %s: %v, %v", user, all, err)
	}
}
