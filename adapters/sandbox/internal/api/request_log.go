package api

import (
	"net/http"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
)

// keptRequests is of how many requests there is a log, the newest.
const keptRequests = 10_000

func (s *Server) logRequest(r *http.Request, c *Call, key string) *state.Request {
	l := &state.Request{ID: c.requestID, Time: s.Now().UTC(), Method: r.Method, Path: c.path, Form: c.Form, IdempotencyKey: key, APIVersion: c.Version}
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.Requests = state.NewestOf(append(s.Requests, l), keptRequests)
	return l
}
