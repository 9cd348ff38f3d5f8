package main

import (
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
)

// now is the clock of the real world.
func now() time.Time { return time.Now().UTC() }

// newID makes ids that sort by time and carry 74 random bits.
func newID() string {
	return strings.ReplaceAll(uuid.Must(uuid.NewV7()).String(), "-", "")
}

func newLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if format == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
