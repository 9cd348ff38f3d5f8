package sandbox

import (
	"fmt"
	"net/http"
	"strings"
)

// apiError is an error in Stripe's terms.
type apiError struct {
	status  int
	kind    string // invalid_request_error, card_error, idempotency_error, api_error
	code    string
	message string
	param   string
	decline string
	asked   string // for the sandbox itself: the id of what waits for the owner of a card
	about   object // what the error tells of beside itself: the intent, and the method that failed
}

func (e *apiError) Error() string { return e.message }

// in is the error as the version shows it.
func (e *apiError) in(version string) *apiError {
	shown := *e
	shown.about = e.about.in(version)
	return &shown
}

// with is the error with what it tells of beside itself.
func (e *apiError) with(about object) *apiError {
	told := *e
	told.about = about
	return &told
}

// told is the error as an intent tells of its last attempt.
func (e *apiError) told(about object) object {
	o := object{"type": e.kind, "code": e.code, "message": e.message}
	if e.decline != "" {
		o["decline_code"] = e.decline
	}
	for name, v := range about {
		o[name] = v
	}
	return o
}

func (e *apiError) object(requestID string) object {
	o := object{
		"type":            e.kind,
		"message":         e.message,
		"request_log_url": "https://dashboard.stripe.com/test/logs/" + requestID,
	}
	if e.code != "" {
		o["code"] = e.code
		o["doc_url"] = "https://stripe.com/docs/error-codes/" + strings.ReplaceAll(e.code, "_", "-")
	}
	if e.param != "" {
		o["param"] = e.param
	}
	if e.decline != "" {
		o["decline_code"] = e.decline
	}
	for name, v := range e.about {
		o[name] = v
	}
	return object{"error": o}
}

// invalid is a 400 about param; code may be empty, as it often is at Stripe.
func invalid(param, code, format string, args ...any) *apiError {
	return &apiError{
		status: http.StatusBadRequest, kind: "invalid_request_error",
		code: code, param: param, message: fmt.Sprintf(format, args...),
	}
}

// missingReference is a 400: a parameter names an object that does not exist.
func missingReference(noun, id, param string) *apiError {
	return invalid(param, "resource_missing", "No such %s: '%s'", noun, id)
}

// notFound is a 404: the request's path names an object that does not exist.
func notFound(noun, id, param string) *apiError {
	e := missingReference(noun, id, param)
	e.status = http.StatusNotFound
	return e
}
