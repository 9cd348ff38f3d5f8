package telemetry

import (
	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/ports"
)

// Module provides the meter.
var Module = fx.Module("telemetry", fx.Provide(
	New,
	func(m *Meter) ports.Meter { return m },
))
