package render

import (
	"strings"

	"github.com/entitled-dev/entitled/adapters/sandbox/internal/wire"
)

// The bank's page, where the owner of a card authenticates or fails to.

const AuthenticationPath = "/c/authenticate/"

// nextAction is what an intent in requires_action waits for: that the owner is led to the
// bank, by the shop if it has said where to come back to, else by Stripe.js.
func (r *Renderer) nextAction(id, status, returnURL string) any {
	if status != "requires_action" {
		return nil
	}
	at := r.Reached() + AuthenticationPath + id
	if returnURL != "" {
		return wire.Object{"type": "redirect_to_url", "redirect_to_url": wire.Object{"return_url": returnURL, "url": at}}
	}
	return wire.Object{"type": "use_stripe_sdk", "use_stripe_sdk": wire.Object{
		"type": "three_d_secure_redirect", "source": strings.Replace(id, "_", "_src_", 1), "stripe_js": at,
	}}
}
