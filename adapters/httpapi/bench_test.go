package httpapi

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"github.com/entitled-dev/entitled/adapters/memory"
	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

// fewRights answers every user alike.
type fewRights struct{ *memory.Store }

func (fewRights) Entitlements(_ context.Context, users []domain.UserID) (map[domain.UserID]ports.Rights, error) {
	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	source := domain.Source{Kind: domain.SourceSubscription, ID: "sub_1"}
	found := make(map[domain.UserID]ports.Rights, len(users))
	for _, user := range users {
		found[user] = ports.Rights{Version: 1, Entitlements: []domain.Entitlement{
			{Feature: "projects", Source: source, Plan: "pro", Value: domain.Limit(100), Since: since},
			{Feature: "sso", Source: source, Plan: "pro", Value: domain.Flag(), Since: since, Until: since.AddDate(10, 0, 0)},
			{Feature: "storage", Source: source, Plan: "pro", Value: domain.Limit(domain.Unlimited), Since: since},
		}}
	}
	return found, nil
}

func benchServer(b *testing.B) http.Handler {
	b.Helper()
	clock := newClock()
	store := fewRights{memory.NewStore()}
	deps, closeApp := wire(store, memory.NewGateway(clock.Now, stripePrices...), catalog, clock.Now)
	b.Cleanup(closeApp)
	deps.Authenticator = &keyring{}
	deps.Log = slog.New(slog.NewJSONHandler(io.Discard, nil))
	s, err := New(deps, Config{CheckoutRate: rate.Inf})
	if err != nil {
		b.Fatal(err)
	}
	return s.Handler()
}

func emptyEcho() http.Handler {
	e := echo.New()
	e.GET("/api/entitlements", func(c echo.Context) error { return c.JSON(200, struct{}{}) })
	return e
}

func read(b *testing.B, h http.Handler) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("GET", "/api/entitlements", nil)
		r.Header.Set("Authorization", "Bearer user:ada")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}

func BenchmarkReadEntitlements(b *testing.B) { read(b, benchServer(b)) }

func BenchmarkEmptyEcho(b *testing.B) { read(b, emptyEcho()) }

func overHTTP(b *testing.B, h http.Handler) {
	b.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	client := server.Client()
	for b.Loop() {
		r, _ := http.NewRequest("GET", server.URL+"/api/entitlements", nil)
		r.Header.Set("Authorization", "Bearer user:ada")
		response, err := client.Do(r)
		if err != nil || response.StatusCode != 200 {
			b.Fatal(response, err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
}

func BenchmarkReadEntitlementsOverHTTP(b *testing.B) { overHTTP(b, benchServer(b)) }

func BenchmarkEmptyEchoOverHTTP(b *testing.B) { overHTTP(b, emptyEcho()) }

func BenchmarkStartCheckout(b *testing.B) {
	h := benchServer(b)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/api/checkout/pro", strings.NewReader(`{"price":"yearly","locale":"de"}`))
		r.Header.Set("Authorization", "Bearer user:ada")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 201 {
			b.Fatal(w.Body)
		}
	}
}
