package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"
)

// newLogger logs to w. Of what a [lineBuffer] holds back, a warning and an error are an
// exception.
func newLogger(w io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewJSONHandler(w, options)
	if format == "text" {
		handler = slog.NewTextHandler(w, options)
	}
	if buffer, is := w.(*lineBuffer); is {
		handler = urgent{handler, buffer}
	}
	return slog.New(handler)
}

const (
	// holdTime is how much of the log a crash may lose.
	holdTime = 100 * time.Millisecond
	maxHeld  = 32 << 10
)

// lineBuffer writes lines together, as a write of its own for each would be a tenth of
// what a request costs. A write that fails loses its lines and no others: bufio would
// lose all that come after it, as when a disk was full for a while.
type lineBuffer struct {
	to io.Writer

	mu    sync.Mutex
	held  []byte
	timer *time.Timer
}

// Write implements [io.Writer]: it takes whole lines.
func (b *lineBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case len(b.held) > 0: // it runs
	case b.timer == nil:
		b.timer = time.AfterFunc(holdTime, func() { _ = b.flush() }) // where would one say so?
	default:
		b.timer.Reset(holdTime)
	}
	b.held = append(b.held, line...)
	if len(b.held) < maxHeld {
		return len(line), nil
	}
	return len(line), b.write()
}

// flush writes what is held.
func (b *lineBuffer) flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.write()
}

// write needs the lock.
func (b *lineBuffer) write() error {
	if len(b.held) == 0 {
		return nil
	}
	_, err := b.to.Write(b.held)
	if b.held = b.held[:0]; cap(b.held) > 2*maxHeld {
		b.held = nil // there was a very long line
	}
	return err
}

// urgent has warnings and errors written at once, and what came before them.
type urgent struct {
	slog.Handler
	buffer *lineBuffer
}

// Handle implements [slog.Handler].
func (u urgent) Handle(ctx context.Context, r slog.Record) error {
	err := u.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		err = errors.Join(err, u.buffer.flush())
	}
	return err
}

// WithAttrs implements [slog.Handler].
func (u urgent) WithAttrs(attrs []slog.Attr) slog.Handler {
	return urgent{u.Handler.WithAttrs(attrs), u.buffer}
}

// WithGroup implements [slog.Handler].
func (u urgent) WithGroup(name string) slog.Handler {
	return urgent{u.Handler.WithGroup(name), u.buffer}
}
