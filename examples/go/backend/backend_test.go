package backend

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	entitled "github.com/entitled-dev/entitled/clients/go"
)

// visitor is a browser that follows no redirects, so that each can be looked at.
var visitor = http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// dev is a client of the running `entitled dev`.
func dev(t *testing.T) *entitled.Client {
	t.Helper()
	service := os.Getenv("ENTITLED_URL")
	if service == "" {
		t.Fatal("ENTITLED_URL names no service: start entitled dev, and set it to http://localhost:8080")
	}
	client, err := entitled.New(service, "entitled_dev_key")
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestBackend_SellsAndGives(t *testing.T) {
	client := dev(t)
	product := httptest.NewServer(New(client, func(r *http.Request) string { return r.Header.Get("X-Demo-User") }))
	defer product.Close()
	ask := func(method, path, user string, status int, want string) *http.Response {
		t.Helper()
		request, err := http.NewRequest(method, product.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Demo-User", user)
		response, err := visitor.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		if response.StatusCode != status || !strings.Contains(string(text), want) {
			t.Fatalf("%s %s: got %d %s, want %d %s", method, path, response.StatusCode, text, status, want)
		}
		return response
	}

	ask("GET", "/sso", "", 401, "")
	ask("GET", "/sso", "gopher", 403, "")
	ask("POST", "/upgrade/gold", "gopher", 404, "No such plan")
	checkout := ask("POST", "/upgrade/pro", "gopher", 303, "").Header.Get("Location")
	order := pay(t, checkout)
	ask("GET", "/thanks?order_id="+order, "gopher", 200, "pro is paid")
	ask("GET", "/thanks?order_id="+order, "somebody else", 404, "")
	ask("GET", "/sso", "gopher", 200, "single sign-on")
}

// pay pays on the page that a checkout leads to, and says with which order that leads back.
func pay(t *testing.T, page string) string {
	t.Helper()
	response, err := visitor.PostForm(page, url.Values{
		"action": {"pay"}, "method": {"card"}, "cardNumber": {"4242424242424242"}, "cardExpiry": {"12/40"}, "cardCvc": {"123"}, "cardName": {"Ada"},
	})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	back, err := response.Location()
	if err != nil {
		t.Fatalf("it was not paid: %s, %v", response.Status, err)
	}
	return back.Query().Get("order_id")
}
