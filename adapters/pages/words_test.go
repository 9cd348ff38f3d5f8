package pages

import (
	"testing"
	"time"

	"github.com/entitled-dev/entitled/domain"
)

func TestGrantWords_ReadLikeAPriceList(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key   domain.FeatureKey
		value domain.Value
		of    domain.Feature
		want  string
	}{
		{"sso", domain.Flag(), domain.Feature{}, "SSO"},
		{"priority_support", domain.Flag(), domain.Feature{}, "Priority support"},
		{"api-access", domain.Flag(), domain.Feature{}, "API access"},
		{"projects", domain.Limit(100), domain.Feature{}, "100 projects"},
		{"projects", domain.Limit(1), domain.Feature{}, "1 project"},
		{"api_calls", domain.Limit(10_000), domain.Feature{}, "10,000 API calls"},
		{"repositories", domain.Limit(1), domain.Feature{}, "1 repository"},
		{"seats", domain.Limit(5), domain.Feature{PerUnit: true}, "5 seats each"},
		{"seats", domain.Limit(1), domain.Feature{PerUnit: true, Included: 5}, "5 seats included, then 1 each"},
		{"seats", domain.Limit(domain.Unlimited), domain.Feature{}, "Unlimited seats"},
		{"seats", domain.Limit(domain.Unlimited), domain.Feature{PerUnit: true}, "Unlimited seats"},
		{"storage_gb", domain.Limit(1), domain.Feature{}, "1 storage GB"},
		{"", domain.Flag(), domain.Feature{}, ""},
	} {
		if got := grantWords((&shop{}).called(c.key), c.value, c.of); got != c.want {
			t.Errorf("%s of %v: got %q, want %q", c.key, c.value, got, c.want)
		}
	}
}

func TestPeriod_SaysHowOften(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		interval string
		every    int64
		want     string
	}{
		{"", 0, "once"},
		{"month", 1, "/month"},
		{"year", 1, "/year"},
		{"month", 3, "every 3 months"},
		{"week", 0, "/week"},
	} {
		if got := period(c.interval, c.every); got != c.want {
			t.Errorf("every %d %q: got %q, want %q", c.every, c.interval, got, c.want)
		}
	}
}

func TestDurationWords_AreWhole(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		365 * 24 * time.Hour: "one year",
		30 * 24 * time.Hour:  "30 days",
		24 * time.Hour:       "1 day",
		36 * time.Hour:       "36 hours",
		90 * time.Minute:     "1h30m0s",
	} {
		if got := durationWords(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}
