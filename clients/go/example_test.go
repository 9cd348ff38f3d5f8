package entitled_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	entitled "github.com/entitled-dev/entitled/clients/go"
)

// service answers as a service does of which user_42 has bought Pro.
func service() *httptest.Server {
	answers := map[string]string{
		"GET /api/entitlements/sso":      `{"feature":"sso","entitled":true,"value":true,"as_of":"2026-12-01T09:30:00Z"}`,
		"GET /api/entitlements/projects": `{"feature":"projects","entitled":true,"value":100,"as_of":"2026-12-01T09:30:00Z"}`,
		"POST /api/checkout/team":        `{"action":"redirect","purpose":"change","url":"https://billing.stripe.com/p/session/a1b2"}`,
		"GET /api/orders/ord_1":          `{"id":"ord_1","user_id":"user_42","plan":"pro","status":"paid"}`,
	}
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, known := answers[r.Method+" "+r.URL.Path]
		if !known {
			w.WriteHeader(http.StatusNotFound)
			answer = `{"code":"unknown_feature","title":"Unknown feature"}`
		}
		_, _ = io.WriteString(w, answer)
	}))
}

func Example() {
	server := service()
	defer server.Close()
	c, err := entitled.New(server.URL, "a key of role app", entitled.WhenUnknown(entitled.Allow))
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if c.Allows(ctx, "user_42", "sso") {
		fmt.Println("welcome")
	}
	limit, err := c.Limit(ctx, "user_42", "projects")
	fmt.Println(limit, err)
	// Output:
	// welcome
	// 100 <nil>
}

func ExampleClient_Upgrade() {
	server := service()
	defer server.Close()
	c, _ := entitled.New(server.URL, "a key of role app")
	checkout, err := c.Upgrade(context.Background(), "user_42", "team", entitled.CheckoutRequest{Quantity: 5})
	fmt.Println(checkout.Purpose, checkout.URL, err)
	// Output: change https://billing.stripe.com/p/session/a1b2 <nil>
}

func ExampleClient_Require() {
	server := service()
	defer server.Close()
	c, _ := entitled.New(server.URL, "a key of role app")
	currentUser := func(*http.Request) string { return "user_42" } // as your session says
	page := c.Require("sso", currentUser)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "single sign-on")
	}))
	w := httptest.NewRecorder()
	page.ServeHTTP(w, httptest.NewRequest("GET", "/sso", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 200 single sign-on
}

func ExampleClient_Returned() {
	server := service()
	defer server.Close()
	c, _ := entitled.New(server.URL, "a key of role app")
	thanks := httptest.NewRequest("GET", "/thanks?order_id=ord_1", nil)
	order, err := c.Returned(thanks, "user_42")
	fmt.Println(order.Plan, order.Status, err)
	// Output: pro paid <nil>
}

func ExampleProblem() {
	server := service()
	defer server.Close()
	c, _ := entitled.New(server.URL, "a key of role app")
	answer, err := c.Has(context.Background(), "user_42", "ssso")
	var p *entitled.Problem
	fmt.Println(answer, errors.As(err, &p), p.Code)
	// Output: unknown true unknown_feature
}
