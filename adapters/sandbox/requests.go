package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// request is an API request as the sandbox received it, without its key.
type request struct {
	ID             string // req_...
	Time           time.Time
	Method         string
	Path           string
	Form           url.Values // body and query
	IdempotencyKey string
	APIVersion     string // that the answer is in
	Status         int    // 0 while it is under way
	Replayed       bool   // the answer was that of an earlier request
	Answered       bool   // false if a fault dropped the connection
}

// keptRequests is of how many requests there is a log, the newest.
const keptRequests = 10_000

func (s *Sandbox) logRequest(r *http.Request, c *call, key string) *request {
	l := &request{ID: c.requestID, Time: s.now().UTC(), Method: r.Method, Path: c.path, Form: c.form, IdempotencyKey: key, APIVersion: c.version}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = newestOf(append(s.requests, l), keptRequests)
	return l
}

// newestOf drops the oldest entries of a log once there are twice as many as are to be kept.
func newestOf[T any](log []T, kept int) []T {
	if len(log) < 2*kept {
		return log
	}
	return slices.Clone(log[len(log)-kept:])
}
