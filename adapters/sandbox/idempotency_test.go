package sandbox_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func customerParams(key, name string) *stripe.CustomerParams {
	p := &stripe.CustomerParams{Name: &name}
	p.SetIdempotencyKey(key)
	return p
}

func TestIdempotency_ReplaysTheFirstAnswer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	first, err := s.api.Customers.New(customerParams("k", "Ada"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.api.Customers.New(customerParams("k", "Ada"))
	if err != nil || again.ID != first.ID {
		t.Errorf("got %v, %v; want %s again", again, err, first.ID)
	}
	if again.LastResponse.Header.Get("Idempotent-Replayed") != "true" || first.LastResponse.Header.Get("Idempotent-Replayed") != "" {
		t.Errorf("only the second answer is a replay")
	}
	if got := s.types(first.ID); len(got) != 1 {
		t.Errorf("got events %v, want one", got)
	}
}

func TestIdempotency_RefusesAnotherRequestUnderTheKey(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if _, err := s.api.Customers.New(customerParams("k", "Ada")); err != nil {
		t.Fatal(err)
	}
	_, err := s.api.Customers.New(customerParams("k", "Grace"))
	e := refusal(t, err)
	var conflict *stripe.IdempotencyError
	if e.HTTPStatusCode != http.StatusBadRequest || !errors.As(err, &conflict) {
		t.Errorf("other parameters: got %d %s, want a 400 idempotency_error", e.HTTPStatusCode, e.Type)
	}
	product := &stripe.ProductParams{Name: stripe.String("Ada")}
	product.SetIdempotencyKey("k")
	if _, err := s.api.Products.New(product); refusal(t, err).Type != stripe.ErrorTypeIdempotency {
		t.Errorf("another operation: got %v", err)
	}
}

func TestIdempotency_RefusesWhileTheFirstIsUnderWay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.FailNext("POST /v1/customers", sandbox.Fault{Delay: time.Second})
	done := make(chan error)
	go func() {
		_, err := s.api.Customers.New(customerParams("k", "Ada"))
		done <- err
	}()
	for len(s.Requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond)
	_, err := s.api.Customers.New(customerParams("k", "Ada"))
	if e := refusal(t, err); e.HTTPStatusCode != http.StatusConflict || e.Code != stripe.ErrorCodeIdempotencyKeyInUse {
		t.Errorf("got %d %s, want 409 idempotency_key_in_use", e.HTTPStatusCode, e.Code)
	}
	if err := <-done; err != nil {
		t.Errorf("the first: %v", err)
	}
}

func TestIdempotency_KeepsNothingOfARefusedRequest(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	if _, err := s.api.Customers.New(customerParams("k", strings.Repeat("x", 6000))); err == nil {
		t.Fatal("an endless name was accepted")
	}
	if _, err := s.api.Customers.New(customerParams("k", "Ada")); err != nil {
		t.Errorf("the key is free after a validation error, but got %v", err)
	}
}

func TestIdempotency_ForgetsKeysAfterADay(t *testing.T) {
	t.Parallel()
	now := newClock()
	s := newShop(t, sandbox.WithClock(now.Now))
	first, err := s.api.Customers.New(customerParams("k", "Ada"))
	if err != nil {
		t.Fatal(err)
	}
	now.advance(25 * time.Hour)
	second, err := s.api.Customers.New(customerParams("k", "Ada"))
	if err != nil || second.ID == first.ID {
		t.Errorf("got %v, %v; want another customer", second, err)
	}
}

func TestIdempotency_RefusesAKeyThatIsTooLong(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	r, err := http.NewRequest(http.MethodPost, s.URL()+"/v1/customers", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer sk_test_1")
	r.Header.Set("Idempotency-Key", strings.Repeat("k", 256)) // stripe-go refuses it itself
	resp, err := s.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if b := body(t, resp); resp.StatusCode != http.StatusBadRequest || !strings.Contains(b, "idempotency_error") {
		t.Errorf("got %d %s", resp.StatusCode, b)
	}
}
