package webhooks

import (
	"go.uber.org/fx"

	"github.com/entitled-dev/entitled/ports"
)

// Module provides the sender.
var Module = fx.Module("webhooks", fx.Provide(func(lc fx.Lifecycle, c Config) ports.Sender {
	sender := NewSender(c)
	lc.Append(fx.StopHook(sender.Close))
	return sender
}))
