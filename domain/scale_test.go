package domain_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// crowded is an account with many purchases of every kind: paid, left open, and past due
// with an item that no plan has, some of whose money went back.
func crowded(purchases int) (domain.Account, []domain.Change) {
	a := accountWith(ana)
	for n := range purchases {
		at := on(float64(n % 300))
		o := domain.Order{ID: domain.OrderID(fmt.Sprint("once_", n)), Plan: "life", Mode: domain.ModePayment, Quantity: 1, Status: domain.OrderPaid, PaidAt: at}
		p := domain.Payment{ID: domain.PaymentIntentID(fmt.Sprint("pi_once_", n)), Order: o.ID, Amount: 1000, Currency: "usd"}
		a.Orders[o.ID], a.Payments[p.ID] = o, p
		open := domain.Order{ID: domain.OrderID(fmt.Sprint("open_", n)), Plan: "pro", Mode: domain.ModeSubscription, Quantity: 1, Status: domain.OrderOpen, PriceID: "price_m"}
		a.Orders[open.ID] = open
		s := sub(0, "past_due", has("si_1", "price_m", 2, 30, 60), has("si_2", "price_gone", 1, 30, 60)).Snapshot
		s.ID, s.SeenAt = domain.SubscriptionID(fmt.Sprint("sub_", n)), on(30)
		a.Subscriptions[s.ID] = s
		for month := range 3 {
			i := bill(float64(30*month), "in_1", "paid", cycle("si_1", "price_m", 2, 1000, float64(30*month), float64(30*month+30))).Invoice
			i.ID, i.Subscription = domain.InvoiceID(fmt.Sprintf("in_%d_%d", n, month)), s.ID
			a.Invoices[i.ID] = i
			c := domain.Charge{ID: domain.ChargeID(fmt.Sprintf("ch_%d_%d", n, month)), Invoice: i.ID, Amount: 1000, SeenAt: at}
			c.PaymentIntent = domain.PaymentIntentID(fmt.Sprintf("pi_%d_%d", n, month))
			a.Charges[c.ID] = c
			r := domain.Refund{ID: domain.RefundID("re_" + string(c.ID)), PaymentIntent: c.PaymentIntent, Status: "succeeded", Amount: 10, CreatedAt: at}
			a.Refunds[r.ID] = r
		}
	}
	changes := domain.Diff(nil, domain.Entitlements(a, market))
	for n := range changes {
		changes[n].At = on(31)
	}
	return a, changes
}

// longLived is an account with one subscription, whose seats change within each of so
// many months; the money of every tenth went back.
func longLived(months int) (domain.Account, []domain.Change) {
	a := accountWith(ana)
	start, end := float64(30*(months-1)), float64(30*months)
	a.Subscriptions["sub_1"] = sub(start, "active", has("si_1", "price_m", 3, start, end)).Snapshot
	for month := range months {
		from, until := float64(30*month), float64(30*month+30)
		i := bill(from, domain.InvoiceID(fmt.Sprint("in_", month)), "paid",
			cycle("si_1", "price_m", 2, 2000, from, until),
			line(domain.LineCredit, "si_1", "price_m", 2, -1000, from-15, from), line(domain.LineChange, "si_1", "price_m", 3, 1500, from-15, from),
		).Invoice
		a.Invoices[i.ID] = i
		if month%10 == 0 {
			c := domain.Charge{ID: domain.ChargeID(fmt.Sprint("ch_", month)), Invoice: i.ID, Amount: i.AmountPaid, Refunded: i.AmountPaid, SeenAt: on(until)}
			a.Charges[c.ID] = c
		}
	}
	return a, nil
}

// derivations are what an account is derived to.
var derivations = map[string]func(domain.Account, []domain.Change){
	"standings":    func(a domain.Account, _ []domain.Change) { domain.Standings(a, market) },
	"entitlements": func(a domain.Account, _ []domain.Change) { domain.Entitlements(a, market) },
	"explain":      func(a domain.Account, changes []domain.Change) { domain.Explain(a, market, changes, on(40)) },
	"expectations": func(a domain.Account, _ []domain.Change) { a.Expectations() },
}

var largeAccounts = map[string]func(int) (domain.Account, []domain.Change){"purchases": crowded, "months": longLived}

// What is derived takes as much room as there are purchases, or months of one, not as
// their square, which would be 64 times as much here. How long it takes is for
// [BenchmarkScale] to say: a busy machine would make a test of it fail. (Of fewer, the
// room is used again and again, see derivation.free.)
func TestScale_IsLinear(t *testing.T) {
	for what, account := range largeAccounts {
		for name, derive := range derivations {
			room := func(size int) uint64 {
				a, changes := account(size)
				return allocated(func() { derive(a, changes) })
			}
			if few, many := room(300), room(2400); many > 20*few {
				t.Errorf("%s of many %s: %d bytes for 300, %d for 2400", name, what, few, many)
			}
		}
	}
}

// allocated is how many bytes a function asks for. It is for tests that run alone.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// BenchmarkScale says how long each purchase, or month, takes of few and of many: the
// same, if what is derived is linear.
func BenchmarkScale(b *testing.B) {
	for what, account := range largeAccounts {
		for name, derive := range derivations {
			for _, size := range []int{50, 800} {
				b.Run(fmt.Sprintf("%s/%s/%d", what, name, size), func(b *testing.B) {
					a, changes := account(size)
					for b.Loop() {
						derive(a, changes)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/each")
				})
			}
		}
	}
}
