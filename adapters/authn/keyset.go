package authn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/entitled-dev/entitled/ports"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
)

const (
	// refreshEvery bounds how long a key that the provider withdrew is believed.
	refreshEvery = 10 * time.Minute
	// retryEvery bounds how often tokens with unknown keys make us ask again,
	// whoever sends them.
	retryEvery = 10 * time.Second
	// fetchTimeout bounds one fetch, and so how long a start or a request waits.
	fetchTimeout = 5 * time.Second
	// maxKeySet is far above any key set.
	maxKeySet = 1 << 20
)

// keySet is the identity provider's public keys, fetched and kept fresh.
type keySet struct {
	keys   keyfunc.Keyfunc
	client *http.Client
	end    context.CancelFunc

	// stale is set while the last fetch has failed: what the set lacks then may
	// yet be the provider's.
	stale atomic.Bool
}

// newKeySet fetches a key set, and again every now and then until it is closed.
// It does not fail if the provider cannot be reached.
func newKeySet(address string, logger *slog.Logger) (*keySet, error) {
	ctx, end := context.WithCancel(context.Background())
	set := &keySet{end: end}
	set.client = &http.Client{
		Transport: watch{next: http.DefaultTransport.(*http.Transport).Clone(), stale: &set.stale},
		// A redirect could lead away from TLS, and from the provider.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	startAnyway := true
	keys, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{address}, keyfunc.Override{
		Client:                    set.client,
		HTTPTimeout:               fetchTimeout,
		NoErrorReturnFirstHTTPReq: &startAnyway,
		RefreshInterval:           refreshEvery,
		RefreshUnknownKID:         rate.NewLimiter(rate.Every(retryEvery), 1),
		RateLimitWaitMax:          fetchTimeout, // of waiting and fetching together
		RefreshErrorHandlerFunc: func(string) func(context.Context, error) {
			return func(ctx context.Context, err error) {
				set.stale.Store(true)
				logger.WarnContext(ctx, "cannot fetch the key set of AUTH_JWKS_URL: tokens with keys not yet known fail", "error", withoutURL(err))
			}
		},
	})
	if err != nil {
		end()
		return nil, fmt.Errorf("AUTH_JWKS_URL: %w", withoutURL(err))
	}
	set.keys = keys
	return set, nil
}

// keyOf finds the key, or keys, that may have signed a token. It may fetch the
// set, but not for longer than a request can wait and not on every request.
func (s *keySet) keyOf(ctx context.Context, t *jwt.Token) (any, error) {
	ctx = context.WithoutCancel(ctx) // a caller that hangs up does not make the set stale
	find := s.keys.KeyfuncCtx(ctx)
	key, err := find(t)
	if err == nil && empty(key) {
		// The token names no key, and we have none: reading one makes us fetch.
		if _, err = s.keys.Storage().KeyRead(ctx, ""); !s.stale.Load() {
			key, err = find(t)
		}
	}
	switch {
	case err == nil && !empty(key):
		return key, nil
	case s.stale.Load():
		return nil, ports.ErrKeysUnavailable
	default:
		return nil, errUnknownKey
	}
}

func empty(key any) bool {
	set, is := key.(jwt.VerificationKeySet)
	return is && len(set.Keys) == 0
}

func (s *keySet) close() {
	s.end()
	s.client.CloseIdleConnections()
}

// watch notes whether fetches succeed, and bounds what they read.
type watch struct {
	next  *http.Transport
	stale *atomic.Bool
}

// RoundTrip implements [http.RoundTripper].
func (w watch) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.next.RoundTrip(r)
	w.stale.Store(err != nil || response.StatusCode != http.StatusOK)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxKeySet)
	}
	return response, err
}

// CloseIdleConnections is called by [http.Client.CloseIdleConnections].
func (w watch) CloseIdleConnections() { w.next.CloseIdleConnections() }

// withoutURL takes an address, which may hold a credential, out of an error.
func withoutURL(err error) error {
	if failed, is := errors.AsType[*url.Error](err); is {
		return failed.Err
	}
	return err
}
