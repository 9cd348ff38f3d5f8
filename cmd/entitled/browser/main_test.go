//go:build !nodev

// Package browser is what a person sees, in a real browser: the pages of `entitled dev`, the
// sandbox's checkout and portal, the workbench.
package browser

import (
	"os"
	"testing"

	"github.com/entitled-dev/entitled/cmd/entitled/programtest"
)

func TestMain(m *testing.M) { os.Exit(programtest.Main(m, func() error { return endChromium() })) }

// endChromium ends what all journeys share, after the last of them.
var endChromium = func() error { return nil }
