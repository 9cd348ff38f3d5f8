package httpapi

import "regexp"

// secrets are what must not be in a log even if an error or a panic carries it:
// Stripe's keys and signing secrets, signatures, tokens, e-mail addresses.
var secrets = regexp.MustCompile(
	`(?i)\b(whsec|sk|rk)_[A-Za-z0-9_]+` +
		`|v1=[0-9a-f]+` +
		`|bearer\s+\S+` +
		`|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]+` +
		`|[^\s"'<>@]+@[^\s"'<>@]+\.[^\s"'<>@]+`)

// redact is for what we did not word ourselves.
func redact(text string) string {
	return secrets.ReplaceAllString(text, "[redacted]")
}
