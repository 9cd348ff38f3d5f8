package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ServeHTTP serves Stripe's API and the hosted pages.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// Stripe ignores a trailing slash: GET /v1/customers/ is the list. A
	// client that forgets the id must meet that trap here too.
	if p := strings.TrimRight(r.URL.Path, "/"); strings.HasPrefix(p, "/v1/") && p != r.URL.Path {
		r2 := r.Clone(r.Context())
		r2.URL.Path, r2.URL.RawPath = p, ""
		r = r2
	}
	s.mux.ServeHTTP(w, r)
}

// Listen serves on addr ("127.0.0.1:0" picks a free port) until Close and
// returns the URL. Unless AllowNonLoopback was given it refuses an address that
// is not loopback, and requests for a Host that is not.
func (s *Sandbox) Listen(addr string) (string, error) {
	l, err := OpenListener(addr, s.anyAddress)
	if err != nil {
		return "", err
	}
	var handler http.Handler = s
	if !s.anyAddress {
		handler = OnlyLoopbackHosts(s, s.log)
	}
	srv := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	if s.stripe.Webhooks.Closed {
		return "", errors.Join(errors.New("sandbox: closed"), l.Close())
	}
	address := "http://" + l.Addr().String()
	if s.stripe.Base == "" {
		s.stripe.Base = address
	}
	s.servers = append(s.servers, srv)
	s.stripe.Work.Go(func() { _ = srv.Serve(l) })
	return address, nil
}

// OpenListener listens on addr for a sandbox. It refuses an address that is not
// loopback, unless any is allowed.
func OpenListener(addr string, anyAddress bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: listen on %q: %w", addr, err)
	}
	if !anyAddress && !isLoopback(host) {
		return nil, fmt.Errorf("sandbox: %q is not a loopback address: use 127.0.0.1, or allow it with AllowNonLoopback", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	return l, nil
}

// OnlyLoopbackHosts keeps out the pages of other sites: such a site's name can
// resolve to 127.0.0.1, and then a browser lets its pages read what is here (DNS
// rebinding). Only the Host of their requests gives them away.
func OnlyLoopbackHosts(h http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback((&url.URL{Host: r.Host}).Hostname()) {
			log.Warn("request refused: its Host is not of this machine", "method", r.Method)
			http.Error(w, "The sandbox answers to localhost and loopback addresses such as 127.0.0.1 only, "+
				"and the Host of this request is neither. AllowNonLoopback lifts this.", http.StatusMisdirectedRequest)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// URL is the sandbox's address, for stripe-go's BackendConfig.URL. It is empty
// until WithBaseURL or Listen has said what it is.
func (s *Sandbox) URL() string {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	return s.stripe.Base
}

// Close stops listening, timers and deliveries, and returns when all of them
// have ended. Undelivered events stay undelivered.
func (s *Sandbox) Close() error {
	s.stripe.Mu.Lock()
	if s.stripe.Webhooks.Closed {
		s.stripe.Mu.Unlock()
		return nil
	}
	s.stripe.Webhooks.Closed = true
	servers := s.servers
	s.stripe.Mu.Unlock()

	s.stripe.Stop()
	var errs []error
	for _, srv := range servers {
		// Requests under way end by s.ctx; what stays longer is a browser's
		// connection that was never used.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		if srv.Shutdown(ctx) != nil {
			errs = append(errs, srv.Close())
		}
		cancel()
	}
	s.stripe.Work.Wait()
	s.stripe.Webhooks.Client.CloseIdleConnections()
	return errors.Join(errs...)
}
