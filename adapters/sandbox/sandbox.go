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
	"sync"
	"sync/atomic"
	"time"
)

// Sandbox is a Stripe account in memory. It is an http.Handler for Stripe's
// API under /v1/, the hosted Checkout page under /c/, the billing portal under /p/,
// and the pages of invoices and receipts under /i/ and /receipts/. All methods are safe
// for concurrent use. Close it when done.
type Sandbox struct {
	now            func() time.Time
	ownClock       bool          // now is WithClock's
	ahead          atomic.Int64  // nanoseconds that the clock was advanced
	advancing      chan struct{} // holds a token while the clock is advanced
	signatureNow   func() time.Time
	apiKey         string
	anyAddress     bool
	ordered        bool // events, and their deliveries
	delayedAfter   time.Duration
	webhookTimeout time.Duration
	redirectWait   time.Duration
	retry          retryPolicy
	collection     collectionPolicy
	upcomingNotice time.Duration
	log            *slog.Logger
	mux            *http.ServeMux
	client         *http.Client // for webhooks
	slots          chan struct{}

	ctx    context.Context // ends at Close
	cancel context.CancelFunc
	work   sync.WaitGroup
	wake   chan struct{} // tells the timer loop of a new timer

	mu        sync.Mutex // guards everything below
	base      string
	reachedAt string // by the first request, for pages while base is empty
	closed    bool
	servers   []*http.Server
	changed   chan struct{} // closed when a delivery moves on; nil while nobody waits for that
	cause     cause         // the API request being served, for its events
	timers    []timer

	products       table[product]
	prices         table[price]
	customers      table[customer]
	sessions       table[session]
	subscriptions  table[subscription]
	invoices       table[invoice]
	invoiceItems   table[invoiceItem]
	paymentIntents table[paymentIntent]
	charges        table[charge]
	refunds        table[refund]
	disputes       table[dispute]
	creditNotes    table[creditNote]
	setupIntents   table[setupIntent]
	testClocks     table[testClock]
	paymentMethods table[paymentMethod]
	coupons        table[coupon]
	promotionCodes table[promotionCode]
	discounts      table[discount]
	schedules      table[schedule]
	events         table[event]
	archive        archive        // what the events tell
	previews       table[invoice] // of whose lines there are more than were shown

	portalSessions       table[portalSession]
	portalConfigurations table[portalConfiguration]

	endpoints   []*endpoint
	deliveries  []*delivery
	lines       map[string][]func() // attempts that wait for their turn, by endpoint
	due         int                 // deliveries whose next attempt is due or under way
	unfinished  int                 // deliveries neither accepted nor given up
	idempotency map[string]*rememberedAnswer
	mostKeys    int // of idempotency, before the old are forgotten
	faults      []plannedFault
	chaos       *chaos
	requests    []*request
	invoiceSeq  int
	lastEvent   int64 // the second of the newest event; kept if they are ordered
}

// New returns a running sandbox without any objects. It does not listen:
// serve it with Listen or mount it as a handler.
func New(opts ...Option) *Sandbox {
	s := &Sandbox{
		signatureNow:   time.Now,
		delayedAfter:   5 * time.Second,
		webhookTimeout: 10 * time.Second,
		redirectWait:   10 * time.Second,
		retry:          retryPolicy(DefaultRetryPolicy),
		collection:     collectionPolicy(DefaultCollectionPolicy),
		upcomingNotice: DefaultUpcomingNotice,
		log:            slog.New(slog.DiscardHandler),
		advancing:      make(chan struct{}, 1),
		slots:          make(chan struct{}, deliveriesAtOnce),
		wake:           make(chan struct{}, 1),
		idempotency:    map[string]*rememberedAnswer{},
		lines:          map[string][]func(){},
	}
	s.now = func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for _, o := range opts {
		o(s)
	}
	s.client = newWebhookClient(s.webhookTimeout)
	s.mux = http.NewServeMux()
	s.apiRoutes(s.mux)
	s.pageRoutes(s.mux)
	s.work.Go(s.runTimers)
	return s
}

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
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", errors.Join(errors.New("sandbox: closed"), l.Close())
	}
	address := "http://" + l.Addr().String()
	if s.base == "" {
		s.base = address
	}
	s.servers = append(s.servers, srv)
	s.work.Go(func() { _ = srv.Serve(l) })
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
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base
}

// Close stops listening, timers and deliveries, and returns when all of them
// have ended. Undelivered events stay undelivered.
func (s *Sandbox) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	servers := s.servers
	s.mu.Unlock()

	s.cancel()
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
	s.work.Wait()
	s.client.CloseIdleConnections()
	return errors.Join(errs...)
}

// nowUnix is the sandbox's time in Stripe's resolution.
func (s *Sandbox) nowUnix() int64 { return s.now().Unix() }
