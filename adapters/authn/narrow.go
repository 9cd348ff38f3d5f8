package authn

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// anyValue says aloud that a claim is not looked at.
const anyValue = "any"

// narrowings are the claims that keep tokens of other applications out.
var narrowings = []struct {
	setting string
	of      func(Config) string
	means   string // whose tokens are taken without it
}{
	{"AUTH_ISSUER", func(c Config) string { return c.Issuer }, "whoever else signs with these keys"},
	{"AUTH_AUDIENCE", func(c Config) string { return c.Audience }, "other applications of the identity provider"},
}

// checkNarrowed insists on issuer and audience with a key set: an identity provider signs
// the tokens of all its applications with the same keys. A secret is ours alone.
func (c Config) checkNarrowed() error {
	var faults []error
	for _, n := range narrowings {
		if strings.TrimSpace(n.of(c)) == "" {
			faults = append(faults, fmt.Errorf("%[1]s is empty, so that tokens of %[2]s would be taken: set it to what your tokens say, or say so with %[1]s=%[3]s",
				n.setting, n.means, anyValue))
		}
	}
	return errors.Join(faults...)
}

// warnOfAny says at the start what is not looked at.
func (c Config) warnOfAny(log *slog.Logger) {
	for _, n := range narrowings {
		if strings.TrimSpace(n.of(c)) == anyValue {
			log.Warn(fmt.Sprintf("%s=%s: tokens of %s are taken", n.setting, anyValue, n.means))
		}
	}
}

// wanted is what a claim has to be; empty: it is not looked at.
func wanted(setting string) string {
	setting = strings.TrimSpace(setting)
	if setting == anyValue {
		return ""
	}
	return setting
}
