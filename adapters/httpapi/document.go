package httpapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"
)

//go:embed openapi.yaml
var documentYAML []byte

// readDocument returns the description of the API, for us and for clients.
func readDocument() (*openapi3.T, []byte, error) {
	doc, err := openapi3.NewLoader().LoadFromData(documentYAML)
	if err != nil {
		return nil, nil, fmt.Errorf("read openapi.yaml: %w", err)
	}
	asJSON, err := json.Marshal(doc)
	if err != nil {
		return nil, nil, fmt.Errorf("write openapi.yaml as JSON: %w", err)
	}
	return doc, asJSON, nil
}

func (s *Server) showDocument(c echo.Context) error {
	return c.JSONBlob(http.StatusOK, s.document)
}
