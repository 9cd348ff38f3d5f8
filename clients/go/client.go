package entitled

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client asks one service. It is made by [New], and may be used by many goroutines at a time.
type Client struct {
	base    *url.URL
	key     string
	http    *http.Client
	timeout time.Duration
	retries int
	unknown Rule
	log     *slog.Logger
	pause   func(context.Context, time.Duration) error
}

// Option changes how a [Client] works.
type Option func(*Client)

// Timeout bounds one try of one request; 5 s if this is not given. What asks Stripe may take
// 20 s more, and what waits for an order as long as it waits.
func Timeout(d time.Duration) Option { return func(c *Client) { c.timeout = d } }

// Retries is how often a request is made again that may be: 2 if this is not given, 0 for never.
func Retries(n int) Option { return func(c *Client) { c.retries = n } }

// HTTPClient sends the requests, for a transport of one's own. Redirects are not followed.
func HTTPClient(h *http.Client) Option { return func(c *Client) { own := *h; c.http = &own } }

// Logger is told of every question that could not be answered; [slog.Default] if this is not given.
func Logger(l *slog.Logger) Option { return func(c *Client) { c.log = l } }

// WhenUnknown says what [Client.Allows] and [Client.Require] do during an outage: [Deny] if this
// is not given.
func WhenUnknown(rule Rule) Option { return func(c *Client) { c.unknown = rule } }

// New makes a client of the service at an address such as https://entitled.example.com. It sends
// nothing yet.
func New(baseURL, key string, options ...Option) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(baseURL, "/"))
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.RawQuery != "" {
		return nil, fmt.Errorf("entitled: the base URL is %q: give the service's address, such as https://entitled.example.com", baseURL)
	}
	if key == "" {
		return nil, errors.New("entitled: the key is empty: give one of the service's API_KEYS, of role app")
	}
	c := &Client{base: base, key: key, http: &http.Client{}, timeout: 5 * time.Second, retries: 2, unknown: Deny, log: slog.Default(), pause: pause}
	for _, option := range options {
		option(c)
	}
	if c.timeout <= 0 || c.retries < 0 {
		return nil, errors.New("entitled: a timeout is more than 0, and a number of retries not less")
	}
	// The key is for one service, and not for whatever it, or somebody before it, points to.
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// pause lets time pass, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
