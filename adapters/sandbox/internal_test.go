package sandbox

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

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
		if got := formatAmount(tt.amount, tt.currency); got != tt.want {
			t.Errorf("%d %s: got %s, want %s", tt.amount, tt.currency, got, tt.want)
		}
	}
}

func TestPeriodEnd_CountsFromTheAnchor(t *testing.T) {
	t.Parallel()
	day := func(text string) int64 {
		d, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return d.Unix()
	}
	for _, tt := range []struct {
		interval         string
		count            int64
		anchor, at, want string
	}{
		{"month", 1, "2026-01-31", "2026-01-31", "2026-02-28"},
		{"month", 1, "2026-01-31", "2026-02-28", "2026-03-31"}, // the 31st again
		{"month", 3, "2026-01-31", "2026-01-31", "2026-04-30"},
		{"year", 1, "2024-02-29", "2024-02-29", "2025-02-28"},
		{"year", 1, "2024-02-29", "2027-02-28", "2028-02-29"},
		{"week", 2, "2026-01-01", "2026-01-01", "2026-01-15"},
		{"day", 10, "2026-01-01", "2026-01-12", "2026-01-21"},
	} {
		p := &price{interval: tt.interval, intervalCount: tt.count}
		if got := p.periodEnd(day(tt.anchor), day(tt.at)); got != day(tt.want) {
			t.Errorf("%d %s from %s at %s: got %s, want %s", tt.count, tt.interval, tt.anchor, tt.at, time.Unix(got, 0).UTC(), tt.want)
		}
	}
}

func TestChangedAttributes_HoldsOldValues(t *testing.T) {
	t.Parallel()
	before := object{"same": 1, "status": "incomplete", "nested": object{"a": 1, "b": 2}, "list": []object{{"x": 1}}, "gone": 1}
	after := object{"same": 1, "status": "active", "nested": object{"a": 1, "b": 3}, "list": []object{{"x": 2}}, "new": 1, "gone": nil}
	want := object{"status": "incomplete", "nested": object{"b": 2}, "list": []object{{"x": 1}}, "new": nil, "gone": 1}
	if diff := cmp.Diff(want, changedAttributes(before, after)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParams_KnowsItsNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, key string
		want         bool
	}{
		{"mode", "mode", true}, {"mode", "mode[a]", false}, {"expand[]", "expand[]", true}, {"expand[]", "expand[12]", true},
		{"expand[]", "expand[x]", false}, {"line_items[][price]", "line_items[0][price]", true},
		{"line_items[][price]", "line_items[0][prices]", false}, {"line_items[][price]", "line_items[price]", false},
		{"metadata[*]", "metadata[any thing]", true}, {"metadata[*]", "metadata", true}, {"metadata[*]", "metadatas[x]", false},
		{"items[][metadata][*]", "items[3][metadata][k]", true}, {"items[][metadata][*]", "items[x][metadata][k]", false},
	} {
		if got := matchesParam(tt.pattern, tt.key); got != tt.want {
			t.Errorf("%s, %s: got %v", tt.pattern, tt.key, got)
		}
	}
}

func TestParams_ReadsListsInOrder(t *testing.T) {
	t.Parallel()
	p := &params{form: url.Values{"k[10]": {"c"}, "k[2]": {"b"}, "k[0]": {"a"}}}
	if diff := cmp.Diff([]string{"a", "b", "c"}, p.list("k")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNewID_IsRandom(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 10_000 {
		id := newID("cus_", 14)
		if len(id) != 18 || seen[id] {
			t.Fatalf("got %s again or too short", id)
		}
		seen[id] = true
	}
}

func TestRetryPolicy_LastsOverAnHour(t *testing.T) {
	t.Parallel()
	var sum time.Duration
	for n := 1; n < DefaultRetryPolicy.Attempts; n++ {
		sum += DefaultRetryPolicy.delay(n)
	}
	if first := DefaultRetryPolicy.delay(1); sum < time.Hour || first > 2*time.Second {
		t.Errorf("first retry after %v, last after %v", first, sum)
	}
}
