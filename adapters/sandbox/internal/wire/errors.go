package wire

import (
	"fmt"
	"net/http"
	"strings"
)

// Error is an error in Stripe's terms.
type Error struct {
	Status  int
	Kind    string // invalid_request_error, card_error, idempotency_error, api_error
	Code    string
	Message string
	Param   string
	Decline string
	Asked   string // for the sandbox itself: the id of what waits for the owner of a card
	About   Object // what the error tells of beside itself: the intent, and the method that failed
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// In is the error as the version shows it.
func (e *Error) In(version string) *Error {
	shown := *e
	shown.About = e.About.In(version)
	return &shown
}

// With is the error with what it tells of beside itself.
func (e *Error) With(about Object) *Error {
	told := *e
	told.About = about
	return &told
}

// Told is the error as an intent tells of its last attempt.
func (e *Error) Told(about Object) Object {
	o := Object{"type": e.Kind, "code": e.Code, "message": e.Message}
	if e.Decline != "" {
		o["decline_code"] = e.Decline
	}
	for name, v := range about {
		o[name] = v
	}
	return o
}

// Object is the error as an answer has it.
func (e *Error) Object(requestID string) Object {
	o := Object{
		"type":            e.Kind,
		"message":         e.Message,
		"request_log_url": "https://dashboard.stripe.com/test/logs/" + requestID,
	}
	if e.Code != "" {
		o["code"] = e.Code
		o["doc_url"] = "https://stripe.com/docs/error-codes/" + strings.ReplaceAll(e.Code, "_", "-")
	}
	if e.Param != "" {
		o["param"] = e.Param
	}
	if e.Decline != "" {
		o["decline_code"] = e.Decline
	}
	for name, v := range e.About {
		o[name] = v
	}
	return Object{"error": o}
}

// Invalid is a 400 about param; code may be empty, as it often is at Stripe.
func Invalid(param, code, format string, args ...any) *Error {
	return &Error{
		Status: http.StatusBadRequest, Kind: "invalid_request_error",
		Code: code, Param: param, Message: fmt.Sprintf(format, args...),
	}
}

// MissingReference is a 400: a parameter names an object that does not exist.
func MissingReference(noun, id, param string) *Error {
	return Invalid(param, "resource_missing", "No such %s: '%s'", noun, id)
}

// NotFound is a 404: the request's path names an object that does not exist.
func NotFound(noun, id, param string) *Error {
	e := MissingReference(noun, id, param)
	e.Status = http.StatusNotFound
	return e
}

// Declined tells whether it is a bank's refusal, and no fault of the request.
func (e *Error) Declined() bool { return e.Kind == "card_error" && e.Code != "incorrect_number" }
