package sandbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// BenchmarkYear plays a year of a thousand subscriptions, each event told to an endpoint.
func BenchmarkYear(b *testing.B) {
	const subscriptions = 1000
	for b.Loop() {
		var told atomic.Int64
		endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			told.Add(1)
		}))
		box := sandbox.NewTest(b, sandbox.WithWebhookEndpoint(endpoint.URL, secret))
		api := apiClient(box.URL(), "sk_test_123", 0)
		price, err := box.AddPrice(sandbox.PriceSpec{Product: "Pro", UnitAmount: 2000, Interval: "month"})
		if err != nil {
			b.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begun := time.Now()
		for n := range subscriptions {
			customer, err := api.Customers.New(&stripe.CustomerParams{
				Name: stripe.String(strconv.Itoa(n)), PaymentMethod: stripe.String("pm_card_visa"),
				InvoiceSettings: &stripe.CustomerInvoiceSettingsParams{DefaultPaymentMethod: stripe.String("pm_card_visa")},
			})
			if err != nil {
				b.Fatal(err)
			}
			_, err = api.Subscriptions.New(&stripe.SubscriptionParams{
				Customer: &customer.ID, Items: []*stripe.SubscriptionItemsParams{{Price: &price.ID}},
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		made := time.Now()
		if err := box.AdvanceTo(box.Now().AddDate(1, 0, 1)); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(made.Sub(begun).Seconds(), "s-to-subscribe")
		b.ReportMetric(time.Since(made).Seconds(), "s/year")
		b.ReportMetric(float64(told.Load()), "events-told")
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB")
		if err := box.Close(); err != nil {
			b.Fatal(err)
		}
		endpoint.Close()
	}
}
