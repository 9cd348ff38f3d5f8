package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

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

// readBody reads a limited body to its end.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	var body bytes.Buffer
	// Not more than a little on the word of somebody who may send nothing.
	body.Grow(int(min(max(r.ContentLength, 0), maxBody)) + bytes.MinRead)
	_, err := body.ReadFrom(r.Body)
	var tooLarge *http.MaxBytesError
	var network net.Error
	switch {
	case err == nil:
		return body.Bytes(), nil
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	case errors.As(err, &network) && network.Timeout():
		return nil, errSlowBody
	case errors.Is(err, context.Canceled):
		return nil, err
	default:
		return nil, fmt.Errorf("%w: the body ends early or is not framed as HTTP wants it", errMalformed)
	}
}
