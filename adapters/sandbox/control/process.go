package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// What is about the sandbox as a whole, not about an object in it.

var processRoutes = []route{
	{"GET /_sandbox/clock", readClock},
	{"POST /_sandbox/clock/advance", advanceClock},
	{"POST /_sandbox/reset", func(c *call) (any, error) { return done{}, c.server.replace(nil) }},
	{"GET /_sandbox/snapshot", snapshot},
	{"POST /_sandbox/restore", restore},
	{"GET /_sandbox/requests", listRequests},
	{"POST /_sandbox/faults", planFaults},
	{"GET /_sandbox/chaos", readChaos},
	{"POST /_sandbox/chaos", setChaos},
}

type instant struct {
	Now  time.Time `json:"now"`
	Unix int64     `json:"unix"`
}

func readClock(c *call) (any, error) {
	now := c.box.Now()
	return instant{now, now.Unix()}, nil
}

func advanceClock(c *call) (any, error) {
	in, err := body[struct {
		Seconds int64      `json:"seconds"`
		Days    int64      `json:"days"`
		To      *time.Time `json:"to"`
	}](c)
	if err != nil {
		return nil, err
	}
	const mostDays = 100 * 365
	far := in.Days < 0 || in.Days > mostDays || in.Seconds < 0 || in.Seconds > mostDays*24*60*60 // or a duration would overflow
	d := time.Duration(in.Days)*24*time.Hour + time.Duration(in.Seconds)*time.Second
	if in.To != nil {
		if d != 0 {
			return nil, errors.New("give the time to move to, or how far")
		}
		d = in.To.Sub(c.box.Now())
	}
	if far || d <= 0 || d > mostDays*24*time.Hour {
		return nil, errors.New("the clock moves forward, by a hundred years at most: give days, seconds or a later time")
	}
	if err := c.box.AdvanceContext(c.Context(), d); err != nil {
		return nil, err
	}
	return readClock(c)
}

type requestJSON struct {
	ID             string     `json:"id"`
	Time           time.Time  `json:"time"`
	Method         string     `json:"method"`
	Path           string     `json:"path"`
	Form           url.Values `json:"form"`
	IdempotencyKey string     `json:"idempotency_key"`
	APIVersion     string     `json:"api_version"`
	Status         int        `json:"status"`
	Replayed       bool       `json:"replayed"`
	Answered       bool       `json:"answered"`
}

func listRequests(c *call) (any, error) {
	return listed(c.box.Requests(), func(r sandbox.Request) requestJSON {
		return requestJSON{r.ID, r.Time, r.Method, r.Path, r.Form, r.IdempotencyKey, r.APIVersion, r.Status, r.Replayed, r.Answered}
	}), nil
}

var eventRoutes = []route{
	{"GET /_sandbox/events", listEvents},
	{"POST /_sandbox/events/{id}/resend", simply((*sandbox.Sandbox).Resend)},
	{"GET /_sandbox/deliveries", listDeliveries},
	{"POST /_sandbox/wait", wait},
	{"POST /_sandbox/webhook_endpoints", addEndpoint},
	{"POST /_sandbox/webhook_endpoints/{id}/secrets", on(func(box *sandbox.Sandbox, id string, in struct {
		Secrets []string `json:"secrets"`
	}) error {
		return box.SetWebhookSecrets(id, in.Secrets...)
	})},
}

// list is how several things are answered.
type list[T any] struct {
	Data []T `json:"data"`
}

func listed[T, J any](all []T, show func(T) J) list[J] {
	out := list[J]{Data: make([]J, 0, len(all))}
	for _, one := range all {
		out.Data = append(out.Data, show(one))
	}
	return out
}

// eventsAtOnce is how many events are held while all are answered.
const eventsAtOnce = 100

// listEvents answers piece by piece: of a long life there are too many to hold all at once.
func listEvents(c *call) (any, error) {
	from := 0
	if text := c.URL.Query().Get("from"); text != "" {
		var err error
		if from, err = strconv.Atoi(text); err != nil || from < 0 {
			return nil, fmt.Errorf("from is %q: how many events to leave out, the oldest first", text)
		}
	}
	return pieces(func(add func(any) error) error {
		for {
			some := c.box.SomeEvents(from, eventsAtOnce)
			for _, e := range some {
				if err := add(e.Body); err != nil {
					return err
				}
			}
			if len(some) < eventsAtOnce {
				return nil
			}
			from += len(some)
		}
	}), nil
}

type attemptJSON struct {
	Time   time.Time `json:"time"`
	Status int       `json:"status"`
	Error  string    `json:"error"`
}

type deliveryJSON struct {
	Event    string                `json:"event"`
	Type     string                `json:"type"`
	URL      string                `json:"url"`
	State    sandbox.DeliveryState `json:"state"`
	Attempts []attemptJSON         `json:"attempts"`
}

func listDeliveries(c *call) (any, error) {
	return listed(c.box.Deliveries(), func(d sandbox.Delivery) deliveryJSON {
		attempts := listed(d.Attempts, func(a sandbox.Attempt) attemptJSON { return attemptJSON{a.Time, a.Status, a.Error} })
		return deliveryJSON{d.EventID, d.EventType, d.URL, d.State, attempts.Data}
	}), nil
}

var errTooLate = errors.New("deliveries are still under way")

// longestWait is for deliveries, unless the request says how long.
const longestWait = 30 * time.Second

func wait(c *call) (any, error) {
	in, err := body[struct {
		Seconds  int64 `json:"seconds"`
		Accepted bool  `json:"accepted"`
	}](c)
	if err != nil {
		return nil, err
	}
	if in.Seconds < 0 || in.Seconds > 3600 {
		return nil, errors.New("wait for up to 3600 seconds")
	}
	ctx, cancel := context.WithTimeout(c.Context(), cmp.Or(time.Duration(in.Seconds)*time.Second, longestWait))
	defer cancel()
	until := c.box.WaitIdle
	if in.Accepted {
		until = c.box.WaitDelivered
	}
	if err := until(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", errTooLate, err)
	}
	return done{}, nil
}

func addEndpoint(c *call) (any, error) {
	in, err := body[struct {
		URL           string   `json:"url"`
		Secret        string   `json:"secret"`
		EnabledEvents []string `json:"enabled_events"`
		APIVersion    string   `json:"api_version"`
	}](c)
	if err != nil {
		return nil, err
	}
	if u, err := url.Parse(in.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("url is where events are sent, such as http://localhost:3000/webhook")
	}
	ep, err := c.box.AddWebhookEndpointAt(cmp.Or(in.APIVersion, sandbox.APIVersion), in.URL, in.Secret, in.EnabledEvents...)
	if err != nil {
		return nil, err
	}
	return map[string]string{"id": ep.ID, "secret": ep.Secrets[0]}, nil
}
