package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/entitled-dev/entitled/adapters/sandbox"
)

// Config is how a server is started.
type Config struct {
	// Addr is where it listens; "127.0.0.1:0" picks a free port.
	Addr string
	// AnyAddress lets Addr be other than loopback, and any Host ask. The sandbox knows
	// no users and hands out all that it has: for closed networks only.
	AnyAddress bool
	// URL is where clients find the server, for links to its pages; empty for where this
	// machine does.
	URL string
	// New makes a sandbox with the URL given, at the start, and at each reset and restore. It
	// has its own clock, or the control API cannot move it.
	New func(url string) *sandbox.Sandbox
	// Furnish puts into it what it is to have from the start. Some of that may be there
	// already, if it was restored.
	Furnish func(*sandbox.Sandbox) error
	// Snapshot is what the first sandbox is restored from; nil for none.
	Snapshot []byte
	// Logger is told of refused requests; nil for silence.
	Logger *slog.Logger
}

// Server serves one sandbox at a time. Close it when done.
type Server struct {
	config Config
	url    string
	http   *http.Server
	served chan error // what Serve ended with

	mu  sync.RWMutex // guards what a reset replaces
	box *sandbox.Sandbox
}

// Start makes a sandbox and serves it. It fails where Furnish does, if the snapshot cannot be
// restored (ErrSnapshot), or if the address cannot be listened on.
func Start(c Config) (*Server, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	l, err := sandbox.OpenListener(c.Addr, c.AnyAddress)
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, url: "http://" + l.Addr().String(), served: make(chan error, 1)}
	if at, _ := l.Addr().(*net.TCPAddr); at != nil && at.IP.IsUnspecified() {
		s.url = fmt.Sprintf("http://127.0.0.1:%d", at.Port)
	}
	if s.box, err = s.newBox(c.Snapshot); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	handler := s.handler()
	if !c.AnyAddress {
		handler = sandbox.OnlyLoopbackHosts(handler, c.Logger)
	}
	s.http = &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug),
	}
	go func() { s.served <- s.http.Serve(l) }()
	return s, nil
}

// URL is where this machine finds the server.
func (s *Server) URL() string { return s.url }

// ErrSnapshot is returned for a snapshot that cannot be restored.
var ErrSnapshot = errors.New("sandbox: nothing was restored")

// newBox makes a sandbox, restored from a snapshot unless that is nil.
func (s *Server) newBox(snapshot []byte) (*sandbox.Sandbox, error) {
	box := s.config.New(cmp.Or(s.config.URL, s.url))
	if snapshot != nil {
		if err := box.Restore(snapshot); err != nil {
			return nil, errors.Join(fmt.Errorf("%w: %w", ErrSnapshot, err), box.Close())
		}
	}
	if err := s.config.Furnish(box); err != nil {
		return nil, errors.Join(err, box.Close())
	}
	return box, nil
}

// Sandbox is the one that is served now.
func (s *Server) Sandbox() *sandbox.Sandbox {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.box
}

// replace puts a new sandbox in the place of the old one, whose deliveries end: restored from
// a snapshot, or with nil as at the start.
func (s *Server) replace(snapshot []byte) error {
	box, err := s.newBox(snapshot)
	if err != nil {
		return err
	}
	s.mu.Lock()
	old := s.box
	s.box = box
	s.mu.Unlock()
	return old.Close()
}

// Close stops listening, and ends the sandbox with its deliveries.
func (s *Server) Close() error {
	boxErr := s.Sandbox().Close() // first: a page may wait for a delivery
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		boxErr = errors.Join(boxErr, s.http.Close())
	}
	if err := <-s.served; !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(boxErr, err)
	}
	return boxErr
}
