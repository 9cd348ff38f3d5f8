package main

import (
	"log/slog"

	"go.uber.org/fx/fxevent"
)

// lifeLog says at debug level what was started and ended, and how long it took. How the
// program is put together is nothing that an operator could mend, and fx tells it with
// traces; what went wrong the command says, in words.
type lifeLog struct{ logger *slog.Logger }

// LogEvent implements [fxevent.Logger].
func (l lifeLog) LogEvent(event fxevent.Event) {
	switch e := event.(type) {
	case *fxevent.OnStartExecuted:
		l.logger.Debug("started", "part", e.CallerName, "took", e.Runtime.String())
	case *fxevent.OnStopExecuted:
		l.logger.Debug("ended", "part", e.CallerName, "took", e.Runtime.String())
	}
}
