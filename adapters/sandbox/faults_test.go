package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

func TestFailNext_AnswersInsteadOfActing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		fault sandbox.Fault
		want  int
	}{
		"too many requests":   {sandbox.Fault{Status: 429}, 429},
		"an error of Stripe":  {sandbox.Fault{Status: 500}, 500},
		"a body of one's own": {sandbox.Fault{Status: 402, Body: `{"error":{"type":"card_error","code":"card_declined"}}`}, 402},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.FailNext("POST /v1/customers", tt.fault)
			_, err := s.api.Customers.New(customerParams("k", "Ada"))
			if e := refusal(t, err); e.HTTPStatusCode != tt.want {
				t.Errorf("got %d, want %d", e.HTTPStatusCode, tt.want)
			}
			if len(s.Events()) != 0 {
				t.Errorf("something was done")
			}
			if _, err := s.api.Customers.New(customerParams("k", "Ada")); err != nil {
				t.Errorf("the next request: %v", err)
			}
		})
	}
}

func TestFailNext_RemembersA500UnderTheKey(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.FailNext("POST /v1/customers", sandbox.Fault{Status: 500, Remember: true})
	for range 2 {
		_, err := s.api.Customers.New(customerParams("k", "Ada"))
		if e := refusal(t, err); e.HTTPStatusCode != 500 {
			t.Errorf("got %d, want the 500 again", e.HTTPStatusCode)
		}
	}
}

func TestFailNext_LosesTheAnswerOfWhatWasDone(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.FailNext("POST /v1/checkout/sessions", sandbox.Fault{DropAfterApply: true})
	p := params("payment", s.once)
	p.SetIdempotencyKey("cs:1")
	var e *stripe.Error
	if _, err := s.api.CheckoutSessions.New(p); err == nil || errors.As(err, &e) {
		t.Fatalf("got %v, want a broken connection", err)
	}
	s.open(p)
	n := 0
	for it := s.api.CheckoutSessions.List(nil); it.Next(); n++ {
	}
	if n != 1 {
		t.Errorf("got %d sessions, want one", n)
	}
	if got := s.Requests(); got[0].Answered || !got[1].Replayed {
		t.Errorf("got %+v, want an unanswered request and its replay", got[:2])
	}
}

func TestFailNext_StripesClientRetriesALostAnswer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.FailNext("POST /v1/customers", sandbox.Fault{DropAfterApply: true})
	if _, err := apiClient(s.URL(), "sk_test_1", 2).Customers.New(&stripe.CustomerParams{}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Events()); n != 1 {
		t.Errorf("got %d events, want one customer.created", n)
	}
}

func TestFailNext_DelaysUntilTheClientGivesUp(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.FailNext("POST /v1/customers", sandbox.Fault{Delay: time.Minute})
	// Long enough for the request to get there: else the one after it would meet the fault.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	p := customerParams("k", "Ada")
	p.Context = ctx
	if _, err := s.api.Customers.New(p); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
	// The sandbox notices a moment after the client has gone.
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, err := s.api.Customers.New(customerParams("k", "Ada"))
		if err == nil {
			break
		}
		if e := refusal(t, err); e.HTTPStatusCode != http.StatusConflict || time.Now().After(deadline) {
			t.Fatalf("the next request: %v", err)
		}
	}
	if n := len(s.Events()); n != 1 {
		t.Errorf("got %d events, want one: the delayed request did nothing", n)
	}
}

func TestFailNext_MatchesMethodAndPath(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cu := s.customer()
	s.FailNext("GET /v1/customers/*", sandbox.Fault{}, sandbox.Fault{Status: 503})
	if err := s.api.Products.List(nil).Err(); err != nil {
		t.Errorf("another path: %v", err)
	}
	if _, err := s.api.Customers.Get(cu.ID, nil); err != nil {
		t.Errorf("let pass by the zero fault: %v", err)
	}
	if _, err := s.api.Customers.Get(cu.ID, nil); refusal(t, err).HTTPStatusCode != 503 {
		t.Errorf("got %v, want 503", err)
	}
}
