package sandbox

import (
	"log/slog"
	"strings"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/api"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/clock"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/webhooks"
)

// An Option adjusts a Sandbox at its making.
type Option func(*Sandbox)

// RetryPolicy says how long a webhook delivery that fails is repeated. The
// n-th retry waits Base*2^(n-1), at most Max, with a jitter of a quarter to
// either side.
type RetryPolicy struct {
	Base     time.Duration
	Max      time.Duration
	Attempts int // attempts in all, the first included
}

// DefaultRetryPolicy repeats after about 1 s, 2 s, 4 s ... 10 min, for two
// hours: long enough to restart and mend a service under development.
var DefaultRetryPolicy = RetryPolicy(webhooks.DefaultRetryPolicy)

// WithBaseURL sets the address that hosted pages are linked under, such as
// "http://127.0.0.1:4242". Without it the listener's address is used, or that
// of the API request.
func WithBaseURL(url string) Option {
	return func(s *Sandbox) { s.stripe.Base = strings.TrimSuffix(url, "/") }
}

// WithClock sets the sandbox's time: creation times, periods, expiry and
// delayed payments follow it. See also RunDue. Without it the time is the wall
// clock's, and Advance moves it forward. Under WithClock subscriptions do not go on by
// themselves: RenewSubscription and RetryInvoice say when they do.
func WithClock(now func() time.Time) Option {
	return func(s *Sandbox) { s.stripe.Now, s.stripe.OwnClock = now, true }
}

// WithSignatureClock sets the time that webhook signatures carry. It is the
// wall clock by default, also under WithClock, because receivers compare it
// with their own.
func WithSignatureClock(now func() time.Time) Option {
	return func(s *Sandbox) { s.stripe.Webhooks.SignatureNow = now }
}

// WithSharedClock says that those who receive webhooks have the sandbox's clock, Now, so
// that signatures carry its time: without it they carry the wall clock's, however far the
// sandbox was advanced.
func WithSharedClock() Option {
	return func(s *Sandbox) { s.stripe.Webhooks.SignatureNow = func() time.Time { return s.stripe.Now() } }
}

// WithWebhookEndpoint sends events to url, as AddWebhookEndpoint does.
func WithWebhookEndpoint(url, secret string, enabledEvents ...string) Option {
	return func(s *Sandbox) { s.stripe.Webhooks.AddEndpoint("", url, secret, enabledEvents) }
}

// WithDelayedAfter sets how long a delayed payment method takes to settle
// (5 s by default).
func WithDelayedAfter(d time.Duration) Option {
	return func(s *Sandbox) { s.stripe.DelayedAfter = d }
}

// WithRetryPolicy sets how failed webhook deliveries are repeated.
func WithRetryPolicy(p RetryPolicy) Option {
	return func(s *Sandbox) { s.stripe.Webhooks.Retry = webhooks.RetryPolicy(p) }
}

// CollectionPolicy says what Stripe does about an invoice that its card did not pay, as an
// account's billing settings do.
type CollectionPolicy struct {
	RetryAfter []time.Duration // how long after each failed attempt the next one is made
	Then       string          // what the subscription becomes after the last: canceled, unpaid or past_due
}

// DefaultCollectionPolicy tries again after three, five and seven days, and then cancels.
var DefaultCollectionPolicy = CollectionPolicy{RetryAfter: []time.Duration{3 * clock.Day, 5 * clock.Day, 7 * clock.Day}, Then: "canceled"}

// WithCollectionPolicy sets what is done about a subscription's invoice that its card
// did not pay. It does not apply under WithClock.
func WithCollectionPolicy(p CollectionPolicy) Option {
	return func(s *Sandbox) { s.stripe.Collection = life.CollectionPolicy(p) }
}

// DefaultUpcomingNotice is Stripe's default.
const DefaultUpcomingNotice = 7 * clock.Day

// WithUpcomingNotice sets how long before a subscription's period ends the invoice of the next
// one is announced by invoice.upcoming: at Stripe a number of days that the account's settings
// say, seven by default. 0 for never. A period that is no longer has no notice.
func WithUpcomingNotice(d time.Duration) Option {
	return func(s *Sandbox) { s.stripe.UpcomingNotice = d }
}

// WithOrderedEvents is for services that order what they are told by created of the events,
// as some do that keep a copy of Stripe's objects. No two events share a second: the clock
// goes on by one with each. An endpoint is sent one event at a time, the oldest first, and
// the next when that was answered; one that failed is sent again later, as always. What
// Chaos delays, doubles or loses is out of order all the same. Stripe promises none of it.
func WithOrderedEvents() Option { return func(s *Sandbox) { s.stripe.Webhooks.Ordered = true } }

// WithWebhookTimeout sets how long an endpoint may take to answer (10 s by
// default).
func WithWebhookTimeout(d time.Duration) Option {
	return func(s *Sandbox) { s.stripe.Webhooks.Client.Timeout = d }
}

// WithRedirectWait sets how long the hosted page waits for the endpoints to
// accept checkout.session.completed before it redirects (10 s by default, as
// Stripe's does).
func WithRedirectWait(d time.Duration) Option {
	return func(s *Sandbox) { s.stripe.Webhooks.RedirectWait = d }
}

// WithAPIKey accepts this key alone. Without it every sk_test_ and rk_test_
// key is accepted.
func WithAPIKey(key string) Option {
	return func(s *Sandbox) { s.api.APIKey = key }
}

// Permissions are what a restricted key may do, by kinds of objects as they are named in paths:
// "customers", "checkout/sessions".
type Permissions struct {
	Write []string // and read
	Read  []string
}

// WithRestrictedKey has a key do no more than its permissions allow: everything else is a 403, as
// at Stripe, so that a test shows which permissions a program needs. Other keys are not affected.
// Kinds that there are not allow nothing: see IsResource.
func WithRestrictedKey(key string, may Permissions) Option {
	return func(s *Sandbox) {
		permissions := s.api.Restricted[key]
		if permissions == nil {
			permissions = map[string]api.Permission{}
		}
		for _, name := range may.Read {
			permissions[name] = api.MayRead
		}
		for _, name := range may.Write {
			permissions[name] = api.MayWrite
		}
		s.api.Restricted[key] = permissions
	}
}

// IsResource tells whether there are calls about objects of such a kind, for Permissions.
func IsResource(name string) bool { return api.IsResource(name) }

// WithLogger logs deliveries and refused requests. The default is silent.
func WithLogger(l *slog.Logger) Option {
	return func(s *Sandbox) { s.log = l }
}

// AllowNonLoopback lets Listen accept any address and any Host in requests,
// such as a proxy's or a container's name. The sandbox knows no users
// and hands out every object it has, so this is for closed networks only.
func AllowNonLoopback() Option {
	return func(s *Sandbox) { s.anyAddress = true }
}
