package api

import (
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/render"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/state"
	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

var portalSessionRoutes = []route{{
	pattern: "POST /v1/billing_portal/sessions",
	params: []string{
		"customer", "configuration", "return_url", "locale", "on_behalf_of", "customer_account", "flow_data[type]",
		"flow_data[after_completion][type]", "flow_data[after_completion][redirect][return_url]",
		"flow_data[after_completion][hosted_confirmation][custom_message]",
		"flow_data[subscription_cancel][subscription]", "flow_data[subscription_cancel][retention][type]", "flow_data[subscription_cancel][retention][coupon_offer][coupon]",
		"flow_data[subscription_update][subscription]",
		"flow_data[subscription_update_confirm][subscription]", "flow_data[subscription_update_confirm][items][][id]",
		"flow_data[subscription_update_confirm][items][][price]", "flow_data[subscription_update_confirm][items][][quantity]",
		"flow_data[subscription_update_confirm][discounts][][coupon]", "flow_data[subscription_update_confirm][discounts][][promotion_code]",
	},
	do: (*Server).createPortalSession,
}}

func (s *Server) createPortalSession(c *Call) (wire.Object, *wire.Error) {
	c.refuseUnserved("on_behalf_of", "customer_account")
	ps := &state.PortalSession{
		ID: wire.NewID("bps_1", 23), Customer: c.Required("customer"), Configuration: c.Text("configuration"), ReturnURL: c.WebURL("return_url"),
		Locale: c.OneOf("locale", portalLocales...), Created: s.NowUnix(), Base: c.base,
	}
	if s.Base != "" {
		ps.Base = s.Base
	}
	if ps.Customer != "" && s.LiveCustomer(ps.Customer) == nil {
		c.Fail(wire.MissingReference("customer", ps.Customer, "customer"))
	}
	cfg := s.PortalConfigurations.Get(ps.Configuration)
	switch {
	case ps.Configuration == "":
		cfg = s.DefaultPortalConfiguration()
	case cfg == nil:
		c.Fail(wire.MissingReference("configuration", ps.Configuration, "configuration"))
	case !cfg.Active:
		c.Fail(wire.Invalid("configuration", "", "The configuration %s is inactive. You can only create sessions with active configurations.", cfg.ID))
	}
	if c.Err != nil {
		return nil, c.Err
	}
	ps.Configuration = cfg.ID
	if ps.ReturnURL == "" {
		ps.ReturnURL = cfg.ReturnURL
	}
	if c.HasAny("flow_data") {
		ps.Flow = s.readPortalFlow(c, ps, cfg)
	}
	if c.Err != nil {
		return nil, c.Err
	}
	s.PortalSessions.Add(ps.ID, ps)
	s.Emit("billing_portal.session.created", render.PortalSession(ps), nil)
	return render.PortalSession(ps), nil
}

// portalLocales are the languages that the portal can be asked for. Its pages here
// are in English.
var portalLocales = []string{
	"auto", "bg", "cs", "da", "de", "el", "en", "en-AU", "en-CA", "en-GB", "en-IE", "en-IN", "en-NZ", "en-SG", "es", "es-419", "et", "fi",
	"fil", "fr", "fr-CA", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk",
	"sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
}
