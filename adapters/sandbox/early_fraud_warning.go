package sandbox

// Early fraud warnings are asked for by backfills. No card of the sandbox causes one.

var earlyFraudWarningRoutes = []route{
	{
		pattern: "GET /v1/radar/early_fraud_warnings", params: listing("charge", "payment_intent"),
		do: func(_ *Sandbox, c *call) (object, *apiError) {
			return page[object]{noun: "early_fraud_warning"}.serve(c)
		},
	},
	{
		pattern: "GET /v1/radar/early_fraud_warnings/{id}",
		do: func(_ *Sandbox, c *call) (object, *apiError) {
			return nil, notFound("early_fraud_warning", c.id, "early_fraud_warning")
		},
	},
}
