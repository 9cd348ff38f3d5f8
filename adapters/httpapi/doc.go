// Package httpapi answers HTTP: it translates between requests and use cases, and
// knows nothing of billing. What it answers is written in openapi.yaml, from which
// api.gen.go is generated.
//
// Invariants: errors.go has the only status codes of errors; roles.go says who may
// call what, and a route without a row there is answered 404. No token, cookie,
// signature, body or query string is ever logged. What an error says reaches a
// client only where its row says so.
package httpapi

//go:generate go tool oapi-codegen -config oapi.yaml openapi.yaml
//go:generate go test -run TestDocument_JSONIsUpToDate -update .
