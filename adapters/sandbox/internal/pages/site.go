package pages

import (
	"log/slog"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/api"
)

// Site has the pages that Stripe hosts. What its forms ask for goes the API's way where
// Stripe's do.
type Site struct {
	*api.Server
	Log   *slog.Logger
	again shownAgain
}

// New returns the pages of the server's account.
func New(server *api.Server) *Site {
	return &Site{Server: server, Log: slog.New(slog.DiscardHandler)}
}
