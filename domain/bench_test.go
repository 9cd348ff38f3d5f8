package domain_test

import (
	"testing"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/domain/domaintest"
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
	catalog := shop.Indexed() // as the service has it
	for name, fact := range news {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				next, _ := domain.Record(account, fact, catalog)
				domain.Entitlements(next, catalog)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkReplay is a replay in memory: the events of true histories, each joined
// into its account, of which the rights are derived anew.
func BenchmarkReplay(b *testing.B) {
	var told []domaintest.History
	events := 0
	for seed := range 200 {
		h := domaintest.Histories(ana).Example(seed)
		told, events = append(told, h), events+len(h.Facts)
	}
	catalog := shop.Indexed() // as the service has it
	b.ReportAllocs()
	for b.Loop() {
		for _, h := range told {
			a := h.Account.Clone()
			for _, f := range h.Facts {
				a.Join(f, catalog)
				domain.Entitlements(a, catalog)
			}
		}
	}
	b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
