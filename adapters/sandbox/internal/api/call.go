package api

import (
	"net/http"
	"slices"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// unknown refuses what is neither expand nor in allowed: "name", "name[sub]",
// "list[][sub]", "metadata[*]". What Stripe knows and the sandbox does not is refused as
// well and said so, because ignoring it would hide a difference.
func (c *Call) unknown(allowed []string) {
	for _, k := range c.Names() {
		switch {
		case k == "expand":
			c.Fail(wire.Invalid(k, "", "Invalid array"))
		case c.Form.Get(k) != "" && slices.Contains(allowed, k+"[*]"): // empty, it is unset
			c.Fail(wire.Invalid(k, "", "Invalid object"))
		case c.operation != "" && !wire.Known().TakesSince(c.operation, c.Version, k):
			unknown := c.unknownPart(k)
			c.Fail(wire.Invalid(unknown, "parameter_unknown", "Received unknown parameter: %s", unknown))
		case !wire.MatchesParam("expand[]", k) && !slices.ContainsFunc(allowed, func(a string) bool { return wire.MatchesParam(a, k) }):
			c.Fail(wire.Invalid(k, "parameter_unknown", "The sandbox does not support this parameter of Stripe: %s", k))
		}
	}
}

// unknownPart is as much of a name as Stripe does not know, and names in its error: of
// a[b]=1 it is a, if that is unknown already.
func (c *Call) unknownPart(name string) string {
	for i, r := range name {
		if r == '[' && !wire.Known().TakesSince(c.operation, c.Version, name[:i]) {
			return name[:i]
		}
	}
	return name
}

// readVersion is the version that the request is made in, and answered.
func readVersion(r *http.Request) (string, *wire.Error) {
	switch v := r.Header.Get("Stripe-Version"); {
	case v == "":
		return wire.AccountVersion, nil
	case !wire.IsVersion(v):
		return wire.AccountVersion, wire.Invalid("", "", "Invalid Stripe API version: %s. The sandbox speaks those from %s to %s.", v, wire.AccountVersion, wire.Newest)
	default:
		return v, nil
	}
}

// flexible reads the billing mode of a subscription that is made: what the parameter
// says, or what its version has for those that do not say.
func (c *Call) flexible(name string) bool {
	if c.HasAny(name) {
		c.Required(name + "[type]")
	}
	if mode := c.OneOf(name+"[type]", "classic", "flexible"); mode != "" {
		return mode == "flexible"
	}
	return c.Version >= wire.Clover
}
