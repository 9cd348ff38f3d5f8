package breaker

import (
	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/ports"
)

// Module provides the breaker.
var Module = fx.Module("breaker", fx.Provide(New, func(b *Breaker) ports.Breaker { return b }))
