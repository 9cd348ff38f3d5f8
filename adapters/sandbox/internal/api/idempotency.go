package api

import (
	"maps"
	"net/http"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

const maxIdempotencyKey = 255

// reserve returns the entry of key: done if its answer is to be repeated, else
// to be settled by the caller. Mu is not held.
func (s *Server) reserve(key string, c *Call) (*state.RememberedAnswer, *wire.Error) {
	if len(key) > maxIdempotencyKey {
		return nil, &wire.Error{Status: http.StatusBadRequest, Kind: "idempotency_error",
			Message: "Idempotency keys can be at most 255 characters long."}
	}
	request := c.path + "?" + c.Form.Encode()
	s.Mu.Lock()
	defer s.Mu.Unlock()
	old := s.Idempotency[key]
	switch {
	case old == nil || old.Expired(s.Now()):
		s.forgetOldKeys()
		e := &state.RememberedAnswer{Request: request, At: s.Now()}
		s.Idempotency[key] = e
		return e, nil
	case !old.Done:
		return nil, &wire.Error{Status: http.StatusConflict, Kind: "idempotency_error", Code: "idempotency_key_in_use",
			Message: "There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): " + key + ". Try again later."}
	case old.Request != request:
		return nil, &wire.Error{Status: http.StatusBadRequest, Kind: "idempotency_error",
			Message: "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '" + key + "' if you meant to execute a different request."}
	}
	return old, nil
}

// forgetOldKeys forgets the keys of more than a day ago, each time that there are twice as many
// as were left by the last: a client makes one for each of its calls. Mu is held.
func (s *Server) forgetOldKeys() {
	if len(s.Idempotency) < s.mostKeys {
		return
	}
	maps.DeleteFunc(s.Idempotency, func(_ string, e *state.RememberedAnswer) bool { return e.Expired(s.Now()) })
	s.mostKeys = max(1000, 2*len(s.Idempotency))
}

// settled performs the request that reserved key, nil for one without a key, and keeps its
// answer or frees the key. Nobody sees what is done without the answer that is kept: do is
// called with Mu held. Mu is not held.
func (s *Server) settled(key string, e *state.RememberedAnswer, do func() (a state.Answer, keep bool)) state.Answer {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	a, keep := do()
	switch {
	case e == nil:
	case keep:
		e.Answer, e.Done = a, true
	case s.Idempotency[key] == e: // else another state was restored meanwhile
		delete(s.Idempotency, key)
	}
	return a
}
