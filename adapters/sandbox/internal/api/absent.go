package api

import "github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"

// absentRoutes are of kinds that backfills ask for and the sandbox has none of: no card
// causes an early fraud warning, and nothing makes a tax id or a feature.
var absentRoutes = []route{
	noneListed("GET /v1/radar/early_fraud_warnings", "early_fraud_warning", "charge", "payment_intent"),
	noneFound("GET /v1/radar/early_fraud_warnings/{id}", "early_fraud_warning"),
	{pattern: "GET /v1/tax_ids", params: append([]string{"owner[customer]", "owner[type]"}, wire.ListParams...), do: noTaxIDs},
	noneFound("GET /v1/tax_ids/{id}", "tax_id"),
	{pattern: "GET /v1/customers/{id}/tax_ids", params: wire.ListParams, do: noTaxIDsOfCustomer},
	{pattern: "GET /v1/entitlements/features", params: append([]string{"archived", "lookup_key"}, wire.ListParams...), do: noFeatures},
	noneFound("GET /v1/entitlements/features/{id}", "feature"),
	{pattern: "GET /v1/entitlements/active_entitlements", params: append([]string{"customer"}, wire.ListParams...), do: noActiveEntitlements},
	noneFound("GET /v1/entitlements/active_entitlements/{id}", "active_entitlement"),
	{pattern: "GET /v1/products/{id}/features", params: wire.ListParams, do: noFeaturesOfProduct},
}

func noneListed(pattern, noun string, filters ...string) route {
	return route{pattern: pattern, params: wire.Listing(filters...), do: func(_ *Server, c *Call) (wire.Object, *wire.Error) {
		return none(c, noun)
	}}
}

func noneFound(pattern, noun string) route {
	return route{pattern: pattern, do: func(_ *Server, c *Call) (wire.Object, *wire.Error) { return nil, wire.NotFound(noun, c.id, noun) }}
}

func none(c *Call, noun string) (wire.Object, *wire.Error) {
	return page[wire.Object]{noun: noun}.serve(c)
}

func noTaxIDs(s *Server, c *Call) (wire.Object, *wire.Error) {
	c.OneOf("owner[type]", "account", "application", "customer", "self")
	if id := c.Text("owner[customer]"); id != "" && s.LiveCustomer(id) == nil {
		c.Fail(wire.MissingReference("customer", id, "owner[customer]"))
	}
	return none(c, "tax_id")
}

func noTaxIDsOfCustomer(s *Server, c *Call) (wire.Object, *wire.Error) {
	if s.LiveCustomer(c.id) == nil {
		return nil, wire.NotFound("customer", c.id, "id")
	}
	return none(c, "tax_id")
}

func noFeatures(_ *Server, c *Call) (wire.Object, *wire.Error) {
	c.Flag("archived")
	return none(c, "feature")
}

func noActiveEntitlements(s *Server, c *Call) (wire.Object, *wire.Error) {
	if id := c.Required("customer"); c.Err == nil && s.LiveCustomer(id) == nil {
		c.Fail(wire.MissingReference("customer", id, "customer"))
	}
	return none(c, "active_entitlement")
}

func noFeaturesOfProduct(s *Server, c *Call) (wire.Object, *wire.Error) {
	if s.Products.Get(c.id) == nil {
		return nil, wire.NotFound("product", c.id, "id")
	}
	return none(c, "product_feature")
}
