package control

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/entitled-dev/entitled/adapters/sandbox"
	"github.com/entitled-dev/entitled/adapters/sandbox/workbench"
)

// document describes the operations.
//
//go:embed openapi.yaml
var document []byte

// maxBody is of a request, in bytes.
const maxBody = 1 << 20

// call is one request to an operation.
type call struct {
	*http.Request
	server *Server
	box    *sandbox.Sandbox
}

// done is the answer where there is nothing to tell.
type done struct{}

// made is the answer that names what was made.
type made struct {
	ID string `json:"id"`
}

// on is an operation that is a verb about the object in the path, with a body of its own.
func on[In any](verb func(box *sandbox.Sandbox, id string, in In) error) func(*call) (any, error) {
	return func(c *call) (any, error) {
		in, err := body[In](c)
		if err != nil {
			return nil, err
		}
		return done{}, verb(c.box, c.PathValue("id"), in)
	}
}

// making is [on] for a verb that makes something.
func making[In any](verb func(box *sandbox.Sandbox, id string, in In) (string, error)) func(*call) (any, error) {
	return func(c *call) (any, error) {
		in, err := body[In](c)
		if err != nil {
			return nil, err
		}
		id, err := verb(c.box, c.PathValue("id"), in)
		return made{id}, err
	}
}

// simply is [on] for a verb that needs nothing else.
func simply(verb func(box *sandbox.Sandbox, id string) error) func(*call) (any, error) {
	return on(func(box *sandbox.Sandbox, id string, _ struct{}) error { return verb(box, id) })
}

// body reads JSON; none at all is an empty object.
func body[In any](c *call) (In, error) {
	var in In
	d := json.NewDecoder(io.LimitReader(c.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(&in)
	if errors.Is(err, io.EOF) {
		return in, nil
	}
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more than one value")
		}
	}
	if err != nil {
		return in, fmt.Errorf("the body is not what /_sandbox/openapi.yaml says: %w", err)
	}
	return in, nil
}

// handler serves the operations, and everything else as the sandbox does.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.Sandbox().ServeHTTP(w, r)
	})
	own := http.NewServeMux()
	for _, rt := range routes {
		own.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, rt) })
	}
	own.HandleFunc("GET /_sandbox/openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(document) // a client that leaves wants nothing
	})
	own.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, http.StatusNotFound, failure("there is no "+r.Method+" "+r.URL.Path+": see /_sandbox/openapi.yaml"))
	})
	// A page of another site may send to loopback what needs no leave; it is not to pay here.
	mux.Handle("/_sandbox/", http.NewCrossOriginProtection().Handler(own))
	bench := func(w http.ResponseWriter, r *http.Request) {
		workbench.New(workbench.Config{Box: s.Sandbox(), Logger: s.config.Logger}).ServeHTTP(w, r)
	}
	mux.HandleFunc(workbench.Path, bench)
	mux.HandleFunc(workbench.Path+"/", bench)
	return mux
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, rt route) {
	out, err := rt.do(&call{Request: r, server: s, box: s.Sandbox()})
	switch {
	case err == nil:
		s.answer(w, http.StatusOK, out)
	case errors.Is(err, sandbox.ErrDeclined), errors.Is(err, sandbox.ErrAuthenticationRequired):
		s.answer(w, http.StatusPaymentRequired, failure(err.Error()))
	case errors.Is(err, sandbox.ErrNotOpen):
		s.answer(w, http.StatusConflict, failure(err.Error()))
	case errors.Is(err, errTooLate):
		s.answer(w, http.StatusGatewayTimeout, failure(err.Error()))
	default:
		s.answer(w, http.StatusBadRequest, failure(err.Error()))
	}
}

func failure(message string) any {
	return map[string]any{"error": map[string]string{"message": message}}
}

func (s *Server) answer(w http.ResponseWriter, status int, out any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	var err error
	switch out := out.(type) {
	case pieces:
		err = out.write(w, e)
	case written:
		_, err = w.Write(out)
	default:
		err = e.Encode(out)
	}
	if err != nil {
		s.config.Logger.Debug("client left before its answer", "error", err)
	}
}

// written is JSON already, and too long to be held twice.
type written []byte

// pieces is a list that is never held as a whole: it tells add of each thing.
type pieces func(add func(any) error) error

func (p pieces) write(w io.Writer, e *json.Encoder) error {
	between := `{"data": [` + "\n"
	err := p(func(one any) error {
		if _, err := io.WriteString(w, between); err != nil {
			return err
		}
		between = ","
		return e.Encode(one)
	})
	if err != nil {
		return err
	}
	if between != "," {
		_, err = io.WriteString(w, between)
	}
	if err == nil {
		_, err = io.WriteString(w, "]}\n")
	}
	return err
}
