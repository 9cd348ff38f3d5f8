package entitled

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// atStripe is how much longer a request may take of which the service asks Stripe.
	atStripe = 20 * time.Second
	// maxAnswer bounds what is read of an answer, in bytes.
	maxAnswer = 16 << 20
	// maxPause is how long is waited for another try. Who is told to come later than that gets
	// the problem.
	maxPause = 2 * time.Second
)

// request is one call of the service.
type request struct {
	method string
	path   []string
	query  url.Values
	body   any
	key    string        // Idempotency-Key
	longer time.Duration // than the usual time-out
	once   bool          // a repetition would do it twice
}

func get(query url.Values, path ...string) request {
	return request{method: http.MethodGet, path: path, query: query}
}

// post is a call that changes something: its key makes sure that repetitions do so once.
func post(body any, path ...string) request {
	return request{method: http.MethodPost, path: path, body: body, key: rand.Text(), longer: atStripe}
}

// CallOption changes one call.
type CallOption func(*request)

// IdempotencyKey names one intent of a user, such as a click, by 1 to 255 characters: however
// often it is sent, it is done once. Without it each call is an intent of its own.
func IdempotencyKey(key string) CallOption { return func(r *request) { r.key = key } }

// versionWait is how long the service waits for a version.
const versionWait = 5 * time.Second

// ReadOption changes one read.
type ReadOption func(*request)

// AtLeast has a read answer as of a version of the user's rights or a later one, as an order or a
// change said it, whichever replica of the service is asked. Where it is not reached within some
// seconds the problem has the code version_not_reached.
func AtLeast(version int64) ReadOption {
	return func(r *request) {
		r.query.Set("at_least", strconv.FormatInt(version, 10))
		r.longer += versionWait
	}
}

func (r request) with(options []CallOption) request {
	for _, option := range options {
		option(&r)
	}
	return r
}

func (r request) as(options []ReadOption) request {
	for _, option := range options {
		option(&r)
	}
	return r
}

// do makes the request, again if it may be and that can help, and reads its answer.
func (c *Client) do(ctx context.Context, r request, answer any) error {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return fmt.Errorf("entitled: %w", err)
		}
	}
	for try := 0; ; try++ {
		err := c.try(ctx, r, body, answer)
		wait, again := delay(err, try)
		if err == nil || !again || r.once || try >= c.retries || ctx.Err() != nil {
			return err
		}
		if c.pause(ctx, wait) != nil {
			return err
		}
	}
}

// delay is how long to wait before a failed request is made again, and whether to.
func delay(err error, try int) (wait time.Duration, again bool) {
	step := 100 * time.Millisecond << min(try, 4)
	wait = step/2 + mrand.N(step)
	if p, is := problemOf(err); is {
		// The service says of these, and of no others, that the same request may be made again.
		again = p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable
		wait = max(wait, p.RetryAfter)
	} else {
		again = errors.Is(err, errNoAnswer)
	}
	return wait, again && wait <= maxPause
}

func (c *Client) try(ctx context.Context, r request, body []byte, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout+r.longer)
	defer cancel()
	address := c.base.JoinPath(escaped(r.path)...)
	address.RawQuery = r.query.Encode()
	sent, err := http.NewRequestWithContext(ctx, r.method, address.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("entitled: %w", err)
	}
	sent.Header.Set("Authorization", "Bearer "+c.key)
	sent.Header.Set("Accept", "application/json")
	if r.body != nil {
		sent.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		sent.Header.Set("Idempotency-Key", r.key)
	}
	response, err := c.http.Do(sent)
	if err != nil {
		return fmt.Errorf("entitled: %w: %w", errNoAnswer, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("entitled: %w: %s %s broke off: %w", errNoAnswer, r.method, address.Path, err)
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return readProblem(response, text)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("entitled: %s %s was answered by something that is no service of this kind (%w): is the base URL right?", r.method, address.Path, err)
	}
	return nil
}

// escaped are the parts of a path, each of which may hold any characters.
func escaped(path []string) []string {
	parts := make([]string, len(path))
	for i, part := range path {
		parts[i] = url.PathEscape(part)
	}
	return parts
}

// ofUser is the query that names a user.
func ofUser(user string) url.Values { return url.Values{"user_id": {user}} }
