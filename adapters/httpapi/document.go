package httpapi

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
)

// document is openapi.yaml as JSON, for clients. It is not made when it is asked for or at
// the start, as that would take longer than all else that a start does.
//
//go:embed openapi.json
var document []byte

func (s *Server) showDocument(c echo.Context) error {
	return c.JSONBlob(http.StatusOK, document)
}
