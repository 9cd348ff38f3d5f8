package stripe

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"
)

// tries is how often a call is made at most. The pauses between add up to about
// 1.4 s: long enough for a call with the same idempotency key to end.
const tries = 4

// errTooSlow is why a call was given up when its time was over.
var errTooSlow = errors.New("no answer in time")

// call is one request to Stripe.
type call struct {
	does   string // for errors and the log, such as "create customer"
	method string
	path   string
	params any    // one of stripe-go's parameter structs
	key    string // idempotency key; empty: none is needed

	version   string // API version of the answer; empty: readVersion of what is read, v76's of what is made
	belonging bool   // it asks for the list of what belongs to something
}

// answer keeps what Stripe answered, as it was written: stripe-go validates that
// it is JSON, our own readers make sense of it.
type answer struct {
	body      []byte
	replayed  bool // it is an earlier answer to the same idempotency key
	requestID string
	date      string    // when Stripe answered, in its own words
	askedAt   time.Time // when it was asked, by its own clock if it tells
}

func (*answer) UnmarshalJSON([]byte) error { return nil }

func (a *answer) SetLastResponse(r *stripe.APIResponse) {
	a.body = r.RawJSON
	a.replayed = isReplayed(r)
	a.requestID = r.RequestID
	a.date = r.Header.Get("Date")
}

func isReplayed(r *stripe.APIResponse) bool {
	return r != nil && r.Header.Get("Idempotent-Replayed") == "true"
}

// bounded gives a use of the gateway its time. It ends a call even in the midst
// of a pause.
func (g *Gateway) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, g.timeout, errTooSlow)
}

// send makes a call, again where that may help. The retries are ours because
// those of stripe-go sleep through the end of a context, and leave out cases
// that an idempotency key makes safe.
func (g *Gateway) send(ctx context.Context, c call) (answer, error) {
	if c.key != "" && len(c.key) > maxID {
		return answer{}, refused(c, "the idempotency key is longer than Stripe allows")
	}
	params := &form.Values{}
	form.AppendTo(params, c.params)

	started := time.Now()
	for try := 1; ; try++ {
		got, err := g.sendOnce(ctx, c, params)
		if err == nil {
			g.log.LogAttrs(ctx, slog.LevelDebug, "stripe call",
				slog.String("call", c.does), slog.Int("tries", try),
				slog.Duration("took", time.Since(started)), slog.String("request_id", got.requestID))
			return got, nil
		}
		said := cmp.Or(missing(c, err), translate(ctx, c, err))
		if try == tries || !worthRepeating(c.method, err) {
			return answer{}, said
		}
		if !wait(ctx, g.pause(try)) {
			return answer{}, cmp.Or(left(ctx, c), said)
		}
		g.log.LogAttrs(ctx, slog.LevelWarn, "stripe call is made again",
			slog.String("call", c.does), slog.Int("try", try), slog.String("after", said.Error()))
	}
}

func (g *Gateway) sendOnce(ctx context.Context, c call, params *form.Values) (answer, error) {
	common := &stripe.Params{Context: ctx}
	if c.key != "" {
		common.SetIdempotencyKey(c.key)
	}
	if g.account != "" {
		common.SetStripeAccount(g.account)
	}
	if version := c.answersIn(); version != "" {
		common.Headers = http.Header{"Stripe-Version": {version}}
	}
	var got answer
	ours, started := g.now(), time.Now()
	err := g.backend.CallRaw(c.method, c.path, g.key, params, common, &got)
	got.askedAt = askedAt(got.date, time.Since(started), ours)
	return got, err
}

// askedAt is the time of what an answer says: when the question was sent, as what
// happens after that need not be in the answer. By the clock that events are dated
// with, which is Stripe's: with one of ours that runs ahead, the answer would pass
// for newer than events which come after it. Rounded down, for the same reason.
func askedAt(date string, took time.Duration, ours time.Time) time.Time {
	asked := ours
	if answered, err := http.ParseTime(date); err == nil && isPlausible(answered.Unix()) {
		asked = answered.Add(-took)
	}
	return asked.UTC().Truncate(time.Second)
}

// worthRepeating tells whether the same call may fare better in a moment. A
// connection that broke may have been heard: the idempotency key, or the call's
// nature, makes the repetition harmless. A plain 429 is not repeated, it would
// only add to the load; nor is a 500 to a POST, which Stripe would replay.
func worthRepeating(method string, err error) bool {
	var said *stripe.Error
	if !errors.As(err, &said) {
		return true
	}
	if said.LastResponse != nil {
		switch said.LastResponse.Header.Get("Stripe-Should-Retry") {
		case "true":
			return true
		case "false":
			return false
		}
	}
	switch status := said.HTTPStatusCode; {
	case status == http.StatusConflict, status == http.StatusServiceUnavailable:
		return true
	case status == http.StatusTooManyRequests:
		return said.Code == stripe.ErrorCodeLockTimeout
	default:
		return status >= http.StatusInternalServerError && method == http.MethodGet
	}
}

// pauseAfter is how long to wait after so many tries: 200, 400, 800 ms, less up
// to a quarter so that many callers do not come back at once.
func pauseAfter(try int) time.Duration {
	full := 100 * time.Millisecond << min(try, 5)
	return full - rand.N(full/4)
}

// wait is false if the context ends first, or would before a try could be made.
func wait(ctx context.Context, pause time.Duration) bool {
	if end, has := ctx.Deadline(); has && time.Until(end) < pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
