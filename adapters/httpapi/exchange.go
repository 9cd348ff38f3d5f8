package httpapi

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/entitled-dev/entitled/ports"
)

// exchange is what we note of one request and its answer.
type exchange struct {
	id     string
	rule   rule
	routed bool // there is a rule
	caller ports.Caller
	code   string // of the problem that was answered
	err    error
	attrs  []slog.Attr // what the handler wants logged
	body   holding

	streams bool // a stream of events is accepted
}

type exchangeKey struct{}

// exchangeOf finds the exchange that a request belongs to.
func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// note adds to the request's line in the log.
func note(ctx context.Context, attrs ...slog.Attr) {
	x := exchangeOf(ctx)
	x.attrs = append(x.attrs, attrs...)
}

// observe is the outermost middleware: it names the request, bounds its time,
// survives its panics, answers its errors and logs it.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		r := c.Request()
		x := &exchange{id: requestID(r), streams: acceptsStream(r)}
		x.rule, x.routed = s.rules[routeKey{r.Method, c.Path()}]
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), exchangeKey{}, x), x.rule.time(s.config.RequestTime, r.URL.RawQuery))
		defer cancel()
		if x.rule.extra == 0 && x.rule.most == 0 { // what takes its time may wait again and again, and what may not is bounded already
			ctx = ports.WithPatience(ctx, storePatience)
		}
		defer s.bodies.end(&x.body)
		c.SetRequest(r.WithContext(ctx))
		c.Response().Header().Set(echo.HeaderXRequestID, x.id)

		if err := s.survive(next, c); err != nil {
			s.handleError(err, c)
		}
		s.logAccess(ctx, c, x, time.Since(start))
		return nil
	}
}

// survive turns a panic into an error.
func (s *Server) survive(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
			panic(p)
		}
		err = fmt.Errorf("panic: %v", p)
		note(c.Request().Context(), slog.String("stack", string(debug.Stack())))
	}()
	return next(c)
}

func (s *Server) logAccess(ctx context.Context, c echo.Context, x *exchange, took time.Duration) {
	status := c.Response().Status
	lvl := level(status)
	if x.rule.path == webhookPath && status >= http.StatusBadRequest {
		lvl = max(lvl, slog.LevelWarn) // a purchase may hang on it, and Stripe's retries end
	}
	if x.rule.quiet && lvl == slog.LevelInfo {
		lvl = slog.LevelDebug
	}
	if !s.deps.Log.Enabled(ctx, lvl) {
		return
	}
	route := c.Path()
	if !x.routed {
		route = "unmatched" // what a client made up is not ours to keep
	}
	attrs := make([]slog.Attr, 0, 16)
	attrs = append(attrs,
		slog.String("method", c.Request().Method),
		slog.String("route", route),
		slog.Int("status", status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("request_id", x.id),
		slog.String("ip", c.RealIP()),
	)
	if x.caller.Role != "" {
		attrs = append(attrs, slog.String("caller", string(x.caller.Role)))
	}
	if x.caller.Name != "" {
		attrs = append(attrs, slog.String("key", x.caller.Name))
	}
	if x.code != "" {
		attrs = append(attrs, slog.String("code", x.code))
	}
	// What is wrong with a request may quote it: the code has to do. Reasons about
	// credentials never quote them, and whoever set up the product's needs to know.
	ofOurs := lvl >= slog.LevelWarn
	ofCredentials := status == http.StatusUnauthorized || status == http.StatusForbidden
	switch {
	case x.err == nil:
	case ofOurs:
		attrs = append(attrs, slog.String("error", redact(x.err.Error())))
	case ofCredentials:
		attrs = append(attrs, slog.String("reason", redact(x.err.Error())))
	}
	attrs = append(attrs, x.attrs...)
	s.deps.Log.LogAttrs(ctx, lvl, "request", attrs...)
}

const maxRequestID = 64

// requestID takes over a sane one, so that a request can be followed from the
// proxy on, or makes one.
func requestID(r *http.Request) string {
	id := r.Header.Get(echo.HeaderXRequestID)
	if id == "" || len(id) > maxRequestID {
		return rand.Text()
	}
	for i := range len(id) {
		if !plainByte(id[i]) && id[i] != '.' {
			return rand.Text()
		}
	}
	return id
}

// plainByte: a letter, a digit, an underscore or a hyphen.
func plainByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '_' || b == '-'
}
