package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// DeliveryState is how far the delivery of an event has come.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending   DeliveryState = "pending"   // not yet accepted, more attempts to come
	DeliverySucceeded DeliveryState = "succeeded" // answered with a 2xx
	DeliveryFailed    DeliveryState = "failed"    // given up
)

// Attempt is one try to deliver an event.
type Attempt struct {
	Time   time.Time // of the signature, UTC
	Status int       // HTTP status; 0 without an answer
	Error  string    // why there was no answer
}

// Delivery is the sending of one event to one endpoint.
type Delivery struct {
	EventID   string
	EventType string
	URL       string
	State     DeliveryState
	Attempts  []Attempt
}

type delivery struct {
	event    *event
	endpoint *endpoint
	body     []byte
	state    DeliveryState
	attempts []Attempt
	due      bool // its next attempt is due or under way
	lost     bool // its first attempt does not arrive
}

func newWebhookClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second},
		// A redirect is an answer, and not a 2xx.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// queue starts a delivery to every endpoint that wants the event. mu is held.
func (s *Sandbox) queue(e *event) {
	first := len(e.deliveries)
	for _, ep := range s.endpoints {
		if ep.wants(e.kind) && ep.APIVersion >= e.since {
			for range s.chaos.copies() {
				e.deliveries = append(e.deliveries, &delivery{event: e, endpoint: ep, state: DeliveryPending, lost: s.chaos.loses()})
			}
		}
	}
	for _, d := range e.deliveries[first:] {
		if s.closed {
			return
		}
		d.body = encode(e.render(d.endpoint.APIVersion))
		s.deliveries = append(s.deliveries, d)
		s.unfinished++
		if late := s.chaos.delay(); late > 0 {
			s.at(s.now().Add(late), func() { s.send(d, 1) })
		} else {
			s.send(d, 1)
		}
	}
}

// send makes the nth attempt, unless its endpoint is gone. mu is held.
func (s *Sandbox) send(d *delivery, n int) {
	switch {
	case s.closed:
	case d.endpoint.removed || d.endpoint.disabled: // until it is its turn, it may be enabled again
		s.finish(d, DeliveryFailed)
	default:
		s.setDue(d, true)
		s.work.Go(func() { s.deliver(d, n) })
	}
}

// deliver makes the nth attempt, and plans the next one until the event is accepted or the
// attempts are used up. Each delivery runs by itself, so events overtake each other as they
// do at Stripe.
func (s *Sandbox) deliver(d *delivery, n int) {
	select {
	case s.slots <- struct{}{}:
	case <-s.ctx.Done():
		return
	}
	a := s.attempt(d)
	<-s.slots
	if s.ctx.Err() != nil || s.record(d, a, n >= s.retry.Attempts) {
		return
	}
	s.after(s.retry.delay(n), func() { s.send(d, n+1) })
}

// attempt sends the event once, newly signed.
func (s *Sandbox) attempt(d *delivery) Attempt {
	s.mu.Lock()
	to, lost := d.endpoint.clone(), d.lost
	d.lost = false
	s.mu.Unlock()
	now := s.signatureNow()
	a := Attempt{Time: now.UTC()}
	if lost {
		a.Error = "lost on the way"
		return a
	}
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, to.URL, bytes.NewReader(d.body))
	if err != nil {
		a.Error = err.Error()
		return a
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	req.Header.Set("Stripe-Signature", signature(now.Unix(), d.body, to.Secrets))
	resp, err := s.client.Do(req)
	if err != nil {
		a.Error = err.Error()
		return a
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection can be used again
	a.Status = resp.StatusCode
	return a
}

// record keeps the attempt and tells whether it was the last.
func (s *Sandbox) record(d *delivery, a Attempt, last bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.attempts = append(d.attempts, a)
	accepted := a.Status >= 200 && a.Status < 300
	if !accepted {
		s.log.Info("webhook not accepted", "event", d.event.id, "type", d.event.kind, "url", d.endpoint.URL,
			"attempt", len(d.attempts), "status", a.Status, "error", a.Error)
	}
	switch {
	case accepted:
		s.finish(d, DeliverySucceeded)
	case last || d.endpoint.removed:
		s.finish(d, DeliveryFailed)
	default:
		s.setDue(d, false)
		return false
	}
	return true
}

func (s *Sandbox) finish(d *delivery, state DeliveryState) {
	d.state = state
	d.body = nil // it is sent no more, and of a long life there are many
	s.unfinished--
	s.setDue(d, false)
}

func (s *Sandbox) setDue(d *delivery, due bool) {
	if d.due != due {
		d.due = due
		if due {
			s.due++
		} else {
			s.due--
		}
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

func (p RetryPolicy) delay(n int) time.Duration {
	d := p.Base << min(n-1, 20)
	if d <= 0 || p.Max > 0 && d > p.Max {
		d = p.Max
	}
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
}

// Resend sends an event again to every endpoint that wants it, as a resend in
// Stripe's dashboard does. It fails for an unknown event.
func (s *Sandbox) Resend(eventID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.events.get(eventID)
	if e == nil {
		return fmt.Errorf("sandbox: no such event: %s", eventID)
	}
	s.queue(e)
	return nil
}

// Deliveries returns all deliveries so far, in the order of their events.
func (s *Sandbox) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Delivery, 0, len(s.deliveries))
	for _, d := range s.deliveries {
		out = append(out, Delivery{d.event.id, d.event.kind, d.endpoint.URL, d.state, slices.Clone(d.attempts)})
	}
	return out
}

// WaitIdle runs what is due at the sandbox's clock and waits until no delivery
// is due or under way. A delivery that failed and waits for its next attempt
// counts as idle. It returns ctx's error if that ends first.
func (s *Sandbox) WaitIdle(ctx context.Context) error {
	s.RunDue()
	return s.wait(ctx, func() bool { return s.due == 0 })
}

// WaitDelivered waits until every event is accepted or given up, retries
// included. It returns ctx's error if that ends first.
func (s *Sandbox) WaitDelivered(ctx context.Context) error {
	s.RunDue()
	return s.wait(ctx, func() bool { return s.unfinished == 0 })
}

func (s *Sandbox) wait(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := done(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("sandbox: waiting for deliveries: %w", ctx.Err())
		case <-s.ctx.Done():
			return fmt.Errorf("sandbox: closed while waiting for deliveries")
		}
	}
}

// waitAccepted holds the buyer until the endpoints have accepted the event,
// for as long as Stripe's Checkout would.
func (s *Sandbox) waitAccepted(ctx context.Context, e *event) {
	ctx, cancel := context.WithTimeout(ctx, s.redirectWait)
	defer cancel()
	err := s.wait(ctx, func() bool {
		return !slices.ContainsFunc(e.deliveries, func(d *delivery) bool { return d.state == DeliveryPending })
	})
	if err != nil && s.ctx.Err() == nil {
		s.log.Warn("the buyer goes on before the webhook was accepted", "event", e.id)
	}
}
