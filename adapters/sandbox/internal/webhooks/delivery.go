package webhooks

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// RetryPolicy says how long a delivery that fails is repeated: the n-th retry waits
// Base*2^(n-1), at most Max, with a jitter of a quarter to either side.
type RetryPolicy struct {
	Base     time.Duration
	Max      time.Duration
	Attempts int // attempts in all, the first included
}

// DefaultRetryPolicy lasts for two hours.
var DefaultRetryPolicy = RetryPolicy{Base: time.Second, Max: 10 * time.Minute, Attempts: 21}

// deliveriesAtOnce is how many are under way to an endpoint at a time. One that does not answer
// holds up itself alone.
const deliveriesAtOnce = 128

func newClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:   timeout,
		Transport: &http.Transport{MaxIdleConnsPerHost: deliveriesAtOnce, IdleConnTimeout: 30 * time.Second},
		// A redirect is an answer, and not a 2xx.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Resend sends an event again to every endpoint that wants it; false if there is no such
// event.
func (s *Sender) Resend(eventID string) bool {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	e := s.Events.Get(eventID)
	if e != nil {
		s.Queue(e, s.Tells(e))
	}
	return e != nil
}

// Queue starts a delivery to every endpoint that wants the event. Mu is held.
func (s *Sender) Queue(e *state.Event, t wire.Told) {
	if s.Closed {
		return
	}
	var fresh []*state.Delivery
	for _, ep := range s.Endpoints {
		if ep.Wants(e.Kind) && ep.APIVersion >= e.Since {
			for range s.Chaos.Dice.Copies() {
				fresh = append(fresh, s.newDelivery(e, ep))
			}
		}
	}
	e.Open += len(fresh)
	e.Unaccepted += len(fresh)
	s.keep(fresh)
	bodies := map[string][]byte{} // by version
	for _, d := range fresh {
		version := s.EndpointOf(d.Endpoint).APIVersion
		if bodies[version] == nil {
			bodies[version] = wire.EncodeIn(render.EventEnvelope(e, t, version), version)
		}
		d.Body = bodies[version]
		if late := s.Chaos.Dice.Delay(); late > 0 {
			s.At(s.Now().Add(late), state.Timer{Kind: deliveryDue, Number: d.ID})
		} else {
			s.send(d)
		}
	}
}

func (s *Sender) newDelivery(e *state.Event, ep *state.Endpoint) *state.Delivery {
	s.DeliverySeq++
	return &state.Delivery{
		ID: s.DeliverySeq, Event: e.ID, Kind: e.Kind, Endpoint: ep.ID, URL: ep.URL,
		State: state.DeliveryPending, Lost: s.Chaos.Dice.Loses(),
	}
}

// deliveryDue is when a delivery's next attempt is to be made.
const deliveryDue state.TimerKind = "delivery is due"

// sendDue makes the attempt that was planned, unless the delivery is finished. Mu is held.
func (s *Sender) sendDue(t state.Timer) {
	if d := s.unfinished[t.Number]; d != nil {
		s.send(d)
	}
}

// send makes the next attempt, unless its endpoint is gone. Mu is held.
func (s *Sender) send(d *state.Delivery) {
	ep := s.EndpointOf(d.Endpoint)
	switch {
	case s.Closed:
	case ep == nil || ep.Disabled: // until it is its turn, it may be enabled again
		s.finish(d, state.DeliveryFailed)
	default:
		s.setDue(d, true)
		slots := s.slotsOf(ep.ID)
		attempt := func() { s.deliver(d, slots) }
		if s.Ordered {
			s.attemptInTurn(ep.ID, attempt)
		} else {
			s.Work.Go(attempt)
		}
	}
}

// deliver makes the next attempt, and plans another until the event is accepted or the
// attempts are used up. Unless events are ordered each delivery runs by itself, so they
// overtake each other as they do at Stripe.
func (s *Sender) deliver(d *state.Delivery, slots chan struct{}) {
	select {
	case slots <- struct{}{}:
	case <-s.Running.Done():
		return
	}
	a, made := s.try(d)
	<-slots
	if made && s.Running.Err() == nil {
		s.record(d, a)
	}
}

// try sends the event once, newly signed. It does not where the delivery is finished, or is
// of a state that another was restored in the place of.
func (s *Sender) try(d *state.Delivery) (a state.DeliveryAttempt, made bool) {
	s.Mu.Lock()
	if s.unfinished[d.ID] != d {
		s.Mu.Unlock()
		return a, false
	}
	lost := d.Lost
	d.Lost = false
	var secrets []string
	if ep := s.EndpointOf(d.Endpoint); ep != nil {
		d.URL, secrets = ep.URL, slices.Clone(ep.Secrets)
	}
	url := d.URL
	s.Mu.Unlock()
	now := s.SignatureNow()
	a.Time = now.UTC()
	if lost {
		a.Err = "lost on the way"
		return a, true
	}
	req, err := http.NewRequestWithContext(s.Running, http.MethodPost, url, bytes.NewReader(d.Body))
	if err != nil {
		a.Err = err.Error()
		return a, true
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
	req.Header.Set("Stripe-Signature", signature(now.Unix(), d.Body, secrets))
	resp, err := s.Client.Do(req)
	if err != nil {
		a.Err = err.Error()
		return a, true
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection can be used again
	a.Status = resp.StatusCode
	return a, true
}

// record keeps the attempt, and plans the next one if there is to be one.
func (s *Sender) record(d *state.Delivery, a state.DeliveryAttempt) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if s.unfinished[d.ID] != d {
		return // another state was restored meanwhile
	}
	d.Attempts = append(d.Attempts, a)
	accepted := a.Status >= 200 && a.Status < 300
	if !accepted {
		s.Log.Info("webhook not accepted", "event", d.Event, "type", d.Kind, "url", d.URL,
			"attempt", len(d.Attempts), "status", a.Status, "error", a.Err)
	}
	switch {
	case accepted:
		s.finish(d, state.DeliverySucceeded)
	case len(d.Attempts) >= s.Retry.Attempts || s.EndpointOf(d.Endpoint) == nil:
		s.finish(d, state.DeliveryFailed)
	default:
		s.setDue(d, false)
		s.After(s.Retry.delay(len(d.Attempts)), state.Timer{Kind: deliveryDue, Number: d.ID})
	}
}

func (s *Sender) finish(d *state.Delivery, outcome state.DeliveryState) {
	d.State = outcome
	d.Body = nil // it is sent no more, and of a long life there are many
	delete(s.unfinished, d.ID)
	if e := s.Events.Get(d.Event); e != nil { // nil for one that newer versions alone have
		e.Open--
		if outcome == state.DeliverySucceeded {
			e.Unaccepted--
		}
	}
	s.setDue(d, false)
	s.movedOn()
}

func (s *Sender) setDue(d *state.Delivery, due bool) {
	if d.Due == due {
		return
	}
	if d.Due = due; due {
		s.due++
		return
	}
	if s.due--; s.due == 0 {
		s.movedOn()
	}
}

// movedOn wakes those who wait for deliveries.
func (s *Sender) movedOn() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

func (p RetryPolicy) delay(n int) time.Duration {
	d := p.Base << min(n-1, 20)
	if d <= 0 || p.Max > 0 && d > p.Max {
		d = p.Max
	}
	return time.Duration(float64(d) * (0.75 + rand.Float64()/2))
}

// keptDeliveries is of how many deliveries there is a log, the newest.
const keptDeliveries = 20_000

// keep adds deliveries to the log, and drops the oldest of those that are finished once there
// are twice as many as are to be kept.
func (s *Sender) keep(fresh []*state.Delivery) {
	for _, d := range fresh {
		s.unfinished[d.ID] = d
	}
	s.Deliveries = append(s.Deliveries, fresh...)
	if len(s.Deliveries) < 2*max(keptDeliveries, len(s.unfinished)) {
		return
	}
	old := len(s.Deliveries) - keptDeliveries
	kept := slices.DeleteFunc(s.Deliveries[:old:old], func(d *state.Delivery) bool { return d.State != state.DeliveryPending })
	s.Deliveries = slices.Concat(kept, s.Deliveries[old:])
}

// Idle waits until no delivery is due or under way.
func (s *Sender) Idle(ctx context.Context) error {
	return s.wait(ctx, func() bool { return s.due == 0 })
}

// AllDelivered waits until every event is accepted or given up.
func (s *Sender) AllDelivered(ctx context.Context) error {
	return s.wait(ctx, func() bool { return len(s.unfinished) == 0 })
}

func (s *Sender) wait(ctx context.Context, done func() bool) error {
	for {
		s.Mu.Lock()
		if done() {
			s.Mu.Unlock()
			return nil
		}
		if s.changed == nil {
			s.changed = make(chan struct{})
		}
		changed := s.changed
		s.Mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("sandbox: waiting for deliveries: %w", ctx.Err())
		case <-s.Running.Done():
			return fmt.Errorf("sandbox: closed while waiting for deliveries")
		}
	}
}

// WaitAccepted holds the buyer until the endpoints have accepted the event,
// for as long as Stripe's Checkout would.
func (s *Sender) WaitAccepted(ctx context.Context, e *state.Event) {
	ctx, cancel := context.WithTimeout(ctx, s.RedirectWait)
	defer cancel()
	over := func() bool { return e.Open == 0 || s.Events.Get(e.ID) != e } // or another state was restored
	err := s.wait(ctx, over)
	if err != nil && s.Running.Err() == nil {
		s.Log.Warn("the buyer goes on before the webhook was accepted", "event", e.ID)
	}
}
