package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/labstack/echo/v4"
)

// bodyRoutes are the operations whose JSON body the document describes, by Echo's
// route. Others have parameters only, which the generated code binds and the
// handlers check: reads stay cheap. The webhook's body is Stripe's to define.
func bodyRoutes(doc *openapi3.T) map[routeKey]*routers.Route {
	routes := map[routeKey]*routers.Route{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.RequestBody == nil || path == webhookPath {
				continue
			}
			routes[routeKey{method, echoPath(path)}] = &routers.Route{
				Spec: doc, Path: path, PathItem: item, Method: method, Operation: operation,
			}
		}
	}
	return routes
}

// echoPath writes /a/{b} as /a/:b.
func echoPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

var validation = &openapi3filter.Options{
	AuthenticationFunc:  openapi3filter.NoopAuthenticationFunc, // authorize has been here
	SkipSettingDefaults: true,
	// The handler gets what was validated, not a second, laxer reading of it.
	KeepValidatedValue: true,
}

// validate checks a request with a body against the document. Echo has found the
// operation already: no second router is asked.
func (s *Server) validate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		route, described := s.bodyRoutes[routeKey{c.Request().Method, c.Path()}]
		if !described {
			return next(c)
		}
		r := c.Request()
		body, err := s.readBody(c)
		if err != nil {
			return err
		}
		if len(body) > 0 {
			media, _, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
			if err != nil || media != echo.MIMEApplicationJSON {
				return errMediaType
			}
			// The decoder reads on past a first value; a body is one.
			if !json.Valid(body) {
				return fmt.Errorf("%w: the body is not JSON%s", errMalformed, suchAs(route))
			}
			body = plainNumbers(body)
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		params := make(map[string]string, len(c.ParamNames()))
		for _, name := range c.ParamNames() {
			params[name] = c.Param(name)
		}
		err = openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
			Request: r, PathParams: params, Route: route, Options: validation,
		})
		if err != nil {
			return fmt.Errorf("%w: %s", errMalformed, explain(err, route))
		}
		return next(c)
	}
}

// explain says what is wrong with a request without quoting the schema at length.
func explain(err error, route *routers.Route) string {
	where := "body"
	var request *openapi3filter.RequestError
	if errors.As(err, &request) && request.Parameter != nil {
		where = request.Parameter.Name
	}
	var schema *openapi3.SchemaError
	switch {
	case errors.As(err, &schema):
	case errors.Is(err, openapi3filter.ErrInvalidRequired) && where == "body":
		return "the body is missing" + suchAs(route)
	default:
		return where + " cannot be read"
	}
	if at := schema.JSONPointer(); len(at) > 0 {
		where += "." + strings.Join(at, ".")
	}
	switch {
	case schema.SchemaField == "format" && schema.Schema.Format == "date-time":
		return where + " " + ofTime
	case schema.SchemaField == "oneOf":
		return where + " " + ofValue // the only one that a request may send in several forms
	case schema.SchemaField == "type" && schema.Schema.Type.Is("integer"):
		return where + " " + ofNumber
	case schema.SchemaField == "format" && schema.Schema.Type.Is("integer"):
		return where + " " + ofNumber + ", and not as large"
	case schema.SchemaField == "type" && where == "body":
		return where + ": " + schema.Reason + suchAs(route)
	default:
		return where + ": " + schema.Reason
	}
}

// ofNumber is for people: the validator's own words speak of types.
const ofNumber = "is a whole number, such as 2"

const ofTime = "is a time with its zone, such as 2027-01-31T12:00:00Z"

// suchAs shows the body that an operation takes, by the document's first example.
func suchAs(route *routers.Route) string {
	media := route.Operation.RequestBody.Value.Content.Get(echo.MIMEApplicationJSON)
	if media == nil {
		return ""
	}
	example := media.Schema.Value.Example
	for _, name := range slices.Sorted(maps.Keys(media.Examples)) {
		example = media.Examples[name].Value.Value
		break
	}
	text, err := json.Marshal(example)
	if err != nil || example == nil {
		return ""
	}
	return ": send JSON such as " + string(text)
}
