package authn

import "go.uber.org/fx"

// Module provides the authenticator.
var Module = fx.Module("authn", fx.Provide(func(lc fx.Lifecycle, c Config) (*Authenticator, error) {
	authenticator, err := New(c)
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(authenticator.Close))
	return authenticator, nil
}))
