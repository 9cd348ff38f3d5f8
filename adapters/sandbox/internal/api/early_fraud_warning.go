package api

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"

// Early fraud warnings are asked for by backfills. No card of the sandbox causes one.

var earlyFraudWarningRoutes = []route{
	{
		pattern: "GET /v1/radar/early_fraud_warnings", params: wire.Listing("charge", "payment_intent"),
		do: func(_ *Server, c *Call) (wire.Object, *wire.Error) {
			return page[wire.Object]{noun: "early_fraud_warning"}.serve(c)
		},
	},
	{
		pattern: "GET /v1/radar/early_fraud_warnings/{id}",
		do: func(_ *Server, c *Call) (wire.Object, *wire.Error) {
			return nil, wire.NotFound("early_fraud_warning", c.id, "early_fraud_warning")
		},
	},
}
