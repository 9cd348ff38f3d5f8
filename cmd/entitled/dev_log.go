//go:build !nodev

package main

import (
	"context"
	"io"
	"log/slog"
)

// newDevLogger logs what goes wrong, and which credentials were refused and why, as the
// answers about them point here; if it is verbose, every request.
func newDevLogger(w io.Writer, verbose bool) *slog.Logger {
	logger := newLogger(w, "text", slog.LevelInfo)
	if verbose {
		return logger
	}
	return slog.New(wrongOnly{logger.Handler()})
}

// wrongOnly leaves out what went well, and what callers get wrong and are told themselves.
type wrongOnly struct{ slog.Handler }

// Handle implements [slog.Handler].
func (o wrongOnly) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn && !refusesCredentials(r) {
		return nil
	}
	return o.Handler.Handle(ctx, r)
}

func refusesCredentials(r slog.Record) bool {
	refuses := false
	r.Attrs(func(a slog.Attr) bool {
		refuses = a.Key == "code" && a.Value.String() == "bad_credentials"
		return !refuses
	})
	return refuses
}

// WithAttrs implements [slog.Handler].
func (o wrongOnly) WithAttrs(attrs []slog.Attr) slog.Handler {
	return wrongOnly{o.Handler.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (o wrongOnly) WithGroup(name string) slog.Handler { return wrongOnly{o.Handler.WithGroup(name)} }
