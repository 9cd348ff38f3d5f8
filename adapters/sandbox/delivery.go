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

// deliveryState is how far the delivery of an event has come.
type deliveryState string

const (
	deliveryPending   deliveryState = "pending"   // not yet accepted, more attempts to come
	deliverySucceeded deliveryState = "succeeded" // answered with a 2xx
	deliveryFailed    deliveryState = "failed"    // given up
)

// deliveryAttempt is one try to deliver an event.
type deliveryAttempt struct {
	time   time.Time // of the signature, UTC
	status int       // HTTP status; 0 without an answer
	err    string    // why there was no answer
}

// delivery is the sending of one event to one endpoint.
type delivery struct {
	event    *event
	endpoint *endpoint
	body     []byte
	state    deliveryState
	attempts []deliveryAttempt
	due      bool // its next attempt is due or under way
	lost     bool // its first attempt does not arrive
}

// retryPolicy says how long a delivery that fails is repeated: the n-th retry waits
// Base*2^(n-1), at most Max, with a jitter of a quarter to either side.
type retryPolicy struct {
	Base     time.Duration
	Max      time.Duration
	Attempts int // attempts in all, the first included
}

var defaultRetryPolicy = retryPolicy{Base: time.Second, Max: 10 * time.Minute, Attempts: 21}

// deliveriesAtOnce is how many are under way at a time.
const deliveriesAtOnce = 128

func newWebhookClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{MaxIdleConnsPerHost: deliveriesAtOnce, IdleConnTimeout: 30 * time.Second},
		// A redirect is an answer, and not a 2xx.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// resend sends an event again to every endpoint that wants it; false if there is no such
// event.
func (s *Sandbox) resend(eventID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.events.get(eventID)
	if e != nil {
		s.queue(e, s.tells(e))
	}
	return e != nil
}

// queue starts a delivery to every endpoint that wants the event. mu is held.
func (s *Sandbox) queue(e *event, t told) {
	if s.closed {
		return
	}
	var fresh []*delivery
	for _, ep := range s.endpoints {
		if ep.wants(e.kind) && ep.apiVersion >= e.since {
			for range s.chaos.copies() {
				fresh = append(fresh, &delivery{event: e, endpoint: ep, state: deliveryPending, lost: s.chaos.loses()})
			}
		}
	}
	e.open += len(fresh)
	e.unaccepted += len(fresh)
	s.unfinished += len(fresh)
	s.deliveries = newestOf(append(s.deliveries, fresh...), keptDeliveries)
	bodies := map[string][]byte{} // by version
	for _, d := range fresh {
		version := d.endpoint.apiVersion
		if bodies[version] == nil {
			bodies[version] = encodeIn(e.envelope(t, version), version)
		}
		d.body = bodies[version]
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
		s.finish(d, deliveryFailed)
	default:
		s.setDue(d, true)
		attempt := func() { s.deliver(d, n) }
		if s.ordered {
			s.attemptInTurn(d.endpoint, attempt)
		} else {
			s.work.Go(attempt)
		}
	}
}

// deliver makes the nth attempt, and plans the next one until the event is accepted or the
// attempts are used up. Unless events are ordered each delivery runs by itself, so they
// overtake each other as they do at Stripe.
func (s *Sandbox) deliver(d *delivery, n int) {
	select {
	case s.slots <- struct{}{}:
	case <-s.ctx.Done():
		return
	}
	a := s.try(d)
	<-s.slots
	if s.ctx.Err() != nil || s.record(d, a, n >= s.retry.Attempts) {
		return
	}
	s.after(s.retry.delay(n), func() { s.send(d, n+1) })
}

// try sends the event once, newly signed.
func (s *Sandbox) try(d *delivery) deliveryAttempt {
	s.mu.Lock()
	url, secrets, lost := d.endpoint.url, slices.Clone(d.endpoint.secrets), d.lost
	d.lost = false
	s.mu.Unlock()
	now := s.signatureNow()
	a := deliveryAttempt{time: now.UTC()}
	if lost {
		a.err = "lost on the way"
		return a
	}
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, url, bytes.NewReader(d.body))
	if err != nil {
		a.err = err.Error()
		return a
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	req.Header.Set("Stripe-Signature", signature(now.Unix(), d.body, secrets))
	resp, err := s.client.Do(req)
	if err != nil {
		a.err = err.Error()
		return a
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection can be used again
	a.status = resp.StatusCode
	return a
}

// record keeps the attempt and tells whether it was the last.
func (s *Sandbox) record(d *delivery, a deliveryAttempt, last bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.attempts = append(d.attempts, a)
	accepted := a.status >= 200 && a.status < 300
	if !accepted {
		s.log.Info("webhook not accepted", "event", d.event.id, "type", d.event.kind, "url", d.endpoint.url,
			"attempt", len(d.attempts), "status", a.status, "error", a.err)
	}
	switch {
	case accepted:
		s.finish(d, deliverySucceeded)
	case last || d.endpoint.removed:
		s.finish(d, deliveryFailed)
	default:
		s.setDue(d, false)
		return false
	}
	return true
}

func (s *Sandbox) finish(d *delivery, outcome deliveryState) {
	d.state = outcome
	d.body = nil // it is sent no more, and of a long life there are many
	s.unfinished--
	d.event.open--
	if outcome == deliverySucceeded {
		d.event.unaccepted--
	}
	s.setDue(d, false)
	s.movedOn()
}

func (s *Sandbox) setDue(d *delivery, due bool) {
	if d.due == due {
		return
	}
	if d.due = due; due {
		s.due++
		return
	}
	if s.due--; s.due == 0 {
		s.movedOn()
	}
}

// movedOn wakes those who wait for deliveries.
func (s *Sandbox) movedOn() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

func (p retryPolicy) delay(n int) time.Duration {
	d := p.Base << min(n-1, 20)
	if d <= 0 || p.Max > 0 && d > p.Max {
		d = p.Max
	}
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
}

// keptDeliveries is of how many deliveries there is a log, the newest.
const keptDeliveries = 20_000

// idle waits until no delivery is due or under way.
func (s *Sandbox) idle(ctx context.Context) error {
	return s.wait(ctx, func() bool { return s.due == 0 })
}

// allDelivered waits until every event is accepted or given up.
func (s *Sandbox) allDelivered(ctx context.Context) error {
	return s.wait(ctx, func() bool { return s.unfinished == 0 })
}

func (s *Sandbox) wait(ctx context.Context, done func() bool) error {
	for {
		s.mu.Lock()
		if done() {
			s.mu.Unlock()
			return nil
		}
		if s.changed == nil {
			s.changed = make(chan struct{})
		}
		changed := s.changed
		s.mu.Unlock()
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
	err := s.wait(ctx, func() bool { return e.open == 0 })
	if err != nil && s.ctx.Err() == nil {
		s.log.Warn("the buyer goes on before the webhook was accepted", "event", e.id)
	}
}
