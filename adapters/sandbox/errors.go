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
}

func (e *apiError) Error() string { return e.message }

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
