package httpapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

const maxBody = 64 << 10

// limitBody refuses a body that says that it is too large, and cuts off one that
// turns out to be.
func limitBody(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Body == nil || r.Body == http.NoBody {
			return next(c)
		}
		limit := exchangeOf(r.Context()).rule.bodyLimit()
		if r.ContentLength > limit {
			return errTooLarge
		}
		// The server's own writer learns by it to close the connection.
		r.Body = http.MaxBytesReader(c.Response().Writer, r.Body, limit)
		return next(c)
	}
}

func (r rule) bodyLimit() int64 { return cmp.Or(r.body, maxBody) }

// firstRead is what a body is given room for at first: the usual event, and not more
// on the word of somebody who may send nothing.
const firstRead = 4 << 10

// readBody reads a limited body to its end. Room for it is taken of the server's budget
// as it comes, and given back with the answer.
func (s *Server) readBody(c echo.Context) (body []byte, err error) {
	r := c.Request()
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	x := exchangeOf(r.Context())
	connection := http.NewResponseController(c.Response())
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	// A writer that has no deadline is a test's, and has no sender to wait for either.
	x.body.cutBy = func() {
		_ = connection.SetReadDeadline(time.Now())
		cancel()
	}
	s.bodies.come(&x.body, x.rule.roles == nil)
	defer func() {
		if err != nil {
			s.bodies.rooms.put(body)
			body = nil
			s.bodies.end(&x.body)
		}
	}()
	for {
		if len(body) == cap(body) {
			room := roomAfter(cap(body), r.ContentLength, x.rule.bodyLimit())
			if isLarge(room) {
				if err := s.bodies.beginTurn(ctx, &x.body, int64(room)); err != nil {
					return body, err
				}
			}
			if err := s.bodies.grow(&x.body, int64(room), shareOf(x.rule)); err != nil {
				return body, err
			}
			larger := append(s.bodies.rooms.get(room), body...)
			s.bodies.rooms.put(body)
			body = larger
		}
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF: //nolint:errorlint // a reader promises the value itself
			whole := s.bodies.rooms.fit(body)
			return whole, s.bodies.came(&x.body, cap(whole))
		case err != nil:
			return body, readError(err)
		}
	}
}

// roomAfter is the room for a body that has filled what it had: as much as it says it has, and
// one for the end to be seen, once it has shown that something comes. What is large, and what
// does not say how much it is, shows more before.
func roomAfter(room int, declared, limit int64) int {
	next := max(4*room, firstRead)
	switch {
	case 0 <= declared && declared <= maxBody && (room > 0 || declared < firstRead):
		return int(declared) + 1
	case next < maxBody:
		return next
	case declared > maxBody:
		// Of few sizes, so that it can be used again.
		return 1<<bits.Len(uint(declared-1)) + 1
	case room < maxBody:
		return maxBody + 1
	default:
		return int(limit) + 1
	}
}

func shareOf(r rule) share {
	if r.roles == nil {
		return shareOfUnproven
	}
	return shareOfProven
}

func readError(err error) error {
	var tooLarge *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge
	case errors.As(err, &network) && network.Timeout():
		return errSlowBody
	case errors.Is(err, context.Canceled):
		return err
	default:
		return fmt.Errorf("%w: the body ends early or is not framed as HTTP wants it", errMalformed)
	}
}
