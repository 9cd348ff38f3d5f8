package sandbox

import (
	"maps"
	"net/http"
	"time"
)

// rememberedAnswer is the first answer under an idempotency key.
type rememberedAnswer struct {
	request string // path and parameters
	at      time.Time
	done    bool // false while the first request is under way
	answer  answer
}

// Stripe forgets keys after a day at the earliest.
const idempotencyLife = 24 * time.Hour

const maxIdempotencyKey = 255

// reserve returns the entry of key: done if its answer is to be repeated, else
// to be settled by the caller. mu is not held.
func (s *Sandbox) reserve(key string, c *call) (*rememberedAnswer, *apiError) {
	if len(key) > maxIdempotencyKey {
		return nil, &apiError{status: http.StatusBadRequest, kind: "idempotency_error",
			message: "Idempotency keys can be at most 255 characters long."}
	}
	request := c.path + "?" + c.form.Encode()
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.idempotency[key]
	switch {
	case old == nil || old.expired(s.now()):
		s.forgetOldKeys()
		e := &rememberedAnswer{request: request, at: s.now()}
		s.idempotency[key] = e
		return e, nil
	case !old.done:
		return nil, &apiError{status: http.StatusConflict, kind: "idempotency_error", code: "idempotency_key_in_use",
			message: "There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): " + key + ". Try again later."}
	case old.request != request:
		return nil, &apiError{status: http.StatusBadRequest, kind: "idempotency_error",
			message: "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '" + key + "' if you meant to execute a different request."}
	}
	return old, nil
}

// forgetOldKeys forgets the keys of more than a day ago, each time that there are twice as many
// as were left by the last: a client makes one for each of its calls. mu is held.
func (s *Sandbox) forgetOldKeys() {
	if len(s.idempotency) < s.mostKeys {
		return
	}
	maps.DeleteFunc(s.idempotency, func(_ string, e *rememberedAnswer) bool { return e.expired(s.now()) })
	s.mostKeys = max(1000, 2*len(s.idempotency))
}

func (e *rememberedAnswer) expired(now time.Time) bool {
	return e.done && now.Sub(e.at) > idempotencyLife
}

// settle keeps the answer of the request that reserved key, or frees the key.
// mu is not held.
func (s *Sandbox) settle(key string, e *rememberedAnswer, a answer, keep bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !keep {
		delete(s.idempotency, key)
		return
	}
	e.answer, e.done = a, true
}
