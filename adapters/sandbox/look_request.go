package sandbox

import (
	"maps"
	"net/url"
	"slices"
	"time"
)

// Request is an API request as the sandbox received it, without its key.
type Request struct {
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

// Requests returns the authorized API requests so far, oldest first: the newest 10,000, and
// as many again at most.
func (s *Sandbox) Requests() []Request {
	s.stripe.Mu.Lock()
	defer s.stripe.Mu.Unlock()
	out := make([]Request, len(s.stripe.Requests))
	for i, r := range s.stripe.Requests {
		out[i] = Request(*r)
		out[i].Form = maps.Clone(r.Form)
		for k, v := range out[i].Form {
			out[i].Form[k] = slices.Clone(v)
		}
	}
	return out
}
