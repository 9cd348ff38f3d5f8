package pages

import (
	"math"
	"testing"
)

func TestMoney_IsWrittenFromMinorUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount   int64
		currency string
		want     string
	}{
		{1200, "usd", "$12"},
		{1250, "usd", "$12.50"},
		{1205, "USD", "$12.05"},
		{5, "eur", "€0.05"},
		{0, "gbp", "£0"},
		{123456789, "eur", "€1,234,567.89"},
		{100000, "eur", "€1,000"},
		{1500, "jpy", "¥1,500"},
		{500, "krw", "₩500"},
		{12500, "kwd", "KWD\u00a012.500"},
		{12000, "kwd", "KWD\u00a012"},
		{1250, "bhd", "BHD\u00a01.250"},
		{2500, "chf", "CHF\u00a025"},
		{1000, "aud", "A$10"},
		{50000, "isk", "ISK\u00a0500"}, // hundredths at Stripe
		{-1250, "usd", "-$12.50"},
		{-1250, "chf", "-CHF\u00a012.50"},
		{math.MinInt64, "jpy", "-¥9,223,372,036,854,775,808"},
		{math.MaxInt64, "usd", "$92,233,720,368,547,758.07"},
	} {
		if got := money(c.amount, c.currency); got != c.want {
			t.Errorf("money(%d, %q): got %q, want %q", c.amount, c.currency, got, c.want)
		}
	}
}
