package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
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
		limit := exchangeOf(r.Context()).rule.body
		if limit == 0 {
			limit = maxBody
		}
		if r.ContentLength > limit {
			return errTooLarge
		}
		// The server's own writer learns by it to close the connection.
		r.Body = http.MaxBytesReader(c.Response().Writer, r.Body, limit)
		return next(c)
	}
}

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
	// A writer that has no deadline is a test's, and has no sender to wait for either.
	x.body.cutBy = func() { _ = connection.SetReadDeadline(time.Now()) }
	s.bodies.come(&x.body, x.rule.roles == nil)
	defer func() {
		if err != nil {
			body = nil
			s.bodies.end(&x.body)
		}
	}()
	for {
		if len(body) == cap(body) {
			room := roomAfter(cap(body), r.ContentLength)
			if err := s.bodies.grow(&x.body, int64(room), shareOf(room, x.rule)); err != nil {
				return nil, err
			}
			body = append(make([]byte, 0, room), body...)
		}
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF: //nolint:errorlint // a reader promises the value itself
			return body, s.bodies.came(&x.body)
		case err != nil:
			return nil, readError(err)
		}
	}
}

// roomAfter is the room for a body that has filled what it had: twice as much, or as much
// as it says it has once it has shown that it is serious, and one for the end to be seen.
func roomAfter(room int, declared int64) int {
	next := max(2*room, firstRead)
	if declared >= int64(room) && (declared <= int64(next) || room >= maxBody) {
		return int(declared) + 1
	}
	return next
}

func shareOf(room int, r rule) share {
	switch {
	case room > maxBody+1:
		return shareOfLarge
	case r.roles == nil:
		return shareOfUnproven
	default:
		return shareOfProven
	}
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
