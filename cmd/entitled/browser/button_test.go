//go:build !nodev

package browser

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

// The plain page of examples/html, as a product serves it: with /api/ passed on to the service,
// which sends buyers back to it.
func TestBrowser_AButtonOfAnotherSiteSells(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(filepath.Join("..", "..", "..", "examples", "html"))))
	product := httptest.NewServer(mux)
	t.Cleanup(product.Close)
	_, port, _ := net.SplitHostPort(product.Listener.Addr().String())
	shop := "http://localhost:" + port

	p := startDev(t, programtest.Build(t), "--app-url", shop)
	_, port, _ = net.SplitHostPort(p.Address)
	s := &site{Program: p, url: "http://localhost:" + port, chromium: sharedChromium(t)}
	mux.Handle("/api/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: p.Address})
	}})

	b := s.newUser(t)
	b.visit("/") // whoever has been there is signed in
	b.visit(shop)
	b.click(`[data-plan="pro"]`)
	b.see("#pay")
	b.payByCard("4242424242424242")
	b.see(`#said[data-status="paid"]`)
	if got, said := b.address(), b.text("#said"); said != "Thank you: you now have pro." || !isOf(got, shop) {
		t.Errorf("%s says %q", got, said)
	}
	b.accessible("button")
	b.click(`[data-plan="pro"]`)
	b.until(`document.querySelector("#said").innerText === "You have it."`)

	b.complaints.expect("status of 404")
	b.visit(shop + "/?order_id=ord_nobodys")
	b.until(`document.querySelector("#said").innerText.startsWith("That did not work")`)
}

func isOf(address, site string) bool {
	u, err := url.Parse(address)
	return err == nil && fmt.Sprintf("%s://%s", u.Scheme, u.Host) == site
}
