package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var portalConfigurationRoutes = []route{
	{pattern: "POST /v1/billing_portal/configurations", params: portalConfigurationParams, do: (*Server).createPortalConfiguration},
	{pattern: "GET /v1/billing_portal/configurations/{id}", do: (*Server).retrievePortalConfiguration},
	{
		pattern: "POST /v1/billing_portal/configurations/{id}", params: append([]string{"active"}, portalConfigurationParams...),
		do: (*Server).updatePortalConfiguration,
	},
	{
		pattern: "GET /v1/billing_portal/configurations", params: append([]string{"active", "is_default"}, wire.ListParams...),
		do: (*Server).listPortalConfigurations,
	},
}

// createPortalConfiguration makes one more; it never becomes the default.
func (s *Server) createPortalConfiguration(c *Call) (wire.Object, *wire.Error) {
	now := s.NowUnix()
	cfg := &state.PortalConfiguration{
		ID: wire.NewID("bpc_1", 23), Active: true, Created: now, Updated: now, CancelMode: "at_period_end", Proration: "none", Trial: "end_trial",
		Reasons: []string{"too_expensive", "missing_features", "switched_service", "unused", "other"},
	}
	if !c.HasAny("business_profile") && c.Version < wire.Basil {
		c.Fail(wire.MissingParam("business_profile"))
	}
	if !c.HasAny("features") {
		c.Fail(wire.MissingParam("features"))
	}
	s.readPortalConfiguration(c, cfg, true)
	if c.Err != nil {
		return nil, c.Err
	}
	s.PortalConfigurations.Add(cfg.ID, cfg)
	s.Emit("billing_portal.configuration.created", render.PortalConfiguration(cfg), nil)
	return render.PortalConfiguration(cfg), nil
}

func (s *Server) retrievePortalConfiguration(c *Call) (wire.Object, *wire.Error) {
	cfg := s.PortalConfigurations.Get(c.id)
	if cfg == nil {
		return nil, wire.NotFound("configuration", c.id, "configuration")
	}
	return render.PortalConfiguration(cfg), nil
}

func (s *Server) updatePortalConfiguration(c *Call) (wire.Object, *wire.Error) {
	cfg := s.PortalConfigurations.Get(c.id)
	if cfg == nil {
		return nil, wire.NotFound("configuration", c.id, "configuration")
	}
	change := *cfg
	if c.Has("active") {
		change.Active = c.Flag("active")
	}
	if cfg.IsDefault && !change.Active {
		c.Fail(wire.Invalid("active", "", "You cannot deactivate the default configuration."))
	}
	s.readPortalConfiguration(c, &change, false)
	if c.Err != nil {
		return nil, c.Err
	}
	before := render.PortalConfiguration(cfg)
	*cfg = change
	if len(wire.ChangedAttributes(before, render.PortalConfiguration(cfg))) > 0 {
		cfg.Updated = s.NowUnix()
	}
	s.EmitUpdated("billing_portal.configuration.updated", before, render.PortalConfiguration(cfg))
	return render.PortalConfiguration(cfg), nil
}

func (s *Server) listPortalConfigurations(c *Call) (wire.Object, *wire.Error) {
	s.DefaultPortalConfiguration()
	active, isDefault := c.equals("active"), c.equals("is_default")
	c.Flag("active")
	c.Flag("is_default")
	return page[*state.PortalConfiguration]{
		noun: "configuration", items: s.PortalConfigurations.NewestFirst(),
		id: func(cfg *state.PortalConfiguration) string { return cfg.ID },
		keep: func(cfg *state.PortalConfiguration) bool {
			return active(boolText(cfg.Active)) && isDefault(boolText(cfg.IsDefault))
		},
		object: render.PortalConfiguration,
	}.serve(c)
}

// expandPortalProducts shows the products of a configuration, which Stripe does only
// when it is asked to. o is in the version already.
func (s *Server) expandPortalProducts(o wire.Object, version string) {
	update := o["features"].(wire.Object)["subscription_update"].(wire.Object)
	products := s.Render.PortalProducts(s.PortalConfigurations.Get(o["id"].(string)))
	kind := "billing_portal.configuration.features.subscription_update"
	update["products"] = wire.Shaped(wire.Object{"products": products}, kind, version)["products"]
}
