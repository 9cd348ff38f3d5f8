package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/entitled-dev/entitled/app"
	"github.com/entitled-dev/entitled/ports"
)

// Server answers HTTP.
type Server struct {
	deps      Deps
	config    Config
	rules     map[routeKey]rule
	limit     *limiter
	ready     *readiness
	bodies    *budget
	connected *connections
	echo      *echo.Echo
	http      *http.Server

	stopping context.Context // done once the server is to end, and goes on for DrainTime
	stop     context.CancelFunc
	ending   context.Context // done once it takes no more requests
	end      context.CancelFunc
	after    ports.Timer
}

var _ StrictServerInterface = (*Server)(nil)

const (
	readHeaderTime = 5 * time.Second
	readTime       = 30 * time.Second
	idleTime       = 120 * time.Second
	// slackTime is for writing an answer that was ready at the last moment.
	slackTime = 10 * time.Second
	maxHeader = 64 << 10
	// storePatience is how long a request waits for connections to the store, in all: as a read does.
	storePatience = app.ReadWait
)

// New builds the server. It does not listen yet.
func New(deps Deps, config Config) (*Server, error) {
	config = config.withDefaults()
	if err := errors.Join(deps.check(), config.check()); err != nil {
		return nil, err
	}
	s := &Server{
		deps: deps, config: config,
		rules:     rulesByRoute(rulesWith(config.Mounts)),
		limit:     newLimiter(config.CheckoutRate, config.CheckoutBurst, deps.Clock),
		ready:     &readiness{ask: deps.Ready, clock: deps.Clock},
		bodies:    newBudget(config.BodyBytes),
		connected: newConnections(config.Connections),
		echo:      echo.New(),
		after:     time.After,
	}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.ending, s.end = context.WithCancel(context.Background())
	s.register(s.echo)
	s.http = &http.Server{
		Handler:           s.echo,
		ReadHeaderTimeout: readHeaderTime,
		ReadTimeout:       readTime,
		// From the end of the header on, so reading the body counts too.
		WriteTimeout:   readTime + app.MaxWait + config.RequestTime + slackTime,
		IdleTimeout:    idleTime,
		MaxHeaderBytes: maxHeader,
		ConnState:      s.connected.follow,
		ErrorLog:       slog.NewLogLogger(deps.Log.Handler(), slog.LevelWarn),
	}
	return s, nil
}

// Handler is the server without a listener.
func (s *Server) Handler() http.Handler { return s.echo }

// Start serves until [Server.Shutdown], and then returns nil.
func (s *Server) Start(l net.Listener) error {
	if err := s.http.Serve(limited{l, s.connected}); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP on %s: %w", l.Addr(), err)
	}
	return nil
}

// Shutdown says no to /readyz and goes on for DrainTime, so that whoever sends requests
// here notices; then it ends the waits for orders, stops listening and lets the requests
// under way finish, until ctx ends: then it cuts them off.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop()
	if s.config.DrainTime > 0 {
		select {
		case <-s.after(s.config.DrainTime):
		case <-ctx.Done():
		}
	}
	s.end()
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were cut off: %w", err), s.http.Close())
	}
	return nil
}

// farewell ends each connection with its next answer while the server drains: one that
// a proxy keeps would otherwise be closed while it sends its next request on it.
func (s *Server) farewell(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.stopping.Err() != nil {
			c.Response().Header().Set(echo.HeaderConnection, "close")
		}
		return next(c)
	}
}
