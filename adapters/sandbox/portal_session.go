package sandbox

import "time"

// portalSession lets one customer into the billing portal.
type portalSession struct {
	id, customer, configuration string
	returnURL, locale, base     string
	created, visited            int64
	flow                        *portalFlow // the one thing that it was made for, if so
}

// Stripe ends a session that nobody visits, and one that nobody uses any more.
const (
	portalUnvisited = 5 * time.Minute
	portalIdle      = time.Hour
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
	do: (*Sandbox).createPortalSession,
}}

func (s *Sandbox) createPortalSession(c *call) (object, *apiError) {
	c.refuseUnserved("on_behalf_of", "customer_account")
	ps := &portalSession{
		id: newID("bps_1", 23), customer: c.required("customer"), configuration: c.text("configuration"), returnURL: c.webURL("return_url"),
		locale: c.oneOf("locale", portalLocales...), created: s.nowUnix(), base: c.base,
	}
	if s.base != "" {
		ps.base = s.base
	}
	if ps.customer != "" && s.liveCustomer(ps.customer) == nil {
		c.fail(missingReference("customer", ps.customer, "customer"))
	}
	cfg := s.portalConfigurations.get(ps.configuration)
	switch {
	case ps.configuration == "":
		cfg = s.defaultPortalConfiguration()
	case cfg == nil:
		c.fail(missingReference("configuration", ps.configuration, "configuration"))
	case !cfg.active:
		c.fail(invalid("configuration", "", "The configuration %s is inactive. You can only create sessions with active configurations.", cfg.id))
	}
	if c.err != nil {
		return nil, c.err
	}
	ps.configuration = cfg.id
	if ps.returnURL == "" {
		ps.returnURL = cfg.returnURL
	}
	if c.hasAny("flow_data") {
		ps.flow = s.readPortalFlow(c, ps, cfg)
	}
	if c.err != nil {
		return nil, c.err
	}
	s.portalSessions.add(ps.id, ps)
	s.emit("billing_portal.session.created", ps.object(), nil)
	return ps.object(), nil
}

// url is where the portal is.
func (ps *portalSession) url() string { return ps.base + ps.path() }

func (ps *portalSession) path() string { return "/p/session/" + ps.id }

// openAt tells whether the portal still lets the customer in.
func (ps *portalSession) openAt(now time.Time) bool {
	if ps.visited == 0 {
		return now.Before(time.Unix(ps.created, 0).Add(portalUnvisited))
	}
	return now.Before(time.Unix(ps.visited, 0).Add(portalIdle))
}

func (ps *portalSession) object() object {
	return object{
		"id": ps.id, "object": "billing_portal.session", "configuration": ps.configuration, "created": ps.created, "customer": ps.customer,
		"flow": ps.flow.object(), "livemode": false, "locale": orNull(ps.locale), "on_behalf_of": nil, "return_url": orNull(ps.returnURL),
		"url": ps.url(),
	}
}

// portalLocales are the languages that the portal can be asked for. Its pages here
// are in English.
var portalLocales = []string{
	"auto", "bg", "cs", "da", "de", "el", "en", "en-AU", "en-CA", "en-GB", "en-IE", "en-IN", "en-NZ", "en-SG", "es", "es-419", "et", "fi",
	"fil", "fr", "fr-CA", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk",
	"sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
}
