package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/entitled-dev/entitled/domain"
	"github.com/entitled-dev/entitled/ports"
)

const (
	// leaseTime is for how long an endpoint of which nothing is heard is still somebody's: longer
	// than a slice can take, which is turnTime, an attempt that began at its end, and keeping it.
	leaseTime = time.Minute
	// turnTime is how long no other gets the place of an endpoint that has much to hear.
	turnTime = 20 * time.Second
	// sideBySide is how many users an endpoint is told of at a time.
	sideBySide = 8
	// mostRefused is after how many messages that failed nothing more is sent in a turn: other
	// users are told though one message is refused each time, and who is away is left alone.
	mostRefused = 3
	// mostReads is how often a slice is read whose users are forgotten meanwhile.
	mostReads = 3
	// keepTime bounds keeping what was delivered.
	keepTime = 10 * time.Second

	// GiveUpAfter is how long an endpoint may fail before it is disabled.
	GiveUpAfter = 5 * 24 * time.Hour
	// firstRest is the time to the second attempt. It doubles with each, up to longestRest.
	firstRest   = 5 * time.Second
	longestRest = time.Hour
	// mostRetryAfter bounds what a receiver may ask for.
	mostRetryAfter = 6 * time.Hour
)

// turn delivers to an endpoint, slice by slice, until it has all, or it fails, or others are
// to have the place. Each slice is kept before the next is read: who changes the endpoint or is
// forgotten meanwhile is heeded by then.
func (d *Deliver) turn(ctx context.Context, e ports.Endpoint) error {
	end := d.clock().Add(turnTime)
	for {
		slice, err := d.readSlice(ctx, e)
		if lost, is := errors.AsType[errCursorLost](err); is {
			return d.disable(ctx, e, string(lost))
		}
		if err != nil {
			return err
		}
		attempts := d.sendAll(ctx, e, slice.messages, end)
		whole := len(attempts.delivered) == len(slice.messages)
		goOn := slice.more && whole && ctx.Err() == nil && d.clock().Before(end)
		var lost bool
		if e, lost, err = d.keep(ctx, e, slice, attempts, goOn); err != nil || lost || !goOn {
			return err
		}
	}
}

// readSlice reads what follows an endpoint's cursor, and how those stand whom it tells of. Who
// was forgotten between the two reads stands as nobody does: the feed is read again, which has
// them under another id by then. Who is still there under the same id was not forgotten but
// stands so, and is told of as it is, rather than to hold up everybody: verifying finds that.
func (d *Deliver) readSlice(ctx context.Context, e ports.Endpoint) (feedSlice, error) {
	var before []domain.UserID
	for range mostReads {
		slice, err := d.sliceFor(ctx, e)
		if err == nil {
			err = d.tellStates(ctx, slice.messages)
		}
		if err != nil {
			return slice, err
		}
		var nobody []domain.UserID
		fresh := false
		for _, m := range slice.messages {
			if m.isOfNobody() {
				nobody = append(nobody, m.User)
				fresh = fresh || !slices.Contains(before, m.User)
			}
		}
		if !fresh {
			return slice, nil
		}
		before = nobody
	}
	return feedSlice{}, fmt.Errorf("%w: users are being forgotten who are told of", ports.ErrUnavailable)
}

// isOfNobody tells whether the user stands at a version before the one that is told of.
func (m Message) isOfNobody() bool { return m.Rights.Version < m.Changes[0].Version }

// attempts are what came of a slice.
type attempts struct {
	mu         sync.Mutex
	deliveries []ports.Delivery
	delivered  []int64 // first positions
	failures   int
	failure    *failure // the first one
}

type failure struct {
	says       string
	status     int
	retryAfter time.Duration
}

// sendAll sends messages, those of one user in order: where one fails, the user's others wait.
func (d *Deliver) sendAll(ctx context.Context, e ports.Endpoint, messages []Message, end time.Time) *attempts {
	a := &attempts{}
	chains := chainsOf(messages)
	var next atomic.Int64
	var sending sync.WaitGroup
	for range min(sideBySide, len(chains)) {
		sending.Go(func() {
			for n := next.Add(1); n <= int64(len(chains)); n = next.Add(1) {
				for _, m := range chains[n-1] {
					if ctx.Err() != nil || a.enough() || !d.clock().Before(end) || !d.attempt(ctx, e, m, a) {
						break
					}
				}
			}
		})
	}
	sending.Wait()
	return a
}

// chainsOf are the messages of each user.
func chainsOf(messages []Message) [][]Message {
	var chains [][]Message
	places := map[domain.UserID]int{}
	for _, m := range messages {
		place, have := places[m.User]
		if !have {
			place = len(chains)
			places[m.User] = place
			chains = append(chains, nil)
		}
		chains[place] = append(chains[place], m)
	}
	return chains
}

func (a *attempts) enough() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failures >= mostRefused || a.failure != nil && a.failure.status == http.StatusGone
}

// attempt sends a message and tells whether it was delivered.
func (d *Deliver) attempt(ctx context.Context, e ports.Endpoint, m Message, a *attempts) bool {
	delivery, failed := d.send(ctx, e, m)
	if failed != nil && ctx.Err() != nil {
		return false // it was cut off, which says nothing of the endpoint
	}
	d.meter.Delivered(failed == nil)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.deliveries = append(a.deliveries, delivery)
	if failed == nil {
		a.delivered = append(a.delivered, m.first)
		return true
	}
	a.failures++
	if a.failure == nil {
		a.failure = failed
	}
	return false
}

// send makes one attempt.
func (d *Deliver) send(ctx context.Context, e ports.Endpoint, m Message) (ports.Delivery, *failure) {
	m.At = kept(d.clock())
	delivery := ports.Delivery{Message: m.ID, First: m.first, Last: m.last, Attempt: e.Failures + 1, At: m.At}
	body, err := d.write(m)
	if err != nil {
		return delivery, failedBy(&delivery, fmt.Sprintf("the message could not be written: %v", err))
	}
	answer, err := d.sender.Send(ctx, ports.Letter{URL: e.URL, ID: m.ID, Body: body, Secrets: secretsOf(e, m.At)})
	delivery.Duration, delivery.Status, delivery.Answer = d.clock().Sub(m.At), answer.Status, answer.Body
	switch {
	case err != nil:
		return delivery, failedBy(&delivery, err.Error())
	case answer.Status/100 == 2:
		return delivery, nil
	case answer.Status/100 == 3:
		return delivery, failedBy(&delivery, fmt.Sprintf("the answer is %d, and no redirect is followed: name the address that it leads to", answer.Status))
	default:
		failed := failedBy(&delivery, fmt.Sprintf("the answer is %d", answer.Status))
		failed.retryAfter = answer.RetryAfter
		return delivery, failed
	}
}

func failedBy(d *ports.Delivery, says string) *failure {
	d.Error = says
	return &failure{says: says, status: d.Status}
}

// secretsOf are those that sign at a moment.
func secretsOf(e ports.Endpoint, at time.Time) []string {
	if e.FormerSecret != "" && at.Before(e.FormerUntil) {
		return []string{e.Secret, e.FormerSecret}
	}
	return []string{e.Secret}
}

// keep moves the cursor over what was delivered, and gives the lease back where it does not go
// on. Lost: somebody has changed or deleted the endpoint so that this turn does not count; what
// was delivered is remembered all the same, so that it is not sent again, and nothing else follows.
func (d *Deliver) keep(ctx context.Context, e ports.Endpoint, slice feedSlice, a *attempts, goOn bool) (now ports.Endpoint, lost bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTime)
	defer cancel()
	at := kept(d.clock())
	err = d.store.ChangeEndpoint(ctx, e.ID, func(k *ports.Endpoint) ([]ports.Delivery, error) {
		if lost = k.Turn != e.Turn || !k.CreatedAt.Equal(e.CreatedAt); lost {
			a.rememberIn(k, e)
			return a.deliveries, nil
		}
		advance(k, slice, a.delivered)
		a.judge(k, at)
		k.LeasedUntil = time.Time{}
		if goOn {
			k.LeasedUntil = at.Add(leaseTime)
		}
		now = *k
		return a.deliveries, nil
	})
	if errors.Is(err, ports.ErrNotFound) {
		return e, true, nil // it was deleted
	}
	if err == nil && !goOn && a.failure != nil && !lost && now.Disabled == "" {
		d.dueAt(e.ID, now.NextAttempt)
	}
	return now, lost, err
}

// rememberIn has an endpoint that was changed during a turn know what was delivered, unless it
// is to be sent again, and the lease be free that the turn still has.
func (a *attempts) rememberIn(k *ports.Endpoint, turn ports.Endpoint) {
	if k.Replays == turn.Replays && k.CreatedAt.Equal(turn.CreatedAt) {
		k.Delivered = deliveredBeyond(k.Cursor, k.Delivered, a.delivered)
	}
	giveBack(k, turn)
}

// giveBack frees the lease that a turn has of an endpoint that was changed since, unless
// somebody else has it by now.
func giveBack(k *ports.Endpoint, turn ports.Endpoint) {
	if k.LeasedUntil.Equal(turn.LeasedUntil) {
		k.LeasedUntil = time.Time{}
	}
}

// deliveredBeyond are the first positions beyond a cursor of what was delivered before and now.
func deliveredBeyond(cursor int64, before, now []int64) []int64 {
	all := slices.DeleteFunc(slices.Concat(before, now), func(first int64) bool { return first <= cursor })
	slices.Sort(all)
	return slices.Compact(all)
}

// advance moves the cursor up to the first message that was not delivered.
func advance(e *ports.Endpoint, slice feedSlice, delivered []int64) {
	cursor := slice.end
	for _, m := range slice.messages {
		if !slices.Contains(delivered, m.first) {
			cursor = m.first - 1
			break
		}
	}
	e.Cursor, e.Delivered = cursor, deliveredBeyond(cursor, e.Delivered, delivered)
}

// judge says how the endpoint stands after these attempts. If there were none, as before.
func (a *attempts) judge(e *ports.Endpoint, now time.Time) {
	switch {
	case a.failure != nil:
		e.Failures++
		if e.FailingSince.IsZero() {
			e.FailingSince = now
		}
		e.LastError, e.NextAttempt = a.failure.says, now.Add(a.failure.rest(e.Failures))
		switch {
		case a.failure.status == http.StatusGone:
			off(e, "the receiver answered 410: it wants no more", now)
		case now.Sub(e.FailingSince) >= GiveUpAfter:
			off(e, fmt.Sprintf("nothing could be delivered since %s: %s", e.FailingSince.Format(time.RFC3339), e.LastError), now)
		}
	case len(a.delivered) > 0:
		e.Failures, e.FailingSince, e.LastError, e.NextAttempt = 0, time.Time{}, "", now
	}
}

func off(e *ports.Endpoint, why string, now time.Time) {
	e.Disabled, e.DisabledAt = why, now
}

// rest is the time until the next attempt: what the receiver asks for, within bounds, or longer
// each time, and not the same for all who failed together.
func (f failure) rest(failures int) time.Duration {
	if f.retryAfter > 0 {
		return min(max(f.retryAfter, time.Second), mostRetryAfter)
	}
	rest := longestRest
	if doublings := failures - 1; doublings < 12 {
		rest = min(firstRest<<doublings, longestRest)
	}
	return rest - rand.N(rest/5+1)
}

// disable keeps why nothing can be delivered any more.
func (d *Deliver) disable(ctx context.Context, e ports.Endpoint, why string) error {
	at := kept(d.clock())
	err := d.store.ChangeEndpoint(ctx, e.ID, func(k *ports.Endpoint) ([]ports.Delivery, error) {
		if k.Turn != e.Turn {
			giveBack(k, e)
			return nil, nil
		}
		off(k, why, at)
		k.LeasedUntil = time.Time{}
		return nil, nil
	})
	if errors.Is(err, ports.ErrNotFound) {
		return nil
	}
	return err
}
