package wire

import "testing"

func TestFormatAmount_KnowsTheCurrencysDecimals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		amount   int64
		currency string
		want     string
	}{
		{0, "usd", "$0.00"}, {5, "usd", "$0.05"}, {123456789, "usd", "$1,234,567.89"}, {1500, "jpy", "¥1,500"},
		{1250, "kwd", "KWD 1.250"}, {999, "sek", "SEK 9.99"}, {-150, "eur", "-€1.50"},
	} {
		if got := FormatAmount(tt.amount, tt.currency); got != tt.want {
			t.Errorf("%d %s: got %s, want %s", tt.amount, tt.currency, got, tt.want)
		}
	}
}
