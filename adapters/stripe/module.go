package stripe

import (
	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/ports"
)

// Module provides the gateway.
var Module = fx.Module("stripe", fx.Provide(func(lc fx.Lifecycle, c Config) (ports.Gateway, error) {
	gateway, err := New(c)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(gateway.Close))
	return gateway, nil
}))
