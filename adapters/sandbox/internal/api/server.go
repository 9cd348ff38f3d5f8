package api

import (
	"log/slog"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/life"
)

// Server answers Stripe's API.
type Server struct {
	*life.Stripe
	APIKey string // the only one that is accepted; empty for every test key
	Log    *slog.Logger

	// Restricted says what a key may do that is in it, by kind of objects; any other may do all.
	Restricted map[string]map[string]Permission

	mostKeys int // that are remembered before the old are forgotten
}

// New returns a server that accepts every test key.
func New(stripe *life.Stripe) *Server {
	return &Server{Stripe: stripe, Log: slog.New(slog.DiscardHandler), Restricted: map[string]map[string]Permission{}}
}
