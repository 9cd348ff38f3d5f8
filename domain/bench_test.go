package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
)

// BenchmarkRecord is one event in the life of a realistic account: a subscription
// with a year of invoices, of which some news comes and the rights are derived.
func BenchmarkRecord(b *testing.B) {
	account := accountWith(ana, pendingOrder("o1", "pro"))
	session := sessionSays("checkout.session.completed", noon, "complete", "paid")
	session.Subscription = "sub_1"
	account = after(account, session, subscriptionSays(created, noon, "active"))
	for n := range 12 {
		i := invoiceSays(paid, n)
		account = after(account, i)
	}
	news := map[string]domain.Fact{
		"subscription renewed": subscriptionSays(updated, noon.Add(12*month), "active", inMonth(12)),
		"invoice paid":         invoiceSays(paid, 12),
		"delivered again":      invoiceSays(paid, 11),
	}
	for name, fact := range news {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				next, _ := domain.Record(account, fact, shop)
				domain.Entitlements(next, shop)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
