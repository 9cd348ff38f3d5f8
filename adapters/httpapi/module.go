package httpapi

import (
	"context"
	"fmt"
	"net"

	"go.uber.org/fx"
)

// Module builds the server from [Deps] and [Config] and runs it with the program.
var Module = fx.Module("httpapi", fx.Provide(New), fx.Invoke(run))

func run(life fx.Lifecycle, s *Server, program fx.Shutdowner) {
	life.Append(fx.StartStopHook(func(ctx context.Context) error {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Addr)
		if err != nil {
			return fmt.Errorf("the HTTP server cannot listen: %w", err)
		}
		go func() {
			if err := s.Start(l); err != nil {
				s.deps.Log.Error("the HTTP server ended", "error", err)
				_ = program.Shutdown(fx.ExitCode(1)) // fails only if that has begun
			}
		}()
		return nil
	}, s.Shutdown))
}
