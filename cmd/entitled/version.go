package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/stripe/stripe-go/v76"
)

// version is set by the linker in releases.
var version = "dev"

type versionCommand struct{}

// Run prints what a bug report needs.
func (versionCommand) Run(_ context.Context, c console) error {
	revision := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				revision = setting.Value
			}
		}
	}
	_, err := fmt.Fprintf(c.out, "entitled %s (revision %s, %s, calls Stripe as API %s)\n",
		version, revision, runtime.Version(), stripe.APIVersion)
	return err
}
