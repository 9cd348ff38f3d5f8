package app

import "testing"

func TestReturnURLs_WithoutAnOrder(t *testing.T) {
	t.Parallel()
	urls, err := NewReturnURLs("https://app.example/?order_id={ORDER_ID}", "https://app.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for asked, want := range map[string]string{
		"":                            "https://app.example/",
		"https://app.example/billing": "https://app.example/billing",
		"https://app.example/thanks?o={ORDER_ID}":                               "https://app.example/thanks",
		"https://app.example/thanks?o={ORDER_ID}&tab=2&s={CHECKOUT_SESSION_ID}": "https://app.example/thanks?tab=2",
		"https://app.example/?a=1#{ORDER_ID}":                                   "https://app.example/?a=1",
		"https://app.example/orders/{ORDER_ID}":                                 "https://app.example/orders/",
		"https://app.example/?a=1#top":                                          "https://app.example/?a=1#top",
	} {
		if got, err := urls.withoutOrder("success_url", asked, urls.Success); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", asked, got, err, want)
		}
	}
	if _, err := urls.withoutOrder("success_url", "https://evil.example/", urls.Success); err == nil {
		t.Error("a foreign address was taken")
	}
}
