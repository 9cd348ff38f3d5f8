package stripe

import (
	"testing"
	"time"
)

// BenchmarkReadEvent reads events of about 3 KB, signature included. The limits
// to keep to: 40 us and 60 allocations.
func BenchmarkReadEvent(b *testing.B) {
	for _, file := range []string{
		"2023-10-16/session", "2023-10-16/subscription", "2023-10-16/invoice", "2026-03-25.dahlia/subscription", "2026-03-25.dahlia/invoice",
	} {
		b.Run(file, func(b *testing.B) {
			payload := testdata(b, file+".json")
			g := newTestGateway(b, nil, func(c *Config) { c.Clock = func() time.Time { return noon } })
			signature := sign(payload, noon, testSecret)
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.ReadEvent(payload, signature); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
