package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"
)

// validate checks the body of a request before its handler sees it. Parameters the
// generated code binds and the handlers check: reads stay cheap.
func (s *Server) validate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		p, described := payloads[routeKey{r.Method, c.Path()}]
		if !described {
			return next(c)
		}
		body, err := s.readBody(c)
		if err != nil {
			return err
		}
		if len(body) == 0 {
			if !p.optional {
				return fmt.Errorf("%w: the body is missing%s", errMalformed, p.suchAs())
			}
			r.Body, r.ContentLength = http.NoBody, 0
			return next(c)
		}
		media, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
		if err != nil || media != echo.MIMEApplicationJSON {
			return errMediaType
		}
		if !json.Valid(body) { // the decoder reads on past a first value; a body is one
			return fmt.Errorf("%w: the body is not JSON%s", errMalformed, p.suchAs())
		}
		body = plainNumbers(body)
		members, is := readObject(body)
		if !is {
			return fmt.Errorf("%w: the body is no JSON object%s", errMalformed, p.suchAs())
		}
		if fault := p.fault(members); fault != "" {
			return fmt.Errorf("%w: %s", errMalformed, fault)
		}
		r.Body, r.ContentLength = validated{bytes.NewReader(body), members}, int64(len(body))
		return next(c)
	}
}

// readObject reads a valid JSON text. A float64 has no room for each int64, so numbers stay
// as they are written.
func readObject(text []byte) (members map[string]any, is bool) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err := decoder.Decode(&members)
	return members, err == nil && members != nil
}

// validated is a body of which the generated code takes the members as they were
// validated: another reading of it could be a laxer one.
type validated struct {
	io.Reader
	members map[string]any
}

// ValidatedValue is what the generated code asks for.
func (v validated) ValidatedValue() any { return v.members }

// Close implements [io.Closer].
func (validated) Close() error { return nil }
